/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the lines of a log to reports.  Every line is looked at alone: what other messages stand
 * between does not matter, and a line that is missing is found missing in the end.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"

#define LINE 8192
#define MAX_KB (UINT64_C(1) << 50) /* nothing is larger; keeps sums and products in range */
#define MAX_BLOCKS UINT32_MAX

struct reader {
	struct explain_report *report;
	bool open;   /* a report has begun */
	bool done;   /* its zones are complete: what follows is another SysRq-m */
	int zone;    /* the zone that lowmem_reserve[] will be of, -1: none */
	uint64_t nr; /* of the line */
	explain_fn *each;
	void *ctx;
};

/* -------------------------------------------------------------------------
 * Words
 */

/* The text after @word in @line, or NULL. */
static const char *after(const char *line, const char *word)
{
	const char *at = strstr(line, word);

	return at ? at + strlen(word) : NULL;
}

static bool starts(const char *line, const char *word)
{
	return !strncmp(line, word, strlen(word));
}

/* Digits at @at, at most @max; @at itself if there are none. */
static const char *digits(const char *at, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;
	const char *end = at;

	for (; isdigit((unsigned char)*end); end++) {
		value = value > max / 10 ? max : value * 10 + (uint64_t)(*end - '0');
		if (value > max)
			value = max;
	}
	if (end != at)
		*out = value;
	return end;
}

/* The number after @word; false if there is none. */
static bool number(const char *line, const char *word, uint64_t *out)
{
	const char *at = after(line, word);

	while (at && *at == ' ')
		at++;
	return at && digits(at, MAX_KB, out) != at;
}

/* Copy what stands between @at and @end, cut to fit; a log may hold any byte, a terminal must not. */
static void copy_until(char *to, size_t size, const char *at, const char *end)
{
	size_t len = 0;

	for (; at < end && len + 1 < size; at++)
		to[len++] = (char)((unsigned char)*at < ' ' || *at == 0x7f ? '?' : *at);
	to[len] = '\0';
}

/* Copy what stands from @at, if anything, up to one of @stops or the end. */
static void copy(char *to, size_t size, const char *at, const char *stops)
{
	copy_until(to, size, at, at ? at + strcspn(at, stops) : NULL);
}

/* -------------------------------------------------------------------------
 * What stands before a message
 */

/* "[   12.345678]", "[Sun Nov 22 01:10:57 2026]", "[  T153]", "[    C0]": not "[  pid  ]", not "[  153]" */
static const char *skip_bracket(const char *line)
{
	const char *end = strchr(line, ']');
	bool time = false, caller = false;

	if (*line != '[' || !end)
		return line;
	for (const char *at = line + 1; at < end; at++) {
		if (!isalnum((unsigned char)*at) && !strchr(" .:,+-", *at))
			return line;
		time |= (*at == '.' || *at == ':') && isdigit((unsigned char)at[1]);
		caller |= (*at == 'T' || *at == 'C') && isdigit((unsigned char)at[1]);
	}
	return time || caller ? end + 1 : line;
}

/* dmesg -x: "kern  :warn  : " */
static const char *skip_level(const char *line)
{
	const char *at = line;

	for (int colons = 0; colons < 2; colons++) {
		size_t word = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789");

		at += word;
		at += strspn(at, " ");
		if (!word || *at != ':')
			return line;
		at++;
	}
	return *at == ' ' && starts(line, "kern") ? at : line;
}

/* /dev/kmsg and netconsole: "4,1234,567890,-;" */
static const char *skip_kmsg(const char *line)
{
	size_t len = strspn(line, "0123456789,");

	if (!isdigit((unsigned char)*line) || line[len - 1] != ',')
		return line;
	len += strspn(line + len, "-+c");
	len += line[len] == ',' ? strcspn(line + len, ";") : 0; /* caller=T153 */
	return line[len] == ';' ? line + len + 1 : line;
}

