/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"

/* Events handed to both replays in turn, so that few decisions wait for their partner. */
#define SLICE 4096

/* A decision that outlives its callback. */
struct kept {
	struct replay_decision d;
	struct pa_decision core;
};

struct queue {
	struct kept *v;
	size_t n, room;
	bool failed; /* no memory */
};

struct diff {
	const struct diff_options *opt;
	diff_fn *row;
	void *arg;
	struct diff_result *res;
	uint32_t pageblock; /* its pages */
	uint32_t pageblock_order;
	struct queue queue[2]; /* core against core */
};

/* -------------------------------------------------------------------------
 * Rows
 */

static void core_side(const struct replay_decision *d, struct diff_side *s)
{
	const struct pa_decision *c = d->core;

	s->pfn = c->pfn;
	s->path = pa_path_name(c->path);
	s->fallback = pa_is_fallback(c);
	s->fallback_order = c->fallback_order;
	s->fallback_mt = c->fallback_mt;
	replay_core_text(d, s->text, sizeof(s->text));
}

/* What path the kernel took, where the trace tells enough. */
static const char *kernel_path(const struct diff *diff, const struct replay_kernel *k)
{
	if (!k->fallback)
		return pa_path_name(PA_PATH_SMALLEST);
	if (k->claim == REPLAY_CLAIM_YES)
		return pa_path_name(k->fallback_order >= diff->pageblock_order ?
					    PA_PATH_CLAIM_WHOLE :
					    PA_PATH_CLAIM);
	/* Up to 6.9 a pageblock that was not claimed may have moved or not. */
	return k->claim == REPLAY_CLAIM_NO && k->fallback_pfn == PA_PFN_NONE ?
		       pa_path_name(PA_PATH_STEAL) :
		       NULL;
}

static void kernel_side(const struct diff *diff, const struct replay_decision *d,
			struct diff_side *s)
{
	s->pfn = d->kernel.pfn;
	s->path = kernel_path(diff, &d->kernel);
	s->fallback = d->kernel.fallback;
	s->fallback_order = d->kernel.fallback_order;
	s->fallback_mt = d->kernel.fallback_mt;
	replay_kernel_text(d, s->text, sizeof(s->text));
}

/* The arithmetic of the last claim test: what an estimate of LRU pages hangs on. */
static bool explain_test(const struct diff *diff, const struct pa_decision *c, char *why,
			 size_t len)
{
	const struct pa_claim_test *t = c->tests + c->nr_tests;

	while (t-- > c->tests) {
		if (!t->tested)
			continue;
		snprintf(why, len,
			 "order %u %s at 0x%" PRIx64 ": %u free + %u alike is %s %u, with %u taken "
			 "for movable, %u not known",
			 t->order, pa_mt_name(t->mt), t->pfn, t->free, t->alike,
			 t->claimed ? "no less than" : "below", diff->pageblock / 2, t->movable,
			 t->unknown);
		return true;
	}
	return false;
}

static void explain(const struct diff *diff, const struct replay_decision *d, char *why, size_t len)
{
	if (d->class == REPLAY_LRU && explain_test(diff, d->core, why, len))
		return;
	snprintf(why, len, "%s", replay_class_what(d->class) ? replay_class_what(d->class) : "");
}

static void put_row(struct diff *diff, struct diff_row *row)
{
	diff->res->compared++;
	diff->res->different += !row->same;
	if (!row->same || diff->opt->all)
		diff->row(diff->arg, row);
}

static void start_row(const struct replay_decision *d, struct diff_row *row)
{
	*row = (struct diff_row){
		.event = d->event, .ts = d->ts, .cpu = d->cpu, .req = d->core->req
	};
}

/* Kernel against core. */
static void on_decision(void *arg, const struct replay_decision *d)
{
	struct diff *diff = arg;
	struct diff_row row;

	if (d->class == REPLAY_SAME && !diff->opt->all) {
		diff->res->compared++;
		return;
	}
	start_row(d, &row);
	row.same = d->class == REPLAY_SAME;
	row.class = d->class;
	kernel_side(diff, d, &row.side[0]);
	core_side(d, &row.side[1]);
	explain(diff, d, row.why, sizeof(row.why));
	put_row(diff, &row);
}

/* -------------------------------------------------------------------------
 * Core against core
 */

static void keep(void *arg, const struct replay_decision *d)
{
	struct queue *q = arg;
	struct kept *k;

	if (q->n == q->room) {
		size_t room = q->room ? q->room * 2 : SLICE;

		k = realloc(q->v, room * sizeof(*k));
		if (!k) {
			q->failed = true;
			return;
		}
		q->v = k;
		q->room = room;
	}
	k = &q->v[q->n++];
	k->d = *d;
	k->core = *d->core;
}

static bool same_choice(const struct pa_decision *a, const struct pa_decision *b)
{
	if (a->pfn != b->pfn || pa_is_fallback(a) != pa_is_fallback(b))
		return false;
	return !pa_is_fallback(a) ||
	       (a->fallback_order == b->fallback_order && a->fallback_mt == b->fallback_mt &&
		pa_is_claim(a) == pa_is_claim(b));
}

