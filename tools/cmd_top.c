/* SPDX-License-Identifier: GPL-2.0-only */
/* buddyscope top: the dashboard, and the same as plain frames or JSON. */
#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "cmd.h"
#include "metrics.h"
#include "tui/settings.h"
#include "tui/top.h"
#include "util.h"

struct options {
	const char *recording; /* NULL: this host */
	const char *from;      /* auto, live, counts or proc */
	const char *at;	       /* where a recording starts to be shown; NULL: at its begin */
	struct source_options source;
	struct tui_settings set;
	enum tui_color color;
	uint64_t count; /* samples; 0: no end */
	bool batch, json, delay_set;
};

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	stopped = sig;
	signal(sig, SIG_DFL);
}

/* -------------------------------------------------------------------------
 * Options
 */

enum {
	OPT_JSON = 256,
	OPT_SCREEN,
	OPT_AT,
	OPT_POLICY,
	OPT_ORDER,
	OPT_ASCII,
	OPT_COLOR,
	OPT_NO_MOUSE,
	OPT_SOURCE,
	OPT_OVERHEAD,
	OPT_NO_STACKS,
};

static int parse_screen(const char *text, uint32_t *screen)
{
	for (int i = 0; i < NR_SCREENS; i++)
		if (!strcasecmp(text, tui_screen_title(i))) {
			*screen = (uint32_t)i;
			return 0;
		}
	return -EINVAL;
}

static int parse_color(const char *text, enum tui_color *color)
{
	static const char *const names[] = { "auto", "always", "never" };

	for (int i = 0; i < 3; i++)
		if (!strcmp(text, names[i])) {
			*color = (enum tui_color)i;
			return 0;
		}
	return -EINVAL;
}

static int parse_delay(const char *text, struct options *o)
{
	uint64_t ns;
	int err = parse_duration(text, &ns);

	if (err)
		return err;
	if (ns < TUI_MIN_DELAY || ns > TUI_MAX_DELAY)
		return -ERANGE;
	o->set.delay_ns = ns;
	o->delay_set = true;
	return 0;
}

static int parse_order(const char *text, struct options *o)
{
	uint64_t v;
	int err = parse_u64(text, 0, SOURCE_ORDERS - 1, &v);

	if (!err)
		o->set.order = (unsigned int)v;
	return err;
}

static bool is_source(const char *text)
{
	return !strcmp(text, "auto") || !strcmp(text, "live") || !strcmp(text, "counts") ||
	       !strcmp(text, "proc");
}

static int set_option(int c, struct options *o)
{
	switch (c) {
	case 'r':
		o->recording = optarg;
		return 0;
	case 'b':
		o->batch = true;
		return 0;
	case 'n':
		return parse_u64(optarg, 1, UINT64_MAX, &o->count);
	case 'd':
		return parse_delay(optarg, o);
	case OPT_JSON:
		o->json = o->batch = true;
		return 0;
	case OPT_SCREEN:
		return parse_screen(optarg, &o->set.screen);
	case OPT_AT:
		o->at = optarg;
		return 0;
	case OPT_POLICY:
		o->source.policy = optarg;
		return pa_policy_find(optarg) ? 0 : -EINVAL;
	case OPT_ORDER:
		return parse_order(optarg, o);
	case OPT_ASCII:
		o->set.ascii = true;
		return 0;
	case OPT_COLOR:
		return parse_color(optarg, &o->color);
	case OPT_NO_MOUSE:
		o->set.mouse = false;
		return 0;
	case OPT_OVERHEAD:
		return parse_percent(optarg, &o->source.overhead_limit);
	case 'm':
		return parse_size(optarg, &o->source.buffer);
	case OPT_SOURCE:
		o->from = optarg;
		return is_source(optarg) ? 0 : -EINVAL;
	case OPT_NO_STACKS:
		o->source.no_stacks = true;
		return 0;
	default:
		return -ENOENT;
	}
}

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "recording", required_argument, NULL, 'r' },
		{ "batch", no_argument, NULL, 'b' },
		{ "count", required_argument, NULL, 'n' },
		{ "delay", required_argument, NULL, 'd' },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "screen", required_argument, NULL, OPT_SCREEN },
		{ "at", required_argument, NULL, OPT_AT },
		{ "policy", required_argument, NULL, OPT_POLICY },
		{ "order", required_argument, NULL, OPT_ORDER },
		{ "ascii", no_argument, NULL, OPT_ASCII },
		{ "color", required_argument, NULL, OPT_COLOR },
		{ "no-mouse", no_argument, NULL, OPT_NO_MOUSE },
		{ "source", required_argument, NULL, OPT_SOURCE },
		{ "buffer", required_argument, NULL, 'm' },
		{ "overhead-limit", required_argument, NULL, OPT_OVERHEAD },
		{ "no-stacks", no_argument, NULL, OPT_NO_STACKS },
		{ NULL, 0, NULL, 0 },
	};
	int c, err;

	while ((c = getopt_long(argc, argv, ":r:bn:d:m:", longs, NULL)) != -1) {
		err = set_option(c, o);
		if (err == -ENOENT)
			return cmd_bad_option(&cmd_top, argc, argv, c);
		if (err)
			return cmd_misused(&cmd_top, "'%s': not a value for this option", optarg);
	}
	if (optind < argc)
		return cmd_misused(&cmd_top, "unknown word '%s' (a recording is named by -r)",
				   argv[optind]);
	return CMD_OK;
}

