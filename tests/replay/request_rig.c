/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "request_rig.h"

struct trace_event *emit(struct machine *m, unsigned int type, unsigned int cpu, uint64_t pfn)
{
	struct trace_event ev = { .type = type, .cpu = cpu, .pfn = pfn, .mt = K_MOVABLE };

	if (type == EV_ALLOC)
		ev.arg = GFP_MOVABLE;
	if (type == EV_FREE || type == EV_ISOLATE)
		ev.mt = TRACE_MT_NONE;
	if (type == EV_TRY)
		ev.arg = event_try(1, 2);
	if (type == EV_ZONE_ALLOC)
		ev.bits = EV_REFILL;
	return machine_emit(m, ev);
}

void begin_as(struct machine *m, const char *policy)
{
	machine_init(m, policy);
	m->meta.zone[1].high = HIGH;
	assert_int_equal(trace_pairs_add(&m->meta.sites, "fentry:free_unref_page_commit", 1, NULL),
			 0);
	machine_begin(m);
	for (uint64_t i = 0; i < HELD; i++)
		emit(m, EV_ALLOC, 0, NORMAL + i);
}

void begin(struct machine *m)
{
	begin_as(m, "6.12");
}

void give_back_on(struct machine *m, unsigned int cpu, uint64_t pfn)
{
	emit(m, EV_FREE, cpu, pfn);
	emit(m, EV_PUSH, cpu, pfn);
}

void give_back(struct machine *m, uint64_t pfn)
{
	give_back_on(m, 0, pfn);
}

struct trace_event balance_end(unsigned int cpu, uint64_t pfn, uint32_t boost)
{
	return (struct trace_event){ .type = EV_BALANCE_END,
				     .cpu = (uint16_t)cpu,
				     .pfn = pfn,
				     .mt = TRACE_MT_NONE,
				     .arg = event_balance_end(2, 1, boost) };
}

void try_without(struct machine *m, uint64_t pfn)
{
	struct trace_event block = {
		.cpu = 1, .order = 10, .pfn = NORMAL + 1024, .mt = TRACE_MT_NONE
	};

	block.type = EV_ISOLATE;
	machine_emit(m, block);
	emit(m, EV_TRY, 1, 0);
	emit(m, EV_ALLOC, 1, pfn);
	block.type = EV_PUTBACK;
	machine_emit(m, block);
}

void begin_drained_below(struct machine *m, uint64_t pfn)
{
	begin(m);
	m->meta.zone[1].high = 1500;
	for (uint64_t i = 0; i <= LATER; i++)
		give_back(m, NORMAL + i);
	try_without(m, pfn);
	for (uint64_t i = 0; i <= LATER; i++)
		emit(m, EV_DRAIN, 0, NORMAL + i);
}

void run(struct machine *m, struct request_result *res)
{
	run_watched(m, res, NULL);
}

void run_watched(struct machine *m, struct request_result *res, request_sample_fn *sample)
{
	run_with(m, NULL, res, sample);
}

/* The snapshot of NORMAL's per-cpu lists, which are empty. */
static void tell_lists(struct request *r, const struct rig_lists *lists)
{
	for (uint32_t cpu = 0; cpu < 2; cpu++) {
		struct trace_item item = { .kind = TRACE_PCP };

		item.pcp = (struct trace_pcp){ .zone = 1,
					       .cpu = cpu,
					       .mt = K_MOVABLE,
					       .batch = lists->batch,
					       .high = lists->high };
		assert_int_equal(request_item(r, &item), 0);
		item.kind = TRACE_CPU;
		item.cpu = (struct trace_cpu){ .zone = 1,
					       .cpu = cpu,
					       .high_min = lists->high_min,
					       .high_max = lists->high,
					       .free_count = -1,
					       .alloc_factor = -1,
					       .flags = -1,
					       .free_factor = -1,
					       .expire = -1,
					       .threshold = -1,
					       .delta = TRACE_NO_DELTA };
		assert_int_equal(request_item(r, &item), 0);
	}
}

/* Those from @first on, up to @end. */
static void give_events(struct request *r, const struct machine *m, size_t first, size_t end)
{
	struct trace_item item = { .kind = TRACE_EVENTS };

	item.events.ev = m->ev + first;
	item.events.n = end - first;
	item.events.first = first;
	assert_int_equal(request_item(r, &item), 0);
}

/* The events come in two chunks, the second from event @second on. */
static void run_chunks(struct machine *m, const struct rig_lists *lists, size_t second,
		       struct request_result *res, request_sample_fn *sample)
{
	struct request_options opt = { .check = true, .sample = sample, .every = sample ? 1 : 0 };
	struct trace_item item = { .kind = TRACE_LIST };
	struct request *r;
	char why[256];

	assert_int_equal(request_open(&m->meta, &opt, &r, why, sizeof(why)), 0);
	for (size_t i = 0; i < m->nr_begin; i++) {
		item.list = m->begin[i].list;
		assert_int_equal(request_item(r, &item), 0);
	}
	if (lists)
		tell_lists(r, lists);
	give_events(r, m, 0, second);
	if (second < m->n)
		give_events(r, m, second, m->n);
	assert_int_equal(request_finish(r), 0);
	*res = *request_result(r);
	assert_null(res->unsound);
	request_close(r);
	machine_free(m);
}

void run_with(struct machine *m, const struct rig_lists *lists, struct request_result *res,
	      request_sample_fn *sample)
{
	run_chunks(m, lists, m->n, res, sample);
}

void run_in_two(struct machine *m, size_t second, struct request_result *res)
{
	run_chunks(m, NULL, second, res, NULL);
}

struct moment after[EVENTS];

void keep_moment(void *arg, const struct pa *pa, const struct request_result *res, uint64_t event,
		 uint64_t ts)
{
	(void)arg;
	(void)res;
	(void)ts;
	if (event >= EVENTS)
		return;
	after[event].flags = pa_zone_flags(pa, 1);
	for (uint32_t cpu = 0; cpu < 2; cpu++)
		pa_pcp_get(pa, 1, cpu, &after[event].pcp[cpu]);
}

void drain(struct machine *m, unsigned int cpu, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		emit(m, EV_DRAIN, cpu, NORMAL + 512);
}
