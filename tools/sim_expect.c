/* SPDX-License-Identifier: GPL-2.0-only */
/* Expectations: what can be asked of a scenario's state and of its last step. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "sim_parse.h"
#include "sim_run.h"
#include "util.h"

/* -------------------------------------------------------------------------
 * Words about the last request
 */

static int parse_end(struct sim_parser *p, struct sim_step *step)
{
	(void)step;
	return sim_at_end(p);
}

static const char *result_text(const struct sim *sim)
{
	static const char *const texts[] = {
		[SIM_NO_RESULT] = "neither a request nor a free came before",
		[SIM_OK] = "it succeeded",
		[SIM_NULL] = "no page",
		[SIM_WAITS] = "it goes round until others free memory",
		[SIM_REFUSED] = "it was refused",
	};

	return texts[sim->last.result];
}

static bool holds_result(const struct sim *sim, const struct sim_step *step, char *got, size_t len)
{
	snprintf(got, len, "%s", result_text(sim));
	return sim->last.result == step->expect.word;
}

/* The slow path was taken, or not. */
static bool holds_slow(const struct sim *sim, const struct sim_step *step, char *got, size_t len)
{
	snprintf(got, len, "%s",
		 !sim->last.request ? "no page request came before" :
		 sim->record.slow   ? "the slow path" :
				      "the fast path");
	return sim->last.request && sim->record.slow == step->expect.word;
}

static int parse_path(struct sim_parser *p, struct sim_step *step)
{
	const char *word = sim_word(p);
	uint32_t path;

	for (path = 0; word && path < PA_NR_PATHS; path++) {
		if (!strcmp(pa_path_name((enum pa_path)path), word)) {
			step->expect.word = path;
			return sim_at_end(p);
		}
	}
	return sim_wrong(p,
			 "path %s: no such path (none, smallest, claim-whole, claim, move, steal)",
			 word ? word : "is missing");
}

static bool holds_path(const struct sim *sim, const struct sim_step *step, char *got, size_t len)
{
	const struct pa_decision *d = sim_main_decision(sim);

	snprintf(got, len, "%s", d ? pa_path_name((enum pa_path)d->path) : "no list was asked");
	return d && d->path == step->expect.word;
}

/* "Movable order 10 at 0" */
static void fallback_text(const struct pa_decision *d, char *got, size_t len)
{
	if (!d || !pa_is_fallback(d))
		snprintf(got, len, "no fallback");
	else
		snprintf(got, len, "fallback %s order %u at %" PRIu64 " for %s",
			 pa_mt_name((enum pa_mt)d->fallback_mt), d->fallback_order, d->fallback_pfn,
			 pa_mt_name((enum pa_mt)d->req.mt));
}

static int parse_fallback(struct sim_parser *p, struct sim_step *step)
{
	uint32_t mt = 0;
	int err = sim_type(p, &mt);

	if (!err)
		err = sim_options(p, SIM_KEY_ORDER | SIM_KEY_AT, &step->args);
	step->args.mt = mt;
	return err ? err : sim_at_end(p);
}

static bool holds_fallback(const struct sim *sim, const struct sim_step *step, char *got,
			   size_t len)
{
	const struct pa_decision *d = sim_main_decision(sim);
	const struct sim_args *a = &step->args;

	fallback_text(d, got, len);
	return d && pa_is_fallback(d) && d->fallback_mt == a->mt &&
	       (!(a->given & SIM_KEY_ORDER) || d->fallback_order == a->order) &&
	       (!(a->given & SIM_KEY_AT) || d->fallback_pfn == a->at);
}

static bool holds_no_fallback(const struct sim *sim, const struct sim_step *step, char *got,
			      size_t len)
{
	const struct pa_decision *d = sim_main_decision(sim);

	(void)step;
	fallback_text(d, got, len);
	return !d || !pa_is_fallback(d);
}

static bool holds_claimed(const struct sim *sim, const struct sim_step *step, char *got, size_t len)
{
	const struct pa_decision *d = sim_main_decision(sim);

	snprintf(got, len, "%s",
		 !d || !pa_is_fallback(d) ? "no fallback" :
		 pa_is_claim(d)		  ? "the pageblock was claimed" :
					    "the pageblock kept its type");
	return (d && pa_is_claim(d)) == step->expect.word;
}

