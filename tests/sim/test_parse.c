// SPDX-License-Identifier: GPL-2.0-only
/* Scenarios as text: what is read, and what is refused with its line. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tools/sim.h"

#define LISTS "policy 6.12\norders 6\nzone Normal 64\n"
#define CPUS "policy 6.12\ncpus 2\nzone DMA 1024\nzone Normal 4096\n"

static struct sim_scenario *read_text(const char *text)
{
	struct sim_scenario *s = NULL;
	struct sim_error error;

	if (sim_parse(text, strlen(text), &s, &error))
		fail_msg("line %u: %s\n%s", error.line, error.text, text);
	return s;
}

static void test_machine(void **state)
{
	struct sim_scenario *s = read_text("title  Two nodes # not more\n"
					   "policy 6.1.0..6.12 6.18\r\n"
					   "\n"
					   "\t# a comment\n"
					   "orders 10\n"
					   "pageblock-order 0x8\n"
					   "cpus 3 on 0 1 1\n"
					   "zone DMA32 16M marks 1 2 3\n"
					   "zone Normal 2048 at 8192 node 1 marks 4 4 4\n"
					   "set vm.min_free_kbytes=128 khugepaged=0\n"
					   "set vm.lowmem_reserve_ratio=1,2\n"
					   "boot");

	(void)state;
	assert_string_equal(s->title, "Two nodes");
	assert_int_equal(s->policies, 0x7c0); /* rows 6 to 10 of the core's table */
	assert_int_equal(s->nr_orders, 10);
	assert_int_equal(s->pageblock_order, 8);
	assert_int_equal(s->cpus, 3);
	assert_memory_equal(s->cpu_node, "\0\1\1", 3);
	assert_int_equal(s->nr_nodes, 2);
	assert_int_equal(s->nr_zones, 2);
	assert_int_equal(s->zones[0].spanned, 4096);
	assert_int_equal(s->zones[0].wmark[2], 3);
	assert_int_equal(s->zones[1].start_pfn, 8192);
	assert_int_equal(s->zones[1].managed, 2048);
	assert_int_equal(s->nr_settings, 3);
	assert_int_equal(s->settings[2].line, 11);
	assert_string_equal(s->settings[2].text, "vm.lowmem_reserve_ratio=1,2");
	assert_int_equal(s->nr_steps, 1);
	assert_int_equal(s->steps[0].line, 12);
	sim_free(s);
	/* A zone follows on the one before; pageblocks are as large as they can be. */
	s = read_text("policy 2.4\norders 4\nzone DMA 8\nzone Normal 16\nsay x");
	assert_int_equal(s->zones[1].start_pfn, 8);
	assert_int_equal(s->pageblock_order, 3);
	sim_free(s);
	s = read_text("policy 6.1\ncpus 1\nzone Normal 8192\nmovablecore 2048\nsay x");
	assert_int_equal(s->nr_zones, 2);
	assert_int_equal(s->zones[1].type, PA_ZONE_MOVABLE);
	assert_int_equal(s->zones[1].start_pfn, 6144);
	sim_free(s);
}

static void test_step_fields(void **state)
{
	struct sim_scenario *s =
		read_text(LISTS "in 6.12,4.4..5.4: list type Unmovable order 3 = 8 16\n"
				"use 32..47 order 1 every 4 movable as g\n"
				"alloc p1..p3 q order 2 type reclaimable nofragment\n"
				"free 8 order 3 tail\n"
				"say  Two \"words\", 5\" and \"one # not this\n"
				"expect free >= 3 type Movable\n"
				"expect blocks order 2 -1\n"
				"expect list order 2 type Movable = empty\n"
				"expect report \"a # b\"\n");
	const struct sim_step *step = s->steps;

	(void)state;
	assert_int_equal(s->nr_steps, 9);
	assert_int_equal(step->verb, SIM_LIST);
	assert_int_equal(step->policies, 1u << 9 | 1u << 3 | 1u << 4);
	assert_int_equal(step->args.order, 3);
	assert_int_equal(step->args.mt, PA_UNMOVABLE);
	assert_int_equal(step->nr_pfns, 2);
	assert_int_equal(step->pfns[1], 16);
	step++;
	assert_int_equal(step->pfn, 32);
	assert_int_equal(step->last, 47);
	assert_int_equal(step->args.every, 4);
	assert_true(step->args.given & SIM_KEY_MOVABLE);
	assert_string_equal(s->names[step->args.name], "g");
	step++;
	assert_int_equal(step->nr_names, 4);
	assert_string_equal(s->names[step->names[2]], "p3");
	assert_string_equal(s->names[step->names[3]], "q");
	assert_int_equal(step->args.mt, PA_RECLAIMABLE);
	assert_true(step->args.given & SIM_KEY_NOFRAGMENT);
	step++;
	assert_true(step->by_pfn);
	assert_int_equal(step->pfn, 8);
	step++;
	assert_string_equal(step->say, "Two \"words\", 5\" and \"one");
	step++;
	assert_int_equal(step->expect.op, SIM_GE);
	assert_int_equal(step->expect.value, 3);
	assert_int_equal(step->args.mt, PA_MOVABLE);
	step++;
	assert_int_equal(step->expect.op, SIM_EQ);
	assert_int_equal(step->expect.value, -1);
	step++;
	assert_int_equal(step->nr_pfns, 0);
	step++;
	assert_string_equal(step->expect.text, "a # b");
	assert_string_equal(step->text, "expect report \"a # b\"");
	sim_free(s);
}

