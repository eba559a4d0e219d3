/* SPDX-License-Identifier: GPL-2.0-only */
/* The closing snapshot beside the core's free lists, and what to call a difference. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "request_internal.h"

static const struct {
	const char *name, *what;
} classes[] = {
#define X(id, name, what) [REQUEST_##id] = { name, what },
	REQUEST_CLASSES(X)
#undef X
};

const char *request_class_name(enum request_class c)
{
	return c < REQUEST_NR_CLASSES ? classes[c].name : NULL;
}

const char *request_class_what(enum request_class c)
{
	return c < REQUEST_NR_CLASSES ? classes[c].what : NULL;
}

void request_note_first(struct request *r, const struct request_decision *d)
{
	struct replay_divergence *first = &r->res.first;

	first->found = true;
	first->event = d->event;
	first->ts = d->ts;
	snprintf(first->kernel, sizeof(first->kernel), "0x%" PRIx64, d->kernel);
	snprintf(first->core, sizeof(first->core), "0x%" PRIx64 " (%s)", d->rec->pfn,
		 pa_source_name(d->rec->source));
}

int request_final_list(struct request *r, const struct trace_list *list)
{
	uint8_t mt = list->mt < r->meta->nr_mt ? r->mt[list->mt] : NO_MT;
	int zone = list->zone < TRACE_MAX_ZONES ? r->zone_at[list->zone] : -1;

	if (zone < 0 || mt == NO_MT || list->order >= r->meta->nr_orders)
		return 0;
	r->res.end_known = true;
	r->res.final[list->order].kernel += list->n;
	r->zones[zone].end_seen = true;
	if (r->described)
		return 0;
	if (!r->final)
		r->final = final_open(r->pa);
	if (!r->final)
		return -ENOMEM;
	final_add(r->final, (uint32_t)zone, list->order, mt, list->pfn, list->n);
	return 0;
}

void request_final_end(struct request *r)
{
	struct final_count count = { 0 };

	for (uint32_t zone = 0; zone < pa_nr_zones(r->pa); zone++)
		for (uint32_t order = 0; order < r->meta->nr_orders; order++)
			r->res.final[order].core += pa_nr_free(r->pa, zone, order);
	for (uint32_t zone = 0; zone < r->nr_zones; zone++) {
		r->res.zones_begin += r->zones[zone].begin;
		if (r->final && r->zones[zone].end_seen)
			final_zone(r->final, zone, &count);
	}
	r->res.lists_known = r->final;
	r->res.lists = count.lists;
	r->res.lists_exact_order = count.lists_exact_order;
	r->res.lists_exact_set = count.lists_exact_set;
	r->res.final_blocks = count.blocks;
	r->res.final_blocks_exact = count.blocks_exact;
}
