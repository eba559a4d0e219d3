/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading a trace: one chunk in memory at a time, forward only, so pipes will do.  A file
 * is hostile until shown otherwise: lengths are bounded before they are used, and what is
 * handed out has been checked.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "trace_format.h"
#include "trace_meta.h"

/* Events of one type on one CPU, or on CPUs that share a slot. */
struct context {
	struct trace_event ev;	/* what the next has in common with the last: not ts, pfn and cpu */
	uint64_t pfn;		/* of the last */
	const uint8_t *p, *end; /* pfns to come */
	bool checked;		/* ev passed trace_attr_check, */
	bool plain;		/* and its type has a pfn */
};

/* A part of the payload, read from p on. */
struct span {
	const uint8_t *p, *end;
};

struct buf {
	void *p;
	size_t size;
};

struct trace_reader {
	int fd;
	uint64_t offset;   /* of the next byte of the file */
	uint64_t chunk_at; /* where the present chunk starts */
	uint64_t chunks, events, lost;
	int err;		   /* damage ends the reading */
	enum trace_item_kind done; /* TRACE_END or TRACE_CUT once finished */
	bool finished;
	struct pgt_chunk chunk;
	struct span left; /* records of the present chunk still to be handed out */
	struct buf stored, raw, pfns, blocks, ev;
	ZSTD_DCtx *zstd;
	struct trace_meta meta;
	struct trace_pairs stats;
	struct trace_type types[EV_NR_TYPES];
	char why[200];
	struct context context[PGT_CPU_SLOTS][EV_NR_TYPES]; /* those of a CPU side by side */
};

/* Why the present chunk (or the file's header) is refused. */
__attribute__((format(printf, 2, 3))) static int damaged(struct trace_reader *r, const char *fmt,
							 ...)
{
	va_list ap;
	int n;

	n = snprintf(r->why, sizeof(r->why), "offset %llu: ", (unsigned long long)r->chunk_at);
	va_start(ap, fmt);
	vsnprintf(r->why + n, sizeof(r->why) - n, fmt, ap);
	va_end(ap);
	return -EBADMSG;
}

static int grow(struct buf *b, size_t size)
{
	void *p;

	if (b->size >= size)
		return 0;
	p = realloc(b->p, size);
	if (!p)
		return -ENOMEM;
	b->p = p;
	b->size = size;
	return 0;
}

/* Bytes read, fewer than @len only at the end of the file; or -errno. */
static ssize_t read_bytes(struct trace_reader *r, void *p, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = read(r->fd, (char *)p + done, len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			n = -errno;
			damaged(r, "read: %s", strerror(-n));
			return n;
		}
		if (n == 0)
			break;
		done += n;
	}
	r->offset += done;
	return done;
}

/* ---- chunks ---- */

static int decompress(struct trace_reader *r, struct span *out)
{
	const struct pgt_chunk *c = &r->chunk;
	size_t n;

	*out = (struct span){ r->stored.p, (uint8_t *)r->stored.p + c->stored };
	if (c->flags & ~PGT_ZSTD)
		return damaged(r, "unknown chunk flags");
	if (!(c->flags & PGT_ZSTD))
		return c->stored == c->raw ? 0 : damaged(r, "chunk lengths differ");
	if (ZSTD_getFrameContentSize(r->stored.p, c->stored) != c->raw)
		return damaged(r, "compressed length differs from the chunk's");
	if (grow(&r->raw, c->raw + 1))
		return -ENOMEM;
	n = ZSTD_decompressDCtx(r->zstd, r->raw.p, c->raw, r->stored.p, c->stored);
	if (ZSTD_isError(n) || n != c->raw)
		return damaged(r, "decompression failed");
	*out = (struct span){ r->raw.p, (uint8_t *)r->raw.p + n };
	return 0;
}

/*
 * Read the next chunk and check its sums.
 *
 * Return: 1; 0 if the file ends before its last byte (why is set); -errno.
 */
