/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the words of a scenario name: types, zones, pages, flags, and the options of a step.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "sim_parse.h"
#include "util.h"

/* -------------------------------------------------------------------------
 * Words of the core
 */

int sim_type(struct sim_parser *p, uint32_t *out)
{
	const char *word = sim_word(p);
	uint32_t mt;

	for (mt = 0; word && mt < PA_NR_MT; mt++) {
		if (!strcasecmp(pa_mt_name((enum pa_mt)mt), word)) {
			*out = mt;
			return 0;
		}
	}
	return sim_wrong(p,
			 "type %s: no such migratetype (Unmovable, Movable, Reclaimable,"
			 " HighAtomic, CMA, Isolate, Reserve)",
			 word ? word : "is missing");
}

int sim_zone_type(struct sim_parser *p, uint32_t *out)
{
	const char *word = sim_word(p);
	uint32_t type;

	for (type = 0; word && type < PA_NR_ZONE_TYPES; type++) {
		if (!strcasecmp(pa_zone_type_name((enum pa_zone_type)type), word)) {
			*out = type;
			return 0;
		}
	}
	return sim_wrong(p, "zone %s: no such type of zone (DMA, DMA32, Normal, HighMem, Movable)",
			 word ? word : "is missing");
}

const char *sim_zone_name(const struct sim_scenario *s, uint32_t zone, char *buf, size_t len)
{
	const struct pa_zone_config *z = &s->zones[zone];
	const char *type = pa_zone_type_name((enum pa_zone_type)z->type);

	if (s->nr_nodes > 1)
		snprintf(buf, len, "%s/%" PRIu32, type, z->node);
	else
		snprintf(buf, len, "%s", type);
	return buf;
}

int sim_zone(struct sim_parser *p, uint32_t *out)
{
	const char *word = sim_word(p);
	char name[32];
	uint32_t i;

	for (i = 0; word && i < p->s->nr_zones; i++) {
		if (!strcasecmp(sim_zone_name(p->s, i, name, sizeof(name)), word)) {
			*out = i;
			return 0;
		}
	}
	return sim_wrong(p, "zone %s: this machine has no such zone%s", word ? word : "is missing",
			 p->s->nr_nodes > 1 ? " (TYPE/NODE, as Normal/1)" : "");
}

int sim_block(struct sim_parser *p, uint64_t pfn, uint32_t order)
{
	uint64_t size = UINT64_C(1) << order;
	uint32_t i;

	if (order >= p->s->nr_orders)
		return sim_wrong(p, "order %" PRIu32 ": this machine has orders 0 to %" PRIu32,
				 order, p->s->nr_orders - 1);
	if (pfn % size)
		return sim_wrong(p,
				 "page %" PRIu64 ": a block of order %" PRIu32
				 " starts at a multiple of %" PRIu64,
				 pfn, order, size);
	for (i = 0; i < p->s->nr_zones; i++) {
		const struct pa_zone_config *z = &p->s->zones[i];

		if (pfn >= z->start_pfn && pfn + size <= z->start_pfn + z->spanned)
			return 0;
	}
	return sim_wrong(p, "pages %" PRIu64 " to %" PRIu64 ": not inside one zone", pfn,
			 pfn + size - 1);
}

int sim_pages(struct sim_parser *p, struct sim_step *step)
{
	uint32_t room = p->nr_words - p->at;
	int err;

	if (!sim_take(p, "="))
		return sim_wrong(p, "'=' and the pages of the list are missing (or '= empty')");
	if (sim_take(p, "empty"))
		return 0;
	if (p->at == p->nr_words)
		return sim_wrong(p, "no page after '=' (or say '= empty')");
	step->pfns = sim_alloc(p->s, room * sizeof(*step->pfns));
	if (!step->pfns)
		return -ENOMEM;
	while (p->at < p->nr_words) {
		uint64_t *pfn = &step->pfns[step->nr_pfns++];

		err = sim_number(p, "page", 0, UINT64_MAX >> 1, pfn);
		if (!err)
			err = sim_block(p, *pfn, step->args.order);
		if (err)
			return err;
	}
	return 0;
}

/* -------------------------------------------------------------------------
 * Options
 */