/* -------------------------------------------------------------------------
 * Sources
 */

/* The command that grants what is missing, for the line below the screen. */
#define GRANT                                                                                      \
	"sudo buddyscope top, or once: sudo setcap "                                               \
	"cap_bpf,cap_perfmon,cap_dac_read_search,cap_syslog,cap_sys_admin+ep buddyscope"

static int open_proc(const char *note, struct source **out)
{
	char why[256] = "";
	int err = source_proc("", out, why, sizeof(why));

	if (err) {
		error_msg("top: /proc cannot be read: %s", why[0] ? why : strerror(-err));
		return CMD_FAILURE;
	}
	if (note)
		snprintf((*out)->note, sizeof((*out)->note), "%s", note);
	return CMD_OK;
}

#ifdef HAVE_BPF
static int open_host(const struct options *o, struct source **out)
{
	char why[256] = "", note[sizeof((*out)->note)];
	bool counts = !strcmp(o->from, "counts");
	int err;

	if (!strcmp(o->from, "proc"))
		return open_proc(NULL, out);
	err = counts ? source_counts(&o->source, out, why, sizeof(why)) :
		       source_live(&o->source, out, why, sizeof(why));
	if (!err)
		return CMD_OK;
	if (err == -EPERM || err == -EACCES)
		snprintf(note, sizeof(note), "no core, decisions, map: not permitted (%s)", GRANT);
	else
		snprintf(note, sizeof(note), "no core, decisions, map: %.120s (buddyscope check)",
			 why[0] ? why : strerror(-err));
	if (!strcmp(o->from, "auto"))
		return open_proc(note, out);
	error_msg("top: %s", note);
	return err == -EPERM || err == -EACCES || err == -ENOENT || err == -ENOTSUP ?
		       CMD_NO_KERNEL :
		       CMD_FAILURE;
}
#else
static int open_host(const struct options *o, struct source **out)
{
	if (strcmp(o->from, "live") && strcmp(o->from, "counts"))
		return open_proc("no core, decisions, map: this build has no BPF", out);
	error_msg("top: this build has no BPF (build it with `make`, without BPF=0)");
	return CMD_NO_KERNEL;
}
#endif

static int open_source(const struct options *o, struct source **out)
{
	char why[256] = "";
	int err;

	if (!o->recording)
		return open_host(o, out);
	err = source_file(o->recording, &o->source, out, why, sizeof(why));
	return err ? trace_failed(o->recording, err, why) : CMD_OK;
}

