/* SPDX-License-Identifier: GPL-2.0-only */
/* What a what-if run leaves out of a recording: what the recorded kernel did of its own accord. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/pa_request.h"
#include "tools/request.h"

#include "machine.h"

#define NORMAL 8192 /* the zone that requests prefer starts here; 2048 frames */
#define GFP_HARDWALL 0x10u
#define GFP_WRITE 0x20u
#define GFP_CACHE (GFP_HARDWALL | GFP_WRITE)
#define CACHE 1024 /* pages of the page cache */
#define TICK 256   /* events of one reading of the clock */

static void emit(struct machine *m, unsigned int type, uint64_t pfn, uint32_t arg)
{
	struct trace_event *ev = machine_emit(
		m, (struct trace_event){ .type = type, .pfn = pfn, .mt = K_MOVABLE, .arg = arg });

	ev->ts = 1000000 + m->n / TICK * 1000;
}

/* CPU 0 has @n pages for the page cache, one after the other. */
static void begin(struct machine *m, uint64_t n)
{
	machine_init(m, "6.12");
	assert_int_equal(trace_pairs_add(&m->meta.gfp, "__GFP_HARDWALL", GFP_HARDWALL, NULL), 0);
	assert_int_equal(trace_pairs_add(&m->meta.gfp, "__GFP_WRITE", GFP_WRITE, NULL), 0);
	machine_begin(m);
	for (uint64_t i = 0; i < n; i++)
		emit(m, EV_ALLOC, NORMAL + i, GFP_CACHE);
}

static struct trace_item begin_list(const struct machine *m, size_t i)
{
	return (struct trace_item){ .kind = TRACE_LIST, .list = m->begin[i].list };
}

static struct trace_item events(const struct machine *m)
{
	return (struct trace_item){ .kind = TRACE_EVENTS,
				    .events = { .ev = m->ev, .n = m->n, .first = 0 } };
}

struct outcome {
	struct request_result res;
	uint64_t reclaimable, free;
};

static void finish(struct request *r, struct outcome *out)
{
	struct pa_zone_state state;

	assert_int_equal(request_finish(r), 0);
	memset(out, 0, sizeof(*out));
	out->res = *request_result(r);
	assert_null(out->res.unsound);
	for (uint32_t zone = 0; zone < 2; zone++) {
		assert_int_equal(pa_zone_get(request_state(r), zone, &state), 0);
		out->reclaimable += state.reclaimable;
		for (unsigned int order = 0; order < 11; order++)
			out->free += pa_nr_free(request_state(r), zone, order) << order;
	}
	request_close(r);
}

/* @told: what pages are in use for; of no pages if there is nothing to tell. */
static struct request *open_run(const struct machine *m, const struct trace_item *told)
{
	const struct request_options opt = { .what_if = true, .check = true };
	struct trace_item item;
	struct request *r;
	char why[256];

	assert_int_equal(request_open(&m->meta, &opt, &r, why, sizeof(why)), 0);
	for (size_t i = 0; i < m->nr_begin; i++) {
		item = begin_list(m, i);
		assert_int_equal(request_item(r, &item), 0);
	}
	assert_int_equal(request_item(r, told), 0);
	return r;
}

/* Event by event, and from a script: both come to the same. */
static void run_told(struct machine *m, const struct trace_pages *pages, struct outcome *out)
{
	struct trace_item item[] = { { .kind = TRACE_PAGES, .pages = *pages }, events(m) };
	struct request_script *script;
	struct outcome again;
	struct request *r = open_run(m, &item[0]);
	size_t n, at = 0;
	char why[256];

	assert_int_equal(request_item(r, &item[1]), 0);
	finish(r, out);
	assert_int_equal(request_script_make(&m->meta, item, 2, &script, why, sizeof(why)), 0);
	n = request_script_steps(script);
	assert_in_range(n, 1, 2 * m->n); /* an event may come to more than one */
	r = open_run(m, &item[0]);
	while (at < n)
		at = request_play(r, script, at, 100);
	assert_int_equal(request_play(r, script, at, 100), n);
	finish(r, &again);
	assert_int_equal(again.res.events, m->n);
	assert_memory_equal(&again, out, sizeof(again));
	request_script_free(script);
	machine_free(m);
}

static void run(struct machine *m, struct outcome *out)
{
	run_told(m, &(struct trace_pages){ .first_pfn = NORMAL }, out);
}

