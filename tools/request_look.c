/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an attempt finds when it looks at the marks, at `try`.
 *
 * It takes no lock for that, so it may see others' work half done: a boost whose block is still to
 * come, or one that kswapd has taken back.  No event says how far they were.  Where the zone that it
 * finds is not the one it will take from, it is asked which of these makes it so.
 */
#include <errno.h>
#include <string.h>

#include "request_internal.h"

/* enum zone_type of x86-64 */
static uint32_t gfp_of_zone(unsigned int highest)
{
	static const uint32_t gfp[] = { PA_GFP_DMA, PA_GFP_DMA32, 0,
					PA_GFP_HIGHMEM | PA_GFP_MOVABLE };

	return highest < sizeof(gfp) / sizeof(gfp[0]) ? gfp[highest] : 0;
}

/*
 * By zone: pages that refills on other CPUs have taken off the lists, where the zone's counter hears of them
 * at the end (rmqueue_bulk, up to 6.9).  @ended: of those, too, whose last block is gone and whose CPU was not
 * heard of since.
 */
static const int64_t *uncounted(struct request *r, uint32_t cpu, bool ended)
{
	bool any = false;

	if (r->kernel->hygiene || (!r->refills_open && !ended))
		return NULL;
	for (uint32_t i = 0; i < r->nr_cpus; i++) {
		const struct refill *refill = &r->cpus[i].refill;

		if (i == cpu || !(refill->open || (ended && r->cpus[i].picking)))
			continue;
		if (!any)
			memset(r->uncounted, 0, sizeof(r->uncounted));
		any = true;
		r->uncounted[refill->by.zone] += refill->open ? (int64_t)refill->by.taken
									<< refill->by.args.order :
								refill->counted;
	}
	return any ? r->uncounted : NULL;
}

/* -------------------------------------------------------------------------
 * One look
 */

struct look {
	struct request *r;
	struct attempt *a;
	uint32_t cpu;		       /* the trace's */
	const struct trace_event *end; /* the request that it is part of */
	bool last;		       /* it will not look again */
	bool failed;		       /* its process is seen to go on to the slow path */
	struct pa_alloc_args args;
};

static void keep_zones(struct look *l)
{
	for (uint32_t zone = 0; zone < l->r->nr_zones; zone++)
		pa_zone_get(l->r->pa, zone, &l->r->before[zone]);
}

/* A look leaves flags in the zones it passes. */
static void put_zones_back(struct look *l)
{
	for (uint32_t zone = 0; zone < l->r->nr_zones; zone++)
		pa_zone_set(l->r->pa, zone, &l->r->before[zone]);
}

static void note_found(struct look *l, bool found)
{
	l->a->found = found;
	l->a->below_high = found && pa_zone_flags(l->r->pa, l->a->choice.zone) & PA_ZONE_BELOW_HIGH;
	l->a->ending =
		found && !l->a->below_high && l->r->now < l->r->zones[l->a->choice.zone].ended_by;
}

/* @missing: what others keep out of the zones' counters, or NULL. */
static void look_missing(struct look *l, const int64_t *missing)
{
	note_found(l, !pa_look_for_zone(l->r->pa, &l->args, l->a->flags, missing, &l->a->choice));
}

static void look_at_marks(struct look *l)
{
	look_missing(l, uncounted(l->r, l->args.cpu, false));
}

/* The request got no page: none of its attempts found a zone that it had any of.  Or this one is seen to fail. */
static bool fails(const struct look *l)
{
	return l->failed || (l->end && l->end->pfn == EV_PFN_NONE);
}

/* Is the zone the one that the kernel's page is of? */
static bool is_the_one(const struct look *l)
{
	const struct run_zone *z;

	if (fails(l))
		return !l->a->found;
	z = request_zone_of(l->r, l->end);
	return z && l->a->found && l->a->choice.zone == z - l->r->zones;
}

static bool fits(struct look *l)
{
	look_at_marks(l);
	return is_the_one(l);
}

