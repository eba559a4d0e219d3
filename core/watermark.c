/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Watermarks: how high they are, what lower zones keep from higher requests, and who may go
 * below them how far.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "pa_req_internal.h"

#define KB_PER_PAGE 4
/* 2.4: zone_balance_ratio, zone_balance_min, zone_balance_max. */
#define BALANCE_RATIO 128
#define BALANCE_MIN 20
#define BALANCE_MAX 255
#define ALLOC_RESERVES                                                                             \
	(PA_ALLOC_NON_BLOCK | PA_ALLOC_MIN_RESERVE | PA_ALLOC_HIGHATOMIC | PA_ALLOC_OOM)

/* mult_frac(value, numer, 10000) */
static uint64_t per_ten_thousand(uint64_t value, uint64_t numer)
{
	return value / 10000 * numer + value % 10000 * numer / 10000;
}

static uint64_t clamp(uint64_t value, uint64_t low, uint64_t high)
{
	return value < low ? low : value > high ? high : value;
}

static uint64_t isqrt(uint64_t value)
{
	uint64_t root = 0;

	for (uint64_t bit = UINT64_C(1) << 31; bit; bit >>= 1) {
		if ((root + bit) * (root + bit) <= value)
			root += bit;
	}
	return root;
}

static unsigned int fls(uint64_t value)
{
	unsigned int bits = 0;

	for (; value; value >>= 1)
		bits++;
	return bits;
}

/* calculate_normal_threshold: how far a CPU's delta may run before it is told. */
uint32_t pa_stat_threshold(uint32_t cpus, uint64_t managed)
{
	/* Steps of 128 MB of 4 KB pages. */
	uint32_t threshold = 2 * fls(cpus) * (1 + fls(managed >> 15));

	return threshold < PA_THRESHOLD_MOST ? threshold : PA_THRESHOLD_MOST;
}

/* -------------------------------------------------------------------------
 * How high
 */

/* The pages that a zone's shares go by. */
static uint64_t size_of(const struct pa *pa, uint32_t zone)
{
	return pa_rules(pa)->present_sizes ? pa_zone_req(pa, zone)->present :
					     pa_zones(pa)[zone].managed;
}

/* setup_per_zone_lowmem_reserve, within each node.  2.4 adds up marks instead. */
void pa_setup_reserve(struct pa *pa)
{
	const struct pa_knobs *knobs = &pa_req(pa)->knobs;
	bool needs_top = pa_rules(pa)->reserve_needs_top;

	if (pa_rules(pa)->sum_marks)
		return;

	for (uint32_t i = 0; i < pa->nr_zones; i++) {
		struct pa_zone_req *zr = pa_zone_req(pa, i);
		uint32_t ratio = knobs->lowmem_reserve_ratio[zr->type];
		uint64_t above = 0;

		if (!ratio && pa_rules(pa)->old_marks)
			ratio = 1;
		memset(zr->reserve, 0, sizeof(zr->reserve));
		for (unsigned int top = zr->type + 1u; top < PA_NR_ZONE_TYPES; top++) {
			uint64_t managed = 0;

			for (uint32_t k = 0; k < pa->nr_zones; k++) {
				const struct pa_zone_req *other = pa_zone_req(pa, k);

				if (other->node == zr->node && other->type == top)
					managed += size_of(pa, k);
			}
			above += managed;
			if (ratio && pa_zones(pa)[i].managed && (managed || !needs_top))
				zr->reserve[top] = above / ratio;
		}
	}
}

/* Does min_free_kbytes leave the zone out? */
static bool is_capped(const struct pa *pa, const struct pa_zone_req *zr)
{
	return zr->type == PA_ZONE_HIGHMEM ||
	       (zr->type == PA_ZONE_MOVABLE && pa_rules(pa)->movable_capped);
}

