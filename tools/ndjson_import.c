/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of JSON into a trace.  The text may be anybody's: every member is checked. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ndjson.h"
#include "trace_meta.h"

#define MAX_PAGES (1u << 23)  /* of one line */
#define MAX_LINE (256u << 20) /* a free list of 2^23 blocks takes 100 MB */

struct import {
	struct ndjson_import *out;
	const char *path;
	struct trace_writer *w; /* opened by the first record after the zones */
	bool have_meta;
	struct trace_meta meta;
	uint32_t zone_id[TRACE_MAX_ZONES]; /* what the text calls meta.zone[i] */
	struct trace_type types[EV_NR_TYPES];
	char *line;
	size_t len, room;
	uint64_t *pfn; /* of the present line */
};

__attribute__((format(printf, 2, 3))) static int refuse(struct import *im, const char *fmt, ...)
{
	char *why = im->out->why;
	va_list ap;
	int n;

	n = snprintf(why, sizeof(im->out->why), "line %llu: ", (unsigned long long)im->out->lines);
	va_start(ap, fmt);
	vsnprintf(why + n, sizeof(im->out->why) - n, fmt, ap);
	va_end(ap);
	return -EBADMSG;
}

/* ---- members ---- */

/* A number from 0 to @max; left untouched if it is missing and not @needed. */
static int get_number(struct import *im, const json_t *o, const char *key, bool needed,
		      uint64_t max, uint64_t *v)
{
	const json_t *member = json_object_get(o, key);

	if (!member)
		return needed ? refuse(im, "\"%s\" is missing", key) : 0;
	if (!json_is_integer(member) || json_integer_value(member) < 0 ||
	    (uint64_t)json_integer_value(member) > max)
		return refuse(im, "\"%s\" is not a number from 0 to %llu", key,
			      (unsigned long long)max);
	*v = json_integer_value(member);
	return 0;
}

/* A migratetype's name; left untouched if it is missing and not @needed. */
static int get_mt(struct import *im, const json_t *o, const char *key, bool needed, uint64_t *v)
{
	const json_t *member = json_object_get(o, key);
	int mt;

	if (!member)
		return needed ? refuse(im, "\"%s\" is missing", key) : 0;
	if (!json_is_string(member))
		return refuse(im, "\"%s\" is not a name", key);
	mt = trace_mt_index(&im->meta, json_string_value(member));
	if (mt < 0)
		return refuse(im, "\"%s\" is not one of the migratetypes", key);
	*v = mt;
	return 0;
}

/* Set @bit in @bits if the member is true; @known too if it is there at all. */
static int get_flag(struct import *im, const json_t *o, const char *key, uint8_t bit, uint8_t known,
		    uint8_t *bits)
{
	const json_t *member = json_object_get(o, key);

	if (!member)
		return 0;
	if (!json_is_boolean(member))
		return refuse(im, "\"%s\" is neither true nor false", key);
	*bits |= known | (json_is_true(member) ? bit : 0);
	return 0;
}

static int get_zone(struct import *im, const json_t *o, uint32_t *zone)
{
	uint64_t id = 0;
	uint32_t i;
	int err;

	err = get_number(im, o, "zone", true, UINT32_MAX, &id);
	if (err)
		return err;
	for (i = 0; i < im->meta.nr_zones; i++)
		if (im->zone_id[i] == id) {
			*zone = i;
			return 0;
		}
	return refuse(im, "there is no zone %llu", (unsigned long long)id);
}

static int get_at(struct import *im, const json_t *o, enum trace_at *at)
{
	const char *text = json_string_value(json_object_get(o, "at"));

	if (!text || (strcmp(text, "begin") && strcmp(text, "end")))
		return refuse(im, "\"at\" is neither \"begin\" nor \"end\"");
	*at = *text == 'b' ? TRACE_AT_BEGIN : TRACE_AT_END;
	return 0;
}

static int get_pfns(struct import *im, const json_t *o, size_t *n)
{
	const json_t *pfns = json_object_get(o, "pfns"), *pfn;
	json_int_t v;
	size_t i;

	if (!json_is_array(pfns))
		return refuse(im, "\"pfns\" is missing or not a list");
	*n = json_array_size(pfns);
	free(im->pfn);
	im->pfn = calloc(*n + 1, sizeof(*im->pfn));
	if (!im->pfn)
		return -ENOMEM;
	json_array_foreach(pfns, i, pfn)
	{
		v = json_integer_value(pfn);
		if (!json_is_integer(pfn) || v < 0 || v >= (json_int_t)EV_PFN_NONE)
			return refuse(im, "\"pfns\" holds something else than a pfn");
		im->pfn[i] = v;
	}
	return 0;
}

