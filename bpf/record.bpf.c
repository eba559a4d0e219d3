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

/* Found after load, see tools/probe_snapshot.c; not beside what all CPUs write. */
__u64 vmemmap_base __attribute__((aligned(64)));

#include "page.bpf.h"
#include "stream.bpf.h"
#include "compat.bpf.h"
#include "freelist.bpf.h"
#include "turns.bpf.h"
#include "reporting.bpf.h"

/* Kernel-side counters that end up in the trace's statistics. */
__u64 nr_bad_layout;	  /* what a program looks for was not where it should be */
__u64 nr_bad_frame;	  /* a free without room to remember it until the lock is taken */
__u64 nr_hidden_switches; /* to a task that nobody was seen to switch from */

#include "buddy.bpf.h"
#include "silent.bpf.h"
#include "hands.bpf.h"
#ifdef OLD_BPF
/* No free is waited for: each has its site here, and reclaim captures nothing. */
enum { nr_awaited };
#define report_arrivals(pfn, taken) ((void)0)
#define report_passing(pfn) ((void)0)
#define note_captures() ((void)0)
#else
#include "frees.bpf.h"
#endif

char LICENSE[] SEC("license") = "GPL";

const volatile bool reserves_unseen; /* by a site, but pageblocks can be read */
#define MIGRATE_HIGHATOMIC 3	     /* MIGRATE_PCPTYPES */

#define SEEN_NODES 64

__u32 kswapd_sleeps[SEEN_NODES]; /* by node: it said so, and has yet to set its thresholds */

/*
 * Inside the lock of @pfn's zone, ahead of any event: what arrived there without a word, and
 * what compaction did.  @taken as in report_arrivals().
 */
static __always_inline void report_unseen(__u64 pfn, __u64 taken)
{
	if (nr_awaited)
		report_arrivals(pfn, taken);
	if (nr_hands) {
		report_hands(pfn, 0);
		if (silent_search)
			report_near_tail(pfn, taken);
	}
	report_turns(pfn);
	report_reporting(pfn);
}

#define RAW_TP(event) SEC("raw_tp/" #event) int on_##event(struct bpf_raw_tracepoint_args *ctx)

#define GFP_DIRECT_RECLAIM 0x400

/*
 * Without a site in reserve_highatomic_pageblock: it was called a moment ago, if it was, for a request
 * that may not wait and is for more than a page (gfp_to_alloc_flags @ 6.3+, rmqueue's caller).
 */
static __noinline int report_reserved(__u64 pfn)
{
	int mt = pageblock_mt(pfn);

	if (mt == MIGRATE_HIGHATOMIC)
		emit(EV_MOVE_BLOCK, pfn, 0, mt, mt, 0, EV_HELD);
	return 0;
}

/*
 * On 7.2 and 7.3 at least a task may be preempted in a program of a tracepoint, and until it goes on
 * BPF leaves that program out for all who run on its CPU (prog->active).  Another program of the
 * same tracepoint then does the work of the first, and a third one where both are left out.
 */
#ifndef OLD_BPF
struct stand_ins stand_ins;

/* Is this one running on this CPU, in a task or below an interrupt that we have come upon? */
static __always_inline bool left_out(enum stood_in_for program)
{
	__u64 active = stand_ins.active[program];
	__u64 offset = percpu_offsets[bpf_get_smp_processor_id() % WATCH_MAX_CPUS];
	__u32 running = 0;

	if (active && offset)
		bpf_probe_read_kernel(&running, sizeof(running), (void *)(active + offset));
	return running;
}

/* Finds their prog->active, which tells for sure. */
SEC("iter/bpf_prog")
int find_active(struct bpf_iter__bpf_prog *ctx)
{
	struct bpf_prog *prog = ctx->prog;
	int i;

	for (i = 0; prog && i < NR_STOOD_IN_FOR; i++)
		if (BPF_CORE_READ(prog, aux, id) == stand_ins.id[i])
			stand_ins.active[i] = (__u64)BPF_CORE_READ(prog, active);
	return 0;
}
#endif

