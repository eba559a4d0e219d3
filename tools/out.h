/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON and CSV as streams: nothing is kept, so output of any length takes
 * constant memory.  Errors stick to the FILE; out_json_end() reports them.
 */
#ifndef TOOLS_OUT_H
#define TOOLS_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define OUT_MAX_DEPTH 32

struct out_json {
	FILE *to;
	unsigned int depth;
	unsigned int indent; /* spaces a level; 0 writes it all on one line */
	/* Bit i tells of the object or array that is open at depth i: */
	uint32_t filled;  /* it has a member */
	uint32_t inlined; /* it stays on one line */
	uint32_t arrays;  /* it is an array */
};

/* @indent 0 for one object a line, 2 for people. */
void out_json_init(struct out_json *j, FILE *to, unsigned int indent);

/* @key is the member's name inside an object and NULL inside an array and at the top. */
void out_object(struct out_json *j, const char *key);
void out_array(struct out_json *j, const char *key);
/* As the two above, on one line whatever the indent. */
void out_object_inline(struct out_json *j, const char *key);
void out_array_inline(struct out_json *j, const char *key);
void out_close(struct out_json *j); /* the innermost object or array */

void out_str(struct out_json *j, const char *key, const char *text); /* NULL: null */
void out_u64(struct out_json *j, const char *key, uint64_t v);
void out_i64(struct out_json *j, const char *key, int64_t v);
void out_double(struct out_json *j, const char *key, double v, int digits); /* not finite: null */
void out_bool(struct out_json *j, const char *key, bool v);
void out_null(struct out_json *j, const char *key);

/* End the line of a finished top-level value and flush.  Return: 0 or -EIO. */
int out_json_end(struct out_json *j);

/* A CSV row is fields and one out_csv_end. */
struct out_csv {
	FILE *to;
	bool filled;
};

void out_csv_str(struct out_csv *c, const char *text); /* NULL: an empty field */
void out_csv_u64(struct out_csv *c, uint64_t v);
void out_csv_i64(struct out_csv *c, int64_t v);
void out_csv_end(struct out_csv *c);

#endif /* TOOLS_OUT_H */
