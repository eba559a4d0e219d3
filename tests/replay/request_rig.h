/* SPDX-License-Identifier: GPL-2.0-only */
/* Request mode on a trace written by hand, event by event. */
#ifndef TESTS_REPLAY_REQUEST_RIG_H
#define TESTS_REPLAY_REQUEST_RIG_H

#include "tools/request.h"

#include "machine.h"

#define NORMAL 8192 /* the zone that requests prefer starts here; 2048 frames */
#define DMA32 4096  /* and the one behind it here; 4096 frames */
#define HIGH 1990   /* NORMAL's high mark: it is below once HELD pages were asked for */
#define HELD 32
#define BOOST 3000 /* and with this the zone is below its low mark */
#define LATER 10   /* pushes before the one that is looked at */

/* An order-0 event of movable pages, which the caller may change; of EV_TRY and EV_ALLOC what such a request passes. */
struct trace_event *emit(struct machine *m, unsigned int type, unsigned int cpu, uint64_t pfn);
/* CPU 0 holds HELD pages from NORMAL on, and has as many on its list. */
void begin_as(struct machine *m, const char *policy);
void begin(struct machine *m); /* 6.12 */
/* Free a page and push it, on @cpu or CPU 0. */
void give_back_on(struct machine *m, unsigned int cpu, uint64_t pfn);
void give_back(struct machine *m, uint64_t pfn);
/* CPU 1 makes a request, which ends with @pfn, while half of the zone is not there. */
void try_without(struct machine *m, uint64_t pfn);
/*
 * CPU 0's lists are too long with ZONE_BELOW_HIGH, which CPU 1 sets with a request for @pfn, as that is; it has just
 * drained them.
 */
void begin_drained_below(struct machine *m, uint64_t pfn);
/* kswapd's round is over, and leaves @boost. */
struct trace_event balance_end(unsigned int cpu, uint64_t pfn, uint32_t boost);
/* Replay what was emitted; the machine is gone then. */
void run(struct machine *m, struct request_result *res);
/* And call @sample after each event. */
void run_watched(struct machine *m, struct request_result *res, request_sample_fn *sample);
/* With per-cpu lists of NORMAL that a snapshot tells of. */
struct rig_lists {
	int64_t batch, high_min, high;
};
void run_with(struct machine *m, const struct rig_lists *lists, struct request_result *res,
	      request_sample_fn *sample);
/* The events from @second on are read once others were played: those more than REQUEST_WINDOW before. */
void run_in_two(struct machine *m, size_t second, struct request_result *res);
/* @n blocks leave @cpu's lists. */
void drain(struct machine *m, unsigned int cpu, unsigned int n);

#define EVENTS 1024

/* The zone after an event, and its lists of both CPUs; keep_moment() is for run_watched(). */
struct moment {
	uint32_t flags;
	struct pa_pcp pcp[2];
};
extern struct moment after[EVENTS];
void keep_moment(void *arg, const struct pa *pa, const struct request_result *res, uint64_t event,
		 uint64_t ts);

#endif /* TESTS_REPLAY_REQUEST_RIG_H */
