/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The stream: one array of records shared by all CPUs and mapped by user space.
 *
 * A slot is claimed with one atomic add, so events under zone->lock come out in
 * the order of the lock, whatever the CPU.  Nobody is woken and nothing blocks:
 * user space polls.  When it falls a whole array behind, the oldest records are
 * overwritten; the reader sees that from stream_head and counts them.
 *
 * A clock for each record would cost more than the record; every 256th slot reads it.
 */
#ifndef STREAM_BPF_H
#define STREAM_BPF_H

#define STREAM_CLOCK_SHIFT 8

const volatile __u32 stream_shift = 10; /* log2 of the number of slots */
const volatile __u32 page_struct_shift; /* log2 of sizeof(struct page), if it is a power of two */
const volatile __u32 page_struct_size = 64;

__u64 vmemmap_base; /* found after load, see tools/snapshot.c */
__u64 stream_head __attribute__((aligned(64)));

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1 << 10); /* set before load */
	__type(key, __u32);
	__type(value, struct event_record);
} stream SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1 << 2); /* set before load */
	__type(key, __u32);
	__type(value, __u64);
} stream_clock SEC(".maps");

static __always_inline __u64 page_pfn(__u64 page)
{
	if (page_struct_shift)
		return (page - vmemmap_base) >> page_struct_shift;
	return (page - vmemmap_base) / page_struct_size;
}

static __always_inline __u32 current_tgid(void)
{
	return bpf_get_current_pid_tgid() >> 32;
}

/* Word 1 is stored last: a reader that finds its lap there finds word 0 complete. */
static __always_inline void emit(unsigned int type, __u64 pfn, unsigned int order, unsigned int mt,
				 __u32 arg, __u32 pid, unsigned int bits)
{
	__u32 cpu = bpf_get_smp_processor_id();
	__u64 n = __sync_fetch_and_add(&stream_head, 1);
	__u32 lap = ((n >> stream_shift) + 1) & EV_LAP_MASK;
	__u32 slot = n & ((1ULL << stream_shift) - 1);
	volatile struct event_record *rec;

	rec = bpf_map_lookup_elem(&stream, &slot);
	if (!rec)
		return;
	if (!(n & ((1 << STREAM_CLOCK_SHIFT) - 1))) {
		__u32 tick = slot >> STREAM_CLOCK_SHIFT;
		__u64 *clock = bpf_map_lookup_elem(&stream_clock, &tick);

		if (clock)
			*clock = bpf_ktime_get_ns();
	}
	rec->w0 = event_w0(pfn, order, mt, type, lap, cpu);
	rec->w1 = event_w1(arg, pid, bits, lap);
}

#endif /* STREAM_BPF_H */
