/* SPDX-License-Identifier: GPL-2.0-only */
/* NDJSON: lossless both ways, the least a foreign capture may say, and hostile lines. */
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

#include "sample.h"
#include "tools/ndjson.h"
#include "tools/verify.h"

#define META                                                                                       \
	"{\"rec\":\"meta\",\"schema\":\"buddyscope.trace/1\",\"kernel\":\"6.12.117\","             \
	"\"nr_orders\":11,\"pageblock_order\":9,\"migratetypes\":[\"Unmovable\",\"Movable\"]}\n"
#define ZONE_AS(id)                                                                                \
	"{\"rec\":\"zone\",\"id\":" id ",\"name\":\"Normal\",\"start_pfn\":4096,\"spanned\":8192," \
	"\"managed\":8000}\n"
#define ZONE ZONE_AS("3")
#define EV "{\"rec\":\"ev\",\"ts\":1,\"cpu\":0,"

static int tear_down(void **state)
{
	(void)state;
	sample_clean_up();
	return 0;
}

static void export_to(const char *from, const char *to)
{
	int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	struct trace_reader *r;
	bool cut, writing;

	assert_true(fd >= 0);
	assert_int_equal(trace_open(from, &r, NULL, 0), 0);
	assert_int_equal(ndjson_export(r, fd, &cut, &writing), 0);
	assert_false(cut);
	trace_close(r);
	close(fd);
}

static int import_text(const char *text, size_t len, const char *to, struct ndjson_import *res)
{
	FILE *in;
	int err;

	sample_store(sample_path("text"), text, len);
	in = fopen(sample_path("text"), "r");
	assert_non_null(in);
	err = ndjson_import(in, to, res);
	fclose(in);
	return err;
}

static void export_and_import_lose_nothing(void **state)
{
	const char *first = sample_path("a.pgt"), *second = sample_path("b.pgt");
	struct ndjson_import res;
	struct sample_digest a, b;
	struct verify_result ok;
	struct trace_meta meta;
	unsigned char *x, *y;
	size_t nx, ny;

	(void)state;
	sample_meta(&meta);
	assert_int_equal(sample_write(first, &meta, 1), 0);
	sample_meta_free(&meta);
	export_to(first, sample_path("a.ndjson"));
	x = sample_load(sample_path("a.ndjson"), &nx);
	if (import_text((char *)x, nx, second, &res))
		fail_msg("%s", res.why);
	assert_int_equal(res.ignored, 0);
	export_to(second, sample_path("b.ndjson"));
	y = sample_load(sample_path("b.ndjson"), &ny);
	assert_int_equal(nx, ny);
	assert_memory_equal(x, y, nx);
	free(x);
	free(y);
	assert_int_equal(verify_file(second, &ok), 0);
	/* The one flush between the events is not told; all else is. */
	assert_int_equal(sample_read(first, &a), 0);
	assert_int_equal(sample_read(second, &b), 0);
	assert_int_equal(a.events, b.events);
	assert_int_equal(a.last, b.last);
}

