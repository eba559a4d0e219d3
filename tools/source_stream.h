/* SPDX-License-Identifier: GPL-2.0-only */
/* What a recording and a live stream have in common: the core as a mirror beside the kernel. */
#ifndef TOOLS_SOURCE_STREAM_H
#define TOOLS_SOURCE_STREAM_H

#include "activity.h"
#include "tally.h"

struct stream {
	const struct trace_meta *meta;
	struct replay *replay;
	struct tally *tally;
	struct activity *activity;
	struct source_decision *decision, *shown; /* SOURCE_DECISIONS each */
	uint64_t nr_decisions, differences;
	uint64_t first_ts, ts;
};

/* @meta must outlive it.  Return: as replay_open(). */
int stream_open(struct stream *s, const struct trace_meta *meta, const struct source_options *opt,
		struct replay_options replay, char *why, size_t len);
void stream_close(struct stream *s); /* accepts a zeroed one */
/* All of an item; its events as replay_item() has it.  -ENOMEM or 0. */
int stream_item(struct stream *s, const struct trace_item *item);
/* Everything of @out but name, note, timeline and own. */
void stream_sample(struct stream *s, struct sample *out);
void stream_map(const struct stream *s, uint32_t zone, struct source_block *cell, size_t n);
bool stream_content(const struct stream *s, uint32_t zone, uint64_t block,
		    struct source_content *out);
int stream_save(const struct stream *s, const char *path);

#endif /* TOOLS_SOURCE_STREAM_H */