static void test_requests(void **state)
{
	struct sim_scenario *s = read_text(
		CPUS "alloc a order 3 gfp GFP_KERNEL|__GFP_NOFAIL cpu 1 task rt task memalloc\n"
		     "alloc b\n"
		     "alloc c zone DMA\n"
		     "tick 2s\n"
		     "tick\n"
		     "expect steps wake kswapd , reclaim again?,got page\n"
		     "expect step compact first = success\n"
		     "expect step oom kill\n"
		     "expect verdict zone DMA = no block of the order\n");
	const struct sim_step *step = s->steps;

	(void)state;
	assert_int_equal(step->args.gfp, PA_GFP_KERNEL | PA_GFP_NOFAIL);
	assert_int_equal(step->args.task, PA_TASK_RT | PA_TASK_MEMALLOC);
	assert_int_equal(step->args.cpu, 1);
	assert_int_equal(step[1].args.gfp, PA_GFP_KERNEL);
	assert_false(step[2].args.given & SIM_KEY_GFP);
	assert_int_equal(step[3].ms, 2000);
	assert_int_equal(step[4].ms, 10);
	assert_int_equal(step[5].expect.nr_places, 3);
	assert_int_equal(step[5].expect.places[1], PA_STEP_RECLAIM_RETRY);
	assert_int_equal(step[6].expect.value, PA_COMPACT_SUCCESS);
	assert_int_equal(step[7].expect.nr_places, 1);
	assert_int_equal(step[8].expect.word, PA_ZONE_FRAGMENTED);
	sim_free(s);
}

struct bad {
	const char *text;
	unsigned int line;
	const char *says;
};

