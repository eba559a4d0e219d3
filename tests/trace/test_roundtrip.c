/* SPDX-License-Identifier: GPL-2.0-only */
/* What is written is read back, at the extremes too; what cannot be stored is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sample.h"
#include "tools/verify.h"

static struct trace_meta meta;

static int set_up(void **state)
{
	(void)state;
	sample_meta(&meta);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sample_meta_free(&meta);
	sample_clean_up();
	return 0;
}

static struct trace_writer *begin(const char *path)
{
	struct trace_writer *w = NULL;

	assert_int_equal(trace_writer_open(path, &meta, &w), 0);
	return w;
}

static void assert_same_pairs(const struct trace_pairs *a, const struct trace_pairs *b)
{
	size_t i;

	assert_int_equal(a->n, b->n);
	for (i = 0; i < a->n; i++) {
		assert_string_equal(a->v[i].name, b->v[i].name);
		assert_int_equal(a->v[i].value, b->v[i].value);
		assert_int_equal(!a->v[i].text, !b->v[i].text);
		if (a->v[i].text)
			assert_string_equal(a->v[i].text, b->v[i].text);
	}
}

static void meta_comes_back(void **state)
{
	const char *path = sample_path("meta.pgt");
	struct trace_meta a = meta, b;
	struct trace_reader *r;

	(void)state;
	assert_int_equal(sample_write(path, &meta, 1), 0);
	assert_int_equal(trace_open(path, &r, NULL, 0), 0);
	b = *trace_meta(r);
	assert_same_pairs(&a.gfp, &b.gfp);
	assert_same_pairs(&a.sysctl, &b.sysctl);
	assert_same_pairs(&a.sites, &b.sites);
	a.gfp = a.sysctl = a.sites = b.gfp = b.sysctl = b.sites = (struct trace_pairs){ 0 };
	assert_memory_equal(&a, &b, sizeof(a));
	trace_close(r);
}

static void assert_same_event(const struct trace_event *a, const struct trace_event *b)
{
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->ts, b->ts);
	assert_int_equal(a->pfn, b->pfn);
	assert_int_equal(a->arg, b->arg);
	assert_int_equal(a->pid, b->pid);
	assert_int_equal(a->cpu, b->cpu);
	assert_int_equal(a->order, b->order);
	assert_int_equal(a->mt, b->mt);
	assert_int_equal(a->bits, b->bits);
}

static void every_event_type_comes_back(void **state)
{
	static struct trace_event ev[SAMPLE_EVENTS];
	size_t n = sample_events(&meta, ev), got = 0, i;
	const char *path = sample_path("events.pgt");
	struct trace_item item;
	struct trace_reader *r;

	(void)state;
	assert_int_equal(sample_write(path, &meta, 1), 0);
	assert_int_equal(trace_open(path, &r, NULL, 0), 0);
	do {
		assert_int_equal(trace_next(r, &item), 0);
		if (item.kind != TRACE_EVENTS)
			continue;
		for (i = 0; i < item.events.n; i++)
			assert_same_event(&item.events.ev[i], &ev[got++]);
	} while (item.kind != TRACE_END);
	assert_int_equal(got, n);
	assert_int_equal(trace_next(r, &item), 0);
	assert_int_equal(item.kind, TRACE_END);
	trace_close(r);
}

static void snapshots_come_back(void **state)
{
	const char *path = sample_path("snapshot.pgt");
	struct trace_item item;
	struct trace_reader *r;

	(void)state;
	assert_int_equal(sample_write(path, &meta, 1), 0);
	assert_int_equal(trace_open(path, &r, NULL, 0), 0);
	assert_int_equal(trace_next(r, &item), 0);
	assert_int_equal(item.kind, TRACE_LIST);
	assert_int_equal(item.list.at, TRACE_AT_BEGIN);
	assert_int_equal(item.list.zone, 1);
	assert_int_equal(item.list.mt, 7);
	assert_int_equal(item.list.n, 5);
	assert_int_equal(item.list.pfn[1], EV_PFN_NONE - 1);
	assert_int_equal(item.list.pfn[4], 5000);
	assert_int_equal(trace_next(r, &item), 0);
	assert_int_equal(item.list.order, 10);
	assert_int_equal(item.list.pfn[1], 102400);
	assert_int_equal(trace_next(r, &item), 0);
	assert_int_equal(item.list.n, 0);
	assert_int_equal(trace_next(r, &item), 0);
	assert_int_equal(item.kind, TRACE_BLOCKS);
	assert_int_equal(item.blocks.first_pfn, 4096);
	assert_memory_equal(item.blocks.mt, "\0\1\1\1\7\xff\xff", 7);
	assert_int_equal(trace_next(r, &item), 0);
	assert_int_equal(trace_next(r, &item), 0);
	assert_int_equal(item.kind, TRACE_PAGES);
	assert_int_equal(item.pages.at, TRACE_AT_BEGIN);
	assert_int_equal(item.pages.zone, 1);
	assert_int_equal(item.pages.first_pfn, 4096);
	assert_int_equal(item.pages.n, 7);
	assert_memory_equal(item.pages.use, "\0\1\1\1\3\2\2", 7);
	assert_int_equal(trace_next(r, &item), 0);
	assert_int_equal(item.kind, TRACE_PCP);
	assert_int_equal(item.pcp.cpu, (1 << EV_CPU_BITS) - 1);
	assert_int_equal(item.pcp.count, INT64_MAX - 1);
	assert_int_equal(item.pcp.high, 0);
	assert_int_equal(trace_next(r, &item), 0);
	assert_int_equal(item.pcp.count, -1);
	assert_int_equal(trace_next(r, &item), 0);
	assert_int_equal(item.kind, TRACE_CPU);
	assert_int_equal(item.cpu.zone, 1);
	assert_int_equal(item.cpu.cpu, (1 << EV_CPU_BITS) - 1);
	assert_int_equal(item.cpu.event, INT64_MAX);
	assert_int_equal(item.cpu.free_factor, 6);
	assert_int_equal(item.cpu.threshold, INT64_MAX - 1);
	assert_int_equal(item.cpu.delta, INT8_MIN);
	assert_int_equal(trace_next(r, &item), 0);
	assert_int_equal(item.cpu.flags, -1);
	assert_int_equal(item.cpu.delta, TRACE_NO_DELTA);
	trace_close(r);
}

/* More events than a chunk holds, in uneven calls; numbered through. */
static void long_streams_come_back(void **state)
{
	const char *path = sample_path("long.pgt");
	struct trace_writer *w = begin(path);
	struct verify_result res;
	struct sample_digest d;
	struct trace_event ev[1000];
	uint64_t i, n = 0;
	size_t k;

	(void)state;
	while (n < 200000) {
		for (k = 0; k < 1000 - n % 7; k++) {
			i = n + k;
			ev[k] = (struct trace_event){ .ts = i / 256 * 1000,
						      .pfn = i * i % 65536,
						      .cpu = i / 50 % 3,
						      .type = EV_ZONE_ALLOC,
						      .mt = i % 3,
						      .bits = EV_REFILL };
		}
		assert_int_equal(trace_write_events(w, ev, k), 0);
		n += k;
	}
	ev[0] = (struct trace_event){ .type = EV_LOST, .arg = UINT32_MAX };
	ev[1] = ev[0];
	assert_int_equal(trace_write_events(w, ev, 2), 0);
	assert_int_equal(trace_writer_close(w), 0);
	assert_int_equal(sample_read(path, &d), 0);
	assert_int_equal(d.last, TRACE_END);
	assert_int_equal(d.events, n + 2);
	assert_int_equal(verify_file(path, &res), 0);
	assert_int_equal(res.events, n + 2);
	assert_int_equal(res.lost, 2ULL * UINT32_MAX);
}

