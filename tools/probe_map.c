/* SPDX-License-Identifier: GPL-2.0-only */
#include "probe_map.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

size_t whole_pages(size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (len + page - 1) & ~(page - 1);
}

int map_shrink(struct bpf_map *map, size_t size)
{
	size_t room = 0, left;
	char *at = (char *)bpf_map__initial_value(map, &room);
	int err = bpf_map__set_value_size(map, (__u32)size);

	/* From 1.3 on libbpf has moved it to where there is no more: what is there by now is others'. */
	if (err || !at || bpf_map__initial_value(map, &left) != at ||
	    whole_pages(room) <= whole_pages(size))
		return err;
	return munmap(at + whole_pages(size), whole_pages(room) - whole_pages(size)) ? -errno : 0;
}
