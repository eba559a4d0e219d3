/* SPDX-License-Identifier: GPL-2.0-only */
#include "probe.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "probe_map.h"
#include "probe_ring.h"
#include "record.skel.h"
#include "record_old.skel.h"
#include "util.h"

#define CLOCK_SHIFT 8 /* STREAM_CLOCK_SHIFT of bpf/stream.bpf.h */
#define STUCK_NS 10000000000ULL

/* configure() cuts off the end of what the programs call .bss. */
_Static_assert(offsetof(struct record_bpf__bss, stream) +
			       sizeof(((struct record_bpf__bss *)0)->stream) ==
		       sizeof(struct record_bpf__bss),
	       "the stream is the last of .bss");

struct probe {
	struct record_bpf *skel;
	struct record_old_bpf *old; /* where the kernel's BPF is too old for that one */
	struct bpf_object *obj;	    /* of the one or the other */
	struct bpf_link **link;	    /* one for each of sites[] */
	struct snap *snap;	    /* variables that both have */
	uint64_t *vmemmap_base, *bad_layout, *bad_frame, *hidden_switches;
	struct event_record *stream;
	struct ring ring; /* in place of the stream where the object is the old one */
	uint64_t dropped;
	uint64_t *clock;
	uint64_t *pages;
	uint32_t nr_zones; /* that compaction is watched in */
	size_t nr_pages;
	uint32_t shift; /* log2 of the slots of the stream */
	uint64_t tail;
	uint64_t stuck_ns; /* since when the record at tail is unfinished; 0 it is not */
	uint64_t last_ts;
};

static int quiet(enum libbpf_print_level level, const char *fmt, va_list args)
{
	if (level == LIBBPF_WARN && getenv("BUDDYSCOPE_DEBUG"))
		return vfprintf(stderr, fmt, args);
	return 0;
}

static void *map_array(const struct bpf_map *map, size_t len, int prot)
{
	void *mem = mmap(NULL, whole_pages(len), prot, MAP_SHARED, bpf_map__fd(map), 0);

	return mem == MAP_FAILED ? NULL : mem;
}

static size_t clock_size(const struct probe *p)
{
	return sizeof(*p->clock) << (p->shift - CLOCK_SHIFT);
}

/* A variable of @section, ".bss" or ".rodata"; NULL if there is none of that name and size. */
static void *variable(const struct probe *p, const char *section, const char *name, size_t *size)
{
	struct bpf_map *map = bpf_object__find_map_by_name(p->obj, section);
	const struct btf *btf = bpf_object__btf(p->obj);
	int id = btf__find_by_name_kind(btf, section, BTF_KIND_DATASEC);
	const struct btf_type *sec = id < 0 ? NULL : btf__type_by_id(btf, id);
	const struct btf_var_secinfo *var;
	size_t room;
	char *data = map ? (char *)bpf_map__initial_value(map, &room) : NULL;

	for (int i = 0; sec && data && i < btf_vlen(sec); i++) {
		var = &btf_var_secinfos(sec)[i];
		if (strcmp(name,
			   btf__name_by_offset(btf, btf__type_by_id(btf, var->type)->name_off)))
			continue;
		*size = var->size;
		return data + var->offset;
	}
	return NULL;
}

static int find_variables(struct probe *p)
{
	const struct {
		const char *name;
		void *at;
		size_t size;
	} var[] = {
		{ "snap", &p->snap, sizeof(*p->snap) },
		{ "vmemmap_base", &p->vmemmap_base, sizeof(*p->vmemmap_base) },
		{ "nr_bad_layout", &p->bad_layout, sizeof(*p->bad_layout) },
		{ "nr_bad_frame", &p->bad_frame, sizeof(*p->bad_frame) },
		{ "nr_hidden_switches", &p->hidden_switches, sizeof(*p->hidden_switches) },
	};

	for (size_t i = 0; i < sizeof(var) / sizeof(var[0]); i++) {
		size_t size;
		void *at = variable(p, ".bss", var[i].name, &size);

		if (!at || size != var[i].size)
			return -ENOENT;
		memcpy(var[i].at, &at, sizeof(at));
	}
	return 0;
}

