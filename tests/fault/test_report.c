/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every allocation and read of a report fails once, each on its own: the caller must hear of
 * it, and nothing half-built may be touched.  Under SAN=1 a leak fails the test too.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "tools/report.h"

#define MOST_CALLS 2000

static char path[] = "/tmp/buddyscope-report-XXXXXX";
static FILE *null;
static struct report rep;

static struct trace_meta meta = {
	.kernel = "6.12.117",
	.page_shift = 12,
	.nr_orders = 11,
	.pageblock_order = 9,
	.cpus = 1,
	.nr_mt = 3,
	.mt = { "Unmovable", "Movable", "Reclaimable" },
	.nr_zones = 2,
	.zone = { { .id = 0, .name = "DMA", .start_pfn = 0, .spanned = 4096, .managed = 4096 },
		  { .id = 1,
		    .name = "Normal",
		    .start_pfn = 4096,
		    .spanned = 4096,
		    .managed = 4096 } },
};

static int write_trace(void)
{
	static const uint64_t pfns[] = { 4099, 4105 };
	static const struct trace_event ev[] = {
		{ .type = EV_ZONE_ALLOC, .ts = 1000, .pfn = 4099, .mt = 1 },
		{ .type = EV_ALLOC, .ts = 1000, .pfn = 4099, .mt = 1, .arg = 8, .pid = 7 },
		{ .type = EV_RECLAIM_BEGIN, .ts = 2000, .arg = 8, .pid = 7 },
		{ .type = EV_RECLAIM_END, .ts = 3000, .pid = 7 },
	};
	const struct trace_list list = { .mt = 1, .zone = 1, .pfn = pfns, .n = 2 };
	struct trace_pair pair = { .name = (char *)"recursion_misses:x", .value = 2 };
	const struct trace_pairs stats = { .v = &pair, .n = 1 };
	struct trace_writer *w;

	if (trace_writer_open(path, &meta, &w))
		return -1;
	if (trace_write_list(w, &list) || trace_write_events(w, ev, sizeof(ev) / sizeof(ev[0])) ||
	    trace_write_stats(w, &stats)) {
		trace_writer_abandon(w);
		return -1;
	}
	return trace_writer_close(w);
}

static int set_up(void **state)
{
	char old[sizeof(path) + 4];
	int fd = mkstemp(path);

	(void)state;
	if (fd < 0)
		return -1;
	close(fd);
	null = fopen("/dev/null", "w");
	if (!null || write_trace())
		return -1;
	snprintf(old, sizeof(old), "%s.old", path); /* the empty file was moved there */
	return unlink(old);
}

static int tear_down(void **state)
{
	(void)state;
	fclose(null);
	return unlink(path);
}

/* Return: what the first step that failed returned. */
static int report(void)
{
	struct trace_reader *reader;
	char why[256] = "";
	int err;

	memset(&rep, 0, sizeof(rep));
	err = trace_open(path, &reader, why, sizeof(why));
	if (err)
		return err;
	err = report_collect(&rep, reader, NULL, 0, why, sizeof(why));
	assert_int_equal(!err, !*why);
	if (!err)
		err = report_text(&rep, null, 20);
	if (!err)
		err = report_csv(&rep, null, 20);
	if (!err)
		err = report_html(&rep, null, 20);
	report_free(&rep);
	trace_close(reader);
	return err;
}

static void each_failure_is_told(void **state)
{
	int n, err, failed;

	(void)state;
	assert_int_equal(report(), 0);
	for (n = 0; n < MOST_CALLS; n++) {
		fault_arm(n);
		err = report();
		failed = fault_disarm();
		if (!failed)
			break;
		if (err >= 0)
			fail_msg("call %d failed with %d and nobody was told", n, failed);
	}
	assert_int_equal(err, 0);
	assert_in_range(n, 20, MOST_CALLS - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_failure_is_told),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
