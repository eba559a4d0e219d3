/* SPDX-License-Identifier: GPL-2.0-only */
#include "counted.h"

#include <string.h>

_Static_assert(COUNT_RECLAIM == STALL_RECLAIM && COUNT_COMPACT == STALL_COMPACT &&
		       COUNT_KCOMPACTD == STALL_KCOMPACTD && COUNT_BUCKETS == SOURCE_BUCKETS &&
		       COUNT_ORDERS > SOURCE_ORDERS,
	       "the programs and the samples mean the same");

void counted_types(struct counted_room *room, const char mt[][TRACE_NAME], uint32_t nr_mt)
{
	for (uint32_t i = 0; i < COUNT_TYPES; i++) {
		room->mt[i] = PA_NR_MT;
		for (unsigned int to = 0; i < nr_mt && to < PA_NR_MT; to++)
			if (!strcmp(mt[i], pa_mt_name(to)))
				room->mt[i] = (uint8_t)to;
	}
}

/* -------------------------------------------------------------------------
 * Counts
 */

static uint64_t sum(const __u64 *n, size_t from, size_t to)
{
	uint64_t all = 0;

	for (size_t i = from; i < to; i++)
		all += n[i];
	return all;
}

uint64_t counted_runs(const struct counted *c)
{
	uint64_t n = 0;

	for (const struct count_cpu *cpu = c->cpu; cpu < c->cpu + c->nr_cpus; cpu++)
		n += sum(cpu->allocs, 0, COUNT_ORDERS * COUNT_TYPES) +
		     sum(cpu->picks, 0, COUNT_ORDERS * COUNT_TYPES) +
		     sum(cpu->drains, 0, COUNT_ORDERS);
	return n;
}

static void set_count(struct sample *out, enum source_count c, uint64_t v)
{
	out->counts.known |= UINT32_C(1) << c;
	out->counts.v[c] = v;
}

static void sample_counts(const struct counted *c, const struct counted_room *room,
			  struct sample *out)
{
	static const enum source_count rare[NR_RARE] = {
		[RARE_RECLAIMS] = COUNT_RECLAIMS,
		[RARE_RECLAIMED] = COUNT_RECLAIMED,
		[RARE_COMPACTIONS] = COUNT_COMPACTIONS,
		[RARE_RUNS] = COUNT_COMPACT_RUNS,
		[RARE_DONE] = COUNT_COMPACT_DONE,
		[RARE_SCANNED] = COUNT_COMPACT_SCANNED,
		[RARE_MOVED] = COUNT_COMPACT_MOVED,
		[RARE_KSWAPD] = COUNT_KSWAPD,
		[RARE_OOM] = COUNT_OOM,
	};
	uint64_t allocs = 0, failed = 0, high = 0, refilled = 0, drained = 0;

	for (const struct count_cpu *cpu = c->cpu; cpu < c->cpu + c->nr_cpus; cpu++) {
		for (size_t i = 0; i < COUNT_ORDERS * COUNT_TYPES; i++) {
			uint32_t order = i % COUNT_ORDERS, mt = room->mt[i / COUNT_ORDERS];

			allocs += cpu->allocs[i];
			high += order > COUNT_COSTLY ? cpu->allocs[i] : 0;
			if (order < SOURCE_ORDERS && mt < PA_NR_MT)
				out->requests[order][mt] += cpu->allocs[i];
		}
		failed += cpu->failed;
		refilled += sum(cpu->refills, 0, COUNT_ORDERS);
		drained += sum(cpu->drains, 0, COUNT_ORDERS);
	}
	out->requests_known = true;
	set_count(out, COUNT_EVENTS, counted_runs(c));
	set_count(out, COUNT_ALLOCS, allocs);
	set_count(out, COUNT_FAILED, failed);
	set_count(out, COUNT_HIGH_ORDER, high);
	if (c->refills_known)
		set_count(out, COUNT_REFILLED, refilled);
	set_count(out, COUNT_DRAINED, drained);
	set_count(out, COUNT_MISSED, c->missed);
	for (int i = 0; i < RARE_STACKS_FULL; i++)
		set_count(out, rare[i], c->rare[i]);
	out->event = out->counts.v[COUNT_EVENTS];
}

