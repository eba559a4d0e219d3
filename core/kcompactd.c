/* SPDX-License-Identifier: GPL-2.0-only */
/* kcompactd: what wakes it, and its work, which takes time. */
#include <errno.h>

#include "pa_req_internal.h"

#define PROACTIVE_INTERVAL 500 /* ms: HPAGE_FRAG_CHECK_INTERVAL_MSEC, << 6 when of no use */
#define NS_PER_MS 1000000
#define PACE_MOST UINT64_C(1000000000000)

uint64_t pa_score_zone(const struct pa *pa, uint32_t zone)
{
	return (uint64_t)pa_extfrag(pa, zone, pa->pageblock_order);
}

uint64_t pa_score_mark(const struct pa *pa, bool high)
{
	uint32_t p = pa_req(pa)->knobs.compaction_proactiveness;
	uint64_t low = 100 - p, gap = 10;

	if (pa_rules(pa)->compact_score_new)
		gap = low / 2 < 10 ? low / 2 : 10;
	else if (low < 5)
		low = 5;
	if (!high)
		return low;
	return low + gap < 100 ? low + gap : 100;
}

/* fragmentation_score_node: each zone by its share of the node. */
static uint64_t score_node(const struct pa *pa, uint32_t nid)
{
	uint64_t present = 1, score = 0;

	for (uint32_t i = 0; i < pa->nr_zones; i++)
		present += pa_zone_req(pa, i)->node == nid ? pa_zone_req(pa, i)->present : 0;
	for (uint32_t i = 0; i < pa->nr_zones; i++) {
		if (pa_zone_req(pa, i)->node == nid)
			score += pa_zone_req(pa, i)->present * pa_score_zone(pa, i) / present;
	}
	return score;
}

void pa_wakeup_kcompactd(struct pa *pa, uint32_t nid, unsigned int order, unsigned int highest)
{
	struct pa_node *node = pa_node(pa, nid);

	if (!order)
		return;
	if (!node->kcompactd_order || node->kcompactd_highest > highest)
		node->kcompactd_highest = (uint8_t)highest;
	if (node->kcompactd_order < order)
		node->kcompactd_order = order;
	/* wq_has_sleeper: at work it looks by itself when that is done. */
	for (unsigned int type = 0; type <= node->kcompactd_highest && !node->kcompactd_woken &&
				    node->work == PA_KCOMPACTD_IDLE;
	     type++) {
		uint32_t zone = pa_zone_by(pa, nid, type);

		node->kcompactd_woken = zone != PA_NO_ZONE &&
					pa_compact_suits_daemon(pa, zone, node->kcompactd_order,
								node->kcompactd_highest);
	}
}

/* should_proactive_compact_node */
static bool may_do_more(const struct pa *pa, uint32_t nid)
{
	return pa_rules(pa)->proactive && pa_req(pa)->knobs.compaction_proactiveness &&
	       !pa_kswapd_busy(pa_node(pa, nid)) && score_node(pa, nid) > pa_score_mark(pa, true);
}

/* What it does now, if anything: its time is up, or somebody woke it. */
static void start(struct pa *pa, uint32_t nid)
{
	struct pa_node *node = pa_node(pa, nid);
	bool timer = pa_rules(pa)->proactive && pa_req(pa)->knobs.compaction_proactiveness &&
		     pa_req(pa)->now >= node->proactive_at;

	if (!node->kcompactd_woken && !timer)
		return;
	node->proactive_at = pa_req(pa)->now + PROACTIVE_INTERVAL;
	node->kcompactd_woken = false;
	/* kcompactd_work_requested: what nobody woke it for is done when the time is up. */
	if (node->kcompactd_order) {
		node->work = PA_KCOMPACTD_ASKED;
		node->work_order = (uint8_t)node->kcompactd_order;
		node->work_highest = node->kcompactd_highest;
	} else if (may_do_more(pa, nid)) {
		node->work = PA_KCOMPACTD_PROACTIVE;
		node->work_order = (uint8_t)pa->pageblock_order;
		node->work_highest = PA_NR_ZONE_TYPES - 1;
		node->work_score = score_node(pa, nid);
	}
	node->work_type = 0;
	node->work_credit = 0;
	node->work_moved = false;
}

