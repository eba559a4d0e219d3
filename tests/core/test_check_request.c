/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pa_check at the request level: every invariant, broken on purpose.  As test_check.c, it looks
 * inside the state, for a sound one cannot be damaged from outside.
 */
#include "machine.h"
#include "policies.h"
#include "core/pa_req_internal.h"

#define PAGES (64 * PBN)
#define FREE (32 * PBN) /* frames from 0 that were free once; those above are in use */

/* What the damages are done to. */
struct victim {
	struct pa *pa;
	struct pa_zone_req *zr;
	struct pa_cpu_pages *cp; /* CPU 0, which has pages on list 0 */
	struct pa_desc *descs;
	struct pa_link *links;
	uint32_t first, second; /* on list 0 */
	uint32_t page, block;	/* allocated: order 0, order 3 */
	uint32_t lru, older;	/* allocated, order 0, reclaimable */
};

static void leave_zone(struct victim *v)
{
	v->links[v->second].next = PAGES;
}

static void close_a_ring(struct victim *v)
{
	v->links[v->second].next = v->first;
}

static void disown_listed(struct victim *v)
{
	v->descs[v->first].owner = 0;
}

static void hand_out_listed(struct victim *v)
{
	v->descs[v->first].owner = OWNER_ALLOCATED;
}

static void forget_the_way_back(struct victim *v)
{
	v->links[v->second].prev = PA_NIL;
}

static void forget_the_tail(struct victim *v)
{
	v->cp->lists[0].tail = v->first;
}

static void grow_listed(struct victim *v)
{
	v->descs[v->first].owner |= 1;
}

static void miscount_listed(struct victim *v)
{
	v->cp->pcp.count++;
}

static void pin_reclaimable(struct victim *v)
{
	v->descs[v->older].owner = OWNER_ALLOCATED;
}

static void forget_the_oldest(struct victim *v)
{
	v->zr->lru.tail = v->lru;
}

static void miscount_reclaimable(struct victim *v)
{
	v->zr->nr_lru++;
}

static void own_as_nobody(struct victim *v)
{
	v->descs[v->page].owner = OWNER_PCP - 1;
}

static void own_too_much(struct victim *v)
{
	v->descs[PAGES - 2].owner = OWNER_ALLOCATED | 11;
}

static void own_beyond_the_end(struct victim *v)
{
	v->descs[PAGES - 2].owner = OWNER_ALLOCATED | 2;
}

static void own_free_memory(struct victim *v)
{
	v->descs[FREE - 1].owner = OWNER_ALLOCATED;
}

static void own_twice(struct victim *v)
{
	v->descs[v->block + 1].owner = OWNER_ALLOCATED;
}

static void claim_to_be_listed(struct victim *v)
{
	v->descs[v->page].owner = OWNER_LRU;
}

static void owe_too_much(struct victim *v)
{
	v->cp->delta = 126;
}

static void lend_too_much(struct victim *v)
{
	v->cp->delta = -126;
}

static void miscount_deltas(struct victim *v)
{
	v->zr->deltas++;
}

static void miscount_cold(struct victim *v)
{
	v->cp->pcp.cold_count++;
}

static void count_turns(struct victim *v)
{
	v->cp->fair_delta = 1;
}

static void raise_one_mark(struct victim *v)
{
	v->zr->wmark[PA_WMARK_HIGH]++;
}

static const struct damage {
	const char *why;
	void (*inflict)(struct victim *v);
} damages[] = {
	{ "a per-cpu or LRU list leads out of its zone", leave_zone },
	{ "a per-cpu or LRU list does not read the same backwards", close_a_ring },
	{ "a per-cpu or LRU list does not read the same backwards", forget_the_way_back },
	{ "a block on a per-cpu or LRU list is marked otherwise", disown_listed },
	{ "a block on a per-cpu or LRU list is marked otherwise", hand_out_listed },
	{ "a block on a per-cpu or LRU list is marked otherwise", pin_reclaimable },
	{ "the tail of a per-cpu or LRU list is not its last block", forget_the_tail },
	{ "the tail of a per-cpu or LRU list is not its last block", forget_the_oldest },
	{ "a per-cpu list holds a block of another order", grow_listed },
	{ "a per-cpu count is not what its lists hold", miscount_listed },
	{ "the LRU count is not what its list holds", miscount_reclaimable },
	{ "a frame has an owner that cannot be", own_as_nobody },
	{ "a frame has an owner that cannot be", own_too_much },
	{ "a frame has an owner that cannot be", own_beyond_the_end },
	{ "a frame is both handed out and free", own_free_memory },
	{ "a frame has two owners", own_twice },
	{ "a frame is marked as listed but on no list", claim_to_be_listed },
	{ "a per-cpu delta is beyond", owe_too_much },
	{ "a per-cpu delta is beyond", lend_too_much },
	{ "the per-cpu deltas do not sum up", miscount_deltas },
	{ "the two copies of the high mark differ", raise_one_mark },
	{ "a cold list's count is not what it holds", miscount_cold },
	{ "a turn is counted where there are none", count_turns },
};

static void busy(const char *policy, struct victim *v)
{
	struct pa *pa = machine(policy, 2, PAGES, PA_ZONE_NORMAL, NULL);

	fill(pa, 0, FREE);
	*v = (struct victim){
		.pa = pa,
		.zr = pa_zone_req(pa, 0),
		.cp = pa_cpu_pages(pa, 0, 0),
		.descs = pa_descs(pa),
		.links = pa_links(pa),
	};
	v->page = (uint32_t)get(pa, 0, PA_GFP_KERNEL, 0, NULL);
	v->block = (uint32_t)get(pa, 0, PA_GFP_KERNEL, 3, NULL);
	v->older = (uint32_t)get(pa, 1, PA_GFP_KERNEL, 0, NULL);
	v->lru = (uint32_t)get(pa, 1, PA_GFP_KERNEL, 0, NULL);
	assert_int_equal(pa_lru_add(pa, v->older), 0);
	assert_int_equal(pa_lru_add(pa, v->lru), 0);
	v->first = v->cp->lists[0].head;
	v->second = v->links[v->first].next;
	sound(pa);
}

static void test_damages(const char *policy)
{
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		const char *why = "";
		struct victim v;

		busy(policy, &v);
		damages[i].inflict(&v);
		assert_false(pa_check(v.pa, &why));
		assert_ptr_equal(strstr(why, damages[i].why), why); /* or more of it */
	}
}

UNDER_EACH(test_damages)

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_damages_under_each) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