/* The lines of the design, to the letter. */
static void lines_have_the_agreed_members(void **state)
{
	static const char *const lines[] = {
		EV
		"\"type\":\"zone_alloc\",\"pfn\":71,\"order\":0,\"mt\":\"Movable\",\"refill\":true}\n",
		EV
		"\"type\":\"alloc\",\"pfn\":71,\"order\":2,\"mt\":\"Movable\",\"gfp\":8,\"pid\":9}\n",
		EV "\"type\":\"alloc\",\"order\":10,\"mt\":\"Movable\",\"gfp\":8}\n",
		EV "\"type\":\"free\",\"pfn\":71,\"order\":2}\n",
		EV "\"type\":\"free_batched\",\"pfn\":71}\n",
		EV "\"type\":\"drain\",\"pfn\":71,\"order\":0,\"mt\":\"Movable\"}\n",
		EV
		"\"type\":\"drain\",\"pfn\":71,\"order\":0,\"mt\":\"Movable\",\"capture_order\":9}\n",
		EV "\"type\":\"fallback\",\"pfn\":71,\"order\":0,\"mt\":\"Unmovable\","
		   "\"fallback_order\":10,\"fallback_mt\":\"Movable\"}\n",
		EV "\"type\":\"fallback\",\"pfn\":71,\"order\":0,\"mt\":\"Unmovable\","
		   "\"fallback_order\":3,\"fallback_mt\":\"Movable\",\"claimed\":false}\n",
		EV "\"type\":\"zone_free\",\"pfn\":71,\"order\":9}\n",
		EV
		"\"type\":\"zone_free\",\"pfn\":71,\"order\":9,\"mt\":\"Movable\",\"locked\":true,"
		"\"capture_order\":0,\"to_tail\":true}\n",
		EV "\"type\":\"isolate\",\"pfn\":71,\"order\":0,\"fast\":true}\n",
		EV "\"type\":\"isolate\",\"pfn\":71,\"order\":0,\"held\":true}\n",
		EV "\"type\":\"putback\",\"pfn\":71,\"order\":0,\"mt\":\"Movable\"}\n",
		EV
		"\"type\":\"move_block\",\"pfn\":71,\"mt\":\"Movable\",\"old_mt\":\"Unmovable\"}\n",
		EV "\"type\":\"rotate\",\"pfn\":71,\"order\":0,\"tail\":true}\n",
		EV "\"type\":\"mm_vmscan_kswapd_wake\",\"order\":15,\"nid\":1}\n",
		EV "\"type\":\"mm_compaction_isolate_freepages\",\"pfn\":71,\"nr_taken\":2047,"
		   "\"nr_scanned\":7,\"range\":1023}\n",
		EV "\"type\":\"mark_victim\",\"victim\":1,\"pid\":2}\n",
		"{\"rec\":\"lost\",\"ts\":123456999,\"cpu\":1,\"count\":17}\n",
		"{\"rec\":\"free_list\",\"at\":\"end\",\"zone\":0,\"order\":1,\"mt\":\"Movable\","
		"\"pfns\":[4100,4098]}\n",
		"{\"rec\":\"pageblocks\",\"at\":\"begin\",\"zone\":0,\"first_pfn\":4096,"
		"\"mt\":[\"Movable\",null]}\n",
		"{\"rec\":\"pages\",\"at\":\"begin\",\"zone\":0,\"first_pfn\":4096,"
		"\"use\":[[2,\"other\"],[70,\"anon\"],[1,\"file\"],[8,\"large\"]]}\n",
		"{\"rec\":\"pages\",\"at\":\"begin\",\"zone\":0,\"first_pfn\":4096,\"use\":[]}\n",
		"{\"rec\":\"pcp\",\"at\":\"begin\",\"zone\":0,\"cpu\":1,\"order\":0,\"mt\":\"Movable\","
		"\"pfns\":[5000],\"count\":62,\"batch\":63,\"high\":5571}\n",
		"{\"rec\":\"stats\",\"counters\":{\"records\":5}}\n",
	};
	const char *trace = sample_path("lines.pgt");
	struct ndjson_import res;
	unsigned char *out;
	char text[4096];
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		snprintf(text, sizeof(text), META ZONE_AS("0") "%s", lines[i]);
		assert_int_equal(import_text(text, strlen(text), trace, &res), 0);
		export_to(trace, sample_path("lines.ndjson"));
		out = sample_load(sample_path("lines.ndjson"), &len);
		assert_true(len > strlen(lines[i]));
		assert_string_equal((char *)out + len - strlen(lines[i]), lines[i]);
		free(out);
	}
}

