// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random requests, frees, settings and time under every policy: after each step the state is
 * sound, no frame has two users, none is lost, what is refused changes nothing, and in the end
 * everything is free again.
 */
#include "machine.h"

#define STEPS 5000
#define MAX_LIVE 4096
#define MAX_MOVES 8192
#define FRAMES 3072

/* An allocation, as the caller knows it. */
struct live {
	uint64_t pfn;
	uint8_t order;
	bool lru;
	bool pinned;
};

struct world {
	struct pa *pa;
	size_t size; /* of the state */
	struct live live[MAX_LIVE];
	uint32_t nr;
	uint64_t seed, now;
	struct pa_moved moves[MAX_MOVES];
	struct pa_alloc_record rec;
	struct pa_free_record freed;
	uint32_t kills, handed_out, refused, moved, reclaimed, split;
};

static struct world w;

/* xorshift64: the same numbers everywhere. */
static uint32_t random_below(uint32_t n)
{
	w.seed ^= w.seed << 13;
	w.seed ^= w.seed >> 7;
	w.seed ^= w.seed << 17;
	return (uint32_t)(w.seed >> 32) % n;
}

static bool one_in(uint32_t n)
{
	return !random_below(n);
}

/* Two nodes, four zones, three CPUs; orders 0 to 7, pageblocks of 32 pages, marks within reach. */
static void build(const char *policy)
{
	static const struct pa_zone_config zones[] = {
		{ 0, 512, 512, { 16, 24, 32 }, 0, PA_ZONE_DMA, 0 },
		{ 512, 1024, 1024, { 32, 48, 64 }, 0, PA_ZONE_NORMAL, 0 },
		{ 2048, 1024, 1024, { 32, 48, 64 }, 1, PA_ZONE_NORMAL, 0 },
		{ 3072, 512, 512, { 16, 24, 32 }, 1, PA_ZONE_MOVABLE, 0 },
	};
	static const uint8_t cpu_node[] = { 0, 0, 1 };
	const struct pa_config cfg = {
		.policy = pa_policy_find(policy),
		.zones = zones,
		.nr_zones = 4,
		.nr_orders = 8,
		.pageblock_order = 5,
		.boost_factor = 15000,
		.cpus = 3,
		.cpu_node = cpu_node,
	};

	memset(&w, 0, sizeof(w));
	w.size = pa_size(&cfg);
	w.pa = machine_of(&cfg);
	w.seed = UINT64_C(0x9e3779b97f4a7c15);
	if (getenv("SEED")) /* another walk */
		w.seed ^= strtoull(getenv("SEED"), NULL, 0);
	for (uint32_t z = 0; z < 4; z++) {
		for (uint64_t p = zones[z].start_pfn; p < zones[z].start_pfn + zones[z].spanned;
		     p += 128)
			assert_int_equal(pa_free(w.pa, p, 7, PA_TO_TAIL, -1), 0);
		if (z < 2)
			pa_reserve_pageblocks(w.pa, z, zones[z].wmark[0]);
	}
	sound(w.pa);
}

static struct live *at(uint64_t pfn)
{
	for (uint32_t i = 0; i < w.nr; i++) {
		if (w.live[i].pfn == pfn)
			return &w.live[i];
	}
	return NULL;
}

static void forget(struct live *l)
{
	*l = w.live[--w.nr];
}

/* Compaction had no room for it as it was. */
static void split(const struct live *l)
{
	const struct live old = *l;

	assert_true(old.order && w.nr < MAX_LIVE - 128);
	forget(at(old.pfn));
	for (uint64_t p = old.pfn; p < old.pfn + (1u << old.order); p++)
		w.live[w.nr++] = (struct live){ p, 0, old.lru, old.pinned };
	w.split++;
}