static const struct word {
	const char *name;
	uint32_t bits;
} gfp_sets[] = {
	{ "GFP_KERNEL", PA_GFP_KERNEL },
	{ "GFP_USER", PA_GFP_USER },
	{ "GFP_HIGHUSER", PA_GFP_HIGHUSER },
	{ "GFP_HIGHUSER_MOVABLE", PA_GFP_HIGHUSER_MOVABLE },
	{ "GFP_ATOMIC", PA_GFP_ATOMIC_ALLOC },
	{ "GFP_NOWAIT", PA_GFP_NOWAIT },
	{ "GFP_NOFS", PA_GFP_KERNEL & ~PA_GFP_FS },
	{ "GFP_NOIO", PA_GFP_RECLAIM },
	{ "GFP_DMA", PA_GFP_DMA },
	{ "GFP_DMA32", PA_GFP_DMA32 },
	{ NULL, 0 },
};

static const struct word tasks[] = {
	{ "rt", PA_TASK_RT },
	{ "memalloc", PA_TASK_MEMALLOC },
	{ "irq", PA_TASK_IRQ },
	{ "softirq", PA_TASK_SOFTIRQ | PA_TASK_IRQ },
	{ "oom-victim", PA_TASK_OOM_VICTIM },
	{ "kthread", PA_TASK_KTHREAD },
	{ "fatal", PA_TASK_FATAL },
	{ "dumpcore", PA_TASK_DUMPCORE },
	{ NULL, 0 },
};

static uint32_t find_bits(const struct word *table, const char *name)
{
	while (table->name && strcmp(table->name, name))
		table++;
	return table->bits;
}

/* "GFP_KERNEL|__GFP_NOFAIL" */
static int parse_gfp(struct sim_parser *p, struct sim_args *args)
{
	const char *word = sim_word(p);
	char copy[256], *rest = copy, *one;
	uint32_t bits, none;

	if (!word || strlen(word) >= sizeof(copy))
		return sim_wrong(p,
				 "gfp: flags are missing (as GFP_KERNEL or GFP_USER|__GFP_COMP)");
	strcpy(copy, word);
	while ((one = strsep(&rest, "|"))) {
		bits = find_bits(gfp_sets, one);
		if (!bits && !strncmp(one, "__GFP_", 6))
			bits = pa_gfp_bit(one);
		if (!bits)
			return sim_wrong(p, "gfp %s: no such flag (as GFP_KERNEL, __GFP_NOFAIL)",
					 one);
		args->gfp |= bits;
	}
	if (pa_gfp_mt(args->gfp) < 0)
		return sim_wrong(
			p, "gfp %s: __GFP_MOVABLE and __GFP_RECLAIMABLE exclude each other", word);
	none = args->gfp & (PA_GFP_DMA | PA_GFP_DMA32 | PA_GFP_HIGHMEM);
	if (none & (none - 1))
		return sim_wrong(p, "gfp %s: more than one zone modifier", word);
	return 0;
}

static int parse_task(struct sim_parser *p, struct sim_args *args)
{
	const char *word = sim_word(p);
	uint32_t bits = word ? find_bits(tasks, word) : 0;

	if (!bits)
		return sim_wrong(p,
				 "task %s: no such kind (memalloc, rt, irq, softirq, oom-victim,"
				 " kthread, fatal, dumpcore)",
				 word ? word : "is missing");
	args->task |= bits;
	return 0;
}

/* "0,2": nodes that a request may use. */
static int parse_nodes(struct sim_parser *p, struct sim_args *args)
{
	const char *word = sim_word(p);
	char copy[256], *rest = copy, *one;
	uint64_t node;

	if (!word || strlen(word) >= sizeof(copy))
		return sim_wrong(p, "nodes: numbers are missing (as 0,1)");
	strcpy(copy, word);
	while ((one = strsep(&rest, ","))) {
		if (parse_u64(one, 0, p->s->nr_nodes - 1, &node))
			return sim_wrong(p, "node %s: this machine has nodes 0 to %" PRIu32, one,
					 p->s->nr_nodes - 1);
		args->nodes |= UINT64_C(1) << node;
	}
	return 0;
}

static int parse_as(struct sim_parser *p, struct sim_args *args)
{
	return sim_name(p, sim_word(p), &args->name);
}

