/* SPDX-License-Identifier: GPL-2.0-only */
#include "host.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "util.h"

/*
 * Members of the kernel's structs in 5.10 to 7.3, vanilla, each between two spaces: another
 * one means a patched allocator.
 */
static const struct {
	const char *type;
	const char *members;
} known[] = {
	{ "zone",
	  " _watermark watermark_boost nr_reserved_highatomic nr_free_highatomic "
	  "lowmem_reserve node zone_pgdat pageset per_cpu_pageset per_cpu_zonestats pageset_high "
	  "pageset_high_min pageset_high_max pageset_batch pageblock_flags "
	  "zone_start_pfn managed_pages spanned_pages present_pages present_early_pages "
	  "cma_pages name nr_isolate_pageblock span_seqlock initialized _pad1_ _pad2_ "
	  "_pad3_ free_area unaccepted_pages unaccepted_cleanup flags lock "
	  "trylock_free_pages percpu_drift_mark compact_cached_free_pfn "
	  "compact_cached_migrate_pfn compact_init_migrate_pfn compact_init_free_pfn "
	  "compact_considered compact_defer_shift compact_order_failed "
	  "compact_blockskip_flush contiguous vm_stat vm_numa_stat vm_numa_event vmemmap_tails " },
	{ "free_area", " free_list nr_free " },
	{ "per_cpu_pages",
	  " lock count high high_min high_max batch flags alloc_factor free_factor expire "
	  "free_count lists " },
	{ "page",
	  " flags lru slab_list next pages pobjects slab_cache freelist s_mem counters inuse "
	  "objects frozen active units mem_cgroup obj_cgroups __filler mlock_count "
	  "buddy_list pcp_list pcp_llist mapping index __folio_index share private pp_magic pp _pp_mapping_pad dma_addr "
	  "dma_addr_upper pp_frag_count pp_ref_count compound_head compound_info "
	  "compound_dtor compound_order compound_mapcount compound_pincount compound_nr "
	  "_compound_pad_1 _compound_pad_2 hpage_pinned_refcount deferred_list _pt_pad_1 "
	  "pmd_huge_pte _pt_pad_2 pt_mm pt_frag_refcount pt_share_count ptl pgmap "
	  "_unused_pgmap_compound_head _unused_pgmap_compound_info order zone_device_data callback_head rcu_head _mapcount "
	  "page_type _refcount memcg_data _private_1 _last_cpupid virtual kmsan_shadow "
	  "kmsan_origin " },
};

static bool is_known(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = list; (p = strstr(p, name)); p++)
		if (p[-1] == ' ' && p[len] == ' ')
			return true;
	return false;
}

static void note_unknown(struct host *host, const char *type, const char *member)
{
	size_t used = strlen(host->unknown);

	snprintf(host->unknown + used, sizeof(host->unknown) - used, "%s%s.%s", used ? " " : "",
		 type, member);
}

/* Walk the members of a struct or union, anonymous ones flattened. */
static void check_members(struct host *host, uint32_t id, const char *type, const char *members)
{
	const struct btf_type *t = btf__type_by_id(host->btf, id);
	const struct btf_member *m;

	while (t && (btf_is_mod(t) || btf_is_typedef(t)))
		t = btf__type_by_id(host->btf, t->type);
	if (!t || !btf_is_composite(t))
		return;
	m = btf_members(t);
	for (int i = 0; i < btf_vlen(t); i++) {
		const char *name = btf__name_by_offset(host->btf, m[i].name_off);

		if (!*name)
			check_members(host, m[i].type, type, members);
		else if (!is_known(members, name))
			note_unknown(host, type, name);
	}
}

/* Find a member, also inside anonymous ones. */
static const struct btf_member *find_member(const struct btf *btf, uint32_t id, const char *name)
{
	const struct btf_type *t = btf__type_by_id(btf, id);
	const struct btf_member *m, *inner;

	if (!t || !btf_is_composite(t))
		return NULL;
	m = btf_members(t);
	for (int i = 0; i < btf_vlen(t); i++) {
		const char *have = btf__name_by_offset(btf, m[i].name_off);

		if (!strcmp(have, name))
			return &m[i];
		if (!*have) {
			inner = find_member(btf, m[i].type, name);
			if (inner)
				return inner;
		}
	}
	return NULL;
}

static uint32_t struct_size(const struct host *host, const char *name)
{
	int id = btf__find_by_name_kind(host->btf, name, BTF_KIND_STRUCT);

	return id < 0 ? 0 : btf__resolve_size(host->btf, id);
}

