/* SPDX-License-Identifier: GPL-2.0-only */
/* What lasts from one run to the next: $XDG_CONFIG_HOME/buddyscope/top, "name value" on each line. */
#ifndef TUI_SETTINGS_H
#define TUI_SETTINGS_H

#include "state.h"

/* Return: 0, also without a file; -errno.  What a file says that makes no sense is left out. */
int settings_load(struct tui_settings *set);
/* Return: 0 or -errno. */
int settings_save(const struct tui_settings *set);

#endif /* TUI_SETTINGS_H */