static int small_number(struct sim_parser *p, const char *what, uint64_t max, uint32_t *out)
{
	uint64_t value = 0;
	int err = sim_number(p, what, 0, max, &value);

	*out = (uint32_t)value;
	return err;
}

static int parse_option(struct sim_parser *p, enum sim_key key, struct sim_args *args)
{
	uint32_t last_cpu = p->s->cpus ? p->s->cpus - 1 : 0;

	switch (key) {
	case SIM_KEY_ORDER:
		return small_number(p, "order", p->s->nr_orders - 1, &args->order);
	case SIM_KEY_TYPE:
		return sim_type(p, &args->mt);
	case SIM_KEY_ZONE:
		return sim_zone(p, &args->zone);
	case SIM_KEY_CPU:
		return small_number(p, "cpu", last_cpu, &args->cpu);
	case SIM_KEY_BY:
		return small_number(p, "by", last_cpu, &args->by);
	case SIM_KEY_NODE:
		return small_number(p, "node", p->s->nr_nodes - 1, &args->node);
	case SIM_KEY_NODES:
		return parse_nodes(p, args);
	case SIM_KEY_GFP:
		return parse_gfp(p, args);
	case SIM_KEY_TASK:
		return parse_task(p, args);
	case SIM_KEY_EVERY:
		return sim_number(p, "every", 1, SIM_MAX_FRAMES, &args->every);
	case SIM_KEY_AT:
		return sim_number(p, "at", 0, UINT64_MAX >> 1, &args->at);
	case SIM_KEY_AS:
	case SIM_KEY_OF:
		return parse_as(p, args);
	case SIM_KEY_FOR:
		return sim_zone_type(p, &args->zone_for);
	default:
		return 0; /* says all by itself */
	}
}

static const struct option {
	const char *word;
	enum sim_key key;
} options[] = {
	{ "order", SIM_KEY_ORDER },
	{ "type", SIM_KEY_TYPE },
	{ "zone", SIM_KEY_ZONE },
	{ "cpu", SIM_KEY_CPU },
	{ "node", SIM_KEY_NODE },
	{ "gfp", SIM_KEY_GFP },
	{ "task", SIM_KEY_TASK },
	{ "nodes", SIM_KEY_NODES },
	{ "nofragment", SIM_KEY_NOFRAGMENT },
	{ "cma", SIM_KEY_CMA },
	{ "every", SIM_KEY_EVERY },
	{ "as", SIM_KEY_AS },
	{ "by", SIM_KEY_BY },
	{ "of", SIM_KEY_OF },
	{ "for", SIM_KEY_FOR },
	{ "at", SIM_KEY_AT },
	{ "tail", SIM_KEY_TAIL },
	{ "direct", SIM_KEY_DIRECT },
	{ "lru", SIM_KEY_LRU },
	{ "pinned", SIM_KEY_PINNED },
	{ "movable", SIM_KEY_MOVABLE },
};

#define NR_OPTIONS (sizeof(options) / sizeof(options[0]))

static const struct option *find_option(const char *word)
{
	for (size_t i = 0; i < NR_OPTIONS; i++)
		if (!strcmp(options[i].word, word))
			return &options[i];
	return NULL;
}

bool sim_is_option(const char *word)
{
	return find_option(word);
}

/* "order, type, zone" of a mask, for a complaint. */
static const char *options_text(uint32_t mask, char *buf, size_t len)
{
	size_t at = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < NR_OPTIONS && at < len; i++)
		if (mask & options[i].key)
			at += (size_t)snprintf(buf + at, len - at, "%s%s", at ? ", " : "",
					       options[i].word);
	return at ? buf : "none";
}

int sim_options(struct sim_parser *p, uint32_t allowed, struct sim_args *args)
{
	char text[256];
	int err;

	while (p->at < p->nr_words && !strchr("=<>!-0123456789", *p->words[p->at])) {
		const char *word = sim_word(p);
		const struct option *o = find_option(word);

		if (!o || !(allowed & o->key))
			return sim_wrong(p, "%s: not an option here (%s)", word,
					 options_text(allowed, text, sizeof(text)));
		if (args->given & o->key && o->key != SIM_KEY_TASK)
			return sim_wrong(p, "%s: said twice", word);
		args->given |= o->key;
		err = parse_option(p, o->key, args);
		if (err)
			return err;
	}
	return 0;
}
