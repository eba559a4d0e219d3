/* SPDX-License-Identifier: GPL-2.0-only */
/* The four functions that who embeds core/ without a C library provides. */
#ifndef TESTS_FREESTANDING_STRING_H
#define TESTS_FREESTANDING_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *at, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);

#endif /* TESTS_FREESTANDING_STRING_H */
