/* SPDX-License-Identifier: GPL-2.0-only */
/* Screen 3: a zone's pageblocks, and what is in the one under the cursor. */
#include <inttypes.h>
#include <ctype.h>
#include <string.h>

#include "text.h"
#include "view.h"

#define BELOW 6 /* lines for the cursor's block and the legend */

static struct view_body map_body(const struct tui *t)
{
	struct view_body b = view_body(t);

	b.y += 1;
	b.h -= 1 + (b.h > 10 ? BELOW : 2);
	if (b.h < 1)
		b.h = 1;
	return b;
}

int view_map_width(const struct tui *t)
{
	return t->w > 2 ? t->w - 2 : 1;
}

size_t view_map_cells(const struct tui *t)
{
	return (size_t)view_map_width(t) * (size_t)map_body(t).h;
}

int64_t view_map_at(const struct tui *t, int x, int y)
{
	struct view_body b = map_body(t);

	if (t->screen != SCREEN_MAP || t->help || y < b.y || y >= b.y + b.h || x < 1 ||
	    x > view_map_width(t))
		return -1;
	return (int64_t)(y - b.y) * view_map_width(t) + x - 1;
}

/* Movable pageblocks with other pages inside are what stands in the way of large blocks. */
static bool is_polluted(const struct source_block *b)
{
	return b->mixed && b->mt == PA_MOVABLE;
}

static uint32_t glyph(const struct source_block *b)
{
	char letter = text_type_letter(b->mt);

	if (b->unseen == b->nr)
		return ' ';
	if (b->free == b->frames)
		return 0xb7;
	if (is_polluted(b))
		return '!';
	return (uint32_t)(b->free * 8 < b->frames ? letter : (char)tolower(letter));
}

/* @text at @x, or on the next line if it does not fit behind that.  Return: the column after it. */
static int put_on(struct cells *c, int x, int *y, enum cell_style style, const char *text)
{
	if (x > 4 && x + cells_width(text) > c->w) {
		x = 4;
		(*y)++;
		text += strspn(text, ", ");
	}
	return cells_put(c, x, *y, style, text);
}

static void draw_pieces(const struct source_content *in, struct cells *c, int x, int y)
{
	const char *title = "; free pieces:";
	char text[TEXT_LEN];

	for (int o = 0; o < SOURCE_ORDERS; o++)
		for (int mt = 0; mt < PA_NR_MT; mt++) {
			if (!in->pieces[o][mt])
				continue;
			x = cells_put(c, x, y, STYLE_DIM, title);
			title = "";
			snprintf(text, sizeof(text), " %u\u00d7%d%c", in->pieces[o][mt], o,
				 text_type_letter(mt));
			x = put_on(c, x, &y, STYLE_TYPE + mt, text);
		}
}

static void draw_content(const struct tui *t, struct cells *c, int y)
{
	const struct source_block *b = &t->map[t->cursor];
	const struct source_content *in = &t->content;
	char text[96], ns[TEXT_LEN];
	int x;

	x = cells_printf(c, 0, y, STYLE_BOLD, "pfn 0x%" PRIx64, b->pfn);
	if (b->nr > 1)
		cells_printf(c, x, y, STYLE_PLAIN,
			     t->w < 78 ? ": %u blocks, %s, %" PRIu64 "/%" PRIu64 " free, %u mixed" :
					 ": %u blocks, mostly %s, %" PRIu64 " of %" PRIu64
					 " pages free, %u mixed",
			     b->nr, pa_mt_name(b->mt), b->free, b->frames, b->mixed);
	y++;
	if (!t->has_content || in->block.unseen) {
		cells_put(c, 2, y, STYLE_DIM,
			  "nothing told of it: a hole in the zone, or in use all along");
		return;
	}
	x = cells_put(c, 2, y, STYLE_PLAIN, b->nr > 1 ? "the first: " : "");
	x = cells_put(c, x, y, STYLE_TYPE + in->block.mt, pa_mt_name(in->block.mt));
	x = cells_printf(c, x, y, STYLE_PLAIN, ", %" PRIu64 " of %" PRIu64 " free", in->block.free,
			 in->block.frames);
	for (int mt = 0; mt < PA_PCPTYPES; mt++) {
		snprintf(text, sizeof(text), ", %" PRIu64 " held by %s", in->used[mt],
			 pa_mt_name(mt));
		if (in->used[mt])
			x = put_on(c, x, &y, mt == in->block.mt ? STYLE_PLAIN : STYLE_WARN, text);
	}
	y++;
	snprintf(text, sizeof(text), "mixed for %s",
		 text_ns(ns, t->now->ts > in->mixed_since ? t->now->ts - in->mixed_since : 0));
	x = cells_put(c, 2, y, in->mixed_since ? STYLE_WARN : STYLE_DIM,
		      in->mixed_since ? text : "not known to be mixed");
	draw_pieces(in, c, x, y);
}

void view_map(const struct tui *t, struct cells *c, struct view_body b)
{
	struct view_body m = map_body(t);
	int w = view_map_width(t), x, y;
	size_t i;

	if (!t->now->nr_zones) {
		cells_put(c, 1, b.y, STYLE_DIM, "no zones");
		return;
	}
	view_zone_title(t, c, b.y, t->zone);
	if (t->back) {
		cells_put(c, 1, m.y, STYLE_DIM,
			  "the past is kept without a map (End goes to the present)");
		return;
	}
	if (!t->nr_map || !t->map[0].frames) {
		cells_put(c, 1, m.y, STYLE_DIM,
			  "not known: a map needs free lists, from a recording or the live stream");
		return;
	}
	for (i = 0; i < t->nr_map && i < (size_t)w * (size_t)m.h; i++) {
		const struct source_block *cell = &t->map[i];

		if (!cell->frames)
			break;
		x = 1 + (int)(i % (size_t)w);
		y = m.y + (int)(i / (size_t)w);
		cells_char(c, x, y, is_polluted(cell) ? STYLE_WARN : STYLE_TYPE + cell->mt,
			   glyph(cell));
		if (i == t->cursor)
			cells_style(c, x, y, 1, STYLE_SELECT);
	}
	y = m.y + m.h;
	if (b.h <= 10) {
		cells_printf(c, 0, y, STYLE_DIM,
			     "0x%" PRIx64 " U M R full, u m r part free, \u00b7 free, ! mixed",
			     t->map[t->cursor].pfn);
		return;
	}
	draw_content(t, c, y + 1);
	cells_put(
		c, 0, b.y + b.h - 1, STYLE_DIM,
		t->w < 78 ?
			"U M R in use  u m r 1/8 free  \u00b7 free  ! movable, mixed" :
			"U M R H C I in use  u m r 1/8 free or more  \u00b7 free  ! movable, others in it");
}
