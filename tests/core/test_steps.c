// SPDX-License-Identifier: GPL-2.0-only
/* Requests, frees and drains taken apart, for callers that see others act in between. */
#include "machine.h"

static const uint64_t marks[] = { 100, 200, 300 };

#define STATE (1 << 18) /* bytes of a machine of 8192 pages, and more */

/* A zone of 64 blocks of 1024, free, for two CPUs: batch 15 (65536 pages). */
static struct pa *roomy(const char *policy)
{
	struct pa *pa = machine(policy, 2, 65536, PA_ZONE_NORMAL, marks);

	fill(pa, 0, 65536);
	return pa;
}

/* drain_pages_zone lets go of its locks every batch << 5 pages; 6.1.0 does not. */
static void test_drain(const char *policy)
{
	int32_t step = 15 << 5, count = step + 100, first = 0;
	struct pa *pa = roomy(policy);
	struct pa_pcp pcp = pcp_of(pa, 0, 0);
	struct pa_trail trail = { 0 };
	struct pa_bulk bulk;

	pcp.high = pcp.high_min = pcp.high_max = 4096;
	assert_int_equal(pa_pcp_set(pa, 0, 0, &pcp), 0);
	for (uint64_t pfn = 0; pfn < (uint64_t)count; pfn++) {
		assert_int_equal(pa_take(pa, pfn, 0), 0);
		assert_int_equal(pa_pcp_load(pa, 0, 0, PA_MOVABLE, pfn, PA_MOVABLE), 0);
	}
	assert_int_equal(pa_drain_start(pa, 0, 0, 1, &bulk), 0);
	assert_int_equal(bulk.left, strcmp(policy, "6.1.0") ? step : count);
	while (pa_bulk_step(pa, &bulk, &trail) == 1)
		first++;
	assert_int_equal(first, strcmp(policy, "6.1.0") ? step : count);
	assert_int_equal(trail.nr_drains, first);
	assert_int_equal(pcp_of(pa, 0, 0).count, count - first);
	assert_int_equal(pa_drain_start(pa, 0, 0, 1, &bulk), 0);
	assert_int_equal(bulk.left, count - first);
	assert_int_equal(pa_drain(pa, 0, 0, 1, NULL), count - first);
	assert_int_equal(pa_bulk_step(pa, &bulk, NULL), 0); /* somebody else took them */
	sound(pa);
}

/* The vmstat worker's round, step by step, comes to what it comes to at once: 1600 pages, of which 200 go. */
static void test_vmstat_steps(const char *policy)
{
	struct pa *pa = roomy(policy);
	struct pa_pcp pcp = pcp_of(pa, 0, 0);
	bool decays = pcp.high_max > pcp.high_min; /* 6.7 and later */
	struct pa_bulk bulk = { .left = 0 };
	uint32_t turn = 0;
	int32_t n = 0;

	pcp.high = pcp.high_max = 1600;
	pcp.high_min = decays ? 64 : 1600;
	assert_int_equal(pa_pcp_set(pa, 0, 0, &pcp), 0);
	for (uint64_t pfn = 0; pfn < 1600; pfn++) {
		assert_int_equal(pa_take(pa, pfn, 0), 0);
		assert_int_equal(pa_pcp_load(pa, 0, 0, PA_MOVABLE, pfn, PA_MOVABLE), 0);
	}
	while (pa_vmstat_next(pa, 0, &turn, &bulk) > 0)
		while (bulk.left > 0 && pa_bulk_step(pa, &bulk, NULL) == 1)
			n++;
	assert_int_equal(n, decays ? 200 : 0);
	assert_int_equal(pcp_of(pa, 0, 0).count, 1600 - n);
	assert_int_equal(pcp_of(pa, 0, 0).high, 1600 - n);
	assert_int_equal(pa_vmstat_next(pa, 0, &turn, &bulk), 0);
	sound(pa);
}

static void test_drain_refused(const char *policy)
{
	struct pa *pa = roomy(policy);
	struct pa_bulk bulk = { .left = 1 }, bad;
	uint32_t turn = 0;

	REFUSED(pa_drain_start(pa, 1, 0, 0, &bulk), -EINVAL);
	REFUSED(pa_drain_start(pa, 0, 2, 0, &bulk), -EINVAL);
	REFUSED(pa_drain_start(pa, 0, 0, 2, &bulk), -EINVAL);
	bad = bulk;
	bad.zone = 1;
	REFUSED(pa_bulk_step(pa, &bad, NULL), -EINVAL);
	REFUSED(pa_bulk_steps(pa, &bad, 1), -EINVAL);
	bad = bulk;
	bad.cpu = 2;
	REFUSED(pa_bulk_step(pa, &bad, NULL), -EINVAL);
	bad = bulk;
	bad.by = 2;
	REFUSED(pa_bulk_step(pa, &bad, NULL), -EINVAL);
	bad = bulk;
	bad.pindex = PA_NR_PCP_LISTS;
	REFUSED(pa_bulk_step(pa, &bad, NULL), -EINVAL);
	REFUSED(pa_fold_counters(pa, 2), -EINVAL);
	REFUSED(pa_vmstat_next(pa, 2, &turn, &bulk), -EINVAL);
	REFUSED(pa_isolate_by(pa, 2, 0, 10), -EINVAL);
	REFUSED(pa_isolate_by(pa, 0, 1 << 20, 10), -EINVAL);
	REFUSED(pa_isolate_by(pa, 0, 1, 0), -ENOENT);
	bad.zone = 1;
	pa_push_end(pa, &bad); /* nothing to do */
}

