/* SPDX-License-Identifier: GPL-2.0-only */
/* What a step did, in sentences. */
#include <inttypes.h>
#include <string.h>

#include "sim_run.h"

#define MAX_LOOKS 6
#define FIRST_STEPS 12 /* of a long walk through the slow path; and so many at its end */
#define LAST_STEPS 3
#define FEW_STEPS 4 /* not worth leaving out */

static void some_pages(FILE *to, const char *one, uint64_t pfn, uint32_t order)
{
	if (order)
		fprintf(to, "%ss %" PRIu64 " to %" PRIu64, one, pfn,
			pfn + (UINT64_C(1) << order) - 1);
	else
		fprintf(to, "%s %" PRIu64, one, pfn);
}

/* "page 7", "pages 4 to 7" */
static void pages(FILE *to, uint64_t pfn, uint32_t order)
{
	some_pages(to, "page", pfn, order);
}

/* The same where a sentence begins. */
static void begin_pages(FILE *to, uint64_t pfn, uint32_t order)
{
	some_pages(to, "Page", pfn, order);
}

/* "the Movable list of order 2" */
static void list(const struct sim *sim, FILE *to, uint32_t mt, uint32_t order)
{
	if (sim->policy->pair_map)
		fprintf(to, "the list of order %" PRIu32, order);
	else
		fprintf(to, "the %s list of order %" PRIu32, pa_mt_name((enum pa_mt)mt), order);
}

static const char *plural(uint64_t nr)
{
	return nr == 1 ? "" : "s";
}

/* -------------------------------------------------------------------------
 * A decision under zone->lock
 */

/* expand: which parts of the block go where. */
static void split(const struct sim *sim, FILE *to, const struct pa_decision *d)
{
	uint32_t order = d->from_order;

	fputs(" It is split:", to);
	while (order-- > d->req.order) {
		uint64_t half = UINT64_C(1) << order, part = (d->pfn & ~(half - 1)) ^ half;

		fputc(' ', to);
		pages(to, part, order);
		fprintf(to, " to %s%" PRIu32 ",",
			order == d->from_order - 1u ? "the list of order " : "order ", order);
	}
	fputs(" and ", to);
	pages(to, d->pfn, d->req.order);
	fprintf(to, " %s handed out.", d->req.order ? "are" : "is");
	if (sim->policy->pair_map)
		fputs(" (2.4 hands out the last part, later kernels the first.)", to);
}

/* The type whose list the block was on, where that is not the type asked for. */
static void smallest(const struct sim *sim, FILE *to, const struct pa_decision *d)
{
	uint32_t mt = d->req.mt;
	int block = pa_pageblock(sim->pa, d->pfn);

	if (mt != (uint32_t)block && (block == PA_CMA || block == PA_RESERVE)) {
		mt = (uint32_t)block;
		fprintf(to, "%s steps in: ", pa_mt_name((enum pa_mt)mt));
	}
	if (d->from_order == d->req.order) {
		list(sim, to, mt, d->req.order);
		fputs(" has a block: ", to);
		pages(to, d->pfn, d->req.order);
		fprintf(to, " leave%s its head.", d->req.order ? "" : "s");
		return;
	}
	fputs("the smallest block that fits is one of ", to);
	fprintf(to, "%u pages: the head of ", 1u << d->from_order);
	list(sim, to, mt, d->from_order);
	fputs(".", to);
	split(sim, to, d);
}

static void claim_tests(const struct sim *sim, FILE *to, const struct pa_decision *d)
{
	uint32_t block = 1u << sim->s->pageblock_order, i;

	for (i = 0; i < d->nr_tests && i < PA_MAX_TESTS; i++) {
		const struct pa_claim_test *t = &d->tests[i];

		if (!t->tested)
			continue;
		fprintf(to, " Its pageblock of %u pages has %u free", block, t->free);
		if (sim->policy->counts_alike)
			fprintf(to, " and %u in use that suit", t->alike);
		fprintf(to, ", half would be %u: %s.", block / 2,
			t->claimed ? "worth claiming" : "not worth claiming");
	}
}