/* Length of an array member, 0 if there is none. */
static uint32_t array_len(const struct host *host, const char *type, const char *member)
{
	int id = btf__find_by_name_kind(host->btf, type, BTF_KIND_STRUCT);
	const struct btf_member *m = id < 0 ? NULL : find_member(host->btf, id, member);
	const struct btf_type *t = m ? btf__type_by_id(host->btf, m->type) : NULL;

	return t && btf_is_array(t) ? btf_array(t)->nelems : 0;
}

static bool has_member(const struct host *host, const char *type, const char *member)
{
	int id = btf__find_by_name_kind(host->btf, type, BTF_KIND_STRUCT);

	return id >= 0 && find_member(host->btf, id, member);
}

/* Does it lie at this byte, with nothing else than 4 bytes of its own? */
static bool is_word_at(const struct host *host, const char *type, const char *member, uint32_t at)
{
	int id = btf__find_by_name_kind(host->btf, type, BTF_KIND_STRUCT);
	const struct btf_member *m = id < 0 ? NULL : find_member(host->btf, id, member);

	return m && m->offset == 8 * at && btf__resolve_size(host->btf, m->type) == 4;
}

/* Value of an enumerator of a named enum, or -ENOENT. */
static int enum_value(const struct host *host, const char *type, const char *name)
{
	int id = btf__find_by_name_kind(host->btf, type, BTF_KIND_ENUM);
	const struct btf_type *t = id < 0 ? NULL : btf__type_by_id(host->btf, id);

	if (!t)
		return -ENOENT;
	for (int i = 0; i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(host->btf, btf_enum(t)[i].name_off), name))
			return btf_enum(t)[i].val;
	return -ENOENT;
}

bool host_has_func(const struct host *host, const char *name)
{
	return btf__find_by_name_kind(host->btf, name, BTF_KIND_FUNC) >= 0;
}

int host_func_args(const struct host *host, const char *name)
{
	int id = btf__find_by_name_kind(host->btf, name, BTF_KIND_FUNC);
	const struct btf_type *t = id < 0 ? NULL : btf__type_by_id(host->btf, id);

	return t ? btf_vlen(btf__type_by_id(host->btf, t->type)) : -ENOENT;
}

int host_tracepoint_args(const struct host *host, const char *name)
{
	char type[96];
	const struct btf_type *t;
	int id;

	snprintf(type, sizeof(type), "btf_trace_%s", name);
	id = btf__find_by_name_kind(host->btf, type, BTF_KIND_TYPEDEF);
	if (id < 0)
		return -ENOENT;
	t = btf__type_by_id(host->btf, id);
	t = btf__type_by_id(host->btf, t->type); /* pointer */
	t = btf__type_by_id(host->btf, t->type); /* function */
	return btf_vlen(t) - 1;			 /* the first is the tracepoint's own */
}

uint64_t host_symbol(const char *name)
{
	unsigned long long addr, found = 0;
	char sym[128], line[512];
	FILE *f = fopen("/proc/kallsyms", "re");

	if (!f)
		return 0;
	while (!found && fgets(line, sizeof(line), f))
		if (sscanf(line, "%llx %*c %127s", &addr, sym) == 2 && !strcmp(sym, name))
			found = addr;
	fclose(f);
	return found;
}

/* Names as /proc/pagetypeinfo has them; the kernel's own enum says which number each has. */
static int find_migratetypes(struct host *host)
{
	static const char *const names[][2] = {
		{ "MIGRATE_UNMOVABLE", "Unmovable" },
		{ "MIGRATE_MOVABLE", "Movable" },
		{ "MIGRATE_RECLAIMABLE", "Reclaimable" },
		{ "MIGRATE_HIGHATOMIC", "HighAtomic" },
		{ "MIGRATE_CMA", "CMA" },
		{ "MIGRATE_ISOLATE", "Isolate" },
	};
	int nr = enum_value(host, "migratetype", "MIGRATE_TYPES");

	if (nr <= 0 || nr > TRACE_MAX_MT)
		return -ENOTSUP;
	host->nr_mt = nr;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int v = enum_value(host, "migratetype", names[i][0]);

		if (v >= 0 && v < nr)
			snprintf(host->mt[v], TRACE_NAME, "%s", names[i][1]);
	}
	for (int v = 0; v < nr; v++)
		if (!host->mt[v][0])
			return -ENOTSUP;
	host->mt_movable = enum_value(host, "migratetype", "MIGRATE_MOVABLE");
	nr = enum_value(host, "migratetype", "MIGRATE_ISOLATE");
	host->mt_isolate = nr < 0 ? TRACE_MAX_MT : (uint32_t)nr;
	return 0;
}

