/* SPDX-License-Identifier: GPL-2.0-only */
/* What a kernel did and told completely is reproduced to the last list; what was altered shows. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "machine.h"

static const char *const policies[] = { "6.1.0", "6.1", "6.12.0", "6.12", "6.18" };
#define NR_POLICIES (sizeof(policies) / sizeof(policies[0]))

static const struct replay_options checked = { .check = true };

static void run(struct machine *m, const char *policy, uint64_t seed, bool tell_claims)
{
	machine_init(m, policy);
	m->seed = seed;
	m->tell_claims = tell_claims;
	machine_work(m, 100); /* before anybody looks */
	m->n = m->picks = m->fallbacks = 0;
	machine_begin(m);
	machine_work(m, 4000);
	machine_end(m);
}

/* A workload for which every use of a page is known: the claim tests must agree as well. */
static void run_from_boot(struct machine *m, const char *policy, uint64_t seed, bool tell_claims)
{
	machine_init(m, policy);
	m->seed = seed;
	m->tell_claims = tell_claims;
	machine_begin(m);
	machine_work(m, 4000);
	machine_end(m);
}

static void every_policy_is_reproduced(void **state)
{
	struct replay_result res;
	struct machine m;
	uint64_t seed;
	size_t i;

	(void)state;
	for (i = 0; i < NR_POLICIES; i++)
		for (seed = 1; seed <= 4; seed++) {
			run_from_boot(&m, policies[i], seed, seed & 1);
			machine_replay(&m, &checked, &res);
			assert_null(res.unsound);
			assert_int_equal(res.picks, m.picks);
			assert_int_equal(res.picks_exact, m.picks);
			assert_true(m.fallbacks > 20);
			assert_int_equal(res.fallbacks, m.fallbacks);
			assert_int_equal(res.fallbacks_exact, m.fallbacks);
			assert_int_equal(res.claims, res.claims_exact);
			assert_int_equal(res.repairs, 0);
			assert_int_equal(res.dropped, 0);
			assert_true(res.lists > 10);
			assert_int_equal(res.lists_exact_order, res.lists);
			assert_int_equal(res.lists_exact_set, res.lists);
			assert_int_equal(res.final_blocks_exact, res.final_blocks);
			assert_false(res.first.found);
			assert_true(replay_proven(&res));
			assert_true(replay_same(&res));
			machine_free(&m);
		}
}

/* Pages in use before the trace began: their use is a guess, and only claims may suffer. */
static void unknown_pages_cost_lru_estimates_only(void **state)
{
	const struct replay_class_count *lru;
	struct replay_result res;
	struct machine m;
	size_t i;

	(void)state;
	for (i = 0; i < NR_POLICIES; i++) {
		run(&m, policies[i], 7, true);
		machine_replay(&m, &checked, &res);
		lru = &res.classes[REPLAY_LRU];
		assert_int_equal(res.picks, m.picks);
		assert_int_equal(res.picks - res.picks_exact, lru->picks);
		assert_int_equal(res.fallbacks - res.fallbacks_exact, lru->fallbacks);
		assert_int_equal(res.claims - res.claims_exact, lru->claims);
		assert_int_equal(res.repairs, lru->repairs);
		assert_int_equal(res.lists_exact_order, res.lists);
		assert_true(replay_proven(&res));
		machine_free(&m);
	}
}

/* How a file is cut into chunks changes nothing, kept back or not. */
static void chunks_do_not_matter(void **state)
{
	static const size_t slices[] = { 0, 1, 7, 1000 };
	struct replay_options opt = { .policy = NULL };
	struct replay_result whole, res;
	struct machine m;
	size_t i;

	(void)state;
	run(&m, "6.12", 11, true);
	machine_replay(&m, &opt, &whole);
	for (i = 0; i < 2 * sizeof(slices) / sizeof(slices[0]); i++) {
		opt.ahead = i & 1;
		m.slice = slices[i / 2];
		machine_replay(&m, &opt, &res);
		assert_int_equal(res.events, m.n);
		assert_int_equal(res.picks, whole.picks);
		assert_int_equal(res.decisions_hash, whole.decisions_hash);
		assert_int_equal(res.lists_exact_order, whole.lists);
	}
	machine_free(&m);
}

/*
 * Whatever picks a trace claims, the answer is computed and not copied: exactly the altered
 * ones come back as mismatches.
 */
struct altered {
	uint64_t event[64];
	size_t n, seen;
	bool wrong;
};

static void is_altered(void *arg, const struct replay_decision *d)
{
	struct altered *a = arg;
	size_t i;

	for (i = 0; i < a->n && a->event[i] != d->event; i++)
		;
	a->seen += i < a->n;
	a->wrong |= (i < a->n) == d->pick_exact;
}