static __always_inline void note_alloc(struct bpf_raw_tracepoint_args *ctx)
{
	if (reserves_unseen && ctx->args[1] && ctx->args[0] && !(ctx->args[2] & GFP_DIRECT_RECLAIM))
		report_reserved(page_pfn(ctx->args[0]));
	emit_fitting(EV_ALLOC, ctx->args[0] ? page_pfn(ctx->args[0]) : EV_PFN_NONE, ctx->args[1],
		     ctx->args[3], ctx->args[2], current_tgid(), 0);
}

/* (page, order, gfp, migratetype); page is NULL when the request failed */
#ifdef OLD_BPF
RAW_TP(mm_page_alloc)
{
	note_alloc(ctx);
	return 0;
}
#else
static __noinline int note_any_alloc(struct bpf_raw_tracepoint_args *ctx)
{
	note_alloc(ctx);
	return 0;
}

static __noinline int note_alloc_at_tick(struct bpf_raw_tracepoint_args *ctx, __u64 n)
{
	stream_tick(n);
	store(n, bpf_get_smp_processor_id(), current_tgid(), EV_ALLOC, page_pfn(ctx->args[0]),
	      ctx->args[1], ctx->args[3], ctx->args[2], 0);
	return 0;
}

/*
 * Written out for speed: what is common calls nothing that more than the context must be kept
 * over, and fewer registers are saved then.
 */
RAW_TP(mm_page_alloc)
{
	__u64 pid = current_tgid(), cpu = bpf_get_smp_processor_id(), page = ctx->args[0], n;

	if (!page || (reserves_unseen && ctx->args[1]))
		return note_any_alloc(ctx);
	n = claim_only();
	if (is_tick(n))
		return note_alloc_at_tick(ctx, n);
	store(n, cpu, pid, EV_ALLOC, page_pfn(page), ctx->args[1], ctx->args[3], ctx->args[2], 0);
	return 0;
}
#endif

#ifdef OLD_BPF
/* (page, order); pcp lists have no lock that a free could find taken */
RAW_TP(mm_page_free)
{
	emit_fitting(EV_FREE, page_pfn(ctx->args[0]), ctx->args[1], 0, 0, 0, 0);
	if (nr_hands) {
		report_own_hands();
		report_moved();
	}
	return 0;
}
#else
/*
 * (page, order).  Who freed it is not asked: often an interrupt on top of somebody else, and it
 * would cost a helper call.  @n was claimed.  @set: whose pending frees these are, of the three programs.
 */
static __always_inline void note_free(struct bpf_raw_tracepoint_args *ctx, __u64 n, __u32 set)
{
	__u64 cpu = bpf_get_smp_processor_id(), pfn = page_pfn(ctx->args[0]), order = ctx->args[1];

	store_free_of(n, cpu, pfn, order);
	if (nr_hands) {
		report_own_hands();
		if (silent_search)
			report_moved();
	}
	if (watch_pcp_locks)
		note_pending(pfn, order, cpu + set * nr_watched);
}

static __noinline int note_any_free(struct bpf_raw_tracepoint_args *ctx, __u64 n)
{
	if (is_tick(n))
		stream_tick(n);
	note_free(ctx, n, 0);
	return 0;
}

/*
 * Written out for speed: what is common (see note_page()) has no call that anything must be kept
 * over, and fewer registers are saved then.
 */
RAW_TP(mm_page_free)
{
	__u64 cpu = bpf_get_smp_processor_id(), n = claim_only(), pfn;

	if (is_tick(n) || ctx->args[1] | nr_hands)
		return note_any_free(ctx, n);
	pfn = page_pfn(ctx->args[0]);
	store_free_of(n, cpu, pfn, 0);
	if (stream_size.watch_quickly)
		return note_page(pfn, cpu);
	return watch_pcp_locks ? note_any_page(pfn) : 0;
}

