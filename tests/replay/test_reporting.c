/* SPDX-License-Identifier: GPL-2.0-only */
/* What page reporting, and whoever else leaves no event, does to the lists. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "replay_internal.h"
#include "rig.h"

#define BLOCK 512

static void assert_list(struct rig *rig, unsigned int order, enum pa_mt mt, size_t n,
			const uint64_t *pfn)
{
	uint64_t at = pa_list_head(replay_state(rig->r), 0, order, mt);
	size_t i;

	for (i = 0; i < n; i++, at = pa_list_next(replay_state(rig->r), at))
		assert_int_equal(at, pfn[i]);
	assert_true(at == PA_PFN_NONE);
}

#define LIST(rig, order, mt, ...)                                                                  \
	assert_list(rig, order, mt, sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t),        \
		    (uint64_t[]){ __VA_ARGS__ })

/* One that was not the first went too, past what had been reported before it. */
static void a_returned_block_is_the_last(void **state)
{
	const struct replay_result *res;
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.12", "tracepoint", false);
	LOAD(&rig, 6, K_MOVABLE, 4096, 4096 + 128, 4096 + 256, 4096 + 384);
	EV(&rig, .type = EV_PUTBACK, .pfn = 4096 + 128, .order = 6, .mt = K_MOVABLE,
	   .bits = EV_HELD);
	LIST(&rig, 6, PA_MOVABLE, 4096, 4096 + 256, 4096 + 384, 4096 + 128);
	EV(&rig, .type = EV_PUTBACK, .pfn = 4096 + 128, .order = 6, .mt = K_MOVABLE,
	   .bits = EV_HELD); /* told again: no news */
	LIST(&rig, 6, PA_MOVABLE, 4096, 4096 + 256, 4096 + 384, 4096 + 128);
	res = rig_end(&rig);
	assert_int_equal(res->repairs, 0);
	assert_int_equal(res->dropped, 0);
	assert_int_equal(res->returned, 2);
	rig_close(&rig);
}

/* __isolate_free_page made its pageblock MOVABLE, so it is not on the list any more where it was. */
static void a_returned_pageblock_is_movable(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.12", "tracepoint", false);
	LOAD(&rig, 9, K_UNMOVABLE, 4096);
	LOAD(&rig, 8, K_MOVABLE, 4096 + BLOCK);
	EV(&rig, .type = EV_PUTBACK, .pfn = 4096, .order = 9, .mt = K_MOVABLE, .bits = EV_HELD);
	LIST(&rig, 9, PA_MOVABLE, 4096);
	assert_int_equal(pa_list_len(replay_state(rig.r), 0, 9, PA_UNMOVABLE), 0);
	assert_int_equal(pa_pageblock(replay_state(rig.r), 4096), PA_MOVABLE);
	assert_int_equal(rig_end(&rig)->repairs, 0);
	rig_close(&rig);
}

/* A block that only comes with the event that saw it is not put back, nor is one in use. */
static void what_is_not_free_was_not_returned(void **state)
{
	const struct replay_result *res;
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.12", "tracepoint", false);
	LOAD(&rig, 5, K_MOVABLE, 4096);
	EV(&rig, .type = EV_PUTBACK, .pfn = 4096, .order = 6, .mt = K_MOVABLE, .bits = EV_HELD);
	LIST(&rig, 5, PA_MOVABLE, 4096);
	res = rig_end(&rig);
	assert_int_equal(res->returned, 0);
	assert_int_equal(res->repairs, 0);
	rig_close(&rig);
}

/* What is out with the hypervisor does not show, so the one behind it is picked: a rotation. */
static void a_block_that_is_out_is_passed_over(void **state)
{
	const struct replay_result *res;
	struct rig rig;
	int on;

	(void)state;
	for (on = 0; on < 2; on++) {
		memset(&rig, 0, sizeof(rig));
		rig_open(&rig, "6.12", "tracepoint", false);
		rig.r->reporting_order = on ? 5 : PA_MAX_ORDERS;
		LOAD(&rig, 5, K_MOVABLE, 4096, 4096 + 64, 4096 + 128);
		EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4096 + 64, .order = 5, .mt = K_MOVABLE);
		EV(&rig, .type = EV_PUTBACK, .pfn = 4096, .order = 5, .mt = K_MOVABLE,
		   .bits = EV_HELD);
		LIST(&rig, 5, PA_MOVABLE, 4096 + 128, 4096);
		res = rig_end(&rig);
		assert_int_equal(res->picks, 1);
		assert_int_equal(res->picks_exact, 0);
		assert_int_equal(res->classes[REPLAY_ROTATION].picks, on);
		rig_close(&rig);
	}
}

/* One event after the other, all at hand from the start. */
static void feed_all(struct rig *rig, struct trace_event *ev, size_t n)
{
	struct trace_item item = { .kind = TRACE_EVENTS,
				   .events = { .ev = ev, .n = n, .first = rig->n } };
	size_t i;

	for (i = 0; i < n; i++)
		ev[i].ts = 1000 * rig->n++;
	assert_int_equal(replay_item(rig->r, &item), 0);
}

