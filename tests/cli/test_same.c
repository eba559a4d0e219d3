/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The figures of the dashboard's screens are those of `replay --json` and `report --json` at the
 * same event: on every stored trace, at its end and on the way there.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <glob.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

static char where[256]; /* trace and event, for messages */
static json_t *top, *report, *replay;
static bool at_end;
static unsigned int compared;

static json_t *run(const char *args)
{
	const char *command = getenv("BUDDYSCOPE");
	json_error_t error;
	char line[1024];
	json_t *json;
	FILE *f;

	snprintf(line, sizeof(line), "%s %s", command ? command : "build/buddyscope", args);
	f = popen(line, "r");
	assert_non_null(f);
	json = json_loadf(f, 0, &error);
	if (!json)
		fail_msg("%s: %s", line, error.text);
	if (pclose(f) > 1 << 8) /* 1: kernel and core differ somewhere */
		fail_msg("%s failed", line);
	return json;
}

/* A member by names with dots; a missing one fails. */
static const json_t *get(const json_t *from, const char *path)
{
	char name[64];

	while (*path) {
		size_t n = strcspn(path, ".");

		snprintf(name, sizeof(name), "%.*s", (int)n, path);
		from = json_object_get(from, name);
		if (!from)
			fail_msg("%s: no member %s", where, path);
		path += n + (path[n] == '.');
	}
	return from;
}

static int64_t number(const json_t *from, const char *path)
{
	const json_t *v = get(from, path);

	return json_is_null(v) ? -1 : json_integer_value(v);
}

static bool is(const json_t *from, const char *path, const char *text)
{
	const json_t *v = get(from, path);

	return text ? json_is_string(v) && !strcmp(json_string_value(v), text) : json_is_null(v);
}

static void same(const char *what, int64_t shown, int64_t told)
{
	compared++;
	if (shown != told)
		fail_msg("%s: %s: top %" PRId64 ", the other %" PRId64, where, what, shown, told);
}

/* -------------------------------------------------------------------------
 * Overview
 */

static void core_and_counts(void)
{
	static const char *const core[] = { "picks",	       "picks_exact", "fallbacks",
					    "fallbacks_exact", "claims",      "claims_exact",
					    "repairs" };
	static const char *const closing[] = { "lists", "lists_exact_order", "final_blocks",
					       "final_blocks_exact" };
	static const struct {
		const char *shown, *told;
	} counts[] = {
		{ "events", "trace.events" },
		{ "lost", "loss.lost" },
		{ "kswapd_wakes", "pressure.kswapd_wakes" },
		{ "oom_kills", "pressure.oom_victims" },
		{ "direct_reclaimed", "pressure.pages_reclaimed_directly" },
		{ "compaction_migrated", "pressure.pages_compaction_took_to_move" },
	};
	const char *name;
	const json_t *v;
	char path[96];

	for (size_t i = 0; i < sizeof(core) / sizeof(core[0]); i++) {
		snprintf(path, sizeof(path), "core.%s", core[i]);
		same(path, number(top, path), number(replay, core[i]));
	}
	for (size_t i = 0; i < sizeof(closing) / sizeof(closing[0]); i++) {
		snprintf(path, sizeof(path), "core.%s", closing[i]);
		same(path, number(top, path), number(replay, closing[i]));
		assert_true((number(replay, closing[i]) >= 0) == at_end);
	}
	json_object_foreach((json_t *)get(replay, "classes"), name, v)
		same(name, json_integer_value(json_object_get(get(top, "core.classes"), name)),
		     number(v, "picks"));
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		snprintf(path, sizeof(path), "counts.%s", counts[i].shown);
		same(path, number(top, path), number(report, counts[i].told));
	}
	same("counts.fallbacks", number(top, "counts.fallbacks"), number(replay, "fallbacks"));
	if (at_end)
		same("missed", number(top, "counts.missed"), number(report, "loss.missed"));
}

static const json_t *shown_zone(const json_t *row)
{
	const json_t *z;
	size_t i;

	json_array_foreach(get(top, "zones"), i,
			   z) if (number(z, "node") == number(row, "node") &&
				  is(z, "name", json_string_value(get(row, "zone")))) return z;
	fail_msg("%s: top has no zone %s", where, json_string_value(get(row, "zone")));
	return NULL;
}

