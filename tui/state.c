/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "state.h"
#include "tools/metrics.h"

static const char *const titles[] = {
#define X(id, title) title,
	TUI_SCREENS(X)
#undef X
};

const char *tui_screen_title(enum tui_screen screen)
{
	return screen < NR_SCREENS ? titles[screen] : NULL;
}

int tui_open(struct tui *t, const struct tui_settings *set)
{
	const struct list_screen *l;

	*t = (struct tui){
		.set = *set,
		.screen = set->screen < NR_SCREENS ? set->screen : SCREEN_OVERVIEW,
		.speed = 1,
		.w = 80,
		.h = 24,
	};
	for (int i = 0; i < NR_SCREENS; i++) {
		l = list_of(i);
		t->list[i].sort = l ? l->sort : 0;
		if (l && set->sort[i] > 0 && set->sort[i] <= l->n)
			t->list[i].sort = set->sort[i] - 1;
		t->list[i].invert = set->invert[i];
	}
	t->now = calloc(1, sizeof(*t->now));
	t->before = calloc(1, sizeof(*t->before));
	if (!t->now || !t->before) {
		tui_close(t);
		return -ENOMEM;
	}
	return 0;
}

void tui_close(struct tui *t)
{
	free(t->now);
	free(t->before);
	free(t->row);
	free(t->map);
	memset(t, 0, sizeof(*t));
}

void tui_resize(struct tui *t, int w, int h)
{
	t->w = w;
	t->h = h;
	t->want.sample = true; /* the map has other cells now */
}

void tui_say(struct tui *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->message, sizeof(t->message), fmt, ap);
	va_end(ap);
}

/* -------------------------------------------------------------------------
 * Samples
 */

static void remember(struct tui *t)
{
	struct tui_point *p = &t->history[t->nr_history++ % TUI_HISTORY];
	double reclaims = -1, compactions = -1;

	*p = (struct tui_point){ .ts = t->now->ts, .fallbacks = -1 };
	if (t->has_before) {
		p->fallbacks = metrics_rate(t->before, t->now, COUNT_FALLBACKS);
		reclaims = metrics_rate(t->before, t->now, COUNT_RECLAIMS);
		compactions = metrics_rate(t->before, t->now, COUNT_COMPACTIONS);
	}
	p->stalls = reclaims < 0 && compactions < 0 ?
			    -1 :
			    (reclaims > 0 ? reclaims : 0) + (compactions > 0 ? compactions : 0);
	for (uint32_t z = 0; z < t->now->nr_zones; z++)
		for (int o = 0; o < SOURCE_ORDERS; o++)
			p->free[z] += t->now->zone[z].total[o] << o;
}

static uint32_t largest_zone(const struct sample *s)
{
	uint32_t most = 0;

	for (uint32_t z = 1; z < s->nr_zones; z++)
		if (s->zone[z].managed > s->zone[most].managed)
			most = z;
	return most;
}

int tui_take(struct tui *t, const struct sample *s)
{
	struct sample *old = t->before;
	bool moved = !t->has_now || s->ts != t->now->ts;

	if (t->has_now && s->ts < t->now->ts) { /* played backwards: another past */
		t->has_now = t->has_before = false;
		t->nr_history = 0;
	}
	if (moved && t->has_now) {
		t->before = t->now;
		t->now = old;
		t->has_before = true;
	}
	*t->now = *s;
	t->has_now = true;
	if (!t->zone_set || t->zone >= s->nr_zones)
		t->zone = largest_zone(s);
	t->zone_set = true;
	if (t->set.order >= s->nr_orders && s->nr_orders)
		t->set.order = s->nr_orders - 1;
	if (moved)
		remember(t);
	return tui_refresh(t);
}

/* -------------------------------------------------------------------------
 * Lists
 */

/* qsort has no argument for these. */
static struct {
	const struct list_column *column;
	const struct sample *sample;
	int direction;
} order;

static int compare(const void *a, const void *b)
{
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	char left[64], right[64];
	double x, y;
	int diff;

	if (order.column->key) {
		x = order.column->key(order.sample, i);
		y = order.column->key(order.sample, k);
		diff = (x < y) - (x > y); /* the largest first */
	} else {
		order.column->text(order.sample, i, left, sizeof(left));
		order.column->text(order.sample, k, right, sizeof(right));
		diff = strcmp(left, right);
	}
	if (diff)
		return diff * order.direction;
	return (i < k) - (i > k); /* what came last first */
}

int tui_refresh(struct tui *t)
{
	const struct list_screen *l = list_of(t->screen);
	struct tui_list *list = &t->list[t->screen];
	size_t n, i;
	uint32_t *row;

	t->nr_rows = 0;
	if (!l || !t->has_now)
		return 0;
	n = l->count(t->now);
	if (n > t->room) {
		row = realloc(t->row, n * sizeof(*row));
		if (!row)
			return -ENOMEM;
		t->row = row;
		t->room = n;
	}
	for (i = 0; i < n; i++)
		if (!list->filter[0] || list_matches(l, t->now, i, list->filter))
			t->row[t->nr_rows++] = (uint32_t)i;
	order.column = &l->column[list->sort];
	order.sample = t->now;
	order.direction = list->invert ? -1 : 1;
	if (t->nr_rows)
		qsort(t->row, t->nr_rows, sizeof(*t->row), compare);
	if (list->selected >= t->nr_rows)
		list->selected = t->nr_rows ? t->nr_rows - 1 : 0;
	return 0;
}
