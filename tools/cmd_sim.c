/* SPDX-License-Identifier: GPL-2.0-only */
/* buddyscope sim: run scenarios; walk through one for people. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "out.h"
#include "sim.h"
#include "util.h"

#define WIDTH 78

struct options {
	const struct pa_policy *policy; /* NULL: those that the scenario names */
	bool step, map, json, color;
};

/* One scenario under one policy. */
struct walk {
	const struct options *opt;
	const char *path;
	const struct sim_scenario *s;
	struct sim *sim;
	struct out_json *json;
	uint32_t done, met, failed;
	bool drawn;	 /* the map shows what is */
	char talk[8192]; /* what is said or was met, until the next step: one paragraph */
	enum sim_verb talker;
	bool quit;
};

/* What all scenarios came to. */
struct totals {
	uint64_t met, failed;
	bool broken; /* a scenario could not be run */
};

/* -------------------------------------------------------------------------
 * Text
 */

/* Lines of sim_words(), cut at blanks to fit; what goes on is indented as the line is. */
static void wrap(const char *text, const char *prefix)
{
	while (*text) {
		size_t len = strcspn(text, "\n"), indent = strspn(text, " "), room, cut;
		int margin = 0;

		while (len) {
			room = WIDTH - strlen(prefix) - (size_t)margin;
			cut = len;
			if (cut > room) {
				for (cut = room; cut > indent && text[cut] != ' ';)
					cut--;
				if (cut <= indent)
					cut = room;
			}
			printf("%s%*s%.*s\n", prefix, margin, "", (int)cut, text);
			while (cut < len && text[cut] == ' ')
				cut++;
			text += cut;
			len -= cut;
			margin = indent ? (int)indent + 3 : 0;
			indent = 0;
		}
		text += *text == '\n';
	}
}

/* sim_words() as a string, or NULL without memory. */
static char *words_of(const struct sim *sim)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		return NULL;
	sim_words(sim, to);
	if (fclose(to)) {
		free(text);
		return NULL;
	}
	return text;
}

static void rule(void)
{
	for (int i = 0; i < WIDTH; i++)
		putchar('-');
	putchar('\n');
}

static bool is_talk(enum sim_verb verb)
{
	return verb == SIM_SAY || verb == SIM_MAP || verb == SIM_EXPECT;
}

/* Steps that set the scene are shown together. */
static bool is_scene(enum sim_verb verb)
{
	return verb == SIM_BOOT || verb == SIM_LIST || verb == SIM_PAGEBLOCK || verb == SIM_USE ||
	       verb == SIM_LRU || verb == SIM_PIN || verb == SIM_VICTIM;
}

static void draw(struct walk *w)
{
	if (!w->drawn) {
		putchar('\n');
		sim_map(w->sim, stdout, w->opt->color);
	}
	w->drawn = true;
}

/* Wait for Enter; the end of input is as good as one. */
static void wait_for_enter(struct walk *w)
{
	bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	int c, first;

	if (!w->opt->step)
		return;
	printf("\n[Enter: go on, q: quit] ");
	fflush(stdout);
	first = c = getchar();
	while (c != '\n' && c != EOF)
		c = getchar();
	w->quit = first == 'q';
	if (terminal && first != EOF)
		fputs("\033[H\033[2J", stdout);
	else
		putchar('\n');
}

/* Lines that belong together are one paragraph. */
static void flush_talk(struct walk *w)
{
	if (*w->talk)
		wrap(w->talk, "  ");
	w->talk[0] = '\0';
}

static void add_talk(struct walk *w, enum sim_verb talker, const char *sep, const char *text)
{
	size_t at;

	if (w->talker != talker)
		flush_talk(w);
	w->talker = talker;
	at = strlen(w->talk);
	snprintf(w->talk + at, sizeof(w->talk) - at, "%s%s", sep, text);
}

static void show_expectation(struct walk *w, const struct sim_report *r)
{
	draw(w);
	if (r->outcome == SIM_MET) {
		add_talk(w, SIM_EXPECT,
			 *w->talk && w->talker == SIM_EXPECT ? "; " : "as expected: ", r->expected);
		return;
	}
	flush_talk(w);
	printf("  NOT as expected: %s\n", r->expected);
	wrap(r->got, "      it is: ");
}

