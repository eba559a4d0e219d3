/* SPDX-License-Identifier: GPL-2.0-only */
/* Screen 2: free blocks of a zone by order and migratetype, both sides; pageblocks by type. */
#include <inttypes.h>

#include "text.h"
#include "tools/metrics.h"
#include "view.h"

static bool is_used(const struct source_zone *z, int mt)
{
	uint64_t n = z->blocks[mt];

	for (int o = 0; o < SOURCE_ORDERS; o++)
		n += z->kernel[o][mt] + z->core[o][mt];
	return n || mt < PA_PCPTYPES;
}

/* Four shades of a share of the zone's free pages, so that the eye finds where they are. */
static uint32_t shade(uint64_t part, uint64_t whole)
{
	static const uint32_t shades[] = { ' ', 0x2591, 0x2592, 0x2593, 0x2588 };

	if (!part || !whole)
		return ' ';
	return part * 2 >= whole  ? shades[4] :
	       part * 5 >= whole  ? shades[3] :
	       part * 20 >= whole ? shades[2] :
				    shades[1];
}

static void draw_row(const struct tui *t, struct cells *c, int y, const struct source_zone *z,
		     bool core, int mt)
{
	const struct view_orders o = view_orders(t);
	const uint64_t(*n)[PA_NR_MT] = core ? z->core : z->kernel;
	uint64_t free = metrics_free(z), pages = 0;
	char text[TEXT_LEN];
	bool differs;
	int x;

	cells_field(c, 0, y, o.x - 1, STYLE_TYPE + mt,
		    o.x > 9 ? pa_mt_name(mt) : text_type_short(mt), false);
	for (uint32_t i = 0; i < o.n; i++) {
		x = o.x + (int)i * o.w;
		pages += n[i][mt] << i;
		differs = core && z->types_known && n[i][mt] != z->kernel[i][mt];
		cells_field(c, x, y, o.w,
			    differs  ? STYLE_BAD :
			    n[i][mt] ? STYLE_PLAIN :
				       STYLE_DIM,
			    n[i][mt] || differs ? text_count(text, n[i][mt], o.w - 2) : "\u00b7",
			    true);
		cells_char(c, x, y, STYLE_TYPE + mt, shade(n[i][mt] << i, free));
		if (differs)
			cells_char(c, x + o.w - 1 - cells_width(text), y, STYLE_BAD, '!');
	}
	x = o.x + (int)o.n * o.w + 1;
	if (t->w - x >= 16)
		cells_printf(c, x, y, STYLE_PLAIN, "%7s %3" PRIu64 " %%",
			     text_size(text, pages << t->now->page_shift),
			     free ? pages * 100 / free : 0);
}

static int draw_grid(const struct tui *t, struct cells *c, int y, const char *title, bool core)
{
	const struct source_zone *z = &t->now->zone[t->zone];
	const struct view_orders o = view_orders(t);
	char text[TEXT_LEN];

	cells_field(c, 0, y, o.x, STYLE_HEAD, title, false);
	for (uint32_t i = 0; i < o.n; i++) {
		snprintf(text, sizeof(text), i == t->set.order ? "[%u]" : "%u", i);
		cells_field(c, o.x + (int)i * o.w, y, o.w, STYLE_HEAD, text, true);
	}
	y++;
	if (core ? !z->core_known : !z->types_known) {
		cells_put(c, o.x + 2, y, STYLE_DIM, core ? "not run" : "not known");
		return y + 1;
	}
	for (int mt = 0; mt < PA_NR_MT; mt++)
		if (is_used(z, mt))
			draw_row(t, c, y++, z, core, mt);
	return y;
}

static void draw_blocks(const struct tui *t, struct cells *c, int y)
{
	const struct source_zone *z = &t->now->zone[t->zone];
	int x = cells_put(c, 0, y, STYLE_HEAD, "pageblocks ");
	const char *mixed = t->w < 78 ? " (!%" PRIu64 ")" : " (%" PRIu64 " mixed)";

	if (!z->blocks_known) {
		cells_put(c, x, y, STYLE_DIM, "their types are not known");
		return;
	}
	for (int mt = 0; mt < PA_NR_MT; mt++) {
		if (!z->blocks[mt])
			continue;
		x = cells_put(c, x, y, STYLE_TYPE + mt,
			      t->w < 78 ? text_type_short(mt) : pa_mt_name(mt));
		x = cells_printf(c, x, y, STYLE_PLAIN, " %" PRIu64, z->blocks[mt]);
		if (z->mixed[mt]) {
			x = cells_printf(c, x, y, STYLE_WARN, mixed, z->mixed[mt]);
			mixed = t->w < 78 ? mixed : " (%" PRIu64 ")"; /* said once */
		}
		x += 2;
	}
}

/* What was asked for, whatever the zone, where there is room for it. */
static void draw_requests(const struct tui *t, struct cells *c, int y, int end)
{
	const struct view_orders o = view_orders(t);
	char text[TEXT_LEN];
	uint64_t n;

	if (!t->now->requests_known || end - y < 1 + PA_PCPTYPES)
		return;
	cells_field(c, 0, y++, t->w, STYLE_HEAD,
		    t->w < 78 ? "asked" : "asked for, in all zones, since the beginning", false);
	for (int mt = 0; mt < PA_NR_MT && y < end; mt++) {
		n = 0;
		for (uint32_t i = 0; i < o.n; i++)
			n += t->now->requests[i][mt];
		if (!n && mt >= PA_PCPTYPES)
			continue;
		cells_field(c, 0, y, o.x - 1, STYLE_TYPE + mt,
			    o.x > 9 ? pa_mt_name(mt) : text_type_short(mt), false);
		for (uint32_t i = 0; i < o.n; i++) {
			n = t->now->requests[i][mt];
			cells_field(c, o.x + (int)i * o.w, y, o.w, n ? STYLE_PLAIN : STYLE_DIM,
				    n ? text_count(text, n, o.w - 1) : "\u00b7", true);
		}
		y++;
	}
}

void view_types(const struct tui *t, struct cells *c, struct view_body b)
{
	char text[TEXT_LEN];
	int y = b.y;

	if (!t->now->nr_zones) {
		cells_put(c, 1, y, STYLE_DIM, "no zones");
		return;
	}
	view_zone_title(t, c, y++, t->zone);
	y += b.h >= 16;
	y = draw_grid(t, c, y,
		      t->now->zone[t->zone].hides ? "kern~" :
		      t->w < 78			  ? "kern" :
						    "kernel",
		      false);
	y += b.h >= 16;
	y = draw_grid(t, c, y, "core", true);
	y += b.h >= 16;
	if (t->now->types_ns_ago && t->now->zone[t->zone].types_known)
		cells_printf(c, t->w - 18, y, STYLE_DIM, " kernel %5s ago",
			     text_ns(text, t->now->types_ns_ago));
	draw_blocks(t, c, y++);
	draw_requests(t, c, y + (b.h >= 20), b.y + b.h - 1);
	if (b.y + b.h - y >= 2)
		cells_put(
			c, 0, b.y + b.h - 1, STYLE_DIM,
			t->w < 78 ?
				"of free: \u2591 some \u2592 5 % \u2593 20 % \u2588 half  ! core differs, mixed" :
				"share of free memory: \u2591 some \u2592 5 % \u2593 20 % \u2588 half   ! core differs");
}
