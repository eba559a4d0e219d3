/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "list.h"
#include "settings.h"

/* Of the file, or of the folder it is in.  -ENOENT: nobody says where such files belong. */
static int path_of(char *buf, size_t len, const char *name)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int n;

	if (config && *config == '/')
		n = snprintf(buf, len, "%s/buddyscope%s", config, name);
	else if (home && *home == '/')
		n = snprintf(buf, len, "%s/.config/buddyscope%s", home, name);
	else
		return -ENOENT;
	return n < 0 || (size_t)n >= len ? -ENAMETOOLONG : 0;
}

static int screen_of(const char *name)
{
	for (int i = 0; i < NR_SCREENS; i++)
		if (!strcasecmp(name, tui_screen_title(i)))
			return i;
	return -1;
}

/* "Callers unmovable down": the column a list is sorted by. */
static void take_sort(struct tui_settings *set, const char *value)
{
	char screen[32], column[32], way[8];
	const struct list_screen *l;
	int i;

	if (sscanf(value, "%31[^,],%31[^,],%7s", screen, column, way) != 3)
		return;
	i = screen_of(screen);
	l = i < 0 ? NULL : list_of(i);
	for (int c = 0; l && c < l->n; c++)
		if (!strcmp(l->column[c].title, column)) {
			set->sort[i] = c + 1;
			set->invert[i] = !strcmp(way, "up");
		}
}

static void take_line(struct tui_settings *set, const char *name, const char *value)
{
	uint64_t v = strtoull(value, NULL, 10);
	int screen = screen_of(value);

	if (!strcmp(name, "order") && *value >= '0' && *value <= '9' && v < SOURCE_ORDERS)
		set->order = (unsigned int)v;
	else if (!strcmp(name, "screen") && screen >= 0)
		set->screen = (uint32_t)screen;
	else if (!strcmp(name, "delay_ns") && v >= TUI_MIN_DELAY && v <= TUI_MAX_DELAY)
		set->chosen_delay_ns = v;
	else if (!strcmp(name, "sort"))
		take_sort(set, value);
}

int settings_load(struct tui_settings *set)
{
	char path[4096], line[256], name[32], value[128];
	FILE *f;
	int err = path_of(path, sizeof(path), "/top");

	if (err)
		return err == -ENOENT ? 0 : err;
	f = fopen(path, "re");
	if (!f)
		return errno == ENOENT ? 0 : -errno;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%31s %127[^\n]", name, value) == 2)
			take_line(set, name, value);
	fclose(f);
	return 0;
}

static void put_lines(const struct tui_settings *set, FILE *f)
{
	const struct list_screen *l;

	fprintf(f, "order %u\nscreen %s\n", set->order, tui_screen_title(set->screen));
	if (set->chosen_delay_ns)
		fprintf(f, "delay_ns %" PRIu64 "\n", set->chosen_delay_ns);
	for (int i = 0; i < NR_SCREENS; i++) {
		l = list_of(i);
		if (l && set->sort[i])
			fprintf(f, "sort %s,%s,%s\n", tui_screen_title(i),
				l->column[set->sort[i] - 1].title, set->invert[i] ? "up" : "down");
	}
}

/* The folder and the one it is in. */
static int make_folders(void)
{
	char path[4096];
	int err = path_of(path, sizeof(path), "");
	char *slash = err ? NULL : strrchr(path, '/');

	if (err)
		return err;
	*slash = '\0';
	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	*slash = '/';
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

int settings_save(const struct tui_settings *set)
{
	char path[4096], part[4096];
	FILE *f;
	int err = make_folders();

	if (!err)
		err = path_of(path, sizeof(path), "/top");
	if (!err)
		err = path_of(part, sizeof(part), "/top.part");
	if (err)
		return err == -ENOENT ? 0 : err;
	f = fopen(part, "we");
	if (!f)
		return -errno;
	put_lines(set, f);
	err = ferror(f) ? -EIO : 0;
	if (fclose(f) && !err)
		err = -errno;
	if (!err && rename(part, path))
		err = -errno;
	return err;
}