/*
 * Pages that are older than the trace: reclaim can take those of files, and the recorded one's is left
 * out for them as well; what is anonymous goes when it is freed, and takes no part in that.
 */
static void adopts_what_is_older(void **state)
{
	uint8_t uses[1024];
	struct outcome out;
	struct machine m;

	(void)state;
	for (int use = 0; use < TRACE_NR_USES; use++) {
		memset(uses, use, sizeof(uses));
		machine_init(&m, "6.12");
		assert_int_equal(pa_isolate(m.pa, NORMAL, 10), 0);
		machine_begin(&m);
		emit(&m, EV_KSWAPD_WAKE, 0, 0);
		for (uint64_t i = 0; i < 256; i++)
			emit(&m, EV_FREE, NORMAL + i, 0);
		run_told(&m, &(struct trace_pages){ TRACE_AT_BEGIN, 1, NORMAL, uses, 1024 }, &out);
		assert_int_equal(out.reclaimable, use == TRACE_USE_FILE ? 1024 : 0);
		assert_int_equal(out.res.frees, use == TRACE_USE_FILE ? 0 : 256);
		assert_int_equal(out.res.frees_before,
				 use == TRACE_USE_OTHER || use == TRACE_USE_LARGE ? 256 : 0);
		assert_int_equal(out.res.frees_unknown, 0);
	}
}

/* Frees in the order of age while kswapd is awake are reclaim's: the core has not reclaimed. */
static void leaves_reclaim_out(void **state)
{
	struct outcome out;
	struct machine m;

	(void)state;
	for (int awake = 0; awake < 2; awake++) {
		begin(&m, CACHE);
		emit(&m, awake ? EV_KSWAPD_WAKE : EV_KSWAPD_SLEEP, 0, 0);
		for (uint64_t i = 0; i < 256; i++)
			emit(&m, EV_FREE, NORMAL + i, 0);
		run(&m, &out);
		assert_int_equal(out.reclaimable, awake ? CACHE : CACHE - 256);
		assert_int_equal(out.res.frees, awake ? 0 : 256);
	}
}

/* A file is truncated by its offsets, which have nothing to do with age: these are frees. */
static void keeps_truncation(void **state)
{
	struct outcome out;
	struct machine m;

	(void)state;
	begin(&m, CACHE);
	emit(&m, EV_KSWAPD_WAKE, 0, 0);
	for (uint64_t i = 0; i < 512; i++) /* chunks of 16, far apart */
		emit(&m, EV_FREE, NORMAL + (i / 16 * 336 + i % 16) % CACHE, 0);
	run(&m, &out);
	assert_int_equal(out.res.frees, 512);
	assert_int_equal(out.reclaimable, CACHE - 512);
}

/* Inside direct reclaim all page cache that goes is reclaim's, what else goes is not. */
static void knows_direct_reclaim(void **state)
{
	struct outcome out;
	struct machine m;

	(void)state;
	begin(&m, CACHE);
	emit(&m, EV_ALLOC, NORMAL + CACHE, GFP_MOVABLE);
	emit(&m, EV_RECLAIM_BEGIN, 0, 0);
	emit(&m, EV_FREE, NORMAL + 700, 0);
	emit(&m, EV_FREE, NORMAL + CACHE, 0);
	emit(&m, EV_RECLAIM_END, 0, 0);
	emit(&m, EV_FREE, NORMAL + 500, 0);
	run(&m, &out);
	assert_int_equal(out.res.frees, 2);
	assert_int_equal(out.reclaimable, CACHE - 1);
}

/*
 * A file that goes takes its share of what was evicted before: no event tells of those pages, which
 * the core still has.
 */
static void drops_with_the_file(void **state)
{
	struct outcome out;
	struct machine m;

	(void)state;
	for (uint64_t parts = 1; parts <= 2; parts++) {
		begin(&m, CACHE);
		emit(&m, EV_KSWAPD_WAKE, 0, 0);
		for (uint64_t i = 0; i < 256; i++)
			emit(&m, EV_FREE, NORMAL + i, 0);
		emit(&m, EV_KSWAPD_SLEEP, 0, 0);
		for (uint64_t i = 256; i < 256 + (CACHE - 256) / parts; i++)
			emit(&m, EV_FREE, NORMAL + i, 0);
		run(&m, &out);
		if (parts == 1)
			assert_int_equal(out.reclaimable, 0);
		else
			assert_in_range(out.reclaimable, CACHE / 2 - 2, CACHE / 2 + 2);
		assert_int_equal(out.res.reclaimed, 0);
	}
}

