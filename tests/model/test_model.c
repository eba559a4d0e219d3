/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The core against the reference: the same random operations must give the same pages, the same
 * lists in the same order, the same pageblock types and boosts, under every policy.
 */
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "reference.h"

#define MAX_HELD 4096

struct held {
	uint32_t pfn;
	uint8_t order, zone;
};

struct pair {
	struct pa *pa;
	struct ref *ref;
	const struct pa_config *cfg;
	uint64_t seed;
	uint32_t nr_held;
	struct held held[MAX_HELD];
	uint32_t picks[PA_NR_PATHS], scribbled; /* show that the run went everywhere */
};

static alignas(max_align_t) unsigned char mem[1 << 20];
static struct ref reference;
static struct pair pair;

/* xorshift64: the same numbers everywhere. */
static uint32_t pick(struct pair *p, uint32_t n)
{
	p->seed ^= p->seed << 13;
	p->seed ^= p->seed >> 7;
	p->seed ^= p->seed << 17;
	return (uint32_t)(p->seed >> 33) % n;
}

static bool hygiene(const struct pair *p)
{
	return pa_policy(p->pa)->hygiene;
}

static void hold(struct pair *p, uint32_t zone, uint64_t pfn, uint32_t order)
{
	assert_true(p->nr_held < MAX_HELD);
	p->held[p->nr_held++] = (struct held){ (uint32_t)pfn, (uint8_t)order, (uint8_t)zone };
	if (pick(p, 2)) {
		enum pa_use use = (enum pa_use)pick(p, 3);

		pa_set_use(p->pa, pfn, order, use);
		memset(p->ref->use + pfn, use, (size_t)1 << order);
	}
}

static void alloc(struct pair *p)
{
	static const uint8_t flags[] = { 0, 0, 0, PA_ALLOC_KSWAPD, PA_ALLOC_NOFRAGMENT };
	static const uint8_t types[] = { 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 4, 5, 6 };
	struct pa_request req = {
		.zone = pick(p, p->cfg->nr_zones),
		.order = (uint8_t)(pick(p, 3) ? pick(p, 2) : pick(p, p->cfg->nr_orders)),
		.mt = types[pick(p, sizeof(types))],
		.mode = (uint8_t)(pick(p, 3) ? 0 : pick(p, 4)),
		.flags = flags[pick(p, sizeof(flags))],
	};
	uint32_t run = 1 + pick(p, 8);

	if (req.mt == PA_MOVABLE && pick(p, 2))
		req.flags |= PA_ALLOC_CMA;
	for (uint32_t i = 0; i < run && p->nr_held < MAX_HELD; i++) {
		struct pa_decision d;
		struct ref_pick want;

		assert_int_equal(pa_decide(p->pa, &req, &d), 0);
		assert_int_equal(pa_commit(p->pa, &d), 0);
		want = ref_alloc(p->ref, &req);
		assert_int_equal(d.path, want.path);
		assert_int_equal(d.next_mode, want.mode);
		p->picks[d.path]++;
		if (d.path == PA_PATH_NONE)
			break;
		assert_int_equal(d.pfn, want.pfn);
		if (pa_is_fallback(&d)) {
			assert_int_equal(d.fallback_pfn, want.fallback_pfn);
			assert_int_equal(d.fallback_order, want.fallback_order);
			assert_int_equal(d.fallback_mt, want.fallback_mt);
		}
		hold(p, req.zone, d.pfn, req.order);
		req.mode = d.next_mode;
	}
}

/* Free part or all of something held: the caller's type may be stale before 6.10. */
static void release(struct pair *p)
{
	uint32_t i = pick(p, p->nr_held + !p->nr_held);
	bool asked = !pick(p, 10) && p->ref->flavour > 3; /* compaction_capture is as old as 5.1 */
	int capture = asked ? (int)pick(p, p->cfg->nr_orders) : -1;
	bool tail = !pick(p, 8);
	struct held h;
	int got, want;

	if (!p->nr_held)
		return;
	h = p->held[i];
	p->held[i] = p->held[--p->nr_held];
	if (!hygiene(p) && pick(p, 2)) {
		enum pa_mt mt = (enum pa_mt)pick(p, pick(p, 4) ? PA_PCPTYPES : PA_NR_MT);

		got = pa_free_block(p->pa, h.pfn, h.order, mt, tail ? PA_TO_TAIL : 0, capture);
		want = ref_free(p->ref, h.zone, h.pfn, h.order, mt, tail, capture);
	} else {
		got = pa_free(p->pa, h.pfn, h.order, tail ? PA_TO_TAIL : 0, capture);
		want = ref_free_direct(p->ref, h.zone, h.pfn, h.order, tail, capture);
	}
	assert_int_equal(got, want);
}

