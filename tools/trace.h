/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trace files: what is in one, and how to write and read it.  The bytes are
 * specified in man/pgt.5; NDJSON, the interchange form, is in ndjson.h.
 *
 * A trace is a header (struct trace_meta) and a sequence of items: a begin
 * snapshot, events in order, an end snapshot.  Reader and writer work in
 * constant memory, one chunk at a time.
 */
#ifndef TOOLS_TRACE_H
#define TOOLS_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>

#include "bpf/event.h"

#define TRACE_MAX_MT 8
#define TRACE_NAME 32
#define TRACE_MAX_ZONES 80
#define TRACE_MT_NONE 0xff /* no migratetype given */

/* A decoded event.  `mt` and the like are indices into trace_meta.mt. */
struct trace_event {
	uint64_t ts;  /* ns, CLOCK_MONOTONIC; the clock is read every 256th record */
	uint64_t pfn; /* EV_PFN_NONE where the type has none */
	uint32_t arg; /* see EVENT_TYPES in bpf/event.h */
	uint32_t pid; /* 0: not known */
	uint16_t cpu;
	uint8_t type; /* enum event_type */
	uint8_t order;
	uint8_t mt;    /* TRACE_MT_NONE: not given */
	uint8_t bits;  /* EV_REFILL and the like, as in the record */
	uint16_t note; /* 0; whoever keeps the event may note there what it worked out about it */
};

/* EV_FALLBACK packs these into arg. */
static inline unsigned int trace_fallback_order(const struct trace_event *ev)
{
	return ev->arg & 0xf;
}
static inline unsigned int trace_fallback_mt(const struct trace_event *ev)
{
	return ev->arg >> 4 & 7;
}
static inline uint32_t trace_fallback_arg(unsigned int order, unsigned int mt)
{
	return (order & 0xf) | (mt & 7) << 4;
}

/* EV_TRY: event_try() packs these into arg. */
static inline uint32_t trace_try_flags(const struct trace_event *ev)
{
	return ev->arg & 0xffff;
}
static inline unsigned int trace_try_highest(const struct trace_event *ev)
{
	return ev->arg >> 16 & 7;
}

/* EV_BALANCE_END: event_balance_end() packs these into arg. */
static inline unsigned int trace_end_highest(const struct trace_event *ev)
{
	return ev->arg & 7;
}
static inline bool trace_end_told(const struct trace_event *ev)
{
	return ev->arg & 8;
}
static inline uint32_t trace_end_boost(const struct trace_event *ev)
{
	return ev->arg >> 4;
}

/* EV_COMPACT_FREE and EV_COMPACT_FAST: event_scan() packs these into arg. */
static inline unsigned int trace_scan_taken(const struct trace_event *ev)
{
	return ev->arg & 0x7ff;
}
static inline unsigned int trace_scan_scanned(const struct trace_event *ev)
{
	return ev->arg >> 11 & 0x7ff;
}
static inline unsigned int trace_scan_range(const struct trace_event *ev)
{
	return ev->arg >> 22;
}

/* A name and its value: a gfp bit, a sysctl. `text` is set instead of value for lists. */
struct trace_pair {
	char *name;
	int64_t value;
	char *text; /* NULL: value counts */
};

struct trace_pairs {
	struct trace_pair *v;
	size_t n;
};

struct trace_zone {
	uint32_t id; /* dense, 0-based; what "zone" means everywhere else in the file */
	uint32_t node;
	char name[TRACE_NAME];
	uint64_t start_pfn, spanned, present, managed;
	uint64_t min, low, high;
	uint64_t boost;
	uint64_t nr_reserved_highatomic;
	int64_t lowmem_reserve[8];
	uint32_t nr_lowmem_reserve;
};

struct trace_meta {
	char kernel[128];	 /* uname -r */
	char policy[TRACE_NAME]; /* name of a pa_policy; "" if none was chosen */
	char tier[TRACE_NAME];	 /* "tracepoint", "fentry", "kprobe"; "" if not known */
	uint32_t page_shift;
	uint32_t nr_orders;
	uint32_t pageblock_order;
	uint32_t cpus;
	char mt[TRACE_MAX_MT][TRACE_NAME]; /* the kernel's number -> name; "" ends the list */
	uint32_t nr_mt;
	struct trace_pairs gfp;	   /* "__GFP_MOVABLE" -> bit mask */
	struct trace_pairs sysctl; /* "vm.min_free_kbytes" -> value */
	struct trace_zone zone[TRACE_MAX_ZONES];
	uint32_t nr_zones;
	/* Optional; 0, "" or empty when a trace does not say. */
	uint64_t clock_mono_ns, clock_real_ns; /* one moment on both clocks */
	uint32_t recorder_pid;		       /* tgid whose pages are the recorder's own */
	char command[256];		       /* what was recorded, for people */
	char unknown[256];	  /* members of the kernel's structs that this tool does not know */
	struct trace_pairs sites; /* site -> 1 attached, 0 not, in the order tried */
};

