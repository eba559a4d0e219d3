/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every allocation, open, write, read, fsync and rename of writing and reading a
 * trace fails once, each on its own.  The caller must hear of it, no descriptor
 * stays open, and what is on disk is whole or says where it was cut.
 * Under SAN=1 a leak fails the test too.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "tools/trace.h"

#define NR_EVENTS 200000 /* several chunks */
#define MOST_CALLS 5000

static char dir[] = "/tmp/buddyscope-fault-XXXXXX";
static char path[64], old[64];
static struct trace_meta meta;
static struct trace_event ev[NR_EVENTS];

static int nr_fds(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static int set_up(void **state)
{
	size_t i;

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/t.pgt", dir);
	snprintf(old, sizeof(old), "%s/t.pgt.old", dir);

	meta = (struct trace_meta){ .kernel = "6.12.117",
				    .policy = "6.12",
				    .tier = "tracepoint",
				    .page_shift = 12,
				    .nr_orders = 11,
				    .pageblock_order = 9,
				    .cpus = 2,
				    .nr_mt = 2,
				    .nr_zones = 1,
				    .mt = { "Unmovable", "Movable" } };
	meta.zone[0] = (struct trace_zone){ .name = "Normal",
					    .start_pfn = 4096,
					    .spanned = 1 << 20,
					    .present = 1 << 20,
					    .managed = 1 << 20 };
	if (trace_pairs_add(&meta.gfp, "__GFP_MOVABLE", 8, NULL) ||
	    trace_pairs_add(&meta.sysctl, "vm.lowmem_reserve_ratio", 0, "256 32 0"))
		return -1;
	for (i = 0; i < NR_EVENTS; i++)
		ev[i] = (struct trace_event){ .ts = 1000 + i / 256,
					      .pfn = 4096 + i * 7919 % 65536,
					      .cpu = i & 1,
					      .type = EV_ZONE_ALLOC,
					      .order = i % 3,
					      .mt = i & 1 };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	trace_meta_free(&meta);
	unlink(path);
	unlink(old);
	return rmdir(dir);
}

/* Write a trace of every kind of item; stop at the first failure, as record does. */
static int write_trace(void)
{
	static const uint64_t pfns[] = { 4096, 4104, 4100 };
	static const uint8_t types[] = { 0, 1, 1 };
	struct trace_list list = { .at = TRACE_AT_BEGIN, .order = 2, .pfn = pfns, .n = 3 };
	struct trace_blocks blocks = {
		.at = TRACE_AT_BEGIN, .first_pfn = 4096, .mt = types, .n = 3
	};
	struct trace_pcp pcp = {
		.at = TRACE_AT_BEGIN, .count = 3, .batch = 63, .high = 100, .pfn = pfns, .n = 3
	};
	struct trace_pair pair = { .name = (char *)"records", .value = NR_EVENTS };
	struct trace_pairs stats = { .v = &pair, .n = 1 };
	struct trace_writer *w = NULL;
	int err;

	err = trace_writer_open(path, &meta, &w);
	if (err) {
		assert_null(w);
		return err;
	}
	err = trace_write_list(w, &list);
	if (!err)
		err = trace_write_blocks(w, &blocks);
	if (!err)
		err = trace_write_pcp(w, &pcp);
	if (!err)
		err = trace_write_events(w, ev, NR_EVENTS);
	if (!err)
		err = trace_write_stats(w, &stats);
	if (!err)
		return trace_writer_close(w);
	trace_writer_abandon(w); /* no end mark: the file says that it was cut */
	return err;
}

static void check_events(const struct trace_event *got, const struct trace_event *want, size_t n)
{
	for (; n; n--, got++, want++) {
		assert_int_equal(got->ts, want->ts);
		assert_int_equal(got->pfn, want->pfn);
		assert_int_equal(got->cpu, want->cpu);
		assert_int_equal(got->type, want->type);
		assert_int_equal(got->order, want->order);
		assert_int_equal(got->mt, want->mt);
	}
}

/* Return: 0 if @file was read to the end or to a cut, with the number of events. */
static int read_trace(const char *file, uint64_t *events, enum trace_item_kind *end)
{
	struct trace_reader *r = NULL;
	struct trace_item item;
	int err;

	*events = 0;
	err = trace_open(file, &r, NULL, 0);
	if (err) {
		assert_null(r);
		return err;
	}
	do {
		err = trace_next(r, &item);
		if (!err && item.kind == TRACE_EVENTS) {
			check_events(item.events.ev, ev + item.events.first, item.events.n);
			*events += item.events.n;
		}
	} while (!err && item.kind != TRACE_END && item.kind != TRACE_CUT);
	*end = item.kind;
	trace_close(r);
	return err;
}

static void each_failing_call_of_the_writer_is_reported(void **state)
{
	enum trace_item_kind end;
	uint64_t events;
	int n, err, injected, before;

	(void)state;
	for (n = 0; n < MOST_CALLS; n++) {
		unlink(path);
		unlink(old);
		assert_int_equal(write_trace(), 0); /* what a new trace must not lose */
		before = nr_fds();
		fault_arm(n);
		err = write_trace();
		injected = fault_disarm();
		assert_int_equal(nr_fds(), before);
		if (!injected)
			break;
		if (err != -injected)
			fail_msg("call %d failed with %d, the writer said %d", n, injected, err);

		/* The old file is where it was, or beside. */
		assert_int_equal(read_trace(access(old, F_OK) ? path : old, &events, &end), 0);
		assert_int_equal(events, NR_EVENTS);
		if (access(old, F_OK))
			continue;
		err = access(path, F_OK) ? 0 : read_trace(path, &events, &end);
		/* Nothing at all, no whole header, or whole chunks; never damage after them. */
		if (err && err != -EBADMSG)
			fail_msg("call %d left a file that reads with %d", n, err);
		if (!err && !access(path, F_OK) && injected != EIO && end != TRACE_CUT)
			fail_msg("call %d was lost, yet the file says it is complete", n);
		if (err)
			assert_int_equal(events, 0);
	}
	assert_int_equal(err, 0);
	assert_in_range(n, 10, MOST_CALLS - 1);
}

static void each_failing_call_of_the_reader_is_reported(void **state)
{
	enum trace_item_kind end;
	uint64_t events;
	int n, err, injected, before = nr_fds();

	(void)state;
	assert_int_equal(write_trace(), 0);
	for (n = 0; n < MOST_CALLS; n++) {
		fault_arm(n);
		err = read_trace(path, &events, &end);
		injected = fault_disarm();
		assert_int_equal(nr_fds(), before);
		if (!injected)
			break;
		if (err != -injected)
			fail_msg("call %d failed with %d, the reader said %d", n, injected, err);
	}
	assert_int_equal(err, 0);
	assert_int_equal(end, TRACE_END);
	assert_int_equal(events, NR_EVENTS);
	assert_in_range(n, 10, MOST_CALLS - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_failing_call_of_the_writer_is_reported),
		cmocka_unit_test(each_failing_call_of_the_reader_is_reported),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