static void sample_fallbacks(const struct counted *c, struct counted_room *room, struct sample *out)
{
	uint64_t all = 0, claimed = 0, kept = 0;
	struct source_fallback *f = room->fallback;

	for (unsigned int mt = 0; mt < COUNT_TYPES; mt++)
		for (unsigned int from = 0; from < COUNT_TYPES; from++)
			for (unsigned int order = 0; order < COUNT_ORDERS; order++) {
				*f = (struct source_fallback){
					.mt = room->mt[mt],
					.fallback_mt = room->mt[from],
					.fallback_order = (uint8_t)order,
					.kept = c->fallbacks->n[1][mt][from][order],
					.claimed = c->fallbacks->n[2][mt][from][order],
				};
				f->n = c->fallbacks->n[0][mt][from][order] + f->kept + f->claimed;
				all += f->n;
				claimed += f->claimed;
				kept += f->kept;
				f += f->n > 0;
			}
	set_count(out, COUNT_FALLBACKS, all);
	set_count(out, COUNT_CLAIMED, claimed);
	set_count(out, COUNT_KEPT, kept);
	out->fallbacks = room->fallback;
	out->nr_fallbacks = (size_t)(f - room->fallback);
}

/* -------------------------------------------------------------------------
 * Stalls
 */

/* One that is being written while it is read is left out. */
static bool read_stall(const struct count_stall *from, uint64_t number, struct source_stall *to)
{
	const volatile __u64 *seq = &from->seq;

	if (*seq != number + 1)
		return false;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	*to = (struct source_stall){
		.ts = from->ts,
		.ns = from->ns,
		.pid = from->pid,
		.cpu = from->cpu,
		.kind = (uint8_t)(from->kind <= STALL_KCOMPACTD ? from->kind : STALL_KCOMPACTD),
		.order = (int8_t)(from->order >= 0 && from->order < SOURCE_ORDERS ? from->order :
										    -1),
		.status = (uint8_t)(from->status > 0xff ? 0xff : from->status),
		.done = from->done,
		.scanned = from->scanned,
		.taken = from->taken,
		.moved = from->moved,
		.reclaimed = from->reclaimed,
	};
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return *seq == number + 1;
}

static void sample_stalls(const struct counted *c, struct counted_room *room, struct sample *out)
{
	uint64_t at = c->nr_stalls > COUNT_NR_STALLS ? c->nr_stalls - COUNT_NR_STALLS : 0;

	out->stalls_gone = at;
	for (; at < c->nr_stalls; at++)
		if (read_stall(&c->stalls[at % COUNT_NR_STALLS], at, &room->stall[out->nr_stalls]))
			out->nr_stalls++;
	out->stalls = room->stall;
	for (int kind = 0; kind < 3; kind++)
		for (int order = 0; order <= SOURCE_ORDERS; order++)
			for (int done = 0; done < 2; done++)
				for (int i = 0; i < SOURCE_BUCKETS; i++)
					room->histogram.n[kind][order][done][i] =
						c->histogram->n[kind][order][done][i];
	out->histogram = &room->histogram;
}

/* -------------------------------------------------------------------------
 * Who
 */

static void sample_callers(const struct counted *c, struct counted_room *room, struct sample *out)
{
	size_t n = c->nr_processes < COUNT_NR_PROCESSES ? c->nr_processes : COUNT_NR_PROCESSES;

	for (size_t i = 0; i < n; i++) {
		const struct count_process *p = &c->process[i];
		struct source_caller *to = &room->caller[i];

		*to = (struct source_caller){
			.pid = c->pid[i],
			.allocs = p->allocs,
			.pages = p->pages,
			.unmovable = p->unmovable,
			.high = p->high,
			.stalls = p->stalls,
			.stall_ns = p->stall_ns,
			.max_order = (uint8_t)p->max_order,
		};
		memcpy(to->name, p->comm, sizeof(to->name) - 1);
	}
	out->callers = room->caller;
	out->nr_callers = n;
	out->callers_sampled = true;
}