static int parse_zone_word(struct sim_parser *p, struct sim_step *step)
{
	int err = sim_zone(p, &step->args.zone);

	return err ? err : sim_at_end(p);
}

static bool holds_zone(const struct sim *sim, const struct sim_step *step, char *got, size_t len)
{
	int zone = sim->last.pfn == PA_PFN_NONE ? -1 : pa_zone_of(sim->pa, sim->last.pfn);

	if (zone < 0)
		snprintf(got, len, "no page");
	else
		sim_zone_name(sim->s, (uint32_t)zone, got, len);
	return zone == (int)step->args.zone;
}

static int parse_source(struct sim_parser *p, struct sim_step *step)
{
	const char *word = sim_word(p);
	uint32_t source;

	for (source = 0; word && source < PA_NR_SOURCES; source++) {
		if (!strcmp(pa_source_name((enum pa_source)source), word)) {
			step->expect.word = source;
			return sim_at_end(p);
		}
	}
	return sim_wrong(p, "source %s: no such source (none, pcp, refill, buddy, capture)",
			 word ? word : "is missing");
}

static bool holds_source(const struct sim *sim, const struct sim_step *step, char *got, size_t len)
{
	snprintf(got, len, "%s",
		 sim->last.request ? pa_source_name((enum pa_source)sim->record.source) :
				     "no page request came before");
	return sim->last.request && sim->record.source == step->expect.word;
}

static bool holds_reserved(const struct sim *sim, const struct sim_step *step, char *got,
			   size_t len)
{
	(void)step;
	snprintf(got, len, "%s",
		 sim->record.reserved ? "its pageblock became HighAtomic" :
					"no pageblock was reserved");
	return sim->record.reserved;
}

/* The last look at the zone is what counts: from 6.7 on one at the high mark comes first. */
static const struct pa_zone_look *last_look(const struct sim *sim, uint32_t zone)
{
	uint32_t i = sim->record.nr_looks;

	for (i = i < PA_MAX_LOOKS ? i : PA_MAX_LOOKS; i-- > 0;)
		if (sim->record.looks[i].zone == zone)
			return &sim->record.looks[i];
	return NULL;
}

static const char *verdict_name(uint32_t verdict)
{
	return verdict < PA_NR_VERDICTS ? pa_verdict_name((enum pa_verdict)verdict) :
					  "not looked at";
}

static int parse_verdict(struct sim_parser *p, struct sim_step *step)
{
	int err = sim_options(p, SIM_KEY_ZONE, &step->args);
	uint32_t verdict;
	const char *rest;

	if (!err && !sim_take(p, "="))
		err = sim_wrong(p, "'=' is missing (as: expect verdict zone DMA = below mark)");
	if (err)
		return err;
	if (step->args.zone == UINT32_MAX)
		step->args.zone = 0;
	rest = sim_rest(p);
	for (verdict = 0; verdict <= PA_NR_VERDICTS; verdict++) {
		if (!strcmp(verdict_name(verdict), rest)) {
			step->expect.word = verdict;
			return 0;
		}
	}
	return sim_wrong(
		p,
		"verdict %s: no such verdict (ok, mark ignored, below mark, no block of the"
		" order, not in the nodemask, remote node, nothing found, kswapd is"
		" running)",
		rest);
}

static bool holds_verdict(const struct sim *sim, const struct sim_step *step, char *got, size_t len)
{
	const struct pa_zone_look *look = last_look(sim, step->args.zone);
	uint32_t verdict = look ? look->verdict : PA_NR_VERDICTS;

	snprintf(got, len, "%s", verdict_name(verdict));
	return sim->last.request && verdict == step->expect.word;
}

/* -------------------------------------------------------------------------
 * The slow path's steps
 */

static int find_step(struct sim_parser *p, const char *name, size_t len, uint8_t *out)
{
	const char *known;
	uint32_t i;

	for (i = 0; (known = pa_step_name((enum pa_step)i)); i++) {
		if (strlen(known) == len && !memcmp(known, name, len)) {
			*out = (uint8_t)i;
			return 0;
		}
	}
	return sim_wrong(p, "step %.*s: the slow path has no such (see buddyscope-sim(1))",
			 (int)(len < 40 ? len : 40), name);
}

