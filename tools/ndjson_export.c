/* SPDX-License-Identifier: GPL-2.0-only */
/* A trace as lines of JSON.  Events go without a JSON library: there are millions of them. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ndjson.h"
#include "trace_meta.h"
#include "util.h"

#define ROOM 65536
#define NAME_MAX_JSON (6 * TRACE_NAME + 3) /* every byte escaped, quotes, NUL */

struct text {
	int fd;
	int err; /* of the first failed write; nothing is written after it */
	size_t len;
	const struct trace_meta *meta;
	struct trace_type types[EV_NR_TYPES];
	char mt[TRACE_MAX_MT][NAME_MAX_JSON]; /* names with quotes, escaped */
	char buf[ROOM];
};

static void flush(struct text *t)
{
	if (!t->err)
		t->err = full_write(t->fd, t->buf, t->len);
	t->len = 0;
}

static void put(struct text *t, const char *s, size_t len)
{
	if (len > ROOM - t->len)
		flush(t);
	if (len > ROOM) {
		if (!t->err)
			t->err = full_write(t->fd, s, len);
		return;
	}
	memcpy(t->buf + t->len, s, len);
	t->len += len;
}

static void put_text(struct text *t, const char *s)
{
	put(t, s, strlen(s));
}

static void put_number(struct text *t, uint64_t v)
{
	char digits[20];
	size_t i = sizeof(digits);

	do
		digits[--i] = '0' + v % 10;
	while (v /= 10);
	put(t, digits + i, sizeof(digits) - i);
}

static void put_key(struct text *t, const char *key)
{
	put(t, ",\"", 2);
	put_text(t, key);
	put(t, "\":", 2);
}

static void put_member(struct text *t, const char *key, uint64_t v)
{
	put_key(t, key);
	put_number(t, v);
}

static void put_bool(struct text *t, const char *key, bool v)
{
	put_key(t, key);
	put_text(t, v ? "true" : "false");
}

static void put_mt(struct text *t, const char *key, unsigned int mt)
{
	put_key(t, key);
	put_text(t, t->mt[mt]);
}

static void put_pfns(struct text *t, const uint64_t *pfn, size_t n)
{
	size_t i;

	put_key(t, "pfns");
	put(t, "[", 1);
	for (i = 0; i < n; i++) {
		if (i)
			put(t, ",", 1);
		put_number(t, pfn[i]);
	}
	put(t, "]", 1);
}

static void put_at(struct text *t, const char *rec, enum trace_at at, uint32_t zone)
{
	put_text(t, "{\"rec\":\"");
	put_text(t, rec);
	put_text(t, at == TRACE_AT_BEGIN ? "\",\"at\":\"begin\"" : "\",\"at\":\"end\"");
	put_member(t, "zone", zone);
}

/* Takes over @json; its members follow "rec". */
static int put_json(struct text *t, const char *rec, json_t *json)
{
	char *s = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	if (!s)
		return -ENOMEM;
	put_text(t, "{\"rec\":\"");
	put_text(t, rec);
	put_text(t, s[1] == '}' ? "\"" : "\",");
	put_text(t, s + 1);
	put(t, "\n", 1);
	free(s);
	return 0;
}

static int put_header(struct text *t)
{
	uint32_t i;
	int err;

	err = put_json(t, "meta", trace_meta_to_json(t->meta));
	for (i = 0; !err && i < t->meta->nr_zones; i++)
		err = put_json(t, "zone", trace_zone_to_json(&t->meta->zone[i]));
	return err;
}

/* ---- events ---- */

/* Members that are there where their bit is. */
static const struct {
	char letter;
	uint8_t bit;
	const char *name;
} flags[] = {
	{ 'r', EV_REFILL, "refill" },
	{ 'l', EV_LOCKED, "locked" },
	{ 'd', EV_ROTATE_TAIL, "tail" },
	{ 's', EV_FAST, "fast" },
	{ 'h', EV_HELD, "held" },
	{ 'w', EV_AWAITED, "awaited" },
	{ 'x', EV_TO_TAIL, "to_tail" },
	{ 'i', EV_RECLAIMING, "reclaiming" },
	{ 'b', EV_BELOW_HIGH, "below_high" },
};

