/* SPDX-License-Identifier: GPL-2.0-only */
/* Views: the state as cells.  Pure functions; tui.w and tui.h are the size of the cells. */
#ifndef TUI_VIEW_H
#define TUI_VIEW_H

#include "cells.h"
#include "state.h"

/* The whole screen. */
void view_draw(const struct tui *t, struct cells *c);

/* Where the body of a screen is: below the lines of tabs, source and time, above that of keys. */
struct view_body {
	int y, h;
};
struct view_body view_body(const struct tui *t);

/* Each draws its screen into the body. */
void view_overview(const struct tui *t, struct cells *c, struct view_body b);
void view_types(const struct tui *t, struct cells *c, struct view_body b);
void view_map(const struct tui *t, struct cells *c, struct view_body b);
void view_stalls(const struct tui *t, struct cells *c, struct view_body b);
void view_list(const struct tui *t, struct cells *c, struct view_body b);
void view_explain(const struct tui *t, struct cells *c, struct view_body b);
void view_help(const struct tui *t, struct cells *c, struct view_body b);

/* One row of free blocks by order: label, then columns of equal width from @x on. */
struct view_orders {
	int x, w; /* first column's place; width of each */
	uint32_t n;
};
struct view_orders view_orders(const struct tui *t);
/* Title of a zone: node, name, free of managed, watermarks.  Return: the column after it. */
int view_zone_title(const struct tui *t, struct cells *c, int y, uint32_t zone);

/* How the map lies on the screen: cells in a row, rows; and of them all. */
int view_map_width(const struct tui *t);
size_t view_map_cells(const struct tui *t);

/* What is at a place of the screen; -1: nothing of the kind. */
int view_tab_at(const struct tui *t, int x, int y);
int64_t view_row_at(const struct tui *t, int y);
int64_t view_map_at(const struct tui *t, int x, int y);

/* Line @i of text that explains a decision; false past the last. */
bool view_explain_line(const struct sample *s, const struct source_decision *d, int i, char *buf,
		       size_t len);

#endif /* TUI_VIEW_H */