/* A refill has taken its last block, and the counter is yet to hear of it. */
static bool fits_uncounted(struct look *l)
{
	const int64_t *pages = uncounted(l->r, l->args.cpu, true);

	if (!pages)
		return false;
	put_zones_back(l);
	look_missing(l, pages);
	return is_the_one(l);
}

static void note_boost(struct request *r, uint32_t zone, uint64_t until)
{
	struct pa_zone_state state;

	if (r->now < r->zones[zone].boosted_until || pa_zone_get(r->pa, zone, &state))
		return;
	r->zones[zone].boost_before = state.boost;
	r->zones[zone].boosted_until = until;
}

/* It fits with a boost of @boost; the zone's is left as it is. */
static bool fits_boosted(struct look *l, uint32_t zone, uint64_t boost)
{
	struct pa_zone_state state;
	uint64_t full;
	bool fit;

	put_zones_back(l);
	pa_zone_get(l->r->pa, zone, &state);
	full = state.boost;
	state.boost = boost;
	pa_zone_set(l->r->pa, zone, &state);
	fit = fits(l);
	pa_zone_get(l->r->pa, zone, &state);
	state.boost = full;
	pa_zone_set(l->r->pa, zone, &state);
	return fit;
}

/*
 * Whose search was made ahead of its event may have tried to claim fewer pageblocks by now, each for a boost
 * of its own (try_to_claim_block).
 */
static bool fits_less_boosted(struct look *l)
{
	const uint64_t step = UINT64_C(1) << l->r->meta->pageblock_order;
	struct pa_zone_state state;

	for (uint32_t zone = 0; zone < l->r->nr_zones; zone++) {
		const struct run_zone *z = &l->r->zones[zone];

		if (l->r->now >= z->boosted_until || pa_zone_get(l->r->pa, zone, &state))
			continue;
		for (uint64_t b = z->boost_before + step; b < state.boost; b += step)
			if (fits_boosted(l, zone, b)) {
				l->r->res.amid_claims++;
				return true;
			}
	}
	return false;
}

/*
 * A CPU that takes a fallback next, with nobody in the lock before it, may hold zone->lock and have
 * given the boost by now: it takes the block here.
 */
static bool fits_after_fallbacks(struct look *l)
{
	struct request *r = l->r;
	bool any = false;

	put_zones_back(l);
	for (uint32_t i = 0; i < r->nr_cpus; i++) {
		struct run_cpu *c = &r->cpus[i];
		const struct trace_event *ev = request_upcoming(r, i);
		const struct run_zone *z =
			ev && request_fallback_of(r, ev) ? request_zone_of(r, ev) : NULL;

		if (i == l->cpu || !z || c->refill.ahead || !request_lock_is_free(r, ev, z))
			continue;
		request_turn_ahead(r, ev);
		note_boost(r, (uint32_t)(z - r->zones), request_number_of(r, ev));
		if (!c->picking) {
			request_late_push(r, i, ev);
			request_start_picks(r, ev);
		} else if (c->refill.open) {
			request_refill_step(r, ev);
		}
		any = true;
	}
	if (!any)
		return false;
	keep_zones(l);
	if (!fits(l))
		return false;
	r->res.fallbacks_early++;
	return true;
}

/*
 * balance_pgdat takes boosts back a moment before it is seen to, one zone after the other: those of
 * the lowest @nr zones are gone by now.
 */
static bool fits_without(struct look *l, uint32_t nr)
{
	struct request *r = l->r;
	uint64_t boost[PA_MAX_ZONES];
	struct pa_zone_state state;

	put_zones_back(l);
	memcpy(boost, r->kswapd_boost, sizeof(boost));
	for (uint32_t zone = 0; zone < nr; zone++) {
		state = r->before[zone];
		request_take_boost(r, zone, &state);
		pa_zone_set(r->pa, zone, &state);
	}
	if (fits(l))
		return true;
	memcpy(r->kswapd_boost, boost, sizeof(boost));
	return false;
}

/*
 * The zone fits, but is below its high mark, for a boost alone that kswapd is to take back: and the next push does not
 * find ZONE_BELOW_HIGH.  Then the boost is gone by now.
 */