/* Pages on their way to the LRU lists, of each CPU: the variable changed its name with 5.18. */
static uint64_t lru_batches(void)
{
	uint64_t addr = host_symbol("cpu_fbatches");

	return addr ? addr : host_symbol("lru_pvecs");
}

static int set_constants(const struct probe *p, const struct host *host,
			 const struct site_plan *plan)
{
	bool silent = host_tracepoint_args(host, "mm_compaction_fast_isolate_freepages") < 0;
	const struct {
		const char *name;
		uint64_t value;
	} constants[] = {
		{ "mem_section_addr", host->mem_section },
		{ "mem_sections_per_root",
		  host->mem_section_size ? (1u << host->page_shift) / host->mem_section_size : 1 },
		{ "pageblock_shift", host->pageblock_order },
		{ "pageblock_bits", host->pageblock_bits },
		{ "mt_isolate", host->mt_isolate },
		{ "mt_movable", host->mt_movable },
		{ "captures_movable", host->captures_movable },
		{ "nr_orders", host->nr_orders },
		{ "nr_mt", host->nr_mt },
		{ "nr_pcp_lists", host->nr_pcp_lists },
		{ "nr_lowmem_reserve", host->nr_lowmem_reserve },
		{ "free_area_size", host->free_area_size },
		{ "reclaim_gfp_first",
		  host_tracepoint_args(host, "mm_vmscan_direct_reclaim_begin") == 3 },
		{ "reporting_order", host->reporting_order ? host->reporting_order : MAX_ORDERS },
		{ "reporting_work", plan->group[GROUP_REPORTING] ? host->reporting_work : 0 },
		{ "reporting_probed", plan->group[GROUP_ISOLATE] && plan->group[GROUP_PUTBACK] },
		{ "reserves_unseen", host->mem_section && !plan->group[GROUP_MOVE] &&
					     !plan->group[GROUP_MOVE_TYPED] &&
					     !plan->group[GROUP_MOVE_OLD] },
		{ "watch_turns", plan->group[GROUP_ISOLATE] || plan->group[GROUP_HANDS] ||
					 plan->group[GROUP_HANDS_OLD] },
		{ "tells_drainer", plan->group[GROUP_PUSH] || plan->group[GROUP_PUSH_OLD] },
		{ "silent_search", silent },
		{ "lru_batches", silent ? lru_batches() : 0 },
		/* came with 6.10 */
		{ "moves_first", !host_has_func(host, "__move_freepages_block") },
	};

	for (size_t i = 0; i < sizeof(constants) / sizeof(constants[0]); i++) {
		size_t size;
		void *at = variable(p, ".rodata", constants[i].name, &size);

		if (!at || size > sizeof(constants[i].value))
			return -ENOENT;
		memcpy(at, &constants[i].value, size); /* the host is little-endian, as BPF is */
	}
	return 0;
}

/* Sizes, and what only the newer programs have. */
static int configure(struct probe *p, const struct host *host, const struct site_plan *plan,
		     uint64_t buffer)
{
	struct record_bpf__rodata *ro;

	p->shift = 12;
	while (p->shift < 23 && (sizeof(struct event_record) << (p->shift + 1)) <= buffer)
		p->shift++;
	p->nr_pages = 1 << 16;
	while (p->nr_pages < 4 * host->mem_free_blocks && p->nr_pages < 1 << 26)
		p->nr_pages *= 2;
	bpf_map__set_max_entries(bpf_object__find_map_by_name(p->obj, "snap_pages"), p->nr_pages);
	if (p->old) {
		bpf_map__set_max_entries(p->old->maps.ring, sizeof(*p->stream) << p->shift);
		return 0;
	}
	ro = p->skel->rodata;
	ro->stream_size.shift = p->shift;
	ro->stream_size.mask = (1ULL << p->shift) - 1;
	if (site_plan_tier(plan) == TIER_TRACEPOINT && host->cpus <= WATCH_MAX_CPUS) {
		ro->watch_pcp_locks = host->pcp_word && host_has_func(host, "bpf_rdonly_cast") ?
					      WATCH_BY_CAST :
					      WATCH_BY_HELPER;
		ro->frees_runs = host_has_func(host, "free_prepared_contig_range");
		bpf_map__set_max_entries(p->skel->maps.runs, host->cpus);
		while (ro->nr_watched < host->cpus)
			ro->nr_watched *= 2;
		ro->stream_size.watched_mask =
			ro->nr_watched * (plan->group[GROUP_PREEMPTING] ? 4 : 1) - 1;
		ro->stream_size.watch_quickly =
			ro->watch_pcp_locks == WATCH_BY_CAST && !ro->frees_runs;
	}
	ro->stream_size.watched_offset = sizeof(*p->stream) << p->shift;
	bpf_map__set_max_entries(p->skel->maps.stream_clock, 1u << (p->shift - CLOCK_SHIFT));
	return map_shrink(p->skel->maps.bss,
			  offsetof(struct record_bpf__bss, stream) +
				  ro->stream_size.watched_offset +
				  (ro->stream_size.watched_mask + 1) * sizeof(struct watched_cpu));
}

