/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's per-cpu lists as its events tell of them; see struct shadow. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "request_internal.h"

int shadow_open(struct request *r)
{
	struct shadow *s = &r->shadow;
	size_t frames = (size_t)r->nr_frames + 1;
	size_t lists = (size_t)r->nr_cpus * r->nr_zones * NR_LISTS;
	size_t blocks = 1;

	for (uint32_t i = 0; i < r->nr_zones; i++)
		if (r->zones[i].end >> r->meta->pageblock_order >= blocks)
			blocks = (size_t)(r->zones[i].end >> r->meta->pageblock_order) + 1;
	s->next = malloc(frames * sizeof(*s->next));
	s->prev = malloc(frames * sizeof(*s->prev));
	s->list = malloc(frames * sizeof(*s->list));
	s->head = malloc((lists + 1) * sizeof(*s->head));
	s->tail = malloc((lists + 1) * sizeof(*s->tail));
	s->block = calloc(blocks, 1);
	s->nr_blocks = blocks;
	if (!s->next || !s->prev || !s->list || !s->head || !s->tail || !s->block)
		return -ENOMEM;
	memset(s->list, 0xff, frames * sizeof(*s->list));
	memset(s->head, 0xff, (lists + 1) * sizeof(*s->head));
	memset(s->tail, 0xff, (lists + 1) * sizeof(*s->tail));
	memset(s->block, PA_MOVABLE, blocks);
	return 0;
}

void shadow_close(struct shadow *s)
{
	free(s->next);
	free(s->prev);
	free(s->list);
	free(s->head);
	free(s->tail);
	free(s->block);
}

int64_t shadow_list(const struct request *r, uint32_t cpu, const struct run_zone *z,
		    unsigned int order, unsigned int mt)
{
	uint32_t pindex;

	if (cpu >= r->nr_cpus)
		return -1;
	if (mt >= PA_PCPTYPES)
		mt = PA_MOVABLE;
	if (order <= PA_COSTLY_ORDER)
		pindex = PA_PCPTYPES * order + mt;
	else if (order == r->meta->pageblock_order)
		pindex = NR_LISTS - 2 + (mt == PA_MOVABLE);
	else
		return -1;
	return ((int64_t)cpu * r->nr_zones + (z - r->zones)) * NR_LISTS + pindex;
}

void shadow_push(struct request *r, uint64_t list, uint64_t frame)
{
	struct shadow *s = &r->shadow;

	shadow_remove(r, frame);
	s->list[frame] = (uint32_t)list;
	s->prev[frame] = NO_PFN;
	s->next[frame] = s->head[list];
	*(s->head[list] == NO_PFN ? &s->tail[list] : &s->prev[s->head[list]]) = (uint32_t)frame;
	s->head[list] = (uint32_t)frame;
}

void shadow_append(struct request *r, uint64_t list, uint64_t frame)
{
	struct shadow *s = &r->shadow;

	shadow_remove(r, frame);
	s->list[frame] = (uint32_t)list;
	s->next[frame] = NO_PFN;
	s->prev[frame] = s->tail[list];
	*(s->tail[list] == NO_PFN ? &s->head[list] : &s->next[s->tail[list]]) = (uint32_t)frame;
	s->tail[list] = (uint32_t)frame;
}

void shadow_remove(struct request *r, uint64_t frame)
{
	struct shadow *s = &r->shadow;
	uint32_t list = s->list[frame], next = s->next[frame], prev = s->prev[frame];

	if (list == NO_PFN)
		return;
	s->list[frame] = NO_PFN;
	*(prev == NO_PFN ? &s->head[list] : &s->next[prev]) = next;
	*(next == NO_PFN ? &s->tail[list] : &s->prev[next]) = prev;
}

uint32_t shadow_cpu(const struct request *r, uint64_t frame)
{
	uint32_t list = r->shadow.list[frame];

	return list == NO_PFN ? UINT32_MAX : list / (NR_LISTS * r->nr_zones);
}
