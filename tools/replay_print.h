/* SPDX-License-Identifier: GPL-2.0-only */
/* What the reports of both modes of replay share. */
#ifndef TOOLS_REPLAY_PRINT_H
#define TOOLS_REPLAY_PRINT_H

#include <stdbool.h>
#include <stdint.h>

#include "out.h"
#include "replay.h"

/* A JSON member: what was counted, or null where nothing of the kind could be compared. */
void print_known(struct out_json *j, const char *key, uint64_t v, bool known);
/* The member "first_divergence". */
void print_first(struct out_json *j, const struct replay_divergence *first);
/* "picks        17 of 18 (94.44 %)"; rounded down, so that only all of them are 100 %. */
void print_share(const char *what, uint64_t part, uint64_t whole, bool known);

#endif /* TOOLS_REPLAY_PRINT_H */