/* Before 5.14 there is one list a type, which is emptied in turns: not step by step. */
static void test_old_lists(const char *policy)
{
	struct pa *pa = roomy(policy);
	struct pa_bulk bulk = { .left = 1 };
	uint64_t pfn = get(pa, 0, PA_GFP_KERNEL, 0, NULL);

	assert_int_equal(pa_drain_start(pa, 0, 0, 0, &bulk), -EINVAL);
	assert_int_equal(pa_bulk_step(pa, &bulk, NULL), -EINVAL);
	assert_int_equal(pa_push(pa, 0, pfn, 0, PA_UNMOVABLE, &bulk), -EINVAL);
}

/* The push of @pfn, guessed to drain or not: what was guessed wrong changes nothing. */
static void push_by_guess(struct pa *pa, uint64_t pfn, unsigned int order, int i,
			  struct pa_bulk *bulk)
{
	bool drains = i & 1;
	int err = pa_push_as(pa, 1, pfn, order, PA_MOVABLE, drains, bulk);

	if (!err) {
		assert_true((bulk->left > 0) == drains);
		return;
	}
	assert_int_equal(err, -EAGAIN);
	if (!(i % 500)) /* it takes its time */
		REFUSED(pa_push_as(pa, 1, pfn, order, PA_MOVABLE, drains, bulk), -EAGAIN);
	assert_int_equal(pa_push(pa, 1, pfn, order, PA_MOVABLE, bulk), 0);
	assert_true((bulk->left > 0) != drains);
}

/* A push, its drain, block by block or in two parts, and its end are one pa_free_pages(). */
static void test_push(const char *policy)
{
	static uint64_t pfn[3000];
	uint64_t after[3] = { 0, 0, 0 };
	struct pa_bulk bulk;
	struct pa *pa;

	for (int pieces = 0; pieces < 3; pieces++) {
		pa = roomy(policy);
		for (int i = 0; i < 3000; i++)
			pfn[i] = get(pa, 0, PA_GFP_HIGHUSER_MOVABLE, i % 40 ? 0 : 2, NULL);
		for (int i = 0; i < 3000; i++) {
			unsigned int order = i % 40 ? 0 : 2;
			int32_t size = pa_push_size(pa, 0, 1, order);

			if (!pieces) {
				put(pa, 1, pfn[i], order, NULL);
				continue;
			}
			pa_expect(pa, pfn[i]);
			pa_expect(pa, 1 << 20); /* outside, where nothing is done */
			push_by_guess(pa, pfn[i], order, i, &bulk);
			assert_int_equal(bulk.left, size);
			if (!bulk.left)
				continue;
			if (pieces == 2)
				assert_true(pa_bulk_steps(pa, &bulk, 7) > 0 || !bulk.left);
			while (pieces == 1 ? pa_bulk_step(pa, &bulk, NULL) > 0 :
					     pa_bulk_steps(pa, &bulk, UINT32_MAX) > 0)
				;
			pa_push_end(pa, &bulk);
		}
		sound(pa);
		after[pieces] = pa_hash(pa);
	}
	assert_true(after[0] == after[1]);
	assert_true(after[0] == after[2]);
	assert_int_equal(pa_bulk_steps(pa, &bulk, 1), 0);
	assert_int_equal(pa_push_size(pa, 0, 1, 5), 0); /* is for no list */
	assert_int_equal(pa_push_size(pa, 0, 2, 0), 0);
	assert_true(pcp_of(pa, 0, 1).count > 0);
	REFUSED(pa_push(pa, 1, pfn[0], 0, PA_MOVABLE, &bulk), -EINVAL);
	REFUSED(pa_push_as(pa, 1, pfn[0], 0, PA_MOVABLE, false, &bulk), -EINVAL);
	pfn[0] = get(pa, 0, PA_GFP_KERNEL, 0, NULL);
	REFUSED(pa_push(pa, 2, pfn[0], 0, PA_MOVABLE, &bulk), -EINVAL);
	REFUSED(pa_push(pa, 0, pfn[0], 0, PA_NR_MT, &bulk), -EINVAL);
	assert_int_equal(pa_push(pa, 0, pfn[0], 0, PA_HIGHATOMIC, &bulk), 0);
	pfn[1] = get(pa, 0, PA_GFP_KERNEL, 5, NULL);
	REFUSED(pa_push(pa, 0, pfn[1], 5, PA_MOVABLE, &bulk), -EINVAL);
}

/*
 * 120 pages are too many, most of them in blocks of 8: from 6.19 on they go in holds of 15, and what a
 * hold frees beyond that does not count.
 */