/* ---- records ---- */

static int read_meta(struct import *im, const json_t *o)
{
	char why[120];
	int err;

	if (im->have_meta)
		return refuse(im, "second meta record");
	im->have_meta = true;
	err = trace_meta_from_json(o, &im->meta, why, sizeof(why));
	return err == -EBADMSG ? refuse(im, "%s", why) : err;
}

static int read_zone(struct import *im, const json_t *o)
{
	struct trace_zone *zone = &im->meta.zone[im->meta.nr_zones];
	char why[120];
	uint32_t i;
	int err;

	if (im->w)
		return refuse(im, "zone record after others");
	if (im->meta.nr_zones == TRACE_MAX_ZONES)
		return refuse(im, "more than %d zones", TRACE_MAX_ZONES);
	err = trace_zone_from_json(o, zone, why, sizeof(why));
	if (err)
		return err == -EBADMSG ? refuse(im, "%s", why) : err;
	for (i = 0; i < im->meta.nr_zones; i++)
		if (im->zone_id[i] == zone->id)
			return refuse(im, "second zone %u", zone->id);
	im->zone_id[i] = zone->id;
	zone->id = i;
	im->meta.nr_zones++;
	return 0;
}

static int read_list(struct import *im, const json_t *o)
{
	struct trace_list list;
	uint64_t order = 0, mt = 0;
	int err;

	err = get_at(im, o, &list.at);
	if (!err)
		err = get_zone(im, o, &list.zone);
	if (!err)
		err = get_number(im, o, "order", true, im->meta.nr_orders - 1, &order);
	if (!err)
		err = get_mt(im, o, "mt", true, &mt);
	if (!err)
		err = get_pfns(im, o, &list.n);
	if (err)
		return err;
	list.order = order;
	list.mt = mt;
	list.pfn = im->pfn;
	return trace_write_list(im->w, &list);
}

static int read_blocks(struct import *im, const json_t *o)
{
	const json_t *names = json_object_get(o, "mt"), *name;
	struct trace_blocks b = { 0 };
	uint8_t *types;
	size_t i;
	int err, mt;

	err = get_at(im, o, &b.at);
	if (!err)
		err = get_zone(im, o, &b.zone);
	if (!err)
		err = get_number(im, o, "first_pfn", true, EV_PFN_NONE - 1, &b.first_pfn);
	if (err)
		return err;
	b.n = json_array_size(names);
	if (!json_is_array(names) || b.n > (EV_PFN_NONE - b.first_pfn) >> im->meta.pageblock_order)
		return refuse(im, "\"mt\" is missing, not a list or too long");
	types = malloc(b.n + 1);
	if (!types)
		return -ENOMEM;
	json_array_foreach(names, i, name)
	{
		mt = json_is_string(name) ? trace_mt_index(&im->meta, json_string_value(name)) :
					    TRACE_MT_NONE;
		if (mt < 0 || (mt == TRACE_MT_NONE && !json_is_null(name))) {
			err = refuse(im, "\"mt\" holds something else than migratetypes");
			break;
		}
		types[i] = mt;
	}
	b.mt = types;
	if (!err)
		err = trace_write_blocks(im->w, &b);
	free(types);
	return err;
}

/* A run of frames in @run, [number, use]; what the use is, or -1. */
static int read_run(const json_t *run, size_t room, size_t *n)
{
	const json_t *count = json_array_get(run, 0);
	const char *use = json_string_value(json_array_get(run, 1));

	if (!json_is_integer(count) || !use || json_array_size(run) != 2 ||
	    json_integer_value(count) < 1 || (uint64_t)json_integer_value(count) > room)
		return -1;
	*n = (size_t)json_integer_value(count);
	for (int i = 0; i < TRACE_NR_USES; i++)
		if (!strcmp(use, trace_use_name((enum trace_use)i)))
			return i;
	return -1;
}

static int read_pages(struct import *im, const json_t *o)
{
	const json_t *runs = json_object_get(o, "use"), *run;
	struct trace_pages p = { 0 };
	size_t i, n = 0, room;
	uint8_t *uses;
	int err, use;

	err = get_at(im, o, &p.at);
	if (!err)
		err = get_zone(im, o, &p.zone);
	if (!err)
		err = get_number(im, o, "first_pfn", true, EV_PFN_NONE - 1, &p.first_pfn);
	if (err)
		return err;
	if (!json_is_array(runs))
		return refuse(im, "\"use\" is missing or not a list");
	room = EV_PFN_NONE - p.first_pfn < MAX_PAGES ? EV_PFN_NONE - p.first_pfn : MAX_PAGES;
	uses = malloc(room);
	if (!uses)
		return -ENOMEM;
	json_array_foreach(runs, i, run)
	{
		use = read_run(run, room - p.n, &n);
		if (use < 0) {
			err = refuse(im, "\"use\" holds something else than runs of pages");
			break;
		}
		memset(uses + p.n, use, n);
		p.n += n;
	}
	p.use = uses;
	if (!err)
		err = trace_write_pages(im->w, &p);
	free(uses);
	return err;
}

