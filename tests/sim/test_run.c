// SPDX-License-Identifier: GPL-2.0-only
/*
 * Running scenarios: each question is answered right, yes and no.
 *
 * A line that must not be met ends with "# not: TEXT", where TEXT is what it gets instead; all others
 * must be met.
 */
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

/* What stands after "# not: " on a line of @text; NULL if nothing does. */
static const char *wrong_of(const char *text, unsigned int line, char *buf, size_t len)
{
	const char *at;
	size_t size;

	while (--line)
		text = strchr(text, '\n') + 1;
	size = strcspn(text, "\n");
	at = strstr(text, "# not: ");
	if (!at || at > text + size)
		return NULL;
	snprintf(buf, len, "%.*s", (int)(text + size - at - 7), at + 7);
	return buf;
}

static struct sim *start(const char *text, struct sim_scenario **s)
{
	struct sim *sim = NULL;
	struct sim_error error;
	size_t i = 0;

	if (sim_parse(text, strlen(text), s, &error))
		fail_msg("line %u: %s\n%s", error.line, error.text, text);
	while (!((*s)->policies >> i & 1))
		i++;
	if (sim_open(*s, pa_policy_at(i), &sim, &error))
		fail_msg("line %u: %s", error.line, error.text);
	return sim;
}

static void check(const char *text)
{
	struct sim_scenario *s = NULL;
	struct sim *sim = start(text, &s);
	struct sim_report r;
	struct sim_error error;
	char buf[200];
	int more;

	while ((more = sim_next(sim, &r, &error)) > 0) {
		const char *got = wrong_of(text, r.step->line, buf, sizeof(buf));

		if ((r.outcome == SIM_FAILED) != (got != NULL) || (got && strcmp(got, r.got)))
			fail_msg("line %u: %s: expected %s, got %s", r.step->line, r.step->text,
				 r.expected, r.got);
	}
	if (more)
		fail_msg("line %u: %s", error.line, error.text);
	sim_close(sim);
	sim_free(s);
}

/* The first step that cannot be done says @why. */
static void stops(const char *text, unsigned int line, const char *why)
{
	struct sim_scenario *s = NULL;
	struct sim *sim = start(text, &s);
	struct sim_report r;
	struct sim_error error;
	int more;

	while ((more = sim_next(sim, &r, &error)) > 0)
		;
	assert_int_equal(more, -EINVAL);
	if (error.line != line || !strstr(error.text, why) || error.unsound)
		fail_msg("line %u: %s", error.line, error.text);
	sim_close(sim);
	sim_free(s);
}

static void test_numbers(void **state)
{
	(void)state;
	check("policy 6.12\n"
	      "orders 5\n"
	      "pageblock-order 3\n"
	      "zone DMA 16\n"
	      "zone Normal 64\n"
	      "pageblock 16 type Unmovable\n"
	      "list order 2 type Unmovable = 16\n"
	      "list order 1 = 32 40 48\n"
	      "list order 0 = 0\n"
	      "expect free 11\n"
	      "expect free 12 # not: 11\n"
	      "expect free = 10 zone Normal\n"
	      "expect free 4 type Unmovable\n"
	      "expect free zone DMA type Movable 1\n"
	      "expect free != 11 # not: 11\n"
	      "expect free != 12\n"
	      "expect free < 11 # not: 11\n"
	      "expect free < 12\n"
	      "expect free <= 10 # not: 11\n"
	      "expect free <= 11\n"
	      "expect free > 11 # not: 11\n"
	      "expect free > 10\n"
	      "expect free >= 12 # not: 11\n"
	      "expect free >= 11\n"
	      "expect blocks 3 order 1\n"
	      "expect blocks 2 order 1 # not: 3\n"
	      "expect blocks 1 order 2 type Unmovable zone Normal\n"
	      "expect blocks 0 order 2 type Movable\n"
	      "expect largest 2\n"
	      "expect largest 1 type Movable\n"
	      "expect largest 0 zone DMA\n"
	      "expect largest -1 type CMA\n"
	      "expect largest 1 # not: 2\n"
	      "expect managed 64 zone Normal\n"
	      "expect managed 63 zone Normal # not: 64\n"
	      "expect boost 0 zone Normal\n"
	      "expect boost 1 zone Normal # not: 0\n"
	      "expect unusable 600 order 2 zone Normal\n"
	      "expect unusable 0 order 2 zone Normal # not: 600\n"
	      "expect fragmentation -1000 order 2 zone Normal\n"
	      "expect fragmentation 0 order 2 zone Normal # not: -1000\n"
	      "expect list order 1 zone Normal = 32 40 48\n"
	      "expect list order 1 zone Normal = 32 48 40 # not: 32 40 48\n"
	      "expect list order 1 zone Normal = 32 40 # not: 32 40 48\n"
	      "expect list order 1 zone Normal = empty # not: 32 40 48\n"
	      "expect list order 3 zone Normal = empty\n"
	      "expect list order 3 zone Normal = 8 # not: empty\n"
	      "expect pageblock 23 type Unmovable\n"
	      "expect pageblock 24 type Unmovable # not: Movable\n");
}