static void fallback(const struct sim *sim, FILE *to, const struct pa_decision *d)
{
	const char *own = pa_mt_name((enum pa_mt)d->req.mt);
	const char *lender = pa_mt_name((enum pa_mt)d->fallback_mt);

	fprintf(to,
		"no %s list has a block that fits, so another type lends: %s, its block of %u"
		" page%s at %" PRIu64 ".",
		own, lender, 1u << d->fallback_order, plural(UINT64_C(1) << d->fallback_order),
		d->fallback_pfn);
	claim_tests(sim, to, d);
	switch (d->path) {
	case PA_PATH_CLAIM_WHOLE:
		fprintf(to, " That is a whole pageblock or more: it becomes %s", own);
		if (d->fallback_order > d->req.order)
			fprintf(to, ", and the rest of it stays on %s lists", own);
		fputs(".", to);
		break;
	case PA_PATH_CLAIM:
		fprintf(to, " The pageblock becomes %s with all that is free in it.", own);
		break;
	case PA_PATH_MOVE:
		fprintf(to,
			" What is free in the pageblock moves to %s lists; the pageblock stays"
			" %s.",
			own, lender);
		break;
	default:
		fprintf(to,
			" Only this block is taken; the pageblock stays %s, and from here on"
			" two types share it.",
			lender);
	}
	fputs(" Handed out: ", to);
	pages(to, d->pfn, d->req.order);
	fputs(".", to);
	if (d->boosts)
		fputs(" The watermarks are boosted, so that kswapd frees pages soon.", to);
}

static void decision(const struct sim *sim, FILE *to, const struct pa_decision *d)
{
	if (d->path == PA_PATH_NONE)
		fprintf(to,
			"nothing fits: no list has a block of %u page%s or more that this"
			" request may use.",
			1u << d->req.order, plural(UINT64_C(1) << d->req.order));
	else if (pa_is_fallback(d))
		fallback(sim, to, d);
	else
		smallest(sim, to, d);
	fputc('\n', to);
}

/* -------------------------------------------------------------------------
 * A request
 */

/* "Normal has 208 free, low mark 256, reserve 0: below mark" */
static void look(const struct sim *sim, FILE *to, const struct pa_zone_look *l)
{
	static const char *const marks[] = { "min", "low", "high" };
	char name[32];

	fprintf(to, "Zone %s", sim_zone_name(sim->s, l->zone, name, sizeof(name)));
	if (l->verdict == PA_ZONE_NODE || l->verdict == PA_ZONE_REMOTE ||
	    l->verdict == PA_ZONE_KSWAPD) {
		fprintf(to, ": %s.\n", pa_verdict_name((enum pa_verdict)l->verdict));
		return;
	}
	fprintf(to, ": %" PRId64 " free", l->free);
	if (l->unusable)
		fprintf(to, " less %" PRId64 " it may not count", l->unusable);
	fprintf(to, ", %s mark %" PRId64, marks[l->wmark < 3 ? l->wmark : 0], l->mark);
	if (l->min != l->mark)
		fprintf(to, " lowered to %" PRId64, l->min);
	if (l->reserve)
		fprintf(to, " and lowmem_reserve %" PRId64, l->reserve);
	fprintf(to, ": %s.\n", pa_verdict_name((enum pa_verdict)l->verdict));
}

/* The zones looked at in the first attempt. */
static void looks(const struct sim *sim, FILE *to)
{
	const struct pa_alloc_record *r = &sim->record;
	uint32_t i;

	for (i = 0; i < r->nr_looks && i < MAX_LOOKS; i++) {
		if (r->looks[i].flags != r->looks[0].flags)
			return;
		/* A high mark that is missed decides nothing, it is only noted. */
		if (r->looks[i].wmark != PA_WMARK_HIGH || r->looks[i].verdict == PA_ZONE_OK)
			look(sim, to, &r->looks[i]);
	}
}

static const char *refusal(int64_t why)
{
	static const char *const reasons[PA_NR_OOM_REFUSALS] = {
		[PA_OOM_DUMPCORE] = "the task is dumping core",
		[PA_OOM_COSTLY] = "the order is above 3",
		[PA_OOM_MAYFAIL] = "__GFP_RETRY_MAYFAIL",
		[PA_OOM_THISNODE] = "__GFP_THISNODE",
		[PA_OOM_LOWMEM] = "a low zone is asked for",
	};

	return why >= 0 && why < PA_NR_OOM_REFUSALS ? reasons[why] : "?";
}