/* What probes a function that this kernel lacks would not load: leave it out. */
static int choose_programs(struct probe *p, const struct site_plan *plan)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(p->obj, "find_active");

	if (prog)
		bpf_program__set_autoload(prog, plan->group[GROUP_PREEMPTING]);
	for (int on = 0; on <= 1; on++) /* one program may be of two sites, of which one is off */
		for (size_t i = 0; i < nr_sites; i++) {
			if (plan->site[i].on != on)
				continue;
			prog = bpf_object__find_program_by_name(p->obj, sites[i].program);
			if (prog)
				bpf_program__set_autoload(prog, on);
			else if (on)
				return -ENOENT;
		}
	return 0;
}

/* What a program that iterates writes, as far as it fits; how much of it, or -errno. */
static ssize_t run_iterator(const struct probe *p, const char *name, void *to, size_t room)
{
	struct bpf_link *link =
		bpf_program__attach_iter(bpf_object__find_program_by_name(p->obj, name), NULL);
	size_t have = 0;
	ssize_t got = 1;
	int fd, err;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	err = fd < 0 ? -errno : 0;
	while (!err && got && have < room) {
		got = read(fd, (char *)to + have, room - have);
		if (got < 0 && errno != EINTR && errno != EAGAIN)
			err = -errno;
		if (got > 0)
			have += got;
	}
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return err ? err : (ssize_t)have;
}

static int open_object(struct probe *p, const struct host *host)
{
	if (host->old_bpf) {
		p->old = record_old_bpf__open();
		p->obj = p->old ? p->old->obj : NULL;
	} else {
		p->skel = record_bpf__open();
		p->obj = p->skel ? p->skel->obj : NULL;
	}
	return p->obj ? 0 : -errno;
}

/* Of the first record.  Lap 0 is the empty array's; and see finished(). */
static uint64_t first_number(const struct probe *p)
{
	return p->old ? 0 : EV_NUMBERED | 1ULL << p->shift;
}

/* Where the records will come from. */
static int map_stream(struct probe *p)
{
	if (p->old)
		return ring_open(&p->ring, bpf_map__fd(p->old->maps.ring),
				 sizeof(*p->stream) << p->shift);
	p->stream = p->skel->bss->stream;
	p->tail = p->skel->bss->stream_head = first_number(p);
	p->clock = map_array(p->skel->maps.stream_clock, clock_size(p), PROT_READ);
	return p->clock ? 0 : -errno;
}

