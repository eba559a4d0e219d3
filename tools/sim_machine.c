/* SPDX-License-Identifier: GPL-2.0-only */
/* The lines of a scenario that describe the machine. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "sim_parse.h"
#include "util.h"

#define PAGE_BYTES 4096
#define MAX_CPUS 64
#define COSTLY (PA_COSTLY_ORDER + 1)

/* Pages: a plain number, or bytes with K, M or G. */
static int number_of_pages(struct sim_parser *p, const char *what, uint64_t *out)
{
	const char *word = sim_word(p);
	uint64_t bytes;

	if (!word)
		return sim_wrong(p, "%s: a size is missing (pages, or bytes with K, M or G)", what);
	if (!parse_u64(word, 1, SIM_MAX_FRAMES, out))
		return 0;
	if (isdigit((unsigned char)word[strlen(word) - 1]) || parse_size(word, &bytes) ||
	    bytes % PAGE_BYTES || !bytes || bytes / PAGE_BYTES > SIM_MAX_FRAMES)
		return sim_wrong(p,
				 "%s %s: not a size (1 to %u pages, or bytes with K, M or G up to"
				 " 4G)",
				 what, word, SIM_MAX_FRAMES);
	*out = bytes / PAGE_BYTES;
	return 0;
}

static int parse_title(struct sim_parser *p)
{
	const char *rest = sim_rest(p);

	p->s->title = sim_alloc(p->s, strlen(rest) + 1);
	if (!p->s->title)
		return -ENOMEM;
	strcpy(p->s->title, rest);
	return 0;
}

static int policy_index(struct sim_parser *p, const char *name, uint32_t *out)
{
	uint32_t i;

	for (i = 0; pa_policy_at(i); i++) {
		if (!strcmp(pa_policy_at(i)->name, name)) {
			*out = i;
			return 0;
		}
	}
	return sim_wrong(p, "policy %s: there is none of that name (%s to %s)", name,
			 pa_policy_at(0)->name, pa_policy_at(i - 1)->name);
}

/* "6.1" or "4.4..6.18": bits of what it names, oldest first. */
int sim_add_policies(struct sim_parser *p, const char *word, uint32_t *mask)
{
	const char *dots = strstr(word, "..");
	char first[32];
	uint32_t from, to;
	int err;

	if (dots && (size_t)(dots - word) >= sizeof(first))
		dots = NULL;
	snprintf(first, sizeof(first), "%.*s", dots ? (int)(dots - word) : 31, word);
	err = policy_index(p, dots ? first : word, &from);
	to = from;
	if (!err && dots)
		err = policy_index(p, dots + 2, &to);
	if (!err && from > to)
		err = sim_wrong(p, "policy %s: the older one comes first", word);
	for (; !err && from <= to; from++)
		*mask |= UINT32_C(1) << from;
	return err;
}

static int parse_policy(struct sim_parser *p)
{
	const char *word = sim_word(p);
	int err = 0;

	if (!word)
		return sim_wrong(p, "policy: a name is missing (as 6.12, or 4.4..6.18)");
	for (; word && !err; word = sim_word(p))
		err = sim_add_policies(p, word, &p->s->policies);
	return err;
}

static int parse_orders(struct sim_parser *p)
{
	uint64_t nr = 0;
	int err = sim_number(p, "orders", 2, PA_MAX_ORDERS, &nr);

	p->s->nr_orders = (uint32_t)nr;
	return err ? err : sim_at_end(p);
}

static int parse_pageblock_order(struct sim_parser *p)
{
	uint64_t order = 0;
	int err = sim_number(p, "pageblock-order", 1, PA_MAX_ORDERS - 1, &order);

	p->s->pageblock_order = (uint32_t)order;
	return err ? err : sim_at_end(p);
}

static int parse_marks(struct sim_parser *p, struct pa_zone_config *z)
{
	static const char *const names[] = { "marks: min", "marks: low", "marks: high" };
	size_t i;
	int err;

	for (i = 0; i < 3; i++) {
		err = sim_number(p, names[i], i ? z->wmark[i - 1] : 0, SIM_MAX_FRAMES,
				 &z->wmark[i]);
		if (err)
			return err;
	}
	return 0;
}

