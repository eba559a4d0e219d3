// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/hostile.h"
#include "tools/sim.h"

static void must(int ok, const char *what, const struct sim_error *error)
{
	if (ok)
		return;
	fprintf(stderr, "%s: line %u: %s\n", what, error->line, error->text);
	abort();
}

static void check_error(int err, const struct sim_error *error)
{
	must(err == -EINVAL, "neither fine nor refused", error);
	must(*error->text != '\0', "refused without a word", error);
	must(!error->unsound, "a scenario breaks the core", error);
}

static enum hostile run(const struct sim_scenario *s, FILE *null)
{
	enum hostile what = HOSTILE_RAN;
	const struct pa_policy *policy;
	struct sim_report report;
	struct sim_error error;
	struct sim *sim;
	size_t i = 0;
	int err;

	while (!(s->policies >> i & 1))
		i++;
	policy = pa_policy_at(i);
	err = sim_open(s, policy, &sim, &error);
	if (err) {
		check_error(err, &error);
		return HOSTILE_STOPPED;
	}
	/* What cannot be done is left out, and the rest goes on, unless the lists are impossible. */
	while ((err = sim_next(sim, &report, &error)) != 0) {
		if (err < 0) {
			check_error(err, &error);
			what = HOSTILE_STOPPED;
			if (strstr(error.text, "no kernel's lists"))
				break;
			continue;
		}
		must(report.outcome != SIM_FAILED || (*report.expected && *report.got),
		     "failed without a word", &error);
		sim_words(sim, null);
		if (report.step->verb != SIM_EXPECT)
			sim_map(sim, null, true);
	}
	sim_close(sim);
	return what;
}

enum hostile hostile_run(const char *text, size_t len, uint64_t frames)
{
	enum hostile what = HOSTILE_STOPPED;
	struct sim_scenario *s = NULL;
	struct sim_error error;
	uint64_t all = 0;
	FILE *null;
	int err;

	err = sim_parse(text, len, &s, &error);
	if (err) {
		check_error(err, &error);
		return HOSTILE_REFUSED;
	}
	for (uint32_t i = 0; i < s->nr_zones; i++)
		all += s->zones[i].spanned;
	null = fopen("/dev/null", "w");
	if (null && all <= frames)
		what = run(s, null);
	if (null)
		fclose(null);
	sim_free(s);
	return what;
}
