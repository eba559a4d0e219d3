/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing a trace, chunk by chunk, in place: whatever ends the writer, the file reads up
 * to its last whole chunk.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "trace_format.h"
#include "trace_meta.h"
#include "util.h"

#define LEVEL 3		      /* zstd: higher ones cost more than they save here */
#define PENDING (1u << 20)    /* snapshot records are gathered up to this size */
#define INDEX_MAX (32u << 20) /* beyond, the file goes without an index */

struct buf {
	uint8_t *p;
	size_t len, room;
};

/* What an event's members are compared with: the last event of its slot. */
struct context {
	uint64_t pfn;
	uint32_t arg, pid;
	uint8_t order, mt, bits;
	uint32_t count; /* pfns of this chunk */
	uint8_t *at;	/* where the next one goes */
};

struct trace_writer {
	int fd;
	int err; /* of a failed write: nothing more is written */
	uint64_t bytes, chunks, events, lost;
	struct trace_meta meta;		      /* limits only: its pairs are not copied */
	struct trace_type types[EV_NR_TYPES]; /* .name NULL: no such type */
	ZSTD_CCtx *zstd;
	struct buf raw;	 /* payload being gathered or encoded */
	struct buf file; /* chunk as it goes to the file */
	struct buf index;
	enum pgt_type pending; /* type of what is gathered in raw; 0 none */
	size_t nr_ev;
	uint64_t last_ts; /* of the last chunk of events, for the index */
	struct trace_event ev[PGT_MAX_EVENTS];
	struct context context[PGT_SLOTS];
};

/* ---- bytes ---- */

static int reserve(struct buf *b, size_t more)
{
	size_t room = b->room ? b->room : 4096;
	uint8_t *p;

	if (b->room - b->len >= more)
		return 0;
	while (room - b->len < more)
		room *= 2;
	p = realloc(b->p, room);
	if (!p)
		return -ENOMEM;
	b->p = p;
	b->room = room;
	return 0;
}

/* The caller has reserved the room. */
static void add(struct buf *b, uint64_t v)
{
	b->len = pgt_put_varint(b->p + b->len, v) - b->p;
}

static int write_bytes(struct trace_writer *w, const void *p, size_t len)
{
	w->err = full_write(w->fd, p, len);
	if (!w->err)
		w->bytes += len;
	return w->err;
}

/* One line of the index: type, stored length, events, and how far the clock moved. */
static int index_add(struct trace_writer *w, const struct pgt_chunk *c)
{
	if (w->index.len > INDEX_MAX)
		return 0;
	if (reserve(&w->index, 4 * PGT_VARINT))
		return -ENOMEM;
	add(&w->index, c->type);
	add(&w->index, c->stored);
	if (c->type == PGT_EVENTS) {
		add(&w->index, w->nr_ev);
		add(&w->index, pgt_zigzag(w->ev[0].ts - w->last_ts));
		w->last_ts = w->ev[0].ts;
	}
	return 0;
}

/* Compress what is in w->raw and append it to the file as a chunk. */
static int write_chunk(struct trace_writer *w, enum pgt_type type)
{
	struct pgt_chunk c = { .type = type, .raw = w->raw.len, .event = w->events };
	size_t bound = ZSTD_compressBound(w->raw.len), n;
	uint8_t *payload;
	int err;

	if (w->err)
		return w->err;
	w->file.len = 0;
	err = reserve(&w->file, PGT_CHUNK_HEADER + bound);
	if (err)
		return err;
	payload = w->file.p + PGT_CHUNK_HEADER;
	n = ZSTD_compressCCtx(w->zstd, payload, bound, w->raw.p, w->raw.len, LEVEL);
	if (ZSTD_isError(n))
		return -ENOMEM;
	/* The end mark has one size, so that it is found from the end of the file. */
	if (n < c.raw && type != PGT_END) {
		c.flags = PGT_ZSTD;
		c.stored = n;
	} else {
		memcpy(payload, w->raw.p, w->raw.len);
		c.stored = c.raw;
	}
	c.sum = XXH64(payload, c.stored, 0);
	pgt_put_chunk(w->file.p, &c);
	if (type != PGT_INDEX && type != PGT_END) {
		err = index_add(w, &c);
		if (err)
			return err;
	}
	err = write_bytes(w, w->file.p, PGT_CHUNK_HEADER + c.stored);
	if (!err)
		w->chunks++;
	return err;
}