/* "wake kswapd, adjusted flags, got page" */
static int parse_steps(struct sim_parser *p, struct sim_step *step)
{
	struct sim_expect *e = &step->expect;
	const char *rest = sim_rest(p);
	size_t len, blank;
	int err = 0;

	do {
		rest += strspn(rest, " \t");
		len = strcspn(rest, ",");
		for (blank = len; blank && strchr(" \t", rest[blank - 1]);)
			blank--;
		if (e->nr_places == SIM_MAX_PLACES)
			return sim_wrong(p, "more than %d steps", SIM_MAX_PLACES);
		err = find_step(p, rest, blank, &e->places[e->nr_places++]);
		rest += len;
	} while (!err && *rest++ == ',');
	return err;
}

static uint32_t nr_steps(const struct sim *sim)
{
	return sim->record.nr_steps < PA_MAX_STEPS ? sim->record.nr_steps : PA_MAX_STEPS;
}

/* As many of the steps as there is room for. */
static void steps_text(const struct sim *sim, char *got, size_t len)
{
	size_t at = 0;
	uint32_t i;

	snprintf(got, len, "no page request came before");
	for (i = 0; i < nr_steps(sim) && at + 40 < len; i++)
		at += (size_t)snprintf(got + at, len - at, "%s%s", i ? ", " : "",
				       pa_step_name((enum pa_step)sim->record.steps[i].step));
	if (i < sim->record.nr_steps && i)
		snprintf(got + at, len - at, ", and so on");
}

static bool holds_steps(const struct sim *sim, const struct sim_step *step, char *got, size_t len)
{
	const struct sim_expect *e = &step->expect;
	uint32_t i, found = 0;

	for (i = 0; i < nr_steps(sim) && found < e->nr_places; i++)
		found += sim->record.steps[i].step == e->places[found];
	steps_text(sim, got, len);
	return sim->last.request && found == e->nr_places;
}

static bool holds_no_step(const struct sim *sim, const struct sim_step *step, char *got, size_t len)
{
	uint32_t i, k;

	steps_text(sim, got, len);
	for (i = 0; i < nr_steps(sim); i++)
		for (k = 0; k < step->expect.nr_places; k++)
			if (sim->record.steps[i].step == step->expect.places[k])
				return false;
	return sim->last.request;
}

static const struct {
	const char *text;
	enum sim_op op;
} operators[SIM_NR_OPS] = {
	{ "=", SIM_EQ },  { "!=", SIM_NE }, { "<", SIM_LT },
	{ "<=", SIM_LE }, { ">", SIM_GT },  { ">=", SIM_GE },
};

/* "= 4", "4", ">= -1" */
static int parse_comparison(struct sim_parser *p, struct sim_step *step)
{
	const char *word = sim_word(p);
	uint64_t value = 0;
	bool minus;
	size_t i;

	for (i = 0; word && i < SIM_NR_OPS && strcmp(operators[i].text, word);)
		i++;
	if (word && i < SIM_NR_OPS) {
		step->expect.op = operators[i].op;
		word = sim_word(p);
	}
	minus = word && *word == '-';
	if (!word || parse_u64(word + minus, 0, INT64_MAX, &value))
		return sim_wrong(p,
				 "%s: not a number to compare with (as 4, = 4, >= 4; there are ="
				 " != < <= > >=)",
				 word ? word : "here");
	step->expect.value = minus ? -(int64_t)value : (int64_t)value;
	return 0;
}

static bool compare(const struct sim_expect *e, int64_t value)
{
	switch (e->op) {
	case SIM_EQ:
		return value == e->value;
	case SIM_NE:
		return value != e->value;
	case SIM_LT:
		return value < e->value;
	case SIM_LE:
		return value <= e->value;
	case SIM_GT:
		return value > e->value;
	default:
		return value >= e->value;
	}
}

