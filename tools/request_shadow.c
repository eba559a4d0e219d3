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
	s->frame = malloc(frames * sizeof(*s->frame));
	s->head = malloc((lists + 1) * sizeof(*s->head));
	s->tail = malloc((lists + 1) * sizeof(*s->tail));
	s->block = calloc(blocks, 1);
	s->nr_blocks = blocks;
	if (!s->frame || !s->head || !s->tail || !s->block)
		return -ENOMEM;
	memset(s->frame, 0xff, frames * sizeof(*s->frame));
	memset(s->head, 0xff, (lists + 1) * sizeof(*s->head));
	memset(s->tail, 0xff, (lists + 1) * sizeof(*s->tail));
	memset(s->block, PA_MOVABLE, blocks);
	return 0;
}

void shadow_close(struct shadow *s)
{
	free(s->frame);
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
	struct shadow_frame *f = s->frame;

	shadow_remove(r, frame);
	f[frame] = (struct shadow_frame){ s->head[list], NO_PFN, (uint32_t)list };
	*(s->head[list] == NO_PFN ? &s->tail[list] : &f[s->head[list]].prev) = (uint32_t)frame;
	s->head[list] = (uint32_t)frame;
}

void shadow_append(struct request *r, uint64_t list, uint64_t frame)
{
	struct shadow *s = &r->shadow;
	struct shadow_frame *f = s->frame;

	shadow_remove(r, frame);
	f[frame] = (struct shadow_frame){ NO_PFN, s->tail[list], (uint32_t)list };
	*(s->tail[list] == NO_PFN ? &s->head[list] : &f[s->tail[list]].next) = (uint32_t)frame;
	s->tail[list] = (uint32_t)frame;
}

void shadow_remove(struct request *r, uint64_t frame)
{
	struct shadow *s = &r->shadow;
	struct shadow_frame *f = s->frame;
	const struct shadow_frame self = f[frame];

	if (self.list == NO_PFN)
		return;
	f[frame].list = NO_PFN;
	*(self.prev == NO_PFN ? &s->head[self.list] : &f[self.prev].next) = self.next;
	*(self.next == NO_PFN ? &s->tail[self.list] : &f[self.next].prev) = self.prev;
}

uint32_t shadow_cpu(const struct request *r, uint64_t frame)
{
	uint32_t list = r->shadow.frame[frame].list;

	return list == NO_PFN ? UINT32_MAX : list / (NR_LISTS * r->nr_zones);
}
