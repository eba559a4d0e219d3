/* SPDX-License-Identifier: GPL-2.0-only */
/* The key table and what each key does.  Help and the line of keys are made from the table. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "state.h"
#include "view.h"

static void show(struct tui *t, enum tui_screen screen)
{
	t->screen = screen;
	t->help = t->explain = false;
	t->set.screen = screen;
	t->want.sample = true;
	tui_refresh(t);
}

static void by_number(struct tui *t, int key)
{
	show(t, (enum tui_screen)(key - '1'));
}

static void next_screen(struct tui *t, int key)
{
	show(t, (t->screen + (key == TUI_KEY_TAB ? 1u : NR_SCREENS - 1)) % NR_SCREENS);
}

static void help(struct tui *t, int key)
{
	(void)key;
	t->help = !t->help;
	t->scroll = 0;
}

static void quit(struct tui *t, int key)
{
	(void)key;
	t->want.quit = true;
}

static void redraw(struct tui *t, int key)
{
	(void)key;
	t->want.redraw = true;
}

/* -------------------------------------------------------------------------
 * Moving about
 */

static void clamp_row(struct tui *t, int64_t to)
{
	int64_t last = t->nr_rows ? (int64_t)t->nr_rows - 1 : 0;

	t->list[t->screen].selected = (size_t)(to < 0 ? 0 : to > last ? last : to);
}

static void move_cursor(struct tui *t, int64_t by)
{
	int64_t last = 0, to = (int64_t)t->cursor + by;

	for (size_t i = 0; i < t->nr_map; i++)
		if (t->map[i].frames)
			last = (int64_t)i;
	t->cursor = (uint64_t)(to < 0 ? 0 : to > last ? last : to);
	t->want.sample = true;
}

/* @by rows; on screens without rows, zones. */
static void move_rows(struct tui *t, int by)
{
	int64_t zone;

	if (t->help) {
		t->scroll += by;
		if (t->scroll < 0)
			t->scroll = 0;
	} else if (list_of(t->screen)) {
		clamp_row(t, (int64_t)t->list[t->screen].selected + by);
	} else if (t->screen == SCREEN_MAP) {
		move_cursor(t, (int64_t)by * view_map_width(t));
	} else if (t->has_now && t->now->nr_zones) {
		zone = (int64_t)t->zone + by;
		t->zone = (uint32_t)(zone < 0		      ? 0 :
				     zone >= t->now->nr_zones ? t->now->nr_zones - 1 :
								zone);
	}
}

static void up_down(struct tui *t, int key)
{
	int page = t->h > 12 ? t->h - 10 : 1;

	move_rows(t, key == TUI_KEY_UP || key == 'k'   ? -1 :
		     key == TUI_KEY_DOWN || key == 'j' ? 1 :
		     key == TUI_KEY_PAGE_UP	       ? -page :
							 page);
}

static void left_right(struct tui *t, int key)
{
	move_cursor(t, key == TUI_KEY_LEFT || key == 'h' ? -1 : 1);
}

static void next_zone(struct tui *t, int key)
{
	uint32_t n = t->has_now ? t->now->nr_zones : 0;

	if (!n)
		return;
	t->zone = (t->zone + (key == 'z' ? 1 : n - 1)) % n;
	t->cursor = 0;
	t->want.sample = true;
}

static void change_order(struct tui *t, int key)
{
	unsigned int n = t->has_now && t->now->nr_orders ? t->now->nr_orders : SOURCE_ORDERS;

	t->set.order = (t->set.order + (key == 'o' ? n - 1 : 1)) % n;
}

static void explain(struct tui *t, int key)
{
	(void)key;
	if (t->screen == SCREEN_DECISIONS)
		t->explain = !t->explain && t->nr_rows && !t->now->fallbacks;
}

static void escape(struct tui *t, int key)
{
	(void)key;
	t->help = t->explain = false;
	t->list[t->screen].filter[0] = '\0';
	tui_refresh(t);
}

/* -------------------------------------------------------------------------
 * Lists
 */

static void sort_by(struct tui *t, int key)
{
	const struct list_screen *l = list_shown(t);
	struct tui_list *list = &t->list[t->screen];
	int i;

	for (i = 0; i < l->n; i++) { /* the next column that is shown */
		list->sort = (list->sort + (key == '<' ? l->n - 1 : 1)) % l->n;
		if (l->column[list->sort].from <= t->w)
			break;
	}
	if (l == list_of(t->screen)) /* what stands in for it is not remembered */
		t->set.sort[t->screen] = list->sort + 1;
	tui_refresh(t);
}

