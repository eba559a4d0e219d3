/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the dashboard knows and what a key does to it: no terminal, no I/O, no clock.
 *
 * The loop (top.c) feeds samples in and does what tui.want asks for; a view (view.h) makes cells
 * of it and changes nothing.
 */
#ifndef TUI_STATE_H
#define TUI_STATE_H

#include "tools/source.h"

#define TUI_HISTORY 240
#define TUI_PAST 300		     /* samples of the present that can be gone back to */
#define TUI_TEXT 200		     /* of what is typed: a path, a text to look for */
#define TUI_MIN_DELAY 100000000ULL   /* ns */
#define TUI_MAX_DELAY 60000000000ULL /* ns */

/* X(ID, "title") in the order of the number keys. */
#define TUI_SCREENS(X)                                                                             \
	X(OVERVIEW, "Overview")                                                                    \
	X(TYPES, "Types")                                                                          \
	X(MAP, "Map")                                                                              \
	X(DECISIONS, "Decisions")                                                                  \
	X(STALLS, "Stalls")                                                                        \
	X(CALLERS, "Callers")                                                                      \
	X(PCP, "PCP")

enum tui_screen {
#define X(id, title) SCREEN_##id,
	TUI_SCREENS(X)
#undef X
		NR_SCREENS
};
const char *tui_screen_title(enum tui_screen screen);

enum tui_prompt {
	PROMPT_NONE,
	PROMPT_SEARCH,
	PROMPT_FILTER,
	PROMPT_GOTO,
	PROMPT_SAVE,
	PROMPT_RECORD
};

enum tui_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* What lasts from one run to the next. */
struct tui_settings {
	uint64_t delay_ns;
	unsigned int order;	  /* the order that the verdict is about */
	uint32_t screen;	  /* enum tui_screen */
	uint64_t chosen_delay_ns; /* by a key, now or before; 0 never */
	int sort[NR_SCREENS];	  /* column + 1 that was chosen; 0 none */
	bool invert[NR_SCREENS];
	bool ascii, mouse;
};

/* A list screen's. */
struct tui_list {
	size_t selected; /* index into tui.row */
	int sort;	 /* column */
	bool invert;
	char filter[TUI_TEXT];
};

/* One sample's worth of history. */
struct tui_point {
	uint64_t ts;
	double fallbacks, stalls; /* a second; negative: not known */
	uint64_t free[TRACE_MAX_ZONES];
};

/* What a key asks of the loop, which clears it. */
struct tui_want {
	bool quit, redraw, goal_set, save;
	bool record, stop; /* begin to record into @path; end it */
	bool sample;	   /* something on the screen has to be asked of the source again */
	struct source_goal goal;
	char path[TUI_TEXT];
};

struct tui {
	struct tui_settings set;
	int w, h;
	enum tui_screen screen;
	bool help, explain;
	int scroll; /* of help */
	bool paused;
	double speed; /* of playing; 1: as recorded */
	uint32_t zone;
	bool zone_set; /* not the first one, but the largest, until another is chosen */
	struct tui_list list[NR_SCREENS];
	char search[TUI_TEXT];
	enum tui_prompt prompt;
	char text[TUI_TEXT]; /* typed at the prompt */
	char message[256];   /* of the last key; "" none */
	/*
	 * Samples up to the present, @nr_past of them: the newest, and what is kept of those before
	 * it (past.h), number i at i % TUI_PAST; of a recording, which can be played back, at i % 2.
	 * Those point to no lists, which are the source's.
	 */
	struct sample *newest;
	uint64_t *past[TUI_PAST];
	uint64_t nr_past;
	uint64_t back; /* how many samples ago is shown */
	/* The sample shown, and the one before it: the newest, or unpacked. */
	struct sample *now, *before;
	struct sample *older[2];
	uint32_t room_zones; /* that there is room for in these three */
	bool has_now, has_before;
	struct tui_point history[TUI_HISTORY];
	uint64_t nr_history;
	/* Rows of the list on the screen: indices into the sample's array. */
	uint32_t *row;
	size_t nr_rows, room;
	/* The map: as many cells as the screen shows, and what is under the cursor. */
	struct source_block *map;
	size_t nr_map;
	uint64_t cursor;
	bool has_content;
	struct source_content content;
	struct tui_want want;
};

int tui_open(struct tui *t, const struct tui_settings *set); /* -ENOMEM or 0 */
void tui_close(struct tui *t);				     /* accepts a zeroed one */
void tui_resize(struct tui *t, int w, int h);
/* Show @s from now on; what it points to must live until the next one is taken. */
int tui_take(struct tui *t, const struct sample *s); /* -ENOMEM or 0 */
/* Show the sample of @back samples ago, as far as there are so many. */
void tui_go_back(struct tui *t, uint64_t back);
/* Sort and filter the list on the screen anew. */
int tui_refresh(struct tui *t); /* -ENOMEM or 0 */
__attribute__((format(printf, 2, 3))) void tui_say(struct tui *t, const char *fmt, ...);

/* Keys beyond characters. */
enum {
	TUI_KEY_NONE = -1,
	TUI_KEY_UP = 0x200000,
	TUI_KEY_DOWN,
	TUI_KEY_LEFT,
	TUI_KEY_RIGHT,
	TUI_KEY_PAGE_UP,
	TUI_KEY_PAGE_DOWN,
	TUI_KEY_HOME,
	TUI_KEY_END,
	TUI_KEY_BACK_TAB,
	TUI_KEY_F1,
	TUI_KEY_F3 = TUI_KEY_F1 + 2,
	TUI_KEY_F4,
	TUI_KEY_F6 = TUI_KEY_F1 + 5,
	TUI_KEY_F10 = TUI_KEY_F1 + 9,
	TUI_KEY_ENTER = '\n',
	TUI_KEY_TAB = '\t',
	TUI_KEY_CLEAR = 21, /* ^U */
	TUI_KEY_ESCAPE = 27,
	TUI_KEY_ERASE = 127,
};

void tui_key(struct tui *t, int key);
/* A click in the cell (@x, @y). */
void tui_click(struct tui *t, int x, int y);

/* ---- the key table ---- */

enum tui_when {
	WHEN_ALWAYS,
	WHEN_PLAYABLE, /* a recording */
	WHEN_TIME,     /* a recording, or there is a past to go back to */
	WHEN_LIST,     /* the screen is a list */
	WHEN_MAP,
	WHEN_RECORDABLE,  /* the source has a stream */
	WHEN_LISTS_KNOWN, /* the source has free lists to write */
};

struct tui_action {
	int key[4]; /* 0 ends it */
	const char *names;
	const char *help;
	const char *hint; /* for the line of keys; NULL: not there */
	enum tui_when when;
	void (*act)(struct tui *t, int key);
};

extern const struct tui_action tui_actions[];
extern const size_t nr_tui_actions;
/* May it be used now? */
bool tui_applies(const struct tui *t, const struct tui_action *a);

#endif /* TUI_STATE_H */