/* The low and the high mark, @gap above each other; 5.4 forgets to drop the boost first. */
static void set_zone_marks(struct pa *pa, uint32_t zone, uint64_t min, uint64_t gap)
{
	struct pa_zone_req *zr = pa_zone_req(pa, zone);
	struct pa_zone *z = &pa_zones(pa)[zone];
	uint64_t boost = pa_rules(pa)->boost_stays ? z->boost : 0;

	z->boost = 0;
	z->quick = false;
	zr->wmark[PA_WMARK_MIN] = min;
	zr->wmark[PA_WMARK_LOW] = min + boost + gap;
	zr->wmark[PA_WMARK_HIGH] = min + boost + 2 * gap;
	z->wmark_high = zr->wmark[PA_WMARK_HIGH];
}

/* free_area_init_core of 2.4: each zone for itself, 1 to 2 to 3. */
static void set_marks_2_4(struct pa *pa)
{
	for (uint32_t i = 0; i < pa->nr_zones; i++) {
		uint64_t min = clamp(size_of(pa, i) / BALANCE_RATIO, BALANCE_MIN, BALANCE_MAX);

		set_zone_marks(pa, i, min, min);
	}
}

/* __setup_per_zone_wmarks for @kbytes of min_free_kbytes. */
static void set_marks(struct pa *pa, uint64_t kbytes)
{
	const struct pa_req *req = pa_req(pa);
	uint64_t pages_min = kbytes / KB_PER_PAGE, lowmem = 0;

	for (uint32_t i = 0; i < pa->nr_zones; i++) {
		if (!is_capped(pa, pa_zone_req(pa, i)))
			lowmem += size_of(pa, i);
	}
	for (uint32_t i = 0; i < pa->nr_zones; i++) {
		uint64_t size = size_of(pa, i), share = lowmem ? pages_min * size / lowmem : 0;
		uint64_t gap = per_ten_thousand(size, req->knobs.watermark_scale_factor);
		bool capped = is_capped(pa, pa_zone_req(pa, i));

		if (gap < share / 4 || pa_rules(pa)->old_marks)
			gap = share / 4;
		set_zone_marks(pa, i, capped ? clamp(size / 1024, 32, 128) : share, gap);
		/* tmp / 2 above the min mark, not twice tmp / 4. */
		if (pa_rules(pa)->old_marks) {
			pa_zone_req(pa, i)->wmark[PA_WMARK_HIGH] += share / 2 - share / 4 * 2;
			pa_zones(pa)[i].wmark_high = pa_zone_req(pa, i)->wmark[PA_WMARK_HIGH];
		}
	}
}

/* nr_free_buffer_pages: what zones for GFP_USER hold above their high marks. */
static uint64_t buffer_pages(const struct pa *pa)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < pa->nr_zones; i++) {
		const struct pa_zone_req *zr = pa_zone_req(pa, i);
		uint64_t high = zr->wmark[PA_WMARK_HIGH];

		if (zr->type <= PA_ZONE_NORMAL && size_of(pa, i) > high)
			sum += size_of(pa, i) - high;
	}
	return sum;
}

/* set_recommended_min_free_kbytes: two free pageblocks a zone, and one for each pair of types. */
static uint64_t recommended(const struct pa *pa)
{
	uint64_t zones = 0, pages, most = buffer_pages(pa) / 20;

	for (uint32_t i = 0; i < pa->nr_zones; i++)
		zones += pa_zone_req(pa, i)->present && pa_zone_req(pa, i)->type <= PA_ZONE_NORMAL;
	pages = pa_pages(pa->pageblock_order) * zones * (2 + PA_PCPTYPES * PA_PCPTYPES);
	return (pages < most ? pages : most) * KB_PER_PAGE;
}

/* What each zone may give in one turn, when marks are set up. */
void pa_setup_fair(struct pa *pa)
{
	for (uint32_t i = 0; pa_rules(pa)->fair && i < pa->nr_zones; i++)
		pa_zone_req(pa, i)->fair = pa_turn(pa_zone_req(pa, i));
}

