/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who had to wait: direct reclaim and direct compaction, from their beginnings and ends.
 *
 * A direct reclaim is one begin and the next end of its process.  A call of direct compaction
 * is told by its begin alone (mm_compaction_try_to_compact_pages); what it tried are runs, one
 * for each zone, and it lasts until the last of them has ended.  A process is a tgid: where
 * several of its threads wait at once, the end on the CPU of a beginning is taken for its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report_internal.h"

/* enum compact_result @ 4.8 to 7.3, as the tracepoint's format spells them. */
static const char *const statuses[REPORT_STATUSES] = {
	"not_suitable_zone", "skipped",		"deferred",  "no_suitable_page", "continue",
	"complete",	     "partial_skipped", "contended", "success",		 "not known",
};

const char *report_status_name(unsigned int status)
{
	return status < REPORT_STATUSES ? statuses[status] : NULL;
}

const char *report_stall_name(enum report_stall kind)
{
	return kind == REPORT_RECLAIM ? "direct reclaim" : "direct compaction";
}

/* ---- durations ---- */

/* Below 2^SUB_BITS each value has a bucket, above each power of two has 2^SUB_BITS. */
static unsigned int bucket_of(uint64_t v)
{
	unsigned int shift;

	if (v < UINT64_C(1) << REPORT_SUB_BITS)
		return (unsigned int)v;
	shift = 63 - (unsigned int)__builtin_clzll(v) - REPORT_SUB_BITS;
	return ((shift + 1) << REPORT_SUB_BITS) + (unsigned int)(v >> shift) -
	       (1u << REPORT_SUB_BITS);
}

/* The largest value in it. */
static uint64_t bucket_top(unsigned int bucket)
{
	unsigned int shift = bucket >> REPORT_SUB_BITS;
	uint64_t sub = bucket & ((1u << REPORT_SUB_BITS) - 1);

	if (!shift--)
		return sub;
	return (((UINT64_C(1) << REPORT_SUB_BITS) + sub) << shift) + (UINT64_C(1) << shift) - 1;
}

void report_hist_add(struct report_hist *h, uint64_t v)
{
	h->n++;
	h->zero += !v;
	h->sum += v;
	if (v > h->max)
		h->max = v;
	h->bucket[bucket_of(v)]++;
}

uint64_t report_hist_rank(const struct report_hist *h, unsigned int percent)
{
	uint64_t rank = (uint64_t)(((unsigned __int128)h->n * percent + 99) / 100), seen = 0;
	unsigned int i;

	for (i = 0; i < REPORT_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen && seen >= rank)
			return bucket_top(i) < h->max ? bucket_top(i) : h->max;
	}
	return 0;
}

uint64_t report_hist_between(const struct report_hist *h, uint64_t from, uint64_t below)
{
	unsigned int i, end = bucket_of(below - 1);
	uint64_t n = 0;

	for (i = bucket_of(from); i <= end; i++)
		n += h->bucket[i];
	return n;
}

/* ---- pairs ---- */

static struct report_hist *hist_of(struct report_stalls *s, unsigned int kind, unsigned int order)
{
	return &s->hist[kind * (REPORT_ORDERS + 1) + order];
}

static void drop(struct report_stalls *s, struct report_open *o)
{
	s->nr_calls -= o->kind == REPORT_COMPACT;
	*o = s->open[--s->nr_open];
}

static void begin(struct report *rep, const struct trace_event *ev, unsigned int kind)
{
	struct report_stalls *s = &rep->stalls;

	if (s->nr_open == REPORT_OPEN) {
		s->overflow++;
		return;
	}
	s->nr_calls += kind == REPORT_COMPACT;
	s->open[s->nr_open++] = (struct report_open){
		.ts = ev->ts,
		.pid = ev->pid,
		.cpu = ev->cpu,
		.kind = (uint8_t)kind,
		.gfp = ev->arg,
		.order = ev->order,
	};
	if (kind < REPORT_NR_STALLS)
		rep->activity[rep->slice].stalls[kind]++;
}

/* The one that an event of @ev's process and CPU belongs to, or NULL; the last of several. */
static struct report_open *find(struct report_stalls *s, const struct trace_event *ev,
				unsigned int kind, size_t *nr)
{
	struct report_open *o, *found = NULL;

	*nr = 0;
	for (o = s->open; o < s->open + s->nr_open; o++) {
		if (o->kind != kind || o->pid != ev->pid || (!ev->pid && o->cpu != ev->cpu))
			continue;
		++*nr;
		if (!found || o->cpu == ev->cpu || (found->cpu != ev->cpu && o->ts < found->ts))
			found = o;
	}
	return found;
}