static int parse_zone_options(struct sim_parser *p, struct pa_zone_config *z)
{
	uint64_t node = 0;
	int err = 0;

	while (!err && p->at < p->nr_words) {
		if (sim_take(p, "at"))
			err = sim_number(p, "at", 0, UINT64_C(1) << 40, &z->start_pfn);
		else if (sim_take(p, "node"))
			err = sim_number(p, "node", 0, PA_MAX_NODES - 1, &node);
		else if (sim_take(p, "marks"))
			err = parse_marks(p, z);
		else
			err = sim_wrong(p, "%s: not an option of a zone (at, node, marks)",
					p->words[p->at]);
	}
	z->node = (uint32_t)node;
	return err;
}

static int parse_zone(struct sim_parser *p)
{
	struct sim_scenario *s = p->s;
	struct pa_zone_config z = { 0 };
	uint64_t frames = 0;
	uint32_t i;
	int err;

	if (s->nr_zones == PA_MAX_ZONES)
		return sim_wrong(p, "zone: more than %d zones", PA_MAX_ZONES);
	if (s->nr_zones)
		z.start_pfn =
			s->zones[s->nr_zones - 1].start_pfn + s->zones[s->nr_zones - 1].spanned;
	err = sim_zone_type(p, &z.type);
	if (!err)
		err = number_of_pages(p, "zone", &z.spanned);
	if (!err)
		err = parse_zone_options(p, &z);
	if (err)
		return err;
	z.managed = z.present = z.spanned;
	for (i = 0; i < s->nr_zones; i++) {
		const struct pa_zone_config *other = &s->zones[i];

		frames += other->spanned;
		if (z.start_pfn < other->start_pfn + other->spanned &&
		    other->start_pfn < z.start_pfn + z.spanned)
			return sim_wrong(p, "zone: overlaps with the zone of line %u",
					 p->zone_lines[i]);
		if (other->node == z.node && other->type == z.type)
			return sim_wrong(p,
					 "zone: node %" PRIu32 " has a zone %s already (line %u)",
					 z.node, pa_zone_type_name((enum pa_zone_type)z.type),
					 p->zone_lines[i]);
	}
	if (frames + z.spanned > SIM_MAX_FRAMES)
		return sim_wrong(p, "zone: more than %u pages (4 GiB) in all", SIM_MAX_FRAMES);
	p->zone_lines[s->nr_zones] = p->line;
	s->zones[s->nr_zones++] = z;
	return 0;
}

/* "cpus 4 on 0 0 1 1" */
static int parse_cpus(struct sim_parser *p)
{
	struct sim_scenario *s = p->s;
	uint64_t nr = 0, node = 0;
	uint32_t cpu;
	int err = sim_number(p, "cpus", 1, MAX_CPUS, &nr);

	if (err)
		return err;
	s->cpus = (uint32_t)nr;
	s->cpus_line = p->line;
	s->cpu_node = sim_alloc(s, s->cpus);
	if (!s->cpu_node)
		return -ENOMEM;
	if (!sim_take(p, "on"))
		return sim_at_end(p);
	for (cpu = 0; cpu < s->cpus; cpu++) {
		err = sim_number(p, "cpus: node", 0, PA_MAX_NODES - 1, &node);
		if (err)
			return err;
		s->cpu_node[cpu] = (uint8_t)node;
	}
	return sim_at_end(p);
}

static int parse_core_size(struct sim_parser *p, uint64_t *pages)
{
	int err;

	if (p->movable_line)
		return sim_wrong(p, "one of kernelcore and movablecore, once (see line %u)",
				 p->movable_line);
	p->movable_line = p->line;
	err = number_of_pages(p, p->verb, pages);
	return err ? err : sim_at_end(p);
}

static int parse_kernelcore(struct sim_parser *p)
{
	return parse_core_size(p, &p->kernelcore);
}

static int parse_movablecore(struct sim_parser *p)
{
	return parse_core_size(p, &p->movablecore);
}