static void invert(struct tui *t, int key)
{
	struct tui_list *list = &t->list[t->screen];

	(void)key;
	list->invert = !list->invert;
	t->set.sort[t->screen] = list->sort + 1;
	t->set.invert[t->screen] = list->invert;
	tui_refresh(t);
}

/* The next row after the selected one that holds what is searched for, around the end. */
static void find(struct tui *t, int key)
{
	const struct list_screen *l = list_shown(t);
	size_t at = t->list[t->screen].selected;

	(void)key;
	if (!t->search[0])
		return;
	for (size_t i = 1; i <= t->nr_rows; i++)
		if (list_matches(l, t->now, t->row[(at + i) % t->nr_rows], t->search)) {
			t->list[t->screen].selected = (at + i) % t->nr_rows;
			return;
		}
	tui_say(t, "not found: %s", t->search);
}

/* -------------------------------------------------------------------------
 * Time
 */

static void pause(struct tui *t, int key)
{
	(void)key;
	t->paused = !t->paused;
	if (!t->paused && t->back) {
		tui_go_back(t, 0);
		t->want.sample = true;
	}
}

/* Through what is kept of the present. */
static void walk(struct tui *t, int64_t by)
{
	int64_t to = (int64_t)t->back - by;

	t->paused = true;
	tui_go_back(t, to < 0 ? 0 : (uint64_t)to);
	tui_refresh(t);
	t->want.sample = t->screen == SCREEN_MAP;
}

static void change_delay(struct tui *t, int key)
{
	uint64_t ns = t->set.delay_ns;

	ns = key == '+' ? ns * 2 : ns / 2;
	t->set.delay_ns = ns < TUI_MIN_DELAY ? TUI_MIN_DELAY :
			  ns > TUI_MAX_DELAY ? TUI_MAX_DELAY :
					       ns;
	t->set.chosen_delay_ns = t->set.delay_ns;
	tui_say(t, "every %.1f s", (double)t->set.delay_ns / 1e9);
}

static void change_speed(struct tui *t, int key)
{
	t->speed *= key == ']' ? 2 : 0.5;
	if (t->speed < 1.0 / 1024)
		t->speed = 1.0 / 1024;
	if (t->speed > 1024)
		t->speed = 1024;
}

static void go(struct tui *t, enum source_goal_kind kind, uint64_t value)
{
	t->want.goal_set = true;
	t->want.goal = (struct source_goal){ .kind = kind, .value = value };
	t->paused = true;
}

static void step_event(struct tui *t, int key)
{
	uint64_t at = t->has_now ? t->now->event : 0;

	if (!t->now->playable)
		walk(t, key == '.' ? 1 : -1);
	else if (key == '.')
		go(t, GOAL_EVENT, at + 1);
	else
		go(t, GOAL_EVENT, at ? at - 1 : 0);
}

static void step_time(struct tui *t, int key)
{
	uint64_t ts = t->has_now ? t->now->ts : 0, by = t->set.delay_ns;

	if (!t->now->playable)
		walk(t, key == ')' ? 10 : -10);
	else if (key == ')')
		go(t, GOAL_TIME, ts + by);
	else if (t->has_now && ts - t->now->first_ts > by)
		go(t, GOAL_TIME, ts - by);
	else
		go(t, GOAL_EVENT, 0);
}

static void jump(struct tui *t, int key)
{
	if (!t->now->playable) {
		walk(t, key == TUI_KEY_HOME ? -TUI_PAST : TUI_PAST);
		return;
	}
	switch (key) {
	case TUI_KEY_HOME:
		go(t, GOAL_EVENT, 0);
		break;
	case TUI_KEY_END:
		go(t, GOAL_END, 0);
		break;
	case 'f':
		go(t, GOAL_FALLBACK, 0);
		break;
	default:
		go(t, GOAL_DIFFERENCE, 0);
	}
}

/* -------------------------------------------------------------------------
 * Prompts
 */

static void ask(struct tui *t, int key)
{
	t->prompt = key == '\\' || key == TUI_KEY_F4 ? PROMPT_FILTER :
		    key == 'g'			     ? PROMPT_GOTO :
		    key == 'w'			     ? PROMPT_SAVE :
		    key == 'a'			     ? PROMPT_RECORD :
						       PROMPT_SEARCH;
	t->text[0] = '\0';
	if (t->prompt == PROMPT_FILTER)
		memcpy(t->text, t->list[t->screen].filter, sizeof(t->text));
	if (t->prompt == PROMPT_SAVE)
		strcpy(t->text, "snapshot.pgt");
	if (t->prompt == PROMPT_RECORD)
		strcpy(t->text, "pages.pgt");
}

