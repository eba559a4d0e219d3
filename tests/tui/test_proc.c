/* SPDX-License-Identifier: GPL-2.0-only */
/* /proc as a source: what it reads, and what it does without the files that hosts hide. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "tools/metrics.h"
#include "tools/source.h"

static char root[64];

static void put(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/proc/%s", root, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void drop(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/proc/%s", root, name);
	unlink(path);
}

static int make_root(void **state)
{
	char path[128];

	(void)state;
	strcpy(root, "/tmp/buddyscope-proc.XXXXXX");
	assert_non_null(mkdtemp(root));
	snprintf(path, sizeof(path), "%s/proc", root);
	assert_int_equal(mkdir(path, 0700), 0);
	return 0;
}

static int drop_root(void **state)
{
	static const char *const names[] = { "buddyinfo", "pagetypeinfo", "zoneinfo", "vmstat" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		drop(names[i]);
	snprintf(path, sizeof(path), "%s/proc", root);
	rmdir(path);
	rmdir(root);
	return 0;
}

static const char buddyinfo[] =
	"Node 0, zone      DMA      0      0      0      0      0      0      0      0      1      1      3 \n"
	"Node 1, zone   Normal 300000     20     10      5      0      0      0      0      0      2      1 \n";

static const char pagetypeinfo[] =
	"Page block order: 9\nPages per block:  512\n\n"
	"Free pages count per migrate type at order       0      1      2\n"
	"Node    0, zone      DMA, type    Unmovable      0      0      0      0      0      0      0      0      1      0      0\n"
	"Node    0, zone      DMA, type      Movable      0      0      0      0      0      0      0      0      0      1      3\n"
	"Node    1, zone   Normal, type    Unmovable     10     20     10      5      0      0      0      0      0      0      0\n"
	"Node    1, zone   Normal, type      Movable >100000      0      0      0      0      0      0      0      0      2      1\n"
	"Node    1, zone   Normal, type   Mysterious      7      0      0      0      0      0      0      0      0      0      0\n\n"
	"Number of blocks type     Unmovable      Movable   Mysterious  Reclaimable\n"
	"Node 0, zone      DMA            1            7            0            0\n"
	"Node 1, zone   Normal          209         1923            4          108\n";

static const char zoneinfo[] =
	"Node 0, zone      DMA\n  per-node stats\n      nr_inactive_anon 1703\n  pages free     3840\n"
	"        boost    0\n        min      33\n        low      41\n        high     49\n"
	"        spanned  4095\n        present  3998\n        managed  3840\n"
	"  pagesets\n    cpu: 0\n              count:    0\n              high:     0\n              batch:    1\n"
	"  start_pfn:           1\n"
	"Node 1, zone   Normal\n  pages free     400000\n        boost    512\n        min      1000\n"
	"        low      1250\n        high     1500\n        spanned  1048576\n        managed  1000000\n"
	"  pagesets\n    cpu: 0\n              count:    62\n              high:     378\n              batch:    63\n"
	"    cpu: 1\n              count:    17\n              high:     378\n              batch:    63\n"
	"Node 1, zone  Movable\n  pages free     0\n        min      9\n";

static const char vmstat[] = "nr_free_pages 1\nallocstall_dma 2\nallocstall_normal 3\n"
			     "pgsteal_direct 77\ncompact_stall 5\ncompact_success 4\noom_kill 1\n";

static void put_all(void)
{
	put("buddyinfo", buddyinfo);
	put("pagetypeinfo", pagetypeinfo);
	put("zoneinfo", zoneinfo);
	put("vmstat", vmstat);
}

static struct sample *take(struct source *source)
{
	struct sample *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	assert_int_equal(source_sample(source, s), 0);
	return s;
}

static void all_of_it(void **state)
{
	struct source *source;
	struct sample *s;
	char why[256];

	(void)state;
	put_all();
	assert_int_equal(source_proc(root, &source, why, sizeof(why)), 0);
	s = take(source);
	assert_int_equal(s->nr_zones, 2); /* Movable has no free lists */
	assert_int_equal(s->nr_orders, 11);
	assert_int_equal(s->pageblock_order, 9);
	assert_string_equal(s->zone[1].name, "Normal");
	assert_int_equal(s->zone[1].node, 1);
	assert_int_equal(s->zone[1].total[0], 300000);
	assert_int_equal(s->zone[1].kernel[0][PA_MOVABLE], 100000); /* as far as it counts */
	assert_int_equal(s->zone[1].kernel[1][PA_UNMOVABLE], 20);
	assert_int_equal(s->zone[1].blocks[PA_RECLAIMABLE], 108);
	assert_int_equal(s->zone[1].min, 1000);
	assert_int_equal(s->zone[1].boost, 512);
	assert_int_equal(s->zone[1].managed, 1000000);
	assert_false(s->zone[1].core_known);
	assert_int_equal(s->nr_pcp, 3);
	assert_int_equal(s->pcp[2].zone, 1);
	assert_int_equal(s->pcp[2].cpu, 1);
	assert_int_equal(s->pcp[2].count, 17);
	assert_int_equal(s->counts.v[COUNT_RECLAIMS], 5);
	assert_int_equal(s->counts.v[COUNT_RECLAIMED], 77);
	assert_int_equal(s->counts.known >> COUNT_FALLBACKS & 1, 0);
	assert_int_equal(metrics_suitable(&s->zone[0], 9), 1 + 3 * 2);
	assert_non_null(strstr(s->note, "no core"));
	free(s);
	source_close(source);
}

static void what_is_hidden(void **state)
{
	struct source *source;
	struct sample *s;
	char why[256];

	(void)state;
	put_all();
	drop("pagetypeinfo");
	drop("zoneinfo");
	drop("vmstat");
	assert_int_equal(source_proc(root, &source, why, sizeof(why)), 0);
	s = take(source);
	assert_int_equal(s->nr_zones, 2);
	assert_int_equal(s->zone[0].total[10], 3);
	assert_false(s->zone[0].types_known);
	assert_int_equal(s->zone[0].managed, 0);
	assert_int_equal(s->nr_pcp, 0);
	assert_int_equal(s->counts.known, 0);
	assert_non_null(strstr(s->note, "types"));

	/* And if even that goes while it runs. */
	drop("buddyinfo");
	assert_int_equal(source_sample(source, s), -ENOENT);
	assert_non_null(strstr(source_why(source), "buddyinfo"));
	free(s);
	source_close(source);
	assert_int_equal(source_proc(root, &source, why, sizeof(why)), -ENOENT);
	assert_non_null(strstr(why, "buddyinfo"));
}

static void nonsense(void **state)
{
	struct source *source;
	char why[256];

	(void)state;
	put_all();
	put("buddyinfo", "Node x, zone\nnothing here\n");
	assert_int_equal(source_proc(root, &source, why, sizeof(why)), -ENODATA);
	put("buddyinfo", "Node 0, zone DMA 1 2 3 4 5 6 7 8 9 10 11 12 13 14\n");
	put("zoneinfo", "Node 0, zone DMA\n min -7\n cpu: 4000000000\n count: 1\n");
	put("pagetypeinfo",
	    "Number of blocks type a b c d e f g h i j k l\nNode 0, zone DMA 1 2 3\n");
	assert_int_equal(source_proc(root, &source, why, sizeof(why)), 0);
	source_close(source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_of_it, make_root, drop_root),
		cmocka_unit_test_setup_teardown(what_is_hidden, make_root, drop_root),
		cmocka_unit_test_setup_teardown(nonsense, make_root, drop_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