static void show_step(struct walk *w, const struct sim_report *r)
{
	char *words;

	switch (r->step->verb) {
	case SIM_EXPECT:
		show_expectation(w, r);
		return;
	case SIM_SAY:
		add_talk(w, SIM_SAY, *w->talk && w->talker == SIM_SAY ? " " : "", r->step->say);
		return;
	case SIM_MAP:
		return;
	default:
		break;
	}
	flush_talk(w);
	if (w->drawn || !is_scene(r->step->verb))
		rule();
	printf("line %u: %s\n", r->step->line, r->step->text);
	words = words_of(w->sim);
	wrap(words ? words : "out of memory", "  ");
	free(words);
	w->drawn = false;
	if (r->outcome == SIM_FAILED)
		printf("  NOT as expected: %s; got %s\n", r->expected, r->got);
}

/* Between what is on the screen and step @i, in time to look at it. */
static void pause_before(struct walk *w, uint32_t i, const struct sim_step *last)
{
	const struct sim_step *step = &w->s->steps[i];
	enum sim_verb next = step->verb;

	if (!last || last->verb == SIM_SAY || !sim_applies(w->sim, step))
		return;
	/* What is said belongs to what comes after it: a step, or expectations of what is shown. */
	while (next == SIM_SAY && ++i < w->s->nr_steps)
		next = w->s->steps[i].verb;
	if (next == SIM_EXPECT || next == SIM_MAP)
		return;
	if (is_scene(step->verb) && is_scene(last->verb))
		return;
	draw(w);
	flush_talk(w);
	wait_for_enter(w);
}

/* -------------------------------------------------------------------------
 * JSON
 */

static const char *outcome_name(enum sim_outcome outcome)
{
	static const char *const names[SIM_NR_OUTCOMES] = {
		[SIM_DONE] = "done",
		[SIM_SKIPPED] = "skipped",
		[SIM_MET] = "met",
		[SIM_FAILED] = "failed",
	};

	return names[outcome];
}

static void json_decision(struct out_json *j, const struct pa_decision *d)
{
	out_str(j, "path", pa_path_name((enum pa_path)d->path));
	if (!pa_is_fallback(d))
		return;
	out_str(j, "fallback_mt", pa_mt_name((enum pa_mt)d->fallback_mt));
	out_u64(j, "fallback_order", d->fallback_order);
	out_u64(j, "fallback_pfn", d->fallback_pfn);
	out_bool(j, "claimed", pa_is_claim(d));
}

static void json_action(struct walk *w, struct out_json *j)
{
	const struct pa_decision *d = sim_decision(w->sim);
	const struct pa_alloc_record *rec = sim_record(w->sim);
	char *words = words_of(w->sim);

	out_str(j, "words", words);
	free(words);
	if (sim_pfn(w->sim) == PA_PFN_NONE)
		out_null(j, "pfn");
	else
		out_u64(j, "pfn", sim_pfn(w->sim));
	if (d)
		json_decision(j, d);
	if (!rec)
		return;
	out_str(j, "source", pa_source_name((enum pa_source)rec->source));
	out_bool(j, "slow", rec->slow);
	out_array_inline(j, "slow_path");
	for (uint32_t i = 0; i < rec->nr_steps && i < PA_MAX_STEPS; i++)
		out_str(j, NULL, pa_step_name((enum pa_step)rec->steps[i].step));
	out_close(j);
}

/* Why a scenario is malformed, or could not be run on. */
static void json_error(struct out_json *j, int err, const struct sim_error *error)
{
	if (!err) {
		out_null(j, "error");
		return;
	}
	out_object_inline(j, "error");
	out_u64(j, "line", error->line);
	out_str(j, "text", err == -ENOMEM ? strerror(ENOMEM) : error->text);
	out_close(j);
}

static void json_step(struct walk *w, const struct sim_report *r)
{
	struct out_json *j = w->json;
	enum sim_verb verb = r->step->verb;

	out_object(j, NULL);
	out_u64(j, "line", r->step->line);
	out_str(j, "text", r->step->text);
	out_str(j, "outcome", outcome_name(r->outcome));
	if (r->outcome == SIM_MET || r->outcome == SIM_FAILED) {
		out_str(j, "expected", r->expected);
		out_str(j, "got", r->got);
	}
	if (r->outcome != SIM_SKIPPED &&
	    (verb == SIM_ALLOC || verb == SIM_FREE || verb == SIM_TICK))
		json_action(w, j);
	out_close(j);
}

/* -------------------------------------------------------------------------
 * Running
 */

