/* SPDX-License-Identifier: GPL-2.0-only */
/* The lines of a scenario that are steps. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "settings.h"
#include "sim_parse.h"
#include "util.h"

#define NS_PER_MS 1000000
#define MAX_TICK_MS (1000 * 3600 * 24)

/* What only a request level has: per-cpu lists, watermarks, reclaim. */
#define REQUEST_KEYS                                                                               \
	(SIM_KEY_GFP | SIM_KEY_CPU | SIM_KEY_NODE | SIM_KEY_TASK | SIM_KEY_NODES | SIM_KEY_LRU)
#define LIST_KEYS (SIM_KEY_TYPE | SIM_KEY_ZONE | SIM_KEY_NOFRAGMENT | SIM_KEY_CMA)
#define USE_KEYS (SIM_KEY_LRU | SIM_KEY_PINNED | SIM_KEY_MOVABLE)

static int needs_cpus(struct sim_parser *p)
{
	if (p->s->cpus)
		return 0;
	return sim_wrong(p, "%s: the machine has no request level for it (add: cpus 1)", p->verb);
}

/* At most one of the options in @keys. */
static int one_of(struct sim_parser *p, const struct sim_step *step, uint32_t keys,
		  const char *names)
{
	uint32_t given = step->args.given & keys;

	return given & (given - 1) ? sim_wrong(p, "%s: one of them at most", names) : 0;
}

static int parse_options(struct sim_parser *p, struct sim_step *step, uint32_t allowed)
{
	int err = sim_options(p, allowed, &step->args);

	return err ? err : sim_at_end(p);
}

static int parse_boot(struct sim_parser *p, struct sim_step *step)
{
	if (p->used)
		return sim_wrong(p, "boot: too late: memory was in use before (line up boot, then"
				    " what happens)");
	return parse_options(p, step, SIM_KEY_ZONE);
}

static int parse_list(struct sim_parser *p, struct sim_step *step)
{
	int err = sim_options(p, SIM_KEY_ORDER | SIM_KEY_TYPE, &step->args);

	if (!err && !(step->args.given & SIM_KEY_ORDER))
		err = sim_wrong(p, "list: its order is missing (as: list order 3 = 8 16)");
	if (!err && !(step->args.given & SIM_KEY_TYPE))
		step->args.mt = PA_MOVABLE;
	return err ? err : sim_pages(p, step);
}

/* A page of the machine as the next word. */
static int parse_pfn(struct sim_parser *p, uint64_t *pfn)
{
	int err = sim_number(p, "page", 0, UINT64_MAX >> 1, pfn);

	return err ? err : sim_block(p, *pfn, 0);
}

static int parse_pageblock(struct sim_parser *p, struct sim_step *step)
{
	int err = parse_pfn(p, &step->pfn);

	if (!err)
		err = parse_options(p, step, SIM_KEY_TYPE);
	if (!err && !(step->args.given & SIM_KEY_TYPE))
		err = sim_wrong(p, "pageblock: its type is missing (as: pageblock 512 type"
				   " Unmovable)");
	return err;
}

/* "1024..2047", or one page. */
static int parse_range(struct sim_parser *p, struct sim_step *step)
{
	const char *word = sim_word(p), *dots = word ? strstr(word, "..") : NULL;
	char first[24];

	if (dots && (size_t)(dots - word) < sizeof(first))
		snprintf(first, sizeof(first), "%.*s", (int)(dots - word), word);
	else
		snprintf(first, sizeof(first), "%.23s", word ? word : "");
	if (parse_u64(first, 0, UINT64_MAX >> 1, &step->pfn) ||
	    parse_u64(dots ? dots + 2 : first, step->pfn, UINT64_MAX >> 1, &step->last))
		return sim_wrong(p, "pages %.40s: not a range (as 1024..2047)", word ? word : "");
	return 0;
}

static int parse_use(struct sim_parser *p, struct sim_step *step)
{
	uint64_t size, pfn;
	int err = parse_range(p, step);

	if (!err)
		err = parse_options(p, step, SIM_KEY_ORDER | SIM_KEY_EVERY | SIM_KEY_AS | USE_KEYS);
	if (!err)
		err = one_of(p, step, USE_KEYS, "lru, pinned, movable");
	if (!err && step->args.given & SIM_KEY_LRU)
		err = needs_cpus(p);
	if (err)
		return err;
	size = UINT64_C(1) << step->args.order;
	if (!step->args.every)
		step->args.every = size;
	if (step->args.every % size)
		return sim_wrong(p,
				 "every %" PRIu64 ": not a multiple of the %" PRIu64
				 " pages of a block",
				 step->args.every, size);
	if (step->last - step->pfn >= SIM_MAX_FRAMES)
		return sim_wrong(p, "pages %" PRIu64 " to %" PRIu64 ": more than a machine has",
				 step->pfn, step->last);
	for (pfn = step->pfn; !err && pfn <= step->last; pfn += step->args.every)
		err = sim_block(p, pfn, step->args.order);
	return err;
}