void pa_setup_marks(struct pa *pa)
{
	const struct pa_knobs *knobs = &pa_req(pa)->knobs;
	uint64_t kbytes = knobs->min_free_kbytes;

	if (!pa_rules(pa)->min_free_most) {
		set_marks_2_4(pa);
		return;
	}
	if (!kbytes) {
		/* As at boot, when no zone has marks yet. */
		for (uint32_t i = 0; i < pa->nr_zones; i++)
			memset(pa_zone_req(pa, i)->wmark, 0, sizeof(pa_zone_req(pa, i)->wmark));
		kbytes = clamp(isqrt(buffer_pages(pa) * KB_PER_PAGE * 16), 128,
			       pa_rules(pa)->min_free_most);
	}
	set_marks(pa, kbytes);
	/* There is no THP without compaction. */
	if (!knobs->min_free_kbytes && knobs->khugepaged && pa_rules(pa)->suits != PA_SUITS_NEVER &&
	    recommended(pa) > kbytes)
		set_marks(pa, recommended(pa));
}

/* -------------------------------------------------------------------------
 * Who may go below
 */

/* __zone_watermark_unusable_free */
static int64_t unusable(const struct pa_rules *rules, const struct pa_zone_numbers *z,
			unsigned int order, uint32_t flags)
{
	uint32_t opens = rules->harder ? PA_ALLOC_NON_BLOCK | PA_ALLOC_OOM : ALLOC_RESERVES;
	int64_t pages = (int64_t)pa_pages(order) - 1;

	if (!(flags & opens))
		pages += rules->free_highatomic ? z->free_highatomic : z->reserved_highatomic;
	if (!(flags & PA_ALLOC_CMA))
		pages += z->free_cma;
	return pages;
}

/* What the reserves that @flags open leave of @min. */
static int64_t lowered(const struct pa_rules *rules, int64_t min, uint32_t flags)
{
	if (flags & PA_ALLOC_MIN_RESERVE)
		min -= min / 2;
	if (rules->harder) {
		if (flags & PA_ALLOC_OOM)
			min -= min / 2;
		else if (flags & PA_ALLOC_NON_BLOCK)
			min -= min / 4;
		return min;
	}
	if (flags & PA_ALLOC_MIN_RESERVE && flags & PA_ALLOC_NON_BLOCK)
		min -= min / 4;
	if (flags & PA_ALLOC_OOM)
		min -= min / 2;
	return min;
}

/* Is there one block of @order that the request may take? */
static bool has_block(const struct pa_rules *rules, const uint32_t *types, unsigned int order,
		      uint32_t flags)
{
	uint32_t last = rules->harder ? PA_ALLOC_NON_BLOCK | PA_ALLOC_OOM :
					PA_ALLOC_HIGHATOMIC | PA_ALLOC_OOM;
	uint32_t orders = types[PA_UNMOVABLE] | types[PA_MOVABLE] | types[PA_RECLAIMABLE];

	if (flags & PA_ALLOC_CMA)
		orders |= types[PA_CMA];
	if (flags & last)
		orders |= types[PA_HIGHATOMIC];
	for (unsigned int mt = 0; rules->harder_any_block && flags & last && mt < PA_NR_MT; mt++)
		orders |= types[mt];
	return orders >> order;
}

/*
 * Up to 4.3 the pages of each order below do not count for the next, which must have half of what
 * the one before needed: zone_watermark_ok.
 */
static bool has_shares(const uint64_t *nr_free, unsigned int order, int64_t free, int64_t min)
{
	for (unsigned int o = 0; o < order; o++) {
		free -= (int64_t)(nr_free[o] << o);
		min >>= 1;
		if (free <= min)
			return false;
	}
	return true;
}

/* __zone_watermark_ok; @look's zone is the caller's to know. */
static bool judge(const struct pa_rules *rules, const struct pa_zone_numbers *z, unsigned int order,
		  uint32_t flags, struct pa_zone_look *look)
{
	int64_t min = lowered(rules, z->mark, flags), less = unusable(rules, z, order, flags);
	enum pa_verdict verdict = PA_ZONE_OK;

	if (z->free - less <= min + z->reserve)
		verdict = PA_ZONE_LOW;
	else if (rules->cumulative &&
		 !has_shares(z->nr_free, order, z->free + 1 - (int64_t)pa_pages(order), min))
		verdict = PA_ZONE_FRAGMENTED;
	else if (!rules->cumulative && order && !has_block(rules, z->orders, order, flags))
		verdict = PA_ZONE_FRAGMENTED;
	if (look) {
		*look = (struct pa_zone_look){
			.verdict = (uint8_t)verdict,
			.wmark = (uint8_t)((flags & PA_ALLOC_WMARK_MASK) >> PA_ALLOC_WMARK_SHIFT),
			.flags = flags,
			.free = z->free,
			.unusable = less,
			.mark = z->mark,
			.min = min,
			.reserve = z->reserve,
		};
	}
	return verdict == PA_ZONE_OK;
}

