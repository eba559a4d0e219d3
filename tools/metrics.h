/* SPDX-License-Identifier: GPL-2.0-only */
/* Figures that follow from a sample: pure functions. */
#ifndef TOOLS_METRICS_H
#define TOOLS_METRICS_H

#include "source.h"

/* Free pages of a zone, on the kernel's side. */
uint64_t metrics_free(const struct source_zone *z);
/* Blocks of @order there are once all larger ones are split. */
uint64_t metrics_suitable(const struct source_zone *z, unsigned int order);
/* unusable_index @ mm/vmstat.c: share of the free pages in smaller blocks, 0 to 1000. */
int metrics_unusable(const struct source_zone *z, unsigned int order);
/*
 * fragmentation_index @ mm/vmstat.c: -1000 if a request of @order can be met, else from 0 (too
 * little memory is free) to 1000 (it is there, in pieces).
 */
int metrics_extfrag(const struct source_zone *z, unsigned int order);
/* Sum over orders and lists of how far the two sides' free block counts are apart. */
uint64_t metrics_difference(const struct source_zone *z);

enum metrics_serve {
	SERVE_UNKNOWN, /* no zone's free lists are known */
	SERVE_NO,      /* no block is large enough */
	SERVE_LOW,     /* there is one, but free memory is at or below the min mark */
	SERVE_YES,
};

struct metrics_verdict {
	enum metrics_serve serve;
	uint64_t suitable;	  /* blocks, over all zones */
	int largest;		  /* order of the largest free block, -1 none */
	uint64_t free;		  /* pages */
	uint64_t unusable;	  /* of these: in smaller blocks */
	uint64_t stuck[PA_NR_MT]; /* of these, by list; where types are known */
	bool stuck_known;
	/* Pageblocks meant for movable pages, and those of them with others inside, by type. */
	uint64_t movable, polluted, intruders[PA_PCPTYPES];
	bool polluted_known;
};

/* Can this host serve @order now, and if not, what is in the way? */
void metrics_verdict(const struct sample *s, unsigned int order, struct metrics_verdict *v);

/* A second's worth of a counter between two samples; negative where it cannot be told. */
double metrics_rate(const struct sample *before, const struct sample *now, enum source_count c);

/* One object on one line, schema buddyscope.top/1; what is not known is null. */
int metrics_json(const struct sample *before, const struct sample *now, FILE *to);

#endif /* TOOLS_METRICS_H */
