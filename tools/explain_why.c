/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why a report's request failed: each zone is put to the core's watermark test with the numbers
 * the kernel printed, and again with one of them changed to see which one it was.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "replay.h"

#define NR(table) (sizeof(table) / sizeof((table)[0]))

const char *explain_kind_name(enum explain_kind kind)
{
	static const char *const names[EXPLAIN_NR_KINDS] = {
		[EXPLAIN_HEADLESS] = "headless", [EXPLAIN_FAILURE] = "failure",
		[EXPLAIN_STALL] = "stall",	 [EXPLAIN_VMALLOC] = "vmalloc",
		[EXPLAIN_OOM] = "oom",
	};

	return names[kind];
}

const char *explain_reason_name(enum explain_reason reason)
{
	static const char *const names[EXPLAIN_NR_REASONS] = {
		[EXPLAIN_UNKNOWN] = "unknown", [EXPLAIN_PASSES] = "passes",
		[EXPLAIN_LOW] = "low",	       [EXPLAIN_BOOST] = "boost",
		[EXPLAIN_RESERVE] = "reserve", [EXPLAIN_HIGHATOMIC] = "highatomic",
		[EXPLAIN_CMA] = "cma",	       [EXPLAIN_FRAGMENTED] = "fragmented",
		[EXPLAIN_TYPE] = "type",       [EXPLAIN_ZONE] = "zone",
		[EXPLAIN_NODES] = "nodes",     [EXPLAIN_MEMCG] = "memcg",
		[EXPLAIN_FORCED] = "forced",
	};

	return names[reason];
}

uint64_t explain_block_kb(const struct explain_report *rep, unsigned int order)
{
	return (uint64_t)(rep->page_kb ? rep->page_kb : 4) << order;
}

/* -------------------------------------------------------------------------
 * The request
 */

/* gfp bits of 4.4 and 4.5, which print no names: include/linux/gfp.h @ 4.4. */
static uint32_t old_gfp(uint64_t mode)
{
	static const struct {
		uint32_t old, bit;
	} bits[] = {
		{ 0x1, PA_GFP_DMA },
		{ 0x2, PA_GFP_HIGHMEM },
		{ 0x4, PA_GFP_DMA32 },
		{ 0x8, PA_GFP_MOVABLE },
		{ 0x10, PA_GFP_RECLAIMABLE },
		{ 0x20, PA_GFP_HIGH },
		{ 0x40, PA_GFP_IO },
		{ 0x80, PA_GFP_FS },
		{ 0x100, PA_GFP_COLD },
		{ 0x200, PA_GFP_NOWARN },
		{ 0x400, PA_GFP_RETRY_MAYFAIL },
		{ 0x800, PA_GFP_NOFAIL },
		{ 0x1000, PA_GFP_NORETRY },
		{ 0x2000, PA_GFP_MEMALLOC },
		{ 0x4000, PA_GFP_COMP },
		{ 0x8000, PA_GFP_ZERO },
		{ 0x10000, PA_GFP_NOMEMALLOC },
		{ 0x20000, PA_GFP_HARDWALL },
		{ 0x40000, PA_GFP_THISNODE },
		{ 0x80000, PA_GFP_ATOMIC },
		{ 0x400000, PA_GFP_DIRECT_RECLAIM },
		{ 0x1000000, PA_GFP_WRITE },
		{ 0x2000000, PA_GFP_KSWAPD_RECLAIM },
	};
	uint32_t gfp = 0;

	for (size_t i = 0; i < NR(bits); i++)
		if (mode & bits[i].old)
			gfp |= bits[i].bit;
	return gfp;
}