static void test_decisions(void **state)
{
	(void)state;
	check("policy 6.12\n"
	      "pageblock-order 3\n"
	      "orders 5\n"
	      "zone Normal 64\n"
	      "expect ok # not: neither a request nor a free came before\n"
	      "expect pfn 0 # not: no page\n"
	      "expect path none # not: no list was asked\n"
	      "expect no fallback\n"
	      "list order 3 = 8\n"
	      "list order 4 = 16\n"
	      "alloc a order 2 type Movable\n"
	      "expect ok\n"
	      "expect fails # not: it succeeded\n"
	      "expect waits # not: it succeeded\n"
	      "expect refused # not: it succeeded\n"
	      "expect pfn 8\n"
	      "expect pfn 12 # not: 8\n"
	      "expect pages-done 1\n"
	      "expect pages-done 2 # not: 1\n"
	      "expect from-order 3\n"
	      "expect from-order 2 # not: 3\n"
	      "expect path smallest\n"
	      "expect path steal # not: smallest\n"
	      "expect zone Normal\n"
	      "expect no fallback\n"
	      "expect fallback Movable # not: no fallback\n"
	      "expect claimed # not: no fallback\n"
	      "expect not claimed\n"
	      "alloc b order 0 type Unmovable\n"
	      "expect fallback Movable order 4 at 16\n"
	      "expect fallback Movable\n"
	      "expect fallback Reclaimable # not: fallback Movable order 4 at 16 for Unmovable\n"
	      "expect fallback Movable order 3 # not: fallback Movable order 4 at 16 for Unmovable\n"
	      "expect fallback Movable at 8 # not: fallback Movable order 4 at 16 for Unmovable\n"
	      "expect no fallback # not: fallback Movable order 4 at 16 for Unmovable\n"
	      "expect claimed\n"
	      "expect not claimed # not: the pageblock was claimed\n"
	      "expect path claim-whole\n"
	      "alloc c1..c3 order 2 type Unmovable\n"
	      "expect pages-done 3\n"
	      "expect pfn 20 of c1\n"
	      "expect pfn 28 of c1 # not: 20\n"
	      "alloc d order 4 type Movable # not: no page, and no `expect fails' follows\n"
	      "free d # not: it never was\n"
	      "expect fails # not: neither a request nor a free came before\n");
}

static void test_results(void **state)
{
	(void)state;
	check("policy 6.12\n"
	      "zone Normal 64\n"
	      "orders 5\n"
	      "list order 3 = 8\n"
	      "alloc a1..a9 type Movable # not: no page, and no `expect fails' follows, for a9\n"
	      "say in between\n"
	      "alloc b\n"
	      "say it may\n"
	      "expect free 0\n"
	      "expect fails\n"
	      "expect ok # not: no page\n"
	      "expect zone Normal # not: no page\n"
	      "expect pfn of b 3 # not: no page\n"
	      "alloc a1 # not: it names an allocation\n"
	      "free q # not: it never was\n"
	      "free a1..a8\n"
	      "expect pages-done 8\n"
	      "free a1\n"
	      "expect refused\n"
	      "free 9 # not: it is refused, and no `expect refused' follows\n"
	      "free 64 order 4\n"
	      "expect refused\n"
	      "expect free 8\n"
	      "alloc c order 2 type Movable\n"
	      "free 8 order 1\n"
	      "expect refused\n"
	      "free c order 1\n"
	      "expect refused\n"
	      "free 8 order 2\n"
	      "expect list order 3 = 8\n"
	      "free 32 order 2\n"
	      "expect list order 2 = 32\n");
}

