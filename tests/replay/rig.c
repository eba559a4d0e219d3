/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>

#include "rig.h"

static void must(bool sound)
{
	if (!sound)
		abort();
}

static void on_decision(void *arg, const struct replay_decision *d)
{
	struct rig *rig = arg;

	rig->seen++;
	rig->last = *d;
	rig->core = *d->core;
	rig->last.core = &rig->core;
}

static void on_event(void *arg, uint64_t event, const struct trace_event *ev)
{
	struct rig *rig = arg;
	unsigned int order;

	must(event == rig->heard++);
	rig->type = ev->type;
	rig->free = 0;
	for (order = 0; order < PA_MAX_ORDERS; order++)
		rig->free += pa_nr_free(replay_state(rig->r), 0, order) << order;
}

void rig_open(struct rig *rig, const char *policy, const char *tier, bool no_repair)
{
	struct replay_options opt = { .no_repair = no_repair,
				      .check = true,
				      .decision = on_decision,
				      .event = on_event,
				      .arg = rig };
	char why[200];

	memset(rig, 0, sizeof(*rig));
	machine_init(&rig->m, policy);
	strcpy(rig->m.meta.tier, tier);
	if (!strcmp(policy, "5.10")) { /* whose compactors cannot be looked at */
		trace_pairs_add(&rig->m.meta.sites, "hands:mm_compaction_begin", 0, NULL);
		trace_pairs_add(&rig->m.meta.sites, "fexit:__isolate_free_page", 0, NULL);
	}
	must(!replay_open(&rig->m.meta, &opt, &rig->r, why, sizeof(why)));
}

void rig_list(struct rig *rig, enum trace_at at, uint32_t zone, uint32_t order, uint32_t mt,
	      size_t n, const uint64_t *pfn)
{
	struct trace_item item = {
		.kind = TRACE_LIST,
		.list = { .at = at, .zone = zone, .order = order, .mt = mt, .pfn = pfn, .n = n }
	};

	must(!replay_item(rig->r, &item));
}

void rig_pages(struct rig *rig, uint64_t first_pfn, enum trace_use use, size_t n)
{
	uint8_t *uses = malloc(n);
	struct trace_item item = { .kind = TRACE_PAGES,
				   .pages = { TRACE_AT_BEGIN, 0, first_pfn, uses, n } };

	must(uses);
	memset(uses, use, n);
	must(!replay_item(rig->r, &item));
	free(uses);
}

void rig_feed_all(struct rig *rig, struct trace_event *ev, size_t n)
{
	struct trace_item item = { .kind = TRACE_EVENTS,
				   .events = { .ev = ev, .n = n, .first = rig->n } };

	for (; n; n--)
		(ev++)->ts = 1000 * rig->n++;
	must(!replay_item(rig->r, &item));
}

void rig_feed(struct rig *rig, struct trace_event ev)
{
	rig_feed_all(rig, &ev, 1);
}

const struct replay_result *rig_end(struct rig *rig)
{
	must(!replay_finish(rig->r));
	must(!replay_result(rig->r)->unsound);
	return replay_result(rig->r);
}

void rig_close(struct rig *rig)
{
	replay_close(rig->r);
	machine_free(&rig->m);
}
