/* SPDX-License-Identifier: GPL-2.0-only */
/* What can be asked of a scenario that has a number for an answer. */
#include "sim_run.h"

enum pa_mt sim_list_type(const struct sim *sim, const struct sim_args *a)
{
	return sim->policy->pair_map ? PA_MOVABLE : (enum pa_mt)a->mt;
}

static uint64_t blocks_of(const struct sim *sim, uint32_t zone, uint32_t order,
			  const struct sim_args *a)
{
	return a->given & SIM_KEY_TYPE ? pa_list_len(sim->pa, zone, order, sim_list_type(sim, a)) :
					 pa_nr_free(sim->pa, zone, order);
}

static bool is_asked(const struct sim_args *a, uint32_t zone)
{
	return a->zone == UINT32_MAX || a->zone == zone;
}

static bool ask_free(const struct sim *sim, const struct sim_args *a, int64_t *answer)
{
	uint32_t zone, order;

	*answer = 0;
	for (zone = 0; zone < sim->s->nr_zones; zone++)
		for (order = 0; is_asked(a, zone) && order < sim->s->nr_orders; order++)
			*answer += (int64_t)(blocks_of(sim, zone, order, a) << order);
	return true;
}

static bool ask_blocks(const struct sim *sim, const struct sim_args *a, int64_t *answer)
{
	uint32_t zone;

	*answer = 0;
	for (zone = 0; zone < sim->s->nr_zones; zone++)
		if (is_asked(a, zone))
			*answer += (int64_t)blocks_of(sim, zone, a->order, a);
	return true;
}

static bool ask_largest(const struct sim *sim, const struct sim_args *a, int64_t *answer)
{
	uint32_t zone, order;

	*answer = -1;
	for (zone = 0; zone < sim->s->nr_zones; zone++)
		for (order = 0; is_asked(a, zone) && order < sim->s->nr_orders; order++)
			if (blocks_of(sim, zone, order, a) && *answer < (int64_t)order)
				*answer = order;
	return true;
}

static bool ask_managed(const struct sim *sim, const struct sim_args *a, int64_t *answer)
{
	*answer = (int64_t)sim->s->zones[a->zone].managed;
	return true;
}

static bool ask_boost(const struct sim *sim, const struct sim_args *a, int64_t *answer)
{
	*answer = (int64_t)pa_boost(sim->pa, a->zone);
	return true;
}

static struct pa_zone_state zone_state(const struct sim *sim, uint32_t zone)
{
	struct pa_zone_state state = { 0 };

	pa_zone_get(sim->pa, zone, &state);
	return state;
}

static bool ask_min(const struct sim *sim, const struct sim_args *a, int64_t *answer)
{
	*answer = (int64_t)zone_state(sim, a->zone).wmark[PA_WMARK_MIN];
	return true;
}

static bool ask_low(const struct sim *sim, const struct sim_args *a, int64_t *answer)
{
	*answer = (int64_t)zone_state(sim, a->zone).wmark[PA_WMARK_LOW];
	return true;
}

static bool ask_high(const struct sim *sim, const struct sim_args *a, int64_t *answer)
{
	*answer = (int64_t)zone_state(sim, a->zone).wmark[PA_WMARK_HIGH];
	return true;
}

static bool ask_highatomic(const struct sim *sim, const struct sim_args *a, int64_t *answer)
{
	*answer = (int64_t)zone_state(sim, a->zone).nr_reserved_highatomic;
	return true;
}

static bool ask_reclaimable(const struct sim *sim, const struct sim_args *a, int64_t *answer)
{
	*answer = (int64_t)zone_state(sim, a->zone).reclaimable;
	return true;
}

static bool ask_lowmem_reserve(const struct sim *sim, const struct sim_args *a, int64_t *answer)
{
	*answer = (int64_t)zone_state(sim, a->zone).lowmem_reserve[a->zone_for];
	return a->given & SIM_KEY_FOR;
}

static bool ask_pcp(const struct sim *sim, const struct sim_args *a, int64_t *answer)
{
	uint32_t zone;

	*answer = 0;
	for (zone = 0; zone < sim->s->nr_zones; zone++)
		if (is_asked(a, zone))
			*answer += sim_pcp_pages(sim, zone,
						 a->given & SIM_KEY_CPU ? a->cpu : UINT32_MAX);
	return true;
}

static bool ask_unusable(const struct sim *sim, const struct sim_args *a, int64_t *answer)
{
	*answer = pa_unusable_index(sim->pa, a->zone, a->order);
	return true;
}

