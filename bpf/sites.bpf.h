/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tracepoints do not show, where the kernel lets fentry or kprobes in.  Each
 * program is one site of tools/sites.c, which decides at run time whether it is loaded.
 *
 * All of these functions run under zone->lock unless the comment says otherwise.
 */
#ifndef SITES_BPF_H
#define SITES_BPF_H

#define FPI_TO_TAIL 2
#define PCPTYPES 3
#define NR_FREE_PAGES 0 /* enum zone_stat_item: first on every kernel */

/* Frame of the struct page that an argument points to; as a pointer it could not be reckoned with. */
static __always_inline __u64 page_arg(const void *arg)
{
	__u64 page = 0;

	bpf_probe_read_kernel(&page, sizeof(page), arg);
	return page_pfn(page);
}

/* ---- direct frees: 6.12 and later ---- */

/*
 * split_large_buddy(zone, page, pfn, order, fpi) @ 6.12+: every direct free.  At its exit
 * the block is on its list and a capture has happened or not.
 */
SEC("fexit/split_large_buddy")
int BPF_PROG(site_split_large_buddy, struct zone *zone, struct page *page, unsigned long pfn,
	     int order, int fpi)
{
	int mt = order <= (int)pageblock_shift ? pageblock_mt(pfn) : -1;
	unsigned int bits = EV_LOCKED | captured(pfn) << EV_CAPTURE_SHIFT;

	if (stealing() == STEALING) /* no free, see site_isolation() */
		return 0;
	report_turns(pfn);
	report_reporting(pfn);
	if (fpi & FPI_TO_TAIL)
		bits |= EV_TO_TAIL;
	if (mt >= 0)
		bits |= EV_MT_KNOWN;
	emit(EV_ZONE_FREE, pfn, order, mt, 0, 0, bits);
	return 0;
}

/* ---- direct frees: 6.1 ----
 *
 * free_one_page and __free_pages_ok are entered before the lock is taken.  Their arguments
 * wait in a frame of this CPU until __mod_zone_page_state(zone, NR_FREE_PAGES, 1 << order)
 * tells that __free_one_page is at work inside the lock.  A pcp drain pushes an empty frame,
 * for it makes the same call for each of its pages.  Frames are a stack: interrupts nest.
 */
#define NR_FRAMES 4

struct free_frame {
	__u64 zone; /* 0: not known yet or not a direct free */
	__u64 pfn;
	__u32 order;
	__s32 mt;
	__u32 bits;
	__u32 wanted; /* still waiting for its stamp */
};

struct free_stack {
	__u32 depth;
	struct free_frame frame[NR_FRAMES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct free_stack);
} free_stacks SEC(".maps");

static __always_inline struct free_stack *this_stack(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&free_stacks, &zero);
}

static __always_inline void frame_push(__u64 zone, __u64 pfn, int order, int mt, int fpi,
				       bool wanted)
{
	struct free_stack *stack = this_stack();
	__u32 at;

	if (!stack)
		return;
	at = stack->depth;
	stack->depth = at + 1;
	if (at >= NR_FRAMES) {
		__sync_fetch_and_add(&nr_bad_frame, 1);
		return;
	}
	stack->frame[at].zone = zone;
	stack->frame[at].pfn = pfn;
	stack->frame[at].order = order;
	stack->frame[at].mt = mt;
	stack->frame[at].bits = EV_LOCKED | (fpi & FPI_TO_TAIL ? EV_TO_TAIL : 0);
	stack->frame[at].wanted = wanted;
}

static __always_inline struct free_frame *top_frame(void)
{
	struct free_stack *stack = this_stack();
	__u32 at = stack ? stack->depth - 1 : NR_FRAMES;

	return at < NR_FRAMES ? &stack->frame[at] : 0;
}

static __always_inline void frame_pop(void)
{
	struct free_stack *stack = this_stack();

	if (stack && stack->depth)
		stack->depth--;
}

/*
 * The same where a frame is left only by a free into an isolated pageblock: __free_one_page does
 * not count what nobody can have.  It is told a little late, but nobody takes from that list.
 */
