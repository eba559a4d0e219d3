/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE /* strcasestr */
#include <inttypes.h>
#include <string.h>

#include "list.h"
#include "text.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static const char *zone_name(const struct sample *s, uint32_t zone)
{
	return zone < s->nr_zones ? s->zone[zone].name : "";
}

/* "Movable" -> "M", with what follows. */
static void type_text(char *buf, size_t len, unsigned int order, unsigned int mt)
{
	snprintf(buf, len, "%u %s", order, mt < PA_NR_MT ? pa_mt_name(mt) : "?");
}

/* -------------------------------------------------------------------------
 * Decisions
 */

static size_t decision_count(const struct sample *s)
{
	return s->nr_decisions;
}

static enum cell_style decision_style(const struct sample *s, size_t i)
{
	const struct source_decision *d = &s->decisions[i];

	if (d->class != REPLAY_SAME)
		return STYLE_BAD;
	return STYLE_PLAIN;
}

static void decision_event(const struct sample *s, size_t i, char *buf, size_t len)
{
	snprintf(buf, len, "%" PRIu64, s->decisions[i].event);
}

static double decision_event_key(const struct sample *s, size_t i)
{
	return (double)s->decisions[i].event;
}

static void decision_time(const struct sample *s, size_t i, char *buf, size_t len)
{
	snprintf(buf, len, "%.3f", (double)(s->decisions[i].ts - s->first_ts) / 1e9);
}

static double decision_time_key(const struct sample *s, size_t i)
{
	return (double)s->decisions[i].ts;
}

static void decision_cpu(const struct sample *s, size_t i, char *buf, size_t len)
{
	snprintf(buf, len, "%u", s->decisions[i].cpu);
}

static double decision_cpu_key(const struct sample *s, size_t i)
{
	return s->decisions[i].cpu;
}

static void decision_zone(const struct sample *s, size_t i, char *buf, size_t len)
{
	snprintf(buf, len, "%s", zone_name(s, s->decisions[i].core.req.zone));
}

static void decision_request(const struct sample *s, size_t i, char *buf, size_t len)
{
	const struct pa_request *r = &s->decisions[i].core.req;

	type_text(buf, len, r->order, r->mt);
}

static double decision_request_key(const struct sample *s, size_t i)
{
	return s->decisions[i].core.req.order;
}

static void decision_kernel(const struct sample *s, size_t i, char *buf, size_t len)
{
	static const char *const claims[] = { "took", "stole", "claimed" };
	const struct replay_kernel *k = &s->decisions[i].kernel;

	if (!k->fallback)
		snprintf(buf, len, "own list");
	else
		snprintf(buf, len, "%s %u %s", claims[k->claim], k->fallback_order,
			 text_type_short(k->fallback_mt));
}

static double decision_kernel_key(const struct sample *s, size_t i)
{
	return s->decisions[i].kernel.fallback ? s->decisions[i].kernel.fallback_order : -1;
}

static void decision_core(const struct sample *s, size_t i, char *buf, size_t len)
{
	const struct pa_decision *d = &s->decisions[i].core;

	if (d->path == PA_PATH_NONE)
		snprintf(buf, len, "nothing fits");
	else if (!pa_is_fallback(d))
		snprintf(buf, len, "own list");
	else
		snprintf(buf, len, "%s %u %s", pa_is_claim(d) ? "claimed" : "stole",
			 d->fallback_order, text_type_short(d->fallback_mt));
}

static double decision_core_key(const struct sample *s, size_t i)
{
	return pa_is_fallback(&s->decisions[i].core) ? s->decisions[i].core.fallback_order : -1;
}

static void decision_pfn(const struct sample *s, size_t i, char *buf, size_t len)
{
	if (s->decisions[i].kernel.pfn == PA_PFN_NONE)
		snprintf(buf, len, "-");
	else
		snprintf(buf, len, "0x%" PRIx64, s->decisions[i].kernel.pfn);
}

static double decision_pfn_key(const struct sample *s, size_t i)
{
	return (double)s->decisions[i].kernel.pfn;
}