static const struct bad bad_machines[] = {
	{ "", 0, "no step" },
	{ "title only this\n", 1, "no step" },
	{ "boot", 1, "no zone" },
	{ "zone Normal 64\nboot", 2, "no policy" },
	{ "policy\n", 1, "a name is missing" },
	{ "policy 6.99\n", 1, "policy 6.99: there is none of that name (2.4 to 7.3)" },
	{ "policy 6.12..4.4\n", 1, "the older one comes first" },
	{ "policy 6.12..\n", 1, "there is none of that name" },
	{ "orders 12\n", 1, "orders 12: not a number from 2 to 11" },
	{ "orders 5 6\n", 1, "6: not expected here" },
	{ "policy 6.12\norders 4\npageblock-order 4\nzone Normal 8\nboot", 5, "the largest of 4" },
	{ "policy 6.12\ncpus 1\npageblock-order 3\nzone Normal 8\nboot", 5, "4 is the least" },
	{ "zone High 64\n", 1, "zone High: no such type of zone (DMA, DMA32," },
	{ "zone Normal\n", 1, "a size is missing" },
	{ "zone Normal 0\n", 1, "not a size" },
	{ "zone Normal 4097M\n", 1, "not a size (1 to 1048576 pages" },
	{ "zone Normal 5K\n", 1, "not a size" },
	{ "zone Normal 8 size 9\n", 1, "size: not an option of a zone (at, node, marks)" },
	{ "zone Normal 8 marks 3 2 1\n", 1, "marks: low 2: not a number from 3" },
	{ "zone Normal 8 node 64\n", 1, "not a number from 0 to 63" },
	{ "zone Normal 8\nzone DMA 8 at 7\n", 2, "overlaps with the zone of line 1" },
	{ "zone Normal 8\nzone Normal 8\n", 2, "has a zone Normal already (line 1)" },
	{ "zone Normal 4G\nzone DMA 1\n", 2, "more than 1048576 pages" },
	{ "policy 6.12\ncpus 1\nzone DMA 8 marks 1 1 1\nzone Normal 8\nboot", 5,
	  "marks: all zones give them, or none" },
	{ "cpus 0\n", 1, "cpus 0: not a number from 1 to 64" },
	{ "cpus 2 on 0\n", 1, "cpus: node: a number is missing" },
	{ "kernelcore 8\nmovablecore 8\n", 2, "once (see line 1)" },
	{ "policy 6.12\nzone Movable 64\nkernelcore 8\nboot", 3, "cannot be split again" },
	{ "policy 6.12\nzone Normal 64\nkernelcore 64\nboot", 3, "no zone Movable comes of it" },
	{ "set vm.min_free_kbytes=1\n", 1, "the policy comes first" },
	{ "policy 6.12\nset\n", 2, "a setting is missing" },
	{ "policy 6.12\nset vm.swappiness=1\n", 2, "vm.swappiness: no such setting (min_free_" },
	{ "policy 6.12\nset vm.min_free_kbytes\n", 2, "not a setting (vm.KEY=VALUE)" },
	{ "policy 6.12\nset vm.watermark_scale_factor=0\n", 2,
	  "out of range under policy 6.12 (1 to 3000 accepted)" },
	{ "policy 6.12\nset vm.compaction_proactiveness=101\n", 2, "(0 to 100 accepted)" },
	{ "policy 6.12\nset vm.extfrag_threshold=many\n", 2, "(0 to 1000 accepted)" },
	{ "policy 6.12\nset vm.min_free_kbytes=99999999999\n", 2, "(1 to 2147483647 accepted)" },
	{ "policy 6.18 6.12\nset vm.defrag_mode=1\n", 2, "under policy 6.12 (0 to 0 accepted)" },
	{ "policy 6.12\nset vm.lowmem_reserve_ratio=1,2,3,4,5,6\n", 2, "1 to 5 numbers" },
	{ "policy 6.12\nset khugepaged=2\n", 2, "0 or 1 is accepted" },
	{ LISTS "boot\nzone DMA 8\n", 5, "zone: too late" },
	{ LISTS "boot\nset vm.min_free_kbytes=64\n", 5, "no request level for it (add: cpus 1)" },
	{ "title \033[31m\n", 1, "byte 0x1b: a control character" },
	{ "nonsense 1\n", 1, "nonsense: not a word that a line begins with (title, policy," },
	{ "in 6.12 boot\n", 1, "policies and a colon are missing" },
	{ "in 6.13: boot\n", 1, "policy 6.13: there is none" },
	{ "in 6.12:\n", 1, "a step is missing" },
	{ "in 6.12: zone Normal 8\n", 1, "zone: not a word" },
};

