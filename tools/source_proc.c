/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * This host by /proc alone: buddyinfo, zoneinfo and vmstat, which everybody may read, and
 * pagetypeinfo, which root may.  The fragmentation index is computed from buddyinfo, as
 * extfrag_index in debugfs is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source.h"
#include "util.h"

#define SHORT_NS 1000000 /* what takes no longer is read for each sample */
#define REST 250

struct proc_source {
	struct source head;
	char root[256];
	uint64_t first_ts;
	struct source_pcp *pcp;
	size_t nr_pcp, room;
	/* Of pagetypeinfo as last read, and when it may be read again. */
	struct source_zone *types;
	uint32_t nr_types, pageblock_order;
	uint64_t types_ns, types_next_ns;
};

static FILE *open_proc(const struct proc_source *p, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/proc/%s", p->root, name);
	return fopen(path, "re");
}

/* The zone of a line "Node 0, zone   Normal..."; NULL: no such line, or one not in buddyinfo. */
static struct source_zone *zone_of_line(struct sample *out, const char *line, const char **rest,
					bool add)
{
	struct source_zone *z;
	char name[TRACE_NAME];
	unsigned int node;
	int at = 0;

	if (sscanf(line, "Node %u, zone %31[^ ,\n]%n", &node, name, &at) != 2 || !at)
		return NULL;
	*rest = line + at;
	for (z = out->zone; z < out->zone + out->nr_zones; z++)
		if (z->node == node && !strcmp(z->name, name))
			return z;
	if (!add || out->nr_zones == TRACE_MAX_ZONES)
		return NULL;
	out->nr_zones++;
	z->node = node;
	z->boost_exact = true;
	memcpy(z->name, name, sizeof(name));
	return z;
}

/* Numbers by order; from 100,000 on pagetypeinfo says ">100000".  Return: how many. */
static uint32_t read_numbers(const char *text, uint64_t *n, uint32_t max)
{
	uint32_t i = 0;
	char *end;

	for (; i < max; i++, text = end) {
		text += strspn(text, " >");
		n[i] = strtoull(text, &end, 10);
		if (end == text)
			break;
	}
	return i;
}

static int read_buddyinfo(struct proc_source *p, struct sample *out)
{
	FILE *f = open_proc(p, "buddyinfo");
	struct source_zone *z;
	const char *rest;
	char line[1024];
	uint32_t n;

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		z = zone_of_line(out, line, &rest, true);
		if (!z)
			continue;
		n = read_numbers(rest, z->total, SOURCE_ORDERS);
		z->kernel_known = n > 0;
		if (n > out->nr_orders)
			out->nr_orders = n;
	}
	fclose(f);
	return out->nr_zones ? 0 : -ENODATA;
}

/* "Normal, type    Movable   1  2 ...", or the pageblocks of each type in the order of heads. */
static void read_types(struct sample *out, const char *line, const uint8_t *column, uint32_t n)
{
	uint64_t v[SOURCE_ORDERS];
	struct source_zone *z;
	const char *rest;
	char name[TRACE_NAME];
	uint32_t i, got;
	int at = 0;

	z = zone_of_line(out, line, &rest, false);
	if (!z)
		return;
	if (sscanf(rest, ", type %31s%n", name, &at) == 1 && at) {
		for (unsigned int mt = 0; mt < PA_NR_MT; mt++) {
			if (strcmp(name, pa_mt_name(mt)))
				continue;
			got = read_numbers(rest + at, v, SOURCE_ORDERS);
			z->types_known = true;
			for (i = 0; i < got; i++)
				z->kernel[i][mt] = v[i];
		}
		return;
	}
	got = read_numbers(rest, v, n);
	z->blocks_known = got > 0;
	for (i = 0; i < got; i++)
		if (column[i] < PA_NR_MT)
			z->blocks[column[i]] = v[i];
}