int probe_open(const struct host *host, struct site_plan *plan, uint64_t buffer, struct probe **out,
	       char *why, size_t len)
{
	struct probe *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	libbpf_set_print(quiet);
	p->link = calloc(nr_sites, sizeof(*p->link));
	err = p->link ? open_object(p, host) : -ENOMEM;
	if (!err)
		err = set_constants(p, host, plan);
	if (!err)
		err = configure(p, host, plan, buffer);
	if (err) {
		snprintf(why, len, "the BPF object does not open");
		goto fail;
	}
	err = choose_programs(p, plan);
	if (!err)
		err = p->old ? record_old_bpf__load(p->old) : record_bpf__load(p->skel);
	if (!err)
		err = find_variables(p);
	if (err) {
		snprintf(why, len, "the kernel refused the BPF programs: %s", strerror(-err));
		goto fail;
	}
	p->pages = map_array(bpf_object__find_map_by_name(p->obj, "snap_pages"),
			     p->nr_pages * sizeof(*p->pages), PROT_READ);
	err = p->pages ? map_stream(p) : -errno;
	if (err) {
		snprintf(why, len, "cannot map the stream: %s", strerror(-err));
		goto fail;
	}
	*out = p;
	return 0;
fail:
	probe_close(p);
	return err;
}

static struct bpf_link *attach_site(struct probe *p, const struct site *site)
{
	static const char *const suffix[] = { ".constprop.0", "" };
	struct bpf_program *prog = bpf_object__find_program_by_name(p->obj, site->program);
	struct bpf_link *link = NULL;
	char name[128];

	if (site_is_tracepoint(site))
		return bpf_program__attach_raw_tracepoint(prog, site->func);
	if (site->kind != SITE_KPROBE && site->kind != SITE_KRETPROBE)
		return bpf_program__attach_trace(prog);
	for (size_t i = 0; i < 2 && !link; i++) {
		snprintf(name, sizeof(name), "%s%s", site->func, suffix[i]);
		link = bpf_program__attach_kprobe(prog, site->kind == SITE_KRETPROBE, name);
	}
	return link;
}

/* Tell the stand-ins where it says whether the first is running. */
static int find_stood_in_for(struct probe *p)
{
	static const char *const names[NR_STOOD_IN_FOR] = {
		[STOOD_IN_ALLOC] = "on_mm_page_alloc",
		[STOOD_IN_FREE] = "on_mm_page_free",
		[STOOD_IN_FREE_AGAIN] = "preempting_free",
	};
	struct bpf_prog_info info;
	ssize_t err;
	char none;

	for (size_t i = 0; i < NR_STOOD_IN_FOR; i++) {
		__u32 len = sizeof(info);

		memset(&info, 0, sizeof(info));
		if (bpf_obj_get_info_by_fd(
			    bpf_program__fd(bpf_object__find_program_by_name(p->obj, names[i])),
			    &info, &len))
			return -errno;
		p->skel->bss->stand_ins.id[i] = info.id;
	}
	err = run_iterator(p, "find_active", &none, 1);
	return err < 0 ? (int)err : 0;
}

/* Later sites first: what a frame is pushed for must be able to be popped. */
int probe_attach(struct probe *p, struct site_plan *plan, char *why, size_t len)
{
	char reason[96];
	int err;

	err = plan->group[GROUP_PREEMPTING] ? find_stood_in_for(p) : 0;
	for (size_t i = 0; i < nr_sites && err; i++)
		if (sites[i].group == GROUP_PREEMPTING && plan->site[i].on) {
			snprintf(reason, sizeof(reason), "cannot iterate over programs: %s",
				 strerror(-err));
			site_plan_drop(plan, i, reason);
		}
	for (size_t i = nr_sites; i-- > 0;) {
		if (!plan->site[i].on)
			continue;
		p->link[i] = attach_site(p, &sites[i]);
		if (p->link[i])
			continue;
		err = -errno;
		if (site_groups[sites[i].group].required) {
			snprintf(why, len, "cannot attach to %s: %s", sites[i].func,
				 strerror(-err));
			return err;
		}
		snprintf(reason, sizeof(reason), "cannot attach: %s", strerror(-err));
		site_plan_drop(plan, i, reason);
		for (size_t j = 0; j < nr_sites; j++)
			if (sites[j].group == sites[i].group) {
				bpf_link__destroy(p->link[j]);
				p->link[j] = NULL;
			}
	}
	return 0;
}

void probe_detach(struct probe *p)
{
	for (size_t i = 0; p->link && i < nr_sites; i++) {
		bpf_link__destroy(p->link[i]);
		p->link[i] = NULL;
	}
}

