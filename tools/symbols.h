/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's functions by address, from text as /proc/kallsyms has it. */
#ifndef TOOLS_SYMBOLS_H
#define TOOLS_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct symbols; /* opaque */

/*
 * Read all functions.  Return: 0, -ENOMEM, -ENODATA if there is none with an address: they are
 * hidden from who may not see them.
 */
int symbols_read(FILE *from, struct symbols **out);
void symbols_free(struct symbols *s); /* accepts NULL */
/* The function that holds @addr; NULL: it is before the first. */
const char *symbols_find(const struct symbols *s, uint64_t addr);
/*
 * A kernel stack as "kmalloc < alloc_skb < ...", the innermost first, without what belongs to the
 * tracepoint and the allocator itself.
 */
void symbols_stack(const struct symbols *s, const uint64_t *addr, size_t n, char *buf, size_t len);

#endif /* TOOLS_SYMBOLS_H */