static int read_pcp(struct import *im, const json_t *o)
{
	uint64_t cpu = 0, order = 0, mt = 0, count[3] = { -1, -1, -1 };
	struct trace_pcp pcp;
	int err;

	err = get_at(im, o, &pcp.at);
	if (!err)
		err = get_zone(im, o, &pcp.zone);
	if (!err)
		err = get_number(im, o, "cpu", true, (1 << EV_CPU_BITS) - 1, &cpu);
	if (!err)
		err = get_number(im, o, "order", true, im->meta.nr_orders - 1, &order);
	if (!err)
		err = get_mt(im, o, "mt", true, &mt);
	if (!err)
		err = get_number(im, o, "count", false, INT64_MAX - 1, &count[0]);
	if (!err)
		err = get_number(im, o, "batch", false, INT64_MAX - 1, &count[1]);
	if (!err)
		err = get_number(im, o, "high", false, INT64_MAX - 1, &count[2]);
	if (!err)
		err = get_pfns(im, o, &pcp.n);
	if (err)
		return err;
	if (pcp.n > 1u << 23)
		return refuse(im, "\"pfns\" is too long for a pcp list");
	pcp.cpu = cpu;
	pcp.order = order;
	pcp.mt = mt;
	pcp.count = count[0];
	pcp.batch = count[1];
	pcp.high = count[2];
	pcp.pfn = im->pfn;
	return trace_write_pcp(im->w, &pcp);
}

static int read_cpu(struct import *im, const json_t *o)
{
	struct trace_cpu cpu = { .delta = TRACE_NO_DELTA };
	const struct {
		const char *name;
		int64_t *to;
	} known[] = {
		{ "high_min", &cpu.high_min },	   { "high_max", &cpu.high_max },
		{ "free_count", &cpu.free_count }, { "alloc_factor", &cpu.alloc_factor },
		{ "flags", &cpu.flags },	   { "free_factor", &cpu.free_factor },
		{ "expire", &cpu.expire },	   { "threshold", &cpu.threshold },
	};
	const json_t *delta = json_object_get(o, "delta");
	uint64_t number = 0, value;
	int err;

	err = get_at(im, o, &cpu.at);
	if (!err)
		err = get_zone(im, o, &cpu.zone);
	if (!err)
		err = get_number(im, o, "cpu", true, (1 << EV_CPU_BITS) - 1, &number);
	if (!err)
		err = get_number(im, o, "event", true, INT64_MAX, &cpu.event);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]) && !err; i++) {
		value = UINT64_MAX;
		err = get_number(im, o, known[i].name, false, INT64_MAX - 1, &value);
		*known[i].to = (int64_t)value;
	}
	if (err)
		return err;
	if (delta && (!json_is_integer(delta) || json_integer_value(delta) < INT8_MIN ||
		      json_integer_value(delta) > INT8_MAX))
		return refuse(im, "\"delta\" is not a number from -128 to 127");
	if (delta)
		cpu.delta = (int32_t)json_integer_value(delta);
	cpu.cpu = (uint32_t)number;
	return trace_write_cpu(im->w, &cpu);
}

static int read_stats(struct import *im, const json_t *o)
{
	struct trace_pairs pairs = { 0 };
	char why[120];
	int err;

	err = trace_pairs_from_json(json_object_get(o, "counters"), &pairs, why, sizeof(why));
	if (err == -EBADMSG)
		err = refuse(im, "%s", why);
	if (!err)
		err = trace_write_stats(im->w, &pairs);
	trace_pairs_free(&pairs);
	return err;
}

/* ---- events ---- */

static int read_fallback(struct import *im, const json_t *o, struct trace_event *ev)
{
	uint64_t order = 0, mt = 0;
	int err;

	err = get_number(im, o, "fallback_order", true, im->meta.nr_orders - 1, &order);
	if (!err)
		err = get_mt(im, o, "fallback_mt", true, &mt);
	ev->arg = trace_fallback_arg(order, mt);
	return err;
}