void probe_close(struct probe *p)
{
	if (!p)
		return;
	probe_detach(p);
	free(p->link);
	ring_close(&p->ring);
	if (p->clock)
		munmap(p->clock, whole_pages(clock_size(p)));
	if (p->pages)
		munmap(p->pages, whole_pages(p->nr_pages * sizeof(*p->pages)));
	record_old_bpf__destroy(p->old);
	record_bpf__destroy(p->skel);
	free(p);
}

/* ---- the stream ---- */

uint64_t probe_head(const struct probe *p)
{
	if (p->old)
		return ring_head(&p->ring);
	return __atomic_load_n(&p->skel->bss->stream_head, __ATOMIC_ACQUIRE);
}

uint64_t probe_tail(const struct probe *p)
{
	return p->tail;
}

static unsigned int record_type(const struct event_record *rec)
{
	return rec->w0 >> 43 & 0x1f;
}

static void decode(const struct event_record *rec, uint64_t ts, struct trace_event *ev)
{
	unsigned int type = record_type(rec);

	*ev = (struct trace_event){
		.ts = ts,
		.pfn = rec->w0 & EV_PFN_NONE,
		.arg = (uint32_t)rec->w1,
		.pid = rec->w1 >> 32 & ((1u << EV_PID_BITS) - 1),
		.cpu = rec->w0 >> 50,
		.type = type,
		.order = rec->w0 >> 36 & 0xf,
		.mt = rec->w0 >> 40 & 7,
		.bits = rec->w1 >> 54 & 0xff,
	};
	if (type == EV_FREE)
		ev->arg = ev->pid = ev->bits = 0;
	if (type == EV_ZONE_FREE) {
		if (!(ev->bits & EV_MT_KNOWN))
			ev->mt = TRACE_MT_NONE;
		ev->bits &= ~EV_MT_KNOWN;
	}
}

/* A free has its number in word 1, with flag bits that no other record has. */
static bool finished(const struct event_record *rec, uint64_t n, uint32_t lap)
{
	if (record_type(rec) == EV_FREE)
		return rec->w1 == n;
	if ((rec->w1 & EV_NUMBERED) == EV_NUMBERED)
		return false; /* word 1 is still of a free, a few laps ago */
	return rec->w1 >> 62 == lap && (rec->w0 >> 48 & EV_LAP_MASK) == lap;
}

static void lost_event(struct probe *p, uint64_t count, struct trace_event *ev)
{
	*ev = (struct trace_event){ .ts = p->last_ts,
				    .pfn = EV_PFN_NONE,
				    .arg = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count,
				    .type = EV_LOST,
				    .mt = TRACE_MT_NONE };
}

/*
 * The record at the tail was claimed and is not finished: its CPU was interrupted between the
 * two, or is a guest's and does not run.  Wait for it while there is room for what others
 * write, but not for ever.
 */
static size_t skip_stuck(struct probe *p, struct trace_event *ev)
{
	uint64_t now = now_ns();

	if (!p->stuck_ns) {
		p->stuck_ns = now;
		return 0;
	}
	if (now - p->stuck_ns < STUCK_NS && probe_head(p) - p->tail < 1ULL << (p->shift - 1))
		return 0;
	p->stuck_ns = 0;
	p->tail++;
	lost_event(p, 1, ev);
	return 1;
}

static size_t read_stream(struct probe *p, struct trace_event *ev, size_t max, uint64_t *first)
{
	uint64_t slots = 1ULL << p->shift, head = probe_head(p), gap;
	size_t n = 0;

	if (head - p->tail > slots) {
		/* Leave a quarter of the array as room, or the same happens at once again. */
		gap = head - p->tail - slots + slots / 4;
		p->tail += gap;
		*first = p->tail - 1;
		lost_event(p, gap, ev);
		return 1;
	}
	*first = p->tail;
	while (n < max && p->tail != head) {
		uint64_t slot = p->tail & (slots - 1);
		uint32_t lap = p->tail >> p->shift & EV_LAP_MASK;
		volatile struct event_record *at = &p->stream[slot];
		struct event_record rec;

		rec.w1 = at->w1; /* written last, so read first */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		rec.w0 = at->w0;
		if (!finished(&rec, p->tail, lap))
			return n ? n : skip_stuck(p, ev);
		p->stuck_ns = 0;
		if (!(p->tail & ((1 << CLOCK_SHIFT) - 1)))
			p->last_ts = p->clock[slot >> CLOCK_SHIFT];
		decode(&rec, p->last_ts, &ev[n++]);
		p->tail++;
	}
	/* What was overwritten while it was read must not be believed. */
	if (probe_head(p) - *first > slots) {
		p->tail = *first;
		return read_stream(p, ev, max, first);
	}
	return n;
}

