/* SPDX-License-Identifier: GPL-2.0-only */
/* What readers, writers and users of traces share: metadata, event types, their checks. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "trace.h"

static void pairs_free(struct trace_pairs *pairs)
{
	size_t i;

	for (i = 0; i < pairs->n; i++) {
		free(pairs->v[i].name);
		free(pairs->v[i].text);
	}
	free(pairs->v);
	*pairs = (struct trace_pairs){ 0 };
}

void trace_pairs_free(struct trace_pairs *pairs)
{
	if (pairs)
		pairs_free(pairs);
}

void trace_meta_free(struct trace_meta *meta)
{
	if (!meta)
		return;
	pairs_free(&meta->gfp);
	pairs_free(&meta->sysctl);
	pairs_free(&meta->sites);
}

int trace_pairs_add(struct trace_pairs *pairs, const char *name, int64_t value, const char *text)
{
	struct trace_pair pair = { .value = value }, *v;

	/* Grows at the powers of two, so no capacity needs to be kept. */
	if (!(pairs->n & (pairs->n - 1))) {
		v = reallocarray(pairs->v, pairs->n ? 2 * pairs->n : 1, sizeof(*v));
		if (!v)
			return -ENOMEM;
		pairs->v = v;
	}
	pair.name = strdup(name);
	pair.text = text ? strdup(text) : NULL;
	if (!pair.name || (text && !pair.text)) {
		free(pair.name);
		free(pair.text);
		return -ENOMEM;
	}
	pairs->v[pairs->n++] = pair;
	return 0;
}

int64_t trace_pairs_get(const struct trace_pairs *pairs, const char *name, int64_t missing)
{
	size_t i;

	for (i = 0; i < pairs->n; i++)
		if (!pairs->v[i].text && !strcmp(pairs->v[i].name, name))
			return pairs->v[i].value;
	return missing;
}

uint64_t trace_missed(const struct trace_pairs *stats)
{
	static const char misses[] = "recursion_misses:";
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < stats->n; i++)
		if (!strncmp(stats->v[i].name, misses, sizeof(misses) - 1) && stats->v[i].value > 0)
			n += (uint64_t)stats->v[i].value;
	return n;
}

const char *trace_use_name(enum trace_use use)
{
	static const char *const names[] = {
#define X(id, name, what) name,
		TRACE_USES(X)
#undef X
	};

	return names[use];
}

int trace_mt_index(const struct trace_meta *meta, const char *name)
{
	uint32_t i;

	for (i = 0; i < meta->nr_mt; i++)
		if (!strcmp(meta->mt[i], name))
			return i;
	return -ENOENT;
}

static const struct {
	const char *name, *fields;
} event_rows[EV_NR_TYPES] = {
#define X(id, NAME, text, letters, what) [id] = { text, letters },
	EVENT_TYPES(X)
#undef X
};

/* What each letter of EVENT_TYPES stands for. */
static const struct {
	char letter;
	uint8_t has, bits;
} letters[] = {
	{ 'p', TRACE_HAS_PFN, 0 },
	{ 'o', TRACE_HAS_ORDER, 0 },
	{ 'm', TRACE_HAS_MT, 0 },
	{ 'g', TRACE_HAS_ARG, 0 },
	{ 'f', TRACE_HAS_ARG, 0 },
	{ 'n', TRACE_HAS_ARG, 0 },
	{ 'a', TRACE_HAS_ARG, 0 },
	{ 'z', TRACE_HAS_ARG, 0 },
	{ 'y', TRACE_HAS_ARG, 0 },
	{ 'e', TRACE_HAS_ARG, 0 },
	{ 't', TRACE_HAS_PID, 0 },
	{ 'r', 0, EV_REFILL },
	{ 'l', 0, EV_LOCKED },
	{ 'c', 0, EV_CLAIMED | EV_CLAIM_KNOWN },
	{ 'q', 0, 0xf << EV_CAPTURE_SHIFT },
	{ 'd', 0, EV_ROTATE_TAIL },
	{ 's', 0, EV_FAST },
	{ 'x', 0, EV_TO_TAIL },
	{ 'h', 0, EV_HELD },
	{ 'w', 0, EV_AWAITED },
	{ 'i', 0, EV_RECLAIMING },
	{ 'b', 0, EV_BELOW_HIGH },
};