static const char *skip_prefix(const char *line)
{
	const char *before, *kernel = strstr(line, " kernel: ");

	if (kernel)
		line = kernel + strlen(" kernel: ");
	do {
		before = line;
		line += strspn(line, " \t");
		if (*line == '<' && isdigit((unsigned char)line[1])) {
			const char *end = line + 1 + strspn(line + 1, "0123456789");

			line = *end == '>' ? end + 1 : line;
		}
		line = skip_kmsg(skip_level(skip_bracket(line)));
	} while (line != before);
	return line;
}

/* -------------------------------------------------------------------------
 * Beginning and end of a report
 */

static int finish(struct reader *r)
{
	if (!r->open)
		return 0;
	r->open = false;
	return r->each(r->report, r->ctx);
}

static int begin(struct reader *r, enum explain_kind kind)
{
	int err = finish(r);

	if (err)
		return err;
	*r->report = (struct explain_report){
		.line = r->nr,
		.kind = kind,
		.pid = -1,
		.cpu = -1,
		.order = -1,
		.victim_pid = -1,
		.total_free = UINT64_MAX,
	};
	r->open = true;
	r->done = false;
	r->zone = -1;
	return 0;
}

/* A line of a report without its first line. */
static int need(struct reader *r)
{
	return r->open ? 0 : begin(r, EXPLAIN_HEADLESS);
}

/* "0xcc0(GFP_KERNEL|__GFP_COMP)" */
static void read_mode(struct explain_report *rep, const char *at)
{
	char *end;

	rep->mode = strtoull(at, &end, 16);
	if (*end == '(')
		copy(rep->gfp_text, sizeof(rep->gfp_text), end + 1, ")");
}

/* ", nodemask=(null),cpuset=/,mems_allowed=0"; before 5.0 two lines, the second with spaces */
static void read_places(struct explain_report *rep, const char *line)
{
	const char *mask = after(line, "nodemask="), *mems = after(line, "mems_allowed=");

	/* A mask has commas of its own: what ends it is the next name. */
	if (mask) {
		copy(rep->nodemask, sizeof(rep->nodemask), mask, " \t\r\n");
		for (char *at = rep->nodemask; *at; at++) {
			if (*at != ',' || isdigit((unsigned char)at[1]))
				continue;
			*at = '\0';
			break;
		}
	}
	if (mems) {
		size_t len = strspn(mems, "0123456789,-");

		while (len && (mems[len - 1] == ',' || mems[len - 1] == '-'))
			len--;
		copy_until(rep->mems_allowed, sizeof(rep->mems_allowed), mems, mems + len);
	}
}

static void read_order(struct explain_report *rep, const char *line)
{
	const char *at = after(line, "order:");
	uint64_t order;

	if (!at)
		at = after(line, "order=");
	if (!at)
		at = after(line, "page order ");
	if (!at)
		return;
	rep->forced = starts(at, "-1");
	if (digits(at, MAX_KB, &order) != at && order < PA_TOLD_ORDERS)
		rep->order = (int)order;
}

/* The first line of warn_alloc or dump_header. */
static int first_line(struct reader *r, const char *line)
{
	static const struct {
		const char *mark, *mode;
		enum explain_kind kind;
	} heads[] = {
		{ ": page allocation failure: order:", "mode:", EXPLAIN_FAILURE },
		{ ": page allocation stalls for ", "mode:", EXPLAIN_STALL },
		{ ": vmalloc error: size ", "mode:", EXPLAIN_VMALLOC },
		{ ": vmalloc: allocation failure", "mode:", EXPLAIN_VMALLOC },
		{ " invoked oom-killer: gfp_mask=", "gfp_mask=", EXPLAIN_OOM },
	};
	const char *mark = NULL, *mode;
	size_t i;
	int err;

	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		mark = strstr(line, heads[i].mark);
		if (mark)
			break;
	}
	if (!mark)
		return 0;
	err = begin(r, heads[i].kind);
	if (err)
		return err;
	copy_until(r->report->comm, sizeof(r->report->comm), line, mark);
	read_order(r->report, mark);
	mode = after(mark, heads[i].mode);
	if (mode)
		read_mode(r->report, mode);
	read_places(r->report, mark);
	return 1;
}

/* -------------------------------------------------------------------------
 * Zones
 */

