/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "past.h"
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
	return 0;
}

void tui_close(struct tui *t)
{
	for (int i = 0; i < TUI_PAST; i++)
		free(t->past[i]);
	free(t->newest);
	for (int i = 0; i < 2; i++)
		free(t->older[i]);
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

/* How many samples are kept of a source. */
static uint64_t depth(const struct sample *s)
{
	return s->playable ? 2 : TUI_PAST;
}

/* For samples of so many zones. */
static int make_room(struct tui *t, uint32_t zones)
{
	struct sample **room[] = { &t->newest, &t->older[0], &t->older[1] };
	void *mem;

	if (t->newest && zones <= t->room_zones)
		return 0;
	for (int i = 0; i < 3; i++) {
		mem = realloc(*room[i], past_size(zones));
		if (!mem)
			return -ENOMEM;
		*room[i] = mem;
	}
	t->room_zones = zones;
	return 0;
}

/* The newest sample becomes one of the past, without its lists: those are the source's. */
static int put_away(struct tui *t)
{
	struct sample *s = t->newest;
	uint64_t *packed, **slot = &t->past[(t->nr_past - 1) % depth(s)];

	s->nr_decisions = s->nr_stalls = s->nr_callers = s->nr_pcp = 0;
	s->nr_fallbacks = s->nr_stacks = 0;
	s->histogram = NULL;
	s->stacks = NULL;
	packed = past_pack(s);
	if (!packed)
		return -ENOMEM;
	free(*slot);
	*slot = packed;
	return 0;
}

/* Keep a copy of @s as the newest, or in place of the newest. */
static int keep(struct tui *t, const struct sample *s, bool new)
{
	int err = new && t->nr_past ? put_away(t) : 0;

	if (!err)
		err = make_room(t, s->nr_zones);
	if (err)
		return err;
	memcpy(t->newest, s, past_size(s->nr_zones));
	t->nr_past += new;
	return 0;
}

static struct sample *unpack(struct tui *t, uint64_t number, struct sample *to)
{
	past_unpack(t->past[number % depth(t->newest)], to);
	return to;
}

void tui_go_back(struct tui *t, uint64_t back)
{
	uint64_t most, n;

	if (!t->nr_past)
		return;
	n = depth(t->newest); /* that are kept now, the newest included */
	if (n > t->nr_past)
		n = t->nr_past;
	most = t->newest->playable ? 0 : n - 1;
	t->back = back < most ? back : most;
	t->now = t->back ? unpack(t, t->nr_past - 1 - t->back, t->older[0]) : t->newest;
	t->has_before = t->back + 1 < n;
	t->before = t->has_before ? unpack(t, t->nr_past - 2 - t->back, t->older[1]) : NULL;
	t->has_now = true;
}

int tui_take(struct tui *t, const struct sample *s)
{
	const struct sample *newest = t->nr_past ? t->newest : NULL;
	bool moved = !newest || s->ts != newest->ts;
	int err;

	if (newest && s->playable && s->ts < newest->ts) { /* played backwards: another past */
		t->nr_past = 0;
		t->nr_history = 0;
	}
	err = keep(t, s, moved);
	if (err)
		return err;
	tui_go_back(t, t->back ? t->back + moved : 0);
	if (!t->zone_set || t->zone >= s->nr_zones)
		t->zone = largest_zone(s);
	t->zone_set = true;
	if (t->set.order >= s->nr_orders && s->nr_orders)
		t->set.order = s->nr_orders - 1;
	if (moved && !t->back)
		remember(t);
	return tui_refresh(t);
}

/* -------------------------------------------------------------------------
 * Lists
 */

/* qsort has no argument for these. */
static struct {
	const struct list_column *column, *then;
	const struct sample *sample;
	int direction;
} order;

static int compare_by(const struct list_column *column, uint32_t i, uint32_t k)
{
	char left[64], right[64];
	double x, y;

	if (column->key) {
		x = column->key(order.sample, i);
		y = column->key(order.sample, k);
		return (x < y) - (x > y); /* the largest first */
	}
	column->text(order.sample, i, left, sizeof(left));
	column->text(order.sample, k, right, sizeof(right));
	return strcmp(left, right);
}

static int compare(const void *a, const void *b)
{
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	int diff = compare_by(order.column, i, k);

	if (!diff && order.then)
		diff = compare_by(order.then, i, k);
	if (diff)
		return diff * order.direction;
	return (i < k) - (i > k); /* what came last first */
}

int tui_refresh(struct tui *t)
{
	const struct list_screen *l = list_shown(t);
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
	order.column = &l->column[list->sort < l->n ? list->sort : l->sort];
	order.then = l->then ? &l->column[l->then - 1] : NULL;
	order.sample = t->now;
	order.direction = list->invert ? -1 : 1;
	if (t->nr_rows)
		qsort(t->row, t->nr_rows, sizeof(*t->row), compare);
	if (list->selected >= t->nr_rows)
		list->selected = t->nr_rows ? t->nr_rows - 1 : 0;
	return 0;
}
