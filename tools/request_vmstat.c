/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vmstat worker of a CPU (refresh_cpu_vm_stats): its share of the counters goes to the zones, its lists shrink
 * and give back what is too much, zone by zone.  Others come in between, and it comes upon others.
 */
#include "request_internal.h"

bool request_next_fold(struct request *r, struct run_cpu *c)
{
	uint32_t cpu = request_core_cpu(r, (uint32_t)(c - r->cpus));

	c->bulk.left = 0;
	if (pa_vmstat_next(r->pa, cpu, &c->fold_turn, &c->bulk) > 0)
		return true;
	c->what = WHAT_NOTHING;
	return false;
}

void request_start_fold(struct request *r, struct run_cpu *c, uint32_t turn)
{
	c->what = WHAT_FOLD;
	c->pid = 0;
	c->fold_turn = turn;
	c->bulk.left = 0;
	r->res.vmstat_rounds++;
}

/* The vmstat worker's round, all of it that is left. */
static bool fold(struct request *r, uint32_t cpu)
{
	struct run_cpu *c = &r->cpus[cpu];
	struct pa_trail trail = { 0 };
	struct pa_bulk bulk = { 0 };

	if (!c->undecayed)
		pa_vmstat_update(r->pa, request_core_cpu(r, cpu), &trail);
	while (c->undecayed &&
	       pa_vmstat_next(r->pa, request_core_cpu(r, cpu), &c->undecayed_turn, &bulk) > 0)
		while (bulk.left > 0 && pa_bulk_step(r->pa, &bulk, NULL) > 0)
			trail.nr_drains++;
	c->undecayed = 0;
	r->res.vmstat_rounds++;
	r->res.drained.core += trail.nr_drains;
	return trail.nr_drains;
}

/* Does the next push of @cpu to @zone find the lists' high as it is, which the worker would have lowered? */
static bool decays_later(const struct request *r, uint32_t zone, uint32_t cpu)
{
	const struct trace_event *ev = request_event(r, r->now);
	struct pa_pcp pcp;

	if (pa_pcp_get(r->pa, zone, request_core_cpu(r, cpu), &pcp) ||
	    pa_decayed_high(r->pa, zone, request_core_cpu(r, cpu)) == pcp.high)
		return false;
	for (uint32_t n = 0; n < FLAG_EVENTS && (ev = request_next_of(r, ev)); n++) {
		if (request_zone_of(r, ev) != &r->zones[zone])
			continue;
		if (request_is_pick(r, ev)) /* a refill changes it */
			return false;
		if (ev->type == EV_PUSH)
			return ev->arg == (uint32_t)pcp.high;
	}
	return false;
}

/*
 * refresh_cpu_vm_stats of the vmstat worker gives way to other tasks between a zone's counters and its lists
 * (cond_resched ahead of decay_pcp_high, 6.7+).  They tell of lists that it has not seen.
 */
static void fold_unseen(struct request *r, uint32_t cpu)
{
	struct run_cpu *c = &r->cpus[cpu];
	struct pa_trail trail = { 0 };
	uint32_t later = 0;

	while (later < r->nr_zones && !decays_later(r, later, cpu))
		later++;
	if (later == r->nr_zones) {
		r->res.drains.core += fold(r, cpu);
		return;
	}
	pa_vmstat_until(r->pa, later, request_core_cpu(r, cpu), &c->undecayed_turn, &trail);
	r->res.drained.core += trail.nr_drains;
	c->undecayed = later + 1;
	r->res.decayed_late++;
}

void request_find_decayed(struct request *r, const struct trace_event *ev, uint32_t zone)
{
	struct pa_pcp pcp;

	if (zone + 1 < r->cpus[ev->cpu].undecayed ||
	    pa_pcp_get(r->pa, zone, request_core_cpu(r, ev->cpu), &pcp) ||
	    ev->arg == (uint32_t)pcp.high)
		return;
	r->res.drains.core += fold(r, ev->cpu);
}

/*
 * The worker has preempted the request @popped (7.3): did that have its page by then?  The lists give back what
 * is more than their high, so how much says it, to the page.  A push that was cut may go on right behind that.  With
 * nothing given back that would be too much with the page, they are without it.
 */
static bool pops_before_decay(const struct request *r, const struct trace_event *ev,
			      const struct trace_event *popped)
{
	uint32_t zone = (uint32_t)(request_zone_of(r, popped) - r->zones);
	uint32_t cpu = request_core_cpu(r, ev->cpu), cut;
	const struct run_cpu *c = &r->cpus[ev->cpu];
	int32_t row, left;
	struct pa_pcp pcp;

	if (pa_pcp_get(r->pa, zone, cpu, &pcp))
		return false;
	row = request_row_of(r, ev, zone);
	left = pcp.count - (1 << popped->order) - pa_decayed_high(r->pa, zone, cpu);
	cut = request_last_cut(c, zone);
	if (!row && left < 0 && left + (1 << popped->order) > 0)
		return !decays_later(r, zone, ev->cpu);
	return left == row ||
	       (cut && c->cuts[cut - 1].what == WHAT_PUSH && row > left + (1 << popped->order) &&
		left + c->cuts[cut - 1].bulk.left == row);
}

