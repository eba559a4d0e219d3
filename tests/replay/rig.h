/* SPDX-License-Identifier: GPL-2.0-only */
/* A replay that is fed events put together by hand. */
#ifndef TESTS_REPLAY_RIG_H
#define TESTS_REPLAY_RIG_H

#include "machine.h"

/* A header without a machine behind it: one zone of two pageblocks at 1024. */
struct rig {
	struct machine m; /* for its meta; never runs */
	struct replay *r;
	uint64_t n; /* events fed */
	uint64_t seen;
	struct replay_decision last;
	struct pa_decision core;
	uint64_t heard; /* events that were announced */
	uint8_t type;	/* of the last */
	uint64_t free;	/* pages of zone 0 that were free at the last one */
};

/* Ready for lists and events of a kernel of @policy, recorded at @tier. */
void rig_open(struct rig *rig, const char *policy, const char *tier, bool no_repair);
void rig_list(struct rig *rig, enum trace_at at, uint32_t zone, uint32_t order, uint32_t mt,
	      size_t n, const uint64_t *pfn);
/* From @first_pfn of zone 0 on, as the recording began. */
void rig_pages(struct rig *rig, uint64_t first_pfn, enum trace_use use, size_t n);
void rig_feed(struct rig *rig, struct trace_event ev);
/* At once, so that each is known when the one before is played; their times are set. */
void rig_feed_all(struct rig *rig, struct trace_event *ev, size_t n);
const struct replay_result *rig_end(struct rig *rig); /* the state is sound */
void rig_close(struct rig *rig);

#define LOAD(rig, order, mt, ...)                                                                  \
	rig_list(rig, TRACE_AT_BEGIN, 0, order, mt,                                                \
		 sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t),                           \
		 (uint64_t[]){ __VA_ARGS__ })

#define EV(rig, ...) rig_feed(rig, (struct trace_event){ __VA_ARGS__ })

#endif /* TESTS_REPLAY_RIG_H */
