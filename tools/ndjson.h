/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interchange form of a trace, one JSON object a line: man/pgt.5, INTERCHANGE.
 * Both directions work in constant memory, one item or line at a time.
 */
#ifndef TOOLS_NDJSON_H
#define TOOLS_NDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "trace.h"

/*
 * Write all that @r has to @fd.
 *
 * Return: 0, with @cut set if the trace ends before its end mark (trace_why() says where);
 * -EIO and the like of the output; -EBADMSG or another error of trace_next().
 * @writing tells an error of the output from one of the trace.
 */
int ndjson_export(struct trace_reader *r, int fd, bool *cut, bool *writing);

struct ndjson_import {
	uint64_t lines;
	uint64_t ignored; /* records of a kind, or events of a type, that a trace has no place for */
	char why[200];	  /* -EBADMSG: "line 12: reason" */
};

/*
 * Read @in to its end into a new trace at @path, as trace_writer_open() makes one.
 *
 * Return: 0, -EBADMSG if @in is no such text, -errno.  After a failure the trace stays as
 * far as it was written, without its end mark.
 */
int ndjson_import(FILE *in, const char *path, struct ndjson_import *result);

#endif /* TOOLS_NDJSON_H */