/* What did not fit into the ring is told before what is left in it, too early rather than late. */
static size_t read_ring(struct probe *p, struct trace_event *ev, size_t max, uint64_t *first)
{
	uint64_t dropped = __atomic_load_n(&p->old->bss->ring_dropped, __ATOMIC_ACQUIRE);
	struct ring_record rec;
	size_t n = 0;

	*first = p->tail;
	if (dropped != p->dropped) {
		*first -= p->tail != 0;
		lost_event(p, dropped - p->dropped, ev);
		p->dropped = dropped;
		return 1;
	}
	while (n < max && ring_take(&p->ring, &rec)) {
		/* As coarse as on other kernels; and it was read before the ring's lock was taken. */
		if (!(p->tail++ & ((1 << CLOCK_SHIFT) - 1)) && rec.ts > p->last_ts)
			p->last_ts = rec.ts;
		decode(&rec.rec, p->last_ts, &ev[n++]);
	}
	return n;
}

size_t probe_read(struct probe *p, struct trace_event *ev, size_t max, uint64_t *first)
{
	if (p->old)
		return read_ring(p, ev, max, first);
	return read_stream(p, ev, max, first);
}

/* ---- state ---- */

struct snap *probe_snap(struct probe *p)
{
	return p->snap;
}

const uint64_t *probe_pages(const struct probe *p, size_t *n)
{
	*n = p->nr_pages;
	return p->pages;
}

void probe_set_vmemmap(struct probe *p, uint64_t base)
{
	*p->vmemmap_base = base;
}

uint64_t probe_vmemmap(const struct probe *p)
{
	return *p->vmemmap_base;
}

int probe_run(struct probe *p, enum probe_program program)
{
	static const char *const name[] = {
		[PROBE_DESCRIBE_ZONE] = "snap_describe_zone",
		[PROBE_FREE_LISTS] = "snap_free_lists",
		[PROBE_PCP_LISTS] = "snap_pcp_lists",
		[PROBE_PAGEBLOCKS] = "snap_pageblocks",
	};
	int fd = bpf_program__fd(bpf_object__find_program_by_name(p->obj, name[program])), err;
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	if (p->old && program == PROBE_PCP_LISTS) {
		opts.flags = BPF_F_TEST_RUN_ON_CPU;
		opts.cpu = p->snap->cpu;
	}
	p->snap->more = 0;
	do {
		err = bpf_prog_test_run_opts(fd, &opts) ? -errno : 0;
	} while (!err && p->snap->more);
	if (err != -ENXIO || !opts.flags)
		return err;
	p->snap->status = SNAP_FAULT; /* that CPU is not online */
	return 0;
}

bool probe_walks_in_lock(const struct probe *p)
{
	return !p->old;
}

int probe_add_zone(struct probe *p, uint64_t addr, uint64_t first_pfn, uint64_t end_pfn)
{
	const struct reported_zone r = {
		.zone = addr, .first_pfn = first_pfn, .end_pfn = end_pfn, .due = 1
	};
	const struct turning t = { .zone = addr, .first_pfn = first_pfn, .end_pfn = end_pfn };
	const struct bpf_map *reported = bpf_object__find_map_by_name(p->obj, "reported_zones");
	uint32_t i = p->nr_zones;

	if (i == MAX_TURNING)
		return 0;
	if (bpf_map__update_elem(reported, &i, sizeof(i), &r, sizeof(r), BPF_ANY))
		return -errno;
	if (p->old &&
	    bpf_map__update_elem(p->old->maps.turning, &i, sizeof(i), &t, sizeof(t), BPF_ANY))
		return -errno;
	p->nr_zones++;
	return 0;
}

