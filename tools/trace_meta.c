/* SPDX-License-Identifier: GPL-2.0-only */
/* struct trace_meta and what belongs to it, to and from JSON, by tables. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace_meta.h"

enum kind { U32, U64, TEXT, PAIRS };

#define REQUIRED 0x1 /* refuse an object without it */
#define ALWAYS 0x2   /* write it even if it is 0 or empty */

struct field {
	const char *key;
	enum kind kind;
	size_t off;
	uint64_t min, max; /* of a number; TEXT: max is the room it has */
	unsigned int flags;
};

#define FIELD(type, member, kind, min, max, flags)                                                 \
	{                                                                                          \
#member, kind, offsetof(struct type, member), min, max, flags                      \
	}
#define NAME(type, member, flags)                                                                  \
	FIELD(type, member, TEXT, 0, sizeof(((struct type *)NULL)->member), flags)

#define PFN_MAX ((uint64_t)EV_PFN_NONE)

static const struct field meta_fields[] = {
	NAME(trace_meta, kernel, ALWAYS),
	NAME(trace_meta, policy, 0),
	NAME(trace_meta, tier, 0),
	FIELD(trace_meta, page_shift, U32, 0, 30, ALWAYS),
	/* A record has 4 bits for an order, and for a capture order + 1. */
	FIELD(trace_meta, nr_orders, U32, 1, 15, REQUIRED | ALWAYS),
	FIELD(trace_meta, pageblock_order, U32, 0, 14, REQUIRED | ALWAYS),
	FIELD(trace_meta, cpus, U32, 0, 1u << EV_CPU_BITS, ALWAYS),
	FIELD(trace_meta, gfp, PAIRS, 0, 0, 0),
	FIELD(trace_meta, sysctl, PAIRS, 0, 0, 0),
	FIELD(trace_meta, clock_mono_ns, U64, 0, INT64_MAX, 0),
	FIELD(trace_meta, clock_real_ns, U64, 0, INT64_MAX, 0),
	FIELD(trace_meta, recorder_pid, U32, 0, UINT32_MAX, 0),
	NAME(trace_meta, command, 0),
	NAME(trace_meta, unknown, 0),
	FIELD(trace_meta, sites, PAIRS, 0, 0, 0),
};

static const struct field zone_fields[] = {
	FIELD(trace_zone, id, U32, 0, UINT32_MAX, REQUIRED | ALWAYS),
	FIELD(trace_zone, node, U32, 0, UINT32_MAX, ALWAYS),
	NAME(trace_zone, name, REQUIRED | ALWAYS),
	FIELD(trace_zone, start_pfn, U64, 0, PFN_MAX, REQUIRED | ALWAYS),
	FIELD(trace_zone, spanned, U64, 0, PFN_MAX, REQUIRED | ALWAYS),
	FIELD(trace_zone, present, U64, 0, PFN_MAX, ALWAYS),
	FIELD(trace_zone, managed, U64, 0, PFN_MAX, REQUIRED | ALWAYS),
	FIELD(trace_zone, min, U64, 0, INT64_MAX, ALWAYS),
	FIELD(trace_zone, low, U64, 0, INT64_MAX, ALWAYS),
	FIELD(trace_zone, high, U64, 0, INT64_MAX, ALWAYS),
	FIELD(trace_zone, boost, U64, 0, INT64_MAX, 0),
	FIELD(trace_zone, nr_reserved_highatomic, U64, 0, INT64_MAX, 0),
};

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

__attribute__((format(printf, 3, 4))) static int bad(char *why, size_t len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, len, fmt, ap);
	va_end(ap);
	return -EBADMSG;
}

/* ---- to JSON ---- */

/* Command lines and the like may hold any bytes; JSON holds UTF-8 alone. */
static json_t *string_to_json(const char *text)
{
	json_t *json = json_string(text);
	char *copy, *c;

	if (json)
		return json;
	copy = strdup(text);
	if (!copy)
		return NULL;
	for (c = copy; *c; c++)
		if (*c & 0x80)
			*c = '?';
	json = json_string(copy);
	free(copy);
	return json;
}

json_t *trace_pairs_to_json(const struct trace_pairs *pairs)
{
	json_t *json = json_object();
	size_t i;

	for (i = 0; json && i < pairs->n; i++) {
		const struct trace_pair *p = &pairs->v[i];
		json_t *value = p->text ? string_to_json(p->text) : json_integer(p->value);

		if (json_object_set_new(json, p->name, value)) {
			json_decref(json);
			return NULL;
		}
	}
	return json;
}

static json_t *field_to_json(const struct field *f, const void *base, bool *empty)
{
	const void *at = (const char *)base + f->off;
	uint64_t number;

	switch (f->kind) {
	case TEXT:
		*empty = !*(const char *)at;
		return string_to_json(at);
	case PAIRS:
		*empty = !((const struct trace_pairs *)at)->n;
		return trace_pairs_to_json(at);
	case U32:
	case U64:
		break;
	}
	number = f->kind == U32 ? *(const uint32_t *)at : *(const uint64_t *)at;
	*empty = !number;
	return json_integer(number);
}

static int fields_to_json(const struct field *f, size_t n, const void *base, json_t *json)
{
	bool empty;

	for (; n; n--, f++) {
		json_t *value = field_to_json(f, base, &empty);

		if (value && empty && !(f->flags & ALWAYS))
			json_decref(value);
		else if (json_object_set_new(json, f->key, value))
			return -ENOMEM;
	}
	return 0;
}