void trace_meta_free(struct trace_meta *meta);	  /* frees the pairs; accepts a zeroed one */
void trace_pairs_free(struct trace_pairs *pairs); /* leaves it empty; accepts NULL */
int trace_pairs_add(struct trace_pairs *pairs, const char *name, int64_t value, const char *text);
/* Value by name, or @missing. */
int64_t trace_pairs_get(const struct trace_pairs *pairs, const char *name, int64_t missing);
/* Events missed because their program was at work on that CPU already, of a recording's statistics. */
uint64_t trace_missed(const struct trace_pairs *stats);
/* Index of a migratetype name in meta->mt, or -ENOENT. */
int trace_mt_index(const struct trace_meta *meta, const char *name);

/* ---- event types: EVENT_TYPES, taken apart ---- */

#define TRACE_HAS_PFN 0x01
#define TRACE_HAS_ORDER 0x02
#define TRACE_HAS_MT 0x04
#define TRACE_HAS_ARG 0x08
#define TRACE_HAS_PID 0x10

struct trace_type {
	uint8_t id;
	uint8_t has;  /* TRACE_HAS_*: members that a file stores for this type */
	uint8_t bits; /* flag bits it can carry */
	const char *name;
	const char *fields;   /* the letters of EVENT_TYPES */
	const char *arg_name; /* NULL: arg has none */
};

/* Does it speak of a block?  Then consumers use its fields as indices. */
static inline bool trace_of_block(unsigned int type)
{
	const uint32_t blocks = ((2u << EV_ROTATE) - 1) | 1u << EV_PUSH | 1u << EV_BULK;

	return type < EV_NR_TYPES && blocks >> type & 1;
}

/* False if there is no such type. */
bool trace_type_get(unsigned int type, struct trace_type *out);
/* Among the sysctls: free blocks of this order and above are reported to a hypervisor. */
#define REPORTING_ORDER "page_reporting.page_reporting_order"

/* Does it tell in passing, of itself and of no act of its CPU, what a holder of the lock found there? */
static inline bool trace_is_aside(const struct trace_event *ev)
{
	const uint32_t some =
		1u << EV_ROTATE | 1u << EV_PUTBACK | 1u << EV_MOVE_BLOCK | 1u << EV_ZONE_FREE;

	if (ev->type >= EV_NR_TYPES || !(some >> ev->type & 1))
		return false;
	return ev->type == EV_ROTATE ||
	       ((ev->type == EV_PUTBACK || ev->type == EV_MOVE_BLOCK) && ev->bits & EV_HELD) ||
	       (ev->type == EV_ZONE_FREE && ev->bits & EV_AWAITED && ev->bits & EV_LOCKED);
}

/* Give members that the type does not carry the values a reader gives them. */
void trace_event_normalize(const struct trace_type *t, struct trace_event *ev);
/*
 * What a reader guarantees: NULL, or why the event is refused.  Block events have a pfn (EV_ALLOC
 * may fail without one), an order below nr_orders and, where they carry one, a migratetype below
 * nr_mt (EV_ZONE_FREE may lack it).
 */
const char *trace_event_check(const struct trace_type *t, const struct trace_meta *meta,
			      const struct trace_event *ev);
/* The same without pfn, ts and cpu. */
const char *trace_attr_check(const struct trace_type *t, const struct trace_meta *meta,
			     const struct trace_event *ev);

enum trace_at { TRACE_AT_BEGIN, TRACE_AT_END };

/*
 * One free list in order, head first.  A list of more than 2^23 blocks comes as several
 * items in a row, to be appended; so do the types of as many pageblocks.
 */
struct trace_list {
	enum trace_at at;
	uint32_t zone, order, mt;
	const uint64_t *pfn;
	size_t n;
};

/* Types of a run of pageblocks; TRACE_MT_NONE where not known. */
struct trace_blocks {
	enum trace_at at;
	uint32_t zone;
	uint64_t first_pfn;
	const uint8_t *mt;
	size_t n;
};

/*
 * What frames were in use for as the recording began: X(ID, "name", "what it means").  The numbers are
 * part of the file format.
 */
/* clang-format off */
#define TRACE_USES(X)                                                                              \
	X(OTHER, "other", "free, or on no LRU list: the kernel's own, slabs, page tables")         \
	X(ANON,  "anon",  "a single page on an LRU list, anonymous or of tmpfs")                   \
	X(FILE,  "file",  "a single page on an LRU list, of a file: it can be dropped or written") \
	X(LARGE, "large", "part of a large folio on an LRU list")
/* clang-format on */

enum trace_use {
#define X(id, name, what) TRACE_USE_##id,
	TRACE_USES(X)
#undef X
		TRACE_NR_USES
};
const char *trace_use_name(enum trace_use use);

/* Uses of consecutive frames, a moment before the free lists were read. */
struct trace_pages {
	enum trace_at at;
	uint32_t zone;
	uint64_t first_pfn;
	const uint8_t *use; /* enum trace_use */
	size_t n;
};