/* ---- events ---- */

/* Begin a chunk's contexts and give each slot its part of @p for its pfns. */
static void begin_contexts(struct trace_writer *w, uint8_t *p)
{
	size_t i;

	for (i = 0; i < PGT_SLOTS; i++)
		w->context[i] = (struct context){ .mt = TRACE_MT_NONE };
	for (i = 0; i < w->nr_ev; i++)
		w->context[pgt_slot(w->ev[i].type, w->ev[i].cpu)].count++;
	for (i = 0; i < PGT_SLOTS; i++) {
		w->context[i].at = p;
		p += (size_t)w->context[i].count * 6; /* zigzag of 36 bits: 6 bytes at most */
	}
}

static uint8_t *put_attr(uint8_t *p, struct context *c, const struct trace_event *ev)
{
	uint8_t *mask = p++;

	*mask = 0;
	if (ev->order != c->order) {
		*mask |= PGT_ATTR_ORDER;
		*p++ = c->order = ev->order;
	}
	if (ev->mt != c->mt) {
		*mask |= PGT_ATTR_MT;
		*p++ = c->mt = ev->mt;
	}
	if (ev->bits != c->bits) {
		*mask |= PGT_ATTR_BITS;
		*p++ = c->bits = ev->bits;
	}
	if (ev->arg != c->arg) {
		*mask |= PGT_ATTR_ARG;
		p = pgt_put_varint(p, c->arg = ev->arg);
	}
	if (ev->pid != c->pid) {
		*mask |= PGT_ATTR_PID;
		p = pgt_put_varint(p, c->pid = ev->pid);
	}
	return p;
}

static bool same_attr(const struct context *c, const struct trace_event *ev)
{
	return ev->order == c->order && ev->mt == c->mt && ev->bits == c->bits &&
	       ev->arg == c->arg && ev->pid == c->pid;
}

/* Columns of a chunk while it is encoded; each starts at p and has grown to end. */
enum { HEAD, CPU, TS, ATTR, COLUMNS };
struct column {
	uint8_t *p, *end;
};

static const uint8_t column_width[COLUMNS] = { 1, 3, PGT_VARINT, 4 + 5 + 5 };
#define PFN_WIDTH 6
#define EVENT_WIDTH (1 + 3 + PGT_VARINT + 14 + PFN_WIDTH)

static void encode_columns(struct trace_writer *w, struct column *col)
{
	uint64_t ts = 0;
	uint16_t cpu = 0;
	size_t i;

	for (i = 0; i < w->nr_ev; i++) {
		const struct trace_event *ev = &w->ev[i];
		struct context *c = &w->context[pgt_slot(ev->type, ev->cpu)];
		uint8_t head = ev->type;

		if (ev->cpu != cpu) {
			head |= PGT_HEAD_CPU;
			col[CPU].end = pgt_put_varint(col[CPU].end, cpu = ev->cpu);
		}
		if (ev->ts != ts) {
			head |= PGT_HEAD_TS;
			col[TS].end = pgt_put_varint(col[TS].end, pgt_zigzag(ev->ts - ts));
			ts = ev->ts;
		}
		if (!same_attr(c, ev)) {
			head |= PGT_HEAD_ATTR;
			col[ATTR].end = put_attr(col[ATTR].end, c, ev);
		}
		*col[HEAD].end++ = head;
		if (w->types[ev->type].has & TRACE_HAS_PFN) {
			c->at = pgt_put_varint(c->at, pgt_zigzag(ev->pfn - c->pfn));
			c->pfn = ev->pfn;
		}
	}
}