/* What the value of a step may be called; NULL: it is just a number. */
static const char *value_name(enum pa_step step, uint32_t value)
{
	static const char *const answers[] = { "no", "yes" };
	static const char *const refusals[PA_NR_OOM_REFUSALS] = {
		[PA_OOM_DUMPCORE] = "dumpcore", [PA_OOM_COSTLY] = "costly",
		[PA_OOM_MAYFAIL] = "mayfail",	[PA_OOM_THISNODE] = "thisnode",
		[PA_OOM_LOWMEM] = "lowmem",
	};

	switch (step) {
	case PA_STEP_COMPACT_FIRST:
	case PA_STEP_COMPACT:
		return pa_compact_name((enum pa_compact)value);
	case PA_STEP_OOM_REFUSED:
		return value < PA_NR_OOM_REFUSALS ? refusals[value] : NULL;
	case PA_STEP_UNRESERVE:
	case PA_STEP_RECLAIM_RETRY:
	case PA_STEP_COMPACT_RETRY:
	case PA_STEP_OOM_KILL:
		return value < 2 ? answers[value] : NULL;
	default:
		return NULL;
	}
}

/* "= success", where a number would do as well. */
static bool take_value_name(struct sim_parser *p, struct sim_step *step)
{
	const char *name;
	uint32_t value;

	if (p->at + 2 != p->nr_words || strcmp(p->words[p->at], "="))
		return false;
	for (value = 0; (name = value_name((enum pa_step)step->expect.places[0], value)); value++) {
		if (strcmp(name, p->words[p->at + 1]))
			continue;
		step->expect.value = value;
		step->expect.op = SIM_EQ;
		p->at += 2;
		return true;
	}
	return false;
}

/* "step direct reclaim >= 32": the value of the first such step. */
static int parse_step_value(struct sim_parser *p, struct sim_step *step)
{
	char name[64] = "";
	size_t at = 0;
	int err;

	while (p->at < p->nr_words && !strchr("=<>!-0123456789", *p->words[p->at])) {
		const char *word = sim_word(p);

		if (at + strlen(word) + 2 > sizeof(name))
			return sim_wrong(p, "step %s: the slow path has no such", word);
		at += (size_t)snprintf(name + at, sizeof(name) - at, "%s%s", at ? " " : "", word);
	}
	err = find_step(p, name, at, &step->expect.places[0]);
	if (err || p->at == p->nr_words) {
		step->expect.nr_places = 1; /* no value: that it was taken */
		return err;
	}
	if (take_value_name(p, step))
		return 0;
	err = parse_comparison(p, step);
	return err ? err : sim_at_end(p);
}

static bool holds_step_value(const struct sim *sim, const struct sim_step *step, char *got,
			     size_t len)
{
	const struct sim_expect *e = &step->expect;
	const char *name;
	uint32_t i;

	for (i = 0; i < nr_steps(sim); i++) {
		const struct pa_step_done *done = &sim->record.steps[i];

		if (done->step != e->places[0])
			continue;
		name = value_name((enum pa_step)done->step, (uint32_t)done->value);
		if (name)
			snprintf(got, len, "%s", name);
		else
			snprintf(got, len, "%" PRId64, done->value);
		return e->nr_places || compare(e, done->value);
	}
	steps_text(sim, got, len);
	return false;
}

/* -------------------------------------------------------------------------
 * Words about the state
 */

static int parse_pageblock(struct sim_parser *p, struct sim_step *step)
{
	int err = sim_number(p, "page", 0, UINT64_MAX >> 1, &step->pfn);

	if (!err)
		err = sim_block(p, step->pfn, 0);
	if (!err)
		err = sim_options(p, SIM_KEY_TYPE, &step->args);
	if (!err && !(step->args.given & SIM_KEY_TYPE))
		err = sim_wrong(p, "pageblock: its type is missing (as: type Movable)");
	return err ? err : sim_at_end(p);
}

static bool holds_pageblock(const struct sim *sim, const struct sim_step *step, char *got,
			    size_t len)
{
	int mt = pa_pageblock(sim->pa, step->pfn);

	snprintf(got, len, "%s", mt < 0 ? "no pageblock" : pa_mt_name((enum pa_mt)mt));
	return mt == (int)step->args.mt;
}