static void look_without_boost(struct look *l)
{
	struct request *r = l->r;
	struct attempt seen = *l->a;
	uint32_t zone = seen.choice.zone;
	uint64_t boost[PA_MAX_ZONES];

	if (!seen.below_high || r->before[zone].flags & PA_ZONE_BELOW_HIGH ||
	    !r->kswapd_boost[zone] || !request_stays_above(r, zone, l->end))
		return;
	memcpy(boost, r->kswapd_boost, sizeof(boost));
	if (fits_without(l, zone + 1) && !l->a->below_high) {
		r->res.boosts_early++;
		return;
	}
	memcpy(r->kswapd_boost, boost, sizeof(boost));
	put_zones_back(l);
	request_set_below_high(r, zone, true);
	*l->a = seen;
}

/*
 * It fits without a boost, or later, and leaves no ZONE_BELOW_HIGH, which the next push finds, and nobody else sets:
 * it has looked at the high mark before the boost was gone, and at its own behind that.  Where another attempt sets it
 * ahead of that push, too, the refills in between tell.
 */
static void look_high_before(struct look *l)
{
	struct request *r = l->r;
	uint32_t zone = l->a->choice.zone;

	if (l->a->below_high || !r->has_pushes || !request_below_high_next(r, zone) ||
	    request_must_grow(r, l->cpu, zone))
		return;
	if (request_is_set_again(r, zone)) {
		request_doubt_below(r, zone);
		return;
	}
	l->a->below_high = true;
	request_set_below_high(r, zone, true);
}

/* @likely: as far as attempts to come show, or although they speak against it, where nothing else fits. */
static bool fits_unboosted(struct look *l, bool likely)
{
	const struct run_zone *z = l->end ? request_zone_of(l->r, l->end) : NULL;

	if (!request_boosts_pending(l->r) ||
	    likely == (z && request_is_passed_over(l->r, (uint32_t)(z - l->r->zones))))
		return false;
	for (uint32_t nr = l->r->nr_zones; nr > 0 && request_boosts_pending(l->r); nr--)
		if (fits_without(l, nr)) {
			look_high_before(l);
			l->r->res.boosts_early++;
			return true;
		}
	return false;
}

/*
 * What other CPUs may keep out of the counters now, by zone; NULL: nothing.  A claim takes its block out for
 * a moment; what compaction takes is out before __isolate_free_page returns, which tells of it.
 */
static const int64_t *taken_by_others(struct look *l)
{
	struct request *r = l->r;
	unsigned int order;
	bool any = false;

	memset(r->uncounted, 0, sizeof(r->uncounted));
	for (uint32_t i = 0; i < r->nr_cpus; i++) {
		const struct run_zone *z = i == l->cpu ? NULL : request_taken_next(r, i, &order);

		if (!z)
			continue;
		r->uncounted[z - r->zones] -= INT64_C(1) << order;
		any = true;
	}
	return any ? r->uncounted : NULL;
}

static bool fits_amid_claims(struct look *l)
{
	const int64_t *missed = taken_by_others(l);

	put_zones_back(l);
	if (!missed)
		return false;
	look_missing(l, missed);
	if (!is_the_one(l))
		return false;
	l->r->res.amid_claims++;
	return true;
}

/*
 * __zone_watermark_ok asks for a block of the order, too.  Where the zone has one that is large enough, which another
 * CPU takes next as a fallback or for compaction, that has it in its hands for a moment: off its list, and its
 * halves on none yet (page_del_and_expand, 6.10+; __isolate_free_page).
 */
static bool fits_amid_split(struct look *l)
{
	struct request *r = l->r;
	unsigned int order;
	bool any = false;

	put_zones_back(l);
	if (!l->a->order)
		return false;
	memset(r->uncounted, 0, sizeof(r->uncounted));
	for (uint32_t i = 0; i < r->nr_cpus; i++) {
		const struct run_zone *z = i == l->cpu ? NULL : request_held_next(r, i, &order);
		uint32_t zone = z ? (uint32_t)(z - r->zones) : 0;

		if (!z || order < l->a->order || request_blocks_for(r, zone, l->a->order) != 1)
			continue;
		r->uncounted[zone] = -(int64_t)r->before[zone].nr_free;
		any = true;
	}
	if (!any)
		return false;
	look_missing(l, r->uncounted);
	if (!is_the_one(l))
		return false;
	r->res.amid_claims++;
	return true;
}

