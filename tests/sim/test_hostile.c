// SPDX-License-Identifier: GPL-2.0-only
/* Scenarios that were cut off, damaged or put together by chance: refused or run, never a crash. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/pa.h"
#include "tests/sim/hostile.h"

#define MOST 8192  /* bytes of a scenario */
#define SMALL 4096 /* pages of a machine that is run every time */
#define LARGE 8192

static uint64_t seed = 20261122;

static uint32_t chance(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % below;
}

static size_t load(const char *path, char *text)
{
	FILE *from = fopen(path, "r");
	size_t len;

	assert_non_null(from);
	len = fread(text, 1, MOST, from);
	fclose(from);
	assert_in_range(len, 1, MOST - 1);
	return len;
}

static void each_scenario(void (*test)(const char *text, size_t len))
{
	static char text[MOST];
	glob_t found;

	assert_int_equal(glob("tests/scenarios/*.sim", 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 16);
	for (size_t i = 0; i < found.gl_pathc; i++)
		test(text, load(found.gl_pathv[i], text));
	globfree(&found);
}

/* A copy of its own, so that a read past the end is seen. */
static enum hostile run(const char *text, size_t len, uint64_t frames)
{
	char *copy = malloc(len ? len : 1);
	enum hostile what;

	assert_non_null(copy);
	memcpy(copy, text, len);
	what = hostile_run(copy, len, frames);
	free(copy);
	return what;
}

static void cut(const char *text, size_t len)
{
	for (size_t at = 0; at <= len; at += 1 + chance(5))
		run(text, at, chance(64) ? 0 : LARGE);
	assert_int_equal(run(text, len, 65536), HOSTILE_RAN);
}

static void test_cut(void **state)
{
	(void)state;
	each_scenario(cut);
}

/* Bytes that mean something here more often than those that do not. */
static char some_byte(void)
{
	static const char liked[] = "0123456789 =.#\"\n\t-<>abeopz";

	return chance(8) ? liked[chance(sizeof(liked) - 1)] : (char)chance(256);
}

static void damage(const char *text, size_t len)
{
	static char copy[2 * MOST];
	size_t at, size, to;

	for (int round = 0; round < 150; round++) {
		memcpy(copy, text, len);
		size = len;
		for (uint32_t hits = 1 + chance(3); hits--;) {
			at = chance((uint32_t)size);
			switch (chance(4)) {
			case 0: /* another byte */
				copy[at] = some_byte();
				break;
			case 1: /* one more */
				memmove(copy + at + 1, copy + at, size - at);
				copy[at] = some_byte();
				size++;
				break;
			case 2: /* one less */
				memmove(copy + at, copy + at + 1, size - at - 1);
				size--;
				break;
			default: /* a piece from elsewhere, lines and all */
				to = chance((uint32_t)size);
				memcpy(copy + at, text + to % len,
				       len - to % len < 40 ? len - to % len : 40);
				size = at + 40 > size ? at + 40 : size;
			}
		}
		run(copy, size, chance(8) ? SMALL : LARGE);
	}
}

static void test_damage(void **state)
{
	(void)state;
	each_scenario(damage);
}

/* Lines that are fine by themselves, in any order. */
static void test_any_order(void **state)
{
	static const char *const lines[] = {
		"alloc a order 3 zone Normal type Movable",
		"alloc b order 0 gfp GFP_KERNEL|__GFP_NOFAIL",
		"alloc c1..c9 order 4 gfp GFP_HIGHUSER_MOVABLE lru",
		"alloc d order 9 gfp GFP_HIGHUSER_MOVABLE cpu 1 lru",
		"alloc e1..e40 order 2 gfp GFP_ATOMIC",
		"alloc f zone Normal order 5 type Unmovable",
		"alloc g zone Normal type CMA",
		"alloc h1..h300 gfp GFP_HIGHUSER_MOVABLE lru",
		"free a",
		"free b",
		"free c1..c9",
		"free f direct",
		"free e1..e40 cpu 1",
		"free 512 order 9",
		"free 1024 order 4 direct tail",
		"free h1..h300",
		"free h3 order 2",
		"lru e1",
		"pin c2",
		"victim c1..c9 h1..h300",
		"isolate 1024",
		"unisolate 1024 type Unmovable",
		"pageblock 2048 type Movable",
		"free u",
		"tick 700ms",
		"drain by 1",
		"set vm.min_free_kbytes=4096",
		"set vm.watermark_boost_factor=0 vm.compaction_proactiveness=90",
		"use 1536..1599 order 3 lru as u",
		"free u",
		"reserve 700",
		"expect fails",
		"expect pfn 3 of a",
		"expect list order 0 type Movable = empty",
		"expect reclaimed c1",
		"expect report \"order\"",
	};
	static char text[65536];
	uint32_t policies = 0;
	int ran = 0;

	(void)state;
	while (pa_policy_at(policies))
		policies++;
	for (int round = 0; round < 200; round++) {
		const struct pa_policy *policy = pa_policy_at(chance(policies));
		size_t at = (size_t)sprintf(text, "policy %s\ncpus 2\nzone Normal 4096\n%s",
					    policy->name, chance(4) ? "boot\n" : "");

		for (uint32_t i = 0; i < 60; i++)
			at += (size_t)sprintf(text + at, "%s\n",
					      lines[chance(sizeof(lines) / sizeof(lines[0]))]);
		ran += run(text, at, 4096) != HOSTILE_REFUSED;
	}
	assert_int_equal(ran, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
