/* SPDX-License-Identifier: GPL-2.0-only */
/* What programs of bpf/ call and read through, in place of the kernel; after vmlinux.h and event.h. */
#ifndef TESTS_BPF_MOCK_H
#define TESTS_BPF_MOCK_H

void *calloc(__SIZE_TYPE__ n, __SIZE_TYPE__ size);
void free(void *mem);
void *memcpy(void *to, const void *from, __SIZE_TYPE__ len);
void *memset(void *to, int c, __SIZE_TYPE__ len);
void abort(void);

#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#define __noinline __attribute__((noinline))
#define __ksym
#define __weak __attribute__((weak))
#define SEC(name)
#define __uint(name, value) int(*name)[value]
#define __type(name, type) __typeof__(type) *name
#define bpf_core_field_offset(type, member) __builtin_offsetof(type, member)
#define bpf_core_field_exists(...) 1
#define bpf_core_type_exists(...) 1
#define bpf_core_field_size(type, member) sizeof(((type *)0)->member)
#define bpf_core_type_size(type) sizeof(type)
#define bpf_core_type_id_kernel(type) 0
#define BPF_CORE_READ(at, ...) READ_N(__VA_ARGS__, READ_2, READ_1)(at, __VA_ARGS__)
#define READ_N(a, b, name, ...) name
#define READ_1(at, a)                                                                              \
	({                                                                                         \
		__typeof__((at)->a) value_ = 0;                                                    \
		bpf_probe_read_kernel(&value_, sizeof(value_),                                     \
				      (char *)(at) + __builtin_offsetof(__typeof__(*(at)), a));    \
		value_;                                                                            \
	})
#define READ_2(at, a, b) READ_1(READ_1(at, a), b)
#define bpf_map_lookup_elem(map, key)                                                              \
	map_slot(map, *(key), sizeof(*(map)->max_entries) / sizeof(int), sizeof(*(map)->value))
#define bpf_map_update_elem(map, key, from, flags)                                                 \
	map_add(bpf_map_lookup_elem(map, key), *(key), from, sizeof(*(map)->value))
#define bpf_map_delete_elem(map, key) map_remove(*(key))
#define emit(type, pfn, order, mt, arg, pid, bits) kernel_emit(type, pfn, order, bits)

#define MAPS 8

static struct {
	const void *map;
	char *mem;
} maps[MAPS];
static bool keys[64]; /* of the one hash map */

static struct {
	char *at;
	__u64 len;
} readable[4];

static unsigned int current_pid;
static struct task_struct current_task;

static void *map_slot(const void *map, __u32 key, __u32 entries, __u32 size)
{
	int i = 0;

	if (key >= entries)
		return 0;
	while (maps[i].map && maps[i].map != map)
		if (++i == MAPS)
			abort();
	if (!maps[i].map) {
		maps[i].map = map;
		maps[i].mem = calloc(entries, size);
	}
	return maps[i].mem + (__u64)key * size;
}

static long map_add(void *slot, __u32 key, const void *from, __u32 size)
{
	if (!slot || keys[key])
		return -1;
	keys[key] = true;
	memcpy(slot, from, size);
	return 0;
}

static long map_remove(__u32 key)
{
	keys[key] = false;
	return 0;
}

static long bpf_probe_read_kernel(void *to, __u32 len, const void *from)
{
	const char *at = from;
	int i;

	if ((__u64)from - (__u64)&at + 4096 < 8192) { /* a variable of the program */
		memcpy(to, from, len);
		return 0;
	}
	for (i = 0; i < 4; i++)
		if (at >= readable[i].at && at + len <= readable[i].at + readable[i].len) {
			memcpy(to, from, len);
			return 0;
		}
	memset(to, 0, len);
	return -14; /* -EFAULT */
}

static __u64 bpf_get_current_pid_tgid(void)
{
	return current_pid;
}

static __u32 bpf_get_smp_processor_id(void)
{
	return 0;
}

static void *bpf_get_current_task(void)
{
	return &current_task;
}

#define bpf_get_current_task_btf() (&current_task)

#define bpf_loop(n, step, ctx, flags)                                                              \
	({                                                                                         \
		__u32 i_;                                                                          \
                                                                                                   \
		for (i_ = 0; i_ < (n) && !step(i_, ctx); i_++)                                     \
			;                                                                          \
	})

static struct kernel_event events[64];
static size_t nr_events;

static void kernel_emit(__u64 type, __u64 pfn, __u64 order, __u64 bits)
{
	if (nr_events == sizeof(events) / sizeof(events[0]))
		abort();
	events[nr_events++] =
		(struct kernel_event){ .type = type, .pfn = pfn, .order = order, .bits = bits };
}

/* Nothing has run yet; what maps had is lost, a few pages. */
static void mock_reset(void)
{
	for (int i = 0; i < MAPS; i++)
		free(maps[i].mem);
	memset(maps, 0, sizeof(maps));
	memset(keys, 0, sizeof(keys));
	nr_events = 0;
}

#endif /* TESTS_BPF_MOCK_H */