/* Or another CPU drains one that is large enough once it has merged, which is told when it is free (free_pcppages_bulk). */
static bool fits_amid_drain(struct look *l)
{
	const unsigned int order = l->args.order;
	bool fit;

	put_zones_back(l);
	if (!order || fails(l) || !request_drains_now(l->r, l->cpu, l->end, order))
		return false;
	l->args.order = 0; /* there is a block */
	fit = fits(l);
	l->args.order = order;
	l->r->res.amid_claims += fit;
	return fit;
}

/* Let the search of another CPU have tried to claim one more pageblock of @zone. */
static bool boost_once(struct look *l, uint32_t zone)
{
	struct request *r = l->r;
	struct pa_zone_state state;
	uint64_t boost;

	if (pa_zone_get(r->pa, zone, &state))
		return false;
	boost = state.boost;
	for (uint32_t i = 0; i < r->nr_cpus && state.boost == boost; i++) {
		const struct trace_event *ev = i == l->cpu ? NULL : request_fallback_at_work(r, i);

		if (ev && request_zone_of(r, ev) == &r->zones[zone])
			state.boost = request_boosted(r, ev, &state, boost);
	}
	if (state.boost == boost)
		return false;
	pa_zone_set(r->pa, zone, &state);
	return true;
}

/* Would the attempt, whose zone fits, set ZONE_BELOW_HIGH in it at some moment of another's search? */
static bool is_below_amid_claims(struct look *l, uint32_t zone)
{
	struct request *r = l->r;
	const struct attempt seen = *l->a;
	const int64_t *missed;
	bool first = true, below, more;

	keep_zones(l);
	missed = taken_by_others(l);
	do {
		more = boost_once(l, zone);
		if (more || missed)
			look_missing(l, missed);
		below = pa_zone_flags(r->pa, zone) & PA_ZONE_BELOW_HIGH;
		/* With one the next mark was in reach all the same; more of them stay. */
		if (!first && !is_the_one(l))
			below = more = false;
		first = false;
	} while (more && !below);
	put_zones_back(l);
	*l->a = seen;
	return below;
}

/*
 * The zone fits, and the attempt leaves no ZONE_BELOW_HIGH: but the next push to the zone finds it, and
 * who looked at the high mark amid another's claim has set it.  Where another attempt sets it in any case ahead
 * of that push, the refills in between tell (request_doubt_below()).
 */
static void look_high_amid_claims(struct look *l)
{
	struct request *r = l->r;
	uint32_t zone = l->a->choice.zone;

	if (l->a->below_high || !r->has_pushes || !request_fallback_is_near(r) ||
	    !request_below_high_next(r, zone) || !is_below_amid_claims(l, zone))
		return;
	if (request_is_set_again(r, zone)) {
		request_doubt_below(r, zone);
		return;
	}
	l->a->below_high = true;
	request_set_below_high(r, zone, true);
	r->res.amid_claims++;
}

/*
 * Which of the others that a CPU's share may be from number @i on find the zone, and leave ZONE_BELOW_HIGH as @below
 * says, NULL if that is not known?  Those that do not are none of it.
 */
static bool drop_shares(struct look *l, uint32_t zone, uint32_t cpu, uint32_t i, const bool *below)
{
	struct request *r = l->r;
	bool fit;

	while (pa_swap_share(r->pa, zone, cpu, i)) {
		put_zones_back(l);
		fit = fits(l) && (!below || l->a->below_high == *below);
		pa_swap_share(r->pa, zone, cpu, i);
		if (fit)
			i++;
		else
			pa_drop_share(r->pa, zone, cpu, i);
	}
	return i;
}

/*
 * A CPU's share of a counter is in doubt (pa_doubt_share()), and this attempt finds the zone with the share as
 * it was taken to be.  Where it would not with another one, it is not that.
 */
