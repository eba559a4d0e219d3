// SPDX-License-Identifier: GPL-2.0-only
#include "apply.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "settings.h"
#include "util.h"

#define VM 3 /* strlen("vm.") */

/* -------------------------------------------------------------------------
 * What is asked for
 */

/* Single blanks in between, none around. */
static void trim(char *text)
{
	char *to = text;

	for (char *at = text; *at; at++) {
		if (!isspace((unsigned char)*at))
			*to++ = *at;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	}
	while (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
}

static const struct pa_policy *newest_policy(void)
{
	const struct pa_policy *policy = NULL;

	for (size_t i = 0; pa_policy_at(i); i++)
		policy = pa_policy_at(i);
	return policy;
}

int apply_add(struct apply_list *list, const char *text, char *why, size_t len)
{
	struct apply_setting s = { { 0 }, { 0 }, { 0 } };
	const char *sign = strchr(text, '=');
	char one[sizeof(s.key) + sizeof(s.value) + 2];
	struct pa_knobs knobs;

	if (!sign || (size_t)(sign - text) >= sizeof(s.key) || strlen(sign) > sizeof(s.value)) {
		snprintf(why, len, "'%.80s' is no setting (vm.KEY=VALUE)", text);
		return -EINVAL;
	}
	memcpy(s.key, text, (size_t)(sign - text));
	memcpy(s.value, sign + 1, strlen(sign + 1) + 1);
	trim(s.key);
	trim(s.value);
	pa_knobs_of(newest_policy(), &knobs);
	snprintf(one, sizeof(one), "%s=%s", s.key, s.value);
	if (strncmp(s.key, "vm.", VM) || !strcmp(s.key, "vm.khugepaged")) {
		snprintf(why, len, "'%.80s' is no setting this command may change", s.key);
		return -EINVAL;
	}
	if (settings_apply(&knobs, newest_policy(), one, why, len))
		return -EINVAL;
	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(list->v[i].key, s.key))
			continue;
		snprintf(why, len, "%s is named twice", s.key);
		return -EINVAL;
	}
	if (list->n == APPLY_MAX) {
		snprintf(why, len, "more than %d settings", APPLY_MAX);
		return -E2BIG;
	}
	list->v[list->n++] = s;
	return 0;
}

int apply_add_file(struct apply_list *list, const char *path, char *why, size_t len)
{
	FILE *from = fopen(path, "re");
	char line[256];
	int err = 0;

	if (!from) {
		err = -errno;
		snprintf(why, len, "%.160s: %s", path, strerror(errno));
		return err;
	}
	while (!err && fgets(line, sizeof(line), from)) {
		trim(line);
		if (line[0] && line[0] != '#' && line[0] != ';')
			err = apply_add(list, line[0] == '-' ? line + 1 : line, why, len);
	}
	if (!err && ferror(from)) {
		err = -EIO;
		snprintf(why, len, "%.160s: %s", path, strerror(EIO));
	}
	fclose(from);
	return err;
}

/* -------------------------------------------------------------------------
 * Reading and writing one
 */

__attribute__((format(printf, 2, 3))) static void tell(const struct apply_options *opt,
						       const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (opt->tell)
		opt->tell(opt->arg, line);
}