bool trace_type_get(unsigned int type, struct trace_type *out)
{
	const char *f;
	size_t i;

	if (type >= EV_NR_TYPES || !event_rows[type].name)
		return false;
	*out = (struct trace_type){ .id = type,
				    .name = event_rows[type].name,
				    .fields = event_rows[type].fields };
	for (f = out->fields; *f && *f != ':'; f++)
		for (i = 0; i < sizeof(letters) / sizeof(*letters); i++)
			if (letters[i].letter == *f) {
				out->has |= letters[i].has;
				out->bits |= letters[i].bits;
			}
	if (*f == ':')
		out->arg_name = f + 1;
	if (type == EV_ZONE_FREE)
		out->bits |= EV_MT_KNOWN;
	return true;
}

void trace_event_normalize(const struct trace_type *t, struct trace_event *ev)
{
	if (!(t->has & TRACE_HAS_PFN))
		ev->pfn = EV_PFN_NONE;
	if (!(t->has & TRACE_HAS_ORDER))
		ev->order = 0;
	if (!(t->has & TRACE_HAS_MT))
		ev->mt = TRACE_MT_NONE;
	if (!(t->has & TRACE_HAS_ARG))
		ev->arg = 0;
	if (!(t->has & TRACE_HAS_PID))
		ev->pid = 0;
	ev->bits &= t->bits;
	if (t->id == EV_ZONE_FREE) {
		ev->bits &= ~EV_MT_KNOWN;
		ev->bits |= ev->mt == TRACE_MT_NONE ? 0 : EV_MT_KNOWN;
	}
}

const char *trace_attr_check(const struct trace_type *t, const struct trace_meta *meta,
			     const struct trace_event *ev)
{
	if (ev->order >= (trace_of_block(t->id) ? meta->nr_orders : 16))
		return "order out of range";
	if (ev->mt != TRACE_MT_NONE && ev->mt >= meta->nr_mt)
		return "migratetype out of range";
	if (ev->mt == TRACE_MT_NONE && (t->has & TRACE_HAS_MT) && t->id != EV_ZONE_FREE)
		return "migratetype missing";
	if (t->id == EV_FALLBACK && (ev->arg >> 7 || trace_fallback_order(ev) >= meta->nr_orders ||
				     trace_fallback_mt(ev) >= meta->nr_mt))
		return "fallback out of range";
	if (t->id == EV_MOVE_BLOCK && ev->arg >= meta->nr_mt)
		return "old migratetype out of range";
	if ((t->bits >> EV_CAPTURE_SHIFT) && EV_CAPTURE(ev->bits) > meta->nr_orders)
		return "capture order out of range";
	return NULL;
}

const char *trace_event_check(const struct trace_type *t, const struct trace_meta *meta,
			      const struct trace_event *ev)
{
	if (ev->pfn > EV_PFN_NONE)
		return "pfn out of range";
	if (ev->pfn == EV_PFN_NONE && trace_of_block(t->id) && t->id != EV_ALLOC)
		return "pfn missing";
	if (ev->ts > INT64_MAX)
		return "time out of range";
	if (ev->cpu >> EV_CPU_BITS)
		return "cpu out of range";
	return trace_attr_check(t, meta, ev);
}

int trace_play(struct trace_reader *r, int (*item)(void *arg, const struct trace_item *item),
	       int (*end)(void *arg), void *arg, struct trace_pass *pass, char *why, size_t len)
{
	struct timespec from, to;
	struct trace_item at;
	int err;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	while (!(err = trace_next(r, &at)) && at.kind != TRACE_END && at.kind != TRACE_CUT) {
		err = item(arg, &at);
		if (err)
			break;
	}
	if (!err)
		err = end(arg);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	if (err) {
		snprintf(why, len, "%s", err == -EBADMSG ? trace_why(r) : strerror(-err));
		return err;
	}
	*pass = (struct trace_pass){
		.cut = at.kind == TRACE_CUT,
		.seconds = (double)(to.tv_sec - from.tv_sec) +
			   (double)(to.tv_nsec - from.tv_nsec) / 1e9,
	};
	if (pass->cut)
		snprintf(pass->why, sizeof(pass->why), "%s", trace_why(r));
	return 0;
}
