/* SPDX-License-Identifier: GPL-2.0-only */
/* What the collecting parts of a report share. */
#ifndef TOOLS_REPORT_INTERNAL_H
#define TOOLS_REPORT_INTERNAL_H

#include "report.h"

/* ---- report.c ---- */

struct report_tally *report_tally(struct report_map *map, uint32_t key);

/* ---- report_stall.c ---- */

int report_stalls_open(struct report_stalls *s); /* -ENOMEM or 0 */
void report_stalls_event(struct report *rep, const struct trace_event *ev);
void report_stalls_end(struct report *rep); /* no more events */
void report_stalls_free(struct report_stalls *s);

/* ---- report_zone.c ---- */

int report_zones_open(struct report *rep);				   /* -ENOMEM or 0 */
void report_zones_item(struct report *rep, const struct trace_item *item); /* a snapshot's */
/* Move on to the slice of @ts: what ended is sampled from the state as it is now. */
void report_zones_advance(struct report *rep, uint64_t ts);
void report_zones_event(struct report *rep, const struct trace_event *ev);
int report_zones_end(struct report *rep); /* -ENOMEM or 0 */
void report_zones_free(struct report *rep);

#endif /* TOOLS_REPORT_INTERNAL_H */
