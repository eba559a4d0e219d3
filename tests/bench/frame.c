/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * frame TRACE...: CPU milliseconds that one frame takes, of the slowest screen, sampling apart: of
 * each trace at its end, of hosts with 64 zones and with 1 TiB in one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/tui/stub.h"
#include "tui/top.h"

#define FRAMES 50

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void must(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "frame: %s: %s\n", what, strerror(-err));
	exit(2);
}

static void measure(const char *name, struct source *source, int w, int h)
{
	const struct tui_settings set = { .delay_ns = 1000000000, .order = 9 };
	struct sample *room = calloc(1, sizeof(*room));
	FILE *to = fopen("/dev/null", "w");
	double ms, most = 0;
	int slowest = 0;
	struct tui t;

	must(room && to ? tui_open(&t, &set) : -ENOMEM, name);
	tui_resize(&t, w, h);
	for (int screen = 0; screen < NR_SCREENS; screen++) {
		tui_key(&t, '1' + screen);
		must(top_sample(&t, source, room), name);
		ms = cpu_ms();
		for (int i = 0; i < FRAMES; i++)
			must(top_frame(&t, to), name);
		ms = (cpu_ms() - ms) / FRAMES;
		if (ms > most) {
			most = ms;
			slowest = screen;
		}
	}
	printf("frame of %-19s %3dx%d %6.2f ms (%s)\n", name, w, h, most,
	       tui_screen_title((enum tui_screen)slowest));
	tui_close(&t);
	fclose(to);
	free(room);
}

static void measure_sizes(const char *name, struct source *source)
{
	measure(name, source, 80, 24);
	measure(name, source, 200, 60);
	source_close(source);
}

int main(int argc, char **argv)
{
	const struct source_goal end = { .kind = GOAL_END }, step = { 0 };
	const struct source_options opt = { 0 };
	struct source *source;
	const char *name;
	char why[256];

	for (int i = 1; i < argc; i++) {
		must(source_file(argv[i], &opt, &source, why, sizeof(why)), argv[i]);
		source_run(source, &end, UINT64_MAX / 2);
		name = strrchr(argv[i], '/');
		measure_sizes(name ? name + 1 : argv[i], source);
	}
	must(stub_open(64, 16, 4096, &source), "64 zones");
	source_run(source, &step, 0);
	measure_sizes("64 zones", source);
	must(stub_open(1, 1, 524288, &source), "1 TiB");
	source_run(source, &step, 0);
	measure_sizes("1 TiB", source);
	return 0;
}
