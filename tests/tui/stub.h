/* SPDX-License-Identifier: GPL-2.0-only */
/* A source that is made up: hosts of any size, the same each time. */
#ifndef TESTS_TUI_STUB_H
#define TESTS_TUI_STUB_H

#include "tools/source.h"

/*
 * @zones zones on @nodes nodes, of @blocks pageblocks each; none: nothing is known.  It moves on
 * by a second with each source_run().
 */
int stub_open(uint32_t zones, uint32_t nodes, uint64_t blocks, struct source **out);

/* From now on it is a host that cannot be played. */
void stub_is_host(struct source *source);
/* The same, and it only counts: no core, no single decisions. */
void stub_counts(struct source *source);

#endif /* TESTS_TUI_STUB_H */