/* The profile whose features these are: never by version number, stable series change. */
static void choose_policy(struct host *host)
{
	bool modes = btf__find_by_name_kind(host->btf, "rmqueue_mode", BTF_KIND_ENUM) >= 0;
	uint32_t pcp_lists = array_len(host, "per_cpu_pages", "lists");
	const struct {
		bool has;
		const char *policy;
	} rungs[] = {
		{ modes && has_member(host, "capture_control", "order"), "7.3" }, /* 7.2 */
		{ modes && host_has_func(host, "try_to_claim_block"), "6.18" },	  /* 6.15 */
		{ modes, "6.12" },
		{ host_has_func(host, "__move_freepages_block"), "6.12.0" }, /* 6.10 */
		{ pcp_lists >= 14, "6.1" },
		{ pcp_lists > 3, "6.1.0" }, /* 5.14 */
		{ true, "5.10" },
	};
	size_t i = 0;

	while (!rungs[i].has)
		i++;
	snprintf(host->policy, sizeof(host->policy), "%s", rungs[i].policy);
}

/* "Page block order: 9"; HUGETLB_PAGE_ORDER of x86-64 where the file is not ours to read. */
static uint32_t read_pageblock_order(void)
{
	FILE *f = fopen("/proc/pagetypeinfo", "re");
	unsigned int order = 9;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Page block order: %u", &order) == 1)
			break;
	if (f)
		fclose(f);
	return order;
}

static uint64_t count_free_blocks(void)
{
	FILE *f = fopen("/proc/buddyinfo", "re");
	char line[512], *p, *end;
	uint64_t n = 0;

	while (f && fgets(line, sizeof(line), f)) {
		p = strstr(line, "zone");
		if (!p)
			continue;
		p += strcspn(p, " ");
		p += strspn(p, " ");
		for (p += strcspn(p, " "); *p; p = end) {
			n += strtoull(p, &end, 10);
			if (end == p)
				break;
		}
	}
	if (f)
		fclose(f);
	return n;
}

static int check_required(const struct host *host, char *why, size_t len)
{
	int args;
	static const char *const need[] = {
		"mm_page_alloc",      "mm_page_free",	       "mm_page_alloc_zone_locked",
		"mm_page_pcpu_drain", "mm_page_alloc_extfrag",
	};

	for (size_t i = 0; i < sizeof(need) / sizeof(need[0]); i++)
		if (host_tracepoint_args(host, need[i]) < 0) {
			snprintf(why, len, "the kernel has no tracepoint %s", need[i]);
			return -ENOTSUP;
		}
	args = host_tracepoint_args(host, "mm_page_alloc_zone_locked");
	if (args != 3 && args != 4) {
		snprintf(why, len, "mm_page_alloc_zone_locked has %d arguments", args);
		return -ENOTSUP;
	}
	if (!host->page_struct_size || host->page_struct_size & (host->page_struct_size - 1)) {
		snprintf(why, len, "struct page has %u bytes, not a power of two",
			 host->page_struct_size);
		return -ENOTSUP;
	}
	if (host->nr_orders < 2 || host->nr_orders > 11) {
		snprintf(why, len, "zone.free_area has %u orders", host->nr_orders);
		return -ENOTSUP;
	}
	return 0;
}

/*
 * Does a virtio balloon have free page reporting on, and from which order?  The features are a
 * text of a digit a bit; the order has no file up to 5.13, when it was always pageblock_order.
 */
static uint32_t find_reporting_order(uint32_t pageblock_order)
{
	enum { VIRTIO_BALLOON_F_REPORTING = 5 };
	static const char order[] = "/sys/module/page_reporting/parameters/page_reporting_order";
	char text[VIRTIO_BALLOON_F_REPORTING + 2];
	bool on = false;
	uint64_t value;
	glob_t found;
	FILE *f;

	if (glob("/sys/bus/virtio/drivers/virtio_balloon/*/features", 0, NULL, &found))
		return 0;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		f = fopen(found.gl_pathv[i], "re");
		on |= f && fgets(text, sizeof(text), f) &&
		      strlen(text) > VIRTIO_BALLOON_F_REPORTING &&
		      text[VIRTIO_BALLOON_F_REPORTING] == '1';
		if (f)
			fclose(f);
	}
	globfree(&found);
	f = on ? fopen(order, "re") : NULL;
	if (f) {
		if (fgets(text, sizeof(text), f)) {
			text[strcspn(text, "\n")] = '\0';
			if (!parse_u64(text, 0, UINT32_MAX, &value))
				pageblock_order = (uint32_t)value;
		}
		fclose(f);
	}
	return on ? pageblock_order : 0;
}

