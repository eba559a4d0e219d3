/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What request mode wants to know beyond page events: when a request looks at the marks, when
 * a freed page is on its list, and who else works on lists and counters.  None of it tells what
 * the allocator decides.  Sites of tools/probe_sites.c, recorded with --requests.
 */
#ifndef REQUEST_BPF_H
#define REQUEST_BPF_H

#define BULK_MOST 512 /* pages of one alloc_pages_bulk that are told */

/* free_unref_page_commit(zone, pcp, page, migratetype, order) @ 6.1+: inside pcp->lock. */
static __always_inline void emit_push(struct zone *zone, struct per_cpu_pages *pcp, __u64 pfn,
				      int mt, unsigned int order)
{
	__u64 reclaiming = bpf_core_enum_value(enum zone_flags, ZONE_RECLAIM_ACTIVE), below;
	__u64 flags = zone->flags;
	__u32 bits = flags >> reclaiming & 1 ? EV_RECLAIMING : 0;

	if (bpf_core_enum_value_exists(enum zone_flags, ZONE_BELOW_HIGH)) {
		below = bpf_core_enum_value(enum zone_flags, ZONE_BELOW_HIGH);
		bits |= flags >> below & 1 ? EV_BELOW_HIGH : 0;
	}
	emit(EV_PUSH, pfn, order & 0xf, mt, pcp->high, current_tgid(), bits);
}

SEC("fentry/free_unref_page_commit")
int BPF_PROG(site_push, struct zone *zone, struct per_cpu_pages *pcp, struct page *page, int mt,
	     unsigned int order)
{
	emit_push(zone, pcp, page_arg(ctx + 2), mt, order);
	return 0;
}

/* Its name from 6.14 on. */
SEC("fentry/free_frozen_page_commit")
int BPF_PROG(site_push_frozen, struct zone *zone, struct per_cpu_pages *pcp, struct page *page,
	     int mt, unsigned int order)
{
	emit_push(zone, pcp, page_arg(ctx + 2), mt, order);
	return 0;
}

/* get_page_from_freelist(gfp, order, alloc_flags, ac): the marks are looked at next. */
SEC("fentry/get_page_from_freelist")
int BPF_PROG(site_try, unsigned int gfp, unsigned int order, int alloc_flags,
	     struct alloc_context *ac)
{
	emit(EV_TRY, EV_PFN_NONE, order & 0xf, ac->migratetype,
	     event_try(alloc_flags, ac->highest_zoneidx), current_tgid(), 0);
	return 0;
}

/* refresh_cpu_vm_stats(do_pagesets): of vmstat_update and, when a CPU goes idle, quiet_vmstat. */
SEC("fentry/refresh_cpu_vm_stats")
int BPF_PROG(site_fold, bool do_pagesets)
{
	emit(EV_VMSTAT, EV_PFN_NONE, 0, 0, do_pagesets ? EV_VMSTAT_WORKER : EV_VMSTAT_IDLE,
	     current_tgid(), 0);
	return 0;
}

/*
 * set_pgdat_percpu_threshold(pgdat, ...): kswapd calls it for its sleep and after it.  It is told of ahead: what others
 * count from here until kswapd's CPU is heard of next may be by either.
 */
SEC("fentry/set_pgdat_percpu_threshold")
int BPF_PROG(site_thresholds, struct pglist_data *pgdat)
{
	__u32 nid = BPF_CORE_READ(pgdat, node_id);
	__u32 *sleeps = &kswapd_sleeps[nid % SEEN_NODES];

	emit(EV_VMSTAT, EV_PFN_NONE, 0, 0,
	     (*sleeps ? EV_VMSTAT_ASLEEP : EV_VMSTAT_AWAKE) | nid << 2, 0, 0);
	*sleeps = 0;
	return 0;
}

__u32 balancing[SEEN_NODES]; /* thread of the kswapd inside balance_pgdat, by node; 0: none */

static __always_inline struct zone *zone_of_node(struct pglist_data *pgdat, int i)
{
	return (void *)pgdat + bpf_core_field_offset(struct pglist_data, node_zones) +
	       i * bpf_core_type_size(struct zone);
}