static int parse_alloc(struct sim_parser *p, struct sim_step *step)
{
	struct sim_args *a = &step->args;
	uint32_t request = p->s->cpus ? REQUEST_KEYS : 0;
	int err = sim_names(p, step);

	if (!err)
		err = parse_options(p, step, SIM_KEY_ORDER | USE_KEYS | LIST_KEYS | REQUEST_KEYS);
	if (!err)
		err = one_of(p, step, USE_KEYS, "lru, pinned, movable");
	if (err)
		return err;
	if (a->given & REQUEST_KEYS & ~request)
		return needs_cpus(p);
	if (a->given & LIST_KEYS && a->given & REQUEST_KEYS)
		return sim_wrong(p,
				 "alloc: type, zone, nofragment, cma ask the lists of a zone; gfp,"
				 " cpu, node, nodes, task, lru the whole allocator: not both");
	/* On a machine with CPUs, one that names no list is a page request. */
	if (request && !(a->given & LIST_KEYS)) {
		if (!(a->given & SIM_KEY_GFP))
			a->gfp = PA_GFP_KERNEL;
		a->given |= SIM_KEY_GFP;
		return 0;
	}
	if (a->zone == UINT32_MAX && p->s->nr_zones > 1)
		return sim_wrong(p, "alloc: which of the %" PRIu32 " zones? (add: zone NAME)",
				 p->s->nr_zones);
	a->zone = a->zone == UINT32_MAX ? 0 : a->zone;
	return 0;
}

static int parse_free(struct sim_parser *p, struct sim_step *step)
{
	int err;

	if (p->at < p->nr_words && isdigit((unsigned char)*p->words[p->at])) {
		step->by_pfn = true;
		err = sim_number(p, "page", 0, UINT64_MAX >> 1, &step->pfn);
	} else {
		err = sim_names(p, step);
	}
	if (!err)
		err = parse_options(p, step,
				    SIM_KEY_ORDER | SIM_KEY_CPU | SIM_KEY_TAIL | SIM_KEY_DIRECT);
	if (err)
		return err;
	if (!p->s->cpus && step->args.given & (SIM_KEY_CPU | SIM_KEY_DIRECT))
		return needs_cpus(p);
	if (p->s->cpus && step->args.given & SIM_KEY_TAIL && !(step->args.given & SIM_KEY_DIRECT))
		return sim_wrong(p,
				 "tail: a free to a CPU's list has no say in that (add: direct)");
	return 0;
}

static int parse_named(struct sim_parser *p, struct sim_step *step)
{
	int err = needs_cpus(p);

	if (!err)
		err = sim_names(p, step);
	return err ? err : sim_at_end(p);
}

static int parse_tick(struct sim_parser *p, struct sim_step *step)
{
	const char *word = sim_word(p);
	uint64_t ns = 10 * NS_PER_MS;
	int err = needs_cpus(p);

	if (err)
		return err;
	if (word && (parse_duration(word, &ns) || ns / NS_PER_MS > MAX_TICK_MS))
		return sim_wrong(p, "tick %s: not a time up to a day (as 10ms, 2s)", word);
	step->ms = ns / NS_PER_MS;
	return sim_at_end(p);
}

static int parse_drain(struct sim_parser *p, struct sim_step *step)
{
	int err = needs_cpus(p);

	return err ? err : parse_options(p, step, SIM_KEY_ZONE | SIM_KEY_CPU | SIM_KEY_BY);
}

static int parse_isolate(struct sim_parser *p, struct sim_step *step)
{
	int err = parse_pfn(p, &step->pfn);

	return err ? err : sim_at_end(p);
}

static int parse_unisolate(struct sim_parser *p, struct sim_step *step)
{
	int err = parse_pfn(p, &step->pfn);

	if (!err)
		err = parse_options(p, step, SIM_KEY_TYPE);
	if (!(step->args.given & SIM_KEY_TYPE))
		step->args.mt = PA_MOVABLE;
	return err;
}