int host_open(struct host *host, char *why, size_t len)
{
	struct utsname uts;
	int err;

	memset(host, 0, sizeof(*host));
	snprintf(why, len, "%s", "");
	if (access("/sys/kernel/btf/vmlinux", R_OK)) {
		snprintf(why, len, "no /sys/kernel/btf/vmlinux");
		return -ENOENT;
	}
	host->btf = btf__load_vmlinux_btf();
	if (!host->btf) {
		err = -errno;
		snprintf(why, len, "the kernel's BTF does not parse");
		return err;
	}
	uname(&uts);
	snprintf(host->kernel, sizeof(host->kernel), "%s", uts.release);
	host->page_shift = __builtin_ctzl(sysconf(_SC_PAGESIZE));
	host->cpus = libbpf_num_possible_cpus();
	host->page_struct_size = struct_size(host, "page");
	host->free_area_size = struct_size(host, "free_area");
	host->mem_section_size = struct_size(host, "mem_section");
	host->nr_orders = array_len(host, "zone", "free_area");
	host->nr_pcp_lists = array_len(host, "per_cpu_pages", "lists");
	host->nr_lowmem_reserve = array_len(host, "zone", "lowmem_reserve");
	host->nr_node_zones = array_len(host, "pglist_data", "node_zones");
	host->pageblock_order = read_pageblock_order();
	/* 6.17 moved isolation out of the type and doubled the bits of a pageblock. */
	host->pageblock_bits =
		enum_value(host, "pageblock_bits", "PB_migrate_isolate") >= 0 ? 8 : 4;
	host->reporting_order = find_reporting_order(host->pageblock_order);
	if (host->reporting_order)
		host->reporting_work = host_symbol("page_reporting_process");
	host->mem_section = host_symbol("mem_section");
	host->mem_free_blocks = count_free_blocks();
	host->old_bpf = enum_value(host, "bpf_func_id", "BPF_FUNC_map_lookup_percpu_elem") < 0;
	/* What guards the calls of a tracepoint instead of a stop of preemption. */
	host->probes_preempt = btf__find_by_name_kind(host->btf, "class_srcu_fast_notrace_t",
						      BTF_KIND_TYPEDEF) >= 0;
	host->pcp_word = is_word_at(host, "per_cpu_pages", "lock", 0) &&
			 is_word_at(host, "per_cpu_pages", "count", 4);
	host->captures_movable = has_member(host, "zone", "per_cpu_pageset");
	err = find_migratetypes(host);
	if (err)
		snprintf(why, len, "enum migratetype is not one that buddyscope knows");
	else
		err = check_required(host, why, len);
	if (err) {
		host_close(host);
		return err;
	}
	choose_policy(host);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		int id = btf__find_by_name_kind(host->btf, known[i].type, BTF_KIND_STRUCT);

		if (id >= 0)
			check_members(host, id, known[i].type, known[i].members);
	}
	return 0;
}

void host_forget_btf(struct host *host)
{
	btf__free(host->btf);
	host->btf = NULL;
}

void host_close(struct host *host)
{
	host_forget_btf(host);
}

/* The bits every kernel from 5.4 to 7.3 agrees on; higher ones depend on the configuration. */
static const struct {
	const char *name;
	uint32_t bit;
} gfp_bits[] = {
	{ "DMA", 0 },
	{ "HIGHMEM", 1 },
	{ "DMA32", 2 },
	{ "MOVABLE", 3 },
	{ "RECLAIMABLE", 4 },
	{ "HIGH", 5 },
	{ "IO", 6 },
	{ "FS", 7 },
	{ "ZERO", 8 },
	{ "DIRECT_RECLAIM", 10 },
	{ "KSWAPD_RECLAIM", 11 },
	{ "WRITE", 12 },
	{ "NOWARN", 13 },
	{ "RETRY_MAYFAIL", 14 },
	{ "NOFAIL", 15 },
	{ "NORETRY", 16 },
	{ "MEMALLOC", 17 },
	{ "COMP", 18 },
	{ "NOMEMALLOC", 19 },
	{ "HARDWALL", 20 },
	{ "THISNODE", 21 },
	{ "ACCOUNT", 22 },
};

