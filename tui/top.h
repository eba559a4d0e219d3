/* SPDX-License-Identifier: GPL-2.0-only */
/* The dashboard on a terminal, until it is quit. */
#ifndef TUI_TOP_H
#define TUI_TOP_H

#include "state.h"

/*
 * @color never: no colours and no attributes but reverse.  What the user changed is in @set
 * afterwards.  Return: 0, or -errno with @why filled (@len bytes).
 */
int top_run(struct source *source, struct tui_settings *set, enum tui_color color, uint64_t samples,
	    char *why, size_t len);

/* What is on the screen now, as plain text; -ENOMEM or 0. */
int top_frame(struct tui *t, FILE *to);
/* Take a sample and whatever the screen shows beside it. */
int top_sample(struct tui *t, struct source *source, struct sample *room);

#endif /* TUI_TOP_H */
