/* SPDX-License-Identifier: GPL-2.0-only */
#define NCURSES_WIDECHAR 1
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>
#include <curses.h>
#include <term.h>

#include "term.h"

/*
 * How styles look.  The colours of types and verdicts are those that are told apart with any kind
 * of colour blindness; what they say is in the text as well.
 */
struct look {
	short fg256, bg256, fg8, bg8; /* -1: the terminal's own */
	attr_t attr;		      /* beside the colour */
	attr_t mono;		      /* without colours */
};

static const struct look looks[NR_STYLES] = {
	[STYLE_PLAIN] = { -1, -1, -1, -1, A_NORMAL, A_NORMAL },
	[STYLE_DIM] = { 245, -1, -1, -1, A_NORMAL, A_DIM },
	[STYLE_BOLD] = { -1, -1, -1, -1, A_BOLD, A_BOLD },
	[STYLE_BAR] = { 253, 238, COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE },
	[STYLE_TAB] = { 231, 25, COLOR_WHITE, COLOR_BLUE, A_BOLD, A_BOLD | A_UNDERLINE },
	[STYLE_HEAD] = { 252, 236, COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_UNDERLINE },
	[STYLE_SELECT] = { 16, 153, COLOR_BLACK, COLOR_WHITE, A_NORMAL, A_REVERSE },
	[STYLE_GOOD] = { 75, -1, COLOR_CYAN, -1, A_BOLD, A_BOLD },
	[STYLE_WARN] = { 220, -1, COLOR_YELLOW, -1, A_BOLD, A_BOLD },
	[STYLE_BAD] = { 208, -1, COLOR_RED, -1, A_BOLD, A_REVERSE },
	[STYLE_MARK] = { 16, 221, COLOR_BLACK, COLOR_YELLOW, A_NORMAL, A_UNDERLINE },
	[STYLE_TYPE + PA_UNMOVABLE] = { 208, -1, COLOR_RED, -1, A_NORMAL, A_BOLD },
	[STYLE_TYPE + PA_MOVABLE] = { 75, -1, COLOR_CYAN, -1, A_NORMAL, A_NORMAL },
	[STYLE_TYPE + PA_RECLAIMABLE] = { 221, -1, COLOR_YELLOW, -1, A_NORMAL, A_BOLD },
	[STYLE_TYPE + PA_HIGHATOMIC] = { 176, -1, COLOR_MAGENTA, -1, A_NORMAL, A_NORMAL },
	[STYLE_TYPE + PA_CMA] = { 36, -1, COLOR_GREEN, -1, A_NORMAL, A_NORMAL },
	[STYLE_TYPE + PA_ISOLATE] = { 250, -1, -1, -1, A_NORMAL, A_DIM },
	[STYLE_TYPE + PA_RESERVE] = { 137, -1, COLOR_BLUE, -1, A_NORMAL, A_NORMAL },
};

static bool is_open, colors;
static struct termios saved;
static char restore[256]; /* what gives the terminal back, for a signal handler */

/* -------------------------------------------------------------------------
 * Giving it back
 */

static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };

/* No curses here: it may be curses that crashed. */
static void on_fatal(int sig)
{
	ssize_t ignored = write(STDOUT_FILENO, restore, strlen(restore));

	(void)ignored;
	tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void add_string(const char *name)
{
	const char *text = tigetstr(name);

	/* -1 and NULL: the terminal has no such string. */
	if (text && text != (const char *)-1 && strlen(restore) + strlen(text) < sizeof(restore))
		strcat(restore, text);
}

static void prepare_crash(void)
{
	restore[0] = '\0';
	add_string("sgr0");
	add_string("cnorm");
	add_string("rmkx");
	add_string("rmcup");
	if (strlen(restore) + 32 < sizeof(restore))
		strcat(restore,
		       "\033[?1000l\033[?1006l"); /* the mouse, which terminfo leaves out */
	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		signal(fatal[i], on_fatal);
}

void term_close(void)
{
	if (!is_open)
		return;
	is_open = false;
	endwin();
	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		signal(fatal[i], SIG_DFL);
}

/* -------------------------------------------------------------------------
 * Opening
 */

static void make_colors(enum tui_color color)
{
	const char *no_color = getenv("NO_COLOR");
	const struct look *l;

	colors = color != COLOR_NEVER && has_colors() &&
		 (color == COLOR_ALWAYS || !no_color || !*no_color);
	if (!colors)
		return;
	start_color();
	use_default_colors();
	for (int i = 0; i < NR_STYLES; i++) {
		l = &looks[i];
		if (COLORS >= 256)
			init_pair((short)(i + 1), l->fg256, l->bg256);
		else
			init_pair((short)(i + 1), l->fg8, l->bg8);
	}
}

int term_open(enum tui_color color, bool mouse, char *why, size_t len)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &saved)) {
		snprintf(why, len, "standard input and output are no terminal (use -b)");
		return -ENOTTY;
	}
	/* initscr() would exit. */
	if (!newterm(NULL, stdout, stdin)) {
		snprintf(why, len, "the terminal $TERM=%s is not known (use -b)",
			 getenv("TERM") ? getenv("TERM") : "");
		return -ENOTTY;
	}
	is_open = true;
	atexit(term_close);
	prepare_crash();
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
	make_colors(color);
	if (mouse) {
		mousemask(BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED,
			  NULL);
		mouseinterval(0);
	}
	return 0;
}