static void the_second_reader_agrees(void **state)
{
	const char *path = sample_path("verify.pgt");
	struct verify_result res;
	struct sample_digest d;

	(void)state;
	assert_int_equal(sample_write(path, &meta, 1), 0);
	assert_int_equal(sample_read(path, &d), 0);
	assert_int_equal(verify_file(path, &res), 0);
	assert_string_equal(res.why, "");
	assert_int_equal(res.events, d.events);
}

static void a_killed_writer_leaves_whole_chunks(void **state)
{
	const char *path = sample_path("killed.pgt");
	struct verify_result res;
	struct sample_digest d;

	(void)state;
	assert_int_equal(sample_write(path, &meta, 0), 0);
	assert_int_equal(sample_read(path, &d), 0);
	assert_int_equal(d.last, TRACE_CUT);
	assert_true(d.events > 0);
	assert_non_null(strstr(d.why, "no end mark"));
	assert_int_equal(verify_file(path, &res), -EBADMSG);
}

static void bad_events_are_refused(void **state)
{
	const struct trace_event good = { .type = EV_ZONE_ALLOC, .pfn = 1 };
	struct trace_event bad[] = { good, good, good, good, good, good, good, good, good, good };
	struct trace_writer *w = begin(sample_path("refused.pgt"));
	struct sample_digest d;
	size_t i;

	(void)state;
	bad[0].type = 0;
	bad[1].type = EV_NR_TYPES;
	bad[2].type = 255;
	bad[3].order = 11;
	bad[4].mt = 8;
	bad[5].mt = TRACE_MT_NONE;
	bad[6].pfn = EV_PFN_NONE;
	bad[7].cpu = 1 << EV_CPU_BITS;
	bad[8].ts = 1ULL << 63;
	bad[9].type = EV_FALLBACK;
	bad[9].arg = trace_fallback_arg(11, 0);
	assert_int_equal(trace_write_events(w, &good, 1), 0);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(trace_write_events(w, &bad[i], 1), -EINVAL);
	assert_int_equal(trace_writer_close(w), 0);
	assert_int_equal(sample_read(sample_path("refused.pgt"), &d), 0);
	assert_int_equal(d.events, 1);
}

