/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * struct trace_meta as JSON: the META chunk of a .pgt file and the first lines of
 * its NDJSON form have the same members.
 */
#ifndef TOOLS_TRACE_META_H
#define TOOLS_TRACE_META_H

#include <jansson.h>
#include <stddef.h>

#include "trace.h"

#define TRACE_SCHEMA "buddyscope.trace/1"

/* A new object with every member but the zones; NULL without memory. */
json_t *trace_meta_to_json(const struct trace_meta *meta);
json_t *trace_zone_to_json(const struct trace_zone *zone);
json_t *trace_pairs_to_json(const struct trace_pairs *pairs);

/*
 * Fill a zeroed @meta (but for its zones), one @zone, or append to @pairs.
 *
 * Return: 0, -ENOMEM, or -EBADMSG with a reason in @why.  The caller frees @meta in every case.
 */
int trace_meta_from_json(const json_t *json, struct trace_meta *meta, char *why, size_t len);
int trace_zone_from_json(const json_t *json, struct trace_zone *zone, char *why, size_t len);
int trace_pairs_from_json(const json_t *json, struct trace_pairs *pairs, char *why, size_t len);

#endif /* TOOLS_TRACE_META_H */