static void decision_verdict(const struct sample *s, size_t i, char *buf, size_t len)
{
	enum replay_class class = s->decisions[i].class;

	snprintf(buf, len, "%s%s", class == REPLAY_SAME ? "agree" : "!",
		 class == REPLAY_SAME ? "" : replay_class_name(class));
}

static double decision_verdict_key(const struct sample *s, size_t i)
{
	return s->decisions[i].class == REPLAY_SAME ? -1 : (double)s->decisions[i].class;
}

static const struct list_column decision_columns[] = {
	{ "event", 8, 0, true, decision_event, decision_event_key },
	{ "time s", 7, 70, true, decision_time, decision_time_key },
	{ "cpu", 4, 100, true, decision_cpu, decision_cpu_key },
	{ "zone", 7, 90, false, decision_zone, NULL },
	{ "request", 13, 0, false, decision_request, decision_request_key },
	{ "kernel", 17, 0, false, decision_kernel, decision_kernel_key },
	{ "core", 17, 78, false, decision_core, decision_core_key },
	{ "pfn", 10, 110, true, decision_pfn, decision_pfn_key },
	{ "verdict", 14, 0, false, decision_verdict, decision_verdict_key },
};

/* -------------------------------------------------------------------------
 * Fallbacks, where they are counted
 */

static size_t fallback_count(const struct sample *s)
{
	return s->nr_fallbacks;
}

static enum cell_style fallback_style(const struct sample *s, size_t i)
{
	return s->fallbacks[i].claimed ? STYLE_BOLD : STYLE_PLAIN;
}

static const char *type_name(unsigned int mt)
{
	return mt < PA_NR_MT ? pa_mt_name(mt) : "?";
}

static void fallback_wanted(const struct sample *s, size_t i, char *buf, size_t len)
{
	snprintf(buf, len, "%s", type_name(s->fallbacks[i].mt));
}

static void fallback_from(const struct sample *s, size_t i, char *buf, size_t len)
{
	snprintf(buf, len, "%s", type_name(s->fallbacks[i].fallback_mt));
}

static uint64_t fallback_unknown_of(const struct source_fallback *f)
{
	return f->n - f->claimed - f->kept;
}

#define FALLBACK_NUMBER(name, value)                                                               \
	static void fallback_##name(const struct sample *s, size_t i, char *buf, size_t len)       \
	{                                                                                          \
		const struct source_fallback *f = &s->fallbacks[i];                                \
                                                                                                   \
		snprintf(buf, len, "%" PRIu64, (uint64_t)(value));                                 \
	}                                                                                          \
	static double fallback_##name##_key(const struct sample *s, size_t i)                      \
	{                                                                                          \
		const struct source_fallback *f = &s->fallbacks[i];                                \
                                                                                                   \
		return (double)(value);                                                            \
	}

FALLBACK_NUMBER(n, f->n)
FALLBACK_NUMBER(order, f->fallback_order)
FALLBACK_NUMBER(claimed, f->claimed)
FALLBACK_NUMBER(kept, f->kept)
FALLBACK_NUMBER(unknown, fallback_unknown_of(f))

static const struct list_column fallback_columns[] = {
	{ "picks", 9, 0, true, fallback_n, fallback_n_key },
	{ "wanted", 12, 0, false, fallback_wanted, NULL },
	{ "from", 12, 0, false, fallback_from, NULL },
	{ "order", 6, 0, true, fallback_order, fallback_order_key },
	{ "claimed", 8, 0, true, fallback_claimed, fallback_claimed_key },
	{ "kept", 8, 0, true, fallback_kept, fallback_kept_key },
	{ "not known", 10, 72, true, fallback_unknown, fallback_unknown_key },
};

/* -------------------------------------------------------------------------
 * Stalls
 */

static size_t stall_count(const struct sample *s)
{
	return s->nr_stalls;
}

static enum cell_style stall_style(const struct sample *s, size_t i)
{
	return s->stalls[i].done ? STYLE_PLAIN : STYLE_WARN;
}

static void stall_time(const struct sample *s, size_t i, char *buf, size_t len)
{
	snprintf(buf, len, "%.3f", (double)(s->stalls[i].ts - s->first_ts) / 1e9);
}