static void bad_snapshots_are_refused(void **state)
{
	const uint64_t pfn = 4096, none = EV_PFN_NONE;
	const uint8_t type = 8;
	struct trace_writer *w = begin(sample_path("snapshots.pgt"));

	(void)state;
	assert_int_equal(trace_write_list(w, &(struct trace_list){ 0, 2, 0, 0, &pfn, 1 }), -EINVAL);
	assert_int_equal(trace_write_list(w, &(struct trace_list){ 0, 1, 11, 0, &pfn, 1 }),
			 -EINVAL);
	assert_int_equal(trace_write_list(w, &(struct trace_list){ 0, 1, 0, 8, &pfn, 1 }), -EINVAL);
	assert_int_equal(trace_write_list(w, &(struct trace_list){ 2, 1, 0, 0, &pfn, 1 }), -EINVAL);
	assert_int_equal(trace_write_list(w, &(struct trace_list){ 0, 1, 0, 0, &none, 1 }),
			 -EINVAL);
	assert_int_equal(trace_write_blocks(w, &(struct trace_blocks){ 0, 1, 0, &type, 1 }),
			 -EINVAL);
	assert_int_equal(trace_write_pcp(w, &(struct trace_pcp){ .zone = 1, .cpu = 1 << 14 }),
			 -EINVAL);
	assert_int_equal(trace_write_pages(w, &(struct trace_pages){ .zone = 2 }), -EINVAL);
	assert_int_equal(
		trace_write_pages(w, &(struct trace_pages){ .use = (uint8_t[]){ TRACE_NR_USES },
							    .n = 1 }),
		-EINVAL);
	assert_int_equal(trace_write_pages(w, &(struct trace_pages){ .first_pfn = EV_PFN_NONE }),
			 -EINVAL);
	assert_int_equal(trace_write_cpu(w, &(struct trace_cpu){ .zone = 2 }), -EINVAL);
	assert_int_equal(trace_write_cpu(w, &(struct trace_cpu){ .flags = -2 }), -EINVAL);
	assert_int_equal(trace_write_cpu(w, &(struct trace_cpu){ .delta = INT8_MAX + 1 }), -EINVAL);
	assert_int_equal(trace_write_cpu(w, &(struct trace_cpu){ .delta = INT8_MIN - 1 }), -EINVAL);
	assert_int_equal(trace_writer_close(w), 0);
}