static __always_inline void frame_pop_isolated(void)
{
	struct free_frame *frame = top_frame();

	if (frame && frame->wanted && pageblock_mt(frame->pfn) == (int)mt_isolate)
		emit(EV_ZONE_FREE, frame->pfn, frame->order, mt_isolate, 0, 0,
		     EV_MT_KNOWN | (frame->bits & EV_TO_TAIL));
	frame_pop();
}

/* free_one_page(zone, page, pfn, order, mt) without fpi: the compiler folded it to 0. Before the lock. */
SEC("kprobe/free_one_page_constprop")
int site_free_one_page(struct pt_regs *ctx)
{
	__u64 pfn = PT_REGS_PARM3(ctx);

	if (page_pfn(PT_REGS_PARM2(ctx)) != pfn) {
		__sync_fetch_and_add(&nr_bad_layout, 1);
		pfn = EV_PFN_NONE;
	}
	frame_push(PT_REGS_PARM1(ctx), pfn, (int)PT_REGS_PARM4(ctx), (int)PT_REGS_PARM5(ctx), 0,
		   pfn != EV_PFN_NONE);
	return 0;
}

SEC("kretprobe/free_one_page_constprop")
int site_free_one_page_exit(struct pt_regs *ctx)
{
	frame_pop();
	return 0;
}

/* free_one_page(zone, page, pfn, order, mt, fpi) @ 5.10, where no argument was folded.  Before the lock. */
SEC("fentry/free_one_page")
int BPF_PROG(site_free_one_page_5_10, struct zone *zone, struct page *page, unsigned long pfn,
	     unsigned int order, int mt, int fpi)
{
	struct free_frame *caller = top_frame(); /* __free_pages_ok, which ends in this */
	__u64 zone_addr = 0;

	if (caller && caller->pfn == pfn)
		caller->wanted = 0;
	bpf_probe_read_kernel(&zone_addr, sizeof(zone_addr), ctx);
	frame_push(zone_addr, pfn, order, mt, fpi, true);
	return 0;
}

SEC("fexit/free_one_page")
int BPF_PROG(site_free_one_page_5_10_exit)
{
	frame_pop_isolated();
	return 0;
}

/* __free_pages_ok(page, order, fpi): reads the pageblock's type, then takes the lock. */
SEC("fentry/__free_pages_ok")
int BPF_PROG(site_free_pages_ok, struct page *page, unsigned int order, int fpi)
{
	__u64 pfn = page_arg(ctx);

	frame_push(0, pfn, order, pageblock_mt(pfn), fpi, true);
	return 0;
}

SEC("fexit/__free_pages_ok")
int BPF_PROG(site_free_pages_ok_exit, struct page *page, unsigned int order, int fpi)
{
	frame_pop();
	return 0;
}

/* free_pcppages_bulk: its pages have a tracepoint of their own.  Before the lock. */
SEC("fentry/free_pcppages_bulk")
int BPF_PROG(site_free_pcppages_bulk, struct zone *zone, int count)
{
	frame_push(0, 0, 0, 0, 0, false);
	return 0;
}

SEC("fexit/free_pcppages_bulk")
int BPF_PROG(site_free_pcppages_bulk_exit, struct zone *zone, int count)
{
	frame_pop();
	return 0;
}

/* free_one_page asks again for the type while the zone has isolated pageblocks. */
static __always_inline void refresh_type(struct free_frame *frame, __u64 zone)
{
	unsigned long isolated = BPF_CORE_READ((struct zone *)zone, nr_isolate_pageblock);
	int mt = isolated || frame->mt == (int)mt_isolate ? pageblock_mt(frame->pfn) : -1;

	if (mt >= 0)
		frame->mt = mt;
}

SEC("fentry/__mod_zone_page_state")
int BPF_PROG(site_mod_zone_page_state, struct zone *zone, int item, long delta)
{
	struct free_frame *frame;
	__u64 zone_addr;

	if (item != NR_FREE_PAGES || delta <= 0)
		return 0;
	frame = top_frame();
	if (!frame)
		return 0;
	bpf_probe_read_kernel(&zone_addr, sizeof(zone_addr), ctx);
	if (!frame->wanted || delta != 1L << (frame->order & 31) ||
	    (frame->zone && frame->zone != zone_addr))
		return 0;
	frame->wanted = 0;
	refresh_type(frame, zone_addr);
	report_turns_ahead(frame->pfn);
	forget_tails(frame->pfn, frame->order); /* it may go to a tail, merged */
	report_reporting(frame->pfn);
	emit(EV_ZONE_FREE, frame->pfn, frame->order, frame->mt, 0, 0,
	     frame->bits | (frame->mt >= 0 ? EV_MT_KNOWN : 0) |
		     will_capture(zone_addr, frame->mt) << EV_CAPTURE_SHIFT);
	return 0;
}