/* "end", "12.5s", "50%" or the number of an event, as a goal. */
static int parse_at(const char *text, const struct sample *s, struct source_goal *goal)
{
	char *end;
	double v = strtod(text, &end);

	*goal = (struct source_goal){ .kind = GOAL_END };
	if (!strcmp(text, "end"))
		return 0;
	goal->kind = GOAL_EVENT;
	if (!strcmp(text, "begin"))
		return 0;
	if (end == text || !(v >= 0 && v < 1e15))
		return -EINVAL;
	if (!strcmp(end, "s"))
		*goal = (struct source_goal){ GOAL_TIME, s->first_ts + (uint64_t)(v * 1e9) };
	else if (!strcmp(end, "%") && s->timeline)
		goal->value = (uint64_t)(v / 100 * (double)s->timeline->events);
	else if (!*end)
		goal->value = (uint64_t)v;
	else
		return -EINVAL;
	return 0;
}

static int run_to(struct source *source, const struct source_goal *goal)
{
	int done;

	do
		done = source_run(source, goal, UINT64_C(50000000));
	while (!done && !stopped);
	return done < 0 ? done : 0;
}

static int start_at(const struct options *o, struct source *source, struct sample *room)
{
	struct source_goal goal;
	int err;

	if (!o->at)
		return CMD_OK;
	err = source_sample(source, room);
	if (err || !room->playable || parse_at(o->at, room, &goal))
		return cmd_misused(&cmd_top, "--at %s: no place in a recording", o->at);
	err = run_to(source, &goal);
	if (!err)
		return CMD_OK;
	error_msg("top: %s", source_why(source));
	return CMD_FAILURE;
}

/* -------------------------------------------------------------------------
 * Batch
 */

static int from_environment(const char *name, int missing)
{
	const char *text = getenv(name);
	uint64_t v;

	return text && !parse_u64(text, 1, 1000, &v) ? (int)v : missing;
}

static int emit(const struct options *o, struct tui *t, uint64_t n)
{
	if (o->json)
		return metrics_json(t->has_before ? t->before : NULL, t->now, stdout);
	if (n)
		putchar('\n');
	if (top_frame(t, stdout))
		return -ENOMEM;
	return fflush(stdout) ? -EIO : 0;
}

/* A recording goes on by the delay at once, the present takes its time. */
static int next_sample(const struct options *o, const struct tui *t, struct source *source,
		       uint64_t ts)
{
	struct source_goal goal = { .kind = GOAL_TIME, .value = ts };
	struct timespec end;
	int err = 0;

	if (t->now->playable)
		return run_to(source, &goal);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += (time_t)(o->set.delay_ns / 1000000000);
	end.tv_nsec += (long)(o->set.delay_ns % 1000000000);
	while (!stopped && !err) {
		struct timespec now;
		int64_t left;

		clock_gettime(CLOCK_MONOTONIC, &now);
		left = (end.tv_sec - now.tv_sec) * INT64_C(1000000000) + end.tv_nsec - now.tv_nsec;
		if (left <= 0)
			break;
		err = source_run(source, &goal, 0);
		err = err < 0 ? err : 0;
		/* A stream has to be read meanwhile; a signal ends the sleep in any case. */
		if (left > (t->now->recordable ? 20000000 : 500000000))
			left = t->now->recordable ? 20000000 : 500000000;
		nanosleep(&(struct timespec){ .tv_nsec = left }, NULL);
	}
	return err;
}

static int run_batch(const struct options *o, struct source *source, struct sample *room)
{
	struct tui t;
	uint64_t n, ts = 0;
	int err = tui_open(&t, &o->set), code = CMD_OK;

	if (!err)
		tui_resize(&t, from_environment("COLUMNS", 80), from_environment("LINES", 24));
	for (n = 0; !err && !stopped && (!o->count || n < o->count); n++) {
		if (n && t.now->at_end)
			break;
		ts = n ? ts + o->set.delay_ns : 0;
		if (n)
			err = next_sample(o, &t, source, ts);
		if (!err && !stopped)
			err = top_sample(&t, source, room);
		if (!n && !err)
			ts = t.now->ts > t.now->first_ts ? t.now->ts : t.now->first_ts;
		if (!err && !stopped)
			err = emit(o, &t, n);
	}
	if (err)
		error_msg("top: %s", source_why(source)[0] ? source_why(source) : strerror(-err));
	else if (t.has_now && t.now->timeline && t.now->timeline->cut)
		code = trace_failed(o->recording, -EBADMSG, t.now->timeline->why);
	tui_close(&t);
	return err ? CMD_FAILURE : code;
}

