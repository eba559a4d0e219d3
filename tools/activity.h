/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What events tell beside the free lists: counts, stalls and how long they took, who allocates,
 * what the per-cpu lists take in and give back.  Of bounded size however long the stream is.
 *
 * Times are as good as the clock readings in the stream: one for 256 records.  A process is the
 * tgid of current; begin and end of a stall are matched by it.  What per-cpu lists hold is the
 * count in the opening snapshot carried on; a CPU that drains another's lists takes from the
 * wrong one, so that single CPUs may be off where their zone is not.
 */
#ifndef TOOLS_ACTIVITY_H
#define TOOLS_ACTIVITY_H

#include "source.h"

struct activity;

int activity_open(const struct trace_meta *meta, struct activity **out); /* -ENOMEM or 0 */
void activity_close(struct activity *a);				 /* accepts NULL */

int activity_item(struct activity *a, const struct trace_item *item); /* -ENOMEM or 0 */
void activity_event(struct activity *a, const struct trace_event *ev);
void activity_pick(struct activity *a, const struct replay_decision *d);
uint64_t activity_count(const struct activity *a, enum source_count c);
/* Everything of @out that this knows. */
void activity_sample(struct activity *a, struct sample *out);
/* Ask once for the name of each process; NULL is not asked for again, it is gone. */
void activity_name(struct activity *a, const char *(*name)(uint32_t pid));

#endif /* TOOLS_ACTIVITY_H */