/* ---- isolation, put-back, block moves ---- */

/* Tasks inside compaction_alloc(), the free scanner. */
struct compactor {
	__u64 zone;	/* struct zone it works on */
	__u32 in_block; /* inside isolate_freepages_block: not the fast search */
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct compactor);
} compactors SEC(".maps");

static __always_inline struct compactor *this_compactor(void)
{
	__u32 tid = bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&compactors, &tid);
}

/* compaction_alloc(src, data): data is the compact_control.  No lock held. */
SEC("fentry/compaction_alloc")
int BPF_PROG(site_compaction_alloc, void *src, unsigned long data)
{
	struct compact_control *cc = (void *)data;
	__u32 tid = bpf_get_current_pid_tgid();
	struct compactor state = { .zone = (__u64)BPF_CORE_READ(cc, zone) };

	bpf_map_update_elem(&compactors, &tid, &state, BPF_ANY);
	turns_begin(state.zone);
	return 0;
}

SEC("fexit/compaction_alloc")
int BPF_PROG(site_compaction_alloc_exit, void *src, unsigned long data)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct compactor *state = this_compactor();

	if (state)
		turns_end(state->zone);
	bpf_map_delete_elem(&compactors, &tid);
	return 0;
}

SEC("fentry/isolate_freepages_block")
int BPF_PROG(site_isolate_block)
{
	struct compactor *state = this_compactor();

	if (state)
		state->in_block = 1;
	return 0;
}

SEC("fexit/isolate_freepages_block")
int BPF_PROG(site_isolate_block_exit)
{
	struct compactor *state = this_compactor();

	if (state)
		state->in_block = 0;
	return 0;
}

/* Turns are told before it, because a large block takes the rest of its pageblock to the tail. */
SEC("fentry/__isolate_free_page")
int BPF_PROG(site_isolate_entry, struct page *page)
{
	__u64 pfn = page_arg(ctx);

	report_turns_ahead(pfn);
	report_reporting(pfn);
	return 0;
}

/*
 * __isolate_free_page(page, order) fails below the watermark.  Called by the fast search
 * (not by the block scan) it follows a rotation that made the page the head of its list.
 */
SEC("fexit/__isolate_free_page")
int BPF_PROG(site_isolate_free_page, struct page *page, unsigned int order, int ret)
{
	struct compactor *state = this_compactor();
	bool fast = state && !state->in_block;
	__u64 pfn = page_arg(ctx);

	if (ret)
		emit(EV_ISOLATE, pfn, order, 0, 0, 0, fast ? EV_FAST : 0);
	else if (fast)
		emit(EV_ROTATE, pfn, order, 0, 0, 0, 0);
	if (ret)
		see_tails(pfn);
	return 0;
}

SEC("fentry/__putback_isolated_page")
int BPF_PROG(site_putback, struct page *page, unsigned int order, int mt)
{
	__u64 pfn = page_arg(ctx);

	report_turns_ahead(pfn);
	forget_tails(pfn, order);
	report_reporting(pfn);
	emit(EV_PUTBACK, pfn, order, mt, 0, 0, 0);
	return 0;
}

/* move_freelist_tail(list, page): fast_find_migrateblock makes the page the last one. */
SEC("fentry/move_freelist_tail")
int BPF_PROG(site_move_freelist_tail, struct list_head *list, struct page *page)
{
	__u64 pfn = page_arg(ctx + 1), order = BPF_CORE_READ(page, private);

	emit(EV_ROTATE, pfn, order, 0, 0, 0, EV_ROTATE_TAIL);
	see_turned(pfn, order);
	return 0;
}

