/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cells.h"

int cells_open(struct cells *c, int w, int h, bool ascii)
{
	*c = (struct cells){ .w = w < 1 ? 1 : w, .h = h < 1 ? 1 : h, .ascii = ascii };
	c->cell = calloc((size_t)c->w * (size_t)c->h, sizeof(*c->cell));
	if (!c->cell)
		return -ENOMEM;
	for (int i = 0; i < c->w * c->h; i++)
		c->cell[i].ch = ' ';
	return 0;
}

void cells_close(struct cells *c)
{
	free(c->cell);
	c->cell = NULL;
}

/* What stands for a character where the terminal has ASCII only. */
static uint32_t plain(uint32_t ch)
{
	static const struct {
		uint32_t ch;
		char ascii;
	} table[] = {
		{ 0x2500, '-' }, { 0x2502, '|' }, { 0x2581, '_' }, { 0x2582, '.' }, { 0x2583, ':' },
		{ 0x2584, '-' }, { 0x2585, '=' }, { 0x2586, '+' }, { 0x2587, '*' }, { 0x2588, '#' },
		{ 0x00b7, '.' }, { 0x2026, '~' }, { 0x25b6, '>' }, { 0x25cf, '*' }, { 0x2191, '^' },
		{ 0x2193, 'v' }, { 0x2192, '>' }, { 0x2190, '<' }, { 0x2590, '[' }, { 0x258c, ']' },
		{ 0x2591, '.' }, { 0x2592, ':' }, { 0x2593, '%' }, { 0x2503, '|' }, { 0x00d7, 'x' },
	};

	if (ch < 0x7f)
		return ch;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].ch == ch)
			return (uint32_t)table[i].ascii;
	return '?';
}

/* The next character of well-formed UTF-8; anything else and controls come as '?'. */
static uint32_t decode(const char **text)
{
	const unsigned char *p = (const unsigned char *)*text;
	int more = p[0] >= 0xf0 ? 3 : p[0] >= 0xe0 ? 2 : p[0] >= 0xc0 ? 1 : 0;
	uint32_t ch = more ? p[0] & (0x3f >> more) : p[0];

	*text += 1;
	if (!more)
		return ch < ' ' || ch >= 0x7f ? '?' : ch;
	for (int i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return '?';
		ch = ch << 6 | (p[i] & 0x3f);
	}
	*text += more;
	return ch < 0xa0 ? '?' : ch;
}

void cells_char(struct cells *c, int x, int y, enum cell_style style, uint32_t ch)
{
	if (x < 0 || y < 0 || x >= c->w || y >= c->h)
		return;
	c->cell[y * c->w + x] =
		(struct cell){ .ch = c->ascii ? plain(ch) : ch, .style = (uint8_t)style };
}

int cells_put(struct cells *c, int x, int y, enum cell_style style, const char *text)
{
	while (*text)
		cells_char(c, x++, y, style, decode(&text));
	return x;
}

int cells_printf(struct cells *c, int x, int y, enum cell_style style, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return cells_put(c, x, y, style, text);
}

int cells_width(const char *text)
{
	int n = 0;

	for (; *text; n++)
		decode(&text);
	return n;
}

int cells_field(struct cells *c, int x, int y, int w, enum cell_style style, const char *text,
		bool right)
{
	int n = cells_width(text), i = 0;

	for (; right && i < w - n; i++)
		cells_char(c, x + i, y, style, ' ');
	for (; i < w && *text; i++)
		cells_char(c, x + i, y, style, i == w - 1 && n > w ? 0x2026 : decode(&text));
	for (; i < w; i++)
		cells_char(c, x + i, y, style, ' ');
	return x + (w > 0 ? w : 0);
}

int cells_wrap(struct cells *c, int x, int y, int indent, enum cell_style style, const char *text)
{
	const char *word, *next;
	int at = x, n;

	while (*text) {
		word = text + strspn(text, " ");
		next = word + strcspn(word, " ");
		n = (int)(next - text);
		if (at > x + indent && at + n > c->w) {
			at = x + indent;
			y++;
			text = word;
		}
		while (text < next)
			cells_char(c, at++, y, style, decode(&text));
	}
	return y + 1;
}

void cells_style(struct cells *c, int x, int y, int w, enum cell_style style)
{
	for (; w > 0; w--, x++)
		if (x >= 0 && y >= 0 && x < c->w && y < c->h)
			c->cell[y * c->w + x].style = (uint8_t)style;
}

static void put_utf8(uint32_t ch, FILE *to)
{
	if (ch < 0x80) {
		fputc((int)ch, to);
	} else if (ch < 0x800) {
		fputc((int)(0xc0 | ch >> 6), to);
		fputc((int)(0x80 | (ch & 0x3f)), to);
	} else if (ch < 0x10000) {
		fputc((int)(0xe0 | ch >> 12), to);
		fputc((int)(0x80 | (ch >> 6 & 0x3f)), to);
		fputc((int)(0x80 | (ch & 0x3f)), to);
	} else {
		fputc((int)(0xf0 | ch >> 18), to);
		fputc((int)(0x80 | (ch >> 12 & 0x3f)), to);
		fputc((int)(0x80 | (ch >> 6 & 0x3f)), to);
		fputc((int)(0x80 | (ch & 0x3f)), to);
	}
}

void cells_write(const struct cells *c, FILE *to)
{
	const struct cell *row;
	int x, y, end;

	for (y = 0; y < c->h; y++) {
		row = &c->cell[y * c->w];
		for (end = c->w; end && row[end - 1].ch == ' '; end--)
			;
		for (x = 0; x < end; x++)
			put_utf8(row[x].ch, to);
		fputc('\n', to);
	}
}