static void read_pagetypeinfo(struct proc_source *p, struct sample *out)
{
	static const char heads[] = "Number of blocks type";
	FILE *f = open_proc(p, "pagetypeinfo");
	uint8_t column[PA_NR_MT];
	char line[1024], *word, *save;
	uint32_t n = 0;

	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "Page block order: %u", &out->pageblock_order);
		if (strncmp(line, heads, sizeof(heads) - 1)) {
			read_types(out, line, column, n);
			continue;
		}
		for (word = strtok_r(line + sizeof(heads) - 1, " \n", &save); word && n < PA_NR_MT;
		     word = strtok_r(NULL, " \n", &save)) {
			column[n] = PA_NR_MT;
			for (unsigned int mt = 0; mt < PA_NR_MT; mt++)
				if (!strcmp(word, pa_mt_name(mt)))
					column[n] = mt;
			n++;
		}
	}
	if (f)
		fclose(f);
}

/* What was read before, for the same zones. */
static void reuse_types(const struct proc_source *p, struct sample *out)
{
	out->pageblock_order = p->pageblock_order;
	out->types_ns_ago = out->ts - p->types_ns;
	for (uint32_t i = 0; i < out->nr_zones && i < p->nr_types; i++) {
		const struct source_zone *from = &p->types[i];
		struct source_zone *to = &out->zone[i];

		if (from->node != to->node || strcmp(from->name, to->name))
			continue;
		to->types_known = from->types_known;
		to->blocks_known = from->blocks_known;
		memcpy(to->kernel, from->kernel, sizeof(to->kernel));
		memcpy(to->blocks, from->blocks, sizeof(to->blocks));
	}
}

/*
 * For it the kernel walks its free lists with the locks held and interrupts off, and reads
 * memory that nobody has in a cache: so long that it is done for one part in REST of the time.
 */
static void sample_types(struct proc_source *p, struct sample *out)
{
	uint64_t took;

	if (out->ts < p->types_next_ns) {
		reuse_types(p, out);
		return;
	}
	read_pagetypeinfo(p, out);
	took = now_ns() - out->ts;
	if (took < SHORT_NS || !p->types)
		return;
	p->types_ns = out->ts;
	p->types_next_ns = out->ts + took * REST;
	p->nr_types = out->nr_zones;
	p->pageblock_order = out->pageblock_order;
	memcpy(p->types, out->zone, out->nr_zones * sizeof(*p->types));
}

static struct source_pcp *new_pcp(struct proc_source *p, uint32_t zone, uint32_t cpu)
{
	struct source_pcp *pcp;

	if (p->nr_pcp == p->room) {
		pcp = realloc(p->pcp, (p->room + 64) * sizeof(*pcp));
		if (!pcp)
			return NULL;
		p->pcp = pcp;
		p->room += 64;
	}
	pcp = &p->pcp[p->nr_pcp++];
	*pcp = (struct source_pcp){
		.zone = zone, .cpu = cpu, .count = -1, .batch = -1, .high = -1, .exact = true
	};
	return pcp;
}

static void read_zone_line(const char *line, struct source_zone *z, struct source_pcp *pcp)
{
	static const struct {
		const char *name;
		size_t at;
	} pages[] = {
		{ "boost", offsetof(struct source_zone, boost) },
		{ "min", offsetof(struct source_zone, min) },
		{ "low", offsetof(struct source_zone, low) },
		{ "high", offsetof(struct source_zone, high) },
		{ "spanned", offsetof(struct source_zone, spanned) },
		{ "managed", offsetof(struct source_zone, managed) },
		{ "start_pfn:", offsetof(struct source_zone, start_pfn) },
	};
	char word[32];
	long long v;

	if (sscanf(line, " %31s %lld", word, &v) != 2 || v < 0)
		return;
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (!strcmp(word, pages[i].name))
			*(uint64_t *)((char *)z + pages[i].at) = (uint64_t)v;
	if (!pcp)
		return;
	if (!strcmp(word, "count:"))
		pcp->count = v;
	else if (!strcmp(word, "high:"))
		pcp->high = v;
	else if (!strcmp(word, "batch:"))
		pcp->batch = v;
}