static void step_value(const struct sim *sim, FILE *to, const struct pa_step_done *s)
{
	char flags[256];

	switch (s->step) {
	case PA_STEP_RESTART:
	case PA_STEP_RETRY:
		pa_alloc_flags_text((uint32_t)s->value, flags, sizeof(flags));
		fprintf(to, ", flags %s", flags);
		break;
	case PA_STEP_WAKE_KSWAPD:
		fprintf(to, s->value ? ": on %" PRId64 " node" : ": it is awake, or not needed",
			s->value);
		break;
	case PA_STEP_COMPACT_FIRST:
	case PA_STEP_COMPACT:
		fprintf(to, ": %s", pa_compact_name((enum pa_compact)s->value));
		break;
	case PA_STEP_RECLAIM:
	case PA_STEP_DRAIN_ALL:
		fprintf(to, ": %" PRId64 " page%s", s->value, plural((uint64_t)s->value));
		break;
	case PA_STEP_RECLAIM_RETRY:
	case PA_STEP_COMPACT_RETRY:
		fputs(s->value ? " yes" : " no", to);
		break;
	case PA_STEP_UNRESERVE:
		fputs(s->value ? ": pages came of it" : ": there is none to give back", to);
		break;
	case PA_STEP_OOM_REFUSED:
		fprintf(to, ": %s", refusal(s->value));
		break;
	case PA_STEP_OOM_KILL:
		if (s->value && sim->last.nr_kills)
			fprintf(to, ": %s", sim->s->names[sim->last.kills[0]]);
		else
			fputs(s->value ? ": a victim" : ": nobody is killed", to);
		break;
	case PA_STEP_NOPAGE:
	case PA_STEP_FAIL:
	case PA_STEP_GOT_PG:
	case PA_STEP_DROP_NOFRAGMENT:
		break;
	default:
		fputs(s->got ? ": a page" : ": none", to);
	}
}

static void slow_path(const struct sim *sim, FILE *to)
{
	uint32_t all = sim->record.nr_steps, i;
	uint32_t kept = all < PA_MAX_STEPS ? all : PA_MAX_STEPS;

	fputs("The slow path, step by step:\n", to);
	for (i = 0; i < kept; i++) {
		if (kept > FIRST_STEPS + FEW_STEPS + LAST_STEPS && i >= FIRST_STEPS &&
		    i < kept - LAST_STEPS) {
			fprintf(to, "   ... %" PRIu32 " steps like these ...\n",
				kept - FIRST_STEPS - LAST_STEPS);
			i = kept - LAST_STEPS;
		}
		fprintf(to, "  %2" PRIu32 " %s", i + 1,
			pa_step_name((enum pa_step)sim->record.steps[i].step));
		step_value(sim, to, &sim->record.steps[i]);
		fputc('\n', to);
	}
	if (all > kept)
		fprintf(to, "   ... and %" PRIu32 " more\n", all - kept);
}

static void source(const struct sim *sim, FILE *to)
{
	const struct pa_alloc_record *r = &sim->record;
	const struct pa_decision *d = sim_main_decision(sim);
	uint32_t cpu = sim->last.step->args.cpu;
	char name[32];

	sim_zone_name(sim->s, r->zone, name, sizeof(name));
	switch (r->source) {
	case PA_FROM_PCP:
		fprintf(to, "It comes from the head of CPU %" PRIu32 "'s list in zone %s: ", cpu,
			name);
		break;
	case PA_FROM_REFILL:
		fprintf(to,
			"CPU %" PRIu32 "'s list in zone %s was empty: %" PRIu32 " block%s from"
			" the buddy lists fill%s it. The first is handed out: ",
			cpu, name, r->refill, plural(r->refill), r->refill == 1 ? "s" : "");
		break;
	case PA_FROM_CAPTURE:
		fprintf(to, "Compaction made the block in zone %s and kept it for this request: ",
			name);
		break;
	default:
		fprintf(to, "It comes straight from the buddy lists of zone %s: ", name);
	}
	pages(to, sim->last.pfn, sim->last.order);
	fputs(".\n", to);
	if (r->source != PA_FROM_PCP && d && d->path != PA_PATH_NONE &&
	    (r->source != PA_FROM_REFILL || pa_is_fallback(d))) {
		fputs("On these lists: ", to);
		decision(sim, to, d);
	}
	if (r->reserved)
		fputs("Its pageblock becomes HighAtomic: kept for requests that cannot wait.\n",
		      to);
}

void sim_failure_text(const struct sim *sim, char *buf, size_t len)
{
	const struct sim_args *a = sim->last.step ? &sim->last.step->args : NULL;

	buf[0] = '\0';
	if (!sim->last.request || sim->last.result != SIM_NULL)
		return;
	pa_failure_report(sim->pa,
			  &(struct pa_alloc_args){ .cpu = a->cpu,
						   .gfp = a->gfp,
						   .order = (uint8_t)a->order,
						   .nodemask = a->nodes },
			  "sim", buf, len);
}

