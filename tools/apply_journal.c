// SPDX-License-Identifier: GPL-2.0-only
/*
 * The journal: text, a line a setting with tabs between key, old value and new value.  It appears
 * whole or not at all, and is on disk before anything is changed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply.h"
#include "util.h"

#define FIRST "buddyscope-journal 1\n"
#define LAST "end\n"
#define MOST 8192 /* bytes of a journal */

/* The folder of @path: its entry has to be on disk too. */
static int sync_folder(const char *path)
{
	char folder[4096];
	const char *slash = strrchr(path, '/');
	int fd, err;

	if (slash && (size_t)(slash - path) >= sizeof(folder))
		return -ENAMETOOLONG;
	if (slash)
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path + 1), path);
	fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = fsync(fd) ? -errno : 0;
	close(fd);
	return err;
}

static int make_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[4096];

	if (!slash || slash == path)
		return 0;
	if ((size_t)(slash - path) >= sizeof(folder))
		return -ENAMETOOLONG;
	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
	return mkdir(folder, 0700) && errno != EEXIST ? -errno : 0;
}

static int write_all(int fd, const struct apply_list *list)
{
	char text[MOST] = FIRST;
	size_t at = strlen(text);

	for (size_t i = 0; i < list->n; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s\t%s\t%s\n", list->v[i].key,
				       list->v[i].old, list->v[i].value);
	at += (size_t)snprintf(text + at, sizeof(text) - at, LAST);
	return full_write(fd, text, at);
}

int journal_write(const char *path, const struct apply_list *list)
{
	char part[4096];
	int fd, err;

	if (strlen(path) > sizeof(part) - 32)
		return -ENAMETOOLONG;
	err = make_folder(path);
	if (err)
		return err;
	snprintf(part, sizeof(part), "%s.%ld", path, (long)getpid());
	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	err = write_all(fd, list);
	if (!err && fsync(fd))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	/* Unlike rename() this does not replace the journal of somebody else. */
	if (!err && link(part, path))
		err = -errno;
	unlink(part);
	return err ? err : sync_folder(path);
}

/* One line into @s. */
static int read_line(char *line, struct apply_list *list)
{
	char *old = strchr(line, '\t'), *value = old ? strchr(old + 1, '\t') : NULL;
	char text[sizeof(((struct apply_setting *)0)->key) + APPLY_VALUE + 2], why[256];
	struct apply_setting *s;
	int err;

	if (!value || value - old > APPLY_VALUE || strlen(value) > APPLY_VALUE ||
	    (size_t)(old - line) >= sizeof(s->key))
		return -EBADMSG;
	*old++ = *value++ = '\0';
	/* The key is part of a path: only what is known is taken. */
	snprintf(text, sizeof(text), "%.47s=%.95s", line, value);
	err = apply_add(list, text, why, sizeof(why));
	if (err)
		return -EBADMSG;
	s = &list->v[list->n - 1];
	snprintf(s->old, sizeof(s->old), "%.*s", APPLY_VALUE - 1, old);
	return 0;
}

int journal_read(const char *path, struct apply_list *list)
{
	char text[MOST + 1], *line = text, *end;
	ssize_t n, at = 0;
	int fd, err = 0;

	list->n = 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (at < MOST && (n = read(fd, text + at, (size_t)(MOST - at))) > 0)
		at += n;
	close(fd);
	text[at] = '\0';
	if (strlen(text) != (size_t)at || strncmp(text, FIRST, strlen(FIRST)))
		return -EBADMSG;
	for (line += strlen(FIRST); strcmp(line, LAST) && !err; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			return -EBADMSG;
		*end = '\0';
		err = read_line(line, list);
	}
	return err;
}

int journal_remove(const char *path)
{
	if (unlink(path))
		return -errno;
	return sync_folder(path);
}