static double stall_time_key(const struct sample *s, size_t i)
{
	return (double)s->stalls[i].ts;
}

static void stall_kind(const struct sample *s, size_t i, char *buf, size_t len)
{
	snprintf(buf, len, "%s", source_stall_name(s->stalls[i].kind));
}

static void stall_order(const struct sample *s, size_t i, char *buf, size_t len)
{
	if (s->stalls[i].order < 0)
		snprintf(buf, len, "-");
	else
		snprintf(buf, len, "%d", s->stalls[i].order);
}

static double stall_order_key(const struct sample *s, size_t i)
{
	return s->stalls[i].order;
}

/* A recording names no process, and one may be gone before it is looked for. */
static const char *name_or_dash(const char *name)
{
	return name[0] ? name : "-";
}

static const char *name_of(const struct sample *s, uint32_t pid)
{
	for (size_t i = 0; i < s->nr_callers; i++)
		if (s->callers[i].pid == pid)
			return s->callers[i].name;
	return "";
}

static void stall_pid(const struct sample *s, size_t i, char *buf, size_t len)
{
	snprintf(buf, len, "%u", s->stalls[i].pid);
}

static double stall_pid_key(const struct sample *s, size_t i)
{
	return s->stalls[i].pid;
}

static void stall_name(const struct sample *s, size_t i, char *buf, size_t len)
{
	snprintf(buf, len, "%s", name_or_dash(name_of(s, s->stalls[i].pid)));
}

static void stall_ns(const struct sample *s, size_t i, char *buf, size_t len)
{
	char text[TEXT_LEN];

	/* Begun and ended between two readings of the clock. */
	snprintf(buf, len, "%s", s->stalls[i].ns ? text_ns(text, s->stalls[i].ns) : "~0 us");
}

static double stall_ns_key(const struct sample *s, size_t i)
{
	return (double)s->stalls[i].ns;
}

static void stall_outcome(const struct sample *s, size_t i, char *buf, size_t len)
{
	const struct source_stall *st = &s->stalls[i];

	if (st->kind == STALL_RECLAIM)
		snprintf(buf, len, "%" PRIu64 " pages", st->reclaimed);
	else
		snprintf(buf, len, "%s", source_compact_name(st->status));
}

static void stall_scanned(const struct sample *s, size_t i, char *buf, size_t len)
{
	snprintf(buf, len, "%" PRIu64, s->stalls[i].scanned);
}

static double stall_scanned_key(const struct sample *s, size_t i)
{
	return (double)s->stalls[i].scanned;
}

static void stall_moved(const struct sample *s, size_t i, char *buf, size_t len)
{
	snprintf(buf, len, "%" PRIu64, s->stalls[i].moved);
}

static double stall_moved_key(const struct sample *s, size_t i)
{
	return (double)s->stalls[i].moved;
}

static const struct list_column stall_columns[] = {
	{ "time s", 9, 0, true, stall_time, stall_time_key },
	{ "kind", 9, 0, false, stall_kind, NULL },
	{ "order", 6, 0, true, stall_order, stall_order_key },
	{ "pid", 7, 0, true, stall_pid, stall_pid_key },
	{ "process", 15, 100, false, stall_name, NULL },
	{ "took", 10, 0, true, stall_ns, stall_ns_key },
	{ "outcome", 12, 0, false, stall_outcome, NULL },
	{ "scanned", 9, 70, true, stall_scanned, stall_scanned_key },
	{ "moved", 8, 78, true, stall_moved, stall_moved_key },
};

/* -------------------------------------------------------------------------
 * Callers
 */

static size_t caller_count(const struct sample *s)
{
	return s->nr_callers;
}

static enum cell_style caller_style(const struct sample *s, size_t i)
{
	return s->callers[i].high || s->callers[i].stalls ? STYLE_BOLD : STYLE_PLAIN;
}

#define CALLER_NUMBER(field)                                                                       \
	static void caller_##field(const struct sample *s, size_t i, char *buf, size_t len)        \
	{                                                                                          \
		snprintf(buf, len, "%" PRIu64, (uint64_t)s->callers[i].field);                     \
	}                                                                                          \
	static double caller_##field##_key(const struct sample *s, size_t i)                       \
	{                                                                                          \
		return (double)s->callers[i].field;                                                \
	}