static void finish(struct report *rep, struct report_open *o, uint64_t end)
{
	struct report_stalls *s = &rep->stalls;
	uint64_t ns = end > o->ts ? end - o->ts : 0;
	struct report_tally *tallies[] = { report_tally(&rep->by_pid, o->pid),
					   report_tally(&rep->by_gfp, o->gfp) };
	size_t i;

	report_hist_add(hist_of(s, o->kind, o->order), ns);
	report_hist_add(hist_of(s, o->kind, REPORT_ALL), ns);
	for (i = 0; i < sizeof(tallies) / sizeof(tallies[0]); i++) {
		tallies[i]->stalls[o->kind]++;
		tallies[i]->ns[o->kind] += ns;
	}
	drop(s, o);
}

static void finish_call(struct report *rep, struct report_open *o)
{
	if (o->runs) {
		finish(rep, o, o->last);
		return;
	}
	rep->stalls.without_run++;
	drop(&rep->stalls, o);
}

/* This thread does something else: the calls it has open are over. */
static void finish_calls(struct report *rep, const struct trace_event *ev)
{
	struct report_stalls *s = &rep->stalls;
	size_t i = 0;

	while (s->nr_calls && i < s->nr_open) {
		struct report_open *o = &s->open[i];

		if (o->kind == REPORT_COMPACT && o->pid == ev->pid && o->cpu == ev->cpu &&
		    !o->running)
			finish_call(rep, o); /* the last one takes its place */
		else
			i++;
	}
}

static void reclaim_end(struct report *rep, const struct trace_event *ev)
{
	struct report_stalls *s = &rep->stalls;
	struct report_open *o;
	size_t nr;

	o = find(s, ev, REPORT_RECLAIM, &nr);
	if (!o) {
		s->unbegun++;
		return;
	}
	s->ambiguous += nr > 1;
	s->reclaimed += ev->arg;
	finish(rep, o, ev->ts);
}

static void run_begin(struct report *rep, const struct trace_event *ev)
{
	struct report_open *call;
	size_t nr;

	call = find(&rep->stalls, ev, REPORT_COMPACT, &nr);
	if (call) {
		call->running = true;
		call->cpu = ev->cpu;
	}
	begin(rep, ev, REPORT_NR_STALLS);
}

static void run_end(struct report *rep, const struct trace_event *ev)
{
	struct report_stalls *s = &rep->stalls;
	unsigned int status = ev->arg < REPORT_STATUSES - 1 ? ev->arg : REPORT_STATUSES - 1;
	struct report_open *run, *call;
	struct report_runs *runs;
	uint64_t ns;
	size_t nr;

	call = find(s, ev, REPORT_COMPACT, &nr);
	s->ambiguous += nr > 1;
	if (call) {
		call->running = false;
		call->cpu = ev->cpu;
		call->last = ev->ts;
		call->runs++;
	}
	run = find(s, ev, REPORT_NR_STALLS, &nr);
	if (!run) {
		s->unbegun++;
		return;
	}
	ns = ev->ts > run->ts ? ev->ts - run->ts : 0;
	runs = &s->runs[call ? 1 : 0][status];
	runs->n++;
	runs->ns += ns;
	if (ns > runs->max)
		runs->max = ns;
	drop(s, run);
}

/* An end may be among what was lost: nothing that is open can be trusted. */
static void on_loss(struct report_stalls *s)
{
	s->lost += s->nr_open;
	s->nr_open = 0;
	s->nr_calls = 0;
}

void report_stalls_event(struct report *rep, const struct trace_event *ev)
{
	struct report_stalls *s = &rep->stalls;

	if (s->last_ts && ev->ts > s->last_ts)
		report_hist_add(s->gaps, ev->ts - s->last_ts);
	if (ev->ts > s->last_ts)
		s->last_ts = ev->ts;
	switch (ev->type) {
	case EV_ALLOC:
		finish_calls(rep, ev);
		break;
	case EV_RECLAIM_BEGIN:
		finish_calls(rep, ev);
		begin(rep, ev, REPORT_RECLAIM);
		break;
	case EV_RECLAIM_END:
		reclaim_end(rep, ev);
		break;
	case EV_COMPACT_TRY:
		finish_calls(rep, ev);
		begin(rep, ev, REPORT_COMPACT);
		break;
	case EV_COMPACT_BEGIN:
		run_begin(rep, ev);
		break;
	case EV_COMPACT_END:
		run_end(rep, ev);
		break;
	case EV_LOST:
		on_loss(s);
		break;
	}
}

/* ---- life ---- */

int report_stalls_open(struct report_stalls *s)
{
	s->hist = calloc(REPORT_NR_STALLS * (REPORT_ORDERS + 1), sizeof(*s->hist));
	s->gaps = calloc(1, sizeof(*s->gaps));
	return s->hist && s->gaps ? 0 : -ENOMEM;
}

void report_stalls_end(struct report *rep)
{
	struct report_stalls *s = &rep->stalls;

	while (s->nr_open) {
		struct report_open *o = &s->open[s->nr_open - 1];

		if (o->kind == REPORT_COMPACT && !o->running) {
			finish_call(rep, o);
		} else {
			s->unfinished++;
			drop(s, o);
		}
	}
}

void report_stalls_free(struct report_stalls *s)
{
	free(s->hist);
	free(s->gaps);
}