static const struct bad bad_steps[] = {
	{ LISTS "list order 3 = 9\n", 4, "a block of order 3 starts at a multiple of 8" },
	{ LISTS "list order 3 = 64\n", 4, "pages 64 to 71: not inside one zone" },
	{ LISTS "list order 6 = 0\n", 4, "order 6: not a number from 0 to 5" },
	{ LISTS "list = 0\n", 4, "list: its order is missing" },
	{ LISTS "list order 3 8\n", 4, "'=' and the pages of the list are missing" },
	{ LISTS "list order 3 =\n", 4, "no page after '='" },
	{ LISTS "list order 3 type Big = 8\n", 4, "type Big: no such migratetype (Unmovable," },
	{ LISTS "list order 3 cpu 0 = 8\n", 4, "cpu: not an option here (order, type)" },
	{ LISTS "list order 3 order 3 = 8\n", 4, "order: said twice" },
	{ LISTS "pageblock 8\n", 4, "its type is missing" },
	{ LISTS "pageblock 64 type Movable\n", 4, "not inside one zone" },
	{ LISTS "use 8..1\n", 4, "pages 8..1: not a range" },
	{ LISTS "use 0..64\n", 4, "pages 64 to 64: not inside one zone" },
	{ LISTS "use 0..7 order 1 every 3\n", 4, "not a multiple of the 2 pages of a block" },
	{ LISTS "use 0..7 movable pinned\n", 4, "one of them at most" },
	{ LISTS "use 0..7 lru\n", 4, "no request level for it (add: cpus 1)" },
	{ LISTS "use 0..99999999999\n", 4, "more than a machine has" },
	{ LISTS "alloc\n", 4, "a name is missing" },
	{ LISTS "alloc 1a\n", 4, "1a: not a name" },
	{ LISTS "alloc a1..b2\n", 4, "a1..b2: not a range of names" },
	{ LISTS "alloc a2..a1\n", 4, "not a range of names" },
	{ LISTS "alloc a1..a99999\n", 4, "not a range of names" },
	{ LISTS "alloc a gfp GFP_KERNEL\n", 4, "no request level for it" },
	{ LISTS "alloc a order 2 = 4\n", 4, "=: not expected here" },
	{ LISTS "free a cpu 0\n", 4, "no request level for it" },
	{ LISTS "alloc a\nboot\n", 5, "boot: too late" },
	{ LISTS "in 6.12: tick\n", 4, "tick: the machine has no request level for it" },
	{ LISTS "unisolate 0 zone Normal\n", 4, "zone: not an option here (type)" },
	{ LISTS "reserve many\n", 4, "reserve many: not a number from 0" },
	{ LISTS "say\n", 4, "say: what?" },
	{ LISTS "map now\n", 4, "now: not expected here" },
	{ CPUS "alloc a gfp GFP_MAGIC\n", 5, "gfp GFP_MAGIC: no such flag" },
	{ CPUS "alloc a gfp GFP_DMA|GFP_DMA32\n", 5, "more than one zone modifier" },
	{ CPUS "alloc a gfp __GFP_MOVABLE|__GFP_RECLAIMABLE\n", 5, "exclude each other" },
	{ CPUS "alloc a task idle\n", 5, "task idle: no such kind (memalloc, rt," },
	{ CPUS "alloc a cpu 2\n", 5, "cpu 2: not a number from 0 to 1" },
	{ CPUS "alloc a node 1\n", 5, "node 1: not a number from 0 to 0" },
	{ CPUS "alloc a nodes 0,1\n", 5, "node 1: this machine has nodes 0 to 0" },
	{ CPUS "alloc a type Movable gfp GFP_KERNEL\n", 5, "not both" },
	{ CPUS "alloc a type Movable\n", 5, "which of the 2 zones? (add: zone NAME)" },
	{ CPUS "alloc a zone Movable\n", 5, "zone Movable: this machine has no such zone" },
	{ CPUS "free a tail\n", 5, "(add: direct)" },
	{ CPUS "tick soon\n", 5, "tick soon: not a time up to a day" },
	{ CPUS "tick 25h\n", 5, "not a time up to a day" },
	{ CPUS "drain order 1\n", 5, "order: not an option here (zone, cpu, by)" },
	{ CPUS "reserve 8\n", 5, "in which zone?" },
	{ CPUS "set vm.defrag_mode=1\n", 5, "(0 to 0 accepted)" },
};

