/* SPDX-License-Identifier: GPL-2.0-only */
/* What was counted in the kernel, as a sample; and the names of functions. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "counted.h"
#include "symbols.h"

static struct count_cpu cpu[2];
static __u64 rare[NR_RARE];
static struct count_fallbacks fallbacks;
static struct count_histogram histogram;
static struct count_stall stalls[COUNT_NR_STALLS];
static __u32 pid[3];
static struct count_process process[3];
static struct count_stack_key stack_key[100];
static struct count_stack stack[100];
static struct counted_room room;
static struct sample out;

static struct counted counted;

static int setup(void **state)
{
	static const char mt[][TRACE_NAME] = { "Unmovable", "Movable", "Reclaimable", "HighAtomic",
					       "Isolate" };

	(void)state;
	memset(cpu, 0, sizeof(cpu));
	memset(rare, 0, sizeof(rare));
	memset(&fallbacks, 0, sizeof(fallbacks));
	memset(&histogram, 0, sizeof(histogram));
	memset(stalls, 0, sizeof(stalls));
	memset(&out, 0, sizeof(out));
	counted_types(&room, mt, 5);
	counted = (struct counted){ .cpu = cpu,
				    .nr_cpus = 2,
				    .rare = rare,
				    .fallbacks = &fallbacks,
				    .histogram = &histogram,
				    .stalls = stalls,
				    .pid = pid,
				    .process = process,
				    .stack_key = stack_key,
				    .stack = stack };
	return 0;
}

static uint64_t value(enum source_count c)
{
	assert_true(out.counts.known >> c & 1);
	return out.counts.v[c];
}

static void cpus_are_added_up(void **state)
{
	(void)state;
	cpu[0].allocs[COUNT_KEY(0, 1)] = 100;
	cpu[1].allocs[COUNT_KEY(9, 0)] = 3;
	cpu[1].failed = 1;
	cpu[0].picks[COUNT_KEY(0, 1)] = 50;
	cpu[0].refills[0] = 40;
	cpu[1].drains[0] = 6;
	rare[RARE_OOM] = 2;
	counted.missed = 5;
	counted_sample(&counted, &room, &out);
	assert_int_equal(counted_runs(&counted), 100 + 3 + 50 + 6);
	assert_int_equal(value(COUNT_ALLOCS), 103);
	assert_int_equal(out.requests[0][PA_MOVABLE], 100);
	assert_int_equal(out.requests[9][PA_UNMOVABLE], 3);
	assert_int_equal(value(COUNT_FAILED), 1);
	assert_int_equal(value(COUNT_HIGH_ORDER), 3);
	assert_false(out.counts.known >> COUNT_FREES & 1); /* the kernel counts their pages */
	assert_int_equal(value(COUNT_DRAINED), 6);
	assert_int_equal(value(COUNT_OOM), 2);
	assert_int_equal(value(COUNT_MISSED), 5);
	/* 5.10 does not tell a refill from another pick; no stream, so none of it is lost. */
	assert_false(out.counts.known >> COUNT_REFILLED & 1);
	assert_false(out.counts.known >> COUNT_LOST & 1);
	counted.refills_known = true;
	memset(&out, 0, sizeof(out));
	counted_sample(&counted, &room, &out);
	assert_int_equal(value(COUNT_REFILLED), 40);
}

static void fallbacks_come_by_types_and_order(void **state)
{
	(void)state;
	fallbacks.n[2][0][1][9] = 4; /* Unmovable claimed a MOVABLE pageblock */
	fallbacks.n[1][0][1][9] = 6;
	fallbacks.n[0][4][7][3] = 1; /* 7 is no type of this kernel */
	counted_sample(&counted, &room, &out);
	assert_int_equal(out.nr_fallbacks, 2);
	assert_int_equal(out.fallbacks[0].mt, PA_UNMOVABLE);
	assert_int_equal(out.fallbacks[0].fallback_mt, PA_MOVABLE);
	assert_int_equal(out.fallbacks[0].fallback_order, 9);
	assert_int_equal(out.fallbacks[0].n, 10);
	assert_int_equal(out.fallbacks[0].claimed, 4);
	assert_int_equal(out.fallbacks[0].kept, 6);
	assert_int_equal(out.fallbacks[1].mt, PA_ISOLATE);
	assert_int_equal(out.fallbacks[1].fallback_mt, PA_NR_MT);
	assert_int_equal(value(COUNT_FALLBACKS), 11);
	assert_int_equal(value(COUNT_CLAIMED), 4);
	assert_int_equal(value(COUNT_KEPT), 6);
}