static void put_flag(struct text *t, char letter, const struct trace_event *ev)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].letter == letter && ev->bits & flags[i].bit)
			put_bool(t, flags[i].name, true);
}

/* The members that one letter of EVENT_TYPES stands for. */
static void put_field(struct text *t, char letter, const struct trace_type *type,
		      const struct trace_event *ev)
{
	switch (letter) {
	case 'p':
		if (ev->pfn != EV_PFN_NONE)
			put_member(t, "pfn", ev->pfn);
		break;
	case 'o':
		put_member(t, "order", ev->order);
		break;
	case 'm':
		if (ev->mt != TRACE_MT_NONE)
			put_mt(t, "mt", ev->mt);
		break;
	case 'g':
		if (ev->arg)
			put_member(t, "gfp", ev->arg);
		break;
	case 'f':
		put_member(t, "fallback_order", trace_fallback_order(ev));
		put_mt(t, "fallback_mt", trace_fallback_mt(ev));
		break;
	case 'n':
		put_mt(t, "old_mt", ev->arg);
		break;
	case 'a':
		put_member(t, type->arg_name, ev->arg);
		break;
	case 'z':
		put_member(t, "nr_taken", trace_scan_taken(ev));
		put_member(t, "nr_scanned", trace_scan_scanned(ev));
		put_member(t, "range", trace_scan_range(ev));
		break;
	case 'y':
		put_member(t, "alloc_flags", trace_try_flags(ev));
		put_member(t, "highest_zone", trace_try_highest(ev));
		break;
	case 'e':
		put_member(t, "highest_zone", trace_end_highest(ev));
		if (trace_end_told(ev))
			put_member(t, "boost", trace_end_boost(ev));
		break;
	case 't':
		if (ev->pid)
			put_member(t, "pid", ev->pid);
		break;
	case 'c':
		if (ev->bits & EV_CLAIM_KNOWN)
			put_bool(t, "claimed", ev->bits & EV_CLAIMED);
		break;
	case 'q':
		if (EV_CAPTURE(ev->bits))
			put_member(t, "capture_order", EV_CAPTURE(ev->bits) - 1);
		break;
	default:
		put_flag(t, letter, ev);
	}
}

static void put_event(struct text *t, const struct trace_event *ev)
{
	const struct trace_type *type = &t->types[ev->type];
	bool lost = ev->type == EV_LOST;
	const char *f;

	put_text(t, lost ? "{\"rec\":\"lost\"" : "{\"rec\":\"ev\"");
	put_member(t, "ts", ev->ts);
	put_member(t, "cpu", ev->cpu);
	if (lost) {
		put_member(t, "count", ev->arg);
	} else {
		put_text(t, ",\"type\":\"");
		put_text(t, type->name);
		put(t, "\"", 1);
		for (f = type->fields; *f && *f != ':'; f++)
			put_field(t, *f, type, ev);
	}
	put(t, "}\n", 2);
}

/* ---- the rest ---- */

static void put_list(struct text *t, const struct trace_list *l)
{
	put_at(t, "free_list", l->at, l->zone);
	put_member(t, "order", l->order);
	put_mt(t, "mt", l->mt);
	put_pfns(t, l->pfn, l->n);
	put(t, "}\n", 2);
}

static void put_blocks(struct text *t, const struct trace_blocks *b)
{
	size_t i;

	put_at(t, "pageblocks", b->at, b->zone);
	put_member(t, "first_pfn", b->first_pfn);
	put_key(t, "mt");
	for (i = 0; i < b->n; i++) {
		put(t, i ? "," : "[", 1);
		put_text(t, b->mt[i] == TRACE_MT_NONE ? "null" : t->mt[b->mt[i]]);
	}
	put_text(t, b->n ? "]}\n" : "[]}\n");
}

static void put_pages(struct text *t, const struct trace_pages *p)
{
	char run[64];
	size_t n;

	put_at(t, "pages", p->at, p->zone);
	put_member(t, "first_pfn", p->first_pfn);
	put_key(t, "use");
	for (size_t i = 0; i < p->n; i += n) {
		for (n = 1; i + n < p->n && p->use[i + n] == p->use[i];)
			n++;
		snprintf(run, sizeof(run), "%s[%zu,\"%s\"]", i ? "," : "[", n,
			 trace_use_name((enum trace_use)p->use[i]));
		put_text(t, run);
	}
	put_text(t, p->n ? "]}\n" : "[]}\n");
}