static int parse_first_settings(struct sim_parser *p)
{
	struct sim_scenario *s = p->s;
	uint32_t i, all = s->nr_settings + p->nr_words - p->at;
	struct sim_setting *settings = sim_alloc(s, all * sizeof(*settings));
	struct sim_step step = { 0 };
	int err;

	if (!settings)
		return -ENOMEM;
	err = sim_parse_settings(p, &step);
	if (err)
		return err;
	for (i = 0; i < s->nr_settings; i++)
		settings[i] = s->settings[i];
	for (i = s->nr_settings; i < all; i++)
		settings[i] = step.settings[i - s->nr_settings];
	s->settings = settings;
	s->nr_settings = all;
	return 0;
}

int sim_parse_machine(struct sim_parser *p, const char *verb)
{
	static const struct {
		const char *verb;
		int (*parse)(struct sim_parser *p);
	} lines[] = {
		{ "title", parse_title },
		{ "policy", parse_policy },
		{ "orders", parse_orders },
		{ "pageblock-order", parse_pageblock_order },
		{ "zone", parse_zone },
		{ "cpus", parse_cpus },
		{ "kernelcore", parse_kernelcore },
		{ "movablecore", parse_movablecore },
	};
	size_t i;

	if (!p->built && !strcmp(verb, "set"))
		return parse_first_settings(p);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (strcmp(lines[i].verb, verb))
			continue;
		if (p->built && i)
			return sim_wrong(p,
					 "%s: too late: the machine is described before the"
					 " first step",
					 verb);
		return lines[i].parse(p);
	}
	return -ENOENT;
}

static int split_movable(struct sim_parser *p)
{
	struct sim_scenario *s = p->s;
	bool cut = false;
	uint32_t i;

	if (!p->movable_line)
		return 0;
	p->line = p->movable_line;
	if (pa_split_movable(s->zones, &s->nr_zones, PA_MAX_ZONES, p->kernelcore, p->movablecore,
			     UINT64_C(1) << (s->nr_orders - 1)))
		return sim_wrong(p, "a machine with a zone Movable cannot be split again");
	for (i = 0; i < s->nr_zones; i++)
		cut |= s->zones[i].type == PA_ZONE_MOVABLE;
	if (!cut)
		return sim_wrong(p,
				 "no zone Movable comes of it (cut from the top of the highest"
				 " zone, in blocks of %u pages)",
				 1u << (s->nr_orders - 1));
	return 0;
}

/* The machine is complete: does it hold together? */
int sim_close_machine(struct sim_parser *p)
{
	struct sim_scenario *s = p->s;
	unsigned int line = p->line;
	uint32_t marked = 0, i;
	int err;

	p->built = true;
	if (!s->nr_zones)
		return sim_wrong(p, "no zone: a machine needs memory before the first step"
				    " (as: zone Normal 64)");
	if (!s->policies)
		return sim_wrong(p, "no policy: whose rules are followed stands before the first"
				    " step (as: policy 6.12)");
	if (!s->pageblock_order)
		s->pageblock_order = s->nr_orders < 10 ? s->nr_orders - 1 : 9;
	if (s->pageblock_order >= s->nr_orders)
		return sim_wrong(p,
				 "pageblock-order %" PRIu32 ": the largest of %" PRIu32
				 " orders is %" PRIu32,
				 s->pageblock_order, s->nr_orders, s->nr_orders - 1);
	if (s->cpus && s->pageblock_order < COSTLY)
		return sim_wrong(p, "pageblock-order %" PRIu32 ": with cpus, %d is the least",
				 s->pageblock_order, COSTLY);
	for (i = 0; i < s->nr_zones; i++)
		marked += s->zones[i].wmark[PA_WMARK_HIGH] != 0;
	if (s->cpus && marked && marked < s->nr_zones)
		return sim_wrong(p, "marks: all zones give them, or none");
	err = split_movable(p);
	if (err)
		return err;
	p->line = line;
	s->nr_nodes = 1;
	for (i = 0; i < s->nr_zones; i++)
		if (s->zones[i].node >= s->nr_nodes)
			s->nr_nodes = s->zones[i].node + 1;
	for (i = 0; i < s->cpus; i++)
		if (s->cpu_node[i] >= s->nr_nodes)
			s->nr_nodes = s->cpu_node[i] + 1u;
	return 0;
}