static int zone_type(const char *name)
{
	for (unsigned int type = 0; type < PA_NR_ZONE_TYPES; type++)
		if (!strcmp(name, pa_zone_type_name((enum pa_zone_type)type)))
			return (int)type;
	return -1;
}

/*
 * "Node 0 DMA32" (no node without CONFIG_NUMA): what stands after it, NULL if it is no zone.
 * Only names of zones count: anything else may stand before a colon.
 */
static const char *zone_name(const char *line, uint32_t *node, char *name, size_t size)
{
	const char *at = line;
	uint64_t nid = 0;
	size_t len;

	if (starts(line, "Node ")) {
		at = digits(line + 5, PA_MAX_NODES * 16, &nid);
		if (at == line + 5 || *at != ' ')
			return NULL;
		at++;
	}
	len = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
	if (!len || len >= size)
		return NULL;
	copy_until(name, size, at, at + len);
	if (zone_type(name) < 0 && strcmp(name, "Device"))
		return NULL;
	*node = (uint32_t)nid;
	return at + len;
}

/* The zone of the open report, made if it is new; -1: there are too many. */
static int find_zone(struct explain_report *rep, uint32_t node, const char *name)
{
	struct explain_zone *z;

	for (unsigned int i = 0; i < rep->nr_zones; i++)
		if (rep->zones[i].node == node && !strcmp(rep->zones[i].name, name))
			return (int)i;
	if (rep->nr_zones == EXPLAIN_MAX_ZONES)
		return -1;
	z = &rep->zones[rep->nr_zones];
	*z = (struct explain_zone){ .node = node, .type = zone_type(name) };
	copy(z->name, sizeof(z->name), name, "");
	return (int)rep->nr_zones++;
}

/* " free:724kB boost:2048kB min:2188kB ...": show_free_areas */
static void read_zone(struct explain_zone *z, const char *line)
{
	const struct {
		const char *word;
		uint64_t *to;
	} fields[] = {
		{ " free:", &z->free },
		{ " boost:", &z->boost },
		{ " min:", &z->min },
		{ " low:", &z->low },
		{ " high:", &z->high },
		{ " managed:", &z->managed },
		{ " reserved_highatomic:", &z->highatomic },
		{ " free_pcp:", &z->free_pcp },
		{ " free_cma:", &z->free_cma },
	};
	uint64_t high;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		number(line, fields[i].word, fields[i].to);
	z->free_highatomic_told = number(line, " free_highatomic:", &z->free_highatomic);
	z->told = number(line, " high:", &high); /* else the line is cut */
}

static void read_reserves(struct explain_zone *z, const char *at)
{
	const char *end;

	z->nr_reserves = 0;
	while (z->nr_reserves < EXPLAIN_MAX_RESERVES) {
		at += strspn(at, " ");
		end = digits(at, MAX_KB, &z->reserve[z->nr_reserves]);
		if (end == at)
			break;
		at = end;
		z->nr_reserves++;
	}
	z->reserves_told = z->nr_reserves > 0;
}

/* "(UME)": show_migration_types */
static const char *read_types(const char *at, uint8_t *types)
{
	static const struct {
		char letter;
		uint8_t mt;
	} letters[] = { { 'U', PA_UNMOVABLE },	{ 'M', PA_MOVABLE }, { 'E', PA_RECLAIMABLE },
			{ 'H', PA_HIGHATOMIC }, { 'C', PA_CMA },     { 'I', PA_ISOLATE },
			{ 'R', PA_RESERVE } };

	for (; isupper((unsigned char)*at); at++)
		for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
			if (*at == letters[i].letter)
				*types |= (uint8_t)(1u << letters[i].mt);
	return *at == ')' ? at + 1 : at;
}

