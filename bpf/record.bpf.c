/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is recorded at every tier: tracepoints.  Raw tracepoints, because they take
 * no BTF types of arguments, attach through a link (perf_event_paranoid does not
 * matter) and work where kprobes and fentry do not.
 *
 * In the lock: zone_alloc and fallback after the block left its list (up to 6.9
 * fallback comes before the pick), drain after it was inserted.
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "event.h"
#include "stream.bpf.h"
#include "compat.bpf.h"
#include "freelist.bpf.h"
#include "turns.bpf.h"
#include "hands.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* Kernel-side counters that end up in the trace's statistics. */
__u64 nr_bad_layout; /* a kprobe's registers did not hold what the site expects */
__u64 nr_bad_frame;  /* a free without room to remember it until the lock is taken */

/* Inside the lock of @pfn's zone, ahead of any event: what compaction did there without a word. */
static __always_inline void report_unseen(__u64 pfn)
{
	if (nr_hands)
		report_hands(pfn, 0);
	report_turns(pfn);
}

#define RAW_TP(event) SEC("raw_tp/" #event) int on_##event(struct bpf_raw_tracepoint_args *ctx)

/* (page, order, gfp, migratetype); page is NULL when the request failed */
RAW_TP(mm_page_alloc)
{
	emit_fitting(EV_ALLOC, ctx->args[0] ? page_pfn(ctx->args[0]) : EV_PFN_NONE, ctx->args[1],
		     ctx->args[3], ctx->args[2], current_tgid(), 0);
	return 0;
}

/*
 * Without a site inside free_one_page: does this free find its pcp list locked?  Then its
 * trylock will fail (free_unref_page @ 6.1.y and later) and it goes straight to the buddy.
 * An interrupt that frees a batch of pages on top of a task that holds the lock does that.
 */
const volatile __u32 watch_pcp_locks;			     /* enum watch_mode */
struct watched_pcp watched[WATCH_MAX_CPUS][WATCH_MAX_ZONES]; /* by first_pfn, highest first */

extern void *bpf_rdonly_cast(const void *obj, __u32 type) __ksym __weak;

static __always_inline bool pcp_is_locked(__u32 how, __u64 cpu, __u64 pfn)
{
	const struct watched_pcp *at = watched[cpu % WATCH_MAX_CPUS];
	struct per_cpu_pages *pcp;
	int z;

	barrier_var(at); /* one address that grows, not one for each zone */
	for (z = 0; z < WATCH_MAX_ZONES - 1 && pfn < at->first_pfn; z++)
		at++;
	pcp = (void *)at->addr;
	if (how == WATCH_BY_HELPER)
		return BPF_CORE_READ(pcp, lock.rlock.raw_lock.val.counter) != 0;
	pcp = bpf_rdonly_cast(pcp, bpf_core_type_id_kernel(struct per_cpu_pages));
	return pcp->lock.rlock.raw_lock.val.counter != 0;
}

static __noinline int emit_zone_free(__u64 pfn, __u64 order)
{
	emit(EV_ZONE_FREE, pfn, order, 0, 0, 0, 0);
	return 0;
}

/*
 * (page, order); written out for speed, with what emit() would compute twice.  Who freed it is
 * not asked: often an interrupt on top of somebody else, and it would cost a helper call.
 */
RAW_TP(mm_page_free)
{
	__u64 n = claim(), cpu = bpf_get_smp_processor_id();
	__u64 pfn = page_pfn(ctx->args[0]), order = ctx->args[1];
	__u32 how = watch_pcp_locks;

	store(n, cpu, 0, EV_FREE, pfn, order, 0, 0, 0);
	if (how && pcp_is_locked(how, cpu, pfn) && (order <= 3 || order == pageblock_shift))
		emit_zone_free(pfn, order);
	return 0;
}

/* (page, order, migratetype, percpu_refill); 5.10 has no fourth argument */
RAW_TP(mm_page_alloc_zone_locked)
{
	__u64 pfn = page_pfn(ctx->args[0]);

	if (!ctx->args[0])
		return 0;
	if (was_compacted()) {
		if (stealing() == NOT_STEALING)
			report_unseen(pfn);
		else
			set_stealing(NOT_STEALING);
	}
	emit_fitting(EV_ZONE_ALLOC, pfn, ctx->args[1], ctx->args[2], 0, 0,
		     ctx->args[3] ? EV_REFILL : 0);
	return 0;
}

/* (page, order, migratetype) */
RAW_TP(mm_page_pcpu_drain)
{
	__u64 pfn = page_pfn(ctx->args[0]), capture = 0;

	if (was_compacted()) {
		report_unseen(pfn);
		capture = captured(pfn);
	}
	emit_fitting(EV_DRAIN, pfn, ctx->args[1], ctx->args[2], 0, 0, capture << EV_CAPTURE_SHIFT);
	snapshot_in_lock(pfn);
	return 0;
}