/* Append to w->raw the pfns of each slot, whose parts begin at @p; first their lengths. */
static void gather_pfns(struct trace_writer *w, uint8_t *p, bool lengths)
{
	unsigned int i, last = 0;

	for (i = 0; i < PGT_SLOTS; i++) {
		struct context *c = &w->context[i];
		size_t len = c->at - p;

		if (len && lengths) {
			add(&w->raw, i - last);
			add(&w->raw, len);
			last = i;
		} else if (len) {
			memcpy(w->raw.p + w->raw.len, p, len);
			w->raw.len += len;
		}
		p += (size_t)c->count * PFN_WIDTH;
	}
}

static int flush_events(struct trace_writer *w)
{
	struct column col[COLUMNS];
	uint8_t *scratch, *p;
	unsigned int i, slots = 0;
	int err;

	if (!w->nr_ev)
		return 0;
	scratch = malloc(w->nr_ev * EVENT_WIDTH);
	w->raw.len = 0;
	err = reserve(&w->raw, w->nr_ev * EVENT_WIDTH + PGT_SLOTS * 8 + 64);
	if (!scratch || err) {
		free(scratch);
		return -ENOMEM;
	}
	for (p = scratch, i = 0; i < COLUMNS; i++) {
		col[i] = (struct column){ p, p };
		p += w->nr_ev * column_width[i];
	}
	begin_contexts(w, p);
	encode_columns(w, col);

	for (i = 0; i < PGT_SLOTS; i++)
		slots += w->context[i].count && w->types[i >> 6].has & TRACE_HAS_PFN;
	add(&w->raw, w->nr_ev);
	for (i = CPU; i < COLUMNS; i++)
		add(&w->raw, col[i].end - col[i].p);
	add(&w->raw, slots);
	gather_pfns(w, p, true);
	for (i = 0; i < COLUMNS; i++) {
		memcpy(w->raw.p + w->raw.len, col[i].p, col[i].end - col[i].p);
		w->raw.len += col[i].end - col[i].p;
	}
	gather_pfns(w, p, false);
	free(scratch);

	err = write_chunk(w, PGT_EVENTS);
	w->events += w->nr_ev;
	w->nr_ev = 0;
	return err;
}

int trace_writer_flush(struct trace_writer *w)
{
	int err = 0;

	if (w->pending == PGT_EVENTS)
		err = flush_events(w);
	else if (w->pending)
		err = write_chunk(w, w->pending);
	w->pending = 0;
	w->raw.len = 0;
	return err;
}

/* Make @type what is gathered, with room for @more bytes of it. */
static int gather(struct trace_writer *w, enum pgt_type type, size_t more)
{
	int err = 0;

	if (w->err)
		return w->err;
	if (w->pending != type || w->raw.len + more > PENDING)
		err = trace_writer_flush(w);
	if (!err)
		err = reserve(&w->raw, more);
	if (!err)
		w->pending = type;
	return err;
}

int trace_write_events(struct trace_writer *w, const struct trace_event *ev, size_t n)
{
	struct trace_event e;
	const struct trace_type *t;
	int err = w->err;

	for (; n && !err; n--, ev++) {
		if (w->pending != PGT_EVENTS)
			err = gather(w, PGT_EVENTS, 0);
		if (err)
			break;
		e = *ev;
		t = &w->types[e.type % EV_NR_TYPES];
		if (!t->name || e.type >= EV_NR_TYPES)
			return -EINVAL;
		trace_event_normalize(t, &e);
		if (trace_event_check(t, &w->meta, &e))
			return -EINVAL;
		if (e.type == EV_LOST)
			w->lost += e.arg;
		w->ev[w->nr_ev++] = e;
		if (w->nr_ev == PGT_MAX_EVENTS)
			err = flush_events(w);
	}
	return err;
}

/* ---- snapshots ---- */

static bool good_list(const struct trace_writer *w, enum trace_at at, uint32_t zone, uint32_t order,
		      uint32_t mt)
{
	return (at == TRACE_AT_BEGIN || at == TRACE_AT_END) && zone < w->meta.nr_zones &&
	       order < w->meta.nr_orders && mt < w->meta.nr_mt;
}