static void test_push_holds(const char *policy)
{
	bool holds = !strcmp(policy, "7.3");
	struct pa *pa = roomy(policy);
	struct pa_pcp pcp = pcp_of(pa, 0, 0);
	int pindex = pa_pcp_index(pa, 3, PA_MOVABLE), blocks = 0, between = 0;
	struct pa_bulk bulk;

	for (uint64_t pfn = 0; pfn < 320; pfn += 8) {
		assert_int_equal(pa_take(pa, pfn, 3), 0);
		assert_int_equal(pa_pcp_load(pa, 0, 0, (unsigned int)pindex, pfn, PA_MOVABLE), 0);
	}
	assert_int_equal(pa_take(pa, 1024, 0), 0);
	assert_int_equal(pa_set_allocated(pa, 1024, 0, PA_USE_MOVABLE), 0);
	pcp.high = pcp.high_min = pcp.high_max = 300;
	pcp.free_count = 119;
	assert_int_equal(pa_pcp_set(pa, 0, 0, &pcp), 0);
	assert_int_equal(pa_push(pa, 0, 1024, 0, PA_MOVABLE, &bulk), 0);
	assert_int_equal(bulk.left, 120);
	while (pa_bulk_step(pa, &bulk, NULL) > 0) {
		blocks++;
		between += bulk.between && bulk.left > 0;
	}
	assert_int_equal(blocks, holds ? 3 + 7 * 2 : 1 + 15);
	assert_int_equal(between, holds ? 7 : 0);
	assert_int_equal(pcp_of(pa, 0, 0).count, 321 - (1 + (blocks - 1) * 8));
	sound(pa);
}

/* percpu_drift_mark: by the gap between the marks, or from the second CPU on. */
static void test_drift_mark(const char *policy)
{
	static const char *const early[] = { "5.4", "5.10", "6.1.0", "6.1", "6.12.0", "6.12" };
	bool second = false, none = !strcmp(policy, "2.4") || !strcmp(policy, "2.6.24");

	for (size_t i = 0; i < sizeof(early) / sizeof(early[0]); i++)
		second |= !strcmp(policy, early[i]);
	for (uint32_t cpus = 1; cpus <= 2; cpus++)
		for (uint64_t gap = 3; gap <= 100; gap += 97) {
			uint64_t close[] = { 100, 100 + gap, 100 + 2 * gap };
			struct pa *pa = machine(policy, cpus, 65536, PA_ZONE_NORMAL, close);

			assert_int_equal(pa_drift_marked(pa, 0),
					 !none && (gap == 3 || (second && cpus == 2)));
			assert_false(pa_drift_marked(pa, 1));
			assert_int_equal(pa_pressure_threshold(pa, 0), gap / cpus);
			assert_int_equal(pa_pressure_threshold(pa, 1), 0);
		}
}

/* An attempt in two halves is the whole of it, if nobody acts in between. */
static void test_attempt(const char *policy)
{
	struct pa_alloc_args args = { .gfp = PA_GFP_HIGHUSER_MOVABLE };
	uint32_t flags = (uint32_t)PA_WMARK_LOW << PA_ALLOC_WMARK_SHIFT | PA_ALLOC_KSWAPD;
	struct pa_choice choice;
	struct pa_alloc_record rec = { 0 };
	uint64_t pfn = 0, head;
	struct pa *pa = roomy(policy);
	int64_t uncounted = 0;

	assert_int_equal(pa_look_for_zone(pa, &args, flags, NULL, &choice), 0);
	assert_int_equal(choice.zone, 0);
	assert_int_equal(choice.flags, flags);
	assert_int_equal(pa_alloc_from(pa, &args, &choice, &pfn, &rec), 0);
	assert_int_equal(rec.source, PA_FROM_REFILL);
	assert_int_equal(rec.pfn, pfn);
	assert_int_equal(rec.flags, flags);
	assert_int_equal(pa_allocated(pa, pfn), 0);
	head = pa_pcp_head(pa, 0, 0, PA_MOVABLE);
	assert_int_equal(pa_alloc_from(pa, &args, &choice, &pfn, NULL), 0);
	assert_true(pfn == head);
	uncounted = -zone_of(pa, 0).nr_free;
	assert_int_equal(pa_look_for_zone(pa, &args, flags, &uncounted, &choice), -ENOMEM);
	args.cpu = 2;
	REFUSED(pa_look_for_zone(pa, &args, flags, NULL, &choice), -EINVAL);
	REFUSED(pa_alloc_from(pa, &args, &choice, &pfn, NULL), -EINVAL);
	args.cpu = 0;
	choice.zone = 7;
	REFUSED(pa_alloc_from(pa, &args, &choice, &pfn, NULL), -EINVAL);
	sound(pa);
}

/*
 * A quick look sees what the full one does: from a full zone down to the min mark, where the full one
 * is all that is left.
 */
