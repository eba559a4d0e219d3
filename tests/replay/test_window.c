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
#define CHUNK 70000
#define FREED (REQUEST_WINDOW + 2464)

static struct trace_event chunk[FREED];

static struct request *start(bool has_pushes)
{
	struct request *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	r->nr_cpus = CPUS;
	r->cpus = calloc(CPUS, sizeof(*r->cpus));
	assert_non_null(r->cpus);
	r->zones[0].end = FRAMES;
	r->nr_zones = 1;
	r->nr_frames = FRAMES;
	r->has_pushes = has_pushes;
	return r;
}

static void stop(struct request *r)
{
	free(r->cpus);
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
		chunk[i] = event_of(r->win_end + i);
	assert_int_equal(request_read_ahead(r, chunk, CHUNK), 0);
}

static void drop(struct request *r, size_t n)
{
	r->now += n;
}

/* Each event there is is where it should be, and leads to the next one of its CPU. */
static void sound(const struct request *r)
{
	uint64_t end = r->win_end;

	for (uint64_t n = r->now; n < end; n++) {
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
	assert_true(r->now > room);
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

/* From a free to what is told of its block next, if that is within 65535 events. */
static void a_free_leads_to_its_block(void **state)
{
	static const struct {
		size_t next;
		bool found;
	} cases[] = { { 1, true }, { REQUEST_WINDOW - 1, true }, { REQUEST_WINDOW, false } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request *r = start(true);
		const struct trace_event *told;

		for (size_t k = 0; k < FREED; k++)
			chunk[k] = (struct trace_event){ .ts = k, .pfn = 1, .type = EV_PUSH };
		chunk[0] = (struct trace_event){ .pfn = 7, .type = EV_FREE };
		chunk[cases[i].next].pfn = 7;
		chunk[FREED - 1].pfn = 7;
		assert_int_equal(request_read_ahead(r, chunk, FREED), 0);
		told = request_next_of_block(r, request_event(r, 0));
		assert_true((told != NULL) == cases[i].found);
		if (told)
			assert_int_equal(told->ts, cases[i].next);
		assert_null(request_next_of_block(r, request_event(r, FREED - 1)));
		stop(r);
	}
}

/* Put an event of the one CPU at @number, and nothing else there of its kind. */
static void act(size_t number, unsigned int type, unsigned int order, unsigned int mt)
{
	chunk[number] = (struct trace_event){
		.ts = number,
		.pfn = type == EV_TRY ? EV_PFN_NONE : 7,
		.type = (uint8_t)type,
		.order = (uint8_t)order,
		.mt = (uint8_t)mt,
	};
}

/* Where the attempt at @number leads: 0 is nowhere. */
static size_t leads(const struct request *r, size_t number, bool nested)
{
	bool found;
	const struct trace_event *end = request_end_of(r, request_event(r, number), &found);

	if (end)
		assert_int_equal(found, nested);
	return end ? end->ts : 0;
}

/* As brackets do, each kind for itself. */
static void an_attempt_leads_to_its_request(void **state)
{
	struct request *r = start(true);

	(void)state;
	for (size_t i = 0; i < CHUNK; i++)
		act(i, EV_PUSH, 0, 1);
	act(10, EV_TRY, 0, 1);
	act(11, EV_TRY, 0, 2); /* of another type, */
	act(12, EV_TRY, 1, 1); /* and of another order */
	act(13, EV_TRY, 0, 1);
	act(14, EV_ALLOC, 0, 1);
	act(15, EV_ALLOC, 0, 1);
	act(16, EV_ALLOC, 1, 1);
	act(17, EV_ALLOC, 0, 2);
	act(18, EV_ALLOC, 0, 1); /* nobody's */
	/* Compaction takes a block of order 1, and of none. */
	act(30, EV_TRY, 0, 1);
	act(31, EV_TRY, 1, 1);
	act(32, EV_DRAIN, 0, 1);
	act(33, EV_DRAIN, 0, 1);
	chunk[33].bits = (1 + 1) << EV_CAPTURE_SHIFT;
	act(34, EV_ALLOC, 1, 1);
	act(35, EV_ALLOC, 0, 1);
	/* Of its CPU's events the 32768th still counts, whatever others do. */
	act(100, EV_TRY, 2, 0);
	act(101, EV_TRY, 3, 0);
	for (size_t i = 200; i < 1200; i++)
		chunk[i].cpu = 1;
	act(100 + 1000 + 32768, EV_ALLOC, 2, 0);
	act(101 + 1000 + 32769, EV_ALLOC, 3, 0);
	assert_int_equal(request_read_ahead(r, chunk, CHUNK), 0);
	assert_int_equal(leads(r, 10, true), 15);
	assert_int_equal(leads(r, 11, false), 17);
	assert_int_equal(leads(r, 12, false), 16);
	assert_int_equal(leads(r, 13, false), 14);
	assert_int_equal(leads(r, 30, false), 35);
	assert_int_equal(leads(r, 31, false), 0);
	assert_int_equal(leads(r, 100, false), 100 + 1000 + 32768);
	assert_int_equal(leads(r, 101, false), 0);
	stop(r);
}

/* A push's CPU drains next, unless another act of it or 64 events come first. */
static void a_push_knows_of_its_drain(void **state)
{
	struct request *r = start(true);

	(void)state;
	for (size_t i = 0; i < CHUNK; i++)
		act(i, EV_FREE, 0, 1);
	act(10, EV_PUSH, 0, 1);
	act(11, EV_DRAIN, 0, 1);
	act(20, EV_PUSH, 0, 1);
	act(21, EV_VMSTAT, 0, 1);
	act(22, EV_DRAIN, 0, 1);
	act(30, EV_PUSH, 0, 1);
	act(31, EV_DRAIN_PAGES, 0, 1);
	act(32, EV_DRAIN, 0, 1);
	act(100, EV_PUSH, 0, 1);
	act(164, EV_DRAIN, 0, 1);
	act(200, EV_PUSH, 0, 1);
	act(265, EV_DRAIN, 0, 1);
	act(300, EV_PUSH, 0, 1);
	for (size_t i = 302; i < 500; i += 2)
		act(i, EV_ZONE_FREE, 0, 1);
	act(500, EV_DRAIN, 0, 1);
	act(600, EV_PUSH, 0, 1);
	chunk[600].pid = 1;
	act(601, EV_DRAIN, 0, 1);
	chunk[601].pid = 2;
	assert_int_equal(request_read_ahead(r, chunk, CHUNK), 0);
	assert_true(request_event(r, 10)->note & WIN_DRAINS);
	assert_false(request_event(r, 20)->note & WIN_DRAINS);
	assert_true(request_event(r, 21)->note & WIN_DRAINS);
	assert_false(request_event(r, 30)->note & WIN_DRAINS);
	assert_true(request_event(r, 100)->note & WIN_DRAINS);
	assert_false(request_event(r, 200)->note & WIN_DRAINS);
	assert_true(request_event(r, 300)->note & WIN_DRAINS); /* interrupts find the list locked */
	assert_false(request_event(r, 600)->note & WIN_DRAINS);
	stop(r);
}

/* The frees of a list and their pushes, one for one; who finds another push is not sure of the rest. */
static void frees_know_of_their_pushes(void **state)
{
	static const struct {
		size_t number;
		unsigned int type, pfn;
		bool pushed;
	} acts[] = {
		{ 10, EV_FREE, 1, true },    { 11, EV_FREE, 2, true },	{ 15, EV_FREE, 3, true },
		{ 16, EV_PUSH, 1, false },   { 17, EV_PUSH, 2, false }, { 20, EV_PUSH, 3, false },
		{ 30, EV_FREE, 1, true },    { 31, EV_PUSH, 1, false }, { 40, EV_FREE, 4, true },
		{ 41, EV_FREE, 5, false },   { 42, EV_FREE, 6, false }, { 43, EV_PUSH, 4, false },
		{ 44, EV_PUSH, 6, false },   { 45, EV_PUSH, 5, false }, { 50, EV_FREE, 7, false },
		{ 51, EV_VMSTAT, 0, false }, /* what follows is no row with it */
		{ 52, EV_FREE, 8, true },    { 53, EV_PUSH, 8, false }, { 54, EV_PUSH, 7, false },
		{ 60, EV_FREE, 9, false }, /* its push is missing */
		{ 61, EV_FREE, 9, true },    { 62, EV_PUSH, 9, false },
	};
	struct request *r = start(true);

	(void)state;
	for (size_t i = 0; i < 100; i++) {
		act(i, EV_TRY, 0, 1);
		chunk[i].cpu = 1;
	}
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		act(acts[i].number, acts[i].type, 0, 1);
		chunk[acts[i].number].pfn = acts[i].pfn;
	}
	assert_int_equal(request_read_ahead(r, chunk, 100), 0);
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		assert_int_equal(!!(request_event(r, acts[i].number)->note & WIN_PUSHED),
				 acts[i].pushed);
	stop(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_round),
		cmocka_unit_test(grows),
		cmocka_unit_test(a_free_leads_to_its_block),
		cmocka_unit_test(an_attempt_leads_to_its_request),
		cmocka_unit_test(a_push_knows_of_its_drain),
		cmocka_unit_test(frees_know_of_their_pushes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