static void test_requests(void **state)
{
	(void)state;
	check("policy 6.12\n"
	      "cpus 2\n"
	      "zone DMA 1024 marks 8 10 12\n"
	      "zone Normal 4096 marks 16 20 24\n"
	      "set vm.lowmem_reserve_ratio=256\n"
	      "boot\n"
	      "expect fast # not: no page request came before\n"
	      "expect steps got page # not: no page request came before\n"
	      "expect min 16 zone Normal\n"
	      "expect min 17 zone Normal # not: 16\n"
	      "expect low 20 zone Normal\n"
	      "expect low 24 zone Normal # not: 20\n"
	      "expect high 24 zone Normal\n"
	      "expect high 20 zone Normal # not: 24\n"
	      "expect lowmem_reserve 16 zone DMA for Normal\n"
	      "expect lowmem_reserve 16 zone DMA for DMA # not: 0\n"
	      "expect highatomic 0 zone Normal\n"
	      "expect highatomic 1 zone Normal # not: 0\n"
	      "alloc a order 4 gfp GFP_USER cpu 1\n"
	      "expect fast\n"
	      "expect slow # not: the fast path\n"
	      "expect steps fast path\n"
	      "expect no step fast path # not: fast path\n"
	      "expect step restart # not: fast path\n"
	      "expect source buddy\n"
	      "expect source pcp # not: buddy\n"
	      "expect verdict zone Normal = ok\n"
	      "expect verdict zone DMA = ok # not: not looked at\n"
	      "expect reserved # not: no pageblock was reserved\n"
	      "expect report \"failure\" # not: no report\n"
	      "alloc b gfp GFP_USER cpu 1\n"
	      "expect source refill\n"
	      "expect refill 1\n"
	      "expect refill 2 # not: 1\n"
	      "free b cpu 1\n"
	      "expect pcp 1 cpu 1\n"
	      "expect pcp 0 cpu 0\n"
	      "expect pcp 1 zone Normal\n"
	      "expect pcp 1 zone DMA # not: 0\n"
	      "drain by 1\n"
	      "expect drained 1\n"
	      "expect drained 0 # not: 1\n"
	      "free a direct\n"
	      "expect ok\n"
	      "expect free 5120\n"
	      "free a\n"
	      "expect refused\n"
	      "free 1024\n"
	      "expect refused\n"
	      "alloc z zone Normal order 3 type Unmovable\n"
	      "free z\n"
	      "free z\n"
	      "expect refused\n"
	      "lru a # not: it is not\n");
}