static void record(struct tui *t, int key)
{
	if (t->now->recording[0])
		t->want.stop = true;
	else
		ask(t, key);
}

/* "12.5s", "50%", or the number of an event. */
static void go_to(struct tui *t)
{
	const struct source_timeline *line = t->has_now ? t->now->timeline : NULL;
	char *end;
	double v = strtod(t->text, &end);

	if (end == t->text || !(v >= 0 && v < 1e15) || (*end && end[1])) {
		tui_say(t, "%s: no place to go to (12.5s, 50%% or the number of an event)",
			t->text);
	} else if (*end == 's') {
		go(t, GOAL_TIME, t->now->first_ts + (uint64_t)(v * 1e9));
	} else if (*end == '%' && line) {
		go(t, GOAL_EVENT, (uint64_t)(v / 100 * (double)line->events));
	} else if (!*end) {
		go(t, GOAL_EVENT, (uint64_t)v);
	} else {
		tui_say(t, "%s: no place to go to (12.5s, 50%% or the number of an event)",
			t->text);
	}
}

static void answer(struct tui *t)
{
	enum tui_prompt prompt = t->prompt;

	t->prompt = PROMPT_NONE;
	if (prompt == PROMPT_SEARCH) {
		memcpy(t->search, t->text, sizeof(t->search));
		find(t, 'n');
	} else if (prompt == PROMPT_FILTER) {
		memcpy(t->list[t->screen].filter, t->text, sizeof(t->text));
		tui_refresh(t);
	} else if (prompt == PROMPT_GOTO && t->text[0]) {
		go_to(t);
	} else if (t->text[0]) {
		memcpy(t->want.path, t->text, sizeof(t->text));
		t->want.save = prompt == PROMPT_SAVE;
		t->want.record = prompt == PROMPT_RECORD;
	}
}

static void type_key(struct tui *t, int key)
{
	size_t n = strlen(t->text);

	if (key == TUI_KEY_ENTER) {
		answer(t);
	} else if (key == TUI_KEY_ESCAPE) {
		t->prompt = PROMPT_NONE;
	} else if (key == TUI_KEY_ERASE || key == '\b') {
		if (n)
			t->text[n - 1] = '\0';
	} else if (key == TUI_KEY_CLEAR) {
		t->text[0] = '\0';
	} else if (key >= ' ' && key < 0x7f && n + 1 < sizeof(t->text)) {
		t->text[n] = (char)key;
		t->text[n + 1] = '\0';
	}
}

/* -------------------------------------------------------------------------
 * The table
 */