static void put_stall(uint64_t number, uint64_t seq)
{
	stalls[number % COUNT_NR_STALLS] = (struct count_stall){ .seq = seq,
								 .ts = number,
								 .ns = 1000,
								 .pid = 42,
								 .order = 99,
								 .kind = 77,
								 .status = 1000 };
}

static void the_last_stalls_are_told(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < COUNT_NR_STALLS + 10; i++)
		put_stall(i, i + 1);
	put_stall(COUNT_NR_STALLS + 3, 4); /* still the one of a lap ago */
	put_stall(COUNT_NR_STALLS + 4, 0); /* half written */
	counted.nr_stalls = COUNT_NR_STALLS + 10;
	histogram.n[STALL_COMPACT][9 + 1][1][7] = 3;
	counted_sample(&counted, &room, &out);
	assert_int_equal(out.stalls_gone, 10);
	assert_int_equal(out.nr_stalls, COUNT_NR_STALLS - 2);
	assert_int_equal(out.stalls[0].ts, 10);
	/* Nonsense stays within bounds. */
	assert_int_equal(out.stalls[0].order, -1);
	assert_int_equal(out.stalls[0].kind, STALL_KCOMPACTD);
	assert_int_equal(out.stalls[0].status, 255);
	assert_int_equal(out.histogram->n[STALL_COMPACT][10][1][7], 3);
}

static void processes_and_pcp_lists(void **state)
{
	const int zone[2] = { 1, -1 };
	struct source_pcp pcp[3] = { { .zone = 0, .cpu = 1, .count = 9, .exact = true },
				     { .zone = 1, .cpu = 0, .exact = true },
				     { .zone = 0, .cpu = 7, .exact = true } };

	(void)state;
	pid[0] = 31;
	process[0] = (struct count_process){
		.comm = "sixteen-letters!", .pages = 512, .high = 1, .max_order = 9
	};
	counted.nr_processes = 1;
	counted_sample(&counted, &room, &out);
	assert_int_equal(out.nr_callers, 1);
	assert_int_equal(out.callers[0].pid, 31);
	assert_string_equal(out.callers[0].name, "sixteen-letters");
	assert_int_equal(out.callers[0].pages, 512);
	assert_true(out.callers_sampled);

	cpu[1].zone[1].refilled = 63;
	cpu[1].zone[1].drained = 12;
	counted_pcp(&counted, zone, pcp, 3);
	assert_true(pcp[0].passed_known);
	assert_int_equal(pcp[0].refilled, 63);
	assert_int_equal(pcp[0].drained, 12);
	assert_int_equal(pcp[0].count, 9);
	assert_false(pcp[1].passed_known); /* a zone without a place */
	assert_false(pcp[2].passed_known); /* a CPU that was not there */
}

static void the_largest_stacks_come_first(void **state)
{
	int32_t id[COUNTED_STACKS];
	struct rates rates = { 0 };

	(void)state;
	rates_begin(&rates, UINT64_C(1000000000));
	for (uint32_t i = 0; i < 100; i++) {
		stack_key[i] = (struct count_stack_key){ .id = (__s32)i, .key = COUNT_KEY(0, 0) };
		stack[i].blocks = i * 37 % 100;
	}
	stack_key[0].key = COUNT_KEY(9, 1);
	stack[0].blocks = 1; /* 512 pages */
	counted.nr_stacks = 100;
	assert_int_equal(counted_stacks(&counted, &room, &rates, id), COUNTED_STACKS);
	assert_true(room.stack[0].pages_s < 0);
	assert_int_equal(id[0], 0);
	assert_int_equal(room.stack[0].pages, 512);
	assert_int_equal(room.stack[0].mt, PA_MOVABLE);
	for (int i = 1; i < COUNTED_STACKS; i++) {
		assert_int_equal(room.stack[i].pages, 100 - i);
		assert_int_equal(id[i] * 37 % 100, 100 - i);
	}

	/* One of the small ones, asked for just now, is among them; the large ones stay. */
	stack[73].blocks += 20; /* of 1 */
	rates_begin(&rates, UINT64_C(3000000000));
	assert_int_equal(counted_stacks(&counted, &room, &rates, id), COUNTED_STACKS);
	assert_int_equal(id[0], 0);
	assert_true(room.stack[0].pages_s == 0);
	assert_int_equal(id[COUNTED_STACKS - 1], 73);
	assert_int_equal(room.stack[COUNTED_STACKS - 1].pages, 21);
	assert_true(room.stack[COUNTED_STACKS - 1].pages_s == 10);
	rates_close(&rates);
}

