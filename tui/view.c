/* SPDX-License-Identifier: GPL-2.0-only */
/* What is around every screen: screens, source, time above; keys below. */
#include <inttypes.h>
#include <string.h>

#include "list.h"
#include "text.h"
#include "tools/metrics.h"
#include "view.h"

#define SEPARATOR " \u00b7 "

/* -------------------------------------------------------------------------
 * The line of screens
 */

static const char *tab_title(const struct tui *t, enum tui_screen i)
{
	static const char *const titles[NR_SCREENS] = { "Over",	 "Types",  "Map", "Decis",
							"Stall", "Caller", "PCP" };

	return t->w >= 76 ? tui_screen_title(i) : titles[i];
}

static int tabs_from(const struct tui *t)
{
	return t->w >= 76 ? 12 : 0;
}

/* Column where the @i-th screen's title starts. */
static int tab_x(const struct tui *t, int i)
{
	int x = tabs_from(t);

	for (int k = 0; k < i; k++)
		x += 3 + (int)strlen(tab_title(t, k));
	return x;
}

int view_tab_at(const struct tui *t, int x, int y)
{
	for (int i = 0; y == 0 && i < NR_SCREENS; i++)
		if (x >= tab_x(t, i) && x < tab_x(t, i + 1))
			return i;
	return -1;
}

static void draw_tabs(const struct tui *t, struct cells *c)
{
	cells_field(c, 0, 0, t->w, STYLE_BAR, t->w >= 76 ? " buddyscope" : "", false);
	for (int i = 0; i < NR_SCREENS; i++)
		cells_printf(c, tab_x(t, i), 0, STYLE_BAR, " %d %s", i + 1, tab_title(t, i));
	cells_printf(c, tab_x(t, (int)t->screen), 0, STYLE_TAB, "[%d %s]", (int)t->screen + 1,
		     tab_title(t, t->screen));
}

/* -------------------------------------------------------------------------
 * Source and time
 */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* A field as wide as its text, or as @room has it. */
static int put_cut(struct cells *c, int x, enum cell_style style, const char *text, int room)
{
	int n = cells_width(text);

	return room > 0 ? cells_field(c, x, 1, n < room ? n : room, style, text, false) : x;
}

/* What is recorded or watched, up to column @end.  What was lost is said whatever the width. */
static void draw_host(const struct sample *s, struct cells *c, int end)
{
	char place[sizeof(s->kernel) + sizeof(s->tier) + 16], lost[48] = "", missed[48] = "";
	int x = cells_printf(c, 1, 1, STYLE_DIM, "%s ", s->source);

	snprintf(place, sizeof(place), "%s%s%s%s", s->kernel[0] ? SEPARATOR : "", s->kernel,
		 s->tier[0] ? SEPARATOR : "", s->tier);
	if (s->counts.known & 1u << COUNT_LOST)
		snprintf(lost, sizeof(lost), SEPARATOR "lost %" PRIu64, s->counts.v[COUNT_LOST]);
	if (s->counts.known & 1u << COUNT_MISSED && s->counts.v[COUNT_MISSED])
		snprintf(missed, sizeof(missed), SEPARATOR "missed %" PRIu64,
			 s->counts.v[COUNT_MISSED]);
	end -= cells_width(lost) + cells_width(missed);
	x = put_cut(c, x, STYLE_BOLD, base_name(s->name), end - x);
	x = put_cut(c, x, STYLE_DIM, place, end - x);
	x = cells_put(c, x, 1, s->counts.v[COUNT_LOST] ? STYLE_BAD : STYLE_DIM, lost);
	cells_put(c, x, 1, STYLE_WARN, missed);
}

static void draw_source(const struct tui *t, struct cells *c)
{
	const struct sample *s = t->now;
	char state[64];

	if (s->recording[0])
		cells_printf(c, 1, 2, STYLE_WARN, "\u25cf recording %s", s->recording);
	if (s->playable && s->at_end)
		snprintf(state, sizeof(state), " END ");
	else if (t->back)
		snprintf(state, sizeof(state), " PAUSED, %.1f s ago ",
			 (double)(t->newest->ts - s->ts) / 1e9);
	else if (t->paused)
		snprintf(state, sizeof(state), " PAUSED ");
	else if (s->playable)
		snprintf(state, sizeof(state),
			 t->speed >= 1 ? " \u25b6 %.0fx " : " \u25b6 1/%.0fx ",
			 t->speed >= 1 ? t->speed : 1 / t->speed);
	else
		snprintf(state, sizeof(state), " every %.1f s ", (double)t->set.delay_ns / 1e9);
	draw_host(s, c, t->w - cells_width(state));
	cells_put(c, t->w - cells_width(state), 1,
		  t->paused || s->at_end ? STYLE_SELECT : STYLE_PLAIN, state);
}