static void tell(struct walk *w, const struct sim_report *r, const struct sim_step *last)
{
	bool talk = is_talk(r->step->verb), shown = w->opt->step || w->opt->map;

	w->met += r->outcome == SIM_MET;
	w->failed += r->outcome == SIM_FAILED;
	w->done += !talk && r->outcome != SIM_SKIPPED;
	if (w->json) {
		json_step(w, r);
		return;
	}
	if (shown) {
		if (r->outcome != SIM_SKIPPED)
			show_step(w, r);
	} else if (r->step->verb == SIM_MAP && r->outcome != SIM_SKIPPED) {
		printf("%s:%u: after: %s\n", w->path, r->step->line, last ? last->text : "nothing");
		sim_map(w->sim, stdout, w->opt->color);
	}
	if (r->outcome == SIM_FAILED && !shown)
		printf("%s:%u: policy %s: expected %s, got %s\n", w->path, r->step->line,
		       pa_policy(sim_state(w->sim))->name, r->expected, r->got);
}

static int walk_steps(struct walk *w, struct sim_error *error)
{
	const struct sim_step *last = NULL, *acted = NULL;
	struct sim_report report;
	uint32_t i;
	int err = 0;

	for (i = 0; i < w->s->nr_steps && !w->quit; i++) {
		if (w->opt->step || w->opt->map)
			pause_before(w, i, last);
		if (w->quit)
			break;
		err = sim_next(w->sim, &report, error);
		if (err <= 0)
			return err;
		tell(w, &report, acted);
		if (report.outcome == SIM_SKIPPED)
			continue;
		last = report.step;
		if (!is_talk(last->verb))
			acted = last;
	}
	if (w->opt->step || w->opt->map) {
		draw(w);
		flush_talk(w);
	}
	return 0;
}

static int broken(const char *path, int err, const struct sim_error *error)
{
	if (err == -ENOMEM)
		error_msg("%s: %s", path, strerror(ENOMEM));
	else if (error->line)
		error_msg("%s:%u: %s", path, error->line, error->text);
	else
		error_msg("%s: %s", path, error->text);
	return err;
}

static int run_policy(struct walk *w, const struct pa_policy *policy, struct totals *t)
{
	struct sim_error error;
	int err = sim_open(w->s, policy, &w->sim, &error);

	w->drawn = true;
	if (!err && (w->opt->step || w->opt->map)) {
		wrap(*w->s->title ? w->s->title : w->path, "");
		wrap(policy->summary, "rules of Linux ");
	}
	if (w->json) {
		out_object(w->json, NULL);
		out_str(w->json, "policy", policy->name);
		out_array(w->json, "steps");
	}
	if (!err)
		err = walk_steps(w, &error);
	if (w->json) {
		out_close(w->json);
		json_error(w->json, err, &error);
		out_close(w->json);
	}
	if (err)
		broken(w->path, err, &error);
	t->broken |= err < 0;
	sim_close(w->sim);
	w->sim = NULL;
	return err;
}

/* Which policies a run walks: --policy, or those named; one alone where people look on. */
static uint32_t policies_of(const struct options *opt, const struct sim_scenario *s)
{
	uint32_t i, newest = 0;

	for (i = 0; pa_policy_at(i); i++) {
		if (opt->policy == pa_policy_at(i))
			return UINT32_C(1) << i;
		if (s->policies >> i & 1)
			newest = UINT32_C(1) << i;
	}
	return opt->step || opt->map ? newest : s->policies;
}

static void run_scenario(const struct options *opt, const char *path, const struct sim_scenario *s,
			 struct out_json *json, struct totals *t)
{
	uint32_t mask = policies_of(opt, s), i, nr = 0;
	struct walk w = { .opt = opt, .path = path, .s = s, .json = json };
	const char *first = NULL, *last = NULL;
	int err = 0;

	for (i = 0; pa_policy_at(i) && !err && !w.quit; i++) {
		if (!(mask >> i & 1))
			continue;
		last = pa_policy_at(i)->name;
		first = first ? first : last;
		nr++;
		err = run_policy(&w, pa_policy_at(i), t);
	}
	t->met += w.met;
	t->failed += w.failed;
	if (json || err)
		return;
	if (opt->step || opt->map)
		putchar('\n');
	printf("%s: %" PRIu32 " of %" PRIu32 " expectations met, under %s%s%s\n", path, w.met,
	       w.met + w.failed, first, nr > 1 ? (nr > 2 ? " to " : " and ") : "",
	       nr > 1 ? last : "");
}

/* All of a file; at most SIM_MAX_TEXT and one byte, which sim_parse() then refuses. */
static int slurp(const char *path, char **text, size_t *len)
{
	FILE *from = strcmp(path, "-") ? fopen(path, "r") : stdin;
	char *buf = malloc(SIM_MAX_TEXT + 1);
	int err = !from ? -errno : !buf ? -ENOMEM : 0;

	if (!err) {
		errno = 0;
		*len = fread(buf, 1, SIM_MAX_TEXT + 1, from);
		if (ferror(from))
			err = errno ? -errno : -EIO;
	}
	if (from && from != stdin)
		fclose(from);
	if (err)
		free(buf);
	else
		*text = buf;
	return err;
}