/*
 * __move_freepages_block(zone, start_pfn, old_mt, new_mt) @ 6.10+.  Moves between the three
 * mergeable types belong to a claim or an isolation, which replay derives; the others reserve,
 * release or isolate a pageblock and stand for themselves.  Blocks go to the tail of their new list, which
 * would hide that it was turned before.
 */
SEC("fentry/__move_freepages_block")
int BPF_PROG(site_move_block, struct zone *zone, unsigned long pfn, int old_mt, int new_mt)
{
	if (stealing() == STEALING)
		return 0;
	report_turns_ahead(pfn);
	if (old_mt >= PCPTYPES || new_mt >= PCPTYPES) {
		forget_tails(pfn, 0);
		emit(EV_MOVE_BLOCK, pfn, 0, new_mt, old_mt, 0, 0);
	}
	return 0;
}

/*
 * Isolating a pageblock, and ending that, where memory is taken offline or comes online: the
 * block is moved, or taken out of a larger free one, which is put back in pieces.
 * move_freepages_block_isolate(zone, page, migratetype) @ 6.10 to 6.16.
 */
SEC("fentry/move_freepages_block_isolate")
int BPF_PROG(site_isolation_old, struct zone *zone, struct page *page, int mt)
{
	__u64 pfn = page_arg(ctx + 1);
	int old = pageblock_mt(pfn);

	report_turns_ahead(pfn);
	forget_tails(pfn, 0);
	set_stealing(STEALING);
	emit(EV_MOVE_BLOCK, pfn, 0, mt, old >= 0 ? old : mt, 0, 0);
	return 0;
}

SEC("fexit/move_freepages_block_isolate")
int BPF_PROG(site_isolation_old_exit)
{
	set_stealing(NOT_STEALING);
	return 0;
}

/* __move_freepages_block_isolate(zone, page, isolate) @ 6.17+: the type is kept beside the bit. */
SEC("fentry/__move_freepages_block_isolate")
int BPF_PROG(site_isolation, struct zone *zone, struct page *page, bool isolate)
{
	__u64 pfn = page_arg(ctx + 1);
	__s64 flags = pageblock_flags(pfn);

	report_turns_ahead(pfn);
	forget_tails(pfn, 0);
	set_stealing(STEALING);
	if (flags >= 0)
		emit(EV_MOVE_BLOCK, pfn, 0, isolate ? mt_isolate : flags & 7,
		     isolate ? flags & 7 : mt_isolate, 0, 0);
	return 0;
}

SEC("fexit/__move_freepages_block_isolate")
int BPF_PROG(site_isolation_exit)
{
	set_stealing(NOT_STEALING);
	return 0;
}

/*
 * change_pageblock_range(page, order, migratetype) @ 6.17+ is all there is to see where a whole
 * free pageblock is released from HIGHATOMIC (unreserve_highatomic_pageblock).
 */
SEC("fentry/change_pageblock_range")
int BPF_PROG(site_change_range, struct page *page, int order, int mt)
{
	__u64 pfn = page_arg(ctx);
	int old = pageblock_mt(pfn);

	if (order == (int)pageblock_shift && old >= PCPTYPES)
		emit(EV_MOVE_BLOCK, pfn, 0, mt, old, 0, 0);
	return 0;
}

/* 6.1: steal_suitable_fallback moves blocks as part of a fallback; anybody else for itself. */
SEC("fentry/steal_suitable_fallback")
int BPF_PROG(site_steal, struct zone *zone, struct page *page)
{
	report_turns_ahead(page_arg(ctx + 1));
	set_stealing(STEALING);
	return 0;
}

SEC("fexit/steal_suitable_fallback")
int BPF_PROG(site_steal_exit)
{
	set_stealing(STOLEN);
	return 0;
}

/* move_freepages_block(zone, page, mt, ...) @ up to 6.9 */
SEC("fentry/move_freepages_block")
int BPF_PROG(site_move_block_old, struct zone *zone, struct page *page, int mt)
{
	__u64 pfn = page_arg(ctx + 1);
	int old = pageblock_mt(pfn);

	if (stealing() == STEALING)
		return 0;
	report_turns_ahead(pfn);
	forget_tails(pfn, 0);
	emit(EV_MOVE_BLOCK, pfn, 0, mt, old >= 0 ? old : mt, 0, 0);
	return 0;
}

#endif /* SITES_BPF_H */
