/* SPDX-License-Identifier: GPL-2.0-only */
#include "probe_count.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "count.skel.h"
#include "count_old.skel.h"
#include "probe_map.h"

#define TRIAL (4UL << 20) /* bytes of memory to allocate and free where a run is measured */

/* counting_open() cuts off the end of what the programs call .bss. */
_Static_assert(offsetof(struct count_bpf__bss, cpus) + sizeof(((struct count_bpf__bss *)0)->cpus) ==
		       sizeof(struct count_bpf__bss),
	       "the counters of CPUs are the last of .bss");

/* The program of each is count_ and its name; @args: this number or none. */
static const struct counted_point {
	const char *name;
	int args;
	bool page, required;
} points[] = {
	{ "mm_page_alloc", 4, true, true },
	{ "mm_page_alloc_zone_locked", 0, true, true },
	{ "mm_page_pcpu_drain", 3, true, true },
	{ "mm_page_alloc_extfrag", 5, false, false },
	{ "mm_vmscan_direct_reclaim_begin", 0, false, false },
	{ "mm_vmscan_direct_reclaim_end", 0, false, false },
	{ "mm_vmscan_kswapd_wake", 3, false, false },
	{ "mm_compaction_try_to_compact_pages", 3, false, false },
	{ "mm_compaction_begin", 4, false, false },
	{ "mm_compaction_end", 5, false, false },
	{ "mm_compaction_isolate_freepages", 4, false, false },
	{ "mm_compaction_fast_isolate_freepages", 4, false, false },
	{ "mm_compaction_isolate_migratepages", 4, false, false },
	{ "mark_victim", 0, false, false },
};

#define NR_POINTS (sizeof(points) / sizeof(points[0]))

struct counting {
	struct count_bpf *skel;
	struct bpf_program *prog[NR_POINTS]; /* NULL: not on this kernel */
	struct bpf_link *link[NR_POINTS];
	uint32_t nr_cpus;
	uint64_t zone_pfn[COUNT_ZONES];
	uint32_t nr_zones;
	double run_ns;
	uint64_t missed_before; /* at the trial */
	__u32 pid[COUNT_NR_PROCESSES];
	struct count_process process[COUNT_NR_PROCESSES];
	struct count_stack_key stack_key[2 * COUNT_NR_STACKS];
	struct count_stack stack[2 * COUNT_NR_STACKS];
};

/* -------------------------------------------------------------------------
 * Loading
 */

/* Those for old kernels differ in what their functions do alone: one skeleton fits both. */
_Static_assert(sizeof(struct count_bpf) == sizeof(struct count_old_bpf) &&
		       sizeof(struct count_bpf__rodata) == sizeof(struct count_old_bpf__rodata) &&
		       sizeof(struct count_bpf__bss) == sizeof(struct count_old_bpf__bss),
	       "the same programs, maps and variables");

static int open_programs(bool old, struct count_bpf **out)
{
	struct count_bpf *skel = calloc(1, sizeof(*skel));
	int err = skel ? count_bpf__create_skeleton(skel) : -ENOMEM;

	if (!err && old)
		skel->skeleton->data = (void *)count_old_bpf__elf_bytes(&skel->skeleton->data_sz);
	if (!err)
		err = bpf_object__open_skeleton(skel->skeleton, NULL);
	if (err) {
		count_bpf__destroy(skel);
		return err;
	}
	*out = skel;
	return 0;
}

/* Highest first; with more zones than there is room for, the lowest share the last place. */
static void place_zones(struct counting *c, const struct counting_options *opt)
{
	const struct trace_meta *meta = opt->meta;
	uint32_t at;

	for (uint32_t i = 0; i < meta->nr_zones; i++) {
		if (!meta->zone[i].spanned)
			continue;
		for (at = c->nr_zones; at && c->zone_pfn[at - 1] < meta->zone[i].start_pfn; at--)
			;
		if (at == COUNT_ZONES)
			continue;
		c->nr_zones += c->nr_zones < COUNT_ZONES;
		memmove(&c->zone_pfn[at + 1], &c->zone_pfn[at],
			(c->nr_zones - 1 - at) * sizeof(c->zone_pfn[0]));
		c->zone_pfn[at] = meta->zone[i].start_pfn;
	}
	/* The last one needs no comparison. */
	for (at = 0; at + 1 < c->nr_zones; at++)
		c->skel->rodata->zone_page[at] =
			opt->vmemmap + c->zone_pfn[at] * opt->host->page_struct_size;
}

