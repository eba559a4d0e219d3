// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reports of real kernels (tests/data/reports) read back and judged, with every prefix that logs
 * put before a line, cut anywhere, damaged anywhere.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"

#define DIR "tests/data/reports/"

/*
 * What each report must come to.  The numbers, in pages, were worked out from the texts with the
 * formulas of __zone_watermark_ok, apart from the code under test.
 */
static const struct row {
	const char *file;
	enum explain_kind kind;
	const char *kernel;
	int order;
	enum explain_reason reason;
	const char *zone; /* that decides; NULL: none */
	int64_t free, unusable, mark, min, reserve;
	int fragmentation;
	const char *victim;
} rows[] = {
	{ "5.10-atomic", EXPLAIN_FAILURE, "5.10.0-46-cloud-amd64", 0, EXPLAIN_LOW, "0 DMA32", 143,
	  0, 1333, 501, 0, -1000, NULL },
	{ "5.10-fork-oom", EXPLAIN_OOM, "5.10.0-46-cloud-amd64", 1, EXPLAIN_FRAGMENTED, "0 DMA32",
	  10232, 1, 1333, 1333, 0, 500, "provoke" },
	{ "5.10-hog", EXPLAIN_OOM, "5.10.0-46-cloud-amd64", 0, EXPLAIN_LOW, "0 DMA32", 388, 0, 411,
	  411, 0, -1000, "provoke" },
	{ "5.10-memcg", EXPLAIN_OOM, "5.10.0-46-cloud-amd64", 0, EXPLAIN_MEMCG, NULL, 0, 0, 0, 0, 0,
	  0, "provoke" },
	{ "5.10-movable", EXPLAIN_OOM, "5.10.0-46-cloud-amd64", 0, EXPLAIN_ZONE, "0 DMA32", 195, 0,
	  206, 206, 0, -1000, "provoke" },
	{ "5.10-pipes", EXPLAIN_OOM, "5.10.0-46-cloud-amd64", 0, EXPLAIN_LOW, "0 DMA32", 1328, 0,
	  1333, 1333, 0, -1000, "provoke" },
	{ "6.1-fork-failure", EXPLAIN_FAILURE, "6.1.0-56-cloud-amd64", 1, EXPLAIN_FRAGMENTED,
	  "0 DMA32", 14572, 1, 1307, 1307, 0, 500, NULL },
	{ "6.1-fork-oom", EXPLAIN_OOM, "6.1.0-56-cloud-amd64", 1, EXPLAIN_FRAGMENTED, "0 DMA32",
	  14579, 1, 1307, 1307, 0, 500, "provoke" },
	{ "6.1-hog", EXPLAIN_OOM, "6.1.0-56-cloud-amd64", 0, EXPLAIN_LOW, "0 DMA32", 394, 0, 403,
	  403, 0, -1000, "provoke" },
	{ "6.1-memcg", EXPLAIN_OOM, "6.1.0-56-cloud-amd64", 0, EXPLAIN_MEMCG, NULL, 0, 0, 0, 0, 0,
	  0, "provoke" },
	{ "6.1-pipes", EXPLAIN_OOM, "6.1.0-56-cloud-amd64", 0, EXPLAIN_BOOST, "0 DMA32", 1294, 0,
	  1307, 1307, 0, -1000, "provoke" },
	{ "6.12-atomic", EXPLAIN_FAILURE, "6.12.117+deb12-cloud-amd64", 0, EXPLAIN_LOW, "0 DMA32",
	  143, 0, 398, 150, 0, -1000, NULL },
	{ "6.12-bind", EXPLAIN_OOM, "6.12.117+deb12-cloud-amd64", 0, EXPLAIN_NODES, "1 DMA32", 78,
	  0, 140, 140, 0, -1000, "provoke" },
	{ "6.12-fork-failure", EXPLAIN_FAILURE, "6.12.117+deb12-cloud-amd64", 2, EXPLAIN_FRAGMENTED,
	  "0 DMA32", 12063, 3, 1292, 1292, 0, 750, NULL },
	{ "6.12-fork-oom", EXPLAIN_OOM, "6.12.117+deb12-cloud-amd64", 2, EXPLAIN_FRAGMENTED,
	  "0 DMA32", 12063, 3, 1292, 1292, 0, 750, "provoke" },
	{ "6.12-hog", EXPLAIN_OOM, "6.12.117+deb12-cloud-amd64", 0, EXPLAIN_LOW, "0 DMA32", 288, 0,
	  398, 398, 0, -1000, "provoke" },
	{ "6.12-memcg", EXPLAIN_OOM, "6.12.117+deb12-cloud-amd64", 0, EXPLAIN_MEMCG, NULL, 0, 0, 0,
	  0, 0, 0, "provoke" },
	{ "6.12-pipes", EXPLAIN_OOM, "6.12.117+deb12-cloud-amd64", 0, EXPLAIN_BOOST, "0 DMA32", 649,
	  0, 1292, 1292, 0, -1000, "provoke" },
	{ "6.18-atomic", EXPLAIN_FAILURE, "6.18.15+deb13-cloud-amd64", 0, EXPLAIN_LOW, "0 DMA32",
	  144, 0, 393, 148, 0, -1000, NULL },
	{ "6.18-fork-failure", EXPLAIN_FAILURE, "6.18.15+deb13-cloud-amd64", 1, EXPLAIN_FRAGMENTED,
	  "0 DMA32", 11678, 1, 1276, 1276, 0, 500, NULL },
	{ "6.18-movable", EXPLAIN_OOM, "6.18.15+deb13-cloud-amd64", 0, EXPLAIN_ZONE, "0 DMA32", 301,
	  0, 317, 317, 0, -1000, "provoke" },
	{ "7.3-atomic", EXPLAIN_FAILURE, "7.3.4+deb13-cloud-amd64", 0, EXPLAIN_LOW, "0 DMA32", 7, 0,
	  386, 145, 0, 0, NULL },
	{ "7.3-cma", EXPLAIN_OOM, "7.3.4+deb13-cloud-amd64", 0, EXPLAIN_CMA, "0 DMA32", 16593,
	  16352, 1253, 1253, 0, -1000, "provoke" },
	{ "7.3-fork-failure", EXPLAIN_FAILURE, "7.3.4+deb13-cloud-amd64", 1, EXPLAIN_FRAGMENTED,
	  "0 DMA32", 13351, 1, 1253, 1253, 0, 500, NULL },
	{ "7.3-fork-oom", EXPLAIN_OOM, "7.3.4+deb13-cloud-amd64", 2, EXPLAIN_FRAGMENTED, "0 DMA32",
	  13414, 3, 1253, 1253, 0, 750, "provoke" },
	{ "7.3-hog", EXPLAIN_OOM, "7.3.4+deb13-cloud-amd64", 0, EXPLAIN_LOW, "0 DMA32", 311, 0, 386,
	  386, 0, -1000, "provoke" },
	{ "7.3-memcg", EXPLAIN_OOM, "7.3.4+deb13-cloud-amd64", 0, EXPLAIN_MEMCG, NULL, 0, 0, 0, 0,
	  0, 0, "provoke" },
	{ "7.3-ring", EXPLAIN_FAILURE, "7.3.4+deb13-cloud-amd64", 4, EXPLAIN_FRAGMENTED, "0 DMA32",
	  17560, 15, 1253, 1253, 0, 937, NULL },
	{ "7.2-hog", EXPLAIN_OOM, "7.2.12+deb13-cloud-amd64", 0, EXPLAIN_LOW, "0 DMA32", 190, 0,
	  413, 413, 0, -1000, "provoke" },
	{ "hand-4.19-oom", EXPLAIN_OOM, "4.19.0-27-amd64", 3, EXPLAIN_TYPE, "0 Normal", 44392, 5127,
	  16896, 16896, 0, -1000, "a (b) c" },
	{ "hand-4.4-atomic", EXPLAIN_FAILURE, "4.4.0-31-generic", 2, EXPLAIN_TYPE, "0 Normal", 4094,
	  35, 10623, 3984, 0, -1000, NULL },
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

static char *load(const char *name, size_t *len)
{
	char path[128], *text = malloc(1 << 17);
	FILE *f;

	snprintf(path, sizeof(path), DIR "%s.txt", name);
	f = fopen(path, "re");
	assert_non_null(f);
	*len = fread(text, 1, (1 << 17) - 1, f);
	fclose(f);
	text[*len] = '\0';
	return text;
}

struct found {
	unsigned int nr;
	struct explain_report last;
};

static int keep(struct explain_report *rep, void *ctx)
{
	struct found *f = ctx;

	explain_why(rep);
	f->nr++;
	f->last = *rep;
	return 0;
}

static void explain(const char *text, size_t len, struct found *f)
{
	FILE *in;

	f->nr = 0;
	if (!len)
		return;
	in = fmemopen((void *)(uintptr_t)text, len, "r");
	assert_non_null(in);
	assert_int_equal(explain_read(in, keep, f), 0);
	fclose(in);
}

/* The setting that is named first. */
static const char *first_setting(const struct row *row)
{
	switch (row->reason) {
	case EXPLAIN_MEMCG:
		return "memory.max";
	case EXPLAIN_NODES:
		return "cpuset.mems";
	case EXPLAIN_ZONE:
		return "movablecore=, kernelcore=, movable_node";
	case EXPLAIN_CMA:
		return "cma=, hugetlb_cma=";
	case EXPLAIN_FRAGMENTED:
		return row->order > 3 ? "vm.extfrag_threshold" : "vm.compaction_proactiveness";
	default:
		return "vm.min_free_kbytes"; /* 4.4 and 4.19 have no proactive compaction */
	}
}

static void check_row(const struct row *row, const struct found *f)
{
	const struct explain_report *rep = &f->last;
	const struct explain_zone *z;
	char zone[32];

	assert_int_equal(f->nr, 1);
	assert_int_equal(rep->kind, row->kind);
	assert_string_equal(rep->kernel, row->kernel);
	assert_int_equal(rep->order, row->order);
	assert_string_equal(explain_reason_name(rep->reason), explain_reason_name(row->reason));
	assert_string_equal(rep->victim, row->victim ? row->victim : "");
	assert_int_equal(rep->nr_missing, 0);
	assert_string_equal(rep->gfp_strange, "");
	assert_true(rep->gfp_known);
	assert_true(rep->nr_settings > 0);
	assert_string_equal(rep->settings[0].name, first_setting(row));
	assert_int_equal(rep->memcg, row->reason == EXPLAIN_MEMCG);
	if (rep->memcg) {
		assert_int_equal(rep->memcg_usage, 24576);
		assert_int_equal(rep->memcg_limit, 24576);
		assert_string_equal(rep->memcg_path, "/small");
	}
	if (!row->zone) {
		assert_int_equal(rep->zone, -1);
		return;
	}
	assert_true(rep->zone >= 0);
	z = &rep->zones[rep->zone];
	snprintf(zone, sizeof(zone), "%u %s", z->node, z->name);
	assert_string_equal(zone, row->zone);
	assert_int_equal(z->look.free, row->free);
	assert_int_equal(z->look.unusable, row->unusable);
	assert_int_equal(z->look.mark, row->mark);
	assert_int_equal(z->look.min, row->min);
	assert_int_equal(z->look.reserve, row->reserve);
	assert_int_equal(z->fragmentation, row->fragmentation);
}

static void test_reports(void **state)
{
	static struct found f;
	size_t len;

	(void)state;
	for (size_t i = 0; i < NR_ROWS; i++) {
		char *text = load(rows[i].file, &len);

		print_message("# %s\n", rows[i].file);
		explain(text, len, &f);
		check_row(&rows[i], &f);
		free(text);
	}
}

/* No file without a row. */
static void test_all_named(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(glob(DIR "*.txt", 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, NR_ROWS);
	globfree(&found);
}

/* @text with each line's time replaced by @prefix and ended by @end; @between lines put between. */
static char *dressed(const char *text, const char *prefix, const char *end, const char *between,
		     size_t *len)
{
	char *out = NULL;
	FILE *to = open_memstream(&out, len);

	for (const char *line = text; *line;) {
		const char *stop = strchr(line, '\n'), *body = line;

		if (*line == '[' && strchr(line, ']') < stop)
			body = strchr(line, ']') + 2;
		fprintf(to, "%s%.*s%s%s", prefix, (int)(stop - body), body, end, between);
		line = stop + 1;
	}
	fclose(to);
	return out;
}

static void test_prefixes(void **state)
{
	static const struct {
		const char *prefix, *end, *between;
	} forms[] = {
		{ "", "\n", "" },
		{ "<4>[   12.000001] ", "\n", "" },
		{ "[   12.000001][  T153] ", "\n", "" },
		{ "[   12.000001] [    C0] ", "\r\n", "" },
		{ "[Sun Nov 22 01:10:57 2026] ", "\n", "" },
		{ "Nov 22 01:10:57 host kernel: ", "\n", "" },
		{ "2026-11-22T01:10:57+0000 host kernel: [   12.000001] ", "\n", "" },
		{ "kern  :warn  : [   12.000001] ", "\n", "" },
		{ "4,1234,567890,-;", "\n", "" },
		{ "4,1234,567890,c,caller=T153;", "\n", " SUBSYSTEM=pci\n" },
		{ "[    1.5] ", "\n",
		  "[    1.6] eth0: link up, 1000 Mbps\nNov 22 01:10:57 host sshd[12]: Node 7 DMA is no"
		  " zone: 4*4\n[    1.7] CPU: 5 PID: 7 Comm: other Tainted: G W 3.2.1 #1\n" },
	};
	static struct found f;
	size_t len;

	(void)state;
	for (size_t i = 0; i < NR_ROWS; i++) {
		char *text = load(rows[i].file, &len);

		for (size_t k = 0; k < sizeof(forms) / sizeof(forms[0]); k++) {
			char *other = dressed(text, forms[k].prefix, forms[k].end, forms[k].between,
					      &len);

			print_message("# %s, form %zu\n", rows[i].file, k);
			explain(other, len, &f);
			check_row(&rows[i], &f);
			free(other);
		}
		free(text);
	}
}

static int count(struct explain_report *rep, void *ctx)
{
	explain_why(rep);
	assert_string_equal(rep->kernel, rows[*(size_t *)ctx].kernel);
	++*(size_t *)ctx;
	return 0;
}

static void test_one_after_the_other(void **state)
{
	size_t len, seen = 0;
	char *all = NULL;
	FILE *to = open_memstream(&all, &len), *in;

	(void)state;
	for (size_t i = 0; i < NR_ROWS; i++) {
		size_t n;
		char *text = load(rows[i].file, &n);

		fwrite(text, 1, n, to);
		free(text);
	}
	fclose(to);
	in = fmemopen(all, len, "r");
	assert_int_equal(explain_read(in, count, &seen), 0);
	fclose(in);
	assert_int_equal(seen, NR_ROWS);
	free(all);
}

/* A cut report is told to be cut until its last free list, and says no other reason for it. */
static void test_cut(void **state)
{
	static struct found f;
	size_t len;

	(void)state;
	for (size_t i = 0; i < NR_ROWS; i++) {
		char *text = load(rows[i].file, &len), *lists = NULL;

		for (char *at = text; (at = strstr(at, "kB = ")); at++)
			lists = at;
		for (char *at = text; !lists && (at = strstr(at, ") = ")); at++)
			lists = at;
		for (size_t n = 1; n < len; n += 1 + n % 61) {
			explain(text, n, &f);
			assert_true(f.nr <= 1);
			if (f.nr && lists && rows[i].zone && text + n < lists)
				assert_true(f.last.nr_missing > 0);
			explain(text + n, len - n, &f);
		}
		free(text);
	}
}

/*
 * Reasons that no guest gave, in the format of @kernel: two nodes with one zone of 40000 kB
 * managed each, in kB but for the reserve.
 */
struct made {
	const char *gfp, *kernel, *places;
	int order;
	struct {
		unsigned int free, min, more_reserve;
		const char *more, *lists;
	} node[2];
	enum explain_reason reason;
	int zone;
};

#define SINGLES "1000*4kB (UM) 0*8kB 0*16kB 0*32kB = 4000kB"
#define LOW_NODE                                                                                   \
	{                                                                                          \
		100, 4000, 0, "", "25*4kB (U) 0*8kB 0*16kB 0*32kB = 100kB"                         \
	}

static const struct made made[] = {
	/* 5000 kB, 4000 kB of mark, 500 pages of reserve against Normal and above; DMA32 itself. */
	{ "GFP_KERNEL",
	  "6.12.1",
	  "",
	  0,
	  { { 5000, 4000, 500, "", SINGLES }, LOW_NODE },
	  EXPLAIN_RESERVE,
	  0 },
	{ "GFP_DMA32",
	  "6.12.1",
	  "",
	  0,
	  { { 5000, 4000, 500, "", SINGLES }, LOW_NODE },
	  EXPLAIN_PASSES,
	  0 },
	/* What is reserved counts up to 6.6, what of it is free since. */
	{ "GFP_KERNEL",
	  "6.1.100",
	  "",
	  0,
	  { { 5000, 4000, 0, " reserved_highatomic:2048KB", SINGLES }, LOW_NODE },
	  EXPLAIN_HIGHATOMIC,
	  0 },
	{ "GFP_KERNEL",
	  "6.12.1",
	  "",
	  0,
	  { { 5000, 4000, 0, " reserved_highatomic:2048KB", SINGLES }, LOW_NODE },
	  EXPLAIN_PASSES,
	  0 },
	{ "GFP_KERNEL",
	  "6.18.1",
	  "",
	  0,
	  { { 5000, 4000, 0, " reserved_highatomic:2048kB free_highatomic:1000kB", SINGLES },
	    LOW_NODE },
	  EXPLAIN_HIGHATOMIC,
	  0 },
	{ "GFP_ATOMIC",
	  "6.18.1",
	  "",
	  0,
	  { { 5000, 4000, 0, " reserved_highatomic:2048kB free_highatomic:1000kB", SINGLES },
	    LOW_NODE },
	  EXPLAIN_PASSES,
	  0 },
	{ "GFP_KERNEL",
	  "6.12.1",
	  "",
	  0,
	  { { 5000, 4000, 0, " free_cma:1000kB", SINGLES }, LOW_NODE },
	  EXPLAIN_CMA,
	  0 },
	{ "GFP_HIGHUSER_MOVABLE",
	  "6.12.1",
	  "",
	  0,
	  { { 5000, 4000, 0, " free_cma:1000kB", SINGLES }, LOW_NODE },
	  EXPLAIN_PASSES,
	  0 },
	/* Blocks of the order, of HIGHATOMIC alone: for those who may. */
	{ "GFP_KERNEL",
	  "6.12.1",
	  "",
	  2,
	  { { 8000, 4000, 0, "", "1000*4kB (U) 0*8kB 0*16kB 1*32kB (H) = 4032kB" }, LOW_NODE },
	  EXPLAIN_TYPE,
	  0 },
	{ "GFP_ATOMIC",
	  "6.12.1",
	  "",
	  2,
	  { { 8000, 4000, 0, "", "1000*4kB (U) 0*8kB 0*16kB 1*32kB (H) = 4032kB" }, LOW_NODE },
	  EXPLAIN_PASSES,
	  0 },
	{ "GFP_KERNEL",
	  "6.12.1",
	  "",
	  1,
	  { { 8000, 4000, 0, "", SINGLES }, LOW_NODE },
	  EXPLAIN_FRAGMENTED,
	  0 },
	/* The other node has it; a cpuset does not bind who cannot wait. */
	{ "GFP_KERNEL",
	  "5.10.1",
	  ",cpuset=/a,mems_allowed=1",
	  0,
	  { { 8000, 4000, 0, "", SINGLES }, LOW_NODE },
	  EXPLAIN_NODES,
	  1 },
	{ "GFP_ATOMIC",
	  "5.10.1",
	  ",cpuset=/a,mems_allowed=1",
	  0,
	  { { 8000, 4000, 0, "", SINGLES }, LOW_NODE },
	  EXPLAIN_PASSES,
	  0 },
	{ "GFP_KERNEL",
	  "5.10.1",
	  ", nodemask=1,cpuset=/,mems_allowed=0-1",
	  0,
	  { { 8000, 4000, 0, "", SINGLES }, LOW_NODE },
	  EXPLAIN_NODES,
	  1 },
	{ "GFP_KERNEL",
	  "5.10.1",
	  ",cpuset=/,mems_allowed=0",
	  1,
	  { { 8000, 4000, 0, "", SINGLES },
	    { 8000, 4000, 0, "", "0*4kB 500*8kB (U) 0*16kB 0*32kB = 4000kB" } },
	  EXPLAIN_FRAGMENTED,
	  0 },
	/* No zone that GFP_DMA may use. */
	{ "GFP_DMA", "6.12.1", "", 0, { { 8000, 4000, 0, "", SINGLES }, LOW_NODE }, EXPLAIN_ZONE, 0 },
	/* One node, which is not told: the one that is short of memory. */
	{ "GFP_KERNEL|__GFP_THISNODE",
	  "6.12.1",
	  "",
	  0,
	  { { 8000, 4000, 0, "", SINGLES }, LOW_NODE },
	  EXPLAIN_LOW,
	  1 },
	/* Marks count for nobody who frees memory. */
	{ "GFP_KERNEL|__GFP_MEMALLOC", "6.12.1", "", 0, { LOW_NODE, LOW_NODE }, EXPLAIN_PASSES, 0 },
	{ "GFP_KERNEL|__GFP_NOMEMALLOC|__GFP_MEMALLOC",
	  "6.12.1",
	  "",
	  0,
	  { LOW_NODE, LOW_NODE },
	  EXPLAIN_LOW,
	  0 },
};

static void test_reasons(void **state)
{
	static struct found f;

	(void)state;
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		const struct made *m = &made[i];
		char *text;
		size_t len;
		FILE *to = open_memstream(&text, &len);

		print_message("# case %zu\n", i);
		fprintf(to, "x: page allocation failure: order:%d, mode:0x1(%s)%s\n", m->order,
			m->gfp, m->places);
		fprintf(to, "CPU: 0 PID: 1 Comm: x Not tainted %s #1\nMem-Info:\n", m->kernel);
		for (int n = 0; n < 2; n++)
			fprintf(to,
				"Node %d DMA32 free:%ukB boost:0kB min:%ukB low:9000kB high:9999kB"
				" managed:40000kB%s\nlowmem_reserve[]: 0 0 %u %u %u\n"
				"Node %d DMA32: %s\n",
				n, m->node[n].free, m->node[n].min, m->node[n].more,
				m->node[n].more_reserve, m->node[n].more_reserve,
				m->node[n].more_reserve, n, m->node[n].lists);
		fclose(to);
		explain(text, len, &f);
		free(text);
		assert_int_equal(f.nr, 1);
		assert_int_equal(f.last.nr_missing, 0);
		assert_string_equal(explain_reason_name(f.last.reason),
				    explain_reason_name(m->reason));
		assert_int_equal(f.last.zone, m->zone);
	}
}

/* Which lowmem_reserve[] number is meant: of four, by whether the second is that of no pages. */
static void test_four_reserves(void **state)
{
	static const struct {
		const char *numbers;
		int64_t reserve;
	} forms[] = { { "0 0 500 900", 500 },	    /* DMA, DMA32, Normal, Movable */
		      { "0 500 900 900", 500 },	    /* DMA, Normal, Movable, Device */
		      { "0 0 500 900 900", 500 } }; /* all five */
	static struct found f;
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		snprintf(text, sizeof(text),
			 "x: page allocation failure: order:0, mode:0xcc0(GFP_KERNEL)\n"
			 "CPU: 0 PID: 1 Comm: x Not tainted 4.9.1 #1\n"
			 "DMA free:500kB min:400kB low:500kB high:600kB managed:9000kB\n"
			 "lowmem_reserve[]: %s\n"
			 "DMA: 25*4kB (U) 50*8kB (U) = 500kB\n",
			 forms[i].numbers);
		explain(text, strlen(text), &f);
		assert_int_equal(f.last.nr_missing, 0);
		assert_int_equal(f.last.zones[0].look.reserve, forms[i].reserve);
	}
	/* An order is skipped: the line is damaged. */
	memcpy(strstr(text, "*8kB"), "*9kB", 4);
	explain(text, strlen(text), &f);
	assert_int_equal(f.last.nr_missing, 1);
	assert_int_equal(f.last.zones[0].nr_orders, 1);
}