CALLER_NUMBER(pid)
CALLER_NUMBER(pages)
CALLER_NUMBER(allocs)
CALLER_NUMBER(unmovable)
CALLER_NUMBER(high)
CALLER_NUMBER(max_order)
CALLER_NUMBER(stalls)

static void caller_name(const struct sample *s, size_t i, char *buf, size_t len)
{
	snprintf(buf, len, "%s", name_or_dash(s->callers[i].name));
}

/* A rate that is not known sorts behind all others. */
#define CALLER_RATE(field)                                                                         \
	static void caller_##field(const struct sample *s, size_t i, char *buf, size_t len)        \
	{                                                                                          \
		char text[TEXT_LEN];                                                               \
                                                                                                   \
		snprintf(buf, len, "%s", text_rate(text, s->callers[i].field));                    \
	}                                                                                          \
	static double caller_##field##_key(const struct sample *s, size_t i)                       \
	{                                                                                          \
		return s->callers[i].field;                                                        \
	}

CALLER_RATE(pages_s)
CALLER_RATE(unmovable_s)
CALLER_RATE(high_s)

static void caller_stalled(const struct sample *s, size_t i, char *buf, size_t len)
{
	char text[TEXT_LEN];

	snprintf(buf, len, "%s", text_ns(text, s->callers[i].stall_ns));
}

static double caller_stalled_key(const struct sample *s, size_t i)
{
	return (double)s->callers[i].stall_ns;
}

static const struct list_column caller_columns[] = {
	{ "pid", 7, 0, true, caller_pid, caller_pid_key },
	{ "process", 15, 0, false, caller_name, NULL },
	{ "pages/s", 8, 0, true, caller_pages_s, caller_pages_s_key },
	{ "unmov/s", 8, 0, true, caller_unmovable_s, caller_unmovable_s_key },
	{ "4+/s", 6, 0, true, caller_high_s, caller_high_s_key },
	{ "pages", 9, 94, true, caller_pages, caller_pages_key },
	{ "unmovable", 10, 0, true, caller_unmovable, caller_unmovable_key },
	{ "order 4+", 9, 70, true, caller_high, caller_high_key },
	{ "max", 4, 99, true, caller_max_order, caller_max_order_key },
	{ "blocks", 9, 110, true, caller_allocs, caller_allocs_key },
	{ "stalls", 7, 118, true, caller_stalls, caller_stalls_key },
	{ "stalled", 9, 80, true, caller_stalled, caller_stalled_key },
};

/* -------------------------------------------------------------------------
 * Per-cpu lists
 */

static size_t pcp_count(const struct sample *s)
{
	return s->nr_pcp;
}

static enum cell_style pcp_style(const struct sample *s, size_t i)
{
	const struct source_pcp *p = &s->pcp[i];

	return p->high > 0 && p->count + p->carried > p->high ? STYLE_WARN : STYLE_PLAIN;
}

static void pcp_zone(const struct sample *s, size_t i, char *buf, size_t len)
{
	uint32_t z = s->pcp[i].zone;

	snprintf(buf, len, "N%u %s", z < s->nr_zones ? s->zone[z].node : 0, zone_name(s, z));
}

static double pcp_zone_key(const struct sample *s, size_t i)
{
	(void)s;
	return -(double)i; /* as they come */
}

static void pcp_cpu(const struct sample *s, size_t i, char *buf, size_t len)
{
	snprintf(buf, len, "%u", s->pcp[i].cpu);
}

static double pcp_cpu_key(const struct sample *s, size_t i)
{
	return s->pcp[i].cpu;
}

static void known(char *buf, size_t len, int64_t v, const char *mark)
{
	if (v < 0)
		snprintf(buf, len, "-");
	else
		snprintf(buf, len, "%s%" PRId64, mark, v);
}