/* -------------------------------------------------------------------------
 * Interactive
 */

static int run_terminal(struct options *o, struct source *source)
{
#ifdef HAVE_TUI
	char why[256] = "";
	int err = top_run(source, &o->set, o->color, o->count, why, sizeof(why));

	if (err) {
		error_msg("top: %s", why[0] ? why : strerror(-err));
		return CMD_FAILURE;
	}
	err = settings_save(&o->set);
	if (err)
		error_msg("top: settings cannot be saved: %s", strerror(-err));
	return CMD_OK;
#else
	(void)o;
	(void)source;
	error_msg(
		"top: this build has no dashboard (use -b, or build it with `make`, without TUI=0)");
	return CMD_FAILURE;
#endif
}

/*
 * What was chosen before is the default of what no option says; plain frames and JSON do not
 * depend on it.
 */
static int parse_all(int argc, char **argv, struct options *o)
{
	struct options plain = *o;
	int code = parse(argc, argv, &plain), err;

	if (code || plain.batch) {
		*o = plain;
		return code;
	}
	err = settings_load(&o->set);
	if (err)
		error_msg("top: settings cannot be read: %s", strerror(-err));
	optind = 1;
	code = parse(argc, argv, o);
	if (!o->delay_set && o->set.chosen_delay_ns)
		o->set.delay_ns = o->set.chosen_delay_ns;
	else if (!o->delay_set && o->recording)
		o->set.delay_ns = 250000000;
	return code;
}

static int run(int argc, char **argv)
{
	struct options o = {
		.from = "auto",
		.set = { .delay_ns = 1000000000, .order = 9, .mouse = true },
		.source = { .buffer = 4 << 20 },
	};
	struct source *source;
	struct sample *room;
	int code;

	setlocale(LC_CTYPE, "");
	o.set.ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	code = parse_all(argc, argv, &o);
	if (code)
		return code;
	room = malloc(sizeof(*room));
	if (!room) {
		error_msg("top: %s", strerror(ENOMEM));
		return CMD_FAILURE;
	}
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	code = open_source(&o, &source);
	if (!code) {
		code = start_at(&o, source, room);
		/* Opening may take long enough for a first Ctrl-C: there is nothing to show then. */
		if (!code && !stopped)
			code = o.batch ? run_batch(&o, source, room) : run_terminal(&o, source);
		source_close(source);
	}
	free(room);
	return code;
}

const struct cmd cmd_top = {
	.name = "top",
	.summary = "Show fragmentation live or from a recording, kernel and core side by side",
	.usage = "[options]\n"
		 "  -r, --recording FILE  play FILE (- is stdin); without it, this host\n"
		 "      --source WHAT     auto, live, counts or proc: what is read of this host\n"
		 "  -m, --buffer SIZE     live: the stream between kernel and core (4M)\n"
		 "      --overhead-limit PCT  do with less where watching costs more of a CPU\n"
		 "      --no-stacks       counts: not from where blocks are asked for\n"
		 "  -b, --batch           print plain frames, of $COLUMNS by $LINES\n"
		 "      --json            print one JSON object a sample\n"
		 "  -n, --count N         end after N samples\n"
		 "  -d, --delay SEC       time between samples (1)\n"
		 "      --at PLACE        start a recording at begin, end, 12.5s, 50% or an event\n"
		 "      --screen NAME     start with this screen\n"
		 "      --order N         the order that is asked about (9)\n"
		 "      --policy NAME     let the core follow this kernel's rules\n"
		 "      --color WHEN      auto, always or never\n"
		 "      --ascii           nothing but ASCII\n"
		 "      --no-mouse        leave the mouse to the terminal",
	.run = run,
};
