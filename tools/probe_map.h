/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory of BPF maps in this process. */
#ifndef TOOLS_PROBE_MAP_H
#define TOOLS_PROBE_MAP_H

#include <stddef.h>

struct bpf_map;

size_t whole_pages(size_t len);
/*
 * The variables of @map, of a program that is not loaded yet, end after @size bytes.  libbpf has mapped
 * room for all of them: what is beyond goes back, or whoever locks their memory locks it as well.
 */
int map_shrink(struct bpf_map *map, size_t size);

#endif