static int read_scan(struct import *im, const json_t *o, struct trace_event *ev)
{
	uint64_t taken = 0, scanned = 0, range = 0;
	int err;

	err = get_number(im, o, "nr_taken", false, UINT32_MAX, &taken);
	if (!err)
		err = get_number(im, o, "nr_scanned", false, UINT32_MAX, &scanned);
	if (!err)
		err = get_number(im, o, "range", false, UINT32_MAX, &range);
	ev->arg = event_scan(taken, scanned, range);
	return err;
}

static int read_try(struct import *im, const json_t *o, struct trace_event *ev)
{
	uint64_t flags = 0, highest = 0;
	int err;

	err = get_number(im, o, "alloc_flags", true, UINT16_MAX, &flags);
	if (!err)
		err = get_number(im, o, "highest_zone", true, 7, &highest);
	ev->arg = event_try((uint32_t)flags, (uint32_t)highest);
	return err;
}

static int read_balance_end(struct import *im, const json_t *o, struct trace_event *ev)
{
	uint64_t highest = 0, boost = UINT64_MAX;
	int err;

	err = get_number(im, o, "highest_zone", true, 7, &highest);
	if (!err)
		err = get_number(im, o, "boost", false, UINT32_MAX >> 4, &boost);
	ev->arg = event_balance_end((uint32_t)highest, boost != UINT64_MAX, boost);
	return err;
}

/* The members that one letter of EVENT_TYPES stands for. */
static int read_field(struct import *im, const json_t *o, char letter, const struct trace_type *t,
		      struct trace_event *ev)
{
	uint64_t v = 0;
	int err;

	switch (letter) {
	case 'p':
		v = EV_PFN_NONE;
		err = get_number(im, o, "pfn", trace_of_block(t->id) && t->id != EV_ALLOC,
				 EV_PFN_NONE, &v);
		ev->pfn = v;
		return err;
	case 'o':
		err = get_number(im, o, "order", true, 15, &v);
		ev->order = v;
		return err;
	case 'm':
		v = TRACE_MT_NONE;
		err = get_mt(im, o, "mt", t->id != EV_ZONE_FREE, &v);
		ev->mt = v;
		return err;
	case 'n':
		err = get_mt(im, o, "old_mt", true, &v);
		ev->arg = v;
		return err;
	case 'g':
	case 'a':
		err = get_number(im, o, letter == 'g' ? "gfp" : t->arg_name, false, UINT32_MAX, &v);
		ev->arg = v;
		return err;
	case 't':
		err = get_number(im, o, "pid", false, UINT32_MAX, &v);
		ev->pid = v;
		return err;
	case 'q':
		v = -1;
		err = get_number(im, o, "capture_order", false, im->meta.nr_orders - 1, &v);
		ev->bits |= (v + 1) << EV_CAPTURE_SHIFT;
		return err;
	case 'f':
		return read_fallback(im, o, ev);
	case 'y':
		return read_try(im, o, ev);
	case 'e':
		return read_balance_end(im, o, ev);
	case 'z':
		return read_scan(im, o, ev);
	case 'r':
		return get_flag(im, o, "refill", EV_REFILL, 0, &ev->bits);
	case 'l':
		return get_flag(im, o, "locked", EV_LOCKED, 0, &ev->bits);
	case 'c':
		return get_flag(im, o, "claimed", EV_CLAIMED, EV_CLAIM_KNOWN, &ev->bits);
	case 'd':
		return get_flag(im, o, "tail", EV_ROTATE_TAIL, 0, &ev->bits);
	case 's':
		return get_flag(im, o, "fast", EV_FAST, 0, &ev->bits);
	case 'i':
		return get_flag(im, o, "reclaiming", EV_RECLAIMING, 0, &ev->bits);
	case 'b':
		return get_flag(im, o, "below_high", EV_BELOW_HIGH, 0, &ev->bits);
	case 'h':
		return get_flag(im, o, "held", EV_HELD, 0, &ev->bits);
	case 'w':
		return get_flag(im, o, "awaited", EV_AWAITED, 0, &ev->bits);
	case 'x':
		return get_flag(im, o, "to_tail", EV_TO_TAIL, 0, &ev->bits);
	}
	return 0;
}

static int read_typed(struct import *im, const json_t *o, const struct trace_type *t)
{
	struct trace_event ev = { .type = t->id, .mt = TRACE_MT_NONE, .pfn = EV_PFN_NONE };
	uint64_t cpu = 0;
	const char *f, *why;
	int err;

	err = get_number(im, o, "ts", true, INT64_MAX, &ev.ts);
	if (!err)
		err = get_number(im, o, "cpu", true, (1 << EV_CPU_BITS) - 1, &cpu);
	ev.cpu = cpu;
	for (f = t->fields; !err && *f && *f != ':'; f++)
		err = read_field(im, o, *f, t, &ev);
	if (err)
		return err;
	why = trace_event_check(t, &im->meta, &ev);
	return why ? refuse(im, "%s: %s", t->name, why) : trace_write_events(im->w, &ev, 1);
}