static int parse_list(struct sim_parser *p, struct sim_step *step)
{
	int err = sim_options(p, SIM_KEY_ORDER | SIM_KEY_TYPE | SIM_KEY_ZONE, &step->args);

	if (!err && !(step->args.given & SIM_KEY_ORDER))
		err = sim_wrong(p, "list: its order is missing (as: expect list order 2 = 4)");
	if (!err && step->args.zone == UINT32_MAX && p->s->nr_zones > 1)
		err = sim_wrong(p, "list: of which zone? (add: zone NAME)");
	if (err)
		return err;
	if (step->args.zone == UINT32_MAX)
		step->args.zone = 0;
	if (!(step->args.given & SIM_KEY_TYPE))
		step->args.mt = PA_MOVABLE;
	return sim_pages(p, step);
}

static bool holds_list(const struct sim *sim, const struct sim_step *step, char *got, size_t len)
{
	uint64_t pfn = pa_list_head(sim->pa, step->args.zone, step->args.order,
				    sim_list_type(sim, &step->args));
	bool same = true;
	uint32_t nr = 0;
	size_t at = 0;

	snprintf(got, len, "%s", pfn == PA_PFN_NONE ? "empty" : "");
	for (; pfn != PA_PFN_NONE; pfn = pa_list_next(sim->pa, pfn), nr++) {
		same &= nr < step->nr_pfns && step->pfns[nr] == pfn;
		if (at + 30 < len)
			at += (size_t)snprintf(got + at, len - at, "%s%" PRIu64, at ? " " : "",
					       pfn);
	}
	return same && nr == step->nr_pfns;
}

static int parse_report(struct sim_parser *p, struct sim_step *step)
{
	const char *word = sim_word(p);
	size_t len = word ? strlen(word) : 0;
	char *text;

	if (len < 3 || *word != '"' || word[len - 1] != '"')
		return sim_wrong(p, "report: a quotation from it is missing (as \"order:4\")");
	text = sim_alloc(p->s, len);
	if (!text)
		return -ENOMEM;
	memcpy(text, word + 1, len - 2);
	step->expect.text = text;
	return sim_at_end(p);
}

static bool holds_report(const struct sim *sim, const struct sim_step *step, char *got, size_t len)
{
	char text[8192];

	sim_failure_text(sim, text, sizeof(text));
	snprintf(got, len, "%s", *text ? text : "no report");
	return strstr(text, step->expect.text);
}

static int parse_reclaimed(struct sim_parser *p, struct sim_step *step)
{
	int err = sim_names(p, step);

	return err ? err : sim_at_end(p);
}

static bool holds_reclaimed(const struct sim *sim, const struct sim_step *step, char *got,
			    size_t len)
{
	static const char *const lives[] = {
		[SIM_LIVE] = "allocated",
		[SIM_FREED] = "freed",
		[SIM_RECLAIMED] = "reclaimed",
	};
	uint32_t i;

	for (i = 0; i < step->nr_names; i++) {
		const struct sim_block *b = sim_newest(sim, step->names[i]);

		snprintf(got, len, "%s is %s", sim->s->names[step->names[i]],
			 b ? lives[b->life] : "nothing");
		if (!b || b->life != SIM_RECLAIMED)
			return false;
	}
	return true;
}

/* -------------------------------------------------------------------------
 * All of them
 */

#define WORDS(words, word, parse, holds)                                                           \
	{                                                                                          \
		words, 0, NULL, parse, holds, word, false, false                                   \
	}