/* Frames a capture kept are in nobody's hands: put those back one by one. */
static void sweep(struct pair *p)
{
	static bool taken[REF_FRAMES];

	memset(taken, 0, sizeof(taken));
	for (uint32_t i = 0; i < p->nr_held; i++)
		memset(taken + p->held[i].pfn, true, (size_t)1 << p->held[i].order);
	for (uint32_t i = 0; i < p->cfg->nr_zones; i++) {
		const struct pa_zone_config *z = &p->cfg->zones[i];

		for (uint64_t pfn = z->start_pfn; pfn < z->start_pfn + z->spanned; pfn++) {
			if (taken[pfn] || ref_is_free(p->ref, (int)i, (uint32_t)pfn))
				continue;
			assert_int_equal(pa_free(p->pa, pfn, 0, 0, -1), 0);
			ref_free_direct(p->ref, (int)i, (uint32_t)pfn, 0, false, -1);
		}
	}
}

/* A free block at random; false if the first frames tried are in use. */
static bool some_block(struct pair *p, uint32_t *zone, struct pa_page_info *info)
{
	for (int tries = 0; tries < 8; tries++) {
		const struct pa_zone_config *z;

		*zone = pick(p, p->cfg->nr_zones);
		z = &p->cfg->zones[*zone];
		assert_int_equal(pa_page(p->pa, z->start_pfn + pick(p, (uint32_t)z->spanned), info),
				 0);
		if (info->free)
			return true;
	}
	return false;
}

static void surgery(struct pair *p)
{
	struct pa_page_info b;
	uint32_t zone, order, pfn;
	bool tail = pick(p, 2);

	if (!some_block(p, &zone, &b))
		return;
	pfn = (uint32_t)b.block;
	assert_int_equal(ref_find(p->ref, (int)zone, pfn, b.order), b.mt);
	switch (pick(p, 6)) {
	case 0:
		assert_int_equal(pa_rotate(p->pa, pfn, tail),
				 ref_rotate(p->ref, (int)zone, pfn, tail));
		break;
	case 1:
		order = pick(p, b.order + 1u);
		pfn += pick(p, 1u << (b.order - order)) << order;
		assert_int_equal(pa_take(p->pa, pfn, order), 0);
		ref_take(p->ref, (int)zone, pfn, order);
		if (p->nr_held < MAX_HELD)
			hold(p, zone, pfn, order);
		break;
	case 2:
		assert_int_equal(pa_isolate(p->pa, pfn, b.order), 0);
		ref_isolate(p->ref, (int)zone, pfn, b.order);
		if (p->nr_held < MAX_HELD && pick(p, 2)) {
			hold(p, zone, pfn, b.order);
		} else if (b.order <= p->cfg->pageblock_order || !hygiene(p)) {
			int mt = pa_pageblock(p->pa, pfn);

			assert_int_equal(pa_putback(p->pa, pfn, b.order, (enum pa_mt)mt), 0);
			ref_free(p->ref, (int)zone, pfn, b.order, (uint32_t)mt, true, -1);
		}
		break;
	case 3:
		pa_reserve_pageblocks(p->pa, zone, order = pick(p, 4u << p->cfg->pageblock_order));
		ref_reserve(p->ref, (int)zone, order);
		break;
	case 4:
		pfn = (uint32_t)p->cfg->zones[zone].start_pfn +
		      pick(p, (uint32_t)p->cfg->zones[zone].spanned);
		order = pick(p, PA_NR_MT);
		assert_int_equal(!pa_unisolate(p->pa, pfn, (enum pa_mt)order),
				 ref_unisolate(p->ref, (int)zone, pfn, order));
		break;
	default:
		order = pick(p, 3) ? pick(p, PA_PCPTYPES) : pick(p, PA_NR_MT);
		assert_int_equal(!pa_move_block(p->pa, pfn, (enum pa_mt)order),
				 ref_move_block(p->ref, (int)zone, pfn, order));
		break;
	}
}

static void same_state(const struct pair *p)
{
	for (uint32_t zone = 0; zone < p->cfg->nr_zones; zone++) {
		const struct ref_zone *z = &p->ref->zone[zone];

		assert_int_equal(pa_boost(p->pa, zone), z->boost);
		for (uint32_t i = 0; i < p->cfg->nr_orders * PA_NR_MT; i++) {
			uint32_t order = i / PA_NR_MT, n = 0;
			enum pa_mt mt = (enum pa_mt)(i % PA_NR_MT);
			uint64_t pfn = pa_list_head(p->pa, zone, order, mt);

			assert_int_equal(pa_list_len(p->pa, zone, order, mt), z->n[order][mt]);
			for (; pfn != PA_PFN_NONE; pfn = pa_list_next(p->pa, pfn), n++)
				assert_int_equal(pfn, z->list[order][mt][n]);
			assert_int_equal(n, z->n[order][mt]);
		}
		for (uint32_t i = 0; !p->ref->flavour && i < p->cfg->nr_orders - 1; i++) {
			for (uint32_t pfn = z->start; pfn < z->end; pfn++)
				assert_int_equal(pa_pair(p->pa, pfn, i),
						 z->bit[i][pfn >> (i + 1) << (i + 1)]);
		}
		for (uint32_t pfn = z->start; pfn < z->end; pfn++)
			assert_int_equal(pa_pageblock(p->pa, pfn),
					 z->type[pfn >> p->cfg->pageblock_order]);
	}
}