SEC("raw_tp/mm_page_alloc")
int preempting_alloc(struct bpf_raw_tracepoint_args *ctx)
{
	if (!left_out(STOOD_IN_ALLOC))
		return 0;
	note_alloc(ctx);
	__sync_fetch_and_add(&stand_ins.nr_alloc, 1);
	return 0;
}

SEC("raw_tp/mm_page_free")
int preempting_free(struct bpf_raw_tracepoint_args *ctx)
{
	if (!left_out(STOOD_IN_FREE))
		return 0;
	note_free(ctx, claim(), 1);
	__sync_fetch_and_add(&stand_ins.nr_free, 1);
	return 0;
}

SEC("raw_tp/mm_page_free")
int preempting_free_again(struct bpf_raw_tracepoint_args *ctx)
{
	if (!left_out(STOOD_IN_FREE) || !left_out(STOOD_IN_FREE_AGAIN))
		return 0;
	note_free(ctx, claim(), 2);
	__sync_fetch_and_add(&stand_ins.nr_free, 1);
	return 0;
}
#endif

static __always_inline void report_before_pick(__u64 pfn, __u64 order)
{
	if (!unseen()) {
		if (moves_first) /* the fallback is over, also where nobody asks now */
			set_stealing(NOT_STEALING);
	} else if (stealing() == NOT_STEALING) {
		report_unseen(pfn, 1ULL << (order & 15));
	} else {
		see_tails(pfn); /* where the fallback has put blocks */
		set_stealing(NOT_STEALING);
	}
}

/* (page, order, migratetype, percpu_refill) */
RAW_TP(mm_page_alloc_zone_locked)
{
	__u64 pfn = page_pfn(ctx->args[0]);

	if (!ctx->args[0])
		return 0;
	report_before_pick(pfn, ctx->args[1]);
	emit_fitting(EV_ZONE_ALLOC, pfn, ctx->args[1], ctx->args[2], 0, 0,
		     ctx->args[3] ? EV_REFILL : 0);
	return 0;
}

/*
 * (page, order, migratetype) up to 5.18: the type is the request's, also where the page is of the
 * HIGHATOMIC list (rmqueue @ 5.10) or of CMA; the page tells its list.  Single pages are for
 * pcp lists and nothing else is.
 */
SEC("raw_tp/mm_page_alloc_zone_locked")
int on_zone_locked_5_10(struct bpf_raw_tracepoint_args *ctx)
{
	struct page___5_10 *page = (void *)ctx->args[0];
	__u64 pfn = page_pfn(ctx->args[0]);

	if (!page)
		return 0;
	report_before_pick(pfn, ctx->args[1]);
	emit(EV_ZONE_ALLOC, pfn, ctx->args[1], BPF_CORE_READ(page, index), 0, 0,
	     ctx->args[1] ? 0 : EV_REFILL);
	return 0;
}

const volatile bool tells_drainer; /* with --requests */

/* (page, order, migratetype) */
RAW_TP(mm_page_pcpu_drain)
{
	__u64 pfn = page_pfn(ctx->args[0]), capture = 0;

	if (unseen()) {
		report_unseen(pfn, 0);
		capture = captured(pfn);
	}
	report_passing(pfn);
	emit_fitting(EV_DRAIN, pfn, ctx->args[1], ctx->args[2], 0,
		     tells_drainer ? current_tgid() : 0, capture << EV_CAPTURE_SHIFT);
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
	if (moves_first) {
		if (nr_awaited)
			report_arrivals(pfn, 1);
		if (nr_hands)
			report_hands(pfn, 0);
		set_stealing(STOLEN);
	} else if (!(bits & EV_CLAIMED) || ctx->args[2] >= pageblock_shift) {
		report_unseen(pfn, 1ULL << (ctx->args[1] & 15));
	}
	emit(EV_FALLBACK, pfn, ctx->args[1], start_mt,
	     (ctx->args[2] & 0xf) | (ctx->args[4] & 7) << 4, 0, bits);
	return 0;
}