/* What a call moved is elsewhere now; a page that was where it went had been reclaimed before. */
static void follow_moves(const struct pa_trail *trail)
{
	assert_true(trail->nr_moves <= trail->max_moves);
	for (uint32_t i = 0; i < trail->nr_moves; i++) {
		struct live *gone = at(trail->moves[i].to), *l;

		if (gone && trail->moves[i].from == trail->moves[i].to) {
			assert_int_equal(gone->order, trail->moves[i].order);
			split(gone);
			continue;
		}
		if (gone) {
			assert_true(gone->lru);
			forget(gone);
			w.reclaimed++;
		}
		l = at(trail->moves[i].from);
		assert_non_null(l);
		assert_false(l->pinned);
		assert_int_equal(l->order, trail->moves[i].order);
		l->pfn = trail->moves[i].to;
		w.moved++;
	}
}

/* Reclaimed pages are gone; nothing else may be.  @pfn was handed out by the same call. */
static void follow_reclaim(uint64_t pfn)
{
	for (uint32_t i = w.nr; i-- > 0;) {
		struct live *l = &w.live[i];

		if (l->pfn != pfn && pa_allocated(w.pa, l->pfn) == l->order)
			continue;
		if (!l->lru)
			fail_msg("%s: %llx of order %u is lost", pa_policy(w.pa)->name,
				 (unsigned long long)l->pfn, l->order);
		forget(l);
		w.reclaimed++;
	}
}

/* Each frame has one user or none, and none is missing. */
static void account(void)
{
	static bool used[4096];
	uint64_t pages = 0;

	memset(used, 0, sizeof(used));
	for (uint32_t i = 0; i < w.nr; i++) {
		for (uint64_t p = w.live[i].pfn; p < w.live[i].pfn + (1u << w.live[i].order); p++) {
			assert_false(used[p]);
			used[p] = true;
			pages++;
		}
	}
	for (uint32_t z = 0; z < 4; z++) {
		for (unsigned int order = 0; order < 8; order++)
			pages += pa_nr_free(w.pa, z, order) << order;
		for (uint32_t cpu = 0; cpu < 3; cpu++)
			pages += (uint64_t)pcp_of(w.pa, z, cpu).count;
	}
	assert_int_equal(pages, FRAMES);
}

/* -------------------------------------------------------------------------
 * Steps
 */

/* The victim is somebody whose pages no compaction or reclaim of this call can have touched. */
static bool kill_somebody(struct pa *pa, void *ctx)
{
	(void)ctx;
	w.kills++;
	if (one_in(4))
		return false;
	for (uint32_t i = 0; i < w.nr; i++) {
		const struct live l = w.live[i];

		if (!l.pinned)
			continue;
		assert_int_equal(pa_free_pages(pa, random_below(3), l.pfn, l.order, NULL), 0);
		forget(&w.live[i]);
		return true;
	}
	return false;
}

static uint32_t some_gfp(void)
{
	static const uint32_t base[] = {
		PA_GFP_KERNEL,
		PA_GFP_KERNEL,
		PA_GFP_USER,
		PA_GFP_HIGHUSER_MOVABLE,
		PA_GFP_HIGHUSER_MOVABLE,
		PA_GFP_HIGHUSER_MOVABLE,
		PA_GFP_KERNEL | PA_GFP_RECLAIMABLE,
		PA_GFP_ATOMIC_ALLOC,
		PA_GFP_NOWAIT,
		PA_GFP_KERNEL & ~PA_GFP_FS,
		PA_GFP_RECLAIM,
		PA_GFP_KERNEL | PA_GFP_DMA,
		(PA_GFP_HIGHUSER_MOVABLE & ~PA_GFP_KSWAPD_RECLAIM) | PA_GFP_COMP |
			PA_GFP_NOMEMALLOC | PA_GFP_NORETRY | PA_GFP_NOWARN,
	};
	static const uint32_t extra[] = {
		PA_GFP_NORETRY,	   PA_GFP_RETRY_MAYFAIL, PA_GFP_NOFAIL, PA_GFP_MEMALLOC,
		PA_GFP_NOMEMALLOC, PA_GFP_THISNODE,	 PA_GFP_COLD,	PA_GFP_HIGH,
	};
	uint32_t gfp = base[random_below(sizeof(base) / sizeof(base[0]))];

	while (one_in(4))
		gfp |= extra[random_below(sizeof(extra) / sizeof(extra[0]))];
	return gfp;
}

