/* SPDX-License-Identifier: GPL-2.0-only */
/* What keys do, from the empty model up; figures; no size of the screen and no key does harm. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "stub.h"
#include "tools/metrics.h"
#include "tui/cells.h"
#include "tui/list.h"
#include "tui/past.h"
#include "tui/text.h"
#include "tui/top.h"
#include "tui/view.h"

static const struct tui_settings settings = { .delay_ns = 1000000000, .order = 9 };

struct rig {
	struct tui t;
	struct source *source;
	struct sample room;
};

static struct rig *rig_open(uint32_t zones, uint32_t nodes, uint64_t blocks)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	assert_int_equal(stub_open(zones, nodes, blocks, &r->source), 0);
	assert_int_equal(tui_open(&r->t, &settings), 0);
	assert_int_equal(top_sample(&r->t, r->source, &r->room), 0);
	return r;
}

static void rig_close(struct rig *r)
{
	tui_close(&r->t);
	source_close(r->source);
	free(r);
}

static void step(struct rig *r)
{
	const struct source_goal goal = { 0 };

	assert_int_equal(source_run(r->source, &goal, 0), 1);
	assert_int_equal(top_sample(&r->t, r->source, &r->room), 0);
}

static void keys(struct tui *t, const char *text)
{
	for (; *text; text++)
		tui_key(t, *text);
}

/* The screen as text; the caller frees it. */
static char *screen(struct tui *t)
{
	char *text;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	assert_non_null(to);
	assert_int_equal(top_frame(t, to), 0);
	fclose(to);
	return text;
}

static void shows(struct tui *t, const char *what)
{
	char *text = screen(t);

	if (!strstr(text, what))
		fail_msg("no '%s' in\n%s", what, text);
	free(text);
}

static void without_a_sample(void **state)
{
	struct tui t;

	(void)state;
	assert_int_equal(tui_open(&t, &settings), 0);
	for (size_t i = 0; i < nr_tui_actions; i++)
		for (int k = 0; k < 4 && tui_actions[i].key[k]; k++) {
			tui_key(&t, tui_actions[i].key[k]);
			tui_key(&t, TUI_KEY_ESCAPE);
			free(screen(&t));
		}
	assert_true(t.want.quit);
	tui_close(&t);
}

static void screens_change(void **state)
{
	struct rig *r = rig_open(1, 1, 100);

	(void)state;
	for (int i = 0; i < NR_SCREENS; i++) {
		tui_key(&r->t, '1' + i);
		assert_int_equal(r->t.screen, i);
	}
	tui_key(&r->t, TUI_KEY_TAB);
	assert_int_equal(r->t.screen, SCREEN_OVERVIEW);
	tui_key(&r->t, TUI_KEY_BACK_TAB);
	assert_int_equal(r->t.screen, SCREEN_PCP);
	tui_click(&r->t, 13, 0);
	assert_int_equal(r->t.screen, SCREEN_OVERVIEW);
	rig_close(r);
}

/* Help holds every key of the table, whatever it takes to see them all. */
static void help_is_the_table(void **state)
{
	struct rig *r = rig_open(1, 1, 100);
	char *text;

	(void)state;
	r->t.now->recordable = true; /* as well as played: every key applies somewhere */
	tui_resize(&r->t, 120, 60);
	tui_key(&r->t, '?');
	text = screen(&r->t);
	for (size_t i = 0; i < nr_tui_actions; i++) {
		assert_non_null(strstr(text, tui_actions[i].names));
		assert_non_null(strstr(text, tui_actions[i].help));
	}
	free(text);
	rig_close(r);
}

/* So does the man page: keys, screens, counters. */
static void callers_have_rates(void **state)
{
	struct rig *r = rig_open(1, 1, 100);
	struct tui *t = &r->t;
	char *text, *first, *last;

	(void)state;
	stub_counts(r->source);
	t->nr_past = 0;
	keys(t, "6");
	assert_int_equal(top_sample(t, r->source, &r->room), 0);
	assert_true(r->room.callers[0].pages_s < 0); /* there is no sample before it */
	step(r);
	for (int i = 0; i < 25; i++) {
		assert_true(r->room.callers[i].pages_s == 100 * (i % 3));
		assert_true(r->room.callers[i].unmovable_s == i);
	}
	/* Most that is not movable first, then most pages; equals by their totals. */
	assert_int_equal(r->room.callers[t->row[0]].pid, 124);
	tui_key(t, '<');
	assert_true(r->room.callers[t->row[0]].pages_s == 200);
	assert_true(r->room.callers[t->row[0]].unmovable >= r->room.callers[t->row[1]].unmovable);
	/* The stacks follow: those of 30 pages a second first, of them the one with most in all. */
	text = screen(t);
	first = strstr(text, "30.0      4800");
	last = strstr(text, "30.0      1600");
	assert_non_null(first);
	assert_true(last > first);
	free(text);
	tui_key(t, '<'); /* by name: in all */
	text = screen(t);
	first = strstr(text, "\n       0       900");
	assert_non_null(first);
	assert_true(strstr(text, " 30.0 ") > first);
	free(text);
	rig_close(r);
}

