/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's free blocks as a recording alone tells them: from the opening snapshot and from
 * what each event says was taken, given back, moved or retyped.  No decision of the core goes in,
 * so that the two can be set side by side; no list order comes out.
 *
 * Why that is possible: buddies always merge when they meet, so which blocks there are follows
 * from which frames are free, and every event names its frames.  What the trace of a kernel does
 * not hold (compaction's removals, where nothing tells of them) is missing here as well, until a later
 * event names the frame: tally_hides() says so.
 *
 * It also keeps what allocations and frees say of frames in use: by which type of request they
 * were taken, so that pageblocks are found which hold pages of a kind they are not meant for.
 */
#ifndef TOOLS_TALLY_H
#define TOOLS_TALLY_H

#include "replay.h"

struct tally;

/* A pageblock. */
struct tally_block {
	uint8_t mt;	 /* enum pa_mt */
	bool mixed;	 /* it holds pages of requests of another type than its own */
	bool seen;	 /* its type was told, or a frame of it: it is no hole in the zone */
	uint32_t frames; /* of the zone; fewer than a pageblock's at its edges */
	uint32_t free;	 /* frames in free blocks */
	uint32_t used[PA_PCPTYPES]; /* frames allocated since the recording began, by request */
	uint64_t mixed_since;	    /* ts; meaningful where mixed */
};

/*
 * @policy is the recording kernel's.  -ENOMEM or 0.  Zones are numbered as the core numbers
 * them: those of the header that span any frames, in its order.
 */
int tally_open(const struct trace_meta *meta, const struct pa_policy *policy, struct tally **out);
void tally_close(struct tally *t); /* accepts NULL */

uint32_t tally_nr_zones(const struct tally *t);
/* The header's zone behind number @zone. */
const struct trace_zone *tally_zone(const struct tally *t, uint32_t zone);
/* Its lists were in a snapshot: there is something to count. */
bool tally_known(const struct tally *t, uint32_t zone);
/* Pageblock types came with the snapshot, too. */
bool tally_blocks_known(const struct tally *t, uint32_t zone);
/* Compaction took blocks, and the recording does not hold which: the counts are too high. */
bool tally_hides(const struct tally *t);

/*
 * Snapshots.  One of a zone's lists at the end replaces what was counted: it is the truth.
 * tally_differs() tells how many blocks of the closing snapshot were not where the events had
 * put them, or were there too many.
 */
int tally_item(struct tally *t, const struct trace_item *item); /* -ENOMEM or 0 */
uint64_t tally_differs(const struct tally *t);

/* An event, in the order of the file; picks come by tally_pick() instead. */
void tally_event(struct tally *t, const struct trace_event *ev);
/* What a comparison says of the kernel.  Only the request is taken from the core's side. */
void tally_pick(struct tally *t, const struct replay_decision *d);

/* Free blocks of a list. */
uint64_t tally_free(const struct tally *t, uint32_t zone, unsigned int order, enum pa_mt mt);
uint64_t tally_nr_blocks(const struct tally *t, uint32_t zone);
/* The @i-th pageblock of a zone, lowest first. */
void tally_block(const struct tally *t, uint32_t zone, uint64_t i, struct tally_block *out);
/* Free blocks by order and list that begin in it. */
void tally_pieces(const struct tally *t, uint32_t zone, uint64_t i,
		  uint32_t n[PA_MAX_ORDERS][PA_NR_MT]);

#endif /* TOOLS_TALLY_H */
