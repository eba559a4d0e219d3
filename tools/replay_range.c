/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What compaction took, where nothing names the blocks: mm_compaction_isolate_freepages tells the
 * range that was scanned and how many frames were taken, right after the lock was given up.
 */
#include "replay_internal.h"

#define RANGE_MAX 1024 /* frames; the event's field holds fewer */
#define STRIDE 32      /* COMPACT_CLUSTER_MAX */

struct scanned {
	uint64_t pfn[RANGE_MAX];
	uint8_t order[RANGE_MAX];
	unsigned int n;
	uint64_t frames;
};

/* Free blocks that start in [@pfn, @end). */
static void look(const struct replay *r, uint64_t pfn, uint64_t end, struct scanned *s)
{
	struct pa_page_info info;

	s->n = 0;
	s->frames = 0;
	while (pfn < end) {
		if (pa_page(r->pa, pfn, &info) || !info.free || !info.head) {
			pfn++;
			continue;
		}
		s->pfn[s->n] = pfn;
		s->order[s->n++] = info.order;
		s->frames += UINT64_C(1) << info.order;
		pfn += UINT64_C(1) << info.order;
	}
}

/*
 * isolate_freepages_block @ 5.1+ looks at each frame and takes every free block.  If the fast search
 * led there (fast_isolate_around), it took one of them before, so more are gone than were taken
 * now.  In asynchronous mode it looks at one frame in 32 and takes what happens to begin there.
 *
 * Returns false if the frames do not add up: then what was taken is not known.
 */
static bool narrow(struct scanned *s, uint64_t start, const struct trace_event *ev)
{
	unsigned int taken = trace_scan_taken(ev), n = 0, i;

	if (s->frames <= taken || trace_scan_scanned(ev) > trace_scan_range(ev) / STRIDE + 1)
		return true; /* less: something came and went in between */
	s->frames = 0;
	for (i = 0; i < s->n; i++) {
		if ((s->pfn[i] - start) % STRIDE)
			continue;
		s->pfn[n] = s->pfn[i];
		s->order[n++] = s->order[i];
		s->frames += UINT64_C(1) << s->order[i];
	}
	s->n = n;
	return s->frames == taken;
}

void replay_range(struct replay *r, const struct trace_event *ev)
{
	unsigned int range = trace_scan_range(ev), i;
	struct zone_state *z = replay_zone(r, ev->pfn);
	struct scanned s;

	if (!z || !z->begin || !trace_scan_taken(ev) || range > RANGE_MAX)
		return;
	replay_close_zone(r, z);
	look(r, ev->pfn, ev->pfn + range, &s);
	if (!narrow(&s, ev->pfn, ev))
		return;
	for (i = 0; i < s.n; i++) {
		if (pa_isolate(r->pa, s.pfn[i], s.order[i]))
			continue;
		pa_set_use(r->pa, s.pfn[i], s.order[i], PA_USE_MOVABLE);
		r->res.held++;
	}
}