static void test_quick_look(const char *policy)
{
	struct pa_alloc_args args = { .gfp = PA_GFP_HIGHUSER_MOVABLE };
	struct pa *pa = machine(policy, 2, 1024, PA_ZONE_NORMAL, marks);
	int quick = 0, full = 0;

	fill(pa, 0, 1024);
	for (uint64_t pfn = 0; pfn < 950; pfn++) {
		uint32_t wmark = pfn % 3;
		uint32_t flags = wmark << PA_ALLOC_WMARK_SHIFT | PA_ALLOC_KSWAPD;
		struct pa_choice one = { 0 }, other = { 0 };
		int err;

		if (pa_look_quick(pa, &args, flags, NULL, &one)) {
			if (pfn % 8 == 0)
				memcpy(before(), mem, STATE);
			assert_int_equal(pa_look_for_zone(pa, &args, flags, NULL, &other), 0);
			if (pfn % 8 == 0)
				assert_memory_equal(before(), mem, STATE);
			assert_memory_equal(&one, &other, sizeof(one));
			quick++;
		} else {
			err = pa_look_for_zone(pa, &args, flags, NULL, &other);
			assert_true(!err || err == -ENOMEM);
			full++;
		}
		assert_int_equal(pa_take(pa, pfn, 0), 0);
	}
	assert_true(quick > 600 && full > 100);
	args.order = 1;
	assert_false(pa_look_quick(pa, &args, 0, NULL, &(struct pa_choice){ 0 }));
	args.cpu = 2;
	assert_false(pa_look_quick(pa, &args, 0, NULL, &(struct pa_choice){ 0 }));
}

/* A look and its request in one are that, or nothing: from a full zone down to an empty one. */
static void test_at_once(const char *policy)
{
	uint32_t flags = (uint32_t)PA_WMARK_LOW << PA_ALLOC_WMARK_SHIFT | PA_ALLOC_KSWAPD;
	struct pa_choice choice = { .zone = 0, .flags = flags }, seen = { 0 };
	struct pa_alloc_args args = { .gfp = PA_GFP_KERNEL, .use = PA_USE_MOVABLE };
	struct pa *pa = machine(policy, 2, 4096, PA_ZONE_NORMAL, marks);
	struct pa_pcp pcp = pcp_of(pa, 0, 0);
	uint64_t one, other, hash;
	int n[2] = { 0, 0 };
	bool done;

	fill(pa, 0, 4096);
	pcp.batch = 15;
	pcp.high = pcp.high_min = pcp.high_max = 100;
	assert_int_equal(pa_pcp_set(pa, 0, 0, &pcp), 0);
	for (int i = 0; i < 4096; i++) {
		args.gfp = i % 3 ? PA_GFP_HIGHUSER_MOVABLE : PA_GFP_KERNEL;
		if (i % 61) { /* it takes its time */
			pa_alloc_from(pa, &args, &choice, &other, NULL);
			continue;
		}
		memcpy(before(), mem, STATE);
		done = pa_alloc_at_once(pa, &args, PA_GFP_HIGHUSER, &choice, &one);
		hash = pa_hash(pa);
		assert_true(done || !memcmp(before(), mem, STATE));
		memcpy(mem, before(), STATE);
		assert_true(!done || pa_look_quick(pa, &args, flags, NULL, &seen));
		if (!pa_alloc_from(pa, &args, &choice, &other, NULL) && done) {
			assert_true(one == other);
			assert_true(hash == pa_hash(pa));
		}
		n[done]++;
	}
	assert_true(n[0] > 5 && n[1] > 20);
	sound(pa);
	args.cpu = 2;
	REFUSED(pa_alloc_at_once(pa, &args, 0, &choice, &one), false);
	args.cpu = 0;
	REFUSED(pa_alloc_at_once(pa, &args, PA_GFP_DMA, &choice, &one), false);
	choice.zone = 7;
	REFUSED(pa_alloc_at_once(pa, &args, 0, &choice, &one), false);
}

/* The zone looked at is empty by now, and so is all behind it. */
static void test_attempt_late(const char *policy)
{
	struct pa_alloc_args args = { .gfp = PA_GFP_KERNEL, .order = 10 };
	uint32_t flags = (uint32_t)PA_WMARK_MIN << PA_ALLOC_WMARK_SHIFT;
	struct pa *pa = machine(policy, 1, 1024, PA_ZONE_NORMAL, (uint64_t[]){ 0, 0, 0 });
	struct pa_choice choice;
	uint64_t pfn;

	fill(pa, 0, 1024);
	assert_int_equal(pa_look_for_zone(pa, &args, flags | PA_ALLOC_NO_WATERMARKS, NULL, &choice),
			 0);
	assert_int_equal(pa_take(pa, 0, 10), 0);
	assert_int_equal(pa_alloc_from(pa, &args, &choice, &pfn, NULL), -ENOMEM);
	assert_true(pfn == PA_PFN_NONE);
}

/* The rest of a refill in parts of 5: none of them is lent. */
static int32_t refill_rest(struct pa *pa, struct pa_refill *refill, struct pa_alloc_record *rec)
{
	int32_t blocks = 0, n;

	while ((n = pa_refill_steps(pa, refill, 5, blocks ? NULL : rec)) > 0) {
		assert_true(n == 5 || blocks + n == refill->want);
		blocks += n;
	}
	assert_int_equal(rec->trail.nr_picks, 0);
	return blocks;
}

