/* SPDX-License-Identifier: GPL-2.0-only */
/* From a source to the state, and from the state to plain text: what needs no terminal. */
#include <errno.h>
#include <stdlib.h>

#include "top.h"
#include "view.h"

/* The map has as many cells as the screen. */
static int take_map(struct tui *t, struct source *source)
{
	size_t n = view_map_cells(t), per;
	struct source_block *map;

	if (n != t->nr_map) {
		map = realloc(t->map, n * sizeof(*map));
		if (!map)
			return -ENOMEM;
		t->map = map;
		t->nr_map = n;
	}
	source_map(source, t->zone, t->map, n);
	if (t->cursor >= n || !t->map[t->cursor].frames)
		t->cursor = 0;
	per = t->map[0].nr;
	t->has_content = source_content(source, t->zone, t->cursor * per, &t->content);
	return 0;
}

int top_sample(struct tui *t, struct source *source, struct sample *room)
{
	int err = source_sample(source, room);

	if (!err)
		err = tui_take(t, room);
	if (!err && t->screen == SCREEN_MAP)
		err = take_map(t, source);
	t->want.sample = false;
	return err;
}

int top_frame(struct tui *t, FILE *to)
{
	struct cells c;
	int err = cells_open(&c, t->w, t->h, t->set.ascii);

	if (err)
		return err;
	view_draw(t, &c);
	cells_write(&c, to);
	cells_close(&c);
	return 0;
}