static int read_chunk(struct trace_reader *r)
{
	uint8_t header[PGT_CHUNK_HEADER];
	struct pgt_chunk *c = &r->chunk;
	ssize_t n;

	r->chunk_at = r->offset;
	n = read_bytes(r, header, sizeof(header));
	if (n < 0)
		return n;
	if (n < (ssize_t)sizeof(header)) {
		damaged(r, n ? "cut inside a chunk header" : "no end mark");
		return 0;
	}
	if (!pgt_get_chunk(header, c))
		return damaged(r, "chunk header checksum differs");
	if (c->stored > PGT_MAX_RAW || c->raw > PGT_MAX_RAW)
		return damaged(r, "chunk of more than %u bytes", PGT_MAX_RAW);
	if (c->event != r->events)
		return damaged(r, "chunk follows event %llu, not %llu",
			       (unsigned long long)c->event, (unsigned long long)r->events);
	if (grow(&r->stored, c->stored + 1))
		return -ENOMEM;
	n = read_bytes(r, r->stored.p, c->stored);
	if (n < 0)
		return n;
	if (n < (ssize_t)c->stored) {
		damaged(r, "cut inside a chunk");
		return 0;
	}
	if (XXH64(r->stored.p, c->stored, 0) != c->sum)
		return damaged(r, "chunk checksum differs");
	r->chunks++;
	return 1;
}

/* ---- records of a chunk ---- */

static bool get(struct span *s, uint64_t *v)
{
	const uint8_t *p = pgt_get_varint(s->p, s->end, v);

	if (p)
		s->p = p;
	return p;
}

/* A number below @limit. */
static bool get_below(struct span *s, uint64_t limit, uint32_t *v)
{
	uint64_t wide;

	if (!get(s, &wide) || wide >= limit)
		return false;
	*v = wide;
	return true;
}

static bool get_at(struct span *s, enum trace_at *at)
{
	uint32_t v;

	if (!get_below(s, 2, &v))
		return false;
	*at = v;
	return true;
}

static int get_pfns(struct trace_reader *r, struct span *s, const uint64_t **pfn, size_t *count)
{
	uint64_t delta, last = 0, *v;
	uint32_t i, n;

	/* A frame takes a byte at least: the payload's length bounds the array's. */
	if (!get_below(s, PGT_MAX_BLOCKS + 1, &n) || n > (size_t)(s->end - s->p))
		return damaged(r, "count of frames out of range");
	if (grow(&r->pfns, n * sizeof(*v) + 1))
		return -ENOMEM;
	for (v = r->pfns.p, i = 0; i < n; i++) {
		if (!get(s, &delta))
			return damaged(r, "list ends early");
		last += pgt_unzigzag(delta);
		if (last >= EV_PFN_NONE)
			return damaged(r, "pfn out of range");
		v[i] = last;
	}
	*pfn = v;
	*count = n;
	return 0;
}

static int next_list(struct trace_reader *r, struct trace_item *item)
{
	struct trace_list *l = &item->list;

	item->kind = TRACE_LIST;
	if (!get_at(&r->left, &l->at) || !get_below(&r->left, r->meta.nr_zones, &l->zone) ||
	    !get_below(&r->left, r->meta.nr_orders, &l->order) ||
	    !get_below(&r->left, r->meta.nr_mt, &l->mt))
		return damaged(r, "free list names an unknown zone, order or migratetype");
	return get_pfns(r, &r->left, &l->pfn, &l->n);
}

/* A number that is stored one higher, so that -1 is 0. */
static bool get_count(struct span *s, int64_t *v)
{
	uint64_t wide;

	if (!get(s, &wide) || wide > INT64_MAX)
		return false;
	*v = (int64_t)wide - 1;
	return true;
}

static int next_pcp(struct trace_reader *r, struct trace_item *item)
{
	struct trace_pcp *pcp = &item->pcp;

	item->kind = TRACE_PCP;
	if (!get_at(&r->left, &pcp->at) || !get_below(&r->left, r->meta.nr_zones, &pcp->zone) ||
	    !get_below(&r->left, 1u << EV_CPU_BITS, &pcp->cpu) ||
	    !get_below(&r->left, r->meta.nr_orders, &pcp->order) ||
	    !get_below(&r->left, r->meta.nr_mt, &pcp->mt))
		return damaged(r, "pcp list names an unknown zone, cpu, order or migratetype");
	if (!get_count(&r->left, &pcp->count) || !get_count(&r->left, &pcp->batch) ||
	    !get_count(&r->left, &pcp->high))
		return damaged(r, "pcp count out of range");
	return get_pfns(r, &r->left, &pcp->pfn, &pcp->n);
}