/* clang-format off */
const struct tui_action tui_actions[] = {
	{ { '1', 0 }, "1",
	  "overview: can it serve, what is in the way, who agrees", NULL, WHEN_ALWAYS, by_number },
	{ { '2', 0 }, "2",
	  "free blocks by migratetype, kernel and core", NULL, WHEN_ALWAYS, by_number },
	{ { '3', 0 }, "3", "the zone's pageblocks as a map", NULL, WHEN_ALWAYS, by_number },
	{ { '4', 0 }, "4",
	  "fallbacks, and decisions on which kernel and core differ", NULL, WHEN_ALWAYS, by_number },
	{ { '5', 0 }, "5", "who waited for reclaim or compaction", NULL, WHEN_ALWAYS, by_number },
	{ { '6', 0 }, "6", "who allocates", NULL, WHEN_ALWAYS, by_number },
	{ { '7', 0 }, "7", "per-cpu lists", NULL, WHEN_ALWAYS, by_number },
	{ { TUI_KEY_TAB, TUI_KEY_BACK_TAB, 0 }, "Tab S-Tab",
	  "next screen, the one before", NULL, WHEN_ALWAYS, next_screen },
	{ { TUI_KEY_LEFT, TUI_KEY_RIGHT, 'h', 'l' }, "left right h l",
	  "cursor on the map", NULL, WHEN_MAP, left_right },
	{ { '?', 'h', TUI_KEY_F1, 0 }, "? h F1",
	  "this help (on the map h is left)", "help", WHEN_ALWAYS, help },
	{ { TUI_KEY_UP, TUI_KEY_DOWN, 'k', 'j' }, "up down k j",
	  "row; zone where there are no rows", NULL, WHEN_ALWAYS, up_down },
	{ { TUI_KEY_PAGE_UP, TUI_KEY_PAGE_DOWN, 0 }, "PgUp PgDn",
	  "a screenful", NULL, WHEN_ALWAYS, up_down },
	{ { 'z', 'x', 0 }, "z x", "next zone, the one before", "zone", WHEN_ALWAYS, next_zone },
	{ { 'o', 'O', 0 }, "o O",
	  "the order asked about: one less, one more", "order", WHEN_ALWAYS, change_order },
	{ { ' ', 'Z', 0 }, "space Z", "pause, go on", "pause", WHEN_ALWAYS, pause },
	{ { '.', ',', 0 }, ". ,",
	  "one event on, back; of this host: one sample", "step", WHEN_TIME, step_event },
	{ { ')', '(', 0 }, ") (",
	  "one delay on, back; of this host: ten samples", NULL, WHEN_TIME, step_time },
	{ { ']', '[', 0 }, "] [", "play faster, slower", "speed", WHEN_PLAYABLE, change_speed },
	{ { 'f', 0 }, "f", "to the next fallback", "fallback", WHEN_PLAYABLE, jump },
	{ { 'd', 0 }, "d",
	  "to the next decision on which kernel and core differ", "differ", WHEN_PLAYABLE, jump },
	{ { 'g', 0 }, "g",
	  "go to: 12.5s, 50% or the number of an event", "go to", WHEN_PLAYABLE, ask },
	{ { TUI_KEY_HOME, TUI_KEY_END, 0 }, "Home End",
	  "to the begin, to the end", NULL, WHEN_TIME, jump },
	{ { TUI_KEY_ENTER, 0 }, "Enter",
	  "explain the decision (screen 4)", NULL, WHEN_ALWAYS, explain },
	{ { '<', '>', TUI_KEY_F6, 0 }, "< > F6",
	  "sort by the column before, after", "sort", WHEN_LIST, sort_by },
	{ { 'I', 0 }, "I", "invert the order of rows", NULL, WHEN_LIST, invert },
	{ { '/', TUI_KEY_F3, 0 }, "/ F3", "search", "search", WHEN_LIST, ask },
	{ { 'n', 0 }, "n", "the next that is found", NULL, WHEN_LIST, find },
	{ { '\\', TUI_KEY_F4, 0 }, "\\ F4",
	  "show only rows that hold a text", "filter", WHEN_LIST, ask },
	{ { TUI_KEY_ESCAPE, 0 }, "Esc",
	  "close what is open, drop the filter", NULL, WHEN_ALWAYS, escape },
	{ { '+', '-', 0 }, "+ -",
	  "sample half as often, twice as often", NULL, WHEN_ALWAYS, change_delay },
	{ { 'w', 0 }, "w", "write the free lists as a trace", NULL, WHEN_LISTS_KNOWN, ask },
	{ { 'a', 0 }, "a", "begin to record, end it", "record", WHEN_RECORDABLE, record },
	{ { 'L' - '@', 0 }, "^L", "draw it all again", NULL, WHEN_ALWAYS, redraw },
	{ { 'q', TUI_KEY_F10, 0 }, "q F10", "quit", "quit", WHEN_ALWAYS, quit },
};
/* clang-format on */

const size_t nr_tui_actions = sizeof(tui_actions) / sizeof(tui_actions[0]);

bool tui_applies(const struct tui *t, const struct tui_action *a)
{
	switch (a->when) {
	case WHEN_PLAYABLE:
		return t->has_now && t->now->playable;
	case WHEN_TIME:
		return t->has_now && (t->now->playable || t->nr_past > 1);
	case WHEN_LIST:
		return list_of(t->screen) && !t->help;
	case WHEN_MAP:
		return t->screen == SCREEN_MAP && !t->help;
	case WHEN_RECORDABLE:
		return t->has_now && t->now->recordable;
	case WHEN_LISTS_KNOWN:
		return t->has_now && t->now->core_known && !t->back;
	default:
		return true;
	}
}

void tui_key(struct tui *t, int key)
{
	const struct tui_action *a;

	t->message[0] = '\0';
	if (t->prompt) {
		type_key(t, key);
		return;
	}
	for (a = tui_actions; a < tui_actions + nr_tui_actions; a++)
		for (int i = 0; i < 4 && a->key[i]; i++)
			if (a->key[i] == key && tui_applies(t, a)) {
				a->act(t, key);
				return;
			}
}

void tui_click(struct tui *t, int x, int y)
{
	int hit = view_tab_at(t, x, y);

	if (hit >= 0)
		show(t, (enum tui_screen)hit);
	else if (view_row_at(t, y) >= 0)
		clamp_row(t, view_row_at(t, y));
	else if (view_map_at(t, x, y) >= 0) {
		t->cursor = 0;
		move_cursor(t, view_map_at(t, x, y));
	}
}