static const struct bad bad_expectations[] = {
	{ LISTS "expect\n", 4, "nobody can tell" },
	{ LISTS "expect luck\n", 4, "expect luck: nobody can tell" },
	{ LISTS "expect no luck\n", 4, "expect no: nobody can tell" },
	{ LISTS "expect free\n", 4, "here: not a number to compare with" },
	{ LISTS "expect free ~ 3\n", 4, "~: not an option here (type, zone)" },
	{ LISTS "expect free = 3 4\n", 4, "4: not expected here" },
	{ LISTS "expect free = three\n", 4, "three: not a number to compare with" },
	{ LISTS "expect free = 9223372036854775808\n", 4, "not a number to compare with" },
	{ LISTS "expect free 3 order 1\n", 4, "order: not an option here (type, zone)" },
	{ LISTS "expect min 3\n", 4, "no request level (add: cpus 1)" },
	{ LISTS "expect path lost\n", 4, "path lost: no such path (none, smallest," },
	{ LISTS "expect fallback\n", 4, "type is missing: no such migratetype" },
	{ LISTS "expect source tap\n", 4, "source tap: no such source (none, pcp," },
	{ LISTS "expect verdict zone Normal = fine\n", 4, "verdict fine: no such verdict (ok," },
	{ LISTS "expect verdict zone Normal\n", 4, "'=' is missing" },
	{ LISTS "expect steps retry, dance\n", 4, "step dance: the slow path has no such" },
	{ LISTS "expect steps retry,\n", 4, "the slow path has no such" },
	{ LISTS "expect step retry = 1 2\n", 4, "2: not expected here" },
	{ LISTS "expect step compact first = lost\n", 4, "lost: not a number to compare with" },
	{ LISTS "expect pageblock 0\n", 4, "its type is missing" },
	{ LISTS "expect pageblock 64 type Movable\n", 4, "not inside one zone" },
	{ LISTS "expect list = 0\n", 4, "its order is missing" },
	{ LISTS "expect report order\n", 4, "a quotation from it is missing" },
	{ LISTS "expect report \"order\n", 4, "a quotation from it is missing" },
	{ LISTS "expect report \"a b\"c\n", 4, "a quotation from it is missing" },
	{ LISTS "expect report \"\"\n", 4, "a quotation from it is missing" },
	{ LISTS "expect reclaimed\n", 4, "a name is missing" },
	{ LISTS "expect ok now\n", 4, "now: not expected here" },
	{ CPUS "expect boost 0\n", 5, "expect boost: of which zone? (add: zone NAME)" },
	{ CPUS "expect list order 0 = 0\n", 5, "list: of which zone?" },
	{ CPUS "expect lowmem_reserve 0 zone DMA\n", 5, "against whom?" },
};

static void refuse(const struct bad *bad, size_t nr)
{
	for (; nr--; bad++) {
		struct sim_scenario *s = NULL;
		struct sim_error error;

		if (sim_parse(bad->text, strlen(bad->text), &s, &error) != -EINVAL)
			fail_msg("this was taken:\n%s", bad->text);
		if (error.line != bad->line || !strstr(error.text, bad->says))
			fail_msg("line %u: %s\nline %u and '%s' were meant, of\n%s", error.line,
				 error.text, bad->line, bad->says, bad->text);
		assert_null(s);
	}
}

#define REFUSE(table) refuse(table, sizeof(table) / sizeof((table)[0]))

static void test_bad(void **state)
{
	(void)state;
	REFUSE(bad_machines);
	REFUSE(bad_steps);
	REFUSE(bad_expectations);
}

/* What may be long has an end. */
static void test_limits(void **state)
{
	static char text[SIM_MAX_TEXT + 2];
	struct sim_scenario *s = NULL;
	struct sim_error error;
	size_t at;

	(void)state;
	memset(text, '\n', sizeof(text));
	assert_int_equal(sim_parse(text, sizeof(text), &s, &error), -EINVAL);
	assert_non_null(strstr(error.text, "more than 1048576 bytes"));
	at = (size_t)sprintf(text, LISTS);
	for (int i = 0; i <= SIM_MAX_STEPS; i++)
		at += (size_t)sprintf(text + at, "map\n");
	assert_int_equal(sim_parse(text, at, &s, &error), -EINVAL);
	assert_int_equal(error.line, 3 + SIM_MAX_STEPS + 1);
	assert_non_null(strstr(error.text, "more than 2000 steps"));
	memset(text, 'x', 20001);
	assert_int_equal(sim_parse(text, 20001, &s, &error), -EINVAL);
	assert_non_null(strstr(error.text, "a line of more than 20000 bytes"));
	for (at = 0; at < 5000; at++)
		memcpy(text + 2 * at, "x ", 2);
	assert_int_equal(sim_parse(text, 2 * at, &s, &error), -EINVAL);
	assert_non_null(strstr(error.text, "more than 4096 words"));
	at = (size_t)sprintf(text, LISTS "alloc a1..a30000\nalloc b1..b30000\n");
	assert_int_equal(sim_parse(text, at, &s, &error), -EINVAL);
	assert_int_equal(error.line, 5);
	assert_non_null(strstr(error.text, "more than 32768 names"));
	at = (size_t)sprintf(text, LISTS "alloc a1..a30000\n");
	for (int i = 0; i < 7; i++)
		at += (size_t)sprintf(text + at, "free a1..a30000\n");
	assert_int_equal(sim_parse(text, at, &s, &error), -EINVAL);
	assert_int_equal(error.line, 10);
	assert_non_null(strstr(error.text, "names in all steps together"));
	assert_null(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_machine),	 cmocka_unit_test(test_step_fields),
		cmocka_unit_test(test_requests), cmocka_unit_test(test_bad),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