/* From 6.10 on an anonymous enum holds ___GFP_<NAME>_BIT; before, bits are macros only. */
static int describe_gfp(const struct host *host, struct trace_meta *meta)
{
	char name[64], full[80];
	int err = 0;

	for (uint32_t id = 1; id < btf__type_cnt(host->btf) && !err; id++) {
		const struct btf_type *t = btf__type_by_id(host->btf, id);

		if (!btf_is_enum(t) || !btf_vlen(t) ||
		    strcmp(btf__name_by_offset(host->btf, btf_enum(t)->name_off), "___GFP_DMA_BIT"))
			continue;
		for (int i = 0; i < btf_vlen(t) && !err; i++) {
			const char *have = btf__name_by_offset(host->btf, btf_enum(t)[i].name_off);

			if (sscanf(have, "___GFP_%63s", name) != 1 || btf_enum(t)[i].val > 31 ||
			    !strncmp(name, "LAST", 4) || !strncmp(name, "UNUSED", 6))
				continue;
			name[strlen(name) - strlen("_BIT")] = '\0';
			snprintf(full, sizeof(full), "__GFP_%s", name);
			err = trace_pairs_add(&meta->gfp, full, 1LL << btf_enum(t)[i].val, NULL);
		}
		return err;
	}
	for (size_t i = 0; i < sizeof(gfp_bits) / sizeof(gfp_bits[0]) && !err; i++) {
		snprintf(full, sizeof(full), "__GFP_%s", gfp_bits[i].name);
		err = trace_pairs_add(&meta->gfp, full, 1LL << gfp_bits[i].bit, NULL);
	}
	return err;
}

static int compare_entries(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/*
 * Files of /proc/sys/vm that change the host when they are read: one works lowmem_reserve[] out
 * anew (lowmem_reserve_ratio_sysctl_handler @ 2.6.11 .. 7.3, which asks for no write), the other
 * folds the counters of every CPU (vmstat_refresh).
 */
static bool acts_on_reading(const char *name)
{
	return !strcmp(name, "lowmem_reserve_ratio") || !strcmp(name, "stat_refresh");
}

/* Every other readable file of /proc/sys/vm: numbers as numbers, the rest as text. */
static int describe_sysctls(struct trace_meta *meta)
{
	char path[512], name[300], text[256], *end;
	struct dirent **entry = NULL;
	int err = 0, n = scandir("/proc/sys/vm", &entry, NULL, compare_entries);
	long long value;
	FILE *f;

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/proc/sys/vm/%s", entry[i]->d_name);
		snprintf(name, sizeof(name), "vm.%s", entry[i]->d_name);
		f = entry[i]->d_name[0] == '.' || acts_on_reading(entry[i]->d_name) || err ?
			    NULL :
			    fopen(path, "re");
		free(entry[i]);
		if (!f)
			continue;
		if (fgets(text, sizeof(text), f)) {
			text[strcspn(text, "\n")] = '\0';
			value = strtoll(text, &end, 10);
			err = trace_pairs_add(&meta->sysctl, name, value,
					      *end || end == text ? text : NULL);
		}
		fclose(f);
	}
	free(entry);
	return err;
}

int host_describe(const struct host *host, struct trace_meta *meta)
{
	int err;

	snprintf(meta->kernel, sizeof(meta->kernel), "%s", host->kernel);
	snprintf(meta->policy, sizeof(meta->policy), "%s", host->policy);
	snprintf(meta->unknown, sizeof(meta->unknown), "%s", host->unknown);
	meta->page_shift = host->page_shift;
	meta->nr_orders = host->nr_orders;
	meta->pageblock_order = host->pageblock_order;
	meta->cpus = host->cpus;
	meta->nr_mt = host->nr_mt;
	memcpy(meta->mt, host->mt, sizeof(meta->mt));
	err = describe_gfp(host, meta);
	if (!err)
		err = describe_sysctls(meta);
	if (!err && host->reporting_order)
		err = trace_pairs_add(&meta->sysctl, REPORTING_ORDER, host->reporting_order, NULL);
	return err;
}
