/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "metrics.h"
#include "out.h"

/* -------------------------------------------------------------------------
 * A zone
 */

uint64_t metrics_free(const struct source_zone *z)
{
	uint64_t n = 0;

	for (int o = 0; o < SOURCE_ORDERS; o++)
		n += z->total[o] << o;
	return n;
}

uint64_t metrics_suitable(const struct source_zone *z, unsigned int order)
{
	uint64_t n = 0;

	for (unsigned int o = order; o < SOURCE_ORDERS; o++)
		n += z->total[o] << (o - order);
	return n;
}

int metrics_unusable(const struct source_zone *z, unsigned int order)
{
	uint64_t pages = metrics_free(z);

	if (!pages)
		return 1000;
	return (int)((pages - (metrics_suitable(z, order) << order)) * 1000 / pages);
}

int metrics_extfrag(const struct source_zone *z, unsigned int order)
{
	uint64_t pages = metrics_free(z), blocks = 0;

	for (int o = 0; o < SOURCE_ORDERS; o++)
		blocks += z->total[o];
	if (!blocks)
		return 0;
	if (metrics_suitable(z, order))
		return -1000;
	return 1000 - (int)((1000 + (pages * 1000 >> order)) / blocks);
}

uint64_t metrics_difference(const struct source_zone *z)
{
	uint64_t n = 0;

	if (!z->core_known || !z->kernel_known)
		return 0;
	for (int o = 0; o < SOURCE_ORDERS; o++)
		for (int mt = 0; mt < PA_NR_MT; mt++)
			n += z->kernel[o][mt] > z->core[o][mt] ? z->kernel[o][mt] - z->core[o][mt] :
								 z->core[o][mt] - z->kernel[o][mt];
	return n;
}

/* -------------------------------------------------------------------------
 * The host
 */

static void add_zone(const struct source_zone *z, unsigned int order, struct metrics_verdict *v)
{
	uint64_t suitable = metrics_suitable(z, order), free = metrics_free(z);
	enum metrics_serve serve = SERVE_NO;

	if (!z->kernel_known)
		return;
	if (suitable)
		serve = z->min && free <= z->min + (UINT64_C(1) << order) - 1 ? SERVE_LOW :
										SERVE_YES;
	if (serve > v->serve)
		v->serve = serve;
	v->suitable += suitable;
	v->free += free;
	v->unusable += free - (suitable << order);
	for (int o = 0; o < SOURCE_ORDERS; o++)
		if (z->total[o] && o > v->largest)
			v->largest = o;
	v->stuck_known |= z->types_known;
	for (unsigned int o = 0; o < order && z->types_known; o++)
		for (int mt = 0; mt < PA_NR_MT; mt++)
			v->stuck[mt] += z->kernel[o][mt] << o;
	v->polluted_known |= z->mixed_known;
	v->movable += z->blocks[PA_MOVABLE];
	v->polluted += z->mixed[PA_MOVABLE];
	for (int mt = 0; mt < PA_PCPTYPES; mt++)
		v->intruders[mt] += z->intruders[mt];
}

void metrics_verdict(const struct sample *s, unsigned int order, struct metrics_verdict *v)
{
	*v = (struct metrics_verdict){ .largest = -1 };
	for (uint32_t i = 0; i < s->nr_zones; i++)
		add_zone(&s->zone[i], order, v);
}

double metrics_rate(const struct sample *before, const struct sample *now, enum source_count c)
{
	uint32_t bit = UINT32_C(1) << c;

	if (!before || now->ts <= before->ts || !(now->counts.known & before->counts.known & bit) ||
	    now->counts.v[c] < before->counts.v[c])
		return -1;
	return (double)(now->counts.v[c] - before->counts.v[c]) * 1e9 /
	       (double)(now->ts - before->ts);
}

/* -------------------------------------------------------------------------
 * JSON
 */

static void json_known(struct out_json *j, const char *key, uint64_t v, bool known)
{
	if (known)
		out_u64(j, key, v);
	else
		out_null(j, key);
}

static void json_orders(struct out_json *j, const char *key, const uint64_t *n, uint32_t orders)
{
	out_array_inline(j, key);
	for (uint32_t o = 0; o < orders; o++)
		out_u64(j, NULL, n[o]);
	out_close(j);
}

/* Free blocks by list, each by order. */
static void json_lists(struct out_json *j, const char *key,
		       const uint64_t n[SOURCE_ORDERS][PA_NR_MT], uint32_t orders, bool known)
{
	if (!known) {
		out_null(j, key);
		return;
	}
	out_object_inline(j, key);
	for (int mt = 0; mt < PA_NR_MT; mt++) {
		out_array_inline(j, pa_mt_name(mt));
		for (uint32_t o = 0; o < orders; o++)
			out_u64(j, NULL, n[o][mt]);
		out_close(j);
	}
	out_close(j);
}

static void json_types(struct out_json *j, const char *key, const uint64_t *n, int types,
		       bool known)
{
	if (!known) {
		out_null(j, key);
		return;
	}
	out_object_inline(j, key);
	for (int mt = 0; mt < types; mt++)
		out_u64(j, pa_mt_name(mt), n[mt]);
	out_close(j);
}

