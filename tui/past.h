/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Samples that are kept to go back to.  Most of a sample is zero: lists and types that are not
 * there, room behind names.  What is kept leaves those words out, which is an eighth of it all.
 */
#ifndef TUI_PAST_H
#define TUI_PAST_H

#include "tools/source.h"

/* Bytes of a sample of @zones zones, and at the same time of what past_unpack() fills. */
size_t past_size(uint32_t zones);
/* For free(); NULL where there is no memory. */
uint64_t *past_pack(const struct sample *s);
void past_unpack(const uint64_t *packed, struct sample *out);

#endif /* TUI_PAST_H */
