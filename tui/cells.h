/* SPDX-License-Identifier: GPL-2.0-only */
/* A screen as a grid of cells: what a view makes and a terminal, a file or a test takes. */
#ifndef TUI_CELLS_H
#define TUI_CELLS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * What a cell means, not how it looks: term.c has a palette for each.  Whatever a style says is
 * said by the text as well.
 */
enum cell_style {
	STYLE_PLAIN,
	STYLE_DIM,  /* labels, zeros, what does not matter now */
	STYLE_BOLD, /* figures that answer a question */
	STYLE_BAR,  /* the line of screens at the top, the line of keys at the bottom */
	STYLE_TAB,  /* the screen that is shown */
	STYLE_HEAD, /* heading of a column */
	STYLE_SELECT,
	STYLE_GOOD,
	STYLE_WARN,
	STYLE_BAD,
	STYLE_MARK, /* found by a search */
	STYLE_TYPE, /* + enum pa_mt: a migratetype */
	NR_STYLES = STYLE_TYPE + 8
};

struct cell {
	uint32_t ch; /* one column wide */
	uint8_t style;
};

struct cells {
	int w, h;
	bool ascii; /* characters beyond ASCII are replaced as they are put */
	struct cell *cell;
};

int cells_open(struct cells *c, int w, int h, bool ascii); /* blank; -ENOMEM or 0 */
void cells_close(struct cells *c);			   /* accepts a zeroed one */

/* Put UTF-8 text, clipped at the edges.  Return: the column after it. */
int cells_put(struct cells *c, int x, int y, enum cell_style style, const char *text);
__attribute__((format(printf, 5, 6))) int cells_printf(struct cells *c, int x, int y,
						       enum cell_style style, const char *fmt, ...);
/* The same in a field of @w columns: cut with an ellipsis, blank-filled; @right: right-aligned. */
int cells_field(struct cells *c, int x, int y, int w, enum cell_style style, const char *text,
		bool right);
/* Lines broken at blanks, from the second on indented by @indent.  Return: the line after them. */
int cells_wrap(struct cells *c, int x, int y, int indent, enum cell_style style, const char *text);
/* Give a run of cells a style and leave its text. */
void cells_style(struct cells *c, int x, int y, int w, enum cell_style style);
void cells_char(struct cells *c, int x, int y, enum cell_style style, uint32_t ch);
/* Columns that @text takes. */
int cells_width(const char *text);

/* Lines of text without trailing blanks. */
void cells_write(const struct cells *c, FILE *to);

#endif /* TUI_CELLS_H */
