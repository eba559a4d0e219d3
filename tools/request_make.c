/* SPDX-License-Identifier: GPL-2.0-only */
/* One request: asking the core, comparing with the kernel, counting. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "request_whatif.h"

uint32_t request_gfp_of(struct request *r, const struct trace_event *ev)
{
	uint32_t gfp = 0;

	if (ev->arg && ev->arg == r->gfp_asked && r->gfp_is)
		return r->gfp_is;
	for (unsigned int byte = 0; byte < 4; byte++)
		gfp |= r->gfp[byte][ev->arg >> 8 * byte & 0xff];
	r->gfp_asked = ev->arg;
	r->gfp_is = gfp;
	if (!gfp) /* a trace may lack it */
		gfp = PA_GFP_KERNEL |
		      (request_type_of(r, ev->mt) == PA_MOVABLE ? PA_GFP_MOVABLE | PA_GFP_HIGHMEM :
		       request_type_of(r, ev->mt) == PA_RECLAIMABLE ? PA_GFP_RECLAIMABLE :
								      0);
	return gfp;
}

/* The kernel's ALLOC_*, which have kept their bits since 4.20 (mm/internal.h). */
uint32_t request_flags_of(struct request *r, uint32_t kernel)
{
	static const struct {
		uint32_t kernel, core;
	} bits[] = {
		{ 0x004, PA_ALLOC_NO_WATERMARKS }, { 0x008, PA_ALLOC_OOM },
		{ 0x010, PA_ALLOC_NON_BLOCK },	   { 0x020, PA_ALLOC_MIN_RESERVE },
		{ 0x040, PA_ALLOC_CPUSET },	   { 0x080, PA_ALLOC_CMA },
		{ 0x100, PA_ALLOC_NOFRAGMENT },	   { 0x200, PA_ALLOC_HIGHATOMIC },
		{ 0x800, PA_ALLOC_KSWAPD },
	};
	uint32_t flags = (kernel & 0x3) << PA_ALLOC_WMARK_SHIFT;

	if (kernel && kernel == r->flags_asked)
		return r->flags_are;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		flags |= kernel & bits[i].kernel ? bits[i].core : 0;
	r->flags_asked = kernel;
	r->flags_are = r->kernel->cma == PA_CMA_NONE ? flags & ~PA_ALLOC_CMA : flags;
	return r->flags_are;
}

uint32_t request_task_of(const struct request *r, const struct trace_event *ev)
{
	for (uint32_t i = 0; i < r->nr_memalloc; i++)
		if (r->memalloc[i] == ev->pid)
			return PA_TASK_MEMALLOC;
	for (uint32_t i = 0; i < r->nr_victims; i++)
		if (r->victims[i] == ev->pid)
			return PA_TASK_OOM_VICTIM;
	return 0;
}

void request_count_fallback(struct request *r, const struct pa_decision *d)
{
	if (!pa_is_fallback(d))
		return;
	r->res.fallbacks.core++;
	r->res.fallback_by[d->fallback_mt][d->req.mt]++;
}

void request_count_picks(struct request *r, const struct pa_alloc_record *rec)
{
	for (uint32_t i = 0; i < rec->trail.nr_picks && i < rec->trail.max_picks; i++)
		request_count_fallback(r, &r->picks[i]);
	r->res.refills.core += rec->refill != 0;
	r->res.refilled.core += rec->refill;
	r->res.slow += rec->slow;
	if (rec->slow && rec->nr_steps && rec->nr_steps <= PA_MAX_STEPS)
		r->res.slow_by[rec->steps[rec->nr_steps - 1].step]++;
}

static enum request_class class_of(const struct request *r, uint64_t kernel, uint32_t picked)
{
	const struct pa_alloc_record *rec = &r->rec;
	bool refilled = rec->source != PA_FROM_PCP;

	if (rec->pfn == kernel)
		return REQUEST_SAME;
	if (rec->pfn == PA_PFN_NONE || kernel == PA_PFN_NONE)
		return REQUEST_FAILED;
	if (pa_zone_of(r->pa, kernel) != (int)rec->zone)
		return REQUEST_ZONE;
	if (refilled != (picked != 0))
		return REQUEST_SOURCE;
	return refilled ? REQUEST_BUDDY : REQUEST_PCP;
}