/* Compaction takes the core's kcompactd as long as it took the recorded one. */
static void takes_the_pace(void **state)
{
	struct outcome out[2];
	struct machine m;

	(void)state;
	for (int slow = 0; slow < 2; slow++) {
		begin(&m, 0);
		for (uint64_t i = 0; i < CACHE + 512; i++)
			emit(&m, EV_ALLOC, NORMAL + i, GFP_CACHE | GFP_MOVABLE);
		assert_int_equal(trace_pairs_add(&m.meta.sysctl, "vm.compaction_proactiveness", 100,
						 NULL),
				 0);
		for (uint64_t i = 0; i < CACHE + 512; i += 2) /* in pieces: there is work */
			emit(&m, EV_FREE, NORMAL + i, 0);
		emit(&m, EV_COMPACT_BEGIN, NORMAL, 0);
		emit(&m, EV_COMPACT_MIGRATE, NORMAL + 1536, 256);
		m.ev[m.n - 1].ts += slow ? 450000000 : 1000;
		emit(&m, EV_COMPACT_END, NORMAL, 5);
		m.ev[m.n - 1].ts += slow ? 450000000 : 1000;
		emit(&m, EV_ALLOC, NORMAL + 1600, GFP_MOVABLE);
		m.ev[m.n - 1].ts += 540000000;
		run(&m, &out[slow]);
	}
	assert_true(out[0].res.moved > out[1].res.moved);
	assert_true(out[1].res.moved > 0);
}

/*
 * Folios for which the core's compaction finds no room are split, their pages wherever they are; they
 * are given back, or evicted, all the same.
 */
static void follows_split_folios(void **state)
{
	const uint64_t folios = 64, pages = 2048 - 4 * folios;
	struct outcome out;
	struct machine m;

	(void)state;
	for (int evicted = 0; evicted < 2; evicted++) {
		begin(&m, 0);
		assert_int_equal(trace_pairs_add(&m.meta.sysctl, "vm.compaction_proactiveness", 100,
						 NULL),
				 0);
		for (uint64_t i = 0; i < folios; i++) {
			emit(&m, EV_ALLOC, NORMAL + 4 * i, GFP_CACHE | GFP_MOVABLE);
			m.ev[m.n - 1].order = 2;
		}
		for (uint64_t i = 0; i < pages; i++)
			emit(&m, EV_ALLOC, NORMAL + 4 * folios + i, GFP_CACHE | GFP_MOVABLE);
		for (uint64_t i = 0; i < pages; i += 2)
			emit(&m, EV_FREE, NORMAL + 4 * folios + i, 0);
		for (int i = 0; i < 2 * TICK; i++) /* the clock is read */
			emit(&m, EV_KSWAPD_SLEEP, 0, 0);
		m.ev[m.n - 1].ts += 600000000;
		if (evicted)
			emit(&m, EV_RECLAIM_BEGIN, 0, 0);
		for (uint64_t i = 0; i < folios; i++) {
			emit(&m, EV_FREE, NORMAL + 4 * i, 0);
			m.ev[m.n - 1].order = 2;
			m.ev[m.n - 1].ts += 600000000;
		}
		run(&m, &out);
		assert_true(out.res.moved > 0);
		assert_int_equal(out.res.frees_unknown, 0);
		assert_int_equal(out.reclaimable, pages / 2 + (evicted ? 4 * folios : 0));
	}
}

/* What a compactor isolated and frees lives on at its target, and is given back there. */
static void follows_migration(void **state)
{
	struct outcome out;
	struct machine m;

	(void)state;
	for (int given = 0; given < 2; given++) {
		begin(&m, CACHE);
		emit(&m, EV_ISOLATE, NORMAL + 1536, 0);
		emit(&m, EV_COMPACT_MIGRATE, NORMAL + 8, 1); /* one page, in that pageblock */
		emit(&m, EV_FREE, NORMAL + 600, 0);	     /* another pageblock: given back */
		emit(&m, EV_FREE, NORMAL + 10, 0);	     /* moved */
		emit(&m, EV_FREE, NORMAL + 11, 0);	     /* one was all: given back */
		if (given)
			emit(&m, EV_FREE, NORMAL + 1536, 0);
		run(&m, &out);
		assert_int_equal(out.reclaimable, CACHE - 2 - given);
	}
}