static void the_page_is_the_table(void **state)
{
	FILE *f = fopen("man/buddyscope-top.1", "r");
	char *page = NULL;
	size_t n = 0;

	(void)state;
	assert_non_null(f);
	assert_true(getdelim(&page, &n, '\0', f) > 0);
	fclose(f);
	for (size_t i = 0; i < nr_tui_actions; i++)
		if (!strstr(page, tui_actions[i].help))
			fail_msg("man/buddyscope-top.1 has no key that means: %s",
				 tui_actions[i].help);
	for (int i = 0; i < NR_SCREENS; i++)
		assert_non_null(strstr(page, tui_screen_title(i)));
	for (int i = 0; i < NR_COUNTS; i++) {
		assert_non_null(strstr(page, source_count_name(i)));
		assert_non_null(strstr(page, source_count_what(i)));
	}
	free(page);
}

/* A key means one thing wherever it applies: the first in the table, and no key is hidden. */
static void no_key_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < nr_tui_actions; i++)
		for (size_t k = i + 1; k < nr_tui_actions; k++)
			for (int a = 0; a < 4 && tui_actions[i].key[a]; a++)
				for (int b = 0; b < 4 && tui_actions[k].key[b]; b++)
					if (tui_actions[i].key[a] == tui_actions[k].key[b])
						assert_int_equal(tui_actions[i].key[a], 'h');
}

static void lists_sort_filter_and_search(void **state)
{
	struct rig *r = rig_open(1, 1, 100);
	struct tui *t = &r->t;

	(void)state;
	tui_key(t, '6');
	assert_int_equal(t->nr_rows, 25);
	assert_int_equal(r->room.callers[t->row[0]].unmovable, 24);
	tui_key(t, 'I');
	assert_int_equal(r->room.callers[t->row[0]].unmovable, 0);
	tui_key(t, 'I');
	tui_key(t, '>');
	assert_int_equal(r->room.callers[t->row[0]].unmovable,
			 24); /* the same, as long as it is unknown */
	tui_key(t, '>');
	assert_int_equal(r->room.callers[t->row[0]].unmovable, 24);
	tui_key(t, '>');
	assert_true(r->room.callers[t->row[0]].high);
	tui_key(t, '<');
	assert_int_equal(r->room.callers[t->row[0]].unmovable, 24);
	keys(t, "<<");

	keys(t, "\\QEMU\n");
	assert_int_equal(t->nr_rows, 1);
	shows(t, "qemu-system-x86");
	shows(t, "filter: QEMU");
	tui_key(t, TUI_KEY_ESCAPE);
	assert_int_equal(t->nr_rows, 25);

	keys(t, "/qemu\n");
	assert_int_equal(r->room.callers[t->row[t->list[SCREEN_CALLERS].selected]].pid, 103);
	keys(t, "/nobody\n");
	shows(t, "not found: nobody");

	/* A prompt takes keys as text, and gives up on Esc. */
	keys(t, "/q");
	assert_false(t->want.quit);
	tui_key(t, TUI_KEY_ESCAPE);
	assert_int_equal(t->prompt, PROMPT_NONE);
	rig_close(r);
}

static void playing_asks_the_loop(void **state)
{
	struct rig *r = rig_open(1, 1, 100);
	struct tui *t = &r->t;

	(void)state;
	tui_key(t, '.');
	assert_true(t->want.goal_set && t->paused);
	assert_int_equal(t->want.goal.kind, GOAL_EVENT);
	assert_int_equal(t->want.goal.value, t->now->event + 1);
	tui_key(t, ',');
	assert_int_equal(t->want.goal.value, t->now->event - 1);
	tui_key(t, 'f');
	assert_int_equal(t->want.goal.kind, GOAL_FALLBACK);
	tui_key(t, 'd');
	assert_int_equal(t->want.goal.kind, GOAL_DIFFERENCE);
	tui_key(t, TUI_KEY_END);
	assert_int_equal(t->want.goal.kind, GOAL_END);
	tui_key(t, TUI_KEY_HOME);
	assert_int_equal(t->want.goal.kind, GOAL_EVENT);
	assert_int_equal(t->want.goal.value, 0);
	keys(t, "g2.5s\n");
	assert_int_equal(t->want.goal.kind, GOAL_TIME);
	assert_int_equal(t->want.goal.value, t->now->first_ts + UINT64_C(2500000000));
	keys(t, "g50%\n");
	assert_int_equal(t->want.goal.value, 61725);
	keys(t, "g777\n");
	assert_int_equal(t->want.goal.value, 777);
	t->want.goal_set = false;
	keys(t, "gnowhere\n");
	assert_false(t->want.goal_set);
	shows(t, "no place to go to");
	tui_key(t, ']');
	assert_true(t->speed == 2);
	tui_key(t, ' ');
	assert_false(t->paused);
	keys(t, "w\n");
	assert_true(t->want.save);
	assert_string_equal(t->want.path, "snapshot.pgt");
	rig_close(r);
}

