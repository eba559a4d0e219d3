/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One recording from open to close: host, sites, probe, snapshots and the file.  The
 * order of calls is the order of the functions here.
 */
#ifndef TOOLS_RECORDER_H
#define TOOLS_RECORDER_H

#include "snapshot.h"

struct recorder {
	struct host host;
	struct site_plan plan;
	struct probe *probe;
	struct trace_meta meta;
	struct snapshot snap;
	struct event_log log;
	struct sides sides; /* of the last snapshot */
	struct trace_writer *writer;
	uint64_t events, lost; /* written to the file; lost in the stream */
	uint64_t flushed_ns;   /* when the file was last brought up to date */
	uint64_t missed;       /* a program was not run: it was running on that CPU already */
	uint64_t begin_tries, end_tries;
	uint64_t pages_told;   /* whose use the file tells */
	uint32_t zones_missed; /* zones whose begin or end snapshot could not be had */
	char why[256];	       /* set when a call fails */
};

/*
 * Facts, sites, load, zones, attach.  -ENOTSUP, -ENOENT and -EPERM mean that this kernel
 * or these privileges do not allow it.
 */
int recorder_open(struct recorder *r, enum tier tier, bool requests, uint64_t buffer);
/* Say on stderr why @what could not start, and what to do.  Return: the exit code. */
int recorder_failed(const struct recorder *r, const char *what, int err);
/*
 * Take the begin snapshot and write it, and what has happened since, to @path.  Returns
 * -errno of the file as recorder_pump().
 */
int recorder_begin(struct recorder *r, const char *path);
/*
 * Move what the stream holds into the file, which then lacks a second of it at most.  @busy tells
 * whether there was anything.
 */
int recorder_pump(struct recorder *r, bool *busy);
/* The end snapshot, the rest of the stream, statistics, end mark. */
int recorder_end(struct recorder *r);
/* The same, and the stream goes on: another file may begin. */
int recorder_end_file(struct recorder *r);
void recorder_close(struct recorder *r); /* accepts a zeroed one */

/* Keep CAP_BPF, which the end snapshot needs, and drop every other capability. */
int recorder_drop_privileges(void);

#endif /* TOOLS_RECORDER_H */