static struct pa_alloc_args some_request(void)
{
	struct pa_alloc_args args = { .oom = kill_somebody };

	/* One after the other: in an initializer compilers may choose another order. */
	args.cpu = random_below(3);
	args.gfp = some_gfp();
	args.order = (uint8_t)(one_in(2) ? random_below(one_in(4) ? 8 : 4) : 0);
	args.nid = (uint8_t)random_below(2);
	if (one_in(10))
		args.task = 1u << random_below(8);
	if (one_in(10))
		args.nodemask = 1 + random_below(3);
	if (args.gfp & PA_GFP_MOVABLE || one_in(3))
		args.use = PA_USE_MOVABLE;
	else
		args.use = PA_USE_PINNED;
	return args;
}

static void remember(uint64_t pfn, const struct pa_alloc_args *args)
{
	struct live *l = &w.live[w.nr];

	assert_true(w.nr < MAX_LIVE);
	*l = (struct live){ pfn, args->order, false, args->use == PA_USE_PINNED };
	w.nr++;
	w.handed_out++;
	if (l->pinned || one_in(5))
		return;
	assert_int_equal(pa_lru_add(w.pa, pfn), 0);
	l->lru = true;
}

static void step_alloc(void)
{
	const struct pa_alloc_args args = some_request();
	/* Who does not reclaim moves nothing, so nobody needs to follow it. */
	bool quiet = !(args.gfp & PA_GFP_DIRECT_RECLAIM) && one_in(2);
	uint64_t pfn = PA_PFN_NONE;
	int err;

	w.rec.trail = (struct pa_trail){ .moves = w.moves, .max_moves = MAX_MOVES };
	err = pa_alloc(w.pa, &args, &pfn, quiet ? NULL : &w.rec);
	assert_true(!err || err == -ENOMEM || err == -EAGAIN);
	assert_true(!err == (pfn != PA_PFN_NONE));
	follow_moves(&w.rec.trail);
	follow_reclaim(pfn);
	if (err)
		return;
	assert_int_equal(pa_allocated(w.pa, pfn), args.order);
	assert_int_equal(pfn & ((1u << args.order) - 1), 0);
	if (args.gfp & PA_GFP_THISNODE)
		assert_int_equal(pfn >= 2048, args.nid);
	if (args.gfp & PA_GFP_DMA)
		assert_true(pfn < 512);
	assert_true(pfn < 3072 || (args.gfp & PA_GFP_MOVABLE));
	remember(pfn, &args);
}

static void step_bulk(void)
{
	struct pa_alloc_args args = some_request();
	uint64_t pfns[8];
	int nr;

	args.order = 0;
	w.rec.trail = (struct pa_trail){ .moves = w.moves, .max_moves = MAX_MOVES };
	nr = pa_alloc_bulk(w.pa, &args, 8, pfns, &w.rec);
	follow_moves(&w.rec.trail);
	assert_true(nr == -ENOMEM || nr == -EAGAIN || (nr > 0 && nr <= 8));
	follow_reclaim(nr > 0 ? pfns[0] : PA_PFN_NONE);
	for (int i = 0; i < nr; i++) {
		assert_null(at(pfns[i]));
		remember(pfns[i], &args);
	}
}

static void step_free(void)
{
	struct live *l = &w.live[w.nr ? random_below(w.nr) : 0], old;
	uint32_t cpu = random_below(3);

	if (!w.nr)
		return;
	old = *l;
	forget(l);
	if (!old.order && one_in(4))
		assert_int_equal(pa_free_cold(w.pa, cpu, old.pfn, &w.freed), 0);
	else if (one_in(8))
		assert_int_equal(pa_free_direct(w.pa, cpu, old.pfn, old.order,
						one_in(2) ? PA_TO_TAIL : 0, &w.freed),
				 0);
	else
		put(w.pa, cpu, old.pfn, old.order, one_in(2) ? &w.freed : NULL);
}