/* A refill in steps, and the request that takes the first, are that request at once. */
static void test_refill(const char *policy)
{
	uint32_t flags = (uint32_t)PA_WMARK_LOW << PA_ALLOC_WMARK_SHIFT | PA_ALLOC_KSWAPD;
	uint64_t after[3] = { 0, 0, 0 };
	struct pa *pa = NULL;

	for (int pieces = 0; pieces < 3; pieces++) {
		pa = roomy(policy);
		for (int i = 0; i < 400; i++) {
			struct pa_refill refill = {
				.args = { .gfp = i % 5 ? PA_GFP_HIGHUSER_MOVABLE : PA_GFP_KERNEL,
					  .order = i % 7 ? 0 : 2 },
				.flags = flags,
			};
			struct pa_choice choice = { .zone = 0, .flags = flags };
			struct pa_decision d;
			struct pa_alloc_record rec = { .trail = { .picks = &d, .max_picks = 1 } };
			int32_t blocks = 0;
			uint64_t pfn;

			if (pieces && pa_refill_start(pa, &refill) > 0) {
				while (pieces == 1 &&
				       pa_refill_step(pa, &refill, blocks ? NULL : &rec) > 0)
					blocks++;
				if (pieces == 1)
					assert_int_equal(rec.trail.nr_picks, 1);
				else if (i > 200)
					blocks = refill_rest(pa, &refill, &rec);
				else
					blocks = pa_refill_steps(pa, &refill, INT32_MAX, NULL);
				assert_int_equal(blocks, refill.taken);
				assert_int_equal(blocks, refill.want);
				pa_refill_end(pa, &refill);
			}
			assert_int_equal(pa_alloc_from(pa, &refill.args, &choice, &pfn, NULL), 0);
		}
		sound(pa);
		after[pieces] = pa_hash(pa);
	}
	assert_true(after[0] == after[1]);
	assert_true(after[0] == after[2]);
}

#define CRUMBS 128

/* Blocks of all small orders, several of each, which no buddy merges. */
static struct pa *crumbs(const char *policy)
{
	struct pa *pa = machine(policy, 2, CRUMBS * 64, PA_ZONE_NORMAL, marks);

	for (uint32_t i = 0; i < CRUMBS; i++)
		assert_int_equal(pa_free_block(pa, i * 64, i * 7919 % 6, PA_MOVABLE, 0, -1), 0);
	return pa;
}

/* A refill at once decides block by block what one in steps does, and leaves the same. */
static void test_refill_decides(const char *policy)
{
	static struct pa_decision at_once[512];
	uint32_t flags = (uint32_t)PA_WMARK_LOW << PA_ALLOC_WMARK_SHIFT | PA_ALLOC_KSWAPD;
	struct pa_choice choice = { .zone = 0, .flags = flags };
	struct pa *pa = crumbs(policy);

	for (int i = 0; i < 60; i++) {
		struct pa_refill refill = { .args = { .gfp = PA_GFP_HIGHUSER_MOVABLE,
						      .order = i % 4 == 3 ? 2 : 0 },
					    .flags = flags };
		struct pa_alloc_record rec = { .trail = { .picks = at_once, .max_picks = 512 } };
		struct pa_decision d;
		struct pa_alloc_record step = { .trail = { .picks = &d, .max_picks = 1 } };
		uint64_t hash, pfn;
		uint32_t n = 0;

		memcpy(before(), mem, STATE);
		assert_int_equal(pa_alloc_from(pa, &refill.args, &choice, &pfn, &rec), 0);
		hash = pa_hash(pa);
		memcpy(mem, before(), STATE);
		assert_true(pa_refill_start(pa, &refill) >= 0);
		while (pa_refill_step(pa, &refill, &step) > 0) {
			assert_true(d.pfn == at_once[n].pfn);
			assert_int_equal(d.path, at_once[n].path);
			assert_int_equal(d.from_order, at_once[n].from_order);
			assert_int_equal(d.next_mode, at_once[n].next_mode);
			assert_memory_equal(&d.req, &at_once[n].req, sizeof(d.req));
			step.trail.nr_picks = 0;
			n++;
		}
		pa_refill_end(pa, &refill);
		assert_int_equal(rec.trail.nr_picks, n);
		assert_int_equal(pa_alloc_from(pa, &refill.args, &choice, &pfn, NULL), 0);
		assert_true(pa_hash(pa) == hash);
	}
	sound(pa);
}