static void altered_picks_are_the_mismatches(void **state)
{
	struct replay_options opt = { .decision = is_altered };
	struct replay_result res;
	struct machine m;
	struct altered a;
	size_t i, k;

	(void)state;
	for (i = 0; i < 2 * NR_POLICIES; i++) {
		run_from_boot(&m, policies[i / 2], 3, true);
		memset(&a, 0, sizeof(a));
		for (k = 50; k + 1 < m.n && a.n < 20; k += 97) {
			while (k + 1 < m.n &&
			       (m.ev[k].type != EV_ZONE_ALLOC || m.ev[k + 1].type == EV_FALLBACK ||
				(k && m.ev[k - 1].type == EV_FALLBACK)))
				k++;
			if (k + 1 >= m.n)
				break;
			a.event[a.n++] = k;
		}
		assert_int_equal(a.n, 20);
		for (k = 0; k < a.n; k++)
			m.ev[a.event[k]].pfn ^= 1;
		opt.arg = &a;
		opt.no_repair = i & 1; /* what follows bears the core out, so both go on with it */
		opt.ahead = true;
		m.slice = 5000;
		machine_replay(&m, &opt, &res);
		assert_false(a.wrong);
		assert_int_equal(a.seen, a.n);
		assert_int_equal(res.picks - res.picks_exact, a.n);
		assert_int_equal(res.lists_exact_order, res.lists);
		assert_true(res.first.found);
		assert_int_equal(res.first.event, a.event[0]);
		machine_free(&m);
	}
}

static void without_repair_recorded_picks_change_nothing(void **state)
{
	const struct replay_options opt = { .no_repair = true };
	struct replay_result before, after;
	struct machine m;
	size_t i, k;

	(void)state;
	for (i = 0; i < NR_POLICIES; i++) {
		run(&m, policies[i], 5, true);
		machine_replay(&m, &opt, &before);
		for (k = 0; k < m.n; k++)
			if (m.ev[k].type == EV_ZONE_ALLOC || m.ev[k].type == EV_FALLBACK)
				m.ev[k].pfn = m.meta.zone[m.ev[k].pfn >= 8192].start_pfn +
					      m.ev[k].pfn * 31 % 2048;
		machine_replay(&m, &opt, &after);
		assert_true(after.picks_exact < before.picks_exact);
		assert_int_equal(after.picks, before.picks);
		assert_int_equal(after.decisions_hash, before.decisions_hash);
		assert_int_equal(after.dropped, before.dropped);
		assert_int_equal(after.final_blocks_exact, before.final_blocks_exact);
		machine_free(&m);
	}
}

/* With repair the state follows the kernel: one false pick does not spoil the rest. */
static void a_repaired_pick_costs_little(void **state)
{
	struct replay_result res;
	struct machine m;
	size_t i;

	(void)state;
	for (i = 0; i < NR_POLICIES; i++) {
		run_from_boot(&m, policies[i], 9, true);
		/* An unseen drain: the page is missing in the core until the kernel hands it out. */
		machine_event(&m, EV_DRAIN, 100)->type = EV_FREE_BATCHED;
		machine_replay(&m, &checked, &res);
		assert_null(res.unsound);
		assert_true(res.picks_exact < res.picks);
		assert_true(res.picks - res.picks_exact < res.picks / 100);
		assert_true(res.classes[REPLAY_MISSING].repairs > 0);
		assert_true(res.repairs >= res.picks - res.picks_exact);
		assert_false(replay_same(&res));
		assert_false(replay_proven(&res));
		machine_free(&m);
	}
}

/* Some other kernel's rules do not fit, and that has its class. */
static void another_policy_differs_as_policy(void **state)
{
	const struct replay_options opt = { .policy = "6.18", .check = false };
	struct replay_result res;
	struct machine m;

	(void)state;
	run_from_boot(&m, "6.1", 2, true);
	machine_replay(&m, &opt, &res);
	assert_string_equal(res.policy->name, "6.18");
	assert_string_equal(res.policy_from, "option");
	assert_int_equal(res.picks, m.picks);
	assert_true(res.picks_exact < res.picks);
	assert_true(res.classes[REPLAY_POLICY].picks > 0);
	assert_int_equal(res.classes[REPLAY_MISSING].picks, 0);
	machine_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_policy_is_reproduced),
		cmocka_unit_test(unknown_pages_cost_lru_estimates_only),
		cmocka_unit_test(chunks_do_not_matter),
		cmocka_unit_test(altered_picks_are_the_mismatches),
		cmocka_unit_test(without_repair_recorded_picks_change_nothing),
		cmocka_unit_test(a_repaired_pick_costs_little),
		cmocka_unit_test(another_policy_differs_as_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