static void bad_meta_is_refused(void **state)
{
	const char *path = sample_path("bad-meta.pgt");
	struct trace_writer *w;
	struct trace_meta bad = meta;

	(void)state;
	bad.nr_orders = 16;
	assert_int_equal(trace_writer_open(path, &bad, &w), -EINVAL);
	bad = meta;
	bad.pageblock_order = 11;
	assert_int_equal(trace_writer_open(path, &bad, &w), -EINVAL);
	bad = meta;
	bad.zone[1].id = 7;
	assert_int_equal(trace_writer_open(path, &bad, &w), -EINVAL);
	bad = meta;
	bad.nr_zones = TRACE_MAX_ZONES + 1;
	assert_int_equal(trace_writer_open(path, &bad, &w), -EINVAL);
}

static void bytes_that_are_not_text_are_kept_out(void **state)
{
	const char *path = sample_path("bytes.pgt");
	struct trace_meta odd = meta;
	struct trace_writer *w;
	struct trace_reader *r;

	(void)state;
	memcpy(odd.command, "a\xff\xfe", 4);
	assert_int_equal(trace_writer_open(path, &odd, &w), 0);
	assert_int_equal(trace_writer_close(w), 0);
	assert_int_equal(trace_open(path, &r, NULL, 0), 0);
	assert_string_equal(trace_meta(r)->command, "a??");
	trace_close(r);
}

static void the_old_file_is_kept(void **state)
{
	const char *path = sample_path("kept.pgt"), *old = sample_path("kept.pgt.old");
	struct sample_digest d;
	struct stat st;

	(void)state;
	assert_int_equal(sample_write(path, &meta, 1), 0);
	assert_int_equal(stat(old, &st), -1);
	assert_int_equal(trace_writer_close(begin(path)), 0);
	assert_int_equal(sample_read(old, &d), 0);
	assert_true(d.events > 0);
	assert_int_equal(sample_read(path, &d), 0);
	assert_int_equal(d.events, 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_full_disk_is_told(void **state)
{
	struct trace_writer *w = NULL;

	(void)state;
	if (access("/dev/full", W_OK))
		skip();
	assert_int_equal(trace_writer_open("/dev/full", &meta, &w), -ENOSPC);
	assert_null(w);
}

static void lists_beyond_a_record_come_in_parts(void **state)
{
	const char *path = sample_path("huge.pgt");
	size_t n = (1u << 23) + 5, i, got = 0;
	uint64_t *pfn = malloc(n * sizeof(*pfn));
	struct trace_writer *w = begin(path);
	struct verify_result res;
	struct trace_item item;
	struct trace_reader *r;

	(void)state;
	assert_non_null(pfn);
	for (i = 0; i < n; i++)
		pfn[i] = 4096 + i;
	assert_int_equal(trace_write_list(w, &(struct trace_list){ 0, 1, 0, 0, pfn, n }), 0);
	assert_int_equal(trace_writer_close(w), 0);
	assert_int_equal(trace_open(path, &r, NULL, 0), 0);
	while (!trace_next(r, &item) && item.kind == TRACE_LIST) {
		assert_memory_equal(item.list.pfn, pfn + got, item.list.n * sizeof(*pfn));
		got += item.list.n;
	}
	assert_int_equal(item.kind, TRACE_END);
	assert_int_equal(got, n);
	trace_close(r);
	assert_int_equal(verify_file(path, &res), 0);
	free(pfn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(meta_comes_back),
		cmocka_unit_test(every_event_type_comes_back),
		cmocka_unit_test(snapshots_come_back),
		cmocka_unit_test(long_streams_come_back),
		cmocka_unit_test(the_second_reader_agrees),
		cmocka_unit_test(a_killed_writer_leaves_whole_chunks),
		cmocka_unit_test(bad_events_are_refused),
		cmocka_unit_test(bad_snapshots_are_refused),
		cmocka_unit_test(bad_meta_is_refused),
		cmocka_unit_test(bytes_that_are_not_text_are_kept_out),
		cmocka_unit_test(the_old_file_is_kept),
		cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(lists_beyond_a_record_come_in_parts),
	};

	return cmocka_run_group_tests_name("roundtrip", tests, set_up, tear_down);
}