/* Where one's words begin another's, the longer comes first. */
static const struct sim_question questions[] = {
	WORDS("ok", SIM_OK, parse_end, holds_result),
	WORDS("fails", SIM_NULL, parse_end, holds_result),
	WORDS("waits", SIM_WAITS, parse_end, holds_result),
	WORDS("refused", SIM_REFUSED, parse_end, holds_result),
	WORDS("slow", true, parse_end, holds_slow),
	WORDS("fast", false, parse_end, holds_slow),
	WORDS("path", 0, parse_path, holds_path),
	WORDS("fallback", 0, parse_fallback, holds_fallback),
	WORDS("no fallback", 0, parse_end, holds_no_fallback),
	WORDS("claimed", true, parse_end, holds_claimed),
	WORDS("not claimed", false, parse_end, holds_claimed),
	WORDS("zone", 0, parse_zone_word, holds_zone),
	WORDS("source", 0, parse_source, holds_source),
	WORDS("reserved", 0, parse_end, holds_reserved),
	WORDS("verdict", 0, parse_verdict, holds_verdict),
	WORDS("steps", 0, parse_steps, holds_steps),
	WORDS("no step", 0, parse_steps, holds_no_step),
	WORDS("step", 0, parse_step_value, holds_step_value),
	WORDS("pageblock", 0, parse_pageblock, holds_pageblock),
	WORDS("list", 0, parse_list, holds_list),
	WORDS("report", 0, parse_report, holds_report),
	WORDS("reclaimed", 0, parse_reclaimed, holds_reclaimed),
	WORDS(NULL, 0, NULL, NULL),
};

/* Take @words, one or two. */
static bool take_words(struct sim_parser *p, const char *words)
{
	const char *second = strchr(words, ' ');
	char first[32];

	if (!second)
		return sim_take(p, words);
	snprintf(first, sizeof(first), "%.*s", (int)(second - words), words);
	if (p->at + 1 >= p->nr_words || strcmp(p->words[p->at + 1], second + 1) ||
	    !sim_take(p, first))
		return false;
	p->at++;
	return true;
}

static int parse_number(struct sim_parser *p, struct sim_step *step)
{
	const struct sim_question *q = step->expect.question;
	int err;

	if (q->request && !p->s->cpus)
		return sim_wrong(p, "expect %s: the machine has no request level (add: cpus 1)",
				 q->words);
	/* "pfn of a = 4" and "pfn 4 of a" */
	err = sim_options(p, q->keys, &step->args);
	if (!err)
		err = parse_comparison(p, step);
	if (!err)
		err = sim_options(p, q->keys, &step->args);
	if (!err)
		err = sim_at_end(p);
	if (err)
		return err;
	if (q->one_zone && step->args.zone == UINT32_MAX) {
		if (p->s->nr_zones > 1)
			return sim_wrong(p, "expect %s: of which zone? (add: zone NAME)", q->words);
		step->args.zone = 0;
	}
	if (q->keys & SIM_KEY_FOR && !(step->args.given & SIM_KEY_FOR))
		return sim_wrong(p, "expect %s: against whom? (add: for Normal)", q->words);
	return 0;
}

int sim_parse_expect(struct sim_parser *p, struct sim_step *step)
{
	const struct sim_question *q = sim_numbers;

	while (q->words && !take_words(p, q->words))
		q++;
	if (!q->words)
		for (q = questions; q->words && !take_words(p, q->words);)
			q++;
	if (!q->words)
		return sim_wrong(p,
				 "expect %s: nobody can tell (see buddyscope-sim(1) for what can"
				 " be expected)",
				 p->at < p->nr_words ? p->words[p->at] : "");
	step->expect.question = q;
	step->expect.word = q->word;
	return q->ask ? parse_number(p, step) : q->parse(p, step);
}

bool sim_forgives(const struct sim_step *step)
{
	return step->verb == SIM_EXPECT && step->expect.question->holds == holds_result &&
	       step->expect.word != SIM_OK;
}

void sim_judge(const struct sim *sim, const struct sim_step *step, struct sim_report *report)
{
	const struct sim_question *q = step->expect.question;
	const char *want = strstr(step->text, "expect");
	int64_t answer;
	bool met;

	snprintf(report->expected, sizeof(report->expected), "%s",
		 want + strlen("expect") + strspn(want + strlen("expect"), " \t"));
	if (!q->ask) {
		met = q->holds(sim, step, report->got, sizeof(report->got));
	} else if (q->ask(sim, &step->args, &answer)) {
		met = compare(&step->expect, answer);
		snprintf(report->got, sizeof(report->got), "%" PRId64, answer);
	} else {
		met = false;
		snprintf(report->got, sizeof(report->got), "no page");
	}
	report->outcome = met ? SIM_MET : SIM_FAILED;
}
