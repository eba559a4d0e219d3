/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The stream where BPF cannot claim a slot: an atomic add that gives back the old value came
 * with 5.12.  A ring buffer (5.8) hands out its positions under a lock of its own, so events
 * under zone->lock come out in the order of that lock here too.
 *
 * It costs more than the array.  When user space falls a whole ring behind, the newest records
 * are dropped, not the oldest, and counted.
 */
#ifndef RING_BPF_H
#define RING_BPF_H

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 12); /* bytes; set before load */
} ring SEC(".maps");

__u64 ring_dropped __attribute__((aligned(64)));

/* Records claimed so far: each takes one length of the ring. */
static __always_inline __u64 stream_position(void)
{
	return bpf_ringbuf_query(&ring, BPF_RB_PROD_POS) / RING_STRIDE;
}

static __noinline int ring_store(__u64 w0, __u64 w1)
{
	struct ring_record rec = { .rec = { .w0 = w0, .w1 = w1 }, .ts = bpf_ktime_get_ns() };

	if (bpf_ringbuf_output(&ring, &rec, sizeof(rec), BPF_RB_NO_WAKEUP))
		__sync_fetch_and_add(&ring_dropped, 1);
	return 0;
}

#define emit_fitting(type, pfn, order, mt, arg, pid, bits)                                         \
	ring_store(event_w0(pfn, order, mt, type, 0, bpf_get_smp_processor_id()),                  \
		   event_w1(arg, pid, bits, 0))

#endif /* RING_BPF_H */
