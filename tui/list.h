/* SPDX-License-Identifier: GPL-2.0-only */
/* The screens that are lists: their columns as data, so that drawing, sorting, filtering and
 * searching read the same. */
#ifndef TUI_LIST_H
#define TUI_LIST_H

#include "cells.h"
#include "state.h"

struct list_column {
	const char *title;
	int w;
	int from;   /* shown on screens at least this wide */
	bool right; /* a number; sorted largest first */
	void (*text)(const struct sample *s, size_t i, char *buf, size_t len);
	double (*key)(const struct sample *s, size_t i);
};

struct list_screen {
	const struct list_column *column;
	int n, sort;	  /* columns; the one it is sorted by at first */
	int then;	  /* what parts equals: this column + 1; 0 how they come */
	const char *none; /* what an empty list means */
	size_t (*count)(const struct sample *s);
	enum cell_style (*style)(const struct sample *s, size_t i);
};

/* NULL: that screen is no list. */
const struct list_screen *list_of(enum tui_screen screen);
/* The same of what is shown now: fallbacks that were counted stand in for decisions. */
const struct list_screen *list_shown(const struct tui *t);
/* Does a column of row @i hold @text, whatever its case? */
bool list_matches(const struct list_screen *l, const struct sample *s, size_t i, const char *text);

#endif /* TUI_LIST_H */
