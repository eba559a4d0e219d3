/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ring buffer of kernels whose BPF cannot claim a slot of an array (bpf/ring.bpf.h), mapped
 * and read record by record.  Records have one length, so their number is their position.
 */
#ifndef TOOLS_PROBE_RING_H
#define TOOLS_PROBE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>

#include "bpf/event.h"

struct ring {
	uint64_t *consumer;	  /* position up to which we have read */
	const uint64_t *producer; /* position up to which records were claimed */
	const char *data;	  /* mapped twice in a row: no record is ever in two pieces */
	size_t bytes;
};

/* Map the ring buffer @fd of @bytes.  Return: 0 or -errno. */
int ring_open(struct ring *r, int fd, size_t bytes);
void ring_close(struct ring *r); /* accepts a zeroed one */

/* Records claimed so far. */
uint64_t ring_head(const struct ring *r);
/*
 * Take the next record.
 *
 * Return: false if there is none, or its CPU has not finished it yet.
 */
bool ring_take(struct ring *r, struct ring_record *rec);

#endif /* TOOLS_PROBE_RING_H */