/* Holds of the zone's lock, at most, that the worker lets others have before it goes on. */
#define LATE_HOLDS 4

/*
 * refresh_cpu_vm_stats gives way to others behind each zone's counters (cond_resched).  So those of all zones but the
 * first may be folded later, and until then, and from then on, a CPU's share is another one: all are kept up.
 */
static void doubt_fold(struct request *r, uint32_t cpu, const int *shares)
{
	for (uint32_t zone = 1; zone < r->nr_zones; zone++)
		if (shares[zone])
			r->doubts |=
				pa_doubt_share(r->pa, zone, request_core_cpu(r, cpu), shares[zone]);
	r->cpus[cpu].folds_late = LATE_HOLDS;
}

void request_fold_late(struct request *r, const struct trace_event *ev)
{
	const struct run_zone *z = request_zone_of(r, ev);
	struct run_cpu *c = &r->cpus[ev->cpu];

	if (!z || z == r->zones || !request_in_lock(ev) || c->picking || c->draining ||
	    r->now - c->folded_at < INTERRUPT_EVENTS)
		return;
	c->folded_at = r->now;
	c->folds_late--;
	r->doubts |=
		pa_doubt_share(r->pa, (uint32_t)(z - r->zones), request_core_cpu(r, ev->cpu), 0);
}

/*
 * refresh_cpu_vm_stats tells of itself before it folds anything, and a virtual CPU may stand still in there: others
 * find the counters of the lowest @nr zones, which nothing else comes in between, as they were, or not any more.
 */
static void start_counters(struct request *r, uint32_t cpu, uint32_t nr, const int *shares)
{
	uint32_t core_cpu = request_core_cpu(r, cpu);

	for (uint32_t zone = 0; zone < nr; zone++) {
		if (!shares[zone] || !pa_doubt_share(r->pa, zone, core_cpu, shares[zone]))
			continue;
		r->cpus[cpu].folding = nr;
		r->doubts = r->folds = true;
	}
}

/* Whoever found them as they were says nothing of the next one. */
void request_doubt_folds(struct request *r)
{
	for (uint32_t i = 0; i < r->nr_cpus; i++)
		for (uint32_t zone = 0; zone < r->cpus[i].folding; zone++)
			if (pa_share(r->pa, zone, request_core_cpu(r, i)))
				r->doubts |= pa_doubt_share(r->pa, zone, request_core_cpu(r, i), 0);
}

void request_end_fold(struct request *r, uint32_t cpu)
{
	for (uint32_t zone = 0; zone < r->cpus[cpu].folding; zone++)
		pa_settle_share(r->pa, zone, request_core_cpu(r, cpu), 0);
	r->cpus[cpu].folding = 0;
	r->folds = false;
	for (uint32_t i = 0; i < r->nr_cpus; i++)
		r->folds |= r->cpus[i].folding;
}

void request_on_vmstat(struct request *r, const struct trace_event *ev)
{
	struct run_cpu *c = &r->cpus[ev->cpu];
	const struct trace_event *popped;
	uint32_t what = ev->arg & 3;
	int shares[TRACE_MAX_ZONES];
	bool yields;

	if (what == EV_VMSTAT_AWAKE || what == EV_VMSTAT_ASLEEP) {
		request_set_thresholds(r, ev->arg >> 2, what == EV_VMSTAT_AWAKE, ev->cpu);
		return;
	}
	popped = what == EV_VMSTAT_WORKER ? request_has_popped(r, ev->cpu) : NULL;
	request_end_hold(r, ev->cpu);
	if (popped && pops_before_decay(r, ev, popped))
		request_make_early(r, popped);
	request_cut_drain_pages(c);
	if (c->undecayed && what == EV_VMSTAT_WORKER)
		r->res.drains.core += fold(r, ev->cpu);
	c->what = WHAT_NOTHING;
	c->folds_late = 0;
	for (uint32_t zone = 0; zone < r->nr_zones; zone++)
		shares[zone] = pa_share(r->pa, zone, request_core_cpu(r, ev->cpu));
	if (what == EV_VMSTAT_WORKER)
		c->nr_growths = 0; /* what decay_pcp_high leaves of them cannot be told apart */
	if (what == EV_VMSTAT_IDLE) {
		pa_fold_counters(r->pa, request_core_cpu(r, ev->cpu));
	} else if (!request_drains_next(r, ev)) {
		fold_unseen(r, ev->cpu);
	} else {
		request_start_fold(r, c, 0);
		c->pid = ev->pid;
	}
	yields = what == EV_VMSTAT_WORKER && r->yields;
	if (yields)
		doubt_fold(r, ev->cpu, shares);
	start_counters(r, ev->cpu, yields ? 1 : r->nr_zones, shares);
}