static int next_cpu(struct trace_reader *r, struct trace_item *item)
{
	struct trace_cpu *cpu = &item->cpu;
	int64_t *const number[PGT_CPU_NUMBERS] = {
		&cpu->high_min, &cpu->high_max,	   &cpu->free_count, &cpu->alloc_factor,
		&cpu->flags,	&cpu->free_factor, &cpu->expire,     &cpu->threshold,
	};
	uint64_t delta;

	item->kind = TRACE_CPU;
	if (!get_at(&r->left, &cpu->at) || !get_below(&r->left, r->meta.nr_zones, &cpu->zone) ||
	    !get_below(&r->left, 1u << EV_CPU_BITS, &cpu->cpu))
		return damaged(r, "counters of an unknown zone or cpu");
	if (!get(&r->left, &cpu->event) || cpu->event > INT64_MAX)
		return damaged(r, "counters at an event out of range");
	for (size_t i = 0; i < PGT_CPU_NUMBERS; i++)
		if (!get_count(&r->left, number[i]))
			return damaged(r, "counter out of range");
	if (!get(&r->left, &delta) || delta > PGT_DELTA_MOST)
		return damaged(r, "vm_stat_diff out of range");
	cpu->delta = delta ? (int32_t)pgt_unzigzag(delta - 1) : TRACE_NO_DELTA;
	return 0;
}

/* At most @most bytes, each below @below or @none, of blocks of 1 << @shift frames. */
static int next_row(struct trace_reader *r, struct trace_pages *row, uint32_t most,
		    unsigned int shift, uint32_t below, uint32_t none)
{
	struct span *s = &r->left;
	uint32_t n, i, run, what;

	if (!get_at(s, &row->at) || !get_below(s, r->meta.nr_zones, &row->zone))
		return damaged(r, "pageblocks or pages of an unknown zone");
	if (!get(s, &row->first_pfn) || row->first_pfn >= EV_PFN_NONE ||
	    !get_below(s, most + 1, &n) || n > (EV_PFN_NONE - row->first_pfn) >> shift)
		return damaged(r, "pageblocks or pages out of range");
	if (grow(&r->blocks, n + 1))
		return -ENOMEM;
	for (i = 0; i < n; i += run) {
		if (!get_below(s, n - i + 1, &run) || !run || !get_below(s, 256, &what) ||
		    (what >= below && what != none))
			return damaged(r,
				       "type of a pageblock, use of a page or count out of range");
		memset((uint8_t *)r->blocks.p + i, what, run);
	}
	row->use = r->blocks.p;
	row->n = n;
	return 0;
}

static int next_blocks(struct trace_reader *r, struct trace_item *item)
{
	struct trace_pages row = { 0 };
	int err = next_row(r, &row, PGT_MAX_BLOCKS, r->meta.pageblock_order, r->meta.nr_mt,
			   TRACE_MT_NONE);

	item->kind = TRACE_BLOCKS;
	item->blocks = (struct trace_blocks){ row.at, row.zone, row.first_pfn, row.use, row.n };
	return err;
}

static int next_pages(struct trace_reader *r, struct trace_item *item)
{
	item->kind = TRACE_PAGES;
	return next_row(r, &item->pages, PGT_MAX_PAGES, 0, TRACE_NR_USES, TRACE_USE_OTHER);
}