bool pa_watermark_test(const struct pa *pa, uint32_t zone, unsigned int order, uint64_t mark,
		       unsigned int highest, uint32_t flags, int64_t free,
		       struct pa_zone_look *look)
{
	const struct pa_zone_req *zr = pa_zone_req(pa, zone);
	const struct pa_zone *z = &pa_zones(pa)[zone];
	uint64_t nr_free[PA_MAX_ORDERS];
	const struct pa_zone_numbers numbers = {
		.free = free,
		.reserved_highatomic = (int64_t)zr->nr_reserved_highatomic,
		.free_highatomic = (int64_t)z->free[PA_HIGHATOMIC],
		.free_cma = (int64_t)z->free[PA_CMA],
		.mark = (int64_t)mark,
		.reserve = (int64_t)zr->reserve[highest],
		.orders = z->orders,
		.nr_free = nr_free,
	};
	bool ok;

	for (unsigned int o = 0; pa_rules(pa)->cumulative && o < order; o++)
		nr_free[o] = pa_nr_free(pa, zone, o);
	ok = judge(pa_rules(pa), &numbers, order, flags, look);
	if (look)
		look->zone = (uint8_t)zone;
	return ok;
}

bool pa_watermark_numbers(const struct pa_policy *policy, const struct pa_zone_numbers *numbers,
			  unsigned int order, uint32_t flags, struct pa_zone_look *look)
{
	const struct pa_rules *rules = policy ? pa_rules_find(policy->name) : NULL;

	if (!rules || order >= PA_TOLD_ORDERS || (rules->cumulative && !numbers->nr_free))
		return false;
	return judge(rules, numbers, order, flags, look);
}

bool pa_watermark_ok(const struct pa *pa, uint32_t zone, unsigned int order, uint64_t mark,
		     enum pa_zone_type highest, uint32_t flags, struct pa_zone_look *look)
{
	if (!pa_req(pa) || zone >= pa->nr_zones || order >= pa->nr_orders || mark > INT64_MAX ||
	    (unsigned int)highest >= PA_NR_ZONE_TYPES)
		return false;
	return pa_watermark_test(pa, zone, order, mark, highest, flags,
				 pa_zone_free(&pa_zones(pa)[zone], pa_zone_req(pa, zone)), look);
}

/* Order 0 at the min mark may look past the boost if it is urgent. */
static bool sees_through_boost(const struct pa_ctx *ac, const struct pa_zone *z, uint32_t flags)
{
	if (ac->order || !z->boost || flags & PA_ALLOC_WMARK_MASK)
		return false;
	return (ac->rules->boost_by_atomic && ac->gfp & PA_GFP_ATOMIC) ||
	       (ac->rules->boost_by_min && flags & PA_ALLOC_MIN_RESERVE);
}

/* 2.4: what is free must exceed the marks of this zone and of all tried before it. */
static bool watermark_sum(struct pa_ctx *ac, uint32_t zone, unsigned int wmark, uint32_t flags,
			  struct pa_zone_look *look)
{
	const struct pa_zone_req *zr = pa_zone_req(ac->pa, zone);
	uint64_t mark = zr->wmark[wmark] >> (flags & PA_ALLOC_NON_BLOCK ? 2 : 0);
	int64_t free = pa_zone_free(&pa_zones(ac->pa)[zone], zr),
		one = (int64_t)pa_pages(ac->order);
	bool ok;

	ac->tried += mark;
	ok = free > one + (int64_t)ac->tried;
	if (look)
		*look = (struct pa_zone_look){
			.zone = (uint8_t)zone,
			.verdict = ok ? PA_ZONE_OK : PA_ZONE_LOW,
			.flags = flags,
			.free = free,
			.unusable = one,
			.mark = (int64_t)mark,
			.min = (int64_t)ac->tried,
		};
	return ok;
}

