/* SPDX-License-Identifier: GPL-2.0-only */
#include "probe_ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

_Static_assert(BPF_RINGBUF_HDR_SZ + sizeof(struct ring_record) == RING_STRIDE,
	       "a record with its header fills one stride");

int ring_open(struct ring *r, int fd, size_t bytes)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *mem;

	memset(r, 0, sizeof(*r));
	mem = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mem == MAP_FAILED)
		return -errno;
	r->consumer = (uint64_t *)mem;
	r->bytes = bytes;
	mem = mmap(NULL, page + 2 * bytes, PROT_READ, MAP_SHARED, fd, page);
	if (mem == MAP_FAILED) {
		ring_close(r);
		return -errno;
	}
	r->producer = (const uint64_t *)mem;
	r->data = mem + page;
	return 0;
}

void ring_close(struct ring *r)
{
	size_t page = sysconf(_SC_PAGESIZE);

	if (r->consumer)
		munmap(r->consumer, page);
	if (r->producer)
		munmap((void *)r->producer, page + 2 * r->bytes);
	memset(r, 0, sizeof(*r));
}

uint64_t ring_head(const struct ring *r)
{
	return __atomic_load_n(r->producer, __ATOMIC_ACQUIRE) / RING_STRIDE;
}

bool ring_take(struct ring *r, struct ring_record *rec)
{
	uint64_t at = *r->consumer;
	const char *header;

	if (at == __atomic_load_n(r->producer, __ATOMIC_ACQUIRE))
		return false;
	header = r->data + (at & (r->bytes - 1));
	if (__atomic_load_n((const uint32_t *)header, __ATOMIC_ACQUIRE) & BPF_RINGBUF_BUSY_BIT)
		return false;
	memcpy(rec, header + BPF_RINGBUF_HDR_SZ, sizeof(*rec));
	__atomic_store_n(r->consumer, at + RING_STRIDE, __ATOMIC_RELEASE);
	return true;
}
