/* SPDX-License-Identifier: GPL-2.0-only */
/* The terminal: cells out, keys in.  term.c is the only file that knows curses. */
#ifndef TUI_TERM_H
#define TUI_TERM_H

#include <stddef.h>

#include "cells.h"
#include "state.h"

/* Keys as state.h has them, and what is none. */
enum term_kind { TERM_NOTHING, TERM_KEY, TERM_CLICK, TERM_RESIZE, TERM_GONE };

struct term_event {
	enum term_kind kind;
	int key;
	int x, y;
};

/*
 * From here on the terminal is ours, and given back by term_close(), by a fatal signal or by
 * exit, whichever comes first.  Return: 0 or -ENOTTY with @why filled.
 */
int term_open(enum tui_color color, bool mouse, char *why, size_t len);
void term_close(void);
void term_size(int *w, int *h);
void term_draw(const struct cells *c);
void term_redraw(void); /* whatever else wrote to the terminal is written over */
/* The next thing that happens within @ms; TERM_GONE: there is no terminal any more. */
struct term_event term_wait(int ms);

#endif /* TUI_TERM_H */