#define GFP_SLEEPS 0xc0u /* __GFP_DIRECT_RECLAIM and, with it, the rest of GFP_KERNEL */
#define DMA32 4096
#define FRAMES 6144

static void ask(struct machine *m, uint64_t pfn, uint32_t pid, uint32_t gfp)
{
	emit(m, EV_ALLOC, pfn, gfp);
	m->ev[m->n - 1].pid = pid;
}

/*
 * Where nothing is left the process with most pages of its own is killed: they are free, it asks for
 * nothing any more, and what the recording says of its pages is past.
 */
static void kills(void **state)
{
	static const char *const names[] = { "__GFP_DIRECT_RECLAIM", "__GFP_KSWAPD_RECLAIM",
					     "__GFP_IO", "__GFP_FS" };
	const uint32_t anonymous = GFP_MOVABLE | GFP_HARDWALL | GFP_SLEEPS;
	struct outcome out;
	struct machine m;

	(void)state;
	for (int larger = 10; larger <= 20; larger += 10) {
		begin(&m, 0);
		for (int i = 0; i < 4; i++)
			assert_int_equal(trace_pairs_add(&m.meta.gfp, names[i], GFP_SLEEPS, NULL),
					 0);
		for (uint64_t i = 0; i < FRAMES; i++) /* the last ones are below the min mark */
			ask(&m, DMA32 + i, (i < 4000) == (larger == 10) ? 10 : 20, anonymous);
		for (uint64_t i = 0; i < 8; i++)
			emit(&m, EV_FREE, DMA32 + i, 0);
		ask(&m, DMA32, 10, anonymous);
		ask(&m, DMA32 + 1, 20, anonymous);
		run(&m, &out);
		assert_int_equal(out.res.kills.core, 1);
		assert_int_equal(out.res.failed.core, 0);
		assert_int_equal(out.res.requests, FRAMES + 1);
		assert_int_equal(out.res.unasked, 1);
		assert_in_range(out.free, 4000 - 1 - 512,
				4000 - 1); /* lists of the CPU hold some */
	}
}

/* What a page cache or the kernel itself has does not go with a process: nobody is worth killing. */
static void spares(void **state)
{
	struct outcome out;
	struct machine m;

	(void)state;
	begin(&m, 0);
	assert_int_equal(trace_pairs_add(&m.meta.gfp, "__GFP_DIRECT_RECLAIM", GFP_SLEEPS, NULL), 0);
	assert_int_equal(trace_pairs_add(&m.meta.gfp, "__GFP_FS", GFP_SLEEPS, NULL), 0);
	for (uint64_t i = 0; i < FRAMES; i++)
		ask(&m, DMA32 + i, 10, GFP_SLEEPS);
	run(&m, &out);
	assert_int_equal(out.res.kills.core, 0);
	assert_in_range(out.res.failed.core, 1, 64);
}

/* What reclaim gives back within a request is drained as what is freed: pages come and go. */
static void counts_what_is_drained(void **state)
{
	struct outcome out;
	struct machine m;

	(void)state;
	begin(&m, 0);
	assert_int_equal(trace_pairs_add(&m.meta.gfp, "__GFP_DIRECT_RECLAIM", GFP_SLEEPS, NULL), 0);
	assert_int_equal(trace_pairs_add(&m.meta.gfp, "__GFP_FS", GFP_SLEEPS, NULL), 0);
	for (uint64_t i = 0; i < FRAMES; i++)
		ask(&m, DMA32 + i, 10, GFP_CACHE | GFP_SLEEPS);
	run(&m, &out);
	assert_int_equal(out.res.failed.core, 0);
	assert_in_range(out.res.drained.core, 1, FRAMES);
	assert_int_equal(out.free + out.res.refilled.core, FRAMES + out.res.drained.core);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adopts_what_is_older),
		cmocka_unit_test(leaves_reclaim_out),
		cmocka_unit_test(keeps_truncation),
		cmocka_unit_test(knows_direct_reclaim),
		cmocka_unit_test(follows_migration),
		cmocka_unit_test(follows_split_folios),
		cmocka_unit_test(drops_with_the_file),
		cmocka_unit_test(takes_the_pace),
		cmocka_unit_test(kills),
		cmocka_unit_test(spares),
		cmocka_unit_test(counts_what_is_drained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