/* Somebody else's capture: other ids, members and records of its own, no optional line. */
static void the_least_is_enough(void **state)
{
	static const char text[] = META ZONE
		"\n"
		"{\"rec\":\"weather\",\"rain\":1.5}\n" EV
		"\"type\":\"zone_free\",\"pfn\":5000,\"order\":0,\"zone\":3,\"comm\":\"sh\"}\r\n" EV
		"\"type\":\"mm_something_else\"}\n" EV
		"\"type\":\"alloc\",\"pfn\":5000,\"order\":0,\"mt\":\"Movable\"}";
	const char *trace = sample_path("least.pgt");
	struct ndjson_import res;
	struct verify_result ok;
	struct sample_digest d;
	struct trace_reader *r;

	(void)state;
	assert_int_equal(import_text(text, strlen(text), trace, &res), 0);
	assert_int_equal(res.ignored, 2);
	assert_int_equal(sample_read(trace, &d), 0);
	assert_int_equal(d.events, 2);
	assert_int_equal(verify_file(trace, &ok), 0);
	assert_int_equal(trace_open(trace, &r, NULL, 0), 0);
	assert_int_equal(trace_meta(r)->nr_zones, 1);
	assert_int_equal(trace_meta(r)->zone[0].id, 0);
	assert_int_equal(trace_meta(r)->page_shift, 12);
	trace_close(r);
	assert_int_equal(import_text(META, strlen(META), trace, &res), 0);
}

#define PAGES "{\"rec\":\"pages\",\"at\":\"begin\",\"zone\":3,\"first_pfn\":4096"

static void bad_lines_are_named(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "", "line 1: no meta record" },
		{ "\n\n", "line 3: no meta record" },
		{ "[]\n", "line 1: not an object" },
		{ "{\n", "line 1: " },
		{ META "{\"rec\":\"ev\"", "line 2: " },
		{ META "\xff\xfe\n", "line 2: " },
		{ META "{}\n", "line 2: \"rec\" is missing" },
		{ META "{\"rec\":7}\n", "line 2: \"rec\" is missing or not a string" },
		{ ZONE, "line 1: no meta record before" },
		{ META META, "line 2: second meta" },
		{ META ZONE ZONE, "line 3: second zone 3" },
		{ META EV "\"type\":\"free\",\"pfn\":1,\"order\":0}\n" ZONE,
		  "line 3: zone record after" },
		{ "{\"rec\":\"meta\",\"schema\":\"buddyscope.trace/2\"}\n", "line 1: schema" },
		{ "{\"rec\":\"meta\",\"schema\":\"buddyscope.trace/1\",\"nr_orders\":4294967307}\n",
		  "line 1: \"nr_orders\"" },
		{ META "{\"rec\":\"ev\",\"ts\":1}\n", "line 2: \"type\" is missing" },
		{ META EV "\"type\":\"free\",\"order\":0}\n", "line 2: \"pfn\" is missing" },
		{ META EV "\"type\":\"free\",\"pfn\":1}\n", "line 2: \"order\" is missing" },
		{ META EV "\"type\":\"free\",\"pfn\":1,\"order\":11}\n", "order out of range" },
		{ META EV "\"type\":\"free\",\"pfn\":1,\"order\":4294967296}\n", "\"order\"" },
		{ META EV "\"type\":\"free\",\"pfn\":-1,\"order\":0}\n",
		  "\"pfn\" is not a number" },
		{ META EV "\"type\":\"free\",\"pfn\":\"1\",\"order\":0}\n",
		  "\"pfn\" is not a number" },
		{ META EV "\"type\":\"free\",\"pfn\":1.0,\"order\":0}\n",
		  "\"pfn\" is not a number" },
		{ META EV "\"type\":\"free\",\"pfn\":68719476735,\"order\":0}\n", "pfn missing" },
		{ META EV "\"type\":\"free\",\"pfn\":99999999999999999999,\"order\":0}\n",
		  "line 2: " },
		{ META EV "\"type\":\"drain\",\"pfn\":1,\"order\":0,\"mt\":\"CMA\"}\n",
		  "not one of the migratetypes" },
		{ META EV "\"type\":\"drain\",\"pfn\":1,\"order\":0}\n", "\"mt\" is missing" },
		{ META EV "\"type\":\"isolate\",\"pfn\":1,\"order\":0,\"fast\":1}\n",
		  "\"fast\" is neither true nor false" },
		{ META "{\"rec\":\"lost\",\"ts\":1,\"cpu\":16384,\"count\":1}\n", "\"cpu\"" },
		{ META "{\"rec\":\"lost\",\"ts\":1,\"cpu\":1,\"count\":4294967296}\n",
		  "\"count\"" },
		{ META "{\"rec\":\"free_list\",\"at\":\"begin\",\"zone\":3,\"order\":0,"
		       "\"mt\":\"Movable\",\"pfns\":[]}\n",
		  "line 2: there is no zone 3" },
		{ META ZONE "{\"rec\":\"free_list\",\"at\":\"now\"}\n", "\"at\" is neither" },
		{ META ZONE "{\"rec\":\"free_list\",\"at\":\"begin\",\"zone\":3,\"order\":0,"
			    "\"mt\":\"Movable\",\"pfns\":[1,-1]}\n",
		  "line 3: \"pfns\" holds something else" },
		{ META ZONE "{\"rec\":\"pageblocks\",\"at\":\"begin\",\"zone\":3,"
			    "\"first_pfn\":4096,\"mt\":[1]}\n",
		  "line 3: \"mt\" holds something else" },
		{ META ZONE PAGES "}\n", "line 3: \"use\" is missing or not a list" },
		{ META ZONE PAGES ",\"use\":[[0,\"anon\"]]}\n", "line 3: \"use\" holds" },
		{ META ZONE PAGES ",\"use\":[[1,\"slab\"]]}\n", "line 3: \"use\" holds" },
		{ META ZONE PAGES ",\"use\":[[1,\"anon\",1]]}\n", "line 3: \"use\" holds" },
		{ META ZONE PAGES ",\"use\":[[1,\"anon\"],[8388608,\"anon\"]]}\n",
		  "line 3: \"use\" holds" },
		{ META ZONE "{\"rec\":\"pcp\",\"at\":\"begin\",\"zone\":3,\"cpu\":0,\"order\":0,"
			    "\"mt\":\"Movable\",\"pfns\":{}}\n",
		  "line 3: \"pfns\" is missing or not a list" },
		{ META "{\"rec\":\"stats\"}\n", "line 2: " },
	};
	struct ndjson_import res;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(import_text(bad[i].text, strlen(bad[i].text),
					     sample_path("bad.pgt"), &res),
				 -EBADMSG);
		if (!strstr(res.why, bad[i].why))
			fail_msg("\"%s\" lacks \"%s\"", res.why, bad[i].why);
	}
	assert_int_equal(import_text("{\"rec\":\"meta\"\0}\n", 17, sample_path("bad.pgt"), &res),
			 -EBADMSG);
}

