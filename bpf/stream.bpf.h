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

#ifdef OLD_BPF
#include "ring.bpf.h"
#else

#include "snap.h"

#define STREAM_CLOCK_SHIFT 8
#define STREAM_MAX_SLOTS (1 << 23)
#define STREAM_BEHIND (WATCH_MAX_SLOTS * sizeof(struct watched_cpu) / sizeof(struct event_record))

/* One struct, for one address; constant to the verifier, which checks the masks. */
const volatile struct {
	__u64 mask;  /* slots - 1 */
	__u32 shift; /* log2 of the slots */
	/* see frees.bpf.h */
	bool watch_quickly;
	__u32 watched_mask;   /* struct watched_cpu behind the slots, - 1 */
	__u64 watched_offset; /* bytes from `stream` */
} stream_size = { .mask = (1 << 10) - 1, .shift = 10 };

/* Not beside what all CPUs only read. */
__u64 stream_head __attribute__((aligned(64)));

/*
 * The array lies in .bss, where its address is a constant of the program: no look-up for
 * each record.  It comes last (tools/probe.c asserts that) and is cut to size
 * before load.
 */
extern struct event_record stream[STREAM_MAX_SLOTS + STREAM_BEHIND];

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1 << 2); /* set before load */
	__type(key, __u32);
	__type(value, __u64);
} stream_clock SEC(".maps");

/* A program of its own: the others then need no stack and save fewer registers. */
static __noinline int stream_tick(__u64 n)
{
	__u32 tick = (n & stream_size.mask) >> STREAM_CLOCK_SHIFT;
	__u64 *clock = bpf_map_lookup_elem(&stream_clock, &tick);

	if (clock)
		*clock = bpf_ktime_get_ns();
	return 0;
}

/* Records claimed so far. */
static __always_inline __u64 stream_position(void)
{
	return *(volatile __u64 *)&stream_head;
}

/* The number of the record that the caller is to store; where is_tick(), after stream_tick(). */
static __always_inline __u64 claim_only(void)
{
	return __sync_fetch_and_add(&stream_head, 1);
}

static __always_inline bool is_tick(__u64 n)
{
	return !(n & ((1 << STREAM_CLOCK_SHIFT) - 1));
}

static __always_inline __u64 claim(void)
{
	__u64 n = claim_only();

	if (is_tick(n))
		stream_tick(n);
	return n;
}

/* Where record @n lies. */
static __always_inline volatile struct event_record *slot_of(__u64 n)
{
	volatile struct event_record *rec = stream;

	barrier_var(rec);
	return rec + (n & stream_size.mask);
}

/* Word 1 is stored last: a reader that finds its lap there finds word 0 complete. */
static __always_inline void store(__u64 n, __u64 cpu, __u64 pid, unsigned int type, __u64 pfn,
				  __u64 order, __u64 mt, __u64 arg, __u64 bits)
{
	volatile struct event_record *rec = slot_of(n);
	__u64 lap = n >> stream_size.shift << 62;

	barrier_var(lap); /* two shifts are worse put together: with a mask of 64 bits */
	rec->w0 = event_w0(pfn, order, mt, type, lap, cpu);
	rec->w1 = event_w1(arg, pid, bits, lap);
}

/* A free says no more than whose and of what: word 1 has its number, which costs nothing to know. */
static __always_inline void store_free_of(__u64 n, __u64 cpu, __u64 pfn, __u64 order)
{
	volatile struct event_record *rec = slot_of(n);
	__u64 high = cpu << 14 | order;

	high |= EV_FREE << 7;
	barrier_var(high); /* or the type is shifted ahead, and takes more than an immediate */
	rec->w0 = high << 36 | pfn;
	rec->w1 = n;
}

/*
 * A macro, so that the arguments are computed where they are needed: after the calls, which
 * leave few registers to keep anything in.
 */
#define emit_fitting(type, pfn, order, mt, arg, pid, bits)                                         \
	do {                                                                                       \
		__u64 n_ = claim(), pid_ = (pid), cpu_ = bpf_get_smp_processor_id();               \
                                                                                                   \
		store(n_, cpu_, pid_, type, pfn, order, mt, arg, bits);                            \
	} while (0)

#endif /* OLD_BPF */

/* The same where the migratetype may be pageblock_mt()'s -1, and the argument wide. */
#define emit(type, pfn, order, mt, arg, pid, bits)                                                 \
	emit_fitting(type, pfn, order, (mt)&7, (__u32)(arg), pid, bits)

#endif /* STREAM_BPF_H */