static int read_event(struct import *im, const json_t *o)
{
	const char *name = json_string_value(json_object_get(o, "type"));
	unsigned int i;

	if (!name)
		return refuse(im, "\"type\" is missing or not a string");
	for (i = 0; i < EV_NR_TYPES; i++)
		if (im->types[i].name && !strcmp(im->types[i].name, name))
			return read_typed(im, o, &im->types[i]);
	im->out->ignored++;
	return 0;
}

static int read_lost(struct import *im, const json_t *o)
{
	return read_typed(im, o, &im->types[EV_LOST]);
}

static const struct {
	const char *rec;
	int (*read)(struct import *im, const json_t *o);
} kinds[] = {
	{ "ev", read_event },	       { "lost", read_lost },	{ "free_list", read_list },
	{ "cpu", read_cpu },	       { "pcp", read_pcp },	{ "meta", read_meta },
	{ "pageblocks", read_blocks }, { "pages", read_pages }, { "stats", read_stats },
	{ "zone", read_zone },
};

/* ---- lines ---- */

/* Open the trace once its zones are complete. */
static int need_writer(struct import *im)
{
	int err;

	if (im->w)
		return 0;
	err = trace_writer_open(im->path, &im->meta, &im->w);
	return err == -EINVAL ? refuse(im, "meta and zones do not make a trace") : err;
}

static int read_record(struct import *im, const json_t *o)
{
	const char *rec = json_string_value(json_object_get(o, "rec"));
	bool header;
	size_t i;
	int err;

	if (!rec)
		return refuse(im, "\"rec\" is missing or not a string");
	if (!im->have_meta && strcmp(rec, "meta"))
		return refuse(im, "no meta record before this one");
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(kinds[i].rec, rec))
			continue;
		header = kinds[i].read == read_meta || kinds[i].read == read_zone;
		err = header ? 0 : need_writer(im);
		return err ? err : kinds[i].read(im, o);
	}
	im->out->ignored++;
	return 0;
}

/* The next line into im->line; 1, 0 at the end of the text, or -errno. */
static int next_line(struct import *im, FILE *in)
{
	char *p;
	int c;

	im->len = 0;
	im->out->lines++;
	while ((c = getc_unlocked(in)) != EOF && c != '\n') {
		if (im->len == im->room) {
			if (im->room >= MAX_LINE)
				return refuse(im, "longer than %u bytes", MAX_LINE);
			p = realloc(im->line, im->room ? 2 * im->room : 4096);
			if (!p)
				return -ENOMEM;
			im->line = p;
			im->room = im->room ? 2 * im->room : 4096;
		}
		im->line[im->len++] = c;
	}
	if (c == EOF && ferror(in))
		return errno ? -errno : -EIO;
	return c != EOF || im->len;
}

static bool blank(const struct import *im)
{
	size_t i;

	for (i = 0; i < im->len; i++)
		if (!memchr(" \t\r", im->line[i], 3))
			return false;
	return true;
}

static int read_lines(struct import *im, FILE *in)
{
	json_error_t error;
	json_t *o;
	int err;

	while ((err = next_line(im, in)) == 1) {
		if (blank(im))
			continue;
		o = json_loadb(im->line, im->len, 0, &error);
		if (json_is_object(o))
			err = read_record(im, o);
		else
			err = o ? refuse(im, "not an object") : refuse(im, "%s", error.text);
		json_decref(o);
		if (err)
			return err;
	}
	if (err)
		return err;
	return im->have_meta ? need_writer(im) : refuse(im, "no meta record");
}

int ndjson_import(FILE *in, const char *path, struct ndjson_import *result)
{
	struct import *im = calloc(1, sizeof(*im));
	unsigned int i;
	int err;

	*result = (struct ndjson_import){ 0 };
	if (!im)
		return -ENOMEM;
	im->out = result;
	im->path = path;
	for (i = 0; i < EV_NR_TYPES; i++)
		trace_type_get(i, &im->types[i]);
	im->types[EV_LOST].arg_name = "count";
	err = read_lines(im, in);
	if (err)
		trace_writer_abandon(im->w);
	else
		err = trace_writer_close(im->w);
	trace_meta_free(&im->meta);
	free(im->line);
	free(im->pfn);
	free(im);
	return err;
}