/*
 * (page, alloc order, fallback order, alloc migratetype, fallback migratetype).  From 6.10 on,
 * after a claim below pageblock order, it follows the zone_locked of its pick in the same hold
 * of the lock: nothing is unseen then, and nothing may come between the two.
 */
RAW_TP(mm_page_alloc_extfrag)
{
	__u64 pfn = page_pfn(ctx->args[0]), start_mt = ctx->args[3];
	int now = pageblock_mt(pfn), bits = 0;

	if (now >= 0)
		bits = EV_CLAIM_KNOWN | (now == (int)start_mt ? EV_CLAIMED : 0);
	if (moves_first)
		set_stealing(STOLEN);
	else if (!(bits & EV_CLAIMED) || ctx->args[2] >= pageblock_shift)
		report_unseen(pfn);
	emit(EV_FALLBACK, pfn, ctx->args[1], start_mt,
	     (ctx->args[2] & 0xf) | (ctx->args[4] & 7) << 4, 0, bits);
	return 0;
}

/* ---- the slow path, reclaim, compaction: never under zone->lock ---- */

const volatile bool reclaim_gfp_first;

/* (order, gfp); (gfp, order, memcg) from 7.1 */
RAW_TP(mm_vmscan_direct_reclaim_begin)
{
	__u64 first = ctx->args[0], second = ctx->args[1];

	if (reclaim_gfp_first)
		emit(EV_RECLAIM_BEGIN, EV_PFN_NONE, second, 0, first, current_tgid(), 0);
	else
		emit(EV_RECLAIM_BEGIN, EV_PFN_NONE, first, 0, second, current_tgid(), 0);
	return 0;
}

/* (nr_reclaimed) */
RAW_TP(mm_vmscan_direct_reclaim_end)
{
	emit(EV_RECLAIM_END, EV_PFN_NONE, 0, 0, ctx->args[0], current_tgid(), 0);
	return 0;
}

/* (nid, zone index, order) */
RAW_TP(mm_vmscan_kswapd_wake)
{
	emit(EV_KSWAPD_WAKE, EV_PFN_NONE, ctx->args[2], 0, ctx->args[0], 0, 0);
	return 0;
}

/* (nid) */
RAW_TP(mm_vmscan_kswapd_sleep)
{
	emit(EV_KSWAPD_SLEEP, EV_PFN_NONE, 0, 0, ctx->args[0], 0, 0);
	return 0;
}

/* (order, gfp, priority) */
RAW_TP(mm_compaction_try_to_compact_pages)
{
	emit(EV_COMPACT_TRY, EV_PFN_NONE, ctx->args[0], 0, ctx->args[1], current_tgid(), 0);
	return 0;
}

/* (cc, zone start, zone end, sync) */
RAW_TP(mm_compaction_begin)
{
	emit(EV_COMPACT_BEGIN, ctx->args[1], 0, 0, ctx->args[2], current_tgid(), 0);
	return 0;
}

/* (cc, zone start, zone end, sync, status) */
RAW_TP(mm_compaction_end)
{
	emit(EV_COMPACT_END, ctx->args[1], 0, 0, ctx->args[4], current_tgid(), 0);
	return 0;
}

/* (start, end, scanned, taken): the free blocks of this range are off their lists */
RAW_TP(mm_compaction_isolate_freepages)
{
	__u64 start = ctx->args[0];

	report_own_hands();
	emit(EV_COMPACT_FREE, start, 0, 0,
	     event_scan(ctx->args[3], ctx->args[2], ctx->args[1] - start), 0, 0);
	return 0;
}

/* (lowest frame wanted, start of the block scan, list entries looked at, taken) @ 6.12+ */
RAW_TP(mm_compaction_fast_isolate_freepages)
{
	report_own_hands();
	emit(EV_COMPACT_FAST, ctx->args[0], 0, 0, event_scan(ctx->args[3], ctx->args[2], 0), 0, 0);
	return 0;
}

/* (start, end, scanned, taken) */
RAW_TP(mm_compaction_isolate_migratepages)
{
	report_own_hands();
	emit(EV_COMPACT_MIGRATE, ctx->args[0], 0, 0, ctx->args[3], 0, 0);
	return 0;
}

/* (task, uid) */
RAW_TP(mark_victim)
{
	struct task_struct *task = (void *)ctx->args[0];

	emit(EV_OOM_VICTIM, EV_PFN_NONE, 0, 0, BPF_CORE_READ(task, pid), current_tgid(), 0);
	return 0;
}

/* (zone) */
RAW_TP(mm_setup_per_zone_wmarks)
{
	struct zone *zone = (void *)ctx->args[0];

	emit(EV_WMARKS, BPF_CORE_READ(zone, zone_start_pfn), 0, 0,
	     BPF_CORE_READ(zone, _watermark[0]), 0, 0);
	return 0;
}

#include "sites.bpf.h"
#include "request.bpf.h"

struct event_record stream[STREAM_MAX_SLOTS]; /* see stream.bpf.h: the last one */
