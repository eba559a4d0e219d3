/* SPDX-License-Identifier: GPL-2.0-only */
/* Request mode's ring of events read ahead: what leads where, across its end and as it grows. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tools/request_internal.h"

#define CPUS 3
#define FRAMES 4096
#define CHUNK 50000

static struct trace_event chunk[CHUNK];

static struct request *start(bool has_pushes)
{
	struct request *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	r->nr_cpus = CPUS;
	r->cpus = calloc(CPUS, sizeof(*r->cpus));
	r->freed = calloc(FRAMES + 1, sizeof(*r->freed));
	assert_non_null(r->cpus);
	assert_non_null(r->freed);
	for (uint32_t cpu = 0; cpu < CPUS; cpu++)
		r->cpus[cpu].upcoming = NO_EVENT;
	r->zones[0].end = FRAMES;
	r->nr_zones = 1;
	r->nr_frames = FRAMES;
	r->has_pushes = has_pushes;
	return r;
}

static void stop(struct request *r)
{
	free(r->cpus);
	free(r->freed);
	free(r->win);
	free(r->win_link);
	free(r);
}

/* Event @number: CPUs take turns, of which the last is beyond those the machine has. */
static struct trace_event event_of(uint64_t number)
{
	return (struct trace_event){
		.ts = number,
		.pfn = number % FRAMES,
		.cpu = (uint16_t)(number % (CPUS + 1)),
		.type = EV_ALLOC,
	};
}

static void read_chunk(struct request *r)
{
	for (size_t i = 0; i < CHUNK; i++)
		chunk[i] = event_of(r->win_first + r->win_n + i);
	assert_int_equal(request_read_ahead(r, chunk, CHUNK), 0);
}

static void drop(struct request *r, size_t n)
{
	r->win_first += n;
	r->win_n -= n;
}

/* Each event there is is where it should be, and leads to the next one of its CPU. */
static void sound(const struct request *r)
{
	uint64_t end = r->win_first + r->win_n;

	for (uint64_t n = r->win_first; n < end; n++) {
		const struct trace_event *ev = request_event(r, n), *next = request_next_of(r, ev);

		assert_int_equal(ev->ts, n);
		assert_int_equal(request_number_of(r, ev), n);
		if (ev->cpu == CPUS || n + CPUS + 1 >= end)
			assert_null(next);
		else
			assert_int_equal(next->ts, n + CPUS + 1);
	}
}

static void goes_round(void **state)
{
	struct request *r = start(false);
	size_t room;

	(void)state;
	read_chunk(r);
	room = r->win_room;
	for (int i = 0; i < 12; i++) {
		read_chunk(r);
		drop(r, CHUNK - 1234);
		sound(r);
	}
	assert_int_equal(r->win_room, room);
	assert_true(r->win_first > room);
	stop(r);
}

static void grows(void **state)
{
	struct request *r = start(false);
	size_t room;

	(void)state;
	read_chunk(r);
	room = r->win_room;
	drop(r, 12345);
	for (int i = 0; i < 12; i++)
		read_chunk(r);
	assert_true(r->win_room > room);
	sound(r);
	stop(r);
}

/* From a free to what is told of its block next, if that is within 1023 events. */
static void a_free_leads_to_its_block(void **state)
{
	static const struct {
		size_t next;
		bool found;
	} cases[] = { { 1, true }, { 1023, true }, { 1024, false } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request *r = start(true);
		const struct trace_event *told;

		for (size_t k = 0; k < 2000; k++)
			chunk[k] = (struct trace_event){ .ts = k, .pfn = 1, .type = EV_PUSH };
		chunk[0] = (struct trace_event){ .pfn = 7, .type = EV_FREE };
		chunk[cases[i].next].pfn = 7;
		chunk[1500].pfn = 7;
		assert_int_equal(request_read_ahead(r, chunk, 2000), 0);
		told = request_next_of_block(r, request_event(r, 0));
		assert_true((told != NULL) == cases[i].found);
		if (told)
			assert_int_equal(told->ts, cases[i].next);
		assert_null(request_next_of_block(r, request_event(r, 1500)));
		stop(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_round),
		cmocka_unit_test(grows),
		cmocka_unit_test(a_free_leads_to_its_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
