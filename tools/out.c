/* SPDX-License-Identifier: GPL-2.0-only */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "out.h"

void out_json_init(struct out_json *j, FILE *to, unsigned int indent)
{
	*j = (struct out_json){ .to = to, .indent = indent };
}

/* Length of the UTF-8 sequence at @s, or 0: no overlong forms, no surrogates. */
static size_t utf8_len(const unsigned char *s)
{
	static const struct {
		unsigned char first, last; /* lead bytes */
		unsigned char low, high;   /* second byte */
		unsigned char len;
	} forms[] = {
		{ 0x00, 0x7f, 0x00, 0xff, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	size_t i, k;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (s[0] < forms[i].first || s[0] > forms[i].last)
			continue;
		if (forms[i].len > 1 && (s[1] < forms[i].low || s[1] > forms[i].high))
			return 0;
		for (k = 2; k < forms[i].len; k++)
			if (s[k] < 0x80 || s[k] > 0xbf)
				return 0;
		return forms[i].len;
	}
	return 0;
}

/* A comm may hold any byte; one that is no UTF-8 becomes U+FFFD, so that parsers take the line. */
static void put_string(FILE *to, const char *text)
{
	static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* pairs: byte, letter */
	const unsigned char *s = (const unsigned char *)text;
	const char *p;
	size_t len;

	fputc('"', to);
	for (; *s; s += len) {
		len = utf8_len(s);
		if (!len) {
			fputs("\\ufffd", to);
			len = 1;
			continue;
		}
		for (p = named; *p && (unsigned char)*p != *s; p += 2)
			;
		if (*p)
			fprintf(to, "\\%c", p[1]);
		else if (*s < 0x20 || *s == 0x7f)
			fprintf(to, "\\u%04x", *s);
		else
			fwrite(s, 1, len, to);
	}
	fputc('"', to);
}

static bool bit(uint32_t mask, unsigned int i)
{
	return mask >> i & 1;
}

static void new_line(struct out_json *j)
{
	if (!j->indent || bit(j->inlined, j->depth))
		return;
	fprintf(j->to, "\n%*s", (int)(j->indent * j->depth), "");
}

/* What stands before each value: comma, line and key. */
static void before(struct out_json *j, const char *key)
{
	bool first = !bit(j->filled, j->depth);

	if (!first)
		fputc(',', j->to);
	j->filled |= UINT32_C(1) << j->depth;
	if (j->depth) {
		if (!first && j->indent && bit(j->inlined, j->depth))
			fputc(' ', j->to);
		new_line(j);
	}
	if (key) {
		put_string(j->to, key);
		fputs(j->indent ? ": " : ":", j->to);
	}
}

static void open_level(struct out_json *j, const char *key, char bracket, bool inlined)
{
	uint32_t mask;

	assert(j->depth + 1 < OUT_MAX_DEPTH);
	before(j, key);
	fputc(bracket, j->to);
	inlined |= bit(j->inlined, j->depth);
	mask = UINT32_C(1) << ++j->depth;
	j->filled &= ~mask;
	j->inlined = inlined ? j->inlined | mask : j->inlined & ~mask;
	j->arrays = bracket == '[' ? j->arrays | mask : j->arrays & ~mask;
}

void out_object(struct out_json *j, const char *key)
{
	open_level(j, key, '{', false);
}

void out_array(struct out_json *j, const char *key)
{
	open_level(j, key, '[', false);
}

void out_object_inline(struct out_json *j, const char *key)
{
	open_level(j, key, '{', true);
}

void out_array_inline(struct out_json *j, const char *key)
{
	open_level(j, key, '[', true);
}

void out_close(struct out_json *j)
{
	bool array = bit(j->arrays, j->depth), inlined = bit(j->inlined, j->depth);
	bool filled = bit(j->filled, j->depth);

	assert(j->depth > 0);
	j->depth--;
	if (filled && !inlined)
		new_line(j);
	fputc(array ? ']' : '}', j->to);
}

void out_str(struct out_json *j, const char *key, const char *text)
{
	if (!text) {
		out_null(j, key);
		return;
	}
	before(j, key);
	put_string(j->to, text);
}

void out_u64(struct out_json *j, const char *key, uint64_t v)
{
	before(j, key);
	fprintf(j->to, "%" PRIu64, v);
}

void out_i64(struct out_json *j, const char *key, int64_t v)
{
	before(j, key);
	fprintf(j->to, "%" PRId64, v);
}

void out_double(struct out_json *j, const char *key, double v, int digits)
{
	if (!isfinite(v)) {
		out_null(j, key);
		return;
	}
	before(j, key);
	fprintf(j->to, "%.*f", digits, v);
}

void out_bool(struct out_json *j, const char *key, bool v)
{
	before(j, key);
	fputs(v ? "true" : "false", j->to);
}

void out_null(struct out_json *j, const char *key)
{
	before(j, key);
	fputs("null", j->to);
}

int out_json_end(struct out_json *j)
{
	assert(j->depth == 0);
	fputc('\n', j->to);
	j->filled = 0;
	return fflush(j->to) || ferror(j->to) ? -EIO : 0;
}

static void csv_comma(struct out_csv *c)
{
	if (c->filled)
		fputc(',', c->to);
	c->filled = true;
}

/* RFC 4180: quoted where it must be, a quote doubled. */
void out_csv_str(struct out_csv *c, const char *text)
{
	csv_comma(c);
	if (!text)
		return;
	if (!text[strcspn(text, ",\"\r\n")]) {
		fputs(text, c->to);
		return;
	}
	fputc('"', c->to);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', c->to);
		fputc(*text, c->to);
	}
	fputc('"', c->to);
}

void out_csv_u64(struct out_csv *c, uint64_t v)
{
	csv_comma(c);
	fprintf(c->to, "%" PRIu64, v);
}

void out_csv_i64(struct out_csv *c, int64_t v)
{
	csv_comma(c);
	fprintf(c->to, "%" PRId64, v);
}

void out_csv_end(struct out_csv *c)
{
	fputc('\n', c->to);
	c->filled = false;
}
