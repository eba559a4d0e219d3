/* SPDX-License-Identifier: GPL-2.0-only */
/* What the snapshot programs and tools/snapshot.c hand each other; fixed widths, no includes. */
#ifndef BPF_SNAP_H
#define BPF_SNAP_H

#define SNAP_MAX_LISTS 88 /* 11 orders of 8 migratetypes; pcp lists are fewer */

enum snap_status {
	SNAP_OK,
	SNAP_BUSY,  /* zone->lock was held at one end of the walk */
	SNAP_FULL,  /* snap_pages is too small */
	SNAP_FAULT, /* an address could not be read: the list changed under the walk */
};

struct snap_list {
	__u32 first; /* index into snap_pages, head of the list first */
	__u32 n;
};

#define WATCH_MAX_ZONES 8
#define WATCH_MAX_CPUS 1024

enum watch_mode {
	WATCH_OFF,
	WATCH_BY_HELPER, /* bpf_probe_read_kernel: a third of what such a free costs */
	WATCH_BY_CAST,	 /* bpf_rdonly_cast: from 6.2 on */
};

#define NR_FREE_SETS                                                                               \
	3 /* programs that stand in for each other, each with pending frees of its own */
#define WATCH_MAX_SLOTS (WATCH_MAX_CPUS * 4) /* sets, up to a power of two */
#define MAX_PENDING 32

/* The pcp lists of one zone and CPU, and frees of which it is not known that they are there. */
struct watched_pcp {
	__u64 first_pfn; /* of the zone */
	__u64 addr;	 /* 0: not in use, and nothing there to find locked */
	/* see bpf/frees.bpf.h */
	__u64 before;		  /* lock and count ahead of these frees */
	__u32 pages;		  /* in these */
	__u32 gone;		  /* of them, in blocks that are for no pcp list */
	__u64 block[MAX_PENDING]; /* by page: 0 but for the first of a block, and what is gone */
};

struct watched_cpu {
	struct watched_pcp zone[WATCH_MAX_ZONES]; /* by first_pfn, highest first */
};

/* The programs that others stand in for where they are left out, see record.bpf.c. */
enum stood_in_for { STOOD_IN_ALLOC, STOOD_IN_FREE, STOOD_IN_FREE_AGAIN, NR_STOOD_IN_FOR };

struct stand_ins {
	__u64 active[NR_STOOD_IN_FOR]; /* per-CPU pointer prog->active; 0: not known */
	__u32 id[NR_STOOD_IN_FOR];     /* user space sets them */
	__u64 nr_alloc, nr_free;       /* events that others had in their place */
};

#define MAX_TURNING 8
#define MAX_ORDERS 11

/* A zone whose lists compaction may turn, see bpf/turns.bpf.h. */
struct turning {
	__u64 zone; /* struct zone; 0: not in use, as are all that follow */
	__u64 first_pfn, end_pfn;
	__u32 compactors;	/* at work now */
	__u32 begun;		/* so often did one begin */
	__u32 seen;		/* of these, whose turns were looked for once nobody was at work */
	__u64 tail[MAX_ORDERS]; /* as last reported: a list_head, changed inside the lock */
};

#define REPORTED_TYPES 3 /* UNMOVABLE, MOVABLE, RECLAIMABLE */

/* A zone whose free blocks are reported to a hypervisor, see bpf/reporting.bpf.h. */
struct reported_zone {
	__u64 zone; /* as in struct turning */
	__u64 first_pfn, end_pfn;
	__u64 due; /* its tails may be new, though no reporting is at work any more */
	__u64 tail[MAX_ORDERS * REPORTED_TYPES];
};

struct snap_zone {
	__u64 addr;
	__u64 start_pfn, spanned, present, managed;
	__u64 wmark[3];
	__u64 boost;
	__u64 nr_reserved_highatomic;
	__s64 lowmem_reserve[8];
	__u32 node;
	char name[20];
};

/* per_cpu_pages of one zone and CPU, and its share of NR_FREE_PAGES.  -1: not in this kernel. */
struct snap_pcp {
	__u64 addr;
	__s32 count, high, batch;
	__s32 high_min, high_max, free_count, alloc_factor, flags; /* 6.7 and later */
	__s32 free_factor;					   /* up to 6.6 */
	__s32 expire;
	__s32 delta, threshold; /* vm_stat_diff and stat_threshold */
};

struct snap {
	/* asked */
	__u64 node, zone;
	__u64 first_pfn, end_pfn; /* of the zone, or the first pageblock wanted */
	__u32 index, cpu, nr;
	__u32 want_in_lock;
	__u32 more; /* of programs that work in steps: run it again; 0 begins anew */
	/* answered */
	__u32 done_in_lock;
	__u32 status;	     /* enum snap_status */
	__u32 nr_walked;     /* blocks on the free lists */
	__u64 before, after; /* stream_head around the walk */
	struct snap_list list[SNAP_MAX_LISTS];
	struct snap_zone zone_info;
	struct snap_pcp pcp;
};

#endif /* BPF_SNAP_H */