static void test_slow(void **state)
{
	(void)state;
	check("policy 6.12\n"
	      "cpus 1\n"
	      "zone Normal 4096 marks 128 256 384\n"
	      "set vm.watermark_boost_factor=0 vm.compaction_proactiveness=0\n"
	      "use 0..511 order 4 as old\n"
	      "use 512..1023 order 4 as keep\n"
	      "use 1024..4095\n"
	      "boot\n"
	      "lru old keep\n"
	      "pin keep\n"
	      "expect reclaimable 512\n"
	      "expect reclaimable 0 # not: 512\n"
	      "alloc a order 4 gfp GFP_HIGHUSER_MOVABLE|__GFP_RETRY_MAYFAIL\n"
	      "expect slow\n"
	      "expect fast # not: the slow path\n"
	      "expect steps direct reclaim, after reclaim, got page\n"
	      "expect no step oom kill, oom reserves\n"
	      "expect step direct reclaim >= 32\n"
	      "expect step reclaim again? = yes\n"
	      "expect step reclaim again? = no # not: yes\n"
	      "expect step compact first = skipped\n"
	      "expect step compact first = success # not: skipped\n"
	      "expect moved 0\n"
	      "expect moved 1 # not: 0\n"
	      "expect kills 0\n"
	      "expect kills 1 # not: 0\n"
	      "expect reclaimable < 512\n"
	      "victim keep\n"
	      "alloc b1..b40 order 3 gfp GFP_HIGHUSER_MOVABLE\n"
	      "alloc c1..c40 order 3 gfp GFP_HIGHUSER_MOVABLE\n"
	      "expect ok\n"
	      "expect reclaimed old\n"
	      "expect reclaimed keep # not: keep is freed\n"
	      "expect reclaimed b1 # not: b1 is allocated\n"
	      "free old # not: it was reclaimed\n"
	      "alloc d1..d90 order 3 gfp GFP_HIGHUSER_MOVABLE|__GFP_NORETRY\n"
	      "expect fails\n"
	      "expect report \"order:3\"\n");
}

static void test_stops(void **state)
{
	struct sim_scenario *s = NULL;
	struct sim_error error;
	struct sim *sim = NULL;
	static const char knob[] = "policy 6.18\ncpus 1\nzone Normal 64\n"
				   "set vm.defrag_mode=1\nset vm.extfrag_threshold=1\nboot\n";

	(void)state;
	stops("policy 6.12\nzone Normal 64\nlist order 3 = 8\nlist order 2 = 12\n", 4,
	      "page 12: on a list already");
	stops("policy 6.12\nzone Normal 64\nuse 0..7\nlist order 3 = 0\n", 4,
	      "page 0: in use already, so not free");
	stops("policy 6.12\nzone Normal 64\nlist order 3 = 0\nuse 7..7\n", 4,
	      "page 7: free or in use already");
	stops("policy 6.12\nzone Normal 64\nlist order 0 = 0 1\n", 3, "no kernel's lists look");
	stops("policy 6.12\nzone Normal 1024\nunisolate 0\n", 3, "page 0: its pageblock is not");
	stops("policy 6.12\nzone Normal 1024 at 256\nisolate 256\n", 3, "not wholly inside");
	/* Another policy than the scenario's own takes the setting no more. */
	assert_int_equal(sim_parse(knob, sizeof(knob) - 1, &s, &error), 0);
	assert_int_equal(sim_open(s, pa_policy_find("6.12"), &sim, &error), -EINVAL);
	assert_int_equal(error.line, 4);
	assert_null(sim);
	sim_free(s);
}

/* A block that moves keeps its name, and one that takes a reclaimed page's place its own. */
static void test_names_follow(void **state)
{
	(void)state;
	check("policy 6.12\n"
	      "cpus 1\n"
	      "zone Normal 4096 marks 8 16 24\n"
	      "set vm.compaction_proactiveness=0 vm.watermark_boost_factor=0\n"
	      "use 0..1023 every 2 lru as low\n"
	      "use 1024..3071\n"
	      "boot\n"
	      "alloc a order 4 gfp GFP_HIGHUSER_MOVABLE\n"
	      "alloc b1..b7 order 7 gfp GFP_HIGHUSER_MOVABLE\n"
	      "alloc c order 5 gfp GFP_HIGHUSER_MOVABLE\n"
	      "alloc d order 4 gfp GFP_HIGHUSER_MOVABLE\n"
	      "expect fast\n"
	      "expect largest 6\n"
	      "alloc e order 7 gfp GFP_HIGHUSER_MOVABLE\n"
	      "expect steps compact first, got page\n"
	      "expect moved >= 64\n"
	      "expect pfn < 1024\n"
	      "expect reclaimable 512\n"
	      "free low\n"
	      "expect pages-done 512\n"
	      "expect reclaimable 0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),	     cmocka_unit_test(test_decisions),
		cmocka_unit_test(test_results),	     cmocka_unit_test(test_requests),
		cmocka_unit_test(test_slow),	     cmocka_unit_test(test_stops),
		cmocka_unit_test(test_names_follow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
