/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel writes when an allocation fails or the OOM killer runs: warn_alloc, dump_header
 * and show_free_areas of 4.4 to 7.3, read back, and why the request failed.
 *
 * explain_read() finds the reports in a log, explain_why() judges one.  Numbers are as the kernel
 * prints them: kB, but lowmem_reserve in pages.
 */
#ifndef TOOLS_EXPLAIN_H
#define TOOLS_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/pa.h"

#define EXPLAIN_MAX_ZONES PA_MAX_ZONES
#define EXPLAIN_MAX_RESERVES 8 /* MAX_NR_ZONES is 5 at most */
#define EXPLAIN_MAX_SETTINGS 8
#define EXPLAIN_MAX_MISSING 8

enum explain_kind {
	EXPLAIN_HEADLESS, /* no line says what was asked: its start is missing */
	EXPLAIN_FAILURE,  /* page allocation failure */
	EXPLAIN_STALL,	  /* page allocation stalls for ...: 4.9 to 4.14 */
	EXPLAIN_VMALLOC,  /* vmalloc error or allocation failure: it wants many blocks */
	EXPLAIN_OOM,	  /* invoked oom-killer */
	EXPLAIN_NR_KINDS
};

/* Why a zone could not serve the request, and why the request failed. */
enum explain_reason {
	EXPLAIN_UNKNOWN,    /* the report does not say enough */
	EXPLAIN_PASSES,	    /* it would be served: memory came free before the report was written */
	EXPLAIN_LOW,	    /* free memory is not above the mark */
	EXPLAIN_BOOST,	    /* it is above the mark without watermark_boost */
	EXPLAIN_RESERVE,    /* it is above the mark, but not above lowmem_reserve too */
	EXPLAIN_HIGHATOMIC, /* enough, if the HIGHATOMIC reserve counted */
	EXPLAIN_CMA,	    /* enough, if CMA pages counted */
	EXPLAIN_FRAGMENTED, /* enough memory, no free block of the order */
	EXPLAIN_TYPE,	    /* such blocks, all of types that the request may not take */
	EXPLAIN_ZONE,	    /* what is free is in zones that the gfp excludes */
	EXPLAIN_NODES,	    /* what is free is on nodes that a cpuset or policy excludes */
	EXPLAIN_MEMCG,	    /* a memory cgroup is at its limit; the zones are not asked */
	EXPLAIN_FORCED,	    /* SysRq-f: nothing failed */
	EXPLAIN_NR_REASONS
};

const char *explain_kind_name(enum explain_kind kind);
/* "low", "fragmented", ... as --json spells it. */
const char *explain_reason_name(enum explain_reason reason);

struct explain_zone {
	uint32_t node;
	char name[16];
	int type; /* enum pa_zone_type, -1 for ZONE_DEVICE and strangers */
	/* Which of its lines are there. */
	bool told, reserves_told, listed;
	uint64_t free, boost, min, low, high, managed;
	uint64_t highatomic, free_highatomic, free_cma, free_pcp;
	bool free_highatomic_told;
	unsigned int nr_reserves, nr_orders;
	uint64_t reserve[EXPLAIN_MAX_RESERVES]; /* pages, by the kernel's zone index */
	uint64_t blocks[PA_TOLD_ORDERS];
	uint8_t types[PA_TOLD_ORDERS]; /* bit t: enum pa_mt t has some of these blocks */

	/* By explain_why(). */
	bool allowed; /* the request may use this zone */
	enum explain_reason reason;
	struct pa_zone_look look; /* pages */
	int fragmentation;	  /* index for the order asked, as pa_fragmentation_of() */
};

/* A setting that bears on the failure. */
struct explain_setting {
	const char *name; /* static */
	char why[240];
};

struct explain_report {
	uint64_t line; /* of its first line, from 1 */
	enum explain_kind kind;
	char comm[32], kernel[96];
	int64_t pid, cpu; /* -1: not told */
	int order;	  /* -1: not told, or the kernel's own -1 of SysRq-f */
	bool forced;
	uint64_t mode;	    /* gfp as the number printed */
	char gfp_text[512]; /* as the names printed; empty before 4.6 */
	char nodemask[64];  /* empty: not told; "(null)": all */
	char mems_allowed[64];
	char constraint[40]; /* "CONSTRAINT_MEMCG" */
	char cache[64];	     /* slab cache that wanted the pages */
	bool meminfo;	     /* Mem-Info: is there */
	bool swap_told;
	uint64_t swap_free, swap_total; /* kB */
	uint64_t total_free;		/* pages; all zones, shown or not; UINT64_MAX: not told */
	unsigned int page_kb;

	bool memcg; /* an OOM of a memory cgroup */
	bool memcg_told, memcg_v1;
	char memcg_path[128];
	uint64_t memcg_usage, memcg_limit, memcg_failcnt; /* kB, kB, times */
	uint64_t memcg_swap_usage, memcg_swap_limit;

	char victim[32]; /* empty: nobody was killed, as far as is told */
	int64_t victim_pid;
	uint64_t victim_rss; /* kB, anonymous */

	unsigned int nr_zones;
	struct explain_zone zones[EXPLAIN_MAX_ZONES];

	/* By explain_why(). */
	uint32_t gfp; /* PA_GFP_* */
	bool gfp_known;
	char gfp_strange[64];		/* the first name the core does not know; empty: none */
	const struct pa_policy *policy; /* whose watermark rule was applied */
	bool policy_guessed;		/* the kernel is not told */
	int highest;			/* enum pa_zone_type */
	uint32_t flags;			/* PA_ALLOC_* */
	enum explain_reason reason;
	int zone; /* index of the zone that decides; -1: none */
	char why[1024];
	unsigned int nr_settings, nr_missing;
	struct explain_setting settings[EXPLAIN_MAX_SETTINGS];
	const char *missing[EXPLAIN_MAX_MISSING]; /* static; what a whole report would have */
};

/* May return non-zero to stop. */
typedef int explain_fn(struct explain_report *report, void *ctx);

/*
 * Read a log to its end and hand over each report, not judged yet; it is gone after the call.
 * Prefixes (level, time, host, caller), other messages and carriage returns are skipped; of a line
 * of 8 KB and more only the start is looked at.  Return: 0, -EIO, -ENOMEM, or what @each returned.
 */
int explain_read(FILE *in, explain_fn *each, void *ctx);

/* Fill in what explain_read() left out. */
void explain_why(struct explain_report *report);
/* explain_advise.c, for explain_why(): the settings that bear on @report->reason. */
void explain_advise(struct explain_report *report);

/* kB that one block of @order has in this report. */
uint64_t explain_block_kb(const struct explain_report *report, unsigned int order);

/* For people; @nr of @of, counted from 1. */
void explain_print(FILE *to, const struct explain_report *report, unsigned int nr);

#endif /* TOOLS_EXPLAIN_H */