static json_t *load_json(struct trace_reader *r, struct span *s)
{
	json_error_t error;
	json_t *json;

	json = json_loadb((const char *)s->p, s->end - s->p, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		damaged(r, "%s", error.text);
	return json;
}

static int next_stats(struct trace_reader *r, struct span *s, struct trace_item *item)
{
	char why[120] = "";
	json_t *json = load_json(r, s);
	int err;

	if (!json)
		return -EBADMSG;
	trace_pairs_free(&r->stats);
	err = trace_pairs_from_json(json, &r->stats, why, sizeof(why));
	json_decref(json);
	if (err == -EBADMSG)
		return damaged(r, "%s", why);
	item->kind = TRACE_STATS;
	item->stats = &r->stats;
	return err;
}

/* ---- events ---- */

/* The four columns of man/pgt.5 in the order of the payload, and where each is read. */
struct columns {
	struct span head, cpu, ts, attr;
};

static bool take(struct span *from, uint64_t len, struct span *part)
{
	if (len > (uint64_t)(from->end - from->p))
		return false;
	*part = (struct span){ from->p, from->p + len };
	from->p += len;
	return true;
}

static struct context *context_of(struct trace_reader *r, uint32_t slot)
{
	return &r->context[slot % PGT_CPU_SLOTS][slot / PGT_CPU_SLOTS];
}

/* Find the columns and each slot's pfns; every byte of the payload belongs to one. */
static int split_columns(struct trace_reader *r, struct span s, struct columns *col, uint32_t *n)
{
	uint64_t cpu, ts, attr, len;
	uint32_t i, slots, step, slot = 0, max = PGT_SLOTS;
	struct span lengths, pfns;

	memset(r->context, 0, sizeof(r->context));
	for (i = 0; i < PGT_SLOTS; i++)
		context_of(r, i)->ev =
			(struct trace_event){ .pfn = EV_PFN_NONE, .mt = TRACE_MT_NONE };
	if (!get_below(&s, PGT_MAX_EVENTS + 1, n) || !get(&s, &cpu) || !get(&s, &ts) ||
	    !get(&s, &attr) || !get_below(&s, PGT_SLOTS + 1, &slots))
		return damaged(r, "events: bad lengths");
	lengths = s;
	for (i = 0; i < slots; i++)
		if (!get(&s, &len) || !get(&s, &len))
			return damaged(r, "events: bad lengths");
	if (!take(&s, *n, &col->head) || !take(&s, cpu, &col->cpu) || !take(&s, ts, &col->ts) ||
	    !take(&s, attr, &col->attr))
		return damaged(r, "events: columns longer than the chunk");
	for (pfns = s, i = 0; i < slots; i++) {
		if (!get_below(&lengths, max, &step) || (i && !step) || !get(&lengths, &len) ||
		    !take(&pfns, len, &s))
			return damaged(r, "events: bad pfn columns");
		slot += step;
		max -= step;
		context_of(r, slot)->p = s.p;
		context_of(r, slot)->end = s.end;
	}
	return pfns.p == pfns.end ? 0 : damaged(r, "events: bytes after the columns");
}

static const char *get_attr(struct span *s, struct context *c)
{
	uint32_t mask, v;

	if (!get_below(s, PGT_ATTR_ALL + 1, &mask))
		return "attributes end early";
	c->checked = c->plain = false;
	if (mask & PGT_ATTR_ORDER) {
		if (s->p == s->end)
			return "attributes end early";
		c->ev.order = *s->p++;
	}
	if (mask & PGT_ATTR_MT) {
		if (s->p == s->end)
			return "attributes end early";
		c->ev.mt = *s->p++;
	}
	if (mask & PGT_ATTR_BITS) {
		if (s->p == s->end)
			return "attributes end early";
		c->ev.bits = *s->p++;
	}
	if (mask & PGT_ATTR_ARG) {
		if (!get_below(s, 1ULL << 32, &v))
			return "arg out of range";
		c->ev.arg = v;
	}
	if (mask & PGT_ATTR_PID) {
		if (!get_below(s, 1ULL << 32, &v))
			return "pid out of range";
		c->ev.pid = v;
	}
	return NULL;
}

/* A context's members before their first use after a change. */
static const char *check_attr(struct trace_reader *r, unsigned int type, struct context *c)
{
	const struct trace_type *t = &r->types[type];
	struct trace_event same;

	if (!t->name)
		return "unknown event type";
	c->ev.type = t->id;
	same = c->ev;
	trace_event_normalize(t, &same);
	if (c->ev.arg != same.arg || c->ev.pid != same.pid || c->ev.order != same.order ||
	    c->ev.mt != same.mt || c->ev.bits != same.bits)
		return "member that the event's type does not have";
	c->checked = true;
	c->plain = t->has & TRACE_HAS_PFN;
	return trace_attr_check(t, &r->meta, &c->ev);
}

/* What a chunk's events are decoded from, and what they have in common with the last. */
struct decoding {
	struct columns col;
	struct context *row; /* the CPU's */
	uint64_t ts;
	uint32_t cpu;
};

/* A head that names another CPU, time or other attributes than the last event. */
static const char *get_changes(struct trace_reader *r, struct decoding *d, uint8_t head)
{
	unsigned int type = head & PGT_HEAD_TYPE;
	uint64_t v;

	if (!r->types[type].name)
		return "unknown event type";
	if (head & PGT_HEAD_CPU && !get_below(&d->col.cpu, 1u << EV_CPU_BITS, &d->cpu))
		return "cpu out of range";
	d->row = r->context[d->cpu % PGT_CPU_SLOTS];
	if (head & PGT_HEAD_TS) {
		if (!get(&d->col.ts, &v))
			return "times end early";
		d->ts += pgt_unzigzag(v);
		if (d->ts > INT64_MAX)
			return "time out of range";
	}
	return head & PGT_HEAD_ATTR ? get_attr(&d->col.attr, &d->row[type]) : NULL;
}

/* An event without a pfn, or the first after a change: what it has in common with others. */
static const char *get_rest(struct trace_reader *r, unsigned int type, struct context *c)
{
	const char *why = c->checked ? NULL : check_attr(r, type, c);

	if (!why && c->ev.type == EV_LOST)
		r->lost += c->ev.arg;
	return why;
}

static inline const char *get_event(struct trace_reader *r, struct decoding *d, uint8_t head,
				    struct trace_event *ev)
{
	unsigned int type = head & PGT_HEAD_TYPE;
	const char *why = NULL;
	struct context *c;
	uint64_t v;

	if (head & ~PGT_HEAD_TYPE)
		why = get_changes(r, d, head);
	c = &d->row[type];
	if (!why && !c->plain)
		why = get_rest(r, type, c);
	if (why)
		return why;
	*ev = c->ev;
	ev->ts = d->ts;
	ev->cpu = (uint16_t)d->cpu;
	if (!c->plain)
		return NULL;
	c->p = pgt_get_varint(c->p, c->end, &v);
	if (!c->p)
		return "pfns end early";
	ev->pfn = c->pfn += pgt_unzigzag(v);
	return ev->pfn >= EV_PFN_NONE ? trace_event_check(&r->types[type], &r->meta, ev) : NULL;
}

static int next_events(struct trace_reader *r, struct span s, struct trace_item *item)
{
	struct decoding d = { .row = r->context[0] };
	struct trace_event *ev;
	const char *why;
	uint32_t i, n = 0;
	int err;

	err = split_columns(r, s, &d.col, &n);
	if (!err)
		err = grow(&r->ev, (n + 1) * sizeof(*ev));
	if (err)
		return err;
	ev = r->ev.p;
	for (i = 0; i < n; i++) {
		why = get_event(r, &d, d.col.head.p[i], &ev[i]);
		if (why)
			return damaged(r, "event %u of the chunk: %s", i, why);
	}
	for (i = 0; i < PGT_SLOTS; i++)
		if (context_of(r, i)->p != context_of(r, i)->end)
			return damaged(r, "events: pfns left over");
	if (d.col.cpu.p != d.col.cpu.end || d.col.ts.p != d.col.ts.end ||
	    d.col.attr.p != d.col.attr.end)
		return damaged(r, "events: column bytes left over");
	item->kind = TRACE_EVENTS;
	item->events.ev = ev;
	item->events.n = n;
	item->events.first = r->events;
	r->events += n;
	return 0;
}

/* ---- the end ---- */

static int finish(struct trace_reader *r, enum trace_item_kind kind, struct trace_item *item)
{
	r->finished = true;
	r->done = kind;
	item->kind = kind;
	return 0;
}

static int next_end(struct trace_reader *r, struct span s, struct trace_item *item)
{
	ssize_t n;
	char byte;

	if (s.end - s.p != PGT_END_PAYLOAD)
		return damaged(r, "end mark has another length");
	if (pgt_get64(s.p + 8) != r->chunks - 1 || pgt_get64(s.p + 16) != r->events ||
	    pgt_get64(s.p + 24) != r->lost)
		return damaged(r, "end mark counts other chunks, events or losses");
	r->chunk_at = r->offset;
	n = read_bytes(r, &byte, 1);
	if (n < 0)
		return n;
	if (n)
		return damaged(r, "bytes after the end mark");
	return finish(r, TRACE_END, item);
}

/* Open the next chunk; 1 if it gave no item. */
static int next_chunk(struct trace_reader *r, struct trace_item *item)
{
	struct span s;
	int err;

	err = read_chunk(r);
	if (err < 0)
		return err;
	if (!err)
		return finish(r, TRACE_CUT, item);
	/* What this version does not know, and the index, are for others. */
	if (r->chunk.type < PGT_LIST || r->chunk.type > PGT_PAGES || r->chunk.type == PGT_INDEX)
		return r->chunk.type == PGT_META ? damaged(r, "second meta chunk") : 1;
	err = decompress(r, &s);
	if (err)
		return err;
	switch (r->chunk.type) {
	case PGT_EVENTS:
		return next_events(r, s, item);
	case PGT_STATS:
		return next_stats(r, &s, item);
	case PGT_END:
		return next_end(r, s, item);
	default:
		r->left = s;
		return 1;
	}
}

static int next_record(struct trace_reader *r, struct trace_item *item)
{
	switch (r->chunk.type) {
	case PGT_LIST:
		return next_list(r, item);
	case PGT_BLOCKS:
		return next_blocks(r, item);
	case PGT_CPU:
		return next_cpu(r, item);
	case PGT_PAGES:
		return next_pages(r, item);
	default:
		return next_pcp(r, item);
	}
}

int trace_next(struct trace_reader *r, struct trace_item *item)
{
	int err;

	if (r->finished) {
		item->kind = r->done;
		return 0;
	}
	if (r->err)
		return r->err;
	do
		err = r->left.p < r->left.end ? next_record(r, item) : next_chunk(r, item);
	while (err == 1);
	r->err = err;
	return err;
}

/* ---- opening and closing ---- */

static int read_header(struct trace_reader *r)
{
	uint8_t h[PGT_HEADER];
	ssize_t n;

	n = read_bytes(r, h, sizeof(h));
	if (n < 0)
		return n;
	if (!n)
		return damaged(r, "empty file");
	if (n < PGT_MAGIC_LEN || memcmp(h, PGT_MAGIC, PGT_MAGIC_LEN))
		return damaged(r, "not a trace");
	if (n < PGT_HEADER)
		return damaged(r, "cut inside the file header");
	if (pgt_get16(h + 8) > PGT_MAJOR || pgt_get32(h + 12)) {
		damaged(r, "format version %u.%u, features %#x: newer than this program's %d.%d",
			pgt_get16(h + 8), pgt_get16(h + 10), pgt_get32(h + 12), PGT_MAJOR,
			PGT_MINOR);
		return -ENOTSUP;
	}
	return pgt_get16(h + 8) ? 0 : damaged(r, "format version 0");
}

static int read_zones(struct trace_reader *r, const json_t *zones, char *why, size_t len)
{
	size_t i;
	int err;

	if (json_array_size(zones) > TRACE_MAX_ZONES)
		return damaged(r, "more than %d zones", TRACE_MAX_ZONES);
	for (i = 0; i < json_array_size(zones); i++) {
		err = trace_zone_from_json(json_array_get(zones, i), &r->meta.zone[i], why, len);
		if (err)
			return err;
		if (r->meta.zone[i].id != i)
			return damaged(r, "zone ids are not 0, 1, 2, ...");
		r->meta.nr_zones++;
	}
	return 0;
}

static int read_meta(struct trace_reader *r)
{
	char why[120] = "";
	json_t *json;
	struct span s;
	int err;

	err = read_chunk(r);
	if (err <= 0)
		return err ? err : -EBADMSG;
	if (r->chunk.type != PGT_META)
		return damaged(r, "first chunk is not the meta chunk");
	err = decompress(r, &s);
	if (err)
		return err;
	json = load_json(r, &s);
	if (!json)
		return -EBADMSG;
	err = trace_meta_from_json(json, &r->meta, why, sizeof(why));
	if (!err)
		err = read_zones(r, json_object_get(json, "zones"), why, sizeof(why));
	json_decref(json);
	return err == -EBADMSG && *why ? damaged(r, "%s", why) : err;
}

int trace_open(const char *path, struct trace_reader **out, char *why, size_t len)
{
	struct trace_reader *r;
	unsigned int i;
	int err;

	if (why && len)
		*why = '\0';
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	for (i = 0; i < EV_NR_TYPES; i++)
		trace_type_get(i, &r->types[i]);
	r->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) :
				    fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	if (r->fd < 0) {
		err = -errno;
		goto fail;
	}
	r->zstd = ZSTD_createDCtx();
	if (!r->zstd) {
		err = -ENOMEM;
		goto fail;
	}
	err = read_header(r);
	if (!err)
		err = read_meta(r);
	if (err)
		goto fail;
	*out = r;
	return 0;

fail:
	if (why && len)
		snprintf(why, len, "%s", r->why);
	trace_close(r);
	return err;
}

const struct trace_meta *trace_meta(const struct trace_reader *r)
{
	return &r->meta;
}

const char *trace_why(const struct trace_reader *r)
{
	return r->why;
}

void trace_close(struct trace_reader *r)
{
	if (!r)
		return;
	if (r->fd >= 0)
		close(r->fd);
	ZSTD_freeDCtx(r->zstd);
	trace_meta_free(&r->meta);
	trace_pairs_free(&r->stats);
	free(r->stored.p);
	free(r->raw.p);
	free(r->pfns.p);
	free(r->blocks.p);
	free(r->ev.p);
	free(r);
}
