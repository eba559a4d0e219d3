/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every screen as text, at several sizes, of hosts with no zone, one, and 64 zones on 16 nodes, and
 * of 1 TiB.  WRITE=1 in the environment writes the expected files instead; look at them then.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "stub.h"
#include "tui/top.h"

static const struct {
	const char *name;
	uint32_t zones, nodes;
	uint64_t blocks;
	bool counts;
} hosts[] = {
	{ "empty", 0, 1, 0, false },	 { "one", 1, 1, 232, false },
	{ "many", 64, 16, 4096, false }, { "tera", 1, 1, 524288, false },
	{ "counts", 2, 1, 232, true },
};

static const struct {
	int w, h;
} sizes[] = { { 80, 24 }, { 200, 60 }, { 60, 16 } };

static const struct tui_settings settings = { .delay_ns = 1000000000, .order = 9 };

/* All screens, one after the other, help and an explained decision last. */
static void draw_all(struct tui *t, struct source *source, struct sample *room, FILE *to)
{
	for (int i = 0; i < NR_SCREENS + 2; i++) {
		if (i < NR_SCREENS) {
			tui_key(t, '1' + i);
		} else if (i == NR_SCREENS) {
			tui_key(t, '4');
			tui_key(t, TUI_KEY_ENTER);
		} else {
			tui_key(t, '?');
		}
		assert_int_equal(top_sample(t, source, room), 0);
		fprintf(to, "== %d\n", i + 1);
		assert_int_equal(top_frame(t, to), 0);
	}
}

static char *make_frames(size_t host, size_t size)
{
	struct sample *room = calloc(1, sizeof(*room));
	const struct source_goal goal = { 0 };
	struct source *source;
	char *text = NULL;
	size_t len;
	struct tui t;
	FILE *to;

	assert_non_null(room);
	assert_int_equal(
		stub_open(hosts[host].zones, hosts[host].nodes, hosts[host].blocks, &source), 0);
	if (hosts[host].counts)
		stub_counts(source);
	assert_int_equal(tui_open(&t, &settings), 0);
	tui_resize(&t, sizes[size].w, sizes[size].h);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(source_run(source, &goal, 0), 1);
		assert_int_equal(top_sample(&t, source, room), 0);
	}
	to = open_memstream(&text, &len);
	assert_non_null(to);
	draw_all(&t, source, room, to);
	fclose(to);
	tui_close(&t);
	source_close(source);
	free(room);
	return text;
}

static char *load(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t n = 0;

	if (!f)
		return NULL;
	if (getdelim(&text, &n, '\0', f) < 0) {
		free(text);
		text = NULL;
	}
	fclose(f);
	return text;
}

static void store(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* The first line that differs. */
static void compare(const char *path, const char *want, const char *got)
{
	int line = 1;

	for (; *want && *want == *got; want++, got++)
		line += *want == '\n';
	if (*want != *got)
		fail_msg("%s:%d: differs near \"%.60s\", not \"%.60s\"", path, line, got, want);
}

static void frames_are_as_expected(void **state)
{
	char path[128], *got, *want;

	(void)state;
	for (size_t host = 0; host < sizeof(hosts) / sizeof(hosts[0]); host++)
		for (size_t size = 0; size < sizeof(sizes) / sizeof(sizes[0]); size++) {
			snprintf(path, sizeof(path), "tests/tui/%s-%dx%d.expect", hosts[host].name,
				 sizes[size].w, sizes[size].h);
			got = make_frames(host, size);
			if (getenv("WRITE"))
				store(path, got);
			want = load(path);
			assert_non_null(want);
			compare(path, want, got);
			free(want);
			free(got);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_as_expected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