/*
 * The short cut of zone_watermark_fast for order 0 keeps the whole mark, so it is never laxer than
 * the test and needs no code of its own; but 5.4's also passes on the HIGHATOMIC reserve.
 */
static bool short_cut(const struct pa_ctx *ac, uint32_t zone, uint64_t mark, uint32_t flags)
{
	const struct pa_zone_req *zr = pa_zone_req(ac->pa, zone);
	const struct pa_zone *z = &pa_zones(ac->pa)[zone];
	int64_t cma = flags & PA_ALLOC_CMA ? 0 : (int64_t)z->free[PA_CMA];

	return ac->rules->fast_highatomic && !ac->order &&
	       pa_zone_free(z, zr) - cma > (int64_t)(mark + zr->reserve[ac->classzone]);
}

int64_t pa_free_in_blocks(const struct pa *pa, uint32_t zone)
{
	int64_t free = 0;

	for (unsigned int order = pa->pageblock_order; order < pa->nr_orders; order++)
		free += (int64_t)((pa_nr_free(pa, zone, order) -
				   pa_list_len(pa, zone, order, PA_ISOLATE))
				  << order);
	return free;
}

bool pa_watermark_fast(struct pa_ctx *ac, uint32_t zone, unsigned int wmark, uint32_t flags)
{
	const struct pa_zone_req *zr = pa_zone_req(ac->pa, zone);
	const struct pa_zone *z = &pa_zones(ac->pa)[zone];
	uint64_t mark = pa_mark_of(z, zr, wmark);
	int64_t free = pa_zone_free(z, zr) + (ac->uncounted ? ac->uncounted[zone] : 0);
	struct pa_zone_look *look = NULL;
	bool ok;

	if (ac->rec && ac->rec->nr_looks < PA_MAX_LOOKS)
		look = &ac->rec->looks[ac->rec->nr_looks];
	if (ac->rules->sum_marks)
		ok = watermark_sum(ac, zone, wmark, flags, look);
	else
		ok = pa_watermark_test(ac->pa, zone, ac->order, mark, ac->classzone, flags, free,
				       look);
	if (!ok && sees_through_boost(ac, z, flags))
		ok = pa_watermark_test(ac->pa, zone, 0, zr->wmark[PA_WMARK_MIN], ac->classzone,
				       flags, free, look);
	if (!ok && short_cut(ac, zone, mark, flags)) {
		ok = true;
		if (look)
			look->verdict = PA_ZONE_OK;
	}
	if (look)
		look->wmark = (uint8_t)wmark;
	if (ac->rec)
		ac->rec->nr_looks++;
	return ok;
}

/*
 * With no flag set, and enough pages of the types that anybody may have, the first attempt of
 * any request passes at this zone: from 6.7 on it is held to the high mark, before to the low.
 * quick.c knows the lists of 5.14 and later only.
 */
void pa_allow_quick(struct pa *pa, uint32_t zone)
{
	const struct pa_zone_req *zr = pa_zone_req(pa, zone);
	const struct pa_rules *rules = pa_rules(pa);
	struct pa_zone *z = &pa_zones(pa)[zone];
	uint64_t need = pa_mark_of(z, zr, rules->pcp_auto ? PA_WMARK_HIGH : PA_WMARK_LOW);
	uint64_t reserve = 0;
	int64_t free =
		(int64_t)(z->free[PA_UNMOVABLE] + z->free[PA_MOVABLE] + z->free[PA_RECLAIMABLE]) -
		zr->deltas;

	for (unsigned int type = 0; type < PA_NR_ZONE_TYPES; type++)
		reserve = zr->reserve[type] > reserve ? zr->reserve[type] : reserve;
	need += reserve + (rules->free_highatomic ? 0 : zr->nr_reserved_highatomic);
	need += pa_pages(pa->pageblock_order) - 1; /* what the largest quick request uses up */
	z->quick = rules->pcp_lists >= PA_PCP_ORDERS && !zr->flags && free > (int64_t)need &&
		   !(rules->skip_busy_kswapd && pa_kswapd_busy(pa_node(pa, zr->node)));
	z->quick *= z->end - z->start;
}