/* Pages of 64 kB, as arm64 has them: 14 orders. */
static void test_large_pages(void **state)
{
	static const char text[] =
		"x: page allocation failure: order:11, mode:0xcc0(GFP_KERNEL)\n"
		"CPU: 0 PID: 1 Comm: \033[2Jx Not tainted 6.12.1 #1\n" /* not this task's */
		"CPU: 0 PID: 1 Comm: x Not tainted 6.12.1\033[2J #1\n"
		"Node 0 Normal free:1024000kB min:4096kB low:1kB high:1kB managed:4096000kB\n"
		"lowmem_reserve[]: 0 0 0 0\n"
		"Node 0 Normal: 15360*64kB (U) 0*128kB 0*256kB 0*512kB 0*1024kB 0*2048kB 0*4096kB"
		" 0*8192kB 0*16384kB 0*32768kB 1*65536kB (M) 0*131072kB 0*262144kB 0*524288kB"
		" = 1048576kB\n";
	static struct found f;

	(void)state;
	explain(text, sizeof(text) - 1, &f);
	assert_int_equal(f.nr, 1);
	assert_string_equal(f.last.kernel, "6.12.1?[2J");
	assert_int_equal(f.last.page_kb, 64);
	assert_int_equal(f.last.zones[0].nr_orders, 14);
	assert_int_equal(f.last.zones[0].look.free, 16000);
	assert_int_equal(f.last.zones[0].look.unusable, 2047);
	assert_int_equal(f.last.reason, EXPLAIN_FRAGMENTED);
	/* 1000 - (1000 + 16384 * 1000 / 2048) / 15361 */
	assert_int_equal(f.last.zones[0].fragmentation, 1000);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Bytes changed, digits made many, lines doubled: whatever comes out, nothing breaks. */
static void test_damage(void **state)
{
	static struct found f;
	static char copy[1 << 18];
	FILE *null = fopen("/dev/null", "we");
	uint64_t random = 1;
	size_t len;

	(void)state;
	for (size_t i = 0; i < NR_ROWS; i++) {
		char *text = load(rows[i].file, &len);

		for (int round = 0; round < 60; round++) {
			memcpy(copy, text, len);
			for (int k = 0; k < 40; k++)
				copy[next_random(&random) % len] = (char)next_random(&random);
			for (size_t at = 0; round % 3 == 0 && at < len; at++)
				if (copy[at] >= '0' && copy[at] <= '9' &&
				    next_random(&random) % 8 == 0)
					copy[at] = '9';
			for (size_t at = 0; round % 3 == 1 && at < len; at++)
				if (copy[at] == ' ' && next_random(&random) % 8 == 0)
					copy[at] = "0123456789,-"[next_random(&random) % 12];
			explain(copy, len, &f);
			if (f.nr)
				explain_print(null, &f.last, f.nr);
		}
		free(text);
	}
	fclose(null);
}

/* Numbers that no machine has. */
static void test_huge(void **state)
{
	static const char text[] =
		"x: page allocation failure: order:99, mode:0xffffffffffffffffff(GFP_NONE|__GFP_NONE)"
		", nodemask=99999999999999999999,cpuset=/,mems_allowed=0-99999999999999999999\n"
		"CPU: 99999999999999999999 PID: 99999999999999999999 Comm: x Not tainted 99.99 #1\n"
		"Node 99999999999 DMA free:99999999999999999999999kB boost:99999999999999999999kB"
		" min:99999999999999999999kB low:1kB high:1kB free_cma:99999999999999999999kB\n"
		"lowmem_reserve[]: 99999999999999999999 1 2 3 4 5 6 7 8 9 10\n"
		"Node 99999999999 DMA: 99999999999999999*4kB (UMEHCI) 99999999999999999*8kB (C)"
		" 9*16kB = 9kB\n";
	static struct found f;
	char *shrunk;

	(void)state;
	explain(text, sizeof(text) - 1, &f);
	assert_int_equal(f.nr, 1);
	assert_int_equal(f.last.order, -1); /* no such order */
	assert_string_equal(f.last.gfp_strange, "GFP_NONE");
	assert_int_equal(f.last.reason, EXPLAIN_UNKNOWN);
	shrunk = strdup(text);
	memcpy(strstr(shrunk, "order:99"), "order:9,", 8);
	explain(shrunk, strlen(shrunk), &f);
	assert_int_equal(f.last.order, 9);
	free(shrunk);
}

static void test_nothing(void **state)
{
	static const char *const texts[] = {
		"\n",
		"hello\n",
		"Node 0, zone      DMA      1      0      0\n", /* /proc/buddyinfo */
		"[    1.0] Free swap  = 0kB\n[    1.0] [  153]     0   153 Killed\n",
		"lowmem_reserve[]: 0 1 2\n",
	};
	static struct found f;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		explain(texts[i], strlen(texts[i]), &f);
		assert_int_equal(f.nr, 0);
	}
}