/* In parts it ends with each block that another type lends, which it tells. */
static void test_refill_lent(const char *policy)
{
	uint32_t flags = (uint32_t)PA_WMARK_LOW << PA_ALLOC_WMARK_SHIFT | PA_ALLOC_KSWAPD;
	struct pa_refill start = { .args = { .gfp = PA_GFP_KERNEL }, .flags = flags }, refill;
	uint64_t after[2] = { 0, 0 };
	uint32_t lent[2] = { 0, 0 };
	struct pa *pa = crumbs(policy);
	struct pa_pcp pcp = pcp_of(pa, 0, 0);
	struct pa_decision d;
	struct pa_alloc_record rec = { .trail = { .picks = &d, .max_picks = 1 } };

	pcp.batch = 15;
	pcp.high = pcp.high_min = pcp.high_max = 100;
	assert_int_equal(pa_pcp_set(pa, 0, 0, &pcp), 0);
	memcpy(before(), mem, STATE);
	for (int parts = 0; parts < 2; parts++) {
		memcpy(mem, before(), STATE);
		refill = start;
		assert_true(pa_refill_start(pa, &refill) > 1);
		while (refill.taken < refill.want) {
			rec.trail.nr_picks = 0;
			assert_true((parts ? pa_refill_steps(pa, &refill, 100, &rec) :
					     pa_refill_step(pa, &refill, &rec)) > 0);
			lent[parts] += rec.trail.nr_picks && pa_is_fallback(&d);
		}
		pa_refill_end(pa, &refill);
		sound(pa);
		after[parts] = pa_hash(pa);
	}
	assert_true(lent[0] > 0);
	assert_int_equal(lent[0], lent[1]);
	assert_true(after[0] == after[1]);
}

/* Where CMA has a say each block is asked for; of those that nobody lent nothing is told. */
static void test_refill_beside_cma(const char *policy)
{
	struct pa *pa = roomy(policy);
	struct pa_refill refill = { .args = { .gfp = PA_GFP_HIGHUSER_MOVABLE } };
	struct pa_decision d;
	struct pa_alloc_record rec = { .trail = { .picks = &d, .max_picks = 1 } };

	assert_int_equal(pa_take(pa, 0, 10), 0);
	assert_int_equal(pa_set_pageblock(pa, 0, PA_CMA), 0);
	assert_int_equal(pa_free_block(pa, 0, 9, PA_CMA, 0, -1), 0);
	assert_true(pa_refill_start(pa, &refill) > 1);
	assert_int_equal(pa_refill_steps(pa, &refill, INT32_MAX, &rec), refill.want);
	assert_int_equal(rec.trail.nr_picks, 0);
	pa_refill_end(pa, &refill);
	assert_true(pa_pcp_head(pa, 0, 0, PA_MOVABLE) != PA_PFN_NONE);
	sound(pa);
}

/* One that finds less than it wants ends there. */
static void test_refill_short(const char *policy)
{
	struct pa *pa = machine(policy, 1, 65536, PA_ZONE_NORMAL, marks);
	struct pa_refill refill = { .args = { .gfp = PA_GFP_KERNEL } };

	assert_int_equal(pa_take(pa, 0, 0), -ENOENT);
	assert_int_equal(pa_free_block(pa, 5, 0, PA_UNMOVABLE, 0, -1), 0);
	assert_int_equal(pa_set_counters(pa, 0, (int8_t[]){ 0 }), 0);
	assert_true(pa_refill_start(pa, &refill) > 1);
	assert_int_equal(pa_refill_step(pa, &refill, NULL), 1);
	assert_int_equal(pa_refill_step(pa, &refill, NULL), 0);
	assert_int_equal(refill.want, 1);
	pa_refill_end(pa, &refill);
	sound(pa);
	assert_int_equal(pa_refill_start(pa, &refill), 0); /* it holds one */
	assert_int_equal(pa_refill_step(pa, &refill, NULL), 0);
	assert_int_equal(pa_refill_steps(pa, &refill, 9, NULL), 0);
	refill.want = 9;
	assert_int_equal(pa_refill_steps(pa, &refill, 9, NULL), 0); /* and no more are free */
	assert_int_equal(refill.want, refill.taken);
}

/* The size of a refill, and what asking for it makes of the list, is the same of a list that is told. */
static void test_refill_size(const char *policy)
{
	for (unsigned int order = 0; order < 4; order++) {
		struct pa *pa = roomy(policy);
		struct pa_refill refill = { .args = { .gfp = PA_GFP_KERNEL,
						      .order = (uint8_t)order } };
		struct pa_pcp told = pcp_of(pa, 0, 0), pcp;

		assert_int_equal(pa_refill_size_at(pa, 0, &told, order),
				 pa_refill_start(pa, &refill));
		pcp = pcp_of(pa, 0, 0);
		assert_memory_equal(&told, &pcp, sizeof(pcp));
	}
}

static void test_refill_refused(const char *policy)
{
	struct pa *pa = roomy(policy);
	struct pa_refill refill = { .args = { .gfp = PA_GFP_KERNEL }, .want = 9 }, bad = refill;
	struct pa_pcp pcp = pcp_of(pa, 0, 0);

	bad.zone = 1;
	REFUSED(pa_refill_start(pa, &bad), -EINVAL);
	REFUSED(pa_refill_step(pa, &bad, NULL), -EINVAL);
	REFUSED(pa_refill_steps(pa, &bad, 9, NULL), -EINVAL);
	pa_refill_end(pa, &bad); /* nothing to do */
	bad = refill;
	bad.args.cpu = 2;
	REFUSED(pa_refill_start(pa, &bad), -EINVAL);
	bad = refill;
	bad.args.order = 5;
	REFUSED(pa_refill_start(pa, &bad), -EINVAL);
	assert_int_equal(pa_refill_size_at(pa, 1, &pcp, 0), 0);
	assert_int_equal(pa_refill_size_at(pa, 0, &pcp, 5), 0);
	refill.flags = PA_ALLOC_HIGHATOMIC; /* from 7.2 on such a request goes past an empty list */
	assert_int_equal(pa_refill_start(pa, &refill) > 0, strcmp(policy, "7.3") != 0);
}