static int configure(struct counting *c, const struct counting_options *opt)
{
	struct count_bpf__rodata *ro = c->skel->rodata;
	const struct host *host = opt->host;
	int cpus = libbpf_num_possible_cpus();

	if (cpus <= 0 || cpus > COUNT_MAX_CPUS)
		return -E2BIG;
	for (c->nr_cpus = 1; c->nr_cpus < (uint32_t)cpus; c->nr_cpus *= 2)
		;
	ro->cpu_mask = c->nr_cpus - 1;
	ro->vmemmap_base = opt->vmemmap;
	ro->mem_section_addr = host->mem_section;
	if (host->mem_section_size)
		ro->mem_sections_per_root = (1u << host->page_shift) / host->mem_section_size;
	ro->pageblock_shift = host->pageblock_order;
	ro->pageblock_bits = host->pageblock_bits;
	ro->mt_isolate = host->mt_isolate;
	ro->mt_movable = host->mt_movable;
	ro->knows_refill = host_tracepoint_args(host, "mm_page_alloc_zone_locked") == 4;
	ro->reclaim_gfp_first = host_tracepoint_args(host, "mm_vmscan_direct_reclaim_begin") == 3;
	ro->want_stacks = opt->stacks;
	place_zones(c, opt);
	return map_shrink(c->skel->maps.bss, offsetof(struct count_bpf__bss, cpus) +
						     c->nr_cpus * sizeof(struct count_cpu));
}

static int choose(struct counting *c, const struct host *host, char *why, size_t len)
{
	struct bpf_program *prog;
	char name[96];
	int args;

	for (size_t i = 0; i < NR_POINTS; i++) {
		snprintf(name, sizeof(name), "count_%s", points[i].name);
		prog = bpf_object__find_program_by_name(c->skel->obj, name);
		args = host_tracepoint_args(host, points[i].name);
		if (prog && args >= 0 && (!points[i].args || args == points[i].args))
			c->prog[i] = prog;
		else if (!prog || points[i].required) {
			snprintf(why, len, "tracepoint %s is missing or another", points[i].name);
			return -ENOTSUP;
		}
		bpf_program__set_autoload(prog, c->prog[i] != NULL);
	}
	return 0;
}

/* -------------------------------------------------------------------------
 * Attaching
 */

static void detach(struct counting *c)
{
	for (size_t i = 0; i < NR_POINTS; i++) {
		bpf_link__destroy(c->link[i]);
		c->link[i] = NULL;
	}
}

static int attach(struct counting *c, char *why, size_t len)
{
	int err;

	for (size_t i = 0; i < NR_POINTS; i++) {
		if (!c->prog[i])
			continue;
		c->link[i] = bpf_program__attach_raw_tracepoint(c->prog[i], points[i].name);
		if (c->link[i] || !points[i].required)
			continue;
		err = -errno;
		snprintf(why, len, "cannot attach to %s: %s", points[i].name, strerror(-err));
		detach(c);
		return err;
	}
	return 0;
}

static void empty(const struct bpf_map *map, size_t key_size)
{
	__u64 key;

	_Static_assert(sizeof(struct count_stack_key) <= sizeof(key), "room for a key");
	while (!bpf_map__get_next_key(map, NULL, &key, key_size) &&
	       !bpf_map__delete_elem(map, &key, key_size, 0))
		;
}

static int add_info(const struct counting *c, bool pages, uint64_t *ns, uint64_t *runs,
		    uint64_t *missed)
{
	struct bpf_prog_info info;

	*ns = *runs = *missed = 0;
	for (size_t i = 0; i < NR_POINTS; i++) {
		__u32 len = sizeof(info);

		if (!c->prog[i] || (pages && !points[i].page))
			continue;
		memset(&info, 0, sizeof(info));
		if (bpf_obj_get_info_by_fd(bpf_program__fd(c->prog[i]), &info, &len))
			return -errno;
		*ns += info.run_time_ns;
		*runs += info.run_cnt;
		*missed += info.recursion_misses;
	}
	return 0;
}