static void pcp_fill(const struct sample *s, size_t i, char *buf, size_t len)
{
	const struct source_pcp *p = &s->pcp[i];

	if (p->exact)
		known(buf, len, p->count, "");
	else if (p->count < 0)
		snprintf(buf, len, "-");
	else
		known(buf, len, p->count + p->carried > 0 ? p->count + p->carried : 0, "~");
}

static double pcp_fill_key(const struct sample *s, size_t i)
{
	return (double)(s->pcp[i].count + s->pcp[i].carried);
}

static void pcp_high(const struct sample *s, size_t i, char *buf, size_t len)
{
	known(buf, len, s->pcp[i].high, "");
}

static double pcp_high_key(const struct sample *s, size_t i)
{
	return (double)s->pcp[i].high;
}

static void pcp_batch(const struct sample *s, size_t i, char *buf, size_t len)
{
	known(buf, len, s->pcp[i].batch, "");
}

static double pcp_batch_key(const struct sample *s, size_t i)
{
	return (double)s->pcp[i].batch;
}

#define PCP_NUMBER(field, is_known)                                                                \
	static void pcp_##field(const struct sample *s, size_t i, char *buf, size_t len)           \
	{                                                                                          \
		const struct source_pcp *p = &s->pcp[i];                                           \
                                                                                                   \
		known(buf, len, is_known ? (int64_t)p->field : -1, "");                            \
	}                                                                                          \
	static double pcp_##field##_key(const struct sample *s, size_t i)                          \
	{                                                                                          \
		return (double)s->pcp[i].field;                                                    \
	}

PCP_NUMBER(refilled, (!p->exact || p->passed_known))
PCP_NUMBER(drained, (!p->exact || p->passed_known))
PCP_NUMBER(taken, !p->exact)
PCP_NUMBER(given, !p->exact)

static const struct list_column pcp_columns[] = {
	{ "zone", 10, 0, false, pcp_zone, pcp_zone_key },
	{ "cpu", 5, 0, true, pcp_cpu, pcp_cpu_key },
	{ "fill", 7, 0, true, pcp_fill, pcp_fill_key },
	{ "high", 7, 0, true, pcp_high, pcp_high_key },
	{ "batch", 6, 0, true, pcp_batch, pcp_batch_key },
	{ "refilled", 9, 0, true, pcp_refilled, pcp_refilled_key },
	{ "drained", 9, 66, true, pcp_drained, pcp_drained_key },
	{ "taken", 9, 72, true, pcp_taken, pcp_taken_key },
	{ "given", 9, 80, true, pcp_given, pcp_given_key },
};

/* -------------------------------------------------------------------------
 * All of them
 */

const struct list_screen *list_of(enum tui_screen screen)
{
	static const struct list_screen screens[NR_SCREENS] = {
		[SCREEN_DECISIONS] = { decision_columns, COUNT(decision_columns), 0, 0,
				       "no fallback yet, and kernel and core agree", decision_count,
				       decision_style },
		[SCREEN_STALLS] = { stall_columns, COUNT(stall_columns), 0, 0,
				    "nobody had to wait for reclaim or compaction yet", stall_count,
				    stall_style },
		[SCREEN_CALLERS] = { caller_columns, COUNT(caller_columns), 3, 7,
				     "no allocation was seen yet", caller_count, caller_style },
		[SCREEN_PCP] = { pcp_columns, COUNT(pcp_columns), 0, 0,
				 "nothing is known of per-cpu lists", pcp_count, pcp_style },
	};

	return screen < NR_SCREENS && screens[screen].n ? &screens[screen] : NULL;
}

const struct list_screen *list_shown(const struct tui *t)
{
	static const struct list_screen fallbacks = {
		fallback_columns, COUNT(fallback_columns), 0, 0, "no fallback yet",
		fallback_count,	  fallback_style,
	};

	if (t->screen == SCREEN_DECISIONS && t->has_now && t->now->fallbacks)
		return &fallbacks;
	return list_of(t->screen);
}

bool list_matches(const struct list_screen *l, const struct sample *s, size_t i, const char *text)
{
	char buf[64];

	for (int c = 0; c < l->n; c++) {
		l->column[c].text(s, i, buf, sizeof(buf));
		if (strcasestr(buf, text))
			return true;
	}
	return false;
}