/* What frees make of the compactor's order is kept off the lists, once. */
static void test_capture(const char *policy)
{
	struct pa *pa = machine(policy, 1, 1024, PA_ZONE_NORMAL, marks);

	for (uint64_t pfn = 0; pfn < 1024; pfn++)
		assert_int_equal(pa_set_allocated(pa, pfn, 0, PA_USE_PINNED), 0);
	assert_true(pa_end_capture(pa) == PA_PFN_NONE);
	REFUSED(pa_start_capture(pa, 1, 1, PA_UNMOVABLE), -EINVAL);
	REFUSED(pa_start_capture(pa, 0, 11, PA_UNMOVABLE), -EINVAL);
	REFUSED(pa_start_capture(pa, 0, 1, PA_HIGHATOMIC), -EINVAL);
	assert_int_equal(pa_set_pageblock(pa, 0, PA_UNMOVABLE), 0);
	assert_int_equal(pa_start_capture(pa, 0, 1, PA_UNMOVABLE), 0);
	for (uint64_t pfn = 4; pfn < 8; pfn++)
		assert_int_equal(pa_free_direct(pa, 0, pfn, 0, 0, NULL), 0);
	assert_true(pa_end_capture(pa) == 4);
	assert_true(pa_end_capture(pa) == PA_PFN_NONE);
	assert_int_equal(pa_nr_free(pa, 0, 1), 1);
	assert_int_equal(pa_set_allocated(pa, 4, 1, PA_USE_PINNED), 0);
	sound(pa);
	assert_int_equal(pa_free_direct(pa, 0, 4, 1, 0, NULL), 0);
	assert_int_equal(pa_nr_free(pa, 0, 2), 1);
}

static void test_no_capture(const char *policy)
{
	struct pa *pa = roomy(policy);

	REFUSED(pa_start_capture(pa, 0, 1, PA_UNMOVABLE), -EINVAL);
}

/* What a CPU isolates and has not told yet, it tells when it goes idle. */
static void test_isolate_and_fold(const char *policy)
{
	struct pa *pa = roomy(policy);
	struct pa_zone_state zs;
	int8_t deltas[2];

	assert_int_equal(pa_take(pa, 0, 10), 0);
	assert_int_equal(pa_free_block(pa, 0, 0, PA_MOVABLE, 0, -1), 0);
	assert_int_equal(pa_set_counters(pa, 0, (int8_t[]){ 0, 0 }), 0);
	zs = zone_of(pa, 0);
	assert_int_equal(pa_isolate_by(pa, 1, 0, 0), 0);
	assert_int_equal(pa_get_counters(pa, 0, deltas), 0);
	assert_int_equal(deltas[1], -1);
	assert_int_equal(zone_of(pa, 0).nr_free, zs.nr_free);
	assert_int_equal(pa_fold_counters(pa, 0), 0);
	assert_int_equal(zone_of(pa, 0).nr_free, zs.nr_free);
	assert_int_equal(pa_fold_counters(pa, 1), 0);
	assert_int_equal(zone_of(pa, 0).nr_free, zs.nr_free - 1);
	assert_int_equal(pa_get_counters(pa, 0, deltas), 0);
	assert_int_equal(deltas[1], 0);
	sound(pa);
}

/* Two shares that a CPU may have are kept up beside each other, until the zone is told of either. */
static void test_doubted_share(const char *policy)
{
	struct pa *pa = roomy(policy);
	int64_t nr_free;

	assert_int_equal(pa_take(pa, 0, 10), 0);
	assert_int_equal(pa_free_block(pa, 0, 0, PA_MOVABLE, 0, -1), 0);
	assert_int_equal(pa_set_counters(pa, 0, (int8_t[]){ 0, 0 }), 0);
	nr_free = zone_of(pa, 0).nr_free;
	assert_false(pa_doubt_share(pa, 0, 1, 0));
	assert_false(pa_swap_share(pa, 0, 1, 0));
	assert_true(pa_doubt_share(pa, 0, 1, -2));
	assert_true(pa_doubt_share(pa, 0, 1, -2)); /* that is known */
	assert_false(pa_swap_share(pa, 0, 1, 1));
	assert_false(pa_swap_share(pa, 0, 0, 0));
	assert_int_equal(pa_isolate_by(pa, 1, 0, 0), 0);
	assert_int_equal(pa_share(pa, 0, 1), -1);
	assert_true(pa_swap_share(pa, 0, 1, 0));
	assert_int_equal(pa_share(pa, 0, 1), -3);
	assert_int_equal(zone_of(pa, 0).nr_free, nr_free + 2);
	sound(pa);
	assert_true(pa_swap_share(pa, 0, 1, 0));
	assert_int_equal(zone_of(pa, 0).nr_free, nr_free);
	assert_int_equal(pa_isolate_by(pa, 1, 1024, 10), 0); /* beyond any threshold */
	assert_false(pa_swap_share(pa, 0, 1, 0));
	assert_true(pa_doubt_share(pa, 0, 1, -2));
	assert_int_equal(pa_fold_counters(pa, 1), 0);
	assert_false(pa_swap_share(pa, 0, 1, 0));
	assert_int_equal(pa_share(pa, 0, 2), 0);
	assert_false(pa_doubt_share(pa, 0, 2, 1));
	assert_false(pa_swap_share(pa, 1, 0, 0));
	assert_int_equal(pa_set_counters(pa, 0, (int8_t[]){ 0, 0 }), 0);
	assert_true(pa_doubt_share(pa, 0, 1, -1));
	get(pa, 1, PA_GFP_HIGHUSER_MOVABLE, 0, NULL);
	nr_free = pa_share(pa, 0, 1);
	if (pa_swap_share(pa, 0, 1, 0)) /* what a refill takes goes off both */
		assert_int_equal(pa_share(pa, 0, 1), nr_free - 1);
	sound(pa);
}

