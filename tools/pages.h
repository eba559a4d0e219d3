/* SPDX-License-Identifier: GPL-2.0-only */
/* What pages were in use for as a recording began, for the core. */
#ifndef TOOLS_PAGES_H
#define TOOLS_PAGES_H

#include "core/pa.h"
#include "trace.h"

/*
 * Tell the core.  Pages that are free by now stay so, and so do those outside of its zones.  What is on
 * no LRU list, nor free, is pinned: move_freepages_block asks for no more than that.
 */
void pages_load(struct pa *pa, const struct trace_pages *pages);

#endif