static int add_pfns(struct buf *b, const uint64_t *pfn, size_t n)
{
	uint64_t last = 0;

	add(b, n);
	for (; n; n--, pfn++) {
		if (*pfn >= EV_PFN_NONE)
			return -EINVAL;
		add(b, pgt_zigzag(*pfn - last));
		last = *pfn;
	}
	return 0;
}

static int write_list(struct trace_writer *w, const struct trace_list *list, size_t n)
{
	size_t start;
	int err;

	err = gather(w, PGT_LIST, (n + 5) * PGT_VARINT);
	if (err)
		return err;
	start = w->raw.len;
	add(&w->raw, list->at);
	add(&w->raw, list->zone);
	add(&w->raw, list->order);
	add(&w->raw, list->mt);
	err = add_pfns(&w->raw, list->pfn, n);
	if (err)
		w->raw.len = start;
	return err;
}

int trace_write_list(struct trace_writer *w, const struct trace_list *list)
{
	struct trace_list part = *list;
	size_t n;
	int err;

	if (!good_list(w, list->at, list->zone, list->order, list->mt))
		return -EINVAL;
	do {
		n = part.n < PGT_MAX_BLOCKS ? part.n : PGT_MAX_BLOCKS;
		err = write_list(w, &part, n);
		part.pfn += n;
		part.n -= n;
	} while (!err && part.n);
	return err;
}

/* A byte for each of @n blocks of frames, as runs. */
static int write_row(struct trace_writer *w, enum pgt_type type, const struct trace_pages *row,
		     size_t n)
{
	size_t i, run;
	int err;

	err = gather(w, type, (4 + 2 * n) * PGT_VARINT);
	if (err)
		return err;
	add(&w->raw, row->at);
	add(&w->raw, row->zone);
	add(&w->raw, row->first_pfn);
	add(&w->raw, n);
	for (i = 0; i < n; i += run) {
		for (run = 1; i + run < n && row->use[i + run] == row->use[i];)
			run++;
		add(&w->raw, run);
		add(&w->raw, row->use[i]);
	}
	return 0;
}

static int write_rows(struct trace_writer *w, enum pgt_type type, struct trace_pages row,
		      unsigned int shift)
{
	size_t n, most = type == PGT_PAGES ? PGT_MAX_PAGES : PGT_MAX_BLOCKS;
	int err;

	if (!good_list(w, row.at, row.zone, 0, 0) || row.first_pfn >= EV_PFN_NONE ||
	    row.n > (EV_PFN_NONE - row.first_pfn) >> shift)
		return -EINVAL;
	do {
		n = row.n < most ? row.n : most;
		err = write_row(w, type, &row, n);
		row.use += n;
		row.n -= n;
		row.first_pfn += (uint64_t)n << shift;
	} while (!err && row.n);
	return err;
}

int trace_write_blocks(struct trace_writer *w, const struct trace_blocks *blocks)
{
	for (size_t i = 0; i < blocks->n; i++)
		if (blocks->mt[i] >= w->meta.nr_mt && blocks->mt[i] != TRACE_MT_NONE)
			return -EINVAL;
	return write_rows(w, PGT_BLOCKS,
			  (struct trace_pages){ blocks->at, blocks->zone, blocks->first_pfn,
						blocks->mt, blocks->n },
			  w->meta.pageblock_order);
}

int trace_write_pages(struct trace_writer *w, const struct trace_pages *pages)
{
	for (size_t i = 0; i < pages->n; i++)
		if (pages->use[i] >= TRACE_NR_USES)
			return -EINVAL;
	return write_rows(w, PGT_PAGES, *pages, 0);
}