static void request(const struct sim *sim, FILE *to)
{
	const struct pa_alloc_record *r = &sim->record;
	char text[8192];

	pa_gfp_text(r->gfp, text, sizeof(text));
	fprintf(to, "%u page%s for %s on CPU %" PRIu32 ": %s, from zone %s down.\n", 1u << r->order,
		plural(UINT64_C(1) << r->order), text, sim->last.step->args.cpu,
		pa_mt_name((enum pa_mt)r->mt), pa_zone_type_name((enum pa_zone_type)r->highest));
	looks(sim, to);
	if (r->slow)
		slow_path(sim, to);
	if (sim->last.nr_moves)
		fprintf(to, "Compaction moved %" PRIu32 " block%s.\n", sim->last.nr_moves,
			plural(sim->last.nr_moves));
	if (sim->last.result == SIM_OK)
		source(sim, to);
	else if (sim->last.result == SIM_WAITS)
		fputs("It never gives up: the kernel would go round until others free memory.\n",
		      to);
	else
		sim_failure_text(sim, text, sizeof(text));
	if (sim->last.result == SIM_NULL)
		fprintf(to, "It fails%s\n%s", *text ? ", and the kernel writes:" : ".", text);
}

static void alloc(const struct sim *sim, FILE *to)
{
	const struct sim_step *step = sim->last.step;

	if (step->nr_names > 1) {
		fprintf(to, "%" PRIu32 " of %" PRIu32 " requests served", sim->last.done,
			step->nr_names);
		if (sim->last.done > 16) {
			fputs(".", to);
		} else {
			fputs(", with pages", to);
			for (uint32_t i = 0; i < sim->last.done; i++)
				fprintf(to, " %" PRIu64, sim_newest(sim, step->names[i])->pfn);
			fputs(".", to);
		}
		fprintf(to, " The %s:\n", sim->last.result == SIM_OK ? "last" : "next");
	}
	if (sim->last.request) {
		request(sim, to);
		return;
	}
	fprintf(to, "%u page%s", 1u << step->args.order, plural(UINT64_C(1) << step->args.order));
	if (!sim->policy->pair_map)
		fprintf(to, " of type %s", pa_mt_name((enum pa_mt)step->args.mt));
	fputs(": ", to);
	decision(sim, to, &sim->last.decision);
}

/* -------------------------------------------------------------------------
 * A free
 */

static void merged(const struct sim *sim, FILE *to)
{
	uint64_t pfn = sim->last.pfn;
	uint32_t order = sim->last.order;
	struct pa_page_info info;

	if (pa_page(sim->pa, pfn, &info) || !info.free)
		return;
	begin_pages(to, pfn, order);
	if (info.order == order) {
		fputs(order ? " go" : " goes", to);
		fputs(" to ", to);
		list(sim, to, info.mt, order);
		fputs(", ", to);
	} else {
		fprintf(to, " merge%s with what is free beside %s, %u time%s, to ",
			order ? "" : "s", order ? "them" : "it", info.order - order,
			plural(info.order - order));
		pages(to, info.block, info.order);
		fputs(" on ", to);
		list(sim, to, info.mt, info.order);
		fputs(", ", to);
	}
	fprintf(to, "at its %s.\n",
		pa_list_head(sim->pa, (uint32_t)pa_zone_of(sim->pa, pfn), info.order,
			     (enum pa_mt)info.mt) == info.block ?
			"head" :
			"tail");
}

static void free_words(const struct sim *sim, FILE *to)
{
	const struct sim_last *l = &sim->last;

	if (l->result == SIM_REFUSED) {
		begin_pages(to, l->pfn, l->order);
		fputs(": not allocated so; the free is refused and changes nothing.\n", to);
		return;
	}
	if (l->done > 1)
		fprintf(to, "%" PRIu32 " blocks come back. The last:\n", l->done);
	if (!l->freed.pcp) {
		merged(sim, to);
		return;
	}
	begin_pages(to, l->pfn, l->order);
	fprintf(to, " go%s to the head of CPU %" PRIu32 "'s %s list", l->order ? "" : "es",
		l->step->args.cpu, pa_mt_name((enum pa_mt)l->freed.mt));
	if (l->freed.target)
		fprintf(to,
			", which is too long now: %" PRIu32 " page%s go back to the buddy lists",
			l->freed.target, plural(l->freed.target));
	fputs(".\n", to);
}