static void rates_and_history(void **state)
{
	struct rig *r = rig_open(2, 1, 100);

	(void)state;
	shows(&r->t, "fallback -");
	step(r);
	shows(&r->t, "fallback 90.0/s");
	assert_int_equal(r->t.nr_history, 2);
	/* Back in time: nothing of what is to come is left. */
	r->room.ts = 1;
	assert_int_equal(tui_take(&r->t, &r->room), 0);
	assert_int_equal(r->t.nr_history, 1);
	shows(&r->t, "fallback -");
	rig_close(r);
}

/* Of a host, what was shown can be shown again, as far back as it is kept. */
static void the_present_has_a_past(void **state)
{
	struct rig *r = rig_open(2, 1, 100);
	struct tui *t = &r->t;

	(void)state;
	stub_is_host(r->source);
	t->nr_past = 0;
	assert_int_equal(top_sample(t, r->source, &r->room), 0);
	for (int i = 0; i < TUI_PAST + 5; i++)
		step(r);
	assert_int_equal(t->now->event, 12345 * (TUI_PAST + 6));
	tui_key(t, ',');
	assert_true(t->paused);
	assert_int_equal(t->now->event, 12345 * (TUI_PAST + 5));
	shows(t, "PAUSED, 1.0 s ago");
	shows(t, "fallback 90.0/s");
	tui_key(t, '(');
	assert_int_equal(t->now->event, 12345 * (TUI_PAST - 5));
	keys(t, "4");
	shows(t, "kept without this list");
	keys(t, "3");
	assert_int_equal(top_sample(t, r->source, &r->room), 0);
	shows(t, "kept without a map");
	/* What comes meanwhile does not move it. */
	step(r);
	assert_int_equal(t->now->event, 12345 * (TUI_PAST - 5));
	keys(t, "1");
	tui_key(t, TUI_KEY_HOME);
	assert_int_equal(t->now->event, 12345 * 8);
	shows(t, "fallback -"); /* nothing before it */
	tui_key(t, TUI_KEY_END);
	assert_int_equal(t->now->event, 12345 * (TUI_PAST + 7));
	tui_key(t, ',');
	tui_key(t, ' ');
	assert_false(t->paused);
	assert_int_equal(t->back, 0);
	rig_close(r);
}

/* What is kept of a sample is all of it, in less room. */
static void the_past_is_packed(void **state)
{
	struct rig *r = rig_open(8, 2, 100);
	struct sample *back = malloc(sizeof(*back));
	uint64_t *packed;

	(void)state;
	assert_non_null(back);
	packed = past_pack(&r->room);
	assert_non_null(packed);
	memset(back, 0xff, sizeof(*back));
	past_unpack(packed, back);
	assert_memory_equal(back, &r->room, past_size(8));
	assert_true(((uint8_t *)back)[past_size(8)] == 0xff);
	free(packed);
	memset(&r->room, 0, sizeof(r->room)); /* words of nothing take a bit each */
	packed = past_pack(&r->room);
	assert_non_null(packed);
	past_unpack(packed, back);
	assert_memory_equal(back, &r->room, past_size(0));
	free(packed);
	free(back);
	rig_close(r);
}

static void zones_and_orders(void **state)
{
	struct rig *r = rig_open(8, 2, 100);
	struct tui *t = &r->t;

	(void)state;
	keys(t, "z");
	assert_int_equal(t->zone, 1);
	keys(t, "xx");
	assert_int_equal(t->zone, 7);
	tui_key(t, TUI_KEY_UP);
	assert_int_equal(t->zone, 6);
	keys(t, "oo");
	shows(t, "order 7");
	keys(t, "OOOO");
	shows(t, "order 0");
	rig_close(r);
}