static void put_pcp(struct text *t, const struct trace_pcp *p)
{
	put_at(t, "pcp", p->at, p->zone);
	put_member(t, "cpu", p->cpu);
	put_member(t, "order", p->order);
	put_mt(t, "mt", p->mt);
	put_pfns(t, p->pfn, p->n);
	if (p->count >= 0)
		put_member(t, "count", p->count);
	if (p->batch >= 0)
		put_member(t, "batch", p->batch);
	if (p->high >= 0)
		put_member(t, "high", p->high);
	put(t, "}\n", 2);
}

static void put_known(struct text *t, const char *name, int64_t value)
{
	if (value >= 0)
		put_member(t, name, (uint64_t)value);
}

static void put_cpu(struct text *t, const struct trace_cpu *c)
{
	char delta[32];

	put_at(t, "cpu", c->at, c->zone);
	put_member(t, "cpu", c->cpu);
	put_member(t, "event", c->event);
	put_known(t, "high_min", c->high_min);
	put_known(t, "high_max", c->high_max);
	put_known(t, "free_count", c->free_count);
	put_known(t, "alloc_factor", c->alloc_factor);
	put_known(t, "flags", c->flags);
	put_known(t, "free_factor", c->free_factor);
	put_known(t, "expire", c->expire);
	put_known(t, "threshold", c->threshold);
	if (c->delta != TRACE_NO_DELTA) {
		put_key(t, "delta");
		snprintf(delta, sizeof(delta), "%" PRId32, c->delta);
		put_text(t, delta);
	}
	put(t, "}\n", 2);
}

static int put_stats(struct text *t, const struct trace_pairs *stats)
{
	return put_json(t, "stats", json_pack("{s:o}", "counters", trace_pairs_to_json(stats)));
}

static int put_item(struct text *t, const struct trace_item *item)
{
	size_t i;

	switch (item->kind) {
	case TRACE_EVENTS:
		for (i = 0; i < item->events.n; i++)
			put_event(t, &item->events.ev[i]);
		return 0;
	case TRACE_LIST:
		put_list(t, &item->list);
		return 0;
	case TRACE_BLOCKS:
		put_blocks(t, &item->blocks);
		return 0;
	case TRACE_PAGES:
		put_pages(t, &item->pages);
		return 0;
	case TRACE_PCP:
		put_pcp(t, &item->pcp);
		return 0;
	case TRACE_CPU:
		put_cpu(t, &item->cpu);
		return 0;
	case TRACE_STATS:
		return put_stats(t, item->stats);
	case TRACE_END:
	case TRACE_CUT:
		break;
	}
	return 0;
}

static int escape_names(struct text *t)
{
	uint32_t i;

	for (i = 0; i < t->meta->nr_mt; i++) {
		json_t *name = json_string(t->meta->mt[i]);
		char *s = json_dumps(name, JSON_ENCODE_ANY);

		json_decref(name);
		if (!s)
			return -ENOMEM;
		snprintf(t->mt[i], sizeof(t->mt[i]), "%s", s);
		free(s);
	}
	return 0;
}

int ndjson_export(struct trace_reader *r, int fd, bool *cut, bool *writing)
{
	struct text *t = calloc(1, sizeof(*t));
	struct trace_item item = { .kind = TRACE_STATS };
	unsigned int i;
	int err;

	*cut = *writing = false;
	if (!t)
		return -ENOMEM;
	t->fd = fd;
	t->meta = trace_meta(r);
	for (i = 0; i < EV_NR_TYPES; i++)
		trace_type_get(i, &t->types[i]);
	err = escape_names(t);
	if (!err)
		err = put_header(t);
	while (!err && !t->err && item.kind != TRACE_END && item.kind != TRACE_CUT) {
		err = trace_next(r, &item);
		if (!err)
			err = put_item(t, &item);
	}
	*cut = item.kind == TRACE_CUT;
	flush(t); /* what came before the damage is good */
	*writing = t->err;
	err = t->err ? t->err : err;
	free(t);
	return err;
}
