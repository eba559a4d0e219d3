/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The record the kernel side emits and the trace file stores.
 *
 * Included by bpf/<name>.bpf.c after vmlinux.h and by tools/ after
 * <linux/types.h>, so it names no kernel type and includes nothing.
 *
 * A record is 16 bytes, written with two 8-byte stores into a slot of a shared
 * array (see bpf/stream.bpf.h).  Both words carry the lap of the array the slot
 * was claimed in, so that a reader can tell a finished record from one that is
 * still being written or belongs to an earlier lap.
 *
 *   word 0   0-35 pfn | 36-39 order | 40-42 migratetype | 43-47 type
 *            48-49 lap | 50-63 cpu
 *   word 1   0-31 arg, see the type | 32-53 pid (tgid of current) | 54-61 bits
 *            62-63 lap; of a free in the array: its number, see EV_NUMBERED
 */
#ifndef BPF_EVENT_H
#define BPF_EVENT_H

/*
 * X(id, NAME, "ndjson name", fields, "what it means")
 *
 * The only list of event types in the tree: ids are part of the file format
 * and never change their meaning.  `fields` says which of the record's members
 * carry something for this type, as letters:
 *
 *   p pfn     o order     m migratetype     g arg is a gfp mask
 *   f arg packs a fallback: order in bits 0-3, migratetype in bits 4-6
 *   n arg is a migratetype, the block's old one
 *   a arg is a plain number, named after the colon if there is one
 *   z arg packs a scan: frames taken in bits 0-10, looked at 11-21, its range 22-31
 *   y arg packs an attempt: the kernel's ALLOC_* in bits 0-15, the highest zone's index in 16-18
 *   e arg packs an end: the highest zone's index in bits 0-2, the boost left from bit 4 on if 3 is set
 *   t pid     r EV_REFILL   l EV_LOCKED   c EV_CLAIMED with EV_CLAIM_KNOWN
 *   q capture order in the flag bits (see EV_CAPTURE)   d EV_ROTATE_TAIL
 *   s EV_FAST     x EV_TO_TAIL     h EV_HELD     w EV_AWAITED     i EV_RECLAIMING
 *   b EV_BELOW_HIGH
 *
 * Everything marked (lock) is stamped while zone->lock is held: the order of
 * those records is the order of the list operations.
 */
/* clang-format off */
#define EVENT_TYPES(X)                                                                             \
	X(1,  ALLOC,        "alloc",        "pomgt", "mm_page_alloc: a block reached its caller")  \
	X(2,  FREE,         "free",         "pot",   "mm_page_free: a block was given back")       \
	X(3,  FREE_BATCHED, "free_batched", "p",     "mm_page_free_batched")                       \
	X(4,  ZONE_ALLOC,   "zone_alloc",   "pomr",  "mm_page_alloc_zone_locked (lock)")           \
	X(5,  DRAIN,        "drain",        "pomqt", "mm_page_pcpu_drain: inserted (lock)")        \
	X(6,  FALLBACK,     "fallback",     "pomfc", "mm_page_alloc_extfrag (lock)")               \
	X(7,  ZONE_FREE,    "zone_free",    "pomlqxw", "a free entering the buddy directly")       \
	X(8,  ISOLATE,      "isolate",      "posh",  "__isolate_free_page succeeded (lock)")       \
	X(9,  PUTBACK,      "putback",      "pomh",  "__putback_isolated_page (lock)")             \
	X(10, MOVE_BLOCK,   "move_block",   "pmnh",  "a pageblock changed its type (lock)")        \
	X(11, ROTATE,       "rotate",       "pod",   "a free list was rotated"       )             \
	X(12, LOST,         "lost",         "a",     "records this gap has lost")                  \
	X(13, PUSH,         "push",         "pomibta:high", "a block was put on a per-cpu list")         \
	X(14, TRY,          "try",          "omyt",  "get_page_from_freelist is entered")       \
	X(15, VMSTAT,       "vmstat",       "at:what","a CPU's counters are folded, thresholds are set") \
	X(16, RECLAIM_BEGIN, "mm_vmscan_direct_reclaim_begin", "ogt", "direct reclaim starts")     \
	X(17, RECLAIM_END,  "mm_vmscan_direct_reclaim_end", "at:nr_reclaimed", "and ends")         \
	X(18, KSWAPD_WAKE,  "mm_vmscan_kswapd_wake",  "oa:nid", "kswapd starts to work")           \
	X(19, KSWAPD_SLEEP, "mm_vmscan_kswapd_sleep", "a:nid",  "kswapd goes to sleep")            \
	X(20, COMPACT_TRY,  "mm_compaction_try_to_compact_pages", "ogt", "direct compaction")      \
	X(21, COMPACT_BEGIN, "mm_compaction_begin",   "pat:zone_end", "a compaction run starts")   \
	X(22, COMPACT_END,  "mm_compaction_end",      "pat:status", "a compaction run ends")       \
	X(23, COMPACT_FREE, "mm_compaction_isolate_freepages", "pz", "free scanner: a range")      \
	X(24, COMPACT_MIGRATE, "mm_compaction_isolate_migratepages", "pa:nr_taken", "migrate scanner") \
	X(25, OOM_VICTIM,   "mark_victim",            "at:victim", "the OOM killer chose a victim") \
	X(26, WMARKS,       "mm_setup_per_zone_wmarks", "pa:min", "watermarks were recomputed")    \
	X(27, COMPACT_FAST, "mm_compaction_fast_isolate_freepages", "pz", "free scanner: one list") \
	X(28, BALANCE_BEGIN, "balance_begin",         "poa:boost", "balance_pgdat finds a zone's boost") \
	X(29, BALANCE_END,  "balance_end",            "pe",    "balance_pgdat ends, zone by zone")     \
	X(30, DRAIN_PAGES,  "drain_pages",            "pat:of_cpu","a CPU's lists of a zone are emptied") \
	X(31, BULK,         "bulk",                   "pomg",  "a page of alloc_pages_bulk reached its caller")