static void step_split(void)
{
	struct live *l = &w.live[w.nr ? random_below(w.nr) : 0], old;

	if (!w.nr || !l->order || l->lru || w.nr > MAX_LIVE - 128)
		return;
	old = *l;
	forget(l);
	assert_int_equal(pa_split_page(w.pa, old.pfn, old.order, 0), 0);
	for (uint64_t p = old.pfn; p < old.pfn + (1u << old.order); p++)
		w.live[w.nr++] = (struct live){ p, 0, false, old.pinned };
}

static void step_lru(void)
{
	struct live *l = &w.live[w.nr ? random_below(w.nr) : 0];

	if (!w.nr || l->pinned)
		return;
	assert_int_equal(l->lru ? pa_lru_del(w.pa, l->pfn) : pa_lru_add(w.pa, l->pfn), 0);
	l->lru = !l->lru;
}

static void step_time(void)
{
	struct pa_trail trail = { .moves = w.moves, .max_moves = MAX_MOVES };

	w.now += random_below(700);
	assert_int_equal(pa_tick(w.pa, w.now, &trail), 0);
	follow_moves(&trail);
	follow_reclaim(PA_PFN_NONE);
}

static void step_drain(void)
{
	uint32_t zone = one_in(2) ? UINT32_MAX : random_below(4);
	uint32_t cpu = one_in(2) ? UINT32_MAX : random_below(3), by = random_below(3);

	assert_true(pa_drain(w.pa, zone, cpu, by, NULL) >= 0);
}

static void step_knobs(void)
{
	struct pa_knobs knobs = *pa_get_knobs(w.pa);
	struct pa_zone_state zs[4];

	knobs.watermark_boost_factor = one_in(2) ? 15000 : 0;
	knobs.percpu_pagelist_high_fraction = one_in(3) ? 8 + random_below(40) : 0;
	knobs.compaction_proactiveness = random_below(101);
	knobs.extfrag_threshold = random_below(1001);
	knobs.defrag_mode = pa_knob_known(pa_policy(w.pa), "defrag_mode") && one_in(2);
	for (uint32_t z = 0; z < 4; z++)
		zs[z] = zone_of(w.pa, z);
	assert_int_equal(pa_set_knobs(w.pa, &knobs), 0);
	for (uint32_t z = 0; z < 4; z++) {
		struct pa_zone_state now = zone_of(w.pa, z);

		memcpy(now.wmark, zs[z].wmark, sizeof(now.wmark)); /* they stay within reach */
		assert_int_equal(pa_zone_set(w.pa, z, &now), 0);
	}
}

/*
 * All of them, as undo_isolate_page_range does: where a free block spans several, the first to be
 * given back takes all of it to the other's list, and only the next ones put that right.
 */
static void unisolate_all(void)
{
	for (uint64_t pfn = 512; pfn < 3584; pfn += 32) {
		if (pa_pageblock(w.pa, pfn) == PA_ISOLATE)
			assert_int_equal(pa_unisolate(w.pa, pfn, PA_MOVABLE), 0);
	}
}

/* Isolate a pageblock, or end it. */
static void step_isolate(void)
{
	uint64_t pfn = random_below(2) ? 512 + 32 * (uint64_t)random_below(32) :
					 2048 + 32 * (uint64_t)random_below(48);
	int mt = pa_pageblock(w.pa, pfn);

	if (!pa_policy(w.pa)->fallback) /* 2.4 knows no types */
		return;
	if (mt == PA_ISOLATE)
		unisolate_all();
	else if (mt == PA_MOVABLE && one_in(3))
		assert_int_equal(pa_move_block(w.pa, pfn, PA_ISOLATE), 0);
}

#define UNCHANGED(call)                                                                            \
	do {                                                                                       \
		memcpy(before(), mem, w.size);                                                     \
		assert_true((call) < 0);                                                           \
		assert_same_bytes(before(), mem, w.size);                                          \
		w.refused++;                                                                       \
	} while (0)