static void watch_pcp(struct watched_pcp *at, uint64_t first_pfn, uint64_t addr)
{
	struct watched_pcp *first = at;

	while (at->addr && at->first_pfn > first_pfn)
		at++;
	if (at >= first + WATCH_MAX_ZONES - 1)
		return; /* the last one stays empty, it ends the search */
	memmove(at + 1, at, (first + WATCH_MAX_ZONES - 2 - at) * sizeof(*at));
	*at = (struct watched_pcp){ .first_pfn = first_pfn, .addr = addr };
}

void probe_watch_pcp(struct probe *p, uint32_t cpu)
{
	const struct snap *snap = probe_snap(p);
	const struct record_bpf__rodata *ro;
	struct watched_cpu *watched;
	uint32_t slot;

	if (p->old)
		return; /* its pcp lists have no lock */
	ro = p->skel->rodata;
	watched = (void *)((char *)p->skel->bss->stream + ro->stream_size.watched_offset);
	for (slot = cpu; slot <= ro->stream_size.watched_mask; slot += ro->nr_watched)
		watch_pcp(watched[slot].zone, snap->first_pfn, snap->pcp.addr);
}

int probe_nodes(struct probe *p, uint64_t *node, size_t max)
{
	ssize_t got = run_iterator(p, "find_nodes", node, max * sizeof(*node));

	return got < 0 ? (int)got : (int)(got / sizeof(*node));
}

static int program_info(const struct probe *p, size_t site, struct bpf_prog_info *info)
{
	const struct bpf_program *prog =
		bpf_object__find_program_by_name(p->obj, sites[site].program);
	__u32 len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return bpf_obj_get_info_by_fd(bpf_program__fd(prog), info, &len) ? -errno : 0;
}

/* Events of @site that no program has: where one is left out, another may stand in for it. */
static uint64_t events_missed(const struct probe *p, size_t site, const struct bpf_prog_info *info)
{
	uint64_t others = 0;

	if (sites[site].kind == SITE_PREEMPTING)
		return 0;
	if (p->skel && !strcmp(sites[site].program, "on_mm_page_alloc"))
		others = p->skel->bss->stand_ins.nr_alloc;
	else if (p->skel && !strcmp(sites[site].program, "on_mm_page_free"))
		others = p->skel->bss->stand_ins.nr_free;
	return info->recursion_misses > others ? info->recursion_misses - others : 0;
}

int probe_cost(const struct probe *p, const struct site_plan *plan, uint64_t *ns, uint64_t *missed)
{
	struct bpf_prog_info info;
	uint64_t sum = 0, misses = 0;
	int err = 0;

	for (size_t i = 0; i < nr_sites && !err; i++) {
		if (!plan->site[i].on)
			continue;
		err = program_info(p, i, &info);
		sum += info.run_time_ns;
		misses += events_missed(p, i, &info);
	}
	if (err)
		return err;
	*ns = sum;
	*missed = misses;
	return 0;
}

int probe_stats(const struct probe *p, const struct site_plan *plan, struct trace_pairs *stats)
{
	uint64_t start = first_number(p);
	struct bpf_prog_info info;
	char name[128];
	int err;

	err = trace_pairs_add(stats, "records", probe_head(p) - start, NULL);
	if (!err && *p->bad_layout)
		err = trace_pairs_add(stats, "bad_layout", *p->bad_layout, NULL);
	if (!err && *p->bad_frame)
		err = trace_pairs_add(stats, "bad_frame", *p->bad_frame, NULL);
	if (!err && *p->hidden_switches)
		err = trace_pairs_add(stats, "hidden_switches", *p->hidden_switches, NULL);
	for (size_t i = 0; i < nr_sites && !err; i++) {
		if (!plan->site[i].on)
			continue;
		err = program_info(p, i, &info);
		if (err || !events_missed(p, i, &info))
			continue;
		snprintf(name, sizeof(name), "recursion_misses:%s", sites[i].func);
		err = trace_pairs_add(stats, name, events_missed(p, i, &info), NULL);
	}
	return err;
}