static void put_pair(struct diff *diff, struct kept *a, struct kept *b)
{
	struct diff_row row;

	a->d.core = &a->core;
	b->d.core = &b->core;
	start_row(&a->d, &row);
	row.same = same_choice(&a->core, &b->core);
	row.class = row.same ? REPLAY_SAME : REPLAY_POLICY;
	core_side(&a->d, &row.side[0]);
	core_side(&b->d, &row.side[1]);
	if (!row.same && !explain_test(diff, &a->core, row.why, sizeof(row.why)) &&
	    !explain_test(diff, &b->core, row.why, sizeof(row.why)))
		snprintf(row.why, sizeof(row.why), "the policies differ, or their lists do by now");
	put_row(diff, &row);
}

/* Both sides see the same events, so the decisions of one slice pair off by event. */
static int pair_off(struct diff *diff)
{
	struct queue *a = &diff->queue[0], *b = &diff->queue[1];
	size_t i = 0, k = 0;

	if (a->failed || b->failed)
		return -ENOMEM;
	while (i < a->n && k < b->n) {
		if (a->v[i].d.event < b->v[k].d.event)
			i++;
		else if (a->v[i].d.event > b->v[k].d.event)
			k++;
		else
			put_pair(diff, &a->v[i++], &b->v[k++]);
	}
	a->n = b->n = 0;
	return 0;
}

static int feed_both(struct diff *diff, struct replay *const r[2], const struct trace_item *item)
{
	struct trace_item slice = *item;
	size_t done = 0, total = item->kind == TRACE_EVENTS ? item->events.n : 1;
	int err, i;

	while (done < total) {
		if (item->kind == TRACE_EVENTS) {
			slice.events.ev = item->events.ev + done;
			slice.events.first = item->events.first + done;
			slice.events.n = total - done < SLICE ? total - done : SLICE;
		}
		for (i = 0; i < 2; i++) {
			err = replay_item(r[i], &slice);
			if (err)
				return err;
		}
		err = pair_off(diff);
		if (err)
			return err;
		done += item->kind == TRACE_EVENTS ? slice.events.n : 1;
	}
	return 0;
}

/* -------------------------------------------------------------------------
 * Running it
 */

static int open_side(const struct trace_meta *meta, struct diff *diff, int i, struct replay **out,
		     char *why, size_t len)
{
	bool both = diff->opt->policy[1];
	const struct replay_options opt = {
		.policy = diff->opt->policy[i],
		.no_repair = diff->opt->no_repair,
		.ahead = true,
		.decision = both ? keep : on_decision,
		.arg = both ? (void *)&diff->queue[i] : (void *)diff,
	};

	return replay_open(meta, &opt, out, why, len);
}

int diff_names(const struct trace_meta *meta, const struct diff_options *opt, const char *name[2],
	       char *why, size_t len)
{
	const struct pa_policy *policy = replay_policy(meta, NULL);

	if (opt->policy[1]) {
		name[0] = opt->policy[0];
		name[1] = opt->policy[1];
		return 0;
	}
	name[0] = "kernel";
	if (!opt->policy[0] && !policy) {
		snprintf(why, len, "no policy is known for kernel \"%s\" (name one with --policy)",
			 meta->kernel);
		return -ENOENT;
	}
	name[1] = opt->policy[0] ? opt->policy[0] : policy->name;
	return 0;
}

int diff_run(struct trace_reader *reader, const struct diff_options *opt, diff_fn *row, void *arg,
	     struct diff_result *res, char *why, size_t len)
{
	const struct trace_meta *meta = trace_meta(reader);
	struct diff diff = {
		.opt = opt,
		.row = row,
		.arg = arg,
		.res = res,
		.pageblock = UINT32_C(1) << meta->pageblock_order,
		.pageblock_order = meta->pageblock_order,
	};
	int sides = opt->policy[1] ? 2 : 1, i, err;
	struct replay *r[2] = { NULL, NULL };
	struct trace_item item;

	*res = (struct diff_result){ .compared = 0 };
	err = diff_names(meta, opt, res->name, why, len);
	for (i = 0; i < sides && !err; i++)
		err = open_side(meta, &diff, i, &r[i], why, len);
	if (err)
		goto out;

	while (!(err = trace_next(reader, &item)) && item.kind != TRACE_END &&
	       item.kind != TRACE_CUT) {
		err = sides == 2 ? feed_both(&diff, r, &item) : replay_item(r[0], &item);
		if (err)
			break;
	}
	for (i = 0; i < sides && !err; i++)
		err = replay_finish(r[i]);
	if (!err && sides == 2)
		err = pair_off(&diff);
	if (err) {
		snprintf(why, len, "%s", err == -EBADMSG ? trace_why(reader) : strerror(-err));
		goto out;
	}
	res->replay = *replay_result(r[0]);
	res->replay.cut = item.kind == TRACE_CUT;
	if (res->replay.cut)
		snprintf(res->replay.why, sizeof(res->replay.why), "%s", trace_why(reader));
out:
	for (i = 0; i < 2; i++) {
		replay_close(r[i]);
		free(diff.queue[i].v);
	}
	return err;
}