static int open_setting(const struct apply_options *opt, const struct apply_setting *s, int flags)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/proc/sys/vm/%s", opt->root, s->key + VM);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int get(const struct apply_options *opt, const struct apply_setting *s,
	       char value[APPLY_VALUE])
{
	int fd = open_setting(opt, s, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, value, APPLY_VALUE - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return (int)n;
	value[n] = '\0';
	trim(value);
	return 0;
}

static int put(const struct apply_options *opt, const struct apply_setting *s, const char *value)
{
	/* O_TRUNC means nothing to /proc; a test's files are files. */
	int fd = open_setting(opt, s, O_WRONLY | O_TRUNC), err;

	if (fd < 0)
		return fd;
	err = full_write(fd, value, strlen(value));
	close(fd);
	return err;
}

/* -------------------------------------------------------------------------
 * Undo
 */

/* Take back one: 0, 1 if it is somebody else's now, -errno. */
static int take_back(const struct apply_options *opt, const struct apply_setting *s)
{
	char now[APPLY_VALUE];
	int err;

	err = get(opt, s, now);
	if (err == -ENOENT) { /* the next boot was another kernel's */
		tell(opt, "%s: this kernel has none: nothing to undo", s->key);
		return 0;
	}
	if (err)
		return err;
	if (!strcmp(now, s->old)) {
		tell(opt, "%s: is %s already", s->key, now);
		return 0;
	}
	if (strcmp(now, s->value)) {
		tell(opt, "%s: is %s, not the %s that was written: left alone", s->key, now,
		     s->value);
		return 1;
	}
	err = put(opt, s, s->old);
	if (!err)
		err = get(opt, s, now);
	if (err)
		return err;
	if (strcmp(now, s->old)) {
		tell(opt, "%s: is %s after %s was written back: left alone", s->key, now, s->old);
		return 1;
	}
	tell(opt, "%s: %s -> %s", s->key, s->value, s->old);
	return 0;
}

/* The last of the first @n of them first, then the journal goes. */
static int undo_all(const struct apply_options *opt, const struct apply_list *list, size_t n,
		    bool *foreign, char *why, size_t len)
{
	int err = 0, first = 0;

	*foreign = false;
	while (n-- > 0) {
		err = take_back(opt, &list->v[n]);
		*foreign = *foreign || err > 0;
		if (err >= 0 || first)
			continue;
		first = err;
		snprintf(why, len, "%s cannot be undone: %s (the journal %s stays)", list->v[n].key,
			 strerror(-err), opt->journal);
	}
	if (first)
		return first;
	err = journal_remove(opt->journal);
	if (err)
		snprintf(why, len, "%s: %s", opt->journal, strerror(-err));
	return err;
}

int apply_undo(const struct apply_options *opt, enum apply_end *end, char *why, size_t len)
{
	struct apply_list list;
	bool foreign;
	int err;

	err = journal_read(opt->journal, &list);
	if (err) {
		snprintf(why, len, "%s: %s", opt->journal,
			 err == -ENOENT	 ? "no journal: nothing is to be undone" :
			 err == -EBADMSG ? "the journal is damaged" :
					   strerror(-err));
		return err;
	}
	err = undo_all(opt, &list, list.n, &foreign, why, len);
	if (!err)
		*end = foreign ? APPLY_STOOD_BACK : APPLY_DONE;
	return err;
}

/* -------------------------------------------------------------------------
 * Apply
 */

/* How things were before the first change. */
struct before {
	struct guard look; /* the last one */
	double psi, stalls;
};

static void pause_for(const struct apply_options *opt)
{
	struct timespec ts = { .tv_sec = (time_t)(opt->interval / 1000000000),
			       .tv_nsec = (long)(opt->interval % 1000000000) };

	nanosleep(&ts, NULL); /* a signal ends it: then *stop says so */
}

/* One interval later: what is there to say against going on? */
static enum apply_end look(const struct apply_options *opt, const struct apply_list *list, size_t n,
			   struct before *before)
{
	struct guard now;
	char value[APPLY_VALUE];
	double rate;

	pause_for(opt);
	if (opt->stop && *opt->stop) {
		tell(opt, "stopped by a signal");
		return APPLY_STOPPED;
	}
	guard_read(opt->root, &now);
	rate = guard_rate(&before->look, &now);
	before->look = now;
	if (now.has_psi && now.psi > before->psi + opt->max_psi) {
		tell(opt, "memory pressure (some avg10) is %.2f %%, was %.2f %%", now.psi,
		     before->psi);
		return APPLY_GUARD;
	}
	if (rate > before->stalls + opt->max_stalls) {
		tell(opt, "%.0f requests a second reclaim by themselves, %.0f did", rate,
		     before->stalls);
		return APPLY_GUARD;
	}
	for (size_t i = 0; i < n; i++) {
		if (!get(opt, &list->v[i], value) && strcmp(value, list->v[i].value)) {
			tell(opt, "%s: is %s, not the %s that was written", list->v[i].key, value,
			     list->v[i].value);
			return APPLY_STOOD_BACK;
		}
	}
	return APPLY_DONE;
}

/* What they are; those that are as asked for are left out. */
static int read_old(struct apply_list *list, const struct apply_options *opt, char *why, size_t len)
{
	size_t kept = 0;
	int err;

	for (size_t i = 0; i < list->n; i++) {
		struct apply_setting s = list->v[i];

		err = get(opt, &s, s.old);
		if (err) {
			snprintf(why, len, "%s: %s", s.key,
				 err == -ENOENT ? "this kernel has no such setting" :
						  strerror(-err));
			return err;
		}
		if (strcmp(s.old, s.value))
			list->v[kept++] = s;
		else
			tell(opt, "%s: is %s already", s.key, s.value);
	}
	list->n = kept;
	return 0;
}

/* Write one and see that it is what it is. */
static int change(const struct apply_options *opt, const struct apply_setting *s,
		  enum apply_end *end)
{
	char now[APPLY_VALUE];
	int err;

	err = get(opt, s, now);
	if (err)
		return err;
	if (strcmp(now, s->old)) {
		tell(opt, "%s: is %s, was %s a moment ago", s->key, now, s->old);
		*end = APPLY_STOOD_BACK;
		return 0;
	}
	err = put(opt, s, s->value);
	if (!err)
		err = get(opt, s, now);
	if (err)
		return err;
	if (strcmp(now, s->value)) {
		tell(opt, "%s: is %s after %s was written", s->key, now, s->value);
		*end = APPLY_STOOD_BACK;
		return 0;
	}
	tell(opt, "%s: %s -> %s", s->key, s->old, s->value);
	return 0;
}

/* One after the other, then on watch.  *@done: how many were touched. */
static int change_all(const struct apply_options *opt, const struct apply_list *list,
		      struct before *before, size_t *done, enum apply_end *end)
{
	uint64_t until;
	int err;

	for (*done = 0; *done < list->n;) {
		err = change(opt, &list->v[(*done)++], end);
		if (err || *end != APPLY_DONE)
			return err;
		*end = look(opt, list, *done, before);
		if (*end != APPLY_DONE)
			return 0;
	}
	until = now_ns() + opt->watch;
	while (*end == APPLY_DONE && now_ns() < until)
		*end = look(opt, list, *done, before);
	return 0;
}

int apply_settings(struct apply_list *list, const struct apply_options *opt, enum apply_end *end,
		   char *why, size_t len)
{
	struct before before = { .psi = 0 };
	struct guard first;
	bool foreign;
	size_t done;
	int err;

	err = read_old(list, opt, why, len);
	if (err)
		return err;
	if (!list->n) {
		*end = APPLY_NOTHING;
		return 0;
	}
	err = journal_write(opt->journal, list);
	if (err) {
		snprintf(why, len, "%s: %s", opt->journal,
			 err == -EEXIST ? "there is a journal already (tune --undo takes it back)" :
					  strerror(-err));
		return err;
	}
	guard_read(opt->root, &first);
	if (!first.has_psi)
		tell(opt, "no pressure/memory here: direct reclaim alone is watched");
	pause_for(opt);
	guard_read(opt->root, &before.look);
	before.psi = before.look.psi;
	before.stalls = guard_rate(&first, &before.look);
	*end = APPLY_DONE;
	err = change_all(opt, list, &before, &done, end);
	if (err)
		snprintf(why, len, "%s: %s", list->v[done - 1].key, strerror(-err));
	if (err || *end != APPLY_DONE) {
		char worse[256];
		int undo = undo_all(opt, list, done, &foreign, worse, sizeof(worse));

		if (undo) {
			snprintf(why, len, "%s", worse);
			err = undo;
		} else if (foreign && !err) {
			*end = APPLY_STOOD_BACK;
		}
	}
	return err;
}