/* " 1*4kB (U) 0*8kB 1*16kB (UM) = 724kB" */
static void read_lists(struct explain_report *rep, struct explain_zone *z, const char *at)
{
	uint64_t blocks, kb, total;
	unsigned int order = 0;

	for (; order < PA_TOLD_ORDERS; order++) {
		const char *end;

		at += strspn(at, " ");
		end = digits(at, MAX_BLOCKS, &blocks);
		if (end == at || *end != '*')
			break;
		at = digits(end + 1, MAX_KB, &kb);
		if (at == end + 1 || !starts(at, "kB"))
			break;
		at += 2;
		if (!order && !rep->page_kb && kb && kb <= 1024)
			rep->page_kb = (unsigned int)kb;
		if (kb != (uint64_t)rep->page_kb << order)
			break;
		z->blocks[order] = blocks;
		z->types[order] = 0;
		at += strspn(at, " ");
		if (*at == '(')
			at = read_types(at + 1, &z->types[order]);
		else if (blocks)
			z->types[order] = 1u << PA_UNMOVABLE; /* not told: any type */
	}
	at += strspn(at, " ");
	z->nr_orders = order;
	z->listed = order && starts(at, "= ") && digits(at + 2, MAX_KB, &total) != at + 2;
}

/* Lines of the zones; 1 if it was one. */
static int zone_line(struct reader *r, const char *line)
{
	char name[16];
	uint32_t node;
	const char *rest;
	int err, zone;

	if (starts(line, "lowmem_reserve[]:")) {
		if (r->open && r->zone >= 0 && !r->done)
			read_reserves(&r->report->zones[r->zone], after(line, ":"));
		return 1;
	}
	rest = zone_name(line, &node, name, sizeof(name));
	if (!rest || !(starts(rest, " free:") || (*rest == ':' && strchr(rest, '*'))))
		return 0;
	err = need(r);
	if (err || r->done)
		return err ? err : 1;
	zone = find_zone(r->report, node, name);
	if (zone < 0)
		return 1;
	if (*rest == ':') {
		read_lists(r->report, &r->report->zones[zone], rest + 1);
	} else {
		read_zone(&r->report->zones[zone], rest);
		r->zone = zone;
	}
	return 1;
}

/* -------------------------------------------------------------------------
 * The other lines
 */

/* "CPU: 1 UID: 0 PID: 153 Comm: provoke Not tainted 6.12.117 #1  Debian ..." */
static void read_cpu(struct explain_report *rep, const char *line)
{
	const char *comm = after(line, "Comm: "), *end = NULL, *build;
	static const char *const ends[] = { " Not tainted", " Tainted:", " Kdump:" };
	uint64_t value;

	for (size_t i = 0; comm && !end && i < sizeof(ends) / sizeof(ends[0]); i++)
		end = strstr(comm, ends[i]);
	if (rep->kernel[0] || !end)
		return;
	/* Another task's oops may stand between. */
	if (rep->kind != EXPLAIN_HEADLESS &&
	    (strncmp(comm, rep->comm, strlen(rep->comm)) || end != comm + strlen(rep->comm)))
		return;
	if (number(line, "CPU: ", &value))
		rep->cpu = (int64_t)value;
	if (number(line, "PID: ", &value))
		rep->pid = (int64_t)value;
	if (rep->kind == EXPLAIN_HEADLESS)
		copy_until(rep->comm, sizeof(rep->comm), comm, end);
	build = strstr(end, " #");
	if (!build)
		return;
	for (end = build; end > comm && end[-1] != ' ';)
		end--;
	copy_until(rep->kernel, sizeof(rep->kernel), end, build);
}

static void read_limit(struct explain_report *rep, const char *line)
{
	if (starts(line, "memory: usage ")) {
		rep->memcg = true;
		rep->memcg_told = number(line, "usage ", &rep->memcg_usage) &&
				  number(line, "limit ", &rep->memcg_limit);
		number(line, "failcnt ", &rep->memcg_failcnt);
		return;
	}
	rep->memcg_v1 |= starts(line, "memory+swap: ");
	number(line, "usage ", &rep->memcg_swap_usage);
	number(line, "limit ", &rep->memcg_swap_limit);
}

/* Up to 5.2 "Out of memory: Kill process", then "Killed process 153 (provoke) ...", with no start. */
static void read_victim(struct explain_report *rep, const char *line)
{
	const char *at = after(line, "Killed process "), *end = NULL;
	uint64_t pid;

	if (!at || rep->victim[0])
		return;
	at = digits(at, MAX_KB, &pid);
	/* The name may hold brackets of its own. */
	for (const char *k = at, *stop = strstr(at, "total-vm:"); k && stop && k < stop; k++)
		end = *k == ')' ? k : end;
	at += strspn(at, " ,");
	if (*at != '(' || !end)
		return;
	copy_until(rep->victim, sizeof(rep->victim), at + 1, end);
	rep->victim_pid = (int64_t)pid;
	number(line, "anon-rss:", &rep->victim_rss);
	rep->memcg |= starts(line, "Memory cgroup out of memory");
}