json_t *trace_meta_to_json(const struct trace_meta *meta)
{
	json_t *json = json_object(), *names = json_array();
	uint32_t i;
	int err;

	err = json_object_set_new(json, "schema", json_string(TRACE_SCHEMA));
	for (i = 0; i < meta->nr_mt; i++)
		err |= json_array_append_new(names, string_to_json(meta->mt[i]));
	err |= json_object_set_new(json, "migratetypes", names);
	err |= fields_to_json(meta_fields, COUNT(meta_fields), meta, json);
	if (!err)
		return json;
	json_decref(json);
	return NULL;
}

json_t *trace_zone_to_json(const struct trace_zone *zone)
{
	json_t *json = json_object(), *reserve = json_array();
	uint32_t i;
	int err;

	err = fields_to_json(zone_fields, COUNT(zone_fields), zone, json);
	for (i = 0; i < zone->nr_lowmem_reserve; i++)
		err |= json_array_append_new(reserve, json_integer(zone->lowmem_reserve[i]));
	err |= json_object_set_new(json, "lowmem_reserve", reserve);
	if (!err)
		return json;
	json_decref(json);
	return NULL;
}

/* ---- from JSON ---- */

static int copy_text(const char *key, const json_t *value, char *to, size_t room, char *why,
		     size_t len)
{
	const char *text = json_string_value(value);

	if (!text)
		return bad(why, len, "\"%s\" is not a string", key);
	if (strlen(text) >= room)
		return bad(why, len, "\"%s\" is longer than %zu bytes", key, room - 1);
	memcpy(to, text, strlen(text) + 1);
	return 0;
}

int trace_pairs_from_json(const json_t *json, struct trace_pairs *pairs, char *why, size_t len)
{
	const char *key;
	json_t *value;

	if (!json_is_object(json))
		return bad(why, len, "names and values are not an object");
	json_object_foreach((json_t *)json, key, value)
	{
		if (!json_is_integer(value) && !json_is_string(value))
			return bad(why, len, "value of a name is neither an integer nor a string");
		if (trace_pairs_add(pairs, key, json_integer_value(value),
				    json_string_value(value)))
			return -ENOMEM;
	}
	return 0;
}

static int field_from_json(const struct field *f, const json_t *json, void *base, char *why,
			   size_t len)
{
	const json_t *value = json_object_get(json, f->key);
	void *at = (char *)base + f->off;
	json_int_t number;

	if (!value)
		return f->flags & REQUIRED ? bad(why, len, "\"%s\" is missing", f->key) : 0;
	if (f->kind == PAIRS)
		return trace_pairs_from_json(value, at, why, len);
	if (f->kind == TEXT)
		return copy_text(f->key, value, at, f->max, why, len);
	number = json_integer_value(value);
	if (!json_is_integer(value) || number < (json_int_t)f->min || number > (json_int_t)f->max)
		return bad(why, len, "\"%s\" is not a number from %llu to %llu", f->key,
			   (unsigned long long)f->min, (unsigned long long)f->max);
	if (f->kind == U32)
		*(uint32_t *)at = number;
	else
		*(uint64_t *)at = number;
	return 0;
}

static int fields_from_json(const struct field *f, size_t n, const json_t *json, void *base,
			    char *why, size_t len)
{
	int err;

	for (; n; n--, f++) {
		err = field_from_json(f, json, base, why, len);
		if (err)
			return err;
	}
	return 0;
}

static int types_from_json(const json_t *names, struct trace_meta *meta, char *why, size_t len)
{
	size_t i, n = json_array_size(names);
	char name[TRACE_NAME];
	int err;

	if (n < 1 || n > TRACE_MAX_MT)
		return bad(why, len, "\"migratetypes\" is not a list of 1 to %d names",
			   TRACE_MAX_MT);
	for (i = 0; i < n; i++) {
		err = copy_text("migratetypes", json_array_get(names, i), name, sizeof(name), why,
				len);
		if (err)
			return err;
		if (!*name || trace_mt_index(meta, name) >= 0)
			return bad(why, len, "a migratetype's name is empty or comes twice");
		strcpy(meta->mt[meta->nr_mt++], name);
	}
	return 0;
}

int trace_meta_from_json(const json_t *json, struct trace_meta *meta, char *why, size_t len)
{
	const char *schema = json_string_value(json_object_get(json, "schema"));
	int err;

	if (!schema || strcmp(schema, TRACE_SCHEMA))
		return bad(why, len, "schema is not \"" TRACE_SCHEMA "\"");
	meta->page_shift = 12;
	err = fields_from_json(meta_fields, COUNT(meta_fields), json, meta, why, len);
	if (err)
		return err;
	if (meta->pageblock_order >= meta->nr_orders)
		return bad(why, len, "\"pageblock_order\" is not below \"nr_orders\"");
	return types_from_json(json_object_get(json, "migratetypes"), meta, why, len);
}

int trace_zone_from_json(const json_t *json, struct trace_zone *zone, char *why, size_t len)
{
	const json_t *reserve = json_object_get(json, "lowmem_reserve"), *pages;
	struct trace_zone z = { 0 };
	size_t i;
	int err;

	err = fields_from_json(zone_fields, COUNT(zone_fields), json, &z, why, len);
	if (err)
		return err;
	if (z.start_pfn + z.spanned > PFN_MAX)
		return bad(why, len, "zone ends beyond the last pfn");
	z.nr_lowmem_reserve = json_array_size(reserve);
	if (z.nr_lowmem_reserve > COUNT(z.lowmem_reserve))
		return bad(why, len, "\"lowmem_reserve\" has more than %zu numbers",
			   COUNT(z.lowmem_reserve));
	for (i = 0; i < z.nr_lowmem_reserve; i++) {
		pages = json_array_get(reserve, i);
		if (!json_is_integer(pages))
			return bad(why, len, "\"lowmem_reserve\" is not a list of numbers");
		z.lowmem_reserve[i] = json_integer_value(pages);
	}
	*zone = z;
	return 0;
}