/* Let them run for a while with the kernel's own measuring on, which is too dear to leave on. */
static int measure(struct counting *c, char *why, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int fd = bpf_enable_stats(BPF_STATS_RUN_TIME), err;
	uint64_t ns, runs;
	char *mem;

	c->run_ns = -1;
	err = attach(c, why, len);
	for (int i = 0; fd >= 0 && !err && i < 4; i++) {
		mem = mmap(NULL, TRIAL, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (mem == MAP_FAILED)
			break;
		madvise(mem, TRIAL, MADV_NOHUGEPAGE);
		for (size_t at = 0; at < TRIAL; at += page)
			mem[at] = 1;
		munmap(mem, TRIAL);
	}
	detach(c);
	if (fd >= 0)
		close(fd);
	if (!err && !add_info(c, true, &ns, &runs, &c->missed_before) && runs)
		c->run_ns = (double)ns / (double)runs;
	if (!err)
		err = add_info(c, false, &ns, &runs, &c->missed_before);
	return err;
}

int counting_open(const struct counting_options *opt, struct counting **out, char *why, size_t len)
{
	struct counting *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	err = open_programs(opt->host->old_bpf, &c->skel);
	if (err) {
		snprintf(why, len, "the counting programs do not open");
		goto fail;
	}
	err = configure(c, opt);
	if (!err)
		err = choose(c, opt->host, why, len);
	if (err)
		goto fail;
	err = count_bpf__load(c->skel);
	if (err) {
		snprintf(why, len, "the kernel refused the counting programs: %s", strerror(-err));
		goto fail;
	}
	err = measure(c, why, len);
	if (err)
		goto fail;
	*out = c;
	return 0;
fail:
	counting_close(c);
	return err;
}

int counting_start(struct counting *c, char *why, size_t len)
{
	memset(c->skel->bss, 0,
	       offsetof(struct count_bpf__bss, cpus) + c->nr_cpus * sizeof(struct count_cpu));
	empty(c->skel->maps.processes, sizeof(__u32));
	empty(c->skel->maps.stacks, sizeof(struct count_stack_key));
	return attach(c, why, len);
}

void counting_close(struct counting *c)
{
	if (!c)
		return;
	detach(c);
	count_bpf__destroy(c->skel);
	free(c);
}

/* -------------------------------------------------------------------------
 * Reading
 */

/* All of a hash map in one call.  Return: how many, or -errno. */
static int64_t read_all(const struct bpf_map *map, void *keys, void *values, uint32_t room)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	uint64_t batch;
	__u32 n = room;
	int err = bpf_map_lookup_batch(bpf_map__fd(map), NULL, &batch, keys, values, &n, &opts);

	return !err || err == -ENOENT ? (int64_t)n : err; /* -ENOENT: that was the last of it */
}

int counting_read(struct counting *c, struct counted *out)
{
	const struct count_bpf__bss *bss = c->skel->bss;
	uint64_t ns, runs, missed;
	int64_t processes, stacks;
	int err;

	processes = read_all(c->skel->maps.processes, c->pid, c->process, COUNT_NR_PROCESSES);
	if (processes < 0)
		return (int)processes;
	stacks = read_all(c->skel->maps.stacks, c->stack_key, c->stack, 2 * COUNT_NR_STACKS);
	if (stacks < 0)
		return (int)stacks;
	err = add_info(c, false, &ns, &runs, &missed);
	if (err)
		return err;
	*out = (struct counted){
		.cpu = bss->cpus,
		.nr_cpus = c->nr_cpus,
		.rare = bss->rare,
		.fallbacks = &bss->fallbacks,
		.histogram = &bss->histogram,
		.stalls = bss->stalls,
		.nr_stalls = __atomic_load_n(&bss->nr_stalls, __ATOMIC_ACQUIRE),
		.pid = c->pid,
		.process = c->process,
		.nr_processes = (size_t)processes,
		.stack_key = c->stack_key,
		.stack = c->stack,
		.nr_stacks = (size_t)stacks,
		.missed = missed - c->missed_before,
		.refills_known = c->skel->rodata->knows_refill,
	};
	return 0;
}

int counting_stack(const struct counting *c, int32_t id, uint64_t frame[COUNT_DEPTH])
{
	__u32 key = (__u32)id;

	memset(frame, 0, COUNT_DEPTH * sizeof(*frame));
	return bpf_map_lookup_elem(bpf_map__fd(c->skel->maps.traces), &key, frame) ? -errno : 0;
}

int counting_zone(const struct counting *c, uint64_t start_pfn)
{
	for (uint32_t i = 0; i < c->nr_zones; i++)
		if (c->zone_pfn[i] == start_pfn)
			return (int)i;
	return -1;
}

double counting_run_ns(const struct counting *c)
{
	return c->run_ns;
}