/* A refill without a word: the first page that shows it shows all that are seen in use. */
static void an_unseen_refill_is_taken_whole(void **state)
{
	struct trace_event ev[] = {
		{ .type = EV_ALLOC, .pfn = 4096, .mt = K_MOVABLE },
		{ .type = EV_ZONE_ALLOC, .pfn = 4096 + 6, .mt = K_MOVABLE },
		{ .type = EV_ALLOC, .pfn = 4096 + 2, .mt = K_MOVABLE },
		{ .type = EV_FREE, .pfn = 4096 + 4 },
	};
	const struct replay_result *res;
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.12", "tracepoint", false);
	LOAD(&rig, 0, K_MOVABLE, 4096, 4096 + 2, 4096 + 4, 4096 + 6, 4096 + 8);
	feed_all(&rig, ev, sizeof(ev) / sizeof(ev[0]));
	res = rig_end(&rig);
	assert_int_equal(res->picks, 1);
	assert_int_equal(res->picks_exact, 1);
	assert_int_equal(res->repairs, 1);
	assert_int_equal(res->classes[REPLAY_MISSING].repairs, 1);
	LIST(&rig, 0, PA_MOVABLE, 4096 + 8);
	rig_close(&rig);
}

/* Memory comes online: its pageblocks are isolated, then moved one after the other. */
static void a_pick_ends_the_isolation_it_shows(void **state)
{
	const struct replay_result *res;
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.12", "tracepoint", false);
	LOAD(&rig, 9, K_ISOLATE, 4096 + BLOCK, 4096);
	EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4096, .order = 8, .mt = K_MOVABLE);
	EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4096 + 256, .order = 8, .mt = K_MOVABLE);
	EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4096 + BLOCK, .order = 9, .mt = K_MOVABLE);
	res = rig_end(&rig);
	assert_int_equal(res->picks, 3);
	assert_int_equal(res->picks_exact, 2);
	assert_int_equal(res->classes[REPLAY_MISSING].picks, 1);
	rig_close(&rig);
}

/* unset_migratetype_isolate() takes the block out, sets its type and puts it back. */
static void a_block_put_back_ends_its_isolation(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.12", "fentry", false);
	LOAD(&rig, 9, K_ISOLATE, 4096);
	EV(&rig, .type = EV_ISOLATE, .pfn = 4096, .order = 9);
	EV(&rig, .type = EV_PUTBACK, .pfn = 4096, .order = 9, .mt = K_MOVABLE);
	LIST(&rig, 9, PA_MOVABLE, 4096);
	assert_int_equal(pa_pageblock(replay_state(rig.r), 4096), PA_MOVABLE);
	assert_int_equal(rig_end(&rig)->repairs, 0);
	rig_close(&rig);
}

/* A page that the request for it had its pageblock reserved with; seen again it is no news. */
static void a_pageblock_was_seen_to_be_reserved(void **state)
{
	struct rig rig;
	int again;

	(void)state;
	rig_open(&rig, "6.12", "tracepoint", false);
	LOAD(&rig, 3, K_MOVABLE, 4096 + 8, 4096 + 32);
	EV(&rig, .type = EV_ZONE_ALLOC, .pfn = 4096 + 8, .order = 3, .mt = K_MOVABLE);
	for (again = 0; again < 2; again++) {
		EV(&rig, .type = EV_MOVE_BLOCK, .pfn = 4096 + 8, .mt = K_HIGHATOMIC,
		   .bits = EV_HELD);
		LIST(&rig, 3, PA_HIGHATOMIC, 4096 + 32);
	}
	assert_int_equal(rig_end(&rig)->picks_exact, 1);
	rig_close(&rig);
}

/* A reserved pageblock that is free as a whole is released at the tail. */
static void a_free_pageblock_is_released(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig, "6.18", "fentry", false);
	LOAD(&rig, 9, K_HIGHATOMIC, 4096);
	LOAD(&rig, 9, K_UNMOVABLE, 4096 + BLOCK);
	EV(&rig, .type = EV_MOVE_BLOCK, .pfn = 4096, .mt = K_UNMOVABLE, .arg = K_HIGHATOMIC);
	EV(&rig, .type = EV_FREE, .pfn = 5);
	LIST(&rig, 9, PA_UNMOVABLE, 4096 + BLOCK, 4096);
	assert_int_equal(rig_end(&rig)->repairs, 0);
	rig_close(&rig);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_returned_block_is_the_last),
		cmocka_unit_test(a_returned_pageblock_is_movable),
		cmocka_unit_test(what_is_not_free_was_not_returned),
		cmocka_unit_test(a_block_that_is_out_is_passed_over),
		cmocka_unit_test(an_unseen_refill_is_taken_whole),
		cmocka_unit_test(a_pick_ends_the_isolation_it_shows),
		cmocka_unit_test(a_block_put_back_ends_its_isolation),
		cmocka_unit_test(a_pageblock_was_seen_to_be_reserved),
		cmocka_unit_test(a_free_pageblock_is_released),
	};

	return cmocka_run_group_tests_name("reporting", tests, NULL, NULL);
}