struct trace_pcp {
	enum trace_at at;
	uint32_t zone, cpu, order, mt;
	int64_t count, batch, high; /* of the whole per_cpu_pages; -1 not known */
	const uint64_t *pfn;
	size_t n;
};

/*
 * What a CPU keeps of a zone besides pages, as it was when its lists were read: per_cpu_pages and
 * the share of NR_FREE_PAGES not told to the zone yet.  -1: not known, or not in that kernel;
 * TRACE_NO_DELTA for the share.
 */
#define TRACE_NO_DELTA INT32_MIN

struct trace_cpu {
	enum trace_at at;
	uint32_t zone, cpu;
	uint64_t event; /* number of the first event that the lists do not know */
	int64_t high_min, high_max, free_count, alloc_factor, flags; /* 6.7 and later */
	int64_t free_factor;					     /* up to 6.6 */
	int64_t expire, threshold;
	int32_t delta;
};

/*
 * Counters that belong to the whole recording: "records", "recursion_misses:<program>",
 * "hidden_switches", "snapshot_tries:begin", ...  Written once, near the end.
 */
struct trace_stats {
	struct trace_pairs pairs;
};

enum trace_item_kind {
	TRACE_END,    /* no more; the file was complete */
	TRACE_CUT,    /* no more; the file ends before its end mark: see trace_why() */
	TRACE_EVENTS, /* .events, .n: includes EV_LOST where records were lost */
	TRACE_LIST,
	TRACE_BLOCKS,
	TRACE_PAGES,
	TRACE_PCP,
	TRACE_CPU,
	TRACE_STATS,
};

struct trace_item {
	enum trace_item_kind kind;
	union {
		struct {
			const struct trace_event *ev;
			size_t n;
			uint64_t first; /* number of the first event since the start of the file */
		} events;
		struct trace_list list;
		struct trace_blocks blocks;
		struct trace_pages pages;
		struct trace_pcp pcp;
		struct trace_cpu cpu;
		const struct trace_pairs *stats;
	};
};

/* ---- writing ---- */

struct trace_writer;

/* Write to @path ("-": stdout), moving an existing file to @path.old first. */
int trace_writer_open(const char *path, const struct trace_meta *meta, struct trace_writer **out);
/* Buffered; a chunk reaches the file when full, on trace_writer_flush and before any other item. */
int trace_write_events(struct trace_writer *w, const struct trace_event *ev, size_t n);
int trace_write_list(struct trace_writer *w, const struct trace_list *list);
int trace_write_blocks(struct trace_writer *w, const struct trace_blocks *blocks);
int trace_write_pages(struct trace_writer *w, const struct trace_pages *pages);
int trace_write_pcp(struct trace_writer *w, const struct trace_pcp *pcp);
int trace_write_cpu(struct trace_writer *w, const struct trace_cpu *cpu);
int trace_write_stats(struct trace_writer *w, const struct trace_pairs *stats);
int trace_writer_flush(struct trace_writer *w);
uint64_t trace_writer_bytes(const struct trace_writer *w);
/*
 * Index and end mark, fsync, close.  After a failed write the file is left as it is,
 * readable up to its last whole chunk.  Frees @w in every case; accepts NULL.
 */
int trace_writer_close(struct trace_writer *w);
void trace_writer_abandon(struct trace_writer *w); /* close without index and end mark */

/* ---- reading ---- */

struct trace_reader;

/*
 * Open @path ("-": stdin) and read its header.
 *
 * Return: 0; -errno of the open; -EBADMSG if it is not a trace or is damaged,
 * -ENOTSUP if it is of a newer version.  On failure @why (if not NULL) gets one line
 * with offset and reason, at most @len bytes.
 */
int trace_open(const char *path, struct trace_reader **out, char *why, size_t len);
const struct trace_meta *trace_meta(const struct trace_reader *r);
/*
 * The next item; what it points to lives until the next call.
 *
 * Return: 0, or -EBADMSG on damage: trace_why() says where and what.
 */
int trace_next(struct trace_reader *r, struct trace_item *item);

/* How reading all of a file went. */
struct trace_pass {
	bool cut;	/* it ends early */
	char why[256];	/* where and why, if so */
	double seconds; /* of processor time */
};

/*
 * Hand every item to @item; where the file ends, early or not, @end is called.
 * Return: 0, or what the first of trace_next(), @item and @end to fail returned, with one line of
 * at most @len bytes in @why.
 */
int trace_play(struct trace_reader *r, int (*item)(void *arg, const struct trace_item *item),
	       int (*end)(void *arg), void *arg, struct trace_pass *pass, char *why, size_t len);
/* One line about the last -EBADMSG or TRACE_CUT: "offset 1234: chunk checksum differs". */
const char *trace_why(const struct trace_reader *r);
void trace_close(struct trace_reader *r); /* accepts NULL */

#endif /* TOOLS_TRACE_H */