/* Free blocks of an order, all types. */
static int64_t free_blocks(const json_t *zone, const char *side, size_t order)
{
	const json_t *list;
	const char *type;
	int64_t n = 0;

	json_object_foreach((json_t *)get(zone, side), type, list) n +=
		json_integer_value(json_array_get(list, order));
	return n;
}

static void free_lists(void)
{
	static const char *const marks[] = { "managed", "min", "low", "high" };
	const json_t *row, *z;
	size_t i, m;

	json_array_foreach(get(report, "zones"), i, row)
	{
		z = shown_zone(row);
		for (m = 0; m < 4; m++)
			same(marks[m], number(z, marks[m]), number(row, marks[m]));
	}
	json_array_foreach(get(report, "free"), i, row)
	{
		size_t order = (size_t)number(row, "order");

		z = shown_zone(row);
		same("core's free blocks", free_blocks(z, "core", order), number(row, "end_core"));
		same("kernel's free blocks", free_blocks(z, "kernel", order),
		     json_integer_value(json_array_get(get(z, "blocks"), order)));
		if (at_end)
			same("kernel's closing blocks", free_blocks(z, "kernel", order),
			     number(row, "end_kernel"));
		else
			assert_true(json_is_null(get(row, "end_kernel")));
	}
	assert_true(i > 0);
}

/* -------------------------------------------------------------------------
 * Types and map
 */

static void requests(void)
{
	const json_t *row, *list;
	int64_t n, pages, high = 0, allocs = 0, failed = 0;
	const char *type;
	size_t i, o;

	json_array_foreach(get(report, "orders"), i, row)
	{
		n = 0;
		json_object_foreach((json_t *)get(top, "requests"), type, list) n +=
			json_integer_value(json_array_get(list, (size_t)number(row, "order")));
		same("requests of an order", n, number(row, "allocs"));
		allocs += number(row, "allocs");
		failed += number(row, "failed");
		high += number(row, "order") > 3 ? number(row, "allocs") : 0;
	}
	same("counts.allocs", number(top, "counts.allocs"), allocs);
	same("counts.failed", number(top, "counts.failed"), failed);
	same("counts.high_order_allocs", number(top, "counts.high_order_allocs"), high);
	json_array_foreach(get(report, "migratetypes"), i, row)
	{
		list = json_object_get(get(top, "requests"), json_string_value(get(row, "type")));
		assert_non_null(list);
		n = pages = 0;
		for (o = 0; o < json_array_size(list); o++) {
			n += json_integer_value(json_array_get(list, o));
			pages += json_integer_value(json_array_get(list, o)) << o;
		}
		same("requests of a type", n, number(row, "allocs"));
		same("pages of a type", pages, number(row, "pages"));
	}
}

static void pageblocks(void)
{
	const json_t *row, *z;
	const char *type;
	size_t i;

	json_array_foreach(get(report, "pageblocks"), i, row)
	{
		z = shown_zone(row);
		type = json_string_value(get(row, "type"));
		same("pageblocks", json_integer_value(json_object_get(get(z, "pageblocks"), type)),
		     number(row, "pageblocks"));
		same("mixed pageblocks", json_integer_value(json_object_get(get(z, "mixed"), type)),
		     number(row, "mixed"));
	}
	assert_true(i > 0);
}

/* -------------------------------------------------------------------------
 * Decisions, stalls, callers
 */

/* Fallbacks by types and order; all of them where top has not dropped any. */
static void decisions(void)
{
	const json_t *row, *d;
	int64_t claimed = 0, kept = 0, all = 0, n, shown = 0;
	size_t i, k;

	json_array_foreach(get(top, "decisions"), i, d) shown += !json_is_null(get(d, "from"));
	json_array_foreach(get(report, "fallbacks"), i, row)
	{
		claimed += number(row, "claimed");
		kept += number(row, "stolen");
		n = 0;
		json_array_foreach(get(top, "decisions"), k, d) n +=
			is(d, "type", json_string_value(get(row, "to"))) &&
			is(d, "from", json_string_value(get(row, "from"))) &&
			number(d, "from_order") == number(row, "order");
		all += number(row, "events");
		if (shown == number(top, "counts.fallbacks"))
			same("fallbacks of a kind", n,
			     number(row, "claimed") + number(row, "stolen") +
				     number(row, "not_told"));
	}
	same("claimed", number(top, "counts.claimed"), claimed);
	same("kept", number(top, "counts.kept"), kept);
	same("fallbacks", number(top, "counts.fallbacks"), all);
}