static uint64_t stack_pages(const struct counted *c, size_t i)
{
	return c->stack[i].blocks << c->stack_key[i].key % COUNT_ORDERS;
}

/* Those with the largest share of all pages or of the last interval's.  Return: how many. */
static size_t choose_stacks(const struct counted *c, const double *pages_s, uint32_t *at)
{
	double pages = 1, all_s = 1, score[COUNTED_STACKS], share;
	size_t n = 0, k;

	for (size_t i = 0; i < c->nr_stacks; i++) {
		pages += (double)stack_pages(c, i);
		all_s += pages_s[i] > 0 ? pages_s[i] : 0;
	}
	for (uint32_t i = 0; i < c->nr_stacks; i++) {
		share = (double)stack_pages(c, i) / pages +
			(pages_s[i] > 0 ? pages_s[i] : 0) / all_s;
		for (k = n; k && score[k - 1] < share; k--)
			;
		if (k == COUNTED_STACKS)
			continue;
		n += n < COUNTED_STACKS;
		memmove(&score[k + 1], &score[k], (n - 1 - k) * sizeof(score[0]));
		memmove(&at[k + 1], &at[k], (n - 1 - k) * sizeof(at[0]));
		score[k] = share;
		at[k] = i;
	}
	return n;
}

size_t counted_stacks(const struct counted *c, struct counted_room *room, struct rates *rates,
		      int32_t *id)
{
	uint32_t at[COUNTED_STACKS], key;
	double per_s[RATES_COUNTERS];
	size_t n, k;

	for (size_t i = 0; i < c->nr_stacks; i++) {
		const uint64_t counters[RATES_COUNTERS] = { stack_pages(c, i) };

		rates_note(rates,
			   (uint64_t)(uint32_t)c->stack_key[i].id << 32 | c->stack_key[i].key,
			   counters, per_s);
		room->stack_pages_s[i] = per_s[0];
	}
	n = choose_stacks(c, room->stack_pages_s, at);
	for (size_t i = 0; i < n; i++) {
		for (k = i; k && room->stack[k - 1].pages < stack_pages(c, at[i]); k--) {
			room->stack[k] = room->stack[k - 1];
			id[k] = id[k - 1];
		}
		key = c->stack_key[at[i]].key;
		id[k] = c->stack_key[at[i]].id;
		room->stack[k] =
			(struct source_stack){ .blocks = c->stack[at[i]].blocks,
					       .pages = stack_pages(c, at[i]),
					       .pages_s = room->stack_pages_s[at[i]],
					       .order = (uint8_t)(key % COUNT_ORDERS),
					       .mt = room->mt[key / COUNT_ORDERS % COUNT_TYPES] };
	}
	return n;
}

/* -------------------------------------------------------------------------
 * All of it
 */

void counted_sample(const struct counted *c, struct counted_room *room, struct sample *out)
{
	sample_counts(c, room, out);
	sample_fallbacks(c, room, out);
	sample_stalls(c, room, out);
	sample_callers(c, room, out);
}

void counted_pcp(const struct counted *c, const int *zone, struct source_pcp *pcp, size_t n)
{
	for (struct source_pcp *p = pcp; p < pcp + n; p++) {
		if (zone[p->zone] < 0 || p->cpu >= c->nr_cpus)
			continue;
		p->refilled = c->cpu[p->cpu].zone[zone[p->zone]].refilled;
		p->drained = c->cpu[p->cpu].zone[zone[p->zone]].drained;
		p->passed_known = true;
	}
}
