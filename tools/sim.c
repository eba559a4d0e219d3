/* SPDX-License-Identifier: GPL-2.0-only */
/* Running a scenario: its machine, and what each step does to it. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "settings.h"
#include "sim_run.h"

/* -------------------------------------------------------------------------
 * Building the machine
 */

__attribute__((format(printf, 3, 4))) static int wrong(struct sim_error *error, unsigned int line,
						       const char *fmt, ...)
{
	va_list ap;

	error->line = line;
	va_start(ap, fmt);
	vsnprintf(error->text, sizeof(error->text), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int first_knobs(const struct sim *sim, struct pa_knobs *knobs, struct sim_error *error)
{
	const struct sim_scenario *s = sim->s;
	char why[300];
	uint32_t i;

	pa_knobs_default(knobs);
	for (i = 0; i < s->nr_settings; i++)
		if (settings_apply(knobs, sim->policy, s->settings[i].text, why, sizeof(why)))
			return wrong(error, s->settings[i].line, "set: %s", why);
	return 0;
}

static int build(struct sim *sim, struct sim_error *error)
{
	const struct sim_scenario *s = sim->s;
	struct pa_knobs knobs;
	struct pa_config cfg = {
		.policy = sim->policy,
		.zones = s->zones,
		.nr_zones = s->nr_zones,
		.nr_orders = s->nr_orders,
		.pageblock_order = s->pageblock_order,
		.cpus = s->cpus,
		.knobs = s->cpus ? &knobs : NULL,
		.cpu_node = s->cpu_node,
	};
	size_t size;
	int err = first_knobs(sim, &knobs, error);

	if (err)
		return err;
	cfg.boost_factor = knobs.watermark_boost_factor;
	size = pa_size(&cfg);
	if (!size)
		return wrong(error, s->cpus_line,
			     "policy %s: the core has no %s for it (name another policy)",
			     sim->policy->name, s->cpus ? "request level" : "such machine");
	sim->mem = malloc(size);
	return sim->mem ? pa_init(sim->mem, size, &cfg, &sim->pa) : -ENOMEM;
}

void sim_close(struct sim *sim)
{
	if (!sim)
		return;
	free(sim->mem);
	free(sim->owner);
	free(sim->blocks);
	free(sim->newest);
	free(sim->in_use);
	free(sim->cell_marks);
	free(sim->victims);
	free(sim->moves);
	free(sim);
}

int sim_open(const struct sim_scenario *s, const struct pa_policy *policy, struct sim **out,
	     struct sim_error *error)
{
	struct sim *sim = calloc(1, sizeof(*sim));
	uint32_t i;
	int err;

	*error = (struct sim_error){ 0 };
	if (!sim)
		return -ENOMEM;
	sim->s = s;
	sim->policy = policy;
	sim->last.pfn = PA_PFN_NONE;
	while (pa_policy_at(sim->policy_bit) != policy)
		sim->policy_bit++;
	for (i = 0; i < s->nr_zones; i++) {
		sim->frame0[i] = sim->nr_frames;
		sim->nr_frames += (uint32_t)s->zones[i].spanned;
	}
	sim->max_moves = s->cpus ? 2 * sim->nr_frames + 65536 : 1;
	sim->owner = calloc(sim->nr_frames, sizeof(*sim->owner));
	sim->in_use = calloc(sim->nr_frames, sizeof(*sim->in_use));
	sim->cell_marks = calloc(sim->nr_frames, 1);
	sim->newest = calloc(s->nr_names + 1, sizeof(*sim->newest));
	sim->victims = calloc(s->nr_names + 1, sizeof(*sim->victims));
	sim->moves = calloc(sim->max_moves, sizeof(*sim->moves));
	if (sim->owner && sim->in_use && sim->cell_marks && sim->newest && sim->victims &&
	    sim->moves)
		err = build(sim, error);
	else
		err = -ENOMEM;
	if (err == -EINVAL && !*error->text)
		wrong(error, 0, "the core refuses this machine");
	if (err)
		sim_close(sim);
	else
		*out = sim;
	return err;
}

/* -------------------------------------------------------------------------
 * What a step did
 */

static void begin(struct sim *sim, const struct sim_step *step)
{
	struct pa_zone_state state;
	uint32_t i;

	memset(&sim->last, 0, sizeof(sim->last));
	memset(&sim->record, 0, sizeof(sim->record));
	sim->last.step = step;
	sim->last.pfn = PA_PFN_NONE;
	sim->last.name = SIM_NO_NAME;
	for (i = 0; i < sim->s->nr_zones; i++) {
		sim->last.before[i].free = sim_zone_free(sim, i);
		sim->last.before[i].boost = pa_boost(sim->pa, i);
		if (sim->s->cpus && !pa_zone_get(sim->pa, i, &state))
			sim->last.before[i].reclaimable = state.reclaimable;
	}
}

static void start_trail(struct sim *sim, struct pa_trail *trail)
{
	*trail = (struct pa_trail){
		.picks = sim->picks,
		.max_picks = SIM_MAX_PICKS,
		.moves = sim->moves,
		.max_moves = sim->max_moves,
	};
}

static int end_trail(struct sim *sim, const struct pa_trail *trail, struct sim_error *error)
{
	int err;

	sim->last.nr_picks = trail->nr_picks;
	sim->last.nr_moves += trail->nr_moves;
	err = sim_follow_moves(sim, trail->nr_moves);
	if (err || trail->nr_moves <= sim->max_moves)
		return err;
	return wrong(error, sim->last.step->line,
		     "more than %" PRIu32 " pages moved in one step, too many to follow",
		     sim->max_moves);
}

/* -------------------------------------------------------------------------
 * Memory as it is at the start
 */

static int do_boot(struct sim *sim, const struct sim_step *step)
{
	for (uint32_t i = 0; i < sim->s->nr_zones; i++) {
		const struct pa_zone_config *z = &sim->s->zones[i];
		const bool *in_use = sim->in_use + sim->frame0[i];
		struct pa_page_info info;
		uint64_t at = 0, size;

		if (step->args.zone != UINT32_MAX && step->args.zone != i)
			continue;
		for (; at < z->spanned; at += size) {
			uint64_t pfn = z->start_pfn + at, k;
			uint32_t order = sim->s->nr_orders;

			size = 1;
			if (in_use[at] || (!pa_page(sim->pa, pfn, &info) && info.free))
				continue;
			do {
				size = UINT64_C(1) << --order;
				for (k = 0; k < size && at + k < z->spanned && !in_use[at + k] &&
					    (pa_page(sim->pa, pfn + k, &info) || !info.free);)
					k++;
			} while (pfn % size || k < size);
			if (pa_free(sim->pa, pfn, order, PA_TO_TAIL, -1))
				return -EINVAL;
		}
	}
	return 0;
}

static int do_list(struct sim *sim, const struct sim_step *step, struct sim_error *error)
{
	uint32_t i, k;

	for (i = 0; i < step->nr_pfns; i++) {
		uint32_t frame = sim_frame(sim, step->pfns[i]);

		for (k = 0; k < 1u << step->args.order; k++)
			if (sim->owner[frame + k] || sim->in_use[frame + k])
				return wrong(error, step->line,
					     "page %" PRIu64 ": in use already, so not free",
					     step->pfns[i] + k);
		if (pa_load_block(sim->pa, step->pfns[i], step->args.order,
				  (enum pa_mt)step->args.mt))
			return wrong(error, step->line, "page %" PRIu64 ": on a list already",
				     step->pfns[i]);
	}
	return 0;
}

static enum pa_use use_of(const struct sim_args *a)
{
	return a->given & SIM_KEY_MOVABLE ? PA_USE_MOVABLE : PA_USE_PINNED;
}

static int do_use(struct sim *sim, const struct sim_step *step, struct sim_error *error)
{
	const struct sim_args *a = &step->args;
	struct pa_page_info info;
	uint64_t pfn, k;
	int err = 0;

	for (pfn = step->pfn; pfn <= step->last && !err; pfn += a->every) {
		uint32_t frame = sim_frame(sim, pfn);

		for (k = 0; k < UINT64_C(1) << a->order; k++) {
			if (sim->in_use[frame + k] || sim->owner[frame + k] ||
			    (!pa_page(sim->pa, pfn + k, &info) && info.free))
				return wrong(error, step->line,
					     "page %" PRIu64 ": free or in use already", pfn + k);
		}
		if (!sim->s->cpus)
			pa_set_use(sim->pa, pfn, a->order, use_of(a));
		else if (pa_set_allocated(sim->pa, pfn, a->order, use_of(a)))
			return wrong(error, step->line, "page %" PRIu64 ": in use already", pfn);
		if (a->given & SIM_KEY_LRU)
			pa_lru_add(sim->pa, pfn);
		if (a->given & SIM_KEY_AS)
			err = sim_add_block(sim, a->name, pfn, a->order, !sim->s->cpus);
		memset(sim->in_use + frame, 1, UINT64_C(1) << a->order);
	}
	return err;
}

/* -------------------------------------------------------------------------
 * Requests
 */

static int take_from_lists(struct sim *sim, const struct sim_step *step, uint64_t *pfn)
{
	const struct sim_args *a = &step->args;
	const struct pa_request req = {
		.zone = a->zone,
		.order = (uint8_t)a->order,
		.mt = (uint8_t)a->mt,
		.flags = (uint8_t)((a->given & SIM_KEY_NOFRAGMENT ? PA_ALLOC_NOFRAGMENT : 0) |
				   (a->given & SIM_KEY_CMA ? PA_ALLOC_CMA : 0)),
	};
	struct pa_decision *d = &sim->last.decision;

	if (pa_decide(sim->pa, &req, d) || pa_commit(sim->pa, d))
		return -EINVAL;
	sim->last.decided = true;
	*pfn = d->pfn;
	sim->last.result = d->pfn == PA_PFN_NONE ? SIM_NULL : SIM_OK;
	if (d->pfn != PA_PFN_NONE && a->given & SIM_KEY_MOVABLE)
		pa_set_use(sim->pa, d->pfn, a->order, PA_USE_MOVABLE);
	return 0;
}

/* The next victim gives its pages back, on the CPU that asked. */
static bool kill_next(struct pa *pa, void *ctx)
{
	struct sim *sim = ctx;

	while (sim->next_victim < sim->nr_victims) {
		uint32_t name = sim->victims[sim->next_victim++], i;
		bool any = false;

		for (i = sim->newest[name]; i; i = sim->blocks[i - 1].before) {
			struct sim_block *b = &sim->blocks[i - 1];

			if (b->life != SIM_LIVE ||
			    pa_free_pages(pa, sim->oom_cpu, b->pfn, b->order, NULL))
				continue;
			sim_end_life(sim, b, SIM_FREED);
			any = true;
		}
		if (!any)
			continue;
		if (sim->last.nr_kills < SIM_MAX_KILLS)
			sim->last.kills[sim->last.nr_kills] = name;
		sim->last.nr_kills++;
		return true;
	}
	return false;
}

static int ask_allocator(struct sim *sim, const struct sim_step *step, uint64_t *pfn,
			 struct sim_error *error)
{
	const struct sim_args *a = &step->args;
	const struct pa_alloc_args args = {
		.cpu = a->cpu,
		.gfp = a->gfp,
		.task = a->task,
		.order = (uint8_t)a->order,
		.nid = (uint8_t)(a->given & SIM_KEY_NODE ? a->node : sim->s->cpu_node[a->cpu]),
		.use = (uint8_t)use_of(a),
		.nodemask = a->nodes,
		.oom = kill_next,
		.oom_ctx = sim,
	};
	int err;

	sim->last.request = true;
	sim->oom_cpu = a->cpu;
	start_trail(sim, &sim->record.trail);
	err = pa_alloc(sim->pa, &args, pfn, &sim->record);
	if (err == -EINVAL)
		return err;
	sim->last.result = !err ? SIM_OK : err == -EAGAIN ? SIM_WAITS : SIM_NULL;
	err = end_trail(sim, &sim->record.trail, error);
	if (!err && a->given & SIM_KEY_LRU && sim->last.result == SIM_OK)
		pa_lru_add(sim->pa, *pfn);
	return err;
}

static bool is_live(const struct sim *sim, uint32_t name)
{
	uint32_t i;

	for (i = sim->newest[name]; i; i = sim->blocks[i - 1].before)
		if (sim->blocks[i - 1].life == SIM_LIVE)
			return true;
	return false;
}

static int do_alloc(struct sim *sim, const struct sim_step *step, struct sim_report *report,
		    struct sim_error *error)
{
	bool request = step->args.given & SIM_KEY_GFP;
	uint64_t pfn;
	uint32_t i;
	int err = 0;

	sim->last.order = step->args.order;
	for (i = 0; i < step->nr_names && !err; i++) {
		uint32_t name = step->names[i];

		sim->last.name = name;
		if (is_live(sim, name)) {
			report->outcome = SIM_FAILED;
			snprintf(report->expected, sizeof(report->expected), "%s free to be used",
				 sim->s->names[name]);
			snprintf(report->got, sizeof(report->got), "it names an allocation");
			return 0;
		}
		pfn = PA_PFN_NONE;
		err = request ? ask_allocator(sim, step, &pfn, error) :
				take_from_lists(sim, step, &pfn);
		if (err || sim->last.result != SIM_OK)
			break;
		err = sim_add_block(sim, name, pfn, step->args.order, !request);
		sim->last.pfn = pfn;
		sim->last.done++;
	}
	if (sim->last.result != SIM_OK)
		sim->last.pfn = PA_PFN_NONE;
	if (!err && request)
		sim_find_reclaimed(sim);
	return err;
}

/* -------------------------------------------------------------------------
 * Frees
 */

/*
 * Straight to the lists, which know nothing of allocations: what is a name's goes as a whole.  On a
 * machine with CPUs nothing else may: the pages might be on one's list.
 */
static int free_to_lists(struct sim *sim, uint64_t pfn, uint32_t order, uint32_t flags)
{
	const struct sim_block *b;
	uint64_t k;

	for (k = 0; k < UINT64_C(1) << order; k++) {
		b = sim_block_at(sim, pfn + k);
		if (b ? b->pfn != pfn || b->order != order : sim->s->cpus != 0)
			return -EINVAL;
	}
	return pa_free(sim->pa, pfn, order, flags, -1);
}

static int free_one(struct sim *sim, const struct sim_step *step, uint64_t pfn, uint32_t order,
		    bool listed)
{
	const struct sim_args *a = &step->args;
	const uint32_t flags = a->given & SIM_KEY_TAIL ? PA_TO_TAIL : 0;
	const struct sim_block *owner;
	int err;

	memset(&sim->last.freed, 0, sizeof(sim->last.freed));
	start_trail(sim, &sim->last.freed.trail);
	if (listed)
		err = free_to_lists(sim, pfn, order, flags);
	else if (a->given & SIM_KEY_DIRECT)
		err = pa_free_direct(sim->pa, a->cpu, pfn, order, flags, &sim->last.freed);
	else
		err = pa_free_pages(sim->pa, a->cpu, pfn, order, &sim->last.freed);
	sim->last.pfn = pfn;
	sim->last.order = order;
	sim->last.result = err < 0 ? SIM_REFUSED : SIM_OK;
	owner = sim_block_at(sim, pfn);
	if (err >= 0 && owner)
		sim_end_life(sim, &sim->blocks[owner - sim->blocks], SIM_FREED);
	sim->last.done += err >= 0;
	return 0;
}

/* All live blocks of a name; if none lives, the newest once more, which the core will refuse. */
static int free_name(struct sim *sim, const struct sim_step *step, uint32_t name,
		     struct sim_report *report)
{
	bool any = false;
	uint32_t i;

	for (i = sim->newest[name]; i; i = sim->blocks[i - 1].before) {
		const struct sim_block *b = &sim->blocks[i - 1];

		if (b->life != SIM_LIVE)
			continue;
		any = true;
		free_one(sim, step, b->pfn,
			 step->args.given & SIM_KEY_ORDER ? step->args.order : b->order, b->listed);
		if (sim->last.result != SIM_OK)
			return 0;
	}
	if (any)
		return 0;
	if (sim->newest[name] && sim_newest(sim, name)->life == SIM_FREED) {
		const struct sim_block *b = sim_newest(sim, name);

		return free_one(sim, step, b->pfn, b->order, b->listed);
	}
	report->outcome = SIM_FAILED;
	snprintf(report->expected, sizeof(report->expected), "%s allocated", sim->s->names[name]);
	snprintf(report->got, sizeof(report->got), "it %s",
		 sim->newest[name] ? "was reclaimed" : "never was");
	return 0;
}

static int do_free(struct sim *sim, const struct sim_step *step, struct sim_report *report)
{
	uint32_t i;

	if (step->by_pfn) {
		const struct sim_block *b = sim_block_at(sim, step->pfn);

		return free_one(sim, step, step->pfn, step->args.order,
				b ? b->listed : !sim->s->cpus);
	}
	for (i = 0; i < step->nr_names; i++) {
		sim->last.name = step->names[i];
		free_name(sim, step, step->names[i], report);
		if (report->outcome == SIM_FAILED || sim->last.result != SIM_OK)
			break;
	}
	return 0;
}

/* -------------------------------------------------------------------------
 * The rest
 */

/* lru, pin, victim: each names allocations of the request level. */
static int do_named(struct sim *sim, const struct sim_step *step, struct sim_report *report)
{
	uint32_t i, k;

	for (i = 0; i < step->nr_names; i++) {
		uint32_t name = step->names[i];

		if (!is_live(sim, name)) {
			report->outcome = SIM_FAILED;
			snprintf(report->expected, sizeof(report->expected), "%s allocated",
				 sim->s->names[name]);
			snprintf(report->got, sizeof(report->got), "it is not");
			return 0;
		}
		if (step->verb == SIM_VICTIM && sim->nr_victims < sim->s->nr_names) {
			sim->victims[sim->nr_victims++] = name;
			continue;
		}
		for (k = sim->newest[name]; k; k = sim->blocks[k - 1].before) {
			const struct sim_block *b = &sim->blocks[k - 1];

			if (b->life == SIM_LIVE && step->verb == SIM_LRU)
				pa_lru_add(sim->pa, b->pfn);
			else if (b->life == SIM_LIVE && step->verb == SIM_PIN)
				pa_lru_del(sim->pa, b->pfn);
		}
	}
	return 0;
}

static int do_tick(struct sim *sim, const struct sim_step *step, struct sim_error *error)
{
	struct pa_trail trail;
	int err;

	start_trail(sim, &trail);
	sim->now += step->ms;
	if (pa_tick(sim->pa, sim->now, &trail))
		return -EINVAL;
	err = end_trail(sim, &trail, error);
	sim_find_reclaimed(sim);
	return err;
}

static int do_drain(struct sim *sim, const struct sim_step *step)
{
	const struct sim_args *a = &step->args;
	uint32_t cpu = a->given & SIM_KEY_CPU ? a->cpu : UINT32_MAX;

	sim->last.drained = pa_drain(sim->pa, a->zone, cpu, a->by, NULL);
	return 0;
}

static int do_isolate(struct sim *sim, const struct sim_step *step, struct sim_error *error)
{
	int err = step->verb == SIM_ISOLATE ?
			  pa_move_block(sim->pa, step->pfn, PA_ISOLATE) :
			  pa_unisolate(sim->pa, step->pfn, (enum pa_mt)step->args.mt);

	if (!err)
		return 0;
	return wrong(error, step->line, "page %" PRIu64 ": its pageblock %s", step->pfn,
		     err == -ENOENT ? "is not wholly inside the zone" : "is not isolated");
}

static int do_set(struct sim *sim, const struct sim_step *step, struct sim_error *error)
{
	struct pa_knobs knobs = *pa_get_knobs(sim->pa);
	char why[300];
	uint32_t i;

	for (i = 0; i < step->nr_settings; i++)
		if (settings_apply(&knobs, sim->policy, step->settings[i].text, why, sizeof(why)))
			return wrong(error, step->line, "set: %s", why);
	return pa_set_knobs(sim->pa, &knobs);
}

static int act(struct sim *sim, const struct sim_step *step, struct sim_report *report,
	       struct sim_error *error)
{
	switch (step->verb) {
	case SIM_BOOT:
		return do_boot(sim, step);
	case SIM_LIST:
		return do_list(sim, step, error);
	case SIM_PAGEBLOCK:
		return pa_set_pageblock(sim->pa, step->pfn, (enum pa_mt)step->args.mt);
	case SIM_USE:
		return do_use(sim, step, error);
	case SIM_ALLOC:
		return do_alloc(sim, step, report, error);
	case SIM_FREE:
		return do_free(sim, step, report);
	case SIM_LRU:
	case SIM_PIN:
	case SIM_VICTIM:
		return do_named(sim, step, report);
	case SIM_TICK:
		return do_tick(sim, step, error);
	case SIM_DRAIN:
		return do_drain(sim, step);
	case SIM_ISOLATE:
	case SIM_UNISOLATE:
		return do_isolate(sim, step, error);
	case SIM_RESERVE:
		pa_reserve_pageblocks(sim->pa, step->args.zone, step->pfn);
		return 0;
	case SIM_SET:
		return do_set(sim, step, error);
	default:
		return 0; /* words alone */
	}
}

bool sim_applies(const struct sim *sim, const struct sim_step *step)
{
	return !step->policies || step->policies >> sim->policy_bit & 1;
}

/* Does an expectation that follows the last step allow it to have failed? */
static bool is_forgiven(const struct sim *sim)
{
	uint32_t i;

	for (i = sim->at; i < sim->s->nr_steps; i++) {
		const struct sim_step *step = &sim->s->steps[i];

		if (step->verb != SIM_SAY && step->verb != SIM_MAP && step->verb != SIM_EXPECT)
			return false;
		if (sim_applies(sim, step) && sim_forgives(step))
			return true;
	}
	return false;
}

/* A request or a free that failed though nobody expects it. */
static void blame(const struct sim *sim, struct sim_report *report)
{
	static const char *const got[] = {
		[SIM_NULL] = "no page, and no `expect fails' follows",
		[SIM_WAITS] = "a wait without end, and no `expect waits' follows",
		[SIM_REFUSED] = "it is refused, and no `expect refused' follows",
	};

	if (report->outcome == SIM_FAILED || sim->last.result <= SIM_OK || is_forgiven(sim))
		return;
	report->outcome = SIM_FAILED;
	snprintf(report->expected, sizeof(report->expected), "%s",
		 report->step->verb == SIM_ALLOC ? "a page" : "an allocation to free");
	snprintf(report->got, sizeof(report->got), "%s%s%s", got[sim->last.result],
		 report->step->nr_names > 1 ? ", for " : "",
		 report->step->nr_names > 1 ? sim->s->names[sim->last.name] : "");
}

int sim_next(struct sim *sim, struct sim_report *report, struct sim_error *error)
{
	const struct sim_step *step;
	const char *why;
	int err;

	*error = (struct sim_error){ 0 };
	if (sim->at == sim->s->nr_steps)
		return 0;
	step = &sim->s->steps[sim->at++];
	report->step = step;
	report->outcome = SIM_DONE;
	report->expected[0] = report->got[0] = '\0';
	if (!sim_applies(sim, step)) {
		report->outcome = SIM_SKIPPED;
		return 1;
	}
	if (step->verb == SIM_EXPECT) {
		sim_judge(sim, step, report);
		return 1;
	}
	if (step->verb == SIM_SAY || step->verb == SIM_MAP)
		return 1;
	begin(sim, step);
	err = act(sim, step, report, error);
	if (err == -EINVAL && !*error->text)
		return wrong(error, step->line, "%.40s: the core refuses it", step->text);
	if (err)
		return err;
	if (pa_check(sim->pa, &why)) {
		blame(sim, report);
		return 1;
	}
	if (step->verb == SIM_LIST || step->verb == SIM_PAGEBLOCK)
		return wrong(error, step->line, "%.40s: no kernel's lists look like this: %s",
			     step->text, why);
	error->unsound = true;
	return wrong(error, step->line, "%.40s: the core is not sound any more: %s (a bug)",
		     step->text, why);
}

const struct pa *sim_state(const struct sim *sim)
{
	return sim->pa;
}

uint64_t sim_pfn(const struct sim *sim)
{
	return sim->last.pfn;
}

const struct pa_decision *sim_decision(const struct sim *sim)
{
	return sim_main_decision(sim);
}

const struct pa_alloc_record *sim_record(const struct sim *sim)
{
	return sim->last.request ? &sim->record : NULL;
}
