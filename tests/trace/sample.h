/* SPDX-License-Identifier: GPL-2.0-only */
/* A small trace that has everything, and a number that names what a reader made of a file. */
#ifndef TESTS_TRACE_SAMPLE_H
#define TESTS_TRACE_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "tools/trace.h"

#define SAMPLE_EVENTS 256

/* Every member of every kind at its extremes.  sample_meta_free() ends it. */
void sample_meta(struct trace_meta *meta);
void sample_meta_free(struct trace_meta *meta);

/* Events of every type, with extreme and with ordinary members, as a reader gives them back. */
size_t sample_events(const struct trace_meta *meta, struct trace_event ev[SAMPLE_EVENTS]);

/* Write both, and snapshots and counters, to @path.  @end false: as if killed before the end. */
int sample_write(const char *path, const struct trace_meta *meta, int end);

struct sample_digest {
	uint64_t hash; /* of all that was read */
	uint64_t items, events;
	enum trace_item_kind last;
	char why[256];
};

/* Read all of @path: 0, or what trace_open() or trace_next() returned. */
int sample_read(const char *path, struct sample_digest *digest);

/* A temporary folder of the program's own, made at the first call; and a path inside, for good. */
const char *sample_path(const char *name);
void sample_clean_up(void);

/* Whole files. */
unsigned char *sample_load(const char *path, size_t *len);
void sample_store(const char *path, const void *p, size_t len);

#endif /* TESTS_TRACE_SAMPLE_H */