/* The worker's round of a zone, and others may come in between. */
static void test_vmstat_parts(const char *policy)
{
	struct pa *pa = roomy(policy);
	struct pa_pcp pcp = pcp_of(pa, 0, 0);
	struct pa_bulk bulk;
	int64_t nr_free;
	uint32_t turn;

	pcp.high = 64;
	pcp.high_min = 8;
	pcp.high_max = 4096;
	assert_int_equal(pa_pcp_set(pa, 0, 0, &pcp), 0);
	assert_int_equal(pa_isolate_by(pa, 0, 0, 10), 0);
	assert_int_equal(pa_set_counters(pa, 0, (int8_t[]){ -1, 0 }), 0);
	nr_free = zone_of(pa, 0).nr_free;
	assert_int_equal(pa_decayed_high(pa, 0, 0), 56);
	assert_int_equal(pa_vmstat_until(pa, 0, 0, &turn, NULL), 0);
	assert_int_equal(pcp_of(pa, 0, 0).high, 64);
	assert_int_equal(zone_of(pa, 0).nr_free, nr_free - 1);
	assert_int_equal(pa_vmstat_next(pa, 0, &turn, &bulk), 0);
	assert_int_equal(pcp_of(pa, 0, 0).high, 56);
	assert_int_equal(pa_decayed_high(pa, 1, 0), 0);
	REFUSED(pa_vmstat_until(pa, 1, 0, &turn, NULL), -EINVAL);
	REFUSED(pa_vmstat_until(pa, 0, 2, &turn, NULL), -EINVAL);
	sound(pa);
}

SINCE("6.1.0", test_drain)
SINCE("6.1.0", test_drain_refused)
SINCE("6.1.0", test_vmstat_steps)
SINCE("6.1.0", test_push)
SINCE("6.12.0", test_push_holds)
SINCE("2.4", test_drift_mark)
SINCE("6.1.0", test_attempt)
SINCE("6.1.0", test_quick_look)
SINCE("6.1.0", test_at_once)
SINCE("6.1.0", test_attempt_late)
SINCE("6.1.0", test_isolate_and_fold)
SINCE("6.1.0", test_doubted_share)
SINCE("6.12.0", test_vmstat_parts)
SINCE("6.1.0", test_refill)
SINCE("6.1.0", test_refill_decides)
SINCE("6.1.0", test_refill_lent)
SINCE("6.1.0", test_refill_beside_cma)
SINCE("6.1.0", test_refill_short)
SINCE("6.1.0", test_refill_size)
SINCE("6.1.0", test_refill_refused)
SINCE("5.4", test_capture)

static void each_test_no_capture(void **state)
{
	(void)state;
	each_request(test_no_capture, "2.6.24", "4.4");
}

static void each_test_old_lists(void **state)
{
	(void)state;
	each_request(test_old_lists, "5.4", "5.10");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_test_drain),
		cmocka_unit_test(each_test_drain_refused),
		cmocka_unit_test(each_test_vmstat_steps),
		cmocka_unit_test(each_test_old_lists),
		cmocka_unit_test(each_test_push),
		cmocka_unit_test(each_test_push_holds),
		cmocka_unit_test(each_test_drift_mark),
		cmocka_unit_test(each_test_attempt),
		cmocka_unit_test(each_test_quick_look),
		cmocka_unit_test(each_test_at_once),
		cmocka_unit_test(each_test_attempt_late),
		cmocka_unit_test(each_test_isolate_and_fold),
		cmocka_unit_test(each_test_doubted_share),
		cmocka_unit_test(each_test_vmstat_parts),
		cmocka_unit_test(each_test_refill),
		cmocka_unit_test(each_test_refill_decides),
		cmocka_unit_test(each_test_refill_lent),
		cmocka_unit_test(each_test_refill_beside_cma),
		cmocka_unit_test(each_test_refill_short),
		cmocka_unit_test(each_test_refill_size),
		cmocka_unit_test(each_test_refill_refused),
		cmocka_unit_test(each_test_capture),
		cmocka_unit_test(each_test_no_capture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