/* What dmesg -l err leaves of an OOM, and a report whose start has left the log. */
static void test_headless(void **state)
{
	static const char end[] =
		"[   20.9] Out of memory: Killed process 153 (provoke) total-vm:410632kB,"
		" anon-rss:174592kB, file-rss:0kB\n";
	static struct found f;
	size_t len;
	char *text = load("6.12-fork-failure", &len), *from = strstr(text, "Mem-Info:");

	(void)state;
	explain(end, sizeof(end) - 1, &f);
	assert_int_equal(f.nr, 1);
	assert_int_equal(f.last.kind, EXPLAIN_HEADLESS);
	assert_string_equal(f.last.victim, "provoke");
	assert_int_equal(f.last.victim_rss, 174592);
	assert_true(f.last.nr_missing > 0);
	explain(from, strlen(from), &f);
	assert_int_equal(f.nr, 1);
	assert_int_equal(f.last.kind, EXPLAIN_HEADLESS);
	assert_int_equal(f.last.nr_zones, 2);
	assert_int_equal(f.last.zones[1].blocks[0], 12061);
	assert_int_equal(f.last.reason, EXPLAIN_UNKNOWN);
	free(text);
}

/* SysRq-f says order=-1; a second Mem-Info is somebody else's. */
static void test_sysrq(void **state)
{
	static const char text[] =
		"kworker/0:1 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=-1, oom_score_adj=0\n"
		"Mem-Info:\n"
		"Node 0 DMA free:4kB min:400kB low:500kB high:600kB managed:9000kB\n"
		"Mem-Info:\n"
		"Node 0 DMA free:8kB min:400kB low:500kB high:600kB managed:9000kB\n";
	static struct found f;

	(void)state;
	explain(text, sizeof(text) - 1, &f);
	assert_int_equal(f.nr, 1);
	assert_int_equal(f.last.reason, EXPLAIN_FORCED);
	assert_int_equal(f.last.zones[0].free, 4);
}

static int refuse(struct explain_report *rep, void *ctx)
{
	(void)rep;
	(void)ctx;
	return -EINTR;
}

static void test_stop(void **state)
{
	size_t len;
	char *text = load("7.3-hog", &len);
	FILE *in = fmemopen(text, len, "r");

	(void)state;
	assert_int_equal(explain_read(in, refuse, NULL), -EINTR);
	fclose(in);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reports),	    cmocka_unit_test(test_all_named),
		cmocka_unit_test(test_prefixes),    cmocka_unit_test(test_one_after_the_other),
		cmocka_unit_test(test_cut),	    cmocka_unit_test(test_damage),
		cmocka_unit_test(test_huge),	    cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_headless),    cmocka_unit_test(test_sysrq),
		cmocka_unit_test(test_stop),	    cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_large_pages), cmocka_unit_test(test_four_reserves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
