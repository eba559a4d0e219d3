// SPDX-License-Identifier: GPL-2.0-only
#include "tune_host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "util.h"

static volatile sig_atomic_t stopped;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

static void say(void *arg, const char *line)
{
	(void)arg;
	puts(line);
	fflush(stdout);
}

void tune_host_init(struct tune_host *h)
{
	*h = (struct tune_host){
		.opt = { .root = "",
			 .journal = APPLY_JOURNAL,
			 .interval = 1000000000,
			 .watch = UINT64_C(1000000000) * TUNE_WATCH,
			 .max_psi = TUNE_MAX_PSI,
			 .max_stalls = TUNE_MAX_STALLS,
			 .stop = &stopped,
			 .tell = say },
	};
}

int tune_host_add(struct tune_host *h, const char *what, char *why, size_t len)
{
	h->apply = true;
	return strchr(what, '=') ? apply_add(&h->list, what, why, len) :
				   apply_add_file(&h->list, what, why, len);
}

static int failed(int err, const char *why)
{
	bool denied = err == -EACCES || err == -EPERM || err == -EROFS;

	error_msg("tune: %s%s", why, denied ? " (run it as root, or with sudo)" : "");
	return denied ? CMD_NO_KERNEL : err == -EBADMSG ? CMD_BAD_INPUT : CMD_FAILURE;
}

static int undo(const struct tune_host *h)
{
	enum apply_end end;
	char why[512] = "";
	int err;

	err = apply_undo(&h->opt, &end, why, sizeof(why));
	if (err)
		return failed(err, why);
	puts(end == APPLY_DONE ? "undone" : "undone, but for what somebody else has changed since");
	return end == APPLY_DONE ? CMD_OK : CMD_DIFFERENT;
}

static int apply(struct tune_host *h)
{
	enum apply_end end;
	char why[512] = "";
	int err;

	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	signal(SIGHUP, stop);
	err = apply_settings(&h->list, &h->opt, &end, why, sizeof(why));
	if (err == -ENOENT) {
		error_msg("tune: %s", why);
		return CMD_NO_KERNEL;
	}
	if (err)
		return failed(err, why);
	switch (end) {
	case APPLY_NOTHING:
		puts("all of it is in force already: nothing was changed");
		return CMD_OK;
	case APPLY_DONE:
		printf("in force until the next boot; `buddyscope tune --undo` takes it back (%s)\n",
		       h->opt.journal);
		return CMD_OK;
	default:
		puts(end == APPLY_STOOD_BACK ?
			     "undone, but for what somebody else has changed since" :
			     "undone");
		return CMD_DIFFERENT;
	}
}

int tune_host_run(struct tune_host *h)
{
	return h->undo ? undo(h) : apply(h);
}