/*
 * balance_pgdat(pgdat, order, highest_zoneidx): kswapd's round.  The boosts that it finds, read
 * without the lock, are those that it takes back in the end.
 */
SEC("fentry/balance_pgdat")
int BPF_PROG(site_balance, struct pglist_data *pgdat, int order, int highest)
{
	balancing[(__u32)BPF_CORE_READ(pgdat, node_id) % SEEN_NODES] = bpf_get_current_pid_tgid();
	for (int i = 0; i < 5 && i <= highest; i++) {
		struct zone *zone = zone_of_node(pgdat, i);

		if (BPF_CORE_READ(zone, managed_pages.counter))
			emit(EV_BALANCE_BEGIN, BPF_CORE_READ(zone, zone_start_pfn), order & 0xf, 0,
			     BPF_CORE_READ(zone, watermark_boost), 0, 0);
	}
	return 0;
}

static __always_inline void emit_balance_end(struct pglist_data *pgdat, int highest)
{
	__u32 *thread = &balancing[(__u32)BPF_CORE_READ(pgdat, node_id) % SEEN_NODES];

	if (*thread != (__u32)bpf_get_current_pid_tgid())
		return;
	*thread = 0;
	for (int i = 0; i < 5 && i <= highest; i++) {
		struct zone *zone = zone_of_node(pgdat, i);

		if (BPF_CORE_READ(zone, managed_pages.counter))
			emit(EV_BALANCE_END, BPF_CORE_READ(zone, zone_start_pfn), 0, 0,
			     event_balance_end(highest, 1, BPF_CORE_READ(zone, watermark_boost)), 0,
			     0);
	}
}

/* wakeup_kcompactd(pgdat, order, highest): what balance_pgdat calls once boosts are taken back. */
SEC("fentry/wakeup_kcompactd")
int BPF_PROG(site_boost_over, struct pglist_data *pgdat, int order, int highest)
{
	emit_balance_end(pgdat, highest);
	return 0;
}

/* Without boosts it ends like this. */
SEC("fexit/balance_pgdat")
int BPF_PROG(site_balance_exit, struct pglist_data *pgdat, int order, int highest)
{
	emit_balance_end(pgdat, highest);
	return 0;
}

/* drain_pages_zone(cpu, zone) */
SEC("fentry/drain_pages_zone")
int BPF_PROG(site_drain_pages, unsigned int cpu, struct zone *zone)
{
	emit(EV_DRAIN_PAGES, zone->zone_start_pfn, 0, 0, cpu, current_tgid(), 0);
	return 0;
}

/*
 * The pages in an array, which mm_page_alloc does not tell of.  @arg: where the pointer to it lies
 * among the arguments; a pointer to pointers could not be read as one.
 */
static __always_inline void emit_bulk(unsigned int gfp, const void *arg, unsigned long got)
{
	__u32 mt = gfp >> 3 & 3; /* gfp_migratetype: __GFP_RECLAIMABLE and __GFP_MOVABLE */
	__u64 array = 0, page;

	bpf_probe_read_kernel(&array, sizeof(array), arg);
	for (int i = 0; i < BULK_MOST; i++) {
		page = 0;
		if (!array || (unsigned long)i >= got)
			break;
		bpf_probe_read_kernel(&page, sizeof(page), (void *)(array + 8 * i));
		if (page)
			emit(EV_BULK, page_pfn(page), 0, mt, gfp, 0, 0);
	}
}

/* alloc_pages_bulk_noprof(gfp, nid, nodemask, nr, list, array) @ 6.12; __alloc_pages_bulk @ 6.1 */
SEC("fexit/alloc_pages_bulk_noprof")
int site_bulk_list(__u64 *ctx)
{
	emit_bulk(ctx[0], ctx + 5, ctx[6]);
	return 0;
}

SEC("fexit/__alloc_pages_bulk")
int site_bulk_old(__u64 *ctx)
{
	emit_bulk(ctx[0], ctx + 5, ctx[6]);
	return 0;
}

/* Without the list from 6.14 on. */
SEC("fexit/alloc_pages_bulk_noprof")
int site_bulk(__u64 *ctx)
{
	emit_bulk(ctx[0], ctx + 4, ctx[5]);
	return 0;
}

#endif /* REQUEST_BPF_H */