static int parse_reserve(struct sim_parser *p, struct sim_step *step)
{
	int err = sim_number(p, "reserve", 0, SIM_MAX_FRAMES, &step->pfn);

	if (!err)
		err = parse_options(p, step, SIM_KEY_ZONE);
	if (!err && step->args.zone == UINT32_MAX) {
		if (p->s->nr_zones > 1)
			return sim_wrong(p, "reserve: in which zone? (add: zone NAME)");
		step->args.zone = 0;
	}
	return err;
}

int sim_parse_settings(struct sim_parser *p, struct sim_step *step)
{
	uint32_t policies = step->policies ? step->policies : p->s->policies, i;
	struct pa_knobs knobs;
	struct sim_setting *settings;
	const char *word;
	char *text;
	char why[300];

	if (!policies)
		return sim_wrong(p, "set: the policy comes first, for it decides what is accepted");
	if (p->at == p->nr_words)
		return sim_wrong(p, "set: a setting is missing (as vm.min_free_kbytes=1024)");
	settings = sim_alloc(p->s, (p->nr_words - p->at) * sizeof(*settings));
	if (!settings)
		return -ENOMEM;
	step->settings = settings;
	pa_knobs_default(&knobs);
	while ((word = sim_word(p))) {
		for (i = 0; pa_policy_at(i); i++) {
			if (!(policies >> i & 1))
				continue;
			if (settings_apply(&knobs, pa_policy_at(i), word, why, sizeof(why)))
				return sim_wrong(p, "set: %s", why);
		}
		text = sim_alloc(p->s, strlen(word) + 1);
		if (!text)
			return -ENOMEM;
		strcpy(text, word);
		settings[step->nr_settings++] = (struct sim_setting){ text, p->line };
	}
	return 0;
}

static int parse_set(struct sim_parser *p, struct sim_step *step)
{
	int err = needs_cpus(p);

	return err ? err : sim_parse_settings(p, step);
}

static int parse_say(struct sim_parser *p, struct sim_step *step)
{
	step->say = sim_rest(p);
	return *step->say ? 0 : sim_wrong(p, "say: what?");
}

static int parse_nothing(struct sim_parser *p, struct sim_step *step)
{
	(void)step;
	return sim_at_end(p);
}

static const struct verb {
	const char *name;
	int (*parse)(struct sim_parser *p, struct sim_step *step);
	bool uses; /* after it, memory is no longer as at boot */
} verbs[SIM_NR_VERBS] = {
	[SIM_BOOT] = { "boot", parse_boot, false },
	[SIM_LIST] = { "list", parse_list, false },
	[SIM_PAGEBLOCK] = { "pageblock", parse_pageblock, false },
	[SIM_USE] = { "use", parse_use, false },
	[SIM_ALLOC] = { "alloc", parse_alloc, true },
	[SIM_FREE] = { "free", parse_free, true },
	[SIM_LRU] = { "lru", parse_named, false },
	[SIM_PIN] = { "pin", parse_named, false },
	[SIM_VICTIM] = { "victim", parse_named, false },
	[SIM_TICK] = { "tick", parse_tick, true },
	[SIM_DRAIN] = { "drain", parse_drain, false },
	[SIM_ISOLATE] = { "isolate", parse_isolate, false },
	[SIM_UNISOLATE] = { "unisolate", parse_unisolate, false },
	[SIM_RESERVE] = { "reserve", parse_reserve, false },
	[SIM_SET] = { "set", parse_set, false },
	[SIM_SAY] = { "say", parse_say, false },
	[SIM_MAP] = { "map", parse_nothing, false },
	[SIM_EXPECT] = { "expect", sim_parse_expect, false },
};

int sim_parse_verb(struct sim_parser *p, const char *verb)
{
	for (size_t i = 0; i < SIM_NR_VERBS; i++)
		if (!strcmp(verbs[i].name, verb))
			return 0;
	return sim_wrong(p,
			 "%s: not a word that a line begins with (title, policy, orders,"
			 " pageblock-order, zone, cpus, kernelcore, movablecore, set; boot, list,"
			 " pageblock, use, alloc, free, lru, pin, victim, tick, drain, isolate,"
			 " unisolate, reserve, say, map, expect)",
			 verb);
}

int sim_parse_step(struct sim_parser *p, const char *verb, struct sim_step *step)
{
	size_t i = 0;

	while (strcmp(verbs[i].name, verb))
		i++;
	step->verb = (enum sim_verb)i;
	p->used |= verbs[i].uses;
	step->args.zone = UINT32_MAX;
	step->args.name = SIM_NO_NAME;
	return verbs[i].parse(p, step);
}