static void drop_doubts(struct look *l)
{
	struct request *r = l->r;
	const struct attempt seen = *l->a;

	if (!r->doubts)
		return;
	r->doubts = false;
	keep_zones(l);
	for (uint32_t zone = 0; zone < r->nr_zones; zone++)
		for (uint32_t cpu = 0; cpu < r->core_cpus; cpu++)
			r->doubts |= drop_shares(l, zone, cpu, 0, NULL);
	put_zones_back(l);
	*l->a = seen;
}

/* It finds it with another share alone: that is the one, or one that does as well. */
static bool fits_with_other(struct look *l)
{
	struct request *r = l->r;

	for (uint32_t zone = 0; zone < r->nr_zones && r->doubts; zone++)
		for (uint32_t cpu = 0; cpu < r->core_cpus; cpu++)
			for (uint32_t i = 0; pa_swap_share(r->pa, zone, cpu, i); i++) {
				put_zones_back(l);
				if (fits(l)) {
					drop_shares(l, zone, cpu, 0, NULL);
					put_zones_back(l);
					r->res.counted_late++;
					return fits(l);
				}
				pa_swap_share(r->pa, zone, cpu, i);
			}
	return false;
}

/*
 * The zone fits, and a CPU's share of its counter is in doubt: the next push finds ZONE_BELOW_HIGH, which no attempt sets
 * but this one with another share, or does not find it, which this one has not set then.  @was_below: it was there.
 */
static void look_high_with_other(struct look *l, bool was_below)
{
	struct request *r = l->r;
	const struct attempt seen = *l->a;
	uint32_t zone = seen.choice.zone;
	bool below = !seen.below_high;

	if (!r->doubts || !r->has_pushes || was_below ||
	    !(below ? request_below_high_next(r, zone) && !request_is_set_again(r, zone) :
		      request_stays_above(r, zone, l->end)))
		return;
	keep_zones(l);
	r->before[zone].flags &= ~PA_ZONE_BELOW_HIGH;
	for (uint32_t cpu = 0; cpu < r->core_cpus; cpu++)
		for (uint32_t i = 0; pa_swap_share(r->pa, zone, cpu, i); i++) {
			put_zones_back(l);
			if (fits(l) && l->a->below_high == below) {
				drop_shares(l, zone, cpu, 0, &below);
				put_zones_back(l);
				fits(l);
				r->res.counted_late++;
				return;
			}
			pa_swap_share(r->pa, zone, cpu, i);
		}
	put_zones_back(l);
	request_set_below_high(r, zone, seen.below_high);
	*l->a = seen;
}

/* The zone fits: what else is known of the look.  @pending: kswapd is to take boosts back. */
static void settle_look(struct look *l, bool pending, uint32_t flags)
{
	if (pending)
		look_without_boost(l);
	look_high_amid_claims(l);
	look_high_with_other(l, flags & PA_ZONE_BELOW_HIGH);
	drop_doubts(l);
}

/* Look; return whether the zone fits, however the others' work was seen.  If not, it was no look. */
static bool look(struct look *l)
{
	bool nested = l->r->looking, pending = request_boosts_pending(l->r);
	uint32_t flags[PA_MAX_ZONES];
	bool fit;

	if (l->r->setting)
		request_doubt_thresholds(l->r, false);
	if (l->r->folds)
		request_doubt_folds(l->r);
	if (pending)
		keep_zones(l);
	if (!fails(l))
		note_found(l, pa_look_quick(l->r->pa, &l->args, l->a->flags,
					    uncounted(l->r, l->args.cpu, false), &l->a->choice));
	for (uint32_t zone = 0; zone < l->r->nr_zones; zone++)
		flags[zone] = pa_zone_flags(l->r->pa, zone);
	if (l->a->found && is_the_one(l)) {
		settle_look(l, pending, flags[l->a->choice.zone]);
		return true;
	}
	if (fits(l)) {
		if (l->a->found)
			settle_look(l, pending, flags[l->a->choice.zone]);
		return true;
	}
	l->a->first = l->a->choice;
	l->a->first_found = l->a->found;
	l->a->first_below = l->a->below_high;
	keep_zones(l);
	for (uint32_t zone = 0; zone < l->r->nr_zones; zone++)
		l->r->before[zone].flags = flags[zone];
	l->r->looking = true;
	fit = fits_uncounted(l) || fits_amid_split(l) || fits_amid_drain(l) ||
	      (!nested && fits_after_fallbacks(l)) || fits_less_boosted(l) ||
	      fits_unboosted(l, true) || fits_amid_claims(l) || fits_with_other(l) ||
	      fits_unboosted(l, false);
	if (!fit)
		put_zones_back(l);
	l->r->looking = nested;
	return fit;
}