static void run_file(const struct options *opt, const char *path, struct out_json *json,
		     struct totals *t)
{
	struct sim_error error = { 0 };
	struct sim_scenario *s = NULL;
	char *text = NULL;
	size_t len = 0;
	int err = slurp(path, &text, &len);

	if (err)
		snprintf(error.text, sizeof(error.text), "%s", strerror(-err));
	else
		err = sim_parse(text, len, &s, &error);
	free(text);
	if (json) {
		out_object(json, NULL);
		out_str(json, "file", path);
		out_str(json, "title", s ? s->title : NULL);
		out_array(json, "runs");
	}
	if (err) {
		broken(path, err, &error);
		t->broken = true;
	} else {
		run_scenario(opt, path, s, json, t);
	}
	if (json) {
		out_close(json);
		json_error(json, err, &error);
		out_close(json);
	}
	sim_free(s);
}

static int run_files(const struct options *opt, int argc, char **argv)
{
	struct totals t = { 0 };
	struct out_json json;

	if (opt->json) {
		out_json_init(&json, stdout, 2);
		out_object(&json, NULL);
		out_str(&json, "schema", "buddyscope.sim/1");
		out_array(&json, "scenarios");
	}
	for (int i = 0; i < argc; i++)
		run_file(opt, argv[i], opt->json ? &json : NULL, &t);
	if (opt->json) {
		out_close(&json);
		out_u64(&json, "met", t.met);
		out_u64(&json, "failed", t.failed);
		out_close(&json);
		if (out_json_end(&json))
			return CMD_FAILURE;
	}
	return t.broken ? CMD_FAILURE : t.failed ? CMD_DIFFERENT : CMD_OK;
}

static int sim_main(int argc, char **argv)
{
	enum { OPT_STEP = 256, OPT_MAP, OPT_POLICY, OPT_JSON, OPT_COLOR };
	static const struct option longs[] = {
		{ "step", no_argument, NULL, OPT_STEP },
		{ "map", no_argument, NULL, OPT_MAP },
		{ "policy", required_argument, NULL, OPT_POLICY },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "color", required_argument, NULL, OPT_COLOR },
		{ NULL, 0, NULL, 0 },
	};
	const char *no_color = getenv("NO_COLOR");
	struct options opt = { .color = isatty(STDOUT_FILENO) && !(no_color && *no_color) };
	int c;

	while ((c = getopt_long(argc, argv, ":", longs, NULL)) != -1) {
		switch (c) {
		case OPT_STEP:
			opt.step = true;
			break;
		case OPT_MAP:
			opt.map = true;
			break;
		case OPT_POLICY:
			opt.policy = pa_policy_find(optarg);
			if (!opt.policy)
				return cmd_misused(&cmd_sim, "there is no policy '%s'", optarg);
			break;
		case OPT_JSON:
			opt.json = true;
			break;
		case OPT_COLOR:
			if (!strcmp(optarg, "auto"))
				break;
			opt.color = !strcmp(optarg, "always");
			if (!opt.color && strcmp(optarg, "never"))
				return cmd_misused(&cmd_sim, "--color is auto, always or never");
			break;
		default:
			return cmd_bad_option(&cmd_sim, argc, argv, c);
		}
	}
	if (optind == argc)
		return cmd_misused(&cmd_sim, "a scenario is missing");
	if (opt.json && (opt.step || opt.map))
		return cmd_misused(&cmd_sim, "--json goes with neither --step nor --map");
	if (opt.step && argc - optind > 1)
		return cmd_misused(&cmd_sim, "--step walks one scenario at a time");
	if (opt.step && !strcmp(argv[optind], "-"))
		return cmd_misused(&cmd_sim, "--step waits on standard input, where the scenario"
					     " cannot be");
	return run_files(&opt, argc - optind, argv + optind);
}

const struct cmd cmd_sim = {
	"sim",
	"Run a scenario on the core, with no trace at all",
	"[options] FILE...\n"
	"  --step         walk through one on the terminal: words, map, Enter\n"
	"  --map          the same without waiting\n"
	"  --policy NAME  follow this kernel's rules instead of the scenario's\n"
	"  --json         all steps as JSON\n"
	"  --color WHEN   auto, always or never: what a step changed stands out",
	sim_main,
};