/* clang-format on */

enum event_type {
#define X(id, name, text, fields, what) EV_##name = id,
	EVENT_TYPES(X)
#undef X
		EV_NR_TYPES = 32
};

/* What `z` packs; a count that does not fit is its largest. */
static inline __u32 event_scan(__u64 taken, __u64 scanned, __u64 range)
{
	return (taken > 0x7ff ? 0x7ff : taken) | (scanned > 0x7ff ? 0x7ff : scanned) << 11 |
	       (range > 0x3ff ? 0x3ff : range) << 22;
}

/* What `y` packs. */
static inline __u32 event_try(__u32 alloc_flags, __u32 highest_zone)
{
	return (alloc_flags & 0xffff) | (highest_zone & 7) << 16;
}

/* What `e` packs; without @told the boost is not known. */
static inline __u32 event_balance_end(__u32 highest_zone, __u32 told, __u64 boost)
{
	return (highest_zone & 7) |
	       (told ? 8 | (boost > 0xfffffff ? 0xfffffff : (__u32)boost) << 4 : 0);
}

/* What vmstat's arg says in bits 0-1; the node of the last two is above. */
#define EV_VMSTAT_IDLE 0   /* refresh_cpu_vm_stats of a CPU that goes idle */
#define EV_VMSTAT_WORKER 1 /* of the vmstat worker: per-cpu lists decay, too */
#define EV_VMSTAT_AWAKE 2  /* set_pgdat_percpu_threshold: the ones while kswapd is awake */
#define EV_VMSTAT_ASLEEP 3 /* or asleep */

/* Flag bits of word 1 (bits 54-61). */
#define EV_REFILL 0x01	    /* zone_alloc: percpu_refill, the order may sit on a pcp list */
#define EV_LOCKED 0x01	    /* zone_free: stamped inside zone->lock */
#define EV_CLAIMED 0x01	    /* fallback: the pageblock has the new type afterwards */
#define EV_ROTATE_TAIL 0x01 /* rotate: pfn became the tail; without it the head */
#define EV_FAST 0x01	    /* isolate: by compaction's fast search, which rotated first */
#define EV_RECLAIMING 0x01  /* push: ZONE_RECLAIM_ACTIVE, short lists drain */
#define EV_BELOW_HIGH 0x02  /* push: ZONE_BELOW_HIGH, lists drain and shrink */
#define EV_CLAIM_KNOWN 0x02 /* fallback: EV_CLAIMED was read, not left out */
#define EV_TO_TAIL 0x02	    /* zone_free: FPI_TO_TAIL */
#define EV_HELD 0x02	    /* isolate: seen in a compactor's hands, may be known already */
/* putback: page reporting did it before, the block is the last of its list; move_block: it was
 * seen to have this type, which it got before */
#define EV_MT_KNOWN 0x04   /* zone_free: the record carries a migratetype */
#define EV_AWAITED 0x08	   /* zone_free: its arrival will be told; EV_LOCKED: is told */
#define EV_CAPTURE_SHIFT 4 /* drain, zone_free: order + 1 of a compaction capture, 0 none */
#define EV_CAPTURE(bits) (((bits) >> EV_CAPTURE_SHIFT) & 0xf)

/* In all numbers of records, and in word 1 of a free, which is its number; no other has them all. */
#define EV_NUMBERED (0xffULL << 54)

#define EV_PFN_BITS 36
#define EV_PFN_NONE ((1ULL << EV_PFN_BITS) - 1) /* alloc: the request failed */
#define EV_CPU_BITS 14
#define EV_PID_BITS 22
#define EV_LAP_MASK 3

struct event_record {
	__u64 w0;
	__u64 w1;
};

_Static_assert(sizeof(struct event_record) == 16, "two words a record");

/* What lies in the ring buffer of kernels without the array, a header of 8 bytes before each. */
struct ring_record {
	struct event_record rec; /* the lap is 0 */
	__u64 ts;
};

#define RING_STRIDE 32

/*
 * What is passed must fit: a mask would cost the kernel side two instructions an event.
 * @lap comes in its place in word 1, with nothing below.
 */
static inline __u64 event_w0(__u64 pfn, __u64 order, __u64 mt, __u64 type, __u64 lap, __u64 cpu)
{
	return pfn | order << 36 | mt << 40 | type << 43 | lap >> 14 | cpu << 50;
}

static inline __u64 event_w1(__u64 arg, __u64 pid, __u64 bits, __u64 lap)
{
	return arg | pid << 32 | bits << 54 | lap;
}

#endif /* BPF_EVENT_H */