static void stalls(void)
{
	const json_t *row, *s;
	int64_t n, runs[2] = { 0, 0 }, done[2] = { 0, 0 };
	size_t i, k;

	json_array_foreach(get(report, "stalls"), i, row)
	{
		if (!is(row, "stall", "direct reclaim") || json_is_null(get(row, "order")))
			continue;
		n = 0;
		json_array_foreach(get(top, "stalls"), k,
				   s) if (is(s, "kind", "reclaim") &&
					  number(s, "order") == number(row, "order")) n +=
			number(s, "n");
		same("direct reclaims of an order", n, number(row, "count"));
	}
	json_array_foreach(get(report, "compaction"), i, row)
	{
		int direct = is(row, "by", "direct");

		runs[direct] += number(row, "runs");
		done[direct] += is(row, "outcome", "success") ? number(row, "runs") : 0;
	}
	json_array_foreach(get(top, "stalls"), k, s) if (!is(s, "kind", "reclaim"))
	{
		runs[is(s, "kind", "compact")] -= number(s, "n");
		done[is(s, "kind", "compact")] -= number(s, "done");
	}
	same("background runs", 0, runs[0]);
	same("direct runs", 0, runs[1]);
	same("successes", 0, done[0] + done[1]);
}

static void callers(void)
{
	const json_t *row, *c;
	size_t i, k, found = 0;

	json_array_foreach(get(report, "processes"), i, row)
	{
		if (json_is_null(get(row, "pid")))
			continue;
		json_array_foreach(get(top, "callers"), k, c)
		{
			if (number(c, "pid") != number(row, "pid"))
				continue;
			found++;
			same("blocks of a process", number(c, "blocks"), number(row, "allocs"));
			same("pages of a process", number(c, "pages"), number(row, "pages"));
		}
	}
	assert_true(found > 0);
}

/* What went to callers, by the per-cpu lists, is no more than all that did. */
static void pcp(void)
{
	int64_t drained = 0;
	const json_t *p;
	size_t i;

	json_array_foreach(get(top, "pcp"), i, p)
	{
		assert_true(number(p, "refilled") >= 0);
		drained += number(p, "drained");
	}
	assert_true(drained >= number(top, "counts.drained"));
}

static void compare_at(const char *trace, uint64_t event)
{
	char args[512], end[64] = "", at[64] = "end";

	at_end = !event;
	snprintf(where, sizeof(where), "%s at event %" PRIu64, trace, event);
	if (event) {
		snprintf(end, sizeof(end), "-E %" PRIu64, event);
		snprintf(at, sizeof(at), "%" PRIu64, event);
	}
	snprintf(args, sizeof(args), "top --json -n 1 --at %s -r %s", at, trace);
	top = run(args);
	snprintf(args, sizeof(args), "replay --json %s %s", end, trace);
	replay = run(args);
	snprintf(args, sizeof(args), "report --json -n 4096 %s %s", end, trace);
	report = run(args);
	same("number of the event", number(top, "event"), number(replay, "events"));
	if (event)
		same("number of the event", number(top, "event"), (int64_t)event);
	core_and_counts();
	free_lists();
	requests();
	pageblocks();
	decisions();
	stalls();
	callers();
	pcp();
	json_decref(top);
	json_decref(replay);
	json_decref(report);
}

static void every_screen_says_what_replay_and_report_say(void **state)
{
	glob_t traces;

	(void)state;
	if (glob("tests/data/*.pgt", 0, NULL, &traces))
		fail_msg("tests/data holds no trace");
	for (size_t i = 0; i < traces.gl_pathc; i++) {
		compare_at(traces.gl_pathv[i], 123457);
		compare_at(traces.gl_pathv[i], 330000);
		compare_at(traces.gl_pathv[i], 500001);
		compare_at(traces.gl_pathv[i], 0);
	}
	globfree(&traces);
	assert_in_range(compared, 1000, 1000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_screen_says_what_replay_and_report_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