static void compare(struct request *r, const struct trace_event *ev, uint64_t kernel,
		    uint32_t picked)
{
	struct request_decision d = {
		.event = request_number_of(r, ev),
		.ts = ev->ts,
		.cpu = ev->cpu,
		.gfp = r->rec.gfp,
		.order = ev->order,
		.mt = r->rec.mt,
		.kernel = kernel,
		.rec = &r->rec,
		.class = class_of(r, kernel, picked),
	};
	bool same = d.class == REQUEST_SAME;

	r->res.requests++;
	r->res.requests_exact += same;
	r->res.failed.kernel += kernel == PA_PFN_NONE;
	r->res.failed.core += r->rec.pfn == PA_PFN_NONE;
	if (ev->order) {
		r->res.high++;
		r->res.high_exact += same;
	} else {
		r->res.order0++;
		r->res.order0_exact += same;
	}
	if (!same && ev->order)
		r->res.classes[d.class].high++;
	else if (!same)
		r->res.classes[d.class].order0++;
	if (!same && !r->res.first.found)
		request_note_first(r, &d);
	if (r->opt.decision)
		r->opt.decision(r->opt.arg, &d);
}

/* What is left over of the call: which pages, and whose they are from now on. */
static void hand_out(struct request *r, const struct trace_event *ev, const struct run_zone *z,
		     uint32_t cpu)
{
	if (!z) { /* the kernel's caller went without */
		if (r->rec.pfn != PA_PFN_NONE)
			pa_free_pages(r->pa, cpu, r->rec.pfn, ev->order, NULL);
		return;
	}
	if (!ev->order) {
		r->handle[request_frame(z, ev->pfn)] =
			r->rec.pfn == PA_PFN_NONE ? NO_PAGE : (uint32_t)r->rec.pfn;
		return;
	}
	for (uint64_t i = 0; i < request_pages(z, ev->pfn, ev->order); i++)
		r->handle[request_frame(z, ev->pfn) + i] =
			r->rec.pfn == PA_PFN_NONE ? NO_PAGE : (uint32_t)(r->rec.pfn + i);
}

/* What came of a request that took nothing from any list. */
static void note_outcome(struct request *r, const struct pa_alloc_args *args, uint64_t pfn)
{
	memset((char *)&r->rec + sizeof(r->rec.trail), 0,
	       offsetof(struct pa_alloc_record, looks) - sizeof(r->rec.trail));
	r->rec.pfn = pfn;
	r->rec.gfp = args->gfp;
	r->rec.order = args->order;
	r->rec.mt = (uint8_t)pa_gfp_mt(args->gfp);
}

/* The block that compaction captured for it. */
static int take_captured(struct request *r, const struct pa_alloc_args *args, uint64_t pfn)
{
	note_outcome(r, args, pfn);
	r->rec.zone = (uint8_t)pa_zone_of(r->pa, pfn);
	r->rec.source = PA_FROM_CAPTURE;
	return pa_set_allocated(r->pa, pfn, args->order, args->use) ? -EINVAL : 0;
}

/* Where the page came from, and what its decision record tells first. */
static void note_refill(struct request *r, const struct refill *refill)
{
	r->rec.source = r->rec.source == PA_FROM_PCP ? PA_FROM_REFILL : r->rec.source;
	if (!refill->fell_back)
		return;
	r->picks[0] = refill->fallback;
	r->rec.trail.nr_picks = 1;
}

void request_make(struct request *r, const struct trace_event *ev, const struct attempt *tried,
		  uint32_t picked, bool bypass, const struct refill *refill)
{
	uint64_t kernel = ev->pfn == EV_PFN_NONE ? PA_PFN_NONE : ev->pfn, pfn;
	const struct run_zone *z = request_zone_of(r, ev);
	uint32_t gfp = request_gfp_of(r, ev);
	struct pa_alloc_args args = {
		.cpu = request_core_cpu(r, ev->cpu),
		.gfp = gfp,
		.task = bypass ? PA_TASK_PCP_BUSY : 0,
		.order = ev->order,
		.use = gfp & PA_GFP_MOVABLE ? PA_USE_MOVABLE : PA_USE_PINNED,
	};
	int err;

	r->rec.trail = (struct pa_trail){
		.picks = r->picks, .moves = r->moves, .max_picks = MAX_PICKS, .max_moves = MAX_MOVES
	};
	if (tried && tried->captured != NO_PFN) {
		err = take_captured(r, &args, tried->captured);
	} else if (tried && !tried->found && !z) {
		note_outcome(r, &args, PA_PFN_NONE);
		err = -ENOMEM;
	} else if (tried && tried->found) {
		err = pa_alloc_from(r->pa, &args, &tried->choice, &pfn, &r->rec);
	} else {
		args.task |= request_task_of(r, ev);
		args.task |= PA_TASK_HELPED; /* the recording shows what it did for itself */
		err = pa_alloc(r->pa, &args, &pfn, &r->rec);
	}
	if (err == -EINVAL) {
		r->res.frees_unknown++;
		return;
	}
	if (tried)
		r->rec.slow = !tried->found || request_is_slow(tried->flags);
	r->res.untried += !tried;
	r->res.bypasses += bypass;
	if (refill)
		r->rec.refill += (uint32_t)refill->by.taken;
	request_count_picks(r, &r->rec);
	if (refill)
		note_refill(r, refill);
	compare(r, ev, kernel, picked);
	hand_out(r, ev, z, args.cpu);
}