/* -------------------------------------------------------------------------
 * The rest
 */

/* What changed in each zone. */
static void changes(const struct sim *sim, FILE *to)
{
	struct pa_zone_state state;
	uint32_t i;

	for (i = 0; i < sim->s->nr_zones; i++) {
		const struct sim_before *b = &sim->last.before[i];
		uint64_t free = sim_zone_free(sim, i), boost = pa_boost(sim->pa, i);
		const char *sep = "";
		char name[32];

		if (pa_zone_get(sim->pa, i, &state))
			state.reclaimable = b->reclaimable;
		if (free == b->free && boost == b->boost && state.reclaimable == b->reclaimable)
			continue;
		fprintf(to, "Zone %s: ", sim_zone_name(sim->s, i, name, sizeof(name)));
		if (free != b->free) {
			fprintf(to, "free %" PRIu64 " -> %" PRIu64, b->free, free);
			sep = ", ";
		}
		if (state.reclaimable != b->reclaimable) {
			fprintf(to, "%sreclaimable %" PRIu64 " -> %" PRIu64, sep, b->reclaimable,
				state.reclaimable);
			sep = ", ";
		}
		if (boost != b->boost)
			fprintf(to, "%sboost %" PRIu64 " -> %" PRIu64, sep, b->boost, boost);
		fputs(".\n", to);
	}
}

static void tick(const struct sim *sim, FILE *to)
{
	fprintf(to, "%" PRIu64 " ms pass, and the daemons run.\n", sim->last.step->ms);
	changes(sim, to);
	if (sim->last.nr_moves)
		fprintf(to, "kcompactd moved %" PRIu32 " block%s.\n", sim->last.nr_moves,
			plural(sim->last.nr_moves));
}

static void isolate(const struct sim *sim, FILE *to)
{
	uint64_t pfn = sim->last.step->pfn >> sim->s->pageblock_order << sim->s->pageblock_order;

	if (sim->last.step->verb == SIM_ISOLATE)
		fprintf(to,
			"The pageblock at %" PRIu64 " is isolated: what is free in it waits on"
			" Isolate lists, and nothing is allocated from there.\n",
			pfn);
	else
		fprintf(to,
			"The pageblock at %" PRIu64 " is %s again: its free pages go back, and"
			" merge with the buddies that waited.\n",
			pfn, pa_mt_name((enum pa_mt)sim->last.step->args.mt));
}

static void use(const struct sim *sim, FILE *to)
{
	const struct sim_step *step = sim->last.step;
	uint64_t blocks = (step->last - step->pfn) / step->args.every + 1;

	fprintf(to, "%" PRIu64 " block%s of %u page%s in use%s.\n", blocks, plural(blocks),
		1u << step->args.order, plural(UINT64_C(1) << step->args.order),
		step->args.given & SIM_KEY_LRU	   ? ", on the list of reclaimable pages" :
		step->args.given & SIM_KEY_MOVABLE ? ", movable" :
						     ", by the kernel: it cannot be moved");
}

static void reserve(const struct sim *sim, FILE *to)
{
	if (sim->policy->reserve_max)
		fprintf(to,
			"Pageblocks that cover %" PRIu64 " pages become Reserve: they serve when"
			" no type has anything left.\n",
			sim->last.step->pfn);
	else
		fputs("This kernel has no Reserve: nothing happens.\n", to);
}

void sim_words(const struct sim *sim, FILE *to)
{
	const struct sim_step *step = sim->last.step;

	switch (step ? step->verb : SIM_SAY) {
	case SIM_BOOT:
		fputs("All memory that is not in use is freed, as at boot: the largest aligned"
		      " blocks, from the bottom up.\n",
		      to);
		break;
	case SIM_USE:
		use(sim, to);
		break;
	case SIM_ALLOC:
		alloc(sim, to);
		break;
	case SIM_FREE:
		free_words(sim, to);
		break;
	case SIM_TICK:
		tick(sim, to);
		break;
	case SIM_DRAIN:
		fprintf(to, "%" PRId64 " page%s go back from CPU lists to the buddy lists.\n",
			sim->last.drained, plural((uint64_t)sim->last.drained));
		break;
	case SIM_ISOLATE:
	case SIM_UNISOLATE:
		isolate(sim, to);
		break;
	case SIM_RESERVE:
		reserve(sim, to);
		break;
	default:
		break;
	}
}