int trace_write_pcp(struct trace_writer *w, const struct trace_pcp *pcp)
{
	size_t start;
	int err;

	if (!good_list(w, pcp->at, pcp->zone, pcp->order, pcp->mt) || pcp->cpu >> EV_CPU_BITS ||
	    pcp->n > PGT_MAX_BLOCKS || pcp->count < -1 || pcp->batch < -1 || pcp->high < -1)
		return -EINVAL;
	err = gather(w, PGT_PCP, (pcp->n + 9) * PGT_VARINT);
	if (err)
		return err;
	start = w->raw.len;
	add(&w->raw, pcp->at);
	add(&w->raw, pcp->zone);
	add(&w->raw, pcp->cpu);
	add(&w->raw, pcp->order);
	add(&w->raw, pcp->mt);
	add(&w->raw, pcp->count + 1);
	add(&w->raw, pcp->batch + 1);
	add(&w->raw, pcp->high + 1);
	err = add_pfns(&w->raw, pcp->pfn, pcp->n);
	if (err)
		w->raw.len = start;
	return err;
}

int trace_write_cpu(struct trace_writer *w, const struct trace_cpu *cpu)
{
	const int64_t number[PGT_CPU_NUMBERS] = {
		cpu->high_min, cpu->high_max,	 cpu->free_count, cpu->alloc_factor,
		cpu->flags,    cpu->free_factor, cpu->expire,	  cpu->threshold,
	};
	int err;

	if (!good_list(w, cpu->at, cpu->zone, 0, 0) || cpu->cpu >> EV_CPU_BITS ||
	    cpu->event > INT64_MAX ||
	    (cpu->delta != TRACE_NO_DELTA && (cpu->delta < INT8_MIN || cpu->delta > INT8_MAX)))
		return -EINVAL;
	for (size_t i = 0; i < PGT_CPU_NUMBERS; i++)
		if (number[i] < -1)
			return -EINVAL;
	err = gather(w, PGT_CPU, (PGT_CPU_NUMBERS + 5) * PGT_VARINT);
	if (err)
		return err;
	add(&w->raw, cpu->at);
	add(&w->raw, cpu->zone);
	add(&w->raw, cpu->cpu);
	add(&w->raw, cpu->event);
	for (size_t i = 0; i < PGT_CPU_NUMBERS; i++)
		add(&w->raw, number[i] + 1);
	add(&w->raw,
	    cpu->delta == TRACE_NO_DELTA ? 0 : pgt_zigzag((uint64_t)(int64_t)cpu->delta) + 1);
	return 0;
}

/* ---- JSON chunks ---- */

/* Takes over @json. */
static int write_json(struct trace_writer *w, enum pgt_type type, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	size_t len = text ? strlen(text) : 0;
	int err;

	json_decref(json);
	if (!text)
		return -ENOMEM;
	err = trace_writer_flush(w);
	if (!err && len > PGT_MAX_RAW)
		err = -EINVAL;
	if (!err)
		err = reserve(&w->raw, len);
	if (!err) {
		memcpy(w->raw.p, text, len);
		w->raw.len = len;
		err = write_chunk(w, type);
		w->raw.len = 0;
	}
	free(text);
	return err;
}

int trace_write_stats(struct trace_writer *w, const struct trace_pairs *stats)
{
	return write_json(w, PGT_STATS, trace_pairs_to_json(stats));
}

/* Refuse what a reader would refuse: read the JSON back. */
static int check_meta(const json_t *json, const struct trace_meta *meta)
{
	struct trace_meta *copy = calloc(1, sizeof(*copy));
	const json_t *zones = json_object_get(json, "zones");
	char why[160];
	uint32_t i;
	int err;

	if (!copy)
		return -ENOMEM;
	err = trace_meta_from_json(json, copy, why, sizeof(why));
	for (i = 0; !err && i < meta->nr_zones; i++) {
		err = trace_zone_from_json(json_array_get(zones, i), &copy->zone[i], why,
					   sizeof(why));
		if (!err && meta->zone[i].id != i)
			err = -EBADMSG;
	}
	trace_meta_free(copy);
	free(copy);
	return err == -EBADMSG ? -EINVAL : err;
}