/* A page from the CPU's list, at no more than that. */
static void note_quick(struct request *r, const struct pa_alloc_args *args, uint64_t pfn)
{
	struct pa_alloc_record *rec = &r->rec;

	rec->trail.nr_picks = rec->trail.nr_moves = rec->trail.nr_drains = 0;
	rec->pfn = pfn;
	rec->gfp = args->gfp;
	rec->order = (uint8_t)args->order;
	rec->mt = (uint8_t)pa_gfp_mt(args->gfp);
	rec->source = PA_FROM_PCP;
	rec->slow = rec->reserved = false;
	rec->refill = rec->nr_looks = rec->nr_steps = 0;
}

bool request_make_at_once(struct request *r, const struct trace_event *ev, uint32_t looks,
			  uint32_t flags)
{
	const struct run_zone *z = request_zone_of(r, ev);
	struct pa_choice choice = { .zone = (uint8_t)(z - r->zones), .flags = flags };
	uint32_t gfp = request_gfp_of(r, ev);
	struct pa_alloc_args args = {
		.cpu = request_core_cpu(r, ev->cpu),
		.gfp = gfp,
		.use = gfp & PA_GFP_MOVABLE ? PA_USE_MOVABLE : PA_USE_PINNED,
	};
	uint64_t pfn;

	if (!pa_alloc_at_once(r->pa, &args, looks, &choice, &pfn))
		return false;
	r->handle[request_frame(z, ev->pfn)] = (uint32_t)pfn;
	if (pfn != ev->pfn) {
		note_quick(r, &args, pfn);
		r->rec.zone = choice.zone;
		r->rec.flags = flags;
		compare(r, ev, ev->pfn, 0);
		return true;
	}
	r->res.requests++;
	r->res.requests_exact++;
	r->res.order0++;
	r->res.order0_exact++;
	return true;
}

void request_make_whatif(struct request *r, const struct trace_event *ev, const struct whatif *op)
{
	const struct run_zone *z = op->pfn == NO_PFN ? NULL : &r->zones[op->zone];
	struct pa_alloc_args args = {
		.cpu = request_core_cpu(r, op->cpu),
		.gfp = op->arg,
		.task = op->task,
		.order = op->order,
		.use = op->arg & PA_GFP_MOVABLE ? PA_USE_MOVABLE : PA_USE_PINNED,
	};
	struct request_decision d = {
		.event = op->event,
		.ts = op->ts,
		.cpu = op->cpu,
		.gfp = op->arg,
		.order = op->order,
		.kernel = ev->pfn == EV_PFN_NONE ? PA_PFN_NONE : ev->pfn,
		.rec = &r->rec,
	};
	uint64_t pfn;

	if (pa_alloc_quick(r->pa, &args, &pfn)) {
		note_quick(r, &args, pfn);
	} else {
		oom_arm(r, &args);
		r->rec.trail = (struct pa_trail){ .picks = r->picks,
						  .moves = r->moves,
						  .max_picks = MAX_PICKS,
						  .max_moves = MAX_MOVES };
		if (pa_alloc(r->pa, &args, &pfn, &r->rec) == -EINVAL) {
			r->rec.pfn = PA_PFN_NONE;
			r->rec.trail.nr_moves = 0;
			r->res.frees_unknown++;
			return;
		}
		request_count_picks(r, &r->rec);
	}
	r->res.requests++;
	r->res.failed.kernel += !z;
	r->res.failed.core += r->rec.pfn == PA_PFN_NONE;
	if (op->order)
		r->res.high++;
	else
		r->res.order0++;
	d.mt = r->rec.mt;
	d.class = r->rec.pfn == d.kernel ? REQUEST_SAME : REQUEST_PCP;
	r->res.requests_exact += d.class == REQUEST_SAME;
	if (r->opt.decision)
		r->opt.decision(r->opt.arg, &d);
	hand_out(r, ev, z, args.cpu);
}