static void rates_follow_keys(void **state)
{
	const uint64_t few[RATES_COUNTERS] = { 10, 0, 7 }, more[RATES_COUNTERS] = { 30, 4, 1 };
	double per_s[RATES_COUNTERS];
	struct rates r = { 0 };

	(void)state;
	rates_begin(&r, 0);
	rates_note(&r, 5, few, per_s);
	assert_true(per_s[0] < 0 && per_s[1] < 0 && per_s[2] < 0);
	rates_begin(&r, 2000000000);
	rates_note(&r, 9, few, per_s); /* began since then */
	assert_true(per_s[0] == 5 && per_s[2] == 3.5);
	rates_note(&r, 5, more, per_s);
	assert_true(per_s[0] == 10 && per_s[1] == 2);
	assert_true(per_s[2] == 0.5); /* it is less: another began with this key */
	rates_begin(&r, 2000000000);  /* the same again, in another order */
	rates_note(&r, 5, more, per_s);
	assert_true(per_s[0] == 10);
	rates_begin(&r, 3000000000);
	rates_note(&r, 5, more, per_s);
	assert_true(per_s[0] == 0);
	rates_begin(&r, 1000000000); /* back in time */
	rates_note(&r, 5, more, per_s);
	assert_true(per_s[0] < 0);
	rates_close(&r);
}

static void names_are_found_by_address(void **state)
{
	static char text[] = "ffff0300 t inner\nffff0100 T __alloc_pages_noprof\n"
			     "ffff0200 T first_name\nffff0200 t second_name\nffff0280 d data\n"
			     "ffff0400 t in_module\t[kvm]\ngarbage\n0000 T hidden\n";
	static const uint64_t frames[] = { 0xffff0110, 0xffff0301, 0xffff027f, 0x10, 0, 0xffff0400 };
	FILE *f = fmemopen(text, strlen(text), "r");
	struct symbols *s = NULL;
	char buf[100], small[10];

	(void)state;
	assert_int_equal(symbols_read(f, &s), 0);
	fclose(f);
	assert_null(symbols_find(s, 0xffff00ff));
	assert_string_equal(symbols_find(s, 0xffff0200), "first_name");
	assert_string_equal(symbols_find(s, 0xffff02ff), "first_name");
	assert_string_equal(symbols_find(s, UINT64_MAX), "in_module");
	symbols_stack(s, frames, 6, buf, sizeof(buf));
	assert_string_equal(buf, "inner < first_name < ?");
	symbols_stack(s, frames, 6, small, sizeof(small));
	assert_string_equal(small, "inner < f");
	symbols_free(s);

	/* Where the kernel hides addresses they are all 0. */
	strcpy(text, "0000 T hidden\n");
	f = fmemopen(text, strlen(text), "r");
	assert_int_equal(symbols_read(f, &s), -ENODATA);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(cpus_are_added_up, setup),
		cmocka_unit_test_setup(fallbacks_come_by_types_and_order, setup),
		cmocka_unit_test_setup(the_last_stalls_are_told, setup),
		cmocka_unit_test_setup(processes_and_pcp_lists, setup),
		cmocka_unit_test_setup(the_largest_stacks_come_first, setup),
		cmocka_unit_test(rates_follow_keys),
		cmocka_unit_test(names_are_found_by_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