/* -------------------------------------------------------------------------
 * Attempts
 */

static struct look look_of(struct request *r, uint32_t cpu, struct attempt *a,
			   const struct trace_event *end)
{
	return (struct look){
		.r = r,
		.a = a,
		.cpu = cpu,
		.end = end,
		.args = {
			.cpu = request_core_cpu(r, cpu),
			.gfp = gfp_of_zone(a->highest) | (uint32_t)a->mt << 3,
			.order = a->order,
		},
	};
}

/* Does the request of the attempt follow at once, and nothing else that its CPU is at matters? */
static bool is_plain(struct request *r, const struct trace_event *ev)
{
	const struct run_cpu *c = &r->cpus[ev->cpu];

	return (ev->note & (WIN_ENDED | WIN_NESTED)) == WIN_ENDED && !ev->order &&
	       r->win_link[ev - r->win].to == 1 && r->now + 1 < r->play_end && !c->nr_tries &&
	       !c->refill.open && !c->draining && !r->nr_made && !r->nr_late && !r->doubts &&
	       (!r->refills_open || r->kernel->hygiene) && !r->looked_on && !r->opt.decision &&
	       !request_fallback_is_near(r) && !request_boosts_pending(r);
}

/* As nearly always: the page is of the CPU's own list. */
static bool try_at_once(struct request *r, const struct trace_event *ev)
{
	const struct trace_event *end = request_event(r, r->now + 1);
	uint8_t mt = request_type_of(r, ev->mt);
	uint32_t flags = request_flags_of(r, trace_try_flags(ev));

	if (mt >= PA_PCPTYPES || !(end->note & WIN_ZONE) || request_is_slow(flags) ||
	    !request_make_at_once(r, end, gfp_of_zone(trace_try_highest(ev)) | (uint32_t)mt << 3,
				  flags))
		return false;
	r->cpus[ev->cpu].picking = false;
	r->now++;
	return true;
}

/* Does what @try's CPU does next show that it fails: reclaim, or an attempt that only the slow path makes? */
static bool seen_to_fail(struct request *r, const struct trace_event *try)
{
	const struct trace_event *next = request_next_of(r, try);

	if (!next || (try->pid && next->pid != try->pid) || next->order != try->order)
		return false;
	return next->type == EV_RECLAIM_BEGIN || next->type == EV_COMPACT_TRY ||
	       (next->type == EV_TRY && next->mt == try->mt &&
		!request_is_slow(request_flags_of(r, trace_try_flags(try))) &&
		request_is_slow(request_flags_of(r, trace_try_flags(next))));
}

/*
 * An attempt starts.  Of one that fails nothing more is heard; the next one comes on top of it.
 *
 * It looks at the marks at once, as a rule.  But between the probe and the look an interrupt may
 * come, or a host that has better things to do: where the zone does not fit, it looks when its CPU is
 * heard of next (request_take_try).
 */