static void read_zoneinfo(struct proc_source *p, struct sample *out)
{
	FILE *f = open_proc(p, "zoneinfo");
	struct source_zone *z = NULL, *found;
	struct source_pcp *pcp = NULL;
	const char *rest;
	char line[1024];
	unsigned int cpu;

	p->nr_pcp = 0;
	while (f && fgets(line, sizeof(line), f)) {
		found = zone_of_line(out, line, &rest, false);
		if (found || !strncmp(line, "Node ", 5)) {
			z = found;
			pcp = NULL;
		} else if (z && sscanf(line, " cpu: %u", &cpu) == 1) {
			pcp = new_pcp(p, (uint32_t)(z - out->zone), cpu);
			if (cpu >= out->cpus)
				out->cpus = cpu + 1;
		} else if (z) {
			read_zone_line(line, z, pcp);
		}
	}
	if (f)
		fclose(f);
	out->pcp = p->pcp;
	out->nr_pcp = p->nr_pcp;
}

static void read_vmstat(struct proc_source *p, struct sample *out)
{
	static const struct {
		const char *name;
		enum source_count count;
	} counters[] = {
		{ "allocstall_", COUNT_RECLAIMS }, /* one for each zone */
		{ "pgsteal_direct ", COUNT_RECLAIMED },
		{ "compact_stall ", COUNT_COMPACTIONS },
		{ "compact_success ", COUNT_COMPACT_DONE },
		{ "compact_free_scanned ", COUNT_COMPACT_SCANNED },
		{ "pageoutrun ", COUNT_KSWAPD },
		{ "oom_kill ", COUNT_OOM },
		{ "thp_fault_fallback ", COUNT_THP_FALLBACK },
		{ "pgfree ", COUNT_FREED_PAGES },
	};
	FILE *f = open_proc(p, "vmstat");
	const char *value;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
			if (strncmp(line, counters[i].name, strlen(counters[i].name)))
				continue;
			value = strchr(line, ' ');
			if (!value)
				continue;
			out->counts.known |= UINT32_C(1) << counters[i].count;
			out->counts.v[counters[i].count] += strtoull(value, NULL, 10);
		}
	if (f)
		fclose(f);
}

static void read_word(const struct proc_source *p, const char *name, char *buf, size_t len)
{
	FILE *f = open_proc(p, name);

	if (f && fgets(buf, (int)len, f))
		buf[strcspn(buf, "\n")] = '\0';
	if (f)
		fclose(f);
}

static int sample(struct source *head, struct sample *out)
{
	struct proc_source *p = (struct proc_source *)head;
	bool types = false;
	int err = read_buddyinfo(p, out);

	if (err) {
		snprintf(head->why, sizeof(head->why), "/proc/buddyinfo: %s", strerror(-err));
		return err;
	}
	out->ts = now_ns();
	if (!p->first_ts)
		p->first_ts = out->ts;
	out->first_ts = p->first_ts;
	out->source = "proc";
	out->page_shift = (uint32_t)__builtin_ctzl((unsigned long)sysconf(_SC_PAGESIZE));
	read_word(p, "sys/kernel/hostname", out->name, sizeof(out->name));
	read_word(p, "sys/kernel/osrelease", out->kernel, sizeof(out->kernel));
	sample_types(p, out);
	read_zoneinfo(p, out);
	read_vmstat(p, out);
	for (uint32_t z = 0; z < out->nr_zones; z++)
		types |= out->zone[z].types_known;
	snprintf(out->note, sizeof(out->note), "/proc alone: no core, decisions, map%s",
		 types ? "" : ", types");
	return 0;
}

static void close_proc(struct source *head)
{
	free(((struct proc_source *)head)->pcp);
	free(((struct proc_source *)head)->types);
	free(head);
}

static const struct source_ops ops = { .sample = sample, .close = close_proc };

int source_proc(const char *root, struct source **out, char *why, size_t len)
{
	struct proc_source *p = calloc(1, sizeof(*p));
	struct sample *probe = calloc(1, sizeof(*probe));
	int err = p && probe ? 0 : -ENOMEM;

	if (!err) {
		p->head.ops = &ops;
		snprintf(p->root, sizeof(p->root), "%s", root);
		err = sample(&p->head, probe);
		if (err)
			snprintf(why, len, "%s", p->head.why);
	}
	free(probe);
	if (!err) /* without it each sample reads it */
		p->types = calloc(TRACE_MAX_ZONES, sizeof(*p->types));
	if (err) {
		if (p)
			close_proc(&p->head);
		return err;
	}
	*out = &p->head;
	return 0;
}