/* Flags without a meaning for which page is taken. */
static bool is_harmless(const char *name)
{
	static const char *const names[] = { "__GFP_NOTRACK",
					     "__GFP_NOACCOUNT",
					     "__GFP_OTHER_NODE",
					     "__GFP_ZEROTAGS",
					     "__GFP_SKIP_ZERO",
					     "__GFP_SKIP_KASAN",
					     "__GFP_NOLOCKDEP",
					     "__GFP_NO_OBJ_EXT",
					     "__GFP_SKIP_KASAN_POISON",
					     "__GFP_SKIP_KASAN_UNPOISON",
					     "none" };

	for (size_t i = 0; i < NR(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static void read_gfp(struct explain_report *rep)
{
	char names[sizeof(rep->gfp_text)], *save = NULL;

	if (rep->kind == EXPLAIN_HEADLESS)
		return;
	if (!rep->gfp_text[0]) {
		/* Later kernels always print names, so a number alone is 4.4's. */
		rep->gfp = old_gfp(rep->mode);
		rep->gfp_known = !rep->kernel[0] || !strncmp(rep->kernel, "4.4.", 4) ||
				 !strncmp(rep->kernel, "4.5.", 4);
		return;
	}
	rep->gfp_known = true;
	memcpy(names, rep->gfp_text, sizeof(names));
	for (char *name = strtok_r(names, "|", &save); name; name = strtok_r(NULL, "|", &save)) {
		uint32_t bits = *name == '_' ? pa_gfp_bit(name) : pa_gfp_set(name);

		rep->gfp |= bits;
		if (bits || is_harmless(name) || rep->gfp_strange[0])
			continue;
		snprintf(rep->gfp_strange, sizeof(rep->gfp_strange), "%.*s",
			 (int)sizeof(rep->gfp_strange) - 1, name);
	}
}

/*
 * The zone types of this kernel, bit t for enum pa_zone_type t, ZONE_DEVICE (always last) left
 * out: those that are shown, and those that lowmem_reserve[] has numbers for.  Five numbers are
 * DMA, DMA32, Normal, Movable, Device.  Of four, the second is 0 in the lowest zone's row if it
 * stands for a type without pages: then there are both DMA and DMA32.
 */
static uint32_t zone_types(const struct explain_report *rep)
{
	const uint32_t low = 1u << PA_ZONE_DMA | 1u << PA_ZONE_DMA32;
	uint32_t types = 1u << PA_ZONE_NORMAL | 1u << PA_ZONE_MOVABLE;
	bool both = false;

	for (unsigned int i = 0; i < rep->nr_zones; i++) {
		const struct explain_zone *z = &rep->zones[i];

		if (z->type < 0)
			continue;
		types |= 1u << z->type;
		both |= z->nr_reserves > 4;
		both |= low >> z->type & 1 && z->nr_reserves == 4 && !z->reserve[1];
	}
	if (both && !(types >> PA_ZONE_HIGHMEM & 1))
		types |= low;
	return types;
}

/* Index of a zone type in lowmem_reserve[]. */
static unsigned int reserve_index(uint32_t types, int type)
{
	return (unsigned int)__builtin_popcount(types & ((1u << type) - 1));
}

/* -------------------------------------------------------------------------
 * One zone
 */

/* "0-1,3": is @node in it?  An empty list, or one that is none, holds all. */
static bool in_list(const char *list, uint32_t node)
{
	const char *at = list;
	char *end;

	if (*at < '0' || *at > '9')
		return true;
	while (*at >= '0' && *at <= '9') {
		unsigned long first = strtoul(at, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (node >= first && node <= last)
			return true;
		at = *end == ',' ? end + 1 : end;
	}
	return false;
}

static bool node_allowed(const struct explain_report *rep, uint32_t node)
{
	if (!in_list(rep->nodemask, node))
		return false;
	return !(rep->flags & PA_ALLOC_CPUSET) || in_list(rep->mems_allowed, node);
}

static int64_t pages(const struct explain_report *rep, uint64_t kb)
{
	return (int64_t)(kb / explain_block_kb(rep, 0));
}

/* What the HIGHATOMIC list holds; before 6.13 only the reserve is told, and what might be free. */
static uint64_t free_highatomic(const struct explain_report *rep, const struct explain_zone *z)
{
	uint64_t kb = 0;

	if (z->free_highatomic_told)
		return z->free_highatomic;
	for (unsigned int order = 0; order < z->nr_orders; order++)
		if (z->types[order] >> PA_HIGHATOMIC & 1)
			kb += z->blocks[order] * explain_block_kb(rep, order);
	return kb < z->highatomic ? kb : z->highatomic;
}

static bool test(const struct explain_report *rep, const struct pa_zone_numbers *numbers,
		 struct pa_zone_look *look)
{
	return pa_watermark_numbers(rep->policy, numbers, (unsigned int)rep->order, rep->flags,
				    look);
}

/* Which number, were it another, would lift the zone above its mark? */
static enum explain_reason why_low(const struct explain_report *rep,
				   const struct pa_zone_numbers *numbers, int64_t boost)
{
	const struct {
		enum explain_reason reason;
		struct pa_zone_numbers other;
	} tries[] = {
		{ EXPLAIN_CMA, { .free_cma = -numbers->free_cma } },
		{ EXPLAIN_HIGHATOMIC,
		  { .free_highatomic = -numbers->free_highatomic,
		    .reserved_highatomic = -numbers->reserved_highatomic } },
		{ EXPLAIN_RESERVE, { .reserve = -numbers->reserve } },
		{ EXPLAIN_BOOST, { .mark = -boost } },
	};
	struct pa_zone_look look = { 0 };

	for (size_t i = 0; i < NR(tries); i++) {
		struct pa_zone_numbers n = *numbers;

		n.free_cma += tries[i].other.free_cma;
		n.free_highatomic += tries[i].other.free_highatomic;
		n.reserved_highatomic += tries[i].other.reserved_highatomic;
		n.reserve += tries[i].other.reserve;
		n.mark += tries[i].other.mark;
		if (test(rep, &n, &look) || look.verdict == PA_ZONE_FRAGMENTED)
			return tries[i].reason;
	}
	return EXPLAIN_LOW;
}

/* Are there blocks large enough, of whatever type? */
static bool any_block(const struct explain_report *rep, const struct explain_zone *z)
{
	for (unsigned int order = (unsigned int)rep->order; order < z->nr_orders; order++)
		if (z->blocks[order])
			return true;
	return false;
}

/* Is one of them of a type that the request may take?  The test of 4.4 does not ask if it is urgent. */
static bool usable_block(const struct explain_report *rep, const uint32_t *orders)
{
	uint32_t all = orders[PA_UNMOVABLE] | orders[PA_MOVABLE] | orders[PA_RECLAIMABLE];

	if (rep->flags & (PA_ALLOC_HIGHATOMIC | PA_ALLOC_NON_BLOCK))
		all |= orders[PA_HIGHATOMIC];
	if (rep->flags & PA_ALLOC_CMA)
		all |= orders[PA_CMA];
	return all >> rep->order;
}

/* __gfp_pfmemalloc_flags, as far as a report tells. */
static bool ignores_marks(const struct explain_report *rep)
{
	return rep->gfp & PA_GFP_MEMALLOC && !(rep->gfp & PA_GFP_NOMEMALLOC);
}

static void judge_zone(const struct explain_report *rep, struct explain_zone *z, uint32_t types)
{
	uint32_t orders[PA_NR_MT] = { 0 };
	unsigned int index = reserve_index(types, rep->highest);
	struct pa_zone_numbers n = {
		.free = pages(rep, z->free),
		.reserved_highatomic = pages(rep, z->highatomic),
		.free_highatomic = pages(rep, free_highatomic(rep, z)),
		.free_cma = pages(rep, z->free_cma),
		.mark = pages(rep, z->min),
		.orders = orders,
	};
	int64_t boost = pages(rep, z->boost);
	bool ok;

	z->reason = EXPLAIN_UNKNOWN;
	z->fragmentation = 0;
	if (!z->told || !rep->policy || rep->order < 0)
		return;
	for (unsigned int order = 0; order < z->nr_orders; order++)
		for (unsigned int mt = 0; mt < PA_NR_MT; mt++)
			orders[mt] |= (uint32_t)(z->types[order] >> mt & 1) << order;
	if (z->nr_reserves)
		n.reserve =
			(int64_t)z->reserve[index < z->nr_reserves ? index : z->nr_reserves - 1];
	if ((unsigned int)rep->order < z->nr_orders)
		z->fragmentation =
			pa_fragmentation_of(z->blocks, z->nr_orders, (unsigned int)rep->order);
	if (ignores_marks(rep)) {
		n.mark = 0;
		n.reserve = 0;
	}
	ok = test(rep, &n, &z->look);
	/* zone_watermark_fast: order 0 sees through the boost if it is urgent. */
	if (!ok && !rep->order && boost && rep->gfp & PA_GFP_HIGH) {
		n.mark -= boost;
		boost = 0;
		ok = test(rep, &n, &z->look);
	}
	if (ok)
		z->reason = z->listed && !usable_block(rep, orders) ? EXPLAIN_TYPE : EXPLAIN_PASSES;
	else if (z->look.verdict == PA_ZONE_LOW)
		z->reason = why_low(rep, &n, boost);
	else if (z->listed)
		z->reason = any_block(rep, z) ? EXPLAIN_TYPE : EXPLAIN_FRAGMENTED;
}

/* -------------------------------------------------------------------------
 * All of them
 */

/* Would the zone serve the request?  One that is bound to a node is not told to which. */
static bool serves(const struct explain_report *rep, const struct explain_zone *z)
{
	return z->allowed && z->told && z->reason == EXPLAIN_PASSES &&
	       !(rep->gfp & PA_GFP_THISNODE);
}

/*
 * The zone to name: the largest of those the request may use; but one that would serve it goes
 * first, unless it is small beside that one: a few pages that came free there explain nothing.
 * Of a request that is bound to a node, the zone is one that fails.
 */
static int deciding_zone(const struct explain_report *rep)
{
	uint64_t largest = 0, managed = 0;
	int found = -1, best = 0;

	for (unsigned int i = 0; i < rep->nr_zones; i++)
		if (rep->zones[i].allowed && rep->zones[i].managed > largest)
			largest = rep->zones[i].managed;
	for (unsigned int i = 0; i < rep->nr_zones; i++) {
		const struct explain_zone *z = &rep->zones[i];
		int rank = 1;

		if (!z->allowed || !z->told)
			continue;
		if (serves(rep, z))
			rank = z->managed >= largest / 4 ? 2 : 1;
		else if (z->reason == EXPLAIN_PASSES)
			rank = 0;
		if (found >= 0 && (rank < best || (rank == best && z->managed <= managed)))
			continue;
		found = (int)i;
		best = rank;
		managed = z->managed;
	}
	return found;
}

/* Would a zone that the request may not use have served it?  By node first: that is a choice. */
static enum explain_reason excluded(const struct explain_report *rep, int *zone)
{
	enum explain_reason reason = EXPLAIN_UNKNOWN;

	for (unsigned int i = 0; i < rep->nr_zones; i++) {
		const struct explain_zone *z = &rep->zones[i];

		if (z->allowed || z->reason != EXPLAIN_PASSES || reason == EXPLAIN_NODES)
			continue;
		reason = node_allowed(rep, z->node) ? EXPLAIN_ZONE : EXPLAIN_NODES;
		*zone = (int)i;
	}
	return reason;
}

/*
 * Free pages in zones that are not shown: a report leaves out nodes that the request may not use,
 * and from 6.0 on zones above the highest it may.
 */
static uint64_t hidden_free(const struct explain_report *rep)
{
	uint64_t shown = 0;

	if (rep->total_free == UINT64_MAX)
		return 0;
	for (unsigned int i = 0; i < rep->nr_zones; i++)
		shown += (uint64_t)pages(rep, rep->zones[i].free);
	return rep->total_free > shown ? rep->total_free - shown : 0;
}

/* Are some of these left out for their node? */
static bool nodes_hidden(const struct explain_report *rep)
{
	return rep->highest == PA_ZONE_MOVABLE || isdigit((unsigned char)rep->nodemask[0]) ||
	       !strcmp(rep->constraint, "CONSTRAINT_CPUSET") ||
	       !strcmp(rep->constraint, "CONSTRAINT_MEMORY_POLICY");
}

static void judge(struct explain_report *rep)
{
	uint32_t types = zone_types(rep);
	enum explain_reason other;
	int zone = -1;

	rep->highest = pa_gfp_zone_of(types, rep->gfp);
	if (rep->highest < 0 || !rep->gfp_known)
		rep->highest = PA_ZONE_MOVABLE;
	for (unsigned int i = 0; i < rep->nr_zones; i++) {
		struct explain_zone *z = &rep->zones[i];

		z->allowed = z->type >= 0 && z->type <= rep->highest && node_allowed(rep, z->node);
		judge_zone(rep, z, types);
	}
	rep->zone = deciding_zone(rep);
	if (rep->zone >= 0)
		rep->reason = rep->zones[rep->zone].reason;
	if (rep->reason == EXPLAIN_PASSES)
		return;
	/* In pieces or of the wrong type: that is a reason of its own. */
	if (rep->reason == EXPLAIN_FRAGMENTED || rep->reason == EXPLAIN_TYPE ||
	    rep->reason == EXPLAIN_CMA)
		return;
	other = excluded(rep, &zone);
	if (other != EXPLAIN_UNKNOWN) {
		rep->reason = other;
		rep->zone = rep->zone < 0 ? zone : rep->zone;
	} else if (rep->reason == EXPLAIN_LOW &&
		   hidden_free(rep) > (uint64_t)rep->zones[rep->zone].look.mark) {
		rep->reason = nodes_hidden(rep) ? EXPLAIN_NODES : EXPLAIN_ZONE;
	}
}

/* -------------------------------------------------------------------------
 * In words
 */

__attribute__((format(printf, 2, 3))) static void say(struct explain_report *rep, const char *fmt,
						      ...)
{
	size_t len = strlen(rep->why);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(rep->why + len, sizeof(rep->why) - len, fmt, ap);
	va_end(ap);
}

static int64_t kb(const struct explain_report *rep, int64_t nr)
{
	return nr * (int64_t)explain_block_kb(rep, 0);
}

/* "Node 0 DMA32" */
static const char *place(const struct explain_zone *z, char *buf, size_t size)
{
	snprintf(buf, size, "Node %" PRIu32 " %s", z->node, z->name);
	return buf;
}

/* The arithmetic of one zone, as a sentence. */
static void say_arithmetic(struct explain_report *rep, const struct explain_zone *z)
{
	const struct pa_zone_look *look = &z->look;
	char name[48];

	say(rep, "%s has %" PRId64 " kB free", place(z, name, sizeof(name)), kb(rep, look->free));
	if (look->unusable)
		say(rep, ", of which this request cannot count %" PRId64 " kB",
		    kb(rep, look->unusable));
	if (ignores_marks(rep)) {
		say(rep, "; marks do not count for it (__GFP_MEMALLOC).");
		return;
	}
	say(rep, "; it needs more than %" PRId64 " kB: the min mark of %" PRId64 " kB",
	    kb(rep, look->min + look->reserve), kb(rep, look->mark));
	if (look->min != look->mark)
		say(rep, ", lowered to %" PRId64 " kB as the request may use reserves",
		    kb(rep, look->min));
	if (look->reserve)
		say(rep, ", plus lowmem_reserve of %" PRId64 " kB", kb(rep, look->reserve));
	say(rep, ".");
}

static uint64_t largest_kb(const struct explain_report *rep, const struct explain_zone *z)
{
	for (unsigned int order = z->nr_orders; order--;)
		if (z->blocks[order])
			return explain_block_kb(rep, order);
	return 0;
}

static void say_zone(struct explain_report *rep, const struct explain_zone *z)
{
	uint64_t want = explain_block_kb(rep, (unsigned int)rep->order);

	switch (z->reason) {
	case EXPLAIN_CMA:
		say(rep,
		    " It would suffice if the %" PRIu64
		    " kB of free CMA pages counted, which only movable requests may take.",
		    z->free_cma);
		break;
	case EXPLAIN_HIGHATOMIC:
		say(rep,
		    " It would suffice if the %" PRIu64
		    " kB kept for high-order atomic requests counted.",
		    z->highatomic);
		break;
	case EXPLAIN_RESERVE:
		say(rep, " It is above its mark, but keeps lowmem_reserve for requests that can"
			 " use no higher zone.");
		break;
	case EXPLAIN_BOOST:
		say(rep, " Without the temporary boost of %" PRIu64 " kB it would suffice.",
		    z->boost);
		break;
	case EXPLAIN_FRAGMENTED:
		say(rep,
		    " That is enough, but in pieces: its largest free block is %" PRIu64
		    " kB, and %" PRIu64 " kB in one piece were asked for",
		    largest_kb(rep, z), want);
		if (z->fragmentation >= 0)
			say(rep, " (fragmentation index %d of 1000)", z->fragmentation);
		say(rep, ".");
		break;
	case EXPLAIN_TYPE:
		say(rep,
		    " That is enough, and there are free blocks of %" PRIu64
		    " kB, but all of them CMA, HighAtomic or isolated, which this request"
		    " may not take.",
		    want);
		break;
	case EXPLAIN_PASSES:
		say(rep, " So it would be served now: memory came free between the failure and"
			 " the report, or the request was not let wait for it.");
		break;
	default:
		break;
	}
}

static void say_hidden(struct explain_report *rep)
{
	if (hidden_free(rep))
		say(rep, ": %" PRId64 " kB are in zones that the report leaves out",
		    kb(rep, (int64_t)hidden_free(rep)));
	say(rep, ". ");
}

/* Zones that would serve it. */
static void say_others(struct explain_report *rep, const struct explain_zone *named)
{
	char name[48];

	if (rep->gfp & PA_GFP_THISNODE) {
		say(rep,
		    " The request is bound to one node (__GFP_THISNODE), which the report does not"
		    " name.");
		return;
	}
	for (const struct explain_zone *z = rep->zones; z < rep->zones + rep->nr_zones; z++) {
		if (z == named || z->reason != EXPLAIN_PASSES)
			continue;
		say(rep,
		    z->allowed ? " %s, smaller, would serve it by now." :
				 " %s would, but this request may not use it.",
		    place(z, name, sizeof(name)));
	}
}

static void say_why(struct explain_report *rep)
{
	const struct explain_zone *z = rep->zone < 0 ? NULL : &rep->zones[rep->zone];

	switch (rep->reason) {
	case EXPLAIN_MEMCG:
		say(rep,
		    "The memory cgroup %s is at its limit: %" PRIu64 " of %" PRIu64
		    " kB used, %" PRIu64 " charges failed. The machine's own free memory"
		    " does not matter here.",
		    rep->memcg_path[0] ? rep->memcg_path : "(not named)", rep->memcg_usage,
		    rep->memcg_limit, rep->memcg_failcnt);
		return;
	case EXPLAIN_FORCED:
		say(rep, "Nothing failed: somebody called the OOM killer by SysRq-f.");
		return;
	case EXPLAIN_UNKNOWN:
		say(rep, "What the report holds does not tell.");
		return;
	case EXPLAIN_NODES:
		say(rep,
		    "Nodes that this request may not use have free memory (nodemask %s, cpuset"
		    " mems %s)",
		    rep->nodemask[0] ? rep->nodemask : "not told",
		    rep->mems_allowed[0] ? rep->mems_allowed : "not told");
		say_hidden(rep);
		break;
	case EXPLAIN_ZONE:
		say(rep, "Free memory is in zones above %s, the highest this request may use",
		    pa_zone_type_name((enum pa_zone_type)rep->highest));
		say_hidden(rep);
		break;
	default:
		break;
	}
	if (!z || z->reason == EXPLAIN_UNKNOWN)
		return;
	say_arithmetic(rep, z);
	say_zone(rep, z);
	say_others(rep, z);
}

/* -------------------------------------------------------------------------
 * What is not there
 */

static void miss(struct explain_report *rep, bool there, const char *what)
{
	if (!there && rep->nr_missing < EXPLAIN_MAX_MISSING)
		rep->missing[rep->nr_missing++] = what;
}

static void find_missing(struct explain_report *rep)
{
	bool told = rep->nr_zones > 0, reserves = true, listed = true;

	miss(rep, rep->kind != EXPLAIN_HEADLESS, "the first line, which says what was asked");
	miss(rep, rep->kind == EXPLAIN_HEADLESS || rep->order >= 0 || rep->forced, "the order");
	if (rep->memcg) {
		miss(rep, rep->memcg_told, "the cgroup's usage and limit");
		return;
	}
	for (unsigned int i = 0; i < rep->nr_zones; i++) {
		const struct explain_zone *z = &rep->zones[i];

		told &= z->told;
		reserves &= z->reserves_told;
		listed &= z->listed;
	}
	miss(rep, rep->kernel[0], "the line with the kernel's release");
	miss(rep, told, rep->nr_zones ? "the marks of a zone" : "the zones (Mem-Info)");
	if (!rep->nr_zones)
		return;
	miss(rep, reserves, "lowmem_reserve[] of a zone");
	miss(rep, listed, "the free lists of a zone");
}

void explain_why(struct explain_report *rep)
{
	const struct pa_policy *policy = replay_release_policy(rep->kernel);

	rep->policy_guessed = !policy;
	rep->policy = policy ? policy : pa_policy_find("6.12");
	if (rep->kind == EXPLAIN_VMALLOC && rep->order < 0)
		rep->order = 0;
	read_gfp(rep);
	rep->flags = pa_gfp_alloc_flags(rep->policy, rep->gfp,
					rep->order < 0 ? 0 : (unsigned int)rep->order, 0);
	rep->zone = -1;
	rep->reason = EXPLAIN_UNKNOWN;
	judge(rep);
	if (rep->memcg) {
		rep->reason = EXPLAIN_MEMCG;
		rep->zone = -1;
	} else if (rep->forced) {
		rep->reason = EXPLAIN_FORCED;
		rep->zone = -1;
	}
	find_missing(rep);
	say_why(rep);
	explain_advise(rep);
}