static void step_refused(void)
{
	struct pa_alloc_args args = some_request();
	uint64_t pfn = random_below(4096), other;
	const struct live *l = w.nr ? &w.live[random_below(w.nr)] : NULL;
	int order = pa_allocated(w.pa, pfn);

	if (order < 0)
		UNCHANGED(pa_free_pages(w.pa, 0, pfn, 0, NULL));
	else
		UNCHANGED(pa_free_pages(w.pa, 1, pfn, (unsigned int)order ^ 1, NULL));
	UNCHANGED(pa_free_pages(w.pa, 3, pfn, 0, NULL));
	UNCHANGED(pa_free_cold(w.pa, 0, PA_PFN_NONE - pfn, NULL));
	if (l) {
		UNCHANGED(pa_set_allocated(w.pa, l->pfn, l->order, PA_USE_PINNED));
		UNCHANGED(pa_free_direct(w.pa, 0, l->pfn, l->order + 1u, 0, NULL));
		UNCHANGED(l->lru ? pa_lru_add(w.pa, l->pfn) : pa_lru_del(w.pa, l->pfn));
	}
	args.order = 8;
	UNCHANGED(pa_alloc(w.pa, &args, &other, NULL));
	args.order = 0;
	args.gfp |= PA_GFP_MOVABLE | PA_GFP_RECLAIMABLE;
	UNCHANGED(pa_alloc(w.pa, &args, &other, NULL));
	if (w.now)
		UNCHANGED(pa_tick(w.pa, w.now - 1, NULL));
}

static void step(int i)
{
	static void (*const others[])(void) = { step_time, step_drain, step_lru,     step_split,
						step_bulk, step_knobs, step_isolate, step_refused };
	uint32_t r = random_below(100);

	/* Waves: memory runs out, and comes back. */
	if (r < (i / 500 % 2 ? 20 : 70))
		step_alloc();
	else if (r < 80)
		step_free();
	else
		others[random_below(sizeof(others) / sizeof(others[0]))]();
}

/* Everything comes back: every frame of every zone is on a list, and the counters say so. */
static void end(void)
{
	unisolate_all();
	while (w.nr) {
		const struct live l = w.live[--w.nr];

		put(w.pa, random_below(3), l.pfn, l.order, NULL);
	}
	pa_drain(w.pa, UINT32_MAX, UINT32_MAX, 0, NULL);
	for (uint32_t cpu = 0; cpu < 3; cpu++)
		pa_vmstat_update(w.pa, cpu, NULL);
	sound(w.pa);
	for (uint32_t z = 0; z < 4; z++) {
		struct pa_zone_state zs = zone_of(w.pa, z);
		int64_t isolated = 0;

		/* Without a barrier a block that merged while isolated may stay so for good. */
		for (unsigned int order = 0; order < 8; order++)
			isolated += (int64_t)(pa_list_len(w.pa, z, order, PA_ISOLATE) << order);
		assert_true(!isolated || pa_policy(w.pa)->barrier == PA_BARRIER_NONE);
		assert_int_equal(zs.nr_free + isolated, (int64_t)zs.managed);
		assert_int_equal(zs.reclaimable, 0);
	}
}

static void test_random(const char *policy)
{
	build(policy);
	for (int i = 0; i < STEPS; i++) {
		step(i);
		sound(w.pa);
		account();
	}
	/* The usual run goes where it was meant to go. */
	if (!getenv("SEED")) {
		assert_true(w.handed_out > 600);
		assert_true(w.refused > 50);
		assert_true(w.reclaimed > 0);
		assert_int_equal(w.moved > 0, since(policy, "3.10"));
	}
	end();
}

/* Equal calls give equal bytes. */
static void test_repeatable(const char *policy)
{
	static unsigned char first[1 << 18];

	for (int run = 0; run < 2; run++) {
		memset(mem, run ? 0xa5 : 0, sizeof(first));
		build(policy);
		assert_true(w.size <= sizeof(first));
		for (int i = 0; i < STEPS; i++)
			step(i);
		if (!run)
			memcpy(first, mem, w.size);
	}
	assert_same_bytes(first, mem, w.size);
}

EACH(test_random)
EACH(test_repeatable)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_test_random),
		cmocka_unit_test(each_test_repeatable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