static int write_meta(struct trace_writer *w, const struct trace_meta *meta)
{
	uint8_t header[PGT_HEADER] = PGT_MAGIC;
	json_t *json, *zones = json_array();
	uint32_t i;
	int err = 0;

	if (meta->nr_zones > TRACE_MAX_ZONES || meta->nr_mt > TRACE_MAX_MT) {
		json_decref(zones);
		return -EINVAL;
	}
	json = trace_meta_to_json(meta);
	for (i = 0; i < meta->nr_zones; i++)
		err |= json_array_append_new(zones, trace_zone_to_json(&meta->zone[i]));
	err |= json_object_set_new(json, "zones", zones);
	err = err ? -ENOMEM : check_meta(json, meta);
	if (err) {
		json_decref(json);
		return err;
	}
	pgt_put16(header + 8, PGT_MAJOR);
	pgt_put16(header + 10, PGT_MINOR);
	err = write_bytes(w, header, sizeof(header));
	if (err) {
		json_decref(json);
		return err;
	}
	return write_json(w, PGT_META, json);
}

/* ---- opening and closing ---- */

/* Keep a file that stands in the way as @path.old. */
static int keep_old(const char *path)
{
	struct stat st;
	char *old;
	int err = 0;

	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return 0;
	old = malloc(strlen(path) + sizeof(".old"));
	if (!old)
		return -ENOMEM;
	sprintf(old, "%s.old", path);
	if (rename(path, old))
		err = -errno;
	free(old);
	return err;
}

static void writer_free(struct trace_writer *w)
{
	if (!w)
		return;
	ZSTD_freeCCtx(w->zstd);
	free(w->raw.p);
	free(w->file.p);
	free(w->index.p);
	free(w);
}

int trace_writer_open(const char *path, const struct trace_meta *meta, struct trace_writer **out)
{
	struct trace_writer *w;
	unsigned int i;
	int err;

	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->fd = -1;
	w->zstd = ZSTD_createCCtx();
	if (!w->zstd) {
		err = -ENOMEM;
		goto fail;
	}
	for (i = 0; i < EV_NR_TYPES; i++)
		trace_type_get(i, &w->types[i]);
	w->meta.nr_orders = meta->nr_orders;
	w->meta.pageblock_order = meta->pageblock_order;
	w->meta.nr_mt = meta->nr_mt;
	w->meta.nr_zones = meta->nr_zones;

	if (strcmp(path, "-")) {
		err = keep_old(path);
		if (err)
			goto fail;
		/* What the frames of a machine are used for is its owner's business. */
		w->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	} else {
		w->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	}
	if (w->fd < 0) {
		err = -errno;
		goto fail;
	}
	err = write_meta(w, meta);
	if (err)
		goto fail;
	*out = w;
	return 0;

fail:
	trace_writer_abandon(w);
	return err;
}

uint64_t trace_writer_bytes(const struct trace_writer *w)
{
	return w->bytes;
}

static int write_end(struct trace_writer *w)
{
	uint64_t index = w->index.len <= INDEX_MAX ? w->bytes : 0;
	struct buf raw = w->raw;
	int err = 0;

	if (index) {
		w->raw = w->index;
		err = write_chunk(w, PGT_INDEX);
		w->raw = raw;
	}
	if (!err)
		err = reserve(&w->raw, PGT_END_PAYLOAD);
	if (err)
		return err;
	pgt_put64(w->raw.p, index);
	pgt_put64(w->raw.p + 8, w->chunks);
	pgt_put64(w->raw.p + 16, w->events);
	pgt_put64(w->raw.p + 24, w->lost);
	w->raw.len = PGT_END_PAYLOAD;
	return write_chunk(w, PGT_END);
}

int trace_writer_close(struct trace_writer *w)
{
	int err;

	if (!w)
		return 0;
	err = w->err ? w->err : trace_writer_flush(w);
	if (!err)
		err = write_end(w);
	/* Pipes and terminals cannot be synced, and need not. */
	if (!err && fsync(w->fd) && errno != EINVAL && errno != EROFS && errno != ENOTSUP)
		err = -errno;
	if (close(w->fd) && !err)
		err = -errno;
	writer_free(w);
	return err;
}

void trace_writer_abandon(struct trace_writer *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		close(w->fd);
	writer_free(w);
}