static void sound(const struct pair *p)
{
	const char *why = "";

	if (!pa_check(p->pa, &why))
		fail_msg("%s: %s", pa_policy(p->pa)->name, why);
}

/* What links pieces of a pageblock that is not in pieces may be anything. */
static void scribble(struct pair *p)
{
	const struct pa_zone_config *z = &p->cfg->zones[pick(p, p->cfg->nr_zones)];
	size_t at, len;

	if (pa_idle_links(p->pa, z->start_pfn + pick(p, (uint32_t)z->spanned), &at, &len)) {
		memset((char *)p->pa + at, (int)pick(p, 256), len);
		p->scribbled++;
	}
}

/* Free everything, which builds the lists, and start from there. */
static void run(struct pa_config cfg, const char *policy, uint64_t seed, unsigned int steps)
{
	struct pair *p = &pair;

	memset(p, 0, sizeof(*p));
	cfg.policy = pa_policy_find(policy);
	p->cfg = &cfg;
	p->seed = seed;
	p->ref = &reference;
	assert_int_equal(pa_init(mem, sizeof(mem), &cfg, &p->pa), 0);
	ref_init(p->ref, policy, &cfg);
	sweep(p);
	same_state(p);
	for (unsigned int i = 1; i <= steps; i++) {
		uint32_t what = pick(p, 100);

		/* Memory fills and empties by turns. */
		if (what < (i / 256 % 2 ? 65 : 40))
			alloc(p);
		else if (what < 95)
			for (uint32_t n = 1 + pick(p, 4); n; n--)
				release(p);
		else
			surgery(p);
		scribble(p);
		if (i % 64 == 0)
			same_state(p);
		if (i % 512 == 0)
			sound(p);
		if (i % 4096 == 0)
			sweep(p);
	}
	same_state(p);
	sound(p);
	assert_true(p->scribbled > 0);
	for (int path = 0; path < PA_NR_PATHS; path++) {
		if ((path == PA_PATH_MOVE && p->ref->flavour > 4) ||
		    (path > PA_PATH_SMALLEST && !p->ref->flavour))
			assert_int_equal(p->picks[path], 0);
		else
			assert_true(p->picks[path] > 0);
	}
}

/* Small pageblocks and ragged zones that touch: many blocks, many edges. */
static void small_pageblocks(void **state)
{
	static const struct pa_zone_config zones[] = {
		{ .start_pfn = 5, .spanned = 296, .managed = 290, .wmark = { 5, 10, 40 } },
		{ .start_pfn = 301, .spanned = 544, .managed = 544, .wmark = { 5, 10, 40 } },
	};
	const struct pa_config cfg = { .zones = zones,
				       .nr_zones = 2,
				       .nr_orders = 7,
				       .pageblock_order = 3,
				       .boost_factor = 15000 };
	(void)state;

	for (size_t i = 0; pa_policy_at(i); i++)
		run(cfg, pa_policy_at(i)->name, 0x9e3779b97f4a7c15 + i, 40000);
}

/* The sizes of x86-64, and pageblocks cut off at both ends. */
static void large_pageblocks(void **state)
{
	static const struct pa_zone_config zones[] = {
		{ .start_pfn = 1, .spanned = 8000, .managed = 7000, .wmark = { 50, 100, 400 } },
	};
	const struct pa_config cfg = { .zones = zones,
				       .nr_zones = 1,
				       .nr_orders = 11,
				       .pageblock_order = 9,
				       .boost_factor = 15000 };
	(void)state;

	for (size_t i = 0; pa_policy_at(i); i++)
		run(cfg, pa_policy_at(i)->name, 0xd1342543de82ef95 + i, 8000);
}

/* Pageblocks of the largest order: no free block ever spans two. */
static void pageblocks_of_the_largest_order(void **state)
{
	static const struct pa_zone_config zones[] = {
		{ .start_pfn = 64, .spanned = 960, .managed = 960, .wmark = { 5, 10, 40 } },
	};
	const struct pa_config cfg = { .zones = zones,
				       .nr_zones = 1,
				       .nr_orders = 7,
				       .pageblock_order = 6,
				       .boost_factor = 15000 };
	(void)state;

	for (size_t i = 0; pa_policy_at(i); i++)
		run(cfg, pa_policy_at(i)->name, 0xaf251af3b0f025b5 + i, 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_pageblocks),
		cmocka_unit_test(large_pageblocks),
		cmocka_unit_test(pageblocks_of_the_largest_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