/* A trace that was cut is exported as far as it goes; an output that fails is told apart. */
static void trouble_is_told_apart(void **state)
{
	const char *trace = sample_path("cut.pgt");
	struct trace_meta meta;
	struct trace_reader *r;
	bool cut, writing;
	int fd;

	(void)state;
	sample_meta(&meta);
	assert_int_equal(sample_write(trace, &meta, 0), 0);
	sample_meta_free(&meta);
	assert_int_equal(trace_open(trace, &r, NULL, 0), 0);
	fd = open("/dev/null", O_WRONLY);
	assert_int_equal(ndjson_export(r, fd, &cut, &writing), 0);
	assert_true(cut);
	assert_false(writing);
	close(fd);
	trace_close(r);

	fd = open("/dev/full", O_WRONLY);
	if (fd < 0)
		skip();
	assert_int_equal(trace_open(trace, &r, NULL, 0), 0);
	assert_int_equal(ndjson_export(r, fd, &cut, &writing), -ENOSPC);
	assert_true(writing);
	close(fd);
	trace_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(export_and_import_lose_nothing),
		cmocka_unit_test(lines_have_the_agreed_members),
		cmocka_unit_test(the_least_is_enough),
		cmocka_unit_test(bad_lines_are_named),
		cmocka_unit_test(trouble_is_told_apart),
	};

	return cmocka_run_group_tests_name("ndjson", tests, NULL, tear_down);
}
