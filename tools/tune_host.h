/* SPDX-License-Identifier: GPL-2.0-only */
/* `tune --apply` and `tune --undo`: the only commands that change this host. */
#ifndef TOOLS_TUNE_HOST_H
#define TOOLS_TUNE_HOST_H

#include "apply.h"

#define TUNE_WATCH 30	   /* seconds on watch after the last change */
#define TUNE_MAX_PSI 10	   /* points of memory pressure */
#define TUNE_MAX_STALLS 50 /* direct reclaims a second */

struct tune_host {
	struct apply_list list;
	struct apply_options opt;
	bool apply, undo;
};

void tune_host_init(struct tune_host *h);
/* "vm.KEY=VALUE", or a file of such lines.  As apply_add(). */
int tune_host_add(struct tune_host *h, const char *what, char *why, size_t len);
int tune_host_run(struct tune_host *h); /* enum cmd_exit, after its messages */

#endif /* TOOLS_TUNE_HOST_H */
