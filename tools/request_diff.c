/* SPDX-License-Identifier: GPL-2.0-only */
#include "request_diff.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is kept of one side's decision until the other has come to the same request. */
struct kept {
	uint64_t event, ts, pfn;
	uint32_t cpu;
	uint8_t order, mt, zone, source;
	bool slow, fallback;
	uint8_t fallback_order, fallback_mt;
};

struct queue {
	struct kept *v;
	size_t n, room;
	bool failed; /* no memory */
};

/* Both sides make each request at its event, so the two queues hold the same requests. */
static void keep(void *arg, const struct request_decision *d)
{
	const struct pa_trail *trail = &d->rec->trail;
	struct queue *q = arg;
	struct kept *k;

	if (q->n == q->room) {
		size_t room = q->room ? 2 * q->room : 4096;

		k = realloc(q->v, room * sizeof(*k));
		if (!k) {
			q->failed = true;
			return;
		}
		q->v = k;
		q->room = room;
	}
	k = &q->v[q->n++];
	*k = (struct kept){
		.event = d->event,
		.ts = d->ts,
		.pfn = d->rec->pfn,
		.cpu = d->cpu,
		.order = d->order,
		.mt = d->mt,
		.zone = d->rec->zone,
		.source = d->rec->source,
		.slow = d->rec->slow,
	};
	for (uint32_t i = 0; i < trail->nr_picks && i < trail->max_picks; i++) {
		if (!pa_is_fallback(&trail->picks[i]))
			continue;
		k->fallback = true;
		k->fallback_order = trail->picks[i].fallback_order;
		k->fallback_mt = trail->picks[i].fallback_mt;
		break;
	}
}

static void fill_side(const struct kept *k, struct diff_side *s)
{
	int n;

	s->pfn = k->pfn;
	s->path = pa_source_name(k->source);
	s->fallback = k->fallback;
	s->fallback_order = k->fallback_order;
	s->fallback_mt = k->fallback_mt;
	if (k->pfn == PA_PFN_NONE) {
		snprintf(s->text, sizeof(s->text), "fails");
		return;
	}
	n = snprintf(s->text, sizeof(s->text), "0x%" PRIx64 " of zone %u by %s", k->pfn, k->zone,
		     s->path);
	if (k->fallback && n > 0 && (size_t)n < sizeof(s->text))
		n += snprintf(s->text + n, sizeof(s->text) - (size_t)n,
			      " with a fallback to order %u %s", k->fallback_order,
			      pa_mt_name(k->fallback_mt));
	if (k->slow && n > 0 && (size_t)n < sizeof(s->text))
		snprintf(s->text + n, sizeof(s->text) - (size_t)n, ", slow path");
}

static void put(const struct request_diff_options *opt, const struct kept *a, const struct kept *b,
		diff_fn *row, void *arg, struct diff_result *res)
{
	struct diff_row r = {
		.event = a->event,
		.ts = a->ts,
		.cpu = a->cpu,
		.req = { .zone = a->zone, .order = a->order, .mt = a->mt },
		.same = a->pfn == b->pfn,
		.class = a->pfn == b->pfn ? REPLAY_SAME : REPLAY_POLICY,
	};

	res->compared++;
	res->different += !r.same;
	if (r.same && !opt->all)
		return;
	fill_side(a, &r.side[0]);
	fill_side(b, &r.side[1]);
	row(arg, &r);
}

static int match(const struct request_diff_options *opt, struct queue *q, diff_fn *row, void *arg,
		 struct diff_result *res)
{
	size_t n = q[0].n < q[1].n ? q[0].n : q[1].n;

	if (q[0].failed || q[1].failed)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		put(opt, &q[0].v[i], &q[1].v[i], row, arg, res);
	for (int k = 0; k < 2; k++) {
		if (!n)
			continue;
		q[k].n -= n;
		memmove(q[k].v, q[k].v + n, q[k].n * sizeof(*q[k].v));
	}
	return 0;
}

static int feed(struct trace_reader *reader, struct request *run[2],
		const struct request_diff_options *opt, struct queue *q, diff_fn *row, void *arg,
		struct diff_result *res)
{
	struct trace_item item;
	int err;

	while (!(err = trace_next(reader, &item)) && item.kind != TRACE_END &&
	       item.kind != TRACE_CUT) {
		err = request_item(run[0], &item);
		if (!err)
			err = request_item(run[1], &item);
		if (!err)
			err = match(opt, q, row, arg, res);
		if (err)
			return err;
	}
	if (!err)
		err = request_finish(run[0]);
	if (!err)
		err = request_finish(run[1]);
	if (!err)
		err = match(opt, q, row, arg, res);
	if (!err && item.kind == TRACE_CUT) {
		res->replay.cut = true;
		snprintf(res->replay.why, sizeof(res->replay.why), "%s", trace_why(reader));
	}
	return err;
}

int request_diff_run(struct trace_reader *reader, const struct request_diff_options *opt,
		     diff_fn *row, void *arg, struct diff_result *res, char *why, size_t len)
{
	struct request *run[2] = { NULL, NULL };
	struct queue q[2] = { 0 };
	int err = 0;

	memset(res, 0, sizeof(*res));
	for (int k = 0; k < 2 && !err; k++) {
		struct request_options side = opt->side[k];

		side.what_if = true;
		side.decision = keep;
		side.arg = &q[k];
		err = request_open(trace_meta(reader), &side, &run[k], why, len);
	}
	if (!err) {
		err = feed(reader, run, opt, q, row, arg, res);
		if (err)
			snprintf(why, len, "%s",
				 err == -EBADMSG ? trace_why(reader) : strerror(-err));
	}
	if (!err) {
		const struct request_result *first = request_result(run[0]);

		res->replay.lost = first->lost;
		res->replay.zones_begin = first->zones_begin;
	}
	for (int k = 0; k < 2; k++) {
		request_close(run[k]);
		free(q[k].v);
	}
	return err;
}