static bool ask_fragmentation(const struct sim *sim, const struct sim_args *a, int64_t *answer)
{
	*answer = pa_fragmentation_index(sim->pa, a->zone, a->order);
	return true;
}

/* -------------------------------------------------------------------------
 * Numbers of the last step
 */

static bool ask_pfn(const struct sim *sim, const struct sim_args *a, int64_t *answer)
{
	const struct sim_block *b = NULL;

	if (a->given & SIM_KEY_OF) {
		b = sim_newest(sim, a->name);
		*answer = b ? (int64_t)b->pfn : -1;
		return b && b->life == SIM_LIVE;
	}
	*answer = (int64_t)sim->last.pfn;
	return sim->last.pfn != PA_PFN_NONE;
}

static bool ask_from_order(const struct sim *sim, const struct sim_args *a, int64_t *answer)
{
	const struct pa_decision *d = sim_main_decision(sim);

	(void)a;
	*answer = d ? d->from_order : -1;
	return d && d->path != PA_PATH_NONE;
}

static bool ask_refill(const struct sim *sim, const struct sim_args *a, int64_t *answer)
{
	(void)a;
	*answer = sim->record.refill;
	return sim->last.request;
}

static bool ask_drained(const struct sim *sim, const struct sim_args *a, int64_t *answer)
{
	(void)a;
	*answer = sim->last.drained;
	return true;
}

static bool ask_moved(const struct sim *sim, const struct sim_args *a, int64_t *answer)
{
	(void)a;
	*answer = sim->last.nr_moves;
	return true;
}

static bool ask_kills(const struct sim *sim, const struct sim_args *a, int64_t *answer)
{
	(void)a;
	*answer = sim->last.nr_kills;
	return true;
}

static bool ask_done(const struct sim *sim, const struct sim_args *a, int64_t *answer)
{
	(void)a;
	*answer = sim->last.done;
	return true;
}

/* -------------------------------------------------------------------------
 * All of them
 */

#define NUMBER(words, keys, ask)                                                                   \
	{                                                                                          \
		words, keys, ask, NULL, NULL, 0, false, false                                      \
	}
#define OF_ZONE(words, keys, ask)                                                                  \
	{                                                                                          \
		words, (keys) | SIM_KEY_ZONE, ask, NULL, NULL, 0, true, false                      \
	}
#define OF_REQUEST(words, keys, ask, zone)                                                         \
	{                                                                                          \
		words, keys, ask, NULL, NULL, 0, zone, true                                        \
	}

const struct sim_question sim_numbers[] = {
	NUMBER("free", SIM_KEY_TYPE | SIM_KEY_ZONE, ask_free),
	NUMBER("blocks", SIM_KEY_ORDER | SIM_KEY_TYPE | SIM_KEY_ZONE, ask_blocks),
	NUMBER("largest", SIM_KEY_TYPE | SIM_KEY_ZONE, ask_largest),
	NUMBER("pfn", SIM_KEY_OF, ask_pfn),
	NUMBER("from-order", 0, ask_from_order),
	NUMBER("pages-done", 0, ask_done),
	OF_ZONE("managed", 0, ask_managed),
	OF_ZONE("boost", 0, ask_boost),
	OF_ZONE("unusable", SIM_KEY_ORDER, ask_unusable),
	OF_ZONE("fragmentation", SIM_KEY_ORDER, ask_fragmentation),
	OF_REQUEST("min", SIM_KEY_ZONE, ask_min, true),
	OF_REQUEST("low", SIM_KEY_ZONE, ask_low, true),
	OF_REQUEST("high", SIM_KEY_ZONE, ask_high, true),
	OF_REQUEST("highatomic", SIM_KEY_ZONE, ask_highatomic, true),
	OF_REQUEST("reclaimable", SIM_KEY_ZONE, ask_reclaimable, true),
	OF_REQUEST("lowmem_reserve", SIM_KEY_ZONE | SIM_KEY_FOR, ask_lowmem_reserve, true),
	OF_REQUEST("pcp", SIM_KEY_CPU | SIM_KEY_ZONE, ask_pcp, false),
	OF_REQUEST("refill", 0, ask_refill, false),
	OF_REQUEST("drained", 0, ask_drained, false),
	OF_REQUEST("moved", 0, ask_moved, false),
	OF_REQUEST("kills", 0, ask_kills, false),
	{ NULL, 0, NULL, NULL, NULL, 0, false, false },
};
