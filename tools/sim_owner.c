/* SPDX-License-Identifier: GPL-2.0-only */
/* Which name of a scenario stands for which pages, through moves and reclaim; and what is free. */
#include <errno.h>
#include <stdlib.h>

#include "sim_run.h"

uint32_t sim_frame(const struct sim *sim, uint64_t pfn)
{
	int zone = pa_zone_of(sim->pa, pfn);

	if (zone < 0)
		return UINT32_MAX;
	return sim->frame0[zone] + (uint32_t)(pfn - sim->s->zones[zone].start_pfn);
}

const struct sim_block *sim_block_at(const struct sim *sim, uint64_t pfn)
{
	uint32_t frame = sim_frame(sim, pfn);

	return frame != UINT32_MAX && sim->owner[frame] ? &sim->blocks[sim->owner[frame] - 1] :
							  NULL;
}

const struct sim_block *sim_newest(const struct sim *sim, uint32_t name)
{
	return sim->newest[name] ? &sim->blocks[sim->newest[name] - 1] : NULL;
}

void sim_end_life(struct sim *sim, struct sim_block *b, enum sim_life life)
{
	uint32_t number = (uint32_t)(b - sim->blocks) + 1, frame = sim_frame(sim, b->pfn), i;

	b->life = (uint8_t)life;
	for (i = 0; i < 1u << b->order; i++)
		if (sim->owner[frame + i] == number)
			sim->owner[frame + i] = 0;
}

/* Frames that are another's now were reclaimed meanwhile. */
static void own(struct sim *sim, uint64_t pfn, uint32_t order, uint32_t number)
{
	uint32_t frame = sim_frame(sim, pfn), i;

	for (i = 0; i < 1u << order; i++) {
		uint32_t old = sim->owner[frame + i];

		if (old && old != number)
			sim_end_life(sim, &sim->blocks[old - 1], SIM_RECLAIMED);
		sim->owner[frame + i] = number;
	}
}

int sim_add_block(struct sim *sim, uint32_t name, uint64_t pfn, uint32_t order, bool listed)
{
	if (sim->nr_blocks == sim->max_blocks) {
		uint32_t max = sim->max_blocks ? 2 * sim->max_blocks : 64;
		struct sim_block *blocks = realloc(sim->blocks, max * sizeof(*blocks));

		if (!blocks)
			return -ENOMEM;
		sim->blocks = blocks;
		sim->max_blocks = max;
	}
	sim->blocks[sim->nr_blocks++] = (struct sim_block){
		.pfn = pfn,
		.order = order,
		.name = name,
		.before = sim->newest[name],
		.listed = listed,
	};
	sim->newest[name] = sim->nr_blocks;
	own(sim, pfn, order, sim->nr_blocks);
	return 0;
}

/* Compaction split block @number: its pages have the same name. */
static int follow_split(struct sim *sim, uint32_t number)
{
	const struct sim_block old = sim->blocks[number - 1];
	int err = 0;

	sim_end_life(sim, &sim->blocks[number - 1], SIM_LIVE);
	sim->blocks[number - 1].order = 0;
	own(sim, old.pfn, 0, number);
	for (uint64_t i = 1; i < UINT64_C(1) << old.order && !err; i++)
		err = sim_add_block(sim, old.name, old.pfn + i, 0, old.listed);
	return err;
}

int sim_follow_moves(struct sim *sim, uint32_t nr)
{
	int err = 0;

	for (uint32_t i = 0; i < nr && i < sim->max_moves && !err; i++) {
		const struct pa_moved *m = &sim->moves[i];
		uint32_t number = sim->owner[sim_frame(sim, m->from)];
		struct sim_block *b = number ? &sim->blocks[number - 1] : NULL;
		bool owned = b && b->pfn == m->from;

		if (owned && m->from == m->to) {
			err = follow_split(sim, number);
		} else if (owned) {
			sim_end_life(sim, b, SIM_LIVE);
			b->pfn = m->to;
			own(sim, m->to, m->order, number);
		} else if (m->from != m->to) {
			own(sim, m->to, m->order, 0);
		}
	}
	return err;
}

void sim_find_reclaimed(struct sim *sim)
{
	uint32_t i;

	for (i = 0; i < sim->nr_blocks; i++) {
		struct sim_block *b = &sim->blocks[i];

		if (b->life == SIM_LIVE && !b->listed &&
		    pa_allocated(sim->pa, b->pfn) != (int)b->order)
			sim_end_life(sim, b, SIM_RECLAIMED);
	}
}

/* -------------------------------------------------------------------------
 * Numbers
 */

uint64_t sim_zone_free(const struct sim *sim, uint32_t zone)
{
	uint64_t free = 0;

	for (uint32_t order = 0; order < sim->s->nr_orders; order++)
		free += pa_nr_free(sim->pa, zone, order) << order;
	return free;
}

int64_t sim_pcp_pages(const struct sim *sim, uint32_t zone, uint32_t cpu)
{
	struct pa_pcp pcp;
	int64_t pages = 0;
	uint32_t c;

	for (c = 0; c < sim->s->cpus; c++)
		if ((cpu == UINT32_MAX || c == cpu) && !pa_pcp_get(sim->pa, zone, c, &pcp))
			pages += pcp.count;
	return pages;
}

const struct pa_decision *sim_main_decision(const struct sim *sim)
{
	uint32_t i;

	if (sim->last.decided)
		return &sim->last.decision;
	for (i = 0; i < sim->last.nr_picks && i < SIM_MAX_PICKS; i++)
		if (pa_is_fallback(&sim->picks[i]))
			return &sim->picks[i];
	return sim->last.nr_picks ? &sim->picks[0] : NULL;
}