void request_on_try(struct request *r, const struct trace_event *ev)
{
	bool nested;
	const struct trace_event *end;
	struct run_cpu *c = &r->cpus[ev->cpu];
	uint8_t mt = request_type_of(r, ev->mt);
	struct attempt *a;
	struct look l;

	request_drop_emptied(c, ev->pid);
	c->picking = false; /* what comes next of its CPU in the lock is another hold */
	request_end_refill(r, ev->cpu);
	for (uint32_t i = 0; i < c->nr_tries; i++)
		c->tries[i].waits = false;
	if (mt >= PA_PCPTYPES || (is_plain(r, ev) && try_at_once(r, ev)))
		return;
	end = request_end_of(r, ev, &nested);
	/* Another one for a request whose last one failed. */
	a = c->nr_tries ? &c->tries[c->nr_tries - 1] : NULL;
	if (a && a->order == ev->order && a->mt == mt && !a->found && !a->late)
		c->nr_tries--;
	if (c->nr_tries == MAX_TRIES) {
		memmove(c->tries, c->tries + 1, (MAX_TRIES - 1) * sizeof(c->tries[0]));
		c->nr_tries--;
	}
	a = &c->tries[c->nr_tries++];
	*a = (struct attempt){
		.order = ev->order,
		.mt = mt,
		.highest = (uint8_t)trace_try_highest(ev),
		.flags = request_flags_of(r, trace_try_flags(ev)),
		.captured = NO_PFN,
		.number = request_number_of(r, ev),
		.end = end ? request_number_of(r, end) : NO_EVENT,
	};
	l = look_of(r, ev->cpu, a, end);
	l.failed = (!end || nested) && seen_to_fail(r, ev);
	if (l.failed || (end && !nested))
		a->late = !look(&l) && !fails(&l);
	if (!end || nested || (fails(&l) && a->found))
		look_at_marks(&l);
}

/*
 * An attempt whose zone did not fit: but there is nothing in the zone that it found at once.  It had settled for
 * it, waited for zone->lock and came too late; rmqueue() gave up after it had asked how much to bring
 * (nr_pcp_alloc), and the next zone's turn came.
 */
static bool came_too_late(struct request *r, uint32_t cpu, struct attempt *a)
{
	int pindex = pa_pcp_index(r->pa, a->order, (enum pa_mt)a->mt);
	uint32_t zone = a->first.zone;

	if (!a->first_found || pindex < 0 ||
	    pa_pcp_head(r->pa, zone, request_core_cpu(r, cpu), (unsigned int)pindex) != PA_PFN_NONE)
		return false;
	for (unsigned int o = a->order; o < r->meta->nr_orders; o++)
		if (pa_nr_free(r->pa, zone, o))
			return false;
	if (a->first_below)
		request_set_below_high(r, zone, true);
	else if (pa_zone_flags(r->pa, zone) & PA_ZONE_BELOW_HIGH)
		return request_note_too_late(r, cpu, a);
	a->choice = a->first;
	a->found = true;
	a->below_high = a->first_below;
	return true;
}

/* The attempt that a request of this CPU ends with: the latest one of its kind. */
const struct attempt *request_take_try(struct request *r, const struct trace_event *ev)
{
	struct run_cpu *c = &r->cpus[ev->cpu];
	uint8_t mt = request_type_of(r, ev->mt);
	uint64_t number = request_number_of(r, ev);
	uint32_t i = c->nr_tries;
	struct attempt *a;
	struct look l;

	while (i > 0 && c->tries[i - 1].end != number)
		i--;
	if (!i)
		i = c->nr_tries;
	while (i > 0 && (c->tries[i - 1].order != ev->order || c->tries[i - 1].mt != mt))
		i--;
	if (!i)
		return NULL;
	c->taken = c->tries[i - 1];
	c->nr_tries--;
	if (i <= c->nr_tries)
		memmove(&c->tries[i - 1], &c->tries[i],
			(c->nr_tries - (i - 1)) * sizeof(c->tries[0]));
	a = &c->taken;
	if (a->late && a->captured == NO_PFN) {
		l = look_of(r, ev->cpu, a, ev);
		l.last = true;
		if (!came_too_late(r, ev->cpu, a)) {
			if (ev->pfn != EV_PFN_NONE && look(&l))
				look_high_before(&l);
			else
				look_at_marks(&l);
		}
		r->res.looked_late++;
	}
	return a;
}

bool request_fits_now(struct request *r, uint32_t cpu, const struct attempt *a,
		      const struct trace_event *end)
{
	struct attempt try = *a;
	struct look l = look_of(r, cpu, &try, end);
	bool fit;

	keep_zones(&l);
	fit = fits(&l);
	put_zones_back(&l);
	return fit;
}