/* -------------------------------------------------------------------------
 * Drawing
 */

void term_size(int *w, int *h)
{
	getmaxyx(stdscr, *h, *w);
}

void term_draw(const struct cells *c)
{
	const struct look *l;
	wchar_t text[2] = { 0 };
	attr_t attr;
	cchar_t cc;

	for (int y = 0; y < c->h; y++)
		for (int x = 0; x < c->w; x++) {
			const struct cell *cell = &c->cell[y * c->w + x];

			l = &looks[cell->style];
			attr = colors ? l->attr : l->mono;
			text[0] = (wchar_t)cell->ch;
			setcchar(&cc, text, attr, colors ? (short)(cell->style + 1) : 0, NULL);
			mvadd_wch(y, x, &cc);
		}
	refresh();
}

void term_redraw(void)
{
	clearok(curscr, TRUE);
}

/* -------------------------------------------------------------------------
 * Keys
 */

static int translate(int key)
{
	static const struct {
		int curses, ours;
	} table[] = {
		{ KEY_UP, TUI_KEY_UP },		{ KEY_DOWN, TUI_KEY_DOWN },
		{ KEY_LEFT, TUI_KEY_LEFT },	{ KEY_RIGHT, TUI_KEY_RIGHT },
		{ KEY_PPAGE, TUI_KEY_PAGE_UP }, { KEY_NPAGE, TUI_KEY_PAGE_DOWN },
		{ KEY_HOME, TUI_KEY_HOME },	{ KEY_END, TUI_KEY_END },
		{ KEY_BTAB, TUI_KEY_BACK_TAB }, { KEY_BACKSPACE, TUI_KEY_ERASE },
		{ KEY_ENTER, TUI_KEY_ENTER },	{ '\r', TUI_KEY_ENTER },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].curses == key)
			return table[i].ours;
	if (key >= KEY_F(1) && key <= KEY_F(10))
		return TUI_KEY_F1 + key - KEY_F(1);
	return key < 0x100 ? key : TUI_KEY_NONE;
}

static struct term_event mouse_event(void)
{
	MEVENT m;

	if (getmouse(&m) != OK)
		return (struct term_event){ .kind = TERM_NOTHING };
	if (m.bstate & BUTTON4_PRESSED)
		return (struct term_event){ .kind = TERM_KEY, .key = TUI_KEY_UP };
	if (m.bstate & BUTTON5_PRESSED)
		return (struct term_event){ .kind = TERM_KEY, .key = TUI_KEY_DOWN };
	return (struct term_event){ .kind = TERM_CLICK, .x = m.x, .y = m.y };
}

struct term_event term_wait(int ms)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	int key = getch();

	if (key == ERR) {
		if (poll(&in, 1, ms) > 0 && in.revents & (POLLHUP | POLLERR | POLLNVAL))
			return (struct term_event){ .kind = TERM_GONE };
		key = getch();
	}
	if (key == ERR)
		return (struct term_event){ .kind = TERM_NOTHING };
	if (key == KEY_RESIZE)
		return (struct term_event){ .kind = TERM_RESIZE };
	if (key == KEY_MOUSE)
		return mouse_event();
	return (struct term_event){ .kind = TERM_KEY, .key = translate(key) };
}