/* Fallbacks over the whole recording, and where it stands. */
static void draw_timeline(const struct tui *t, struct cells *c)
{
	const struct sample *s = t->now;
	const struct source_timeline *line = s->timeline;
	uint64_t at = s->ts > line->first_ts ? s->ts - line->first_ts : 0, sum, most = 0;
	char count[64];
	int x, w, here, pass;

	x = cells_printf(c, 1, 2, STYLE_BOLD, "%.3f s ", (double)at / 1e9);
	snprintf(count, sizeof(count), " %.3f s  event %" PRIu64 " of %" PRIu64 " ",
		 (double)(line->last_ts - line->first_ts) / 1e9, s->event, line->events);
	w = t->w - x - (int)strlen(count);
	if (w < 4 || !line->n) {
		cells_put(c, x, 2, STYLE_DIM, count);
		return;
	}
	here = (int)(at / line->ns * (uint64_t)w / line->n);
	for (pass = 0; pass < 2; pass++)
		for (int i = 0; i < w; i++) {
			uint64_t from = (uint64_t)i * line->n / (uint64_t)w;
			uint64_t to = (uint64_t)(i + 1) * line->n / (uint64_t)w;

			sum = 0;
			for (uint64_t k = from; k < to || k == from; k++)
				sum += line->tick[k].fallbacks;
			if (!pass && sum > most)
				most = sum;
			if (pass)
				cells_char(c, x + i, 2,
					   i == here ? STYLE_TAB :
					   i < here  ? STYLE_PLAIN :
						       STYLE_DIM,
					   i == here ? 0x2502 :
						       text_spark((double)sum, (double)most));
		}
	cells_put(c, x + w, 2, STYLE_DIM, count);
}

static void draw_own(const struct tui *t, struct cells *c)
{
	const struct sample *s = t->now;
	char text[TEXT_LEN];
	int x = 1;

	if (s->own.known)
		x = cells_printf(c, x, 2, STYLE_DIM, "own cpu %.1f %%", s->own.cpu_percent);
	else
		x = cells_put(c, x, 2, STYLE_DIM, "own cpu -");
	if (s->own.bpf_percent >= 0)
		x = cells_printf(c, x, 2, STYLE_DIM, SEPARATOR "bpf %.2f %%", s->own.bpf_percent);
	x = cells_printf(c, x, 2, STYLE_DIM, t->w < 76 ? SEPARATOR "mem %s" : SEPARATOR "memory %s",
			 text_bytes(text, s->own.rss));
	if (s->counts.known & 1u << COUNT_EVENTS)
		cells_printf(c, x, 2, STYLE_DIM, SEPARATOR "%s events/s",
			     text_rate(text, metrics_rate(t->has_before ? t->before : NULL, s,
							  COUNT_EVENTS)));
}

/* -------------------------------------------------------------------------
 * The line of keys
 */

static void draw_keys(const struct tui *t, struct cells *c)
{
	const struct tui_action *a, *last = &tui_actions[nr_tui_actions - 1];
	int y = t->h - 1, x = 0, w;
	char name[16];

	for (a = tui_actions; a < tui_actions + nr_tui_actions; a++) {
		if (!a->hint || !tui_applies(t, a))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(a->names, " "), a->names);
		w = (int)(strlen(name) + strlen(a->hint)) + 3;
		if (x + w > t->w - (a == last ? 0 : 8)) /* the last is how to get out */
			continue;
		x = cells_printf(c, x, y, STYLE_BOLD, " %s ", name);
		x = cells_printf(c, x, y, STYLE_DIM, "%s ", a->hint);
	}
}

static void draw_prompt(const struct tui *t, struct cells *c)
{
	static const char *const prompts[] = {
		"",	      "search: ",   "only rows with: ", "go to (12.5s, 50%, event): ",
		"write to: ", "record to: "
	};
	int x = cells_put(c, 0, t->h - 1, STYLE_BOLD, prompts[t->prompt]);

	x = cells_put(c, x, t->h - 1, STYLE_PLAIN, t->text);
	cells_char(c, x, t->h - 1, STYLE_SELECT, ' ');
}

static void draw_bottom(const struct tui *t, struct cells *c)
{
	if (t->has_now && t->now->note[0])
		cells_printf(c, 0, t->h - 2, STYLE_WARN, "! %s", t->now->note);
	if (t->prompt)
		draw_prompt(t, c);
	else if (t->message[0])
		cells_put(c, 0, t->h - 1, STYLE_BOLD, t->message);
	else
		draw_keys(t, c);
}

/* -------------------------------------------------------------------------
 * All of it
 */

struct view_body view_body(const struct tui *t)
{
	int below = t->has_now && t->now->note[0] ? 2 : 1;

	return (struct view_body){ .y = 3, .h = t->h - 3 - below };
}

void view_draw(const struct tui *t, struct cells *c)
{
	struct view_body b = view_body(t);

	draw_tabs(t, c);
	if (t->has_now) {
		draw_source(t, c);
		if (t->now->timeline)
			draw_timeline(t, c);
		else if (!t->now->recording[0])
			draw_own(t, c);
	}
	if (t->help) {
		view_help(t, c, b);
	} else if (!t->has_now) {
		cells_put(c, 1, b.y, STYLE_DIM, "no sample yet");
	} else {
		switch (t->screen) {
		case SCREEN_OVERVIEW:
			view_overview(t, c, b);
			break;
		case SCREEN_TYPES:
			view_types(t, c, b);
			break;
		case SCREEN_MAP:
			view_map(t, c, b);
			break;
		case SCREEN_STALLS:
			view_stalls(t, c, b);
			break;
		default:
			if (t->explain && t->screen == SCREEN_DECISIONS && !t->now->fallbacks)
				view_explain(t, c, b);
			else
				view_list(t, c, b);
		}
	}
	/* What a screen drew too low goes under. */
	for (int y = b.y + (b.h > 0 ? b.h : 0); y < t->h; y++)
		cells_field(c, 0, y, t->w, STYLE_PLAIN, "", false);
	draw_bottom(t, c);
}