static void figures(void **state)
{
	struct source_zone z = { .kernel_known = true, .types_known = true, .min = 10 };
	struct sample *s = calloc(1, sizeof(*s));
	struct metrics_verdict v;

	(void)state;
	assert_non_null(s);
	/* 8 pages in pieces of 1 and 2: what mm/vmstat.c computes. */
	z.total[0] = z.kernel[0][PA_UNMOVABLE] = 4;
	z.total[1] = z.kernel[1][PA_MOVABLE] = 2;
	assert_int_equal(metrics_free(&z), 8);
	assert_int_equal(metrics_unusable(&z, 1), 500);
	assert_int_equal(metrics_extfrag(&z, 1), -1000);
	assert_int_equal(metrics_extfrag(&z, 3), 1000 - (1000 + 8 * 1000 / 8) / 6);
	s->nr_zones = 1;
	s->nr_orders = SOURCE_ORDERS;
	s->zone[0] = z;
	metrics_verdict(s, 3, &v);
	assert_int_equal(v.serve, SERVE_NO);
	assert_int_equal(v.largest, 1);
	assert_int_equal(v.stuck[PA_UNMOVABLE], 4);
	assert_int_equal(v.stuck[PA_MOVABLE], 4);
	metrics_verdict(s, 0, &v);
	assert_int_equal(v.serve, SERVE_LOW);
	s->zone[0].min = 2;
	metrics_verdict(s, 0, &v);
	assert_int_equal(v.serve, SERVE_YES);
	assert_int_equal(v.suitable, 8);
	s->nr_zones = 0;
	metrics_verdict(s, 0, &v);
	assert_int_equal(v.serve, SERVE_UNKNOWN);
	free(s);
}

static void texts(void **state)
{
	char buf[TEXT_LEN];

	(void)state;
	assert_string_equal(text_count(buf, 99999, 5), "99999");
	assert_string_equal(text_count(buf, 123456, 5), "123k");
	assert_string_equal(text_count(buf, 230000, 3), ".2M");
	assert_string_equal(text_count(buf, 9949, 3), "10k");
	assert_string_equal(text_count(buf, UINT64_MAX, 4), "18E");
	assert_string_equal(text_bytes(buf, 2097152), "2.0 MiB");
	assert_string_equal(text_size(buf, 112 << 10), "112K");
	assert_string_equal(text_ns(buf, 1230000), "1.23 ms");
	assert_string_equal(text_percent(buf, 9999999, 10000000), "99.99");
	assert_string_equal(text_rate(buf, -1), "-");
}

static void text_is_clipped_and_plain(void **state)
{
	struct cells c;

	(void)state;
	assert_int_equal(cells_open(&c, 4, 1, true), 0);
	cells_put(&c, 2, 0, STYLE_PLAIN, "\u2588\u00b7\xff\x1b");
	assert_int_equal(c.cell[2].ch, '#');
	assert_int_equal(c.cell[3].ch, '.');
	assert_int_equal(cells_field(&c, 0, 0, 4, STYLE_PLAIN, "abcdef", false), 4);
	assert_int_equal(c.cell[3].ch, '~');
	cells_put(&c, 0, 0, STYLE_PLAIN, "\x1b\xc3(");
	assert_int_equal(c.cell[0].ch, '?');
	assert_int_equal(c.cell[1].ch, '?');
	cells_close(&c);
}

/* Any keys on any size: nothing but memory errors can fail here, and SAN=1 sees those. */
static void any_key_at_any_size(void **state)
{
	static const struct {
		uint32_t zones, nodes;
		uint64_t blocks;
	} hosts[] = { { 0, 1, 0 }, { 1, 1, 1 }, { 64, 16, 4096 } };
	uint32_t seed = 1;
	struct rig *r;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		r = rig_open(hosts[i].zones, hosts[i].nodes, hosts[i].blocks);
		if (i == 2) {
			stub_is_host(r->source);
			r->t.nr_past = 0;
			assert_int_equal(top_sample(&r->t, r->source, &r->room), 0);
		}
		for (int n = 0; n < 3000; n++) {
			const struct tui_action *a;

			seed = seed * 1664525 + 1013904223;
			a = &tui_actions[(seed >> 8) % nr_tui_actions];
			tui_key(&r->t, a->key[(seed >> 20) % 4]);
			if (seed >> 24 < 8)
				tui_resize(&r->t, 1 + (int)(seed % 90), 1 + (int)(seed / 90 % 30));
			if (seed >> 24 < 40)
				step(r);
			tui_click(&r->t, (int)(seed % 100), (int)(seed / 100 % 40));
			free(screen(&r->t));
		}
		rig_close(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_sample),
		cmocka_unit_test(screens_change),
		cmocka_unit_test(help_is_the_table),
		cmocka_unit_test(the_page_is_the_table),
		cmocka_unit_test(no_key_twice),
		cmocka_unit_test(lists_sort_filter_and_search),
		cmocka_unit_test(playing_asks_the_loop),
		cmocka_unit_test(rates_and_history),
		cmocka_unit_test(the_present_has_a_past),
		cmocka_unit_test(the_past_is_packed),
		cmocka_unit_test(callers_have_rates),
		cmocka_unit_test(zones_and_orders),
		cmocka_unit_test(figures),
		cmocka_unit_test(texts),
		cmocka_unit_test(text_is_clipped_and_plain),
		cmocka_unit_test(any_key_at_any_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