/* "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,..." */
static void read_constraint(struct explain_report *rep, const char *line)
{
	const char *path = after(line, "oom_memcg=");

	copy(rep->constraint, sizeof(rep->constraint), after(line, "constraint="), ",");
	read_places(rep, line);
	rep->memcg |= !strcmp(rep->constraint, "CONSTRAINT_MEMCG");
	if (path)
		copy(rep->memcg_path, sizeof(rep->memcg_path), path, ",");
}

static void read_small(struct explain_report *rep, const char *line)
{
	const char *at;

	if (starts(line, "CPU: ")) {
		read_cpu(rep, line);
	} else if (starts(line, "cpuset=") || starts(line, ",cpuset=")) {
		read_places(rep, line);
	} else if (starts(line, "memory: usage ") || starts(line, "swap: usage ") ||
		   starts(line, "memory+swap: usage ")) {
		read_limit(rep, line);
	} else if (starts(line, "Free swap")) {
		rep->swap_told = number(line, "= ", &rep->swap_free);
	} else if (starts(line, "Total swap")) {
		number(line, "= ", &rep->swap_total);
	} else if (starts(line, "free:") && strstr(line, " free_cma:")) {
		number(line, "free:", &rep->total_free);
	} else if (starts(line, "cache: ")) {
		copy(rep->cache, sizeof(rep->cache), line + strlen("cache: "), ",");
	} else if ((at = after(line, "killed as a result of limit of "))) {
		rep->memcg = true; /* 4.4 to 4.20 */
		copy(rep->memcg_path, sizeof(rep->memcg_path), at, " ");
	} else if ((at = after(line, "Memory cgroup stats for ")) && !rep->memcg_path[0]) {
		copy(rep->memcg_path, sizeof(rep->memcg_path), at, ":");
	}
}

/* Lines that only an OOM has, and that tell of one whose start is missing. */
static int oom_line(struct reader *r, const char *line)
{
	bool constraint = starts(line, "oom-kill:constraint=");
	int err;

	if (!constraint && !starts(line, "Out of memory") && !starts(line, "Killed process ") &&
	    !starts(line, "Memory cgroup out of memory"))
		return 0;
	err = need(r);
	if (err)
		return err;
	if (constraint)
		read_constraint(r->report, line);
	else
		read_victim(r->report, line);
	return 1;
}

static int one_line(struct reader *r, const char *line)
{
	int err;

	err = first_line(r, line);
	if (!err)
		err = zone_line(r, line);
	if (!err)
		err = oom_line(r, line);
	if (err)
		return err > 0 ? 0 : err;
	if (starts(line, "Mem-Info:")) {
		err = need(r);
		if (err)
			return err;
		r->done |= r->report->meminfo;
		r->report->meminfo = true;
	} else if (r->open) {
		read_small(r->report, line);
	}
	return 0;
}

int explain_read(FILE *in, explain_fn *each, void *ctx)
{
	struct reader r = { .each = each, .ctx = ctx };
	bool whole, cut = false;
	char line[LINE];
	int err = 0;

	r.report = malloc(sizeof(*r.report));
	if (!r.report)
		return -ENOMEM;
	while (!err && fgets(line, sizeof(line), in)) {
		size_t len = strlen(line);

		whole = len && line[len - 1] == '\n';
		while (len && (line[len - 1] == '\n' || line[len - 1] == '\r'))
			line[--len] = '\0';
		if (!cut) {
			r.nr++;
			err = one_line(&r, skip_prefix(line));
		}
		/* A zero byte hides the end of its line; that costs one line. */
		cut = !whole && len + 1 == sizeof(line);
	}
	if (!err && ferror(in))
		err = -EIO;
	if (!err)
		err = finish(&r);
	free(r.report);
	return err;
}