static void json_zone(struct out_json *j, const struct sample *s, const struct source_zone *z)
{
	out_object_inline(j, NULL);
	out_u64(j, "node", z->node);
	out_str(j, "name", z->name);
	json_known(j, "managed", z->managed, z->managed);
	json_known(j, "min", z->min, z->managed);
	json_known(j, "low", z->low, z->managed);
	json_known(j, "high", z->high, z->managed);
	json_known(j, "boost", z->boost, z->managed);
	json_known(j, "free", metrics_free(z), z->kernel_known);
	if (z->kernel_known) {
		json_orders(j, "blocks", z->total, s->nr_orders);
		out_array_inline(j, "unusable");
		for (uint32_t o = 0; o < s->nr_orders; o++)
			out_double(j, NULL, metrics_unusable(z, o) / 1e3, 3);
		out_close(j);
		out_array_inline(j, "extfrag");
		for (uint32_t o = 0; o < s->nr_orders; o++)
			out_double(j, NULL, metrics_extfrag(z, o) / 1e3, 3);
		out_close(j);
	} else {
		out_null(j, "blocks");
		out_null(j, "unusable");
		out_null(j, "extfrag");
	}
	json_lists(j, "kernel", z->kernel, s->nr_orders, z->types_known);
	json_lists(j, "core", z->core, s->nr_orders, z->core_known);
	json_types(j, "pageblocks", z->blocks, PA_NR_MT, z->blocks_known);
	json_types(j, "mixed", z->mixed, PA_NR_MT, z->mixed_known);
	out_close(j);
}

static void json_core(struct out_json *j, const struct sample *s)
{
	const struct replay_result *r = &s->core;

	if (!s->core_known) {
		out_null(j, "core");
		return;
	}
	out_object_inline(j, "core");
	out_str(j, "policy", r->policy->name);
	out_u64(j, "picks", r->picks);
	out_u64(j, "picks_exact", r->picks_exact);
	out_u64(j, "fallbacks", r->fallbacks);
	out_u64(j, "fallbacks_exact", r->fallbacks_exact);
	out_u64(j, "claims", r->claims);
	out_u64(j, "claims_exact", r->claims_exact);
	out_u64(j, "repairs", r->repairs);
	json_known(j, "lists", r->lists, r->end_known);
	json_known(j, "lists_exact_order", r->lists_exact_order, r->end_known);
	json_known(j, "final_blocks", r->final_blocks, r->end_known);
	json_known(j, "final_blocks_exact", r->final_blocks_exact, r->end_known);
	out_object_inline(j, "classes");
	for (int c = 0; c < REPLAY_NR_CLASSES; c++)
		out_u64(j, replay_class_name(c), r->classes[c].picks);
	out_close(j);
	out_close(j);
}

static void json_counts(struct out_json *j, const struct sample *before, const struct sample *s)
{
	double rate;

	out_object_inline(j, "counts");
	for (int c = 0; c < NR_COUNTS; c++)
		json_known(j, source_count_name(c), s->counts.v[c], s->counts.known >> c & 1);
	out_close(j);
	out_object_inline(j, "rates");
	for (int c = 0; c < NR_COUNTS; c++) {
		rate = metrics_rate(before, s, c);
		if (rate < 0)
			out_null(j, source_count_name(c));
		else
			out_double(j, source_count_name(c), rate, 1);
	}
	out_close(j);
}

static void json_own(struct out_json *j, const struct source_own *own)
{
	out_object_inline(j, "own");
	if (own->known)
		out_double(j, "cpu_percent", own->cpu_percent, 2);
	else
		out_null(j, "cpu_percent");
	if (own->bpf_percent >= 0)
		out_double(j, "bpf_percent", own->bpf_percent, 2);
	else
		out_null(j, "bpf_percent");
	json_known(j, "rss", own->rss, own->rss);
	out_close(j);
}

static const char *text_or_null(const char *text)
{
	return text[0] ? text : NULL;
}

int metrics_json(const struct sample *before, const struct sample *s, FILE *to)
{
	struct out_json j;

	out_json_init(&j, to, 0);
	out_object(&j, NULL);
	out_str(&j, "schema", "buddyscope.top/1");
	out_str(&j, "source", s->source);
	out_str(&j, "name", s->name);
	out_str(&j, "kernel", text_or_null(s->kernel));
	out_str(&j, "tier", text_or_null(s->tier));
	out_str(&j, "note", text_or_null(s->note));
	out_u64(&j, "ts", s->ts);
	out_u64(&j, "event", s->event);
	out_bool(&j, "at_end", s->at_end);
	json_counts(&j, before, s);
	json_core(&j, s);
	out_array(&j, "zones");
	for (uint32_t z = 0; z < s->nr_zones; z++)
		json_zone(&j, s, &s->zone[z]);
	out_close(&j);
	json_own(&j, &s->own);
	out_close(&j);
	return out_json_end(&j);
}
