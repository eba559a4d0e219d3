/* SPDX-License-Identifier: GPL-2.0-only */
/* A replay that watches a large host holds what the host's free pieces take, not what they took once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "machine.h"

#define PAGEBLOCK 512
#define BLOCKS 12288 /* 24 GiB */
#define PAGE_OF_LINKS 4096

static struct trace_event ev[BLOCKS];

static void feed(struct replay *r, size_t n)
{
	static uint64_t first;
	const struct trace_item item = { .kind = TRACE_EVENTS,
					 .events = { .ev = ev, .n = n, .first = first } };

	first += n;
	assert_int_equal(replay_item(r, &item), 0);
}

/* One page of each pageblock becomes free, the last one's first. */
static void free_a_page_of_each(struct replay *r)
{
	for (uint64_t i = 0; i < BLOCKS; i++)
		ev[i] = (struct trace_event){ .type = EV_ZONE_FREE,
					      .pfn = (BLOCKS - 1 - i) * PAGEBLOCK + 5,
					      .mt = K_MOVABLE,
					      .bits = EV_LOCKED };
	feed(r, BLOCKS);
}

/* And is taken again by who comes first. */
static void take_the_page_of_each(struct replay *r, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		ev[i] = (struct trace_event){ .type = EV_ZONE_ALLOC,
					      .pfn = i * PAGEBLOCK + 5,
					      .mt = K_MOVABLE };
	feed(r, n);
}

static void memory_follows_what_is_free(void **state)
{
	const struct replay_options opt = { 0 };
	const struct trace_item none = { .kind = TRACE_LIST,
					 .list = { .at = TRACE_AT_BEGIN, .mt = K_MOVABLE } };
	uint64_t opened, pieces, taken;
	struct machine m;
	struct replay *r;
	char why[256];

	(void)state;
	machine_init(&m, "6.12");
	m.meta.nr_zones = 1;
	m.meta.zone[0].start_pfn = 0;
	m.meta.zone[0].spanned = m.meta.zone[0].present = m.meta.zone[0].managed =
		BLOCKS * PAGEBLOCK;
	assert_int_equal(replay_open(&m.meta, &opt, &r, why, sizeof(why)), 0);
	assert_int_equal(replay_item(r, &none), 0);
	opened = machine_resident();
	free_a_page_of_each(r);
	pieces = machine_resident();
	assert_true(pieces - opened > BLOCKS * PAGE_OF_LINKS);
	replay_trim(r, BLOCKS);
	assert_true(machine_resident() > pieces - (1 << 20)); /* all of it is in use */

	/* Half are taken: half of the links go, whatever the number of looks. */
	take_the_page_of_each(r, BLOCKS / 2);
	for (int i = 0; i < 3; i++)
		replay_trim(r, BLOCKS / 3);
	taken = machine_resident();
	assert_true(taken < pieces - BLOCKS / 2 * PAGE_OF_LINKS + (1 << 20));
	assert_true(taken > pieces - BLOCKS / 2 * PAGE_OF_LINKS - (1 << 20));

	/* And the lists are what they were. */
	assert_int_equal(replay_finish(r), 0);
	assert_true(pa_check(replay_state(r), NULL));
	assert_int_equal(pa_list_len(replay_state(r), 0, 0, PA_MOVABLE), BLOCKS / 2);
	assert_int_equal(replay_result(r)->picks, BLOCKS / 2);
	assert_int_equal(replay_result(r)->picks_exact, BLOCKS / 2);
	replay_close(r);
	machine_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_follows_what_is_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