/* kcompactd_do_work, compact_node: the next zone that is to be compacted, if there is one. */
static bool next_zone(struct pa *pa, uint32_t nid)
{
	struct pa_node *node = pa_node(pa, nid);
	bool asked = node->work == PA_KCOMPACTD_ASKED;

	while (node->work_type <= node->work_highest) {
		unsigned int type = node->work_type++;
		uint32_t zone = pa_zone_by(pa, nid, type);

		if (zone == PA_NO_ZONE ||
		    (asked && (pa_compact_deferred(pa_zone_req(pa, zone), node->work_order) ||
			       !pa_compact_suits_daemon(pa, zone, node->work_order, type))))
			continue;
		/* For GFP_KERNEL, so what UNMOVABLE pages would need. */
		node->scan = (struct pa_scan){ .zone = zone,
					       .cpu = node->daemon_cpu[PA_KCOMPACTD],
					       .classzone = (uint8_t)type,
					       .order = node->work_order,
					       .mt = PA_UNMOVABLE,
					       .proactive = !asked };
		pa_scan_begin(pa, &node->scan);
		return true;
	}
	return false;
}

static void end_zone(struct pa *pa, struct pa_node *node, enum pa_compact result,
		     struct pa_trail *trail)
{
	struct pa_zone_req *zr = pa_zone_req(pa, node->scan.zone);

	node->work_moved |= node->scan.moved;
	if (node->work != PA_KCOMPACTD_ASKED)
		return;
	if (result == PA_COMPACT_SUCCESS) {
		pa_compact_reset(zr, node->work_order, false);
	} else if (result != PA_COMPACT_CONTENDED) {
		pa_drain(pa, node->scan.zone, UINT32_MAX, node->scan.cpu, trail);
		pa_compact_defer(zr, node->work_order);
	}
}

static void end(struct pa *pa, uint32_t nid)
{
	struct pa_node *node = pa_node(pa, nid);
	uint64_t wait = PROACTIVE_INTERVAL;

	if (node->work == PA_KCOMPACTD_ASKED && node->kcompactd_order <= node->work_order) {
		node->kcompactd_order = 0;
		node->kcompactd_highest = 0;
	}
	/*
	 * Of no use: put off for long.  But one that knew of nothing to move says nothing about the
	 * kernel's, which could move what is older than the trace.
	 */
	if (node->work == PA_KCOMPACTD_PROACTIVE && node->work_moved &&
	    score_node(pa, nid) >= node->work_score)
		wait <<= 6;
	node->proactive_at = pa_req(pa)->now + wait;
	node->work = PA_KCOMPACTD_IDLE;
	node->kcompactd_woken = node->kcompactd_order != 0;
}

void pa_run_kcompactd(struct pa *pa, uint32_t nid, uint64_t ms, struct pa_trail *trail)
{
	struct pa_node *node = pa_node(pa, nid);
	uint64_t pace = pa_req(pa)->pace;

	if (node->work == PA_KCOMPACTD_IDLE)
		start(pa, nid);
	node->work_credit += (int64_t)(ms < 1000 ? ms : 1000) * NS_PER_MS;
	while (node->work != PA_KCOMPACTD_IDLE && (!pace || node->work_credit > 0)) {
		enum pa_compact result;
		uint32_t work;

		if (!node->scanning && !next_zone(pa, nid)) {
			end(pa, nid);
			break;
		}
		node->scan.cpu = node->daemon_cpu[PA_KCOMPACTD];
		node->scanning = !pa_scan_step(pa, &node->scan, trail, &work, &result);
		node->work_credit -= (int64_t)(work * pace);
		if (!node->scanning)
			end_zone(pa, node, result, trail);
	}
	if (node->work == PA_KCOMPACTD_IDLE)
		node->work_credit = 0;
}

int pa_set_pace(struct pa *pa, uint64_t ns)
{
	if (!pa_req(pa) || ns > PACE_MOST)
		return -EINVAL;
	pa_req(pa)->pace = ns;
	return 0;
}