/* ---- the slow path, reclaim, compaction: never under zone->lock ---- */

const volatile bool reclaim_gfp_first;

#ifndef OLD_BPF
__u32 reclaimed; /* where that captures free blocks: it was needed once */

static __always_inline void note_captures(void)
{
	if (reclaim_captures() && !reclaimed && !__sync_val_compare_and_swap(&reclaimed, 0, 1))
		__sync_fetch_and_add(&nr_unseen, 1);
}
#endif

/* (order, gfp); (gfp, order, memcg) from 7.1 */
RAW_TP(mm_vmscan_direct_reclaim_begin)
{
	__u64 first = ctx->args[0], second = ctx->args[1];

	note_captures();
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
	kswapd_sleeps[ctx->args[0] % SEEN_NODES] = 1;
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

/* (zone start, migrate scanner, free scanner, zone end, sync) up to 5.19 */
SEC("raw_tp/mm_compaction_begin")
int on_compaction_begin_5_10(struct bpf_raw_tracepoint_args *ctx)
{
	emit(EV_COMPACT_BEGIN, ctx->args[0], 0, 0, ctx->args[3], current_tgid(), 0);
	return 0;
}

/* (zone start, migrate scanner, free scanner, zone end, sync, status) up to 5.19 */
SEC("raw_tp/mm_compaction_end")
int on_compaction_end_5_10(struct bpf_raw_tracepoint_args *ctx)
{
	emit(EV_COMPACT_END, ctx->args[0], 0, 0, ctx->args[5], current_tgid(), 0);
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

#ifndef OLD_BPF
#define PTE_PRESENT 1
#define PTE_FRAME_MASK ((1ULL << 52) - 1)

/* (address, pte, order): the page that another was moved to is mapped */
RAW_TP(remove_migration_pte)
{
	__u64 pte = ctx->args[1];

	if (silent_search && nr_hands && pte & PTE_PRESENT && !ctx->args[2])
		report_used((pte & PTE_FRAME_MASK) >> 12);
	return 0;
}
#endif

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

/* (pid) where nobody has put the newer one into a stable kernel */
SEC("raw_tp/mark_victim")
int on_mark_victim_5_10(struct bpf_raw_tracepoint_args *ctx)
{
	emit(EV_OOM_VICTIM, EV_PFN_NONE, 0, 0, ctx->args[0], current_tgid(), 0);
	return 0;
}

/* (work); the other has its function as second argument from 5.6 on */
RAW_TP(workqueue_execute_start)
{
	struct work_struct *work = (void *)ctx->args[0];

	if ((__u64)BPF_CORE_READ(work, func) == reporting_work)
		reporting_begins();
	return 0;
}

/* (work, function) */
RAW_TP(workqueue_execute_end)
{
	if (ctx->args[1] == reporting_work)
		reporting_ends();
	return 0;
}

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} switched_to SEC(".maps"); /* struct task_struct; 0: none seen yet */

/*
 * (preempt, prev, next); (.., prev_state) from 5.17.  Who is switched to switches to the next one; where
 * that is not seen, no tracepoint is called while this task runs, nor for the pages that it takes.
 */
RAW_TP(sched_switch)
{
	__u32 zero = 0;
	__u64 *task = bpf_map_lookup_elem(&switched_to, &zero);

	if (!task)
		return 0;
	if (*task && *task != ctx->args[1])
		__sync_fetch_and_add(&nr_hidden_switches, 1);
	*task = ctx->args[2];
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

#ifndef OLD_BPF
struct event_record stream[STREAM_MAX_SLOTS + STREAM_BEHIND]; /* see stream.bpf.h: the last one */
#endif
