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

static const char *text_or_null(const char *text)
{
	return text[0] ? text : NULL;
}

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

static void json_rate(struct out_json *j, const char *key, double rate)
{
	if (rate < 0)
		out_null(j, key);
	else
		out_double(j, key, rate, 1);
}

static void json_counts(struct out_json *j, const struct sample *before, const struct sample *s)
{
	out_object_inline(j, "counts");
	for (int c = 0; c < NR_COUNTS; c++)
		json_known(j, source_count_name(c), s->counts.v[c], s->counts.known >> c & 1);
	out_close(j);
	out_object_inline(j, "rates");
	for (int c = 0; c < NR_COUNTS; c++)
		json_rate(j, source_count_name(c), metrics_rate(before, s, c));
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

/* -------------------------------------------------------------------------
 * Lists, as JSON
 */

static void json_type(struct out_json *j, const char *key, unsigned int mt)
{
	out_str(j, key, mt < PA_NR_MT ? pa_mt_name(mt) : NULL);
}

static void json_order(struct out_json *j, int order)
{
	if (order < 0)
		out_null(j, "order");
	else
		out_u64(j, "order", (uint64_t)order);
}

/* Fallbacks and differences since the object before. */
static void json_decisions(struct out_json *j, const struct sample *before, const struct sample *s)
{
	const struct source_decision *d;

	if (!s->core_known) {
		out_null(j, "decisions");
		return;
	}
	out_array(j, "decisions");
	for (d = s->decisions; d < s->decisions + s->nr_decisions; d++) {
		if (before && d->event < before->event)
			continue;
		out_object_inline(j, NULL);
		out_u64(j, "event", d->event);
		out_u64(j, "zone", d->core.req.zone);
		out_u64(j, "order", d->core.req.order);
		json_type(j, "type", d->core.req.mt);
		json_known(j, "pfn", d->kernel.pfn, d->kernel.pfn != PA_PFN_NONE);
		if (d->kernel.fallback) {
			json_type(j, "from", d->kernel.fallback_mt);
			out_u64(j, "from_order", d->kernel.fallback_order);
		} else {
			out_null(j, "from");
			out_null(j, "from_order");
		}
		out_str(j, "class", d->class == REPLAY_SAME ? NULL : replay_class_name(d->class));
		out_close(j);
	}
	out_close(j);
}

static void json_fallbacks(struct out_json *j, const struct sample *s)
{
	if (!s->fallbacks) {
		out_null(j, "fallbacks");
		return;
	}
	out_array(j, "fallbacks");
	for (const struct source_fallback *f = s->fallbacks; f < s->fallbacks + s->nr_fallbacks;
	     f++) {
		out_object_inline(j, NULL);
		json_type(j, "type", f->mt);
		json_type(j, "from", f->fallback_mt);
		out_u64(j, "from_order", f->fallback_order);
		out_u64(j, "picks", f->n);
		out_u64(j, "claimed", f->claimed);
		out_u64(j, "kept", f->kept);
		out_close(j);
	}
	out_close(j);
}

static void json_stalls(struct out_json *j, const struct sample *s)
{
	const struct source_histogram *h = s->histogram;
	uint64_t n, done;

	if (!h) {
		out_null(j, "stalls");
		return;
	}
	out_array(j, "stalls");
	for (int kind = 0; kind < 3; kind++)
		for (int order = -1; order < SOURCE_ORDERS; order++) {
			n = done = 0;
			for (int i = 0; i < SOURCE_BUCKETS; i++) {
				n += h->n[kind][order + 1][0][i] + h->n[kind][order + 1][1][i];
				done += h->n[kind][order + 1][1][i];
			}
			if (!n)
				continue;
			out_object_inline(j, NULL);
			out_str(j, "kind", source_stall_name(kind));
			json_order(j, order);
			out_u64(j, "n", n);
			out_u64(j, "done", done);
			out_array_inline(j, "by_log2_us");
			for (int i = 0; i < SOURCE_BUCKETS; i++)
				out_u64(j, NULL,
					h->n[kind][order + 1][0][i] + h->n[kind][order + 1][1][i]);
			out_close(j);
			out_close(j);
		}
	out_close(j);
}

static void json_callers(struct out_json *j, const struct sample *s)
{
	out_array(j, "callers");
	for (const struct source_caller *c = s->callers; c < s->callers + s->nr_callers; c++) {
		out_object_inline(j, NULL);
		out_u64(j, "pid", c->pid);
		out_str(j, "name", text_or_null(c->name));
		out_u64(j, "pages", c->pages);
		out_u64(j, "blocks", c->allocs);
		out_u64(j, "unmovable", c->unmovable);
		out_u64(j, "high_order", c->high);
		out_u64(j, "max_order", c->max_order);
		out_u64(j, "stalls", c->stalls);
		out_u64(j, "stall_ns", c->stall_ns);
		json_rate(j, "pages_s", c->pages_s);
		json_rate(j, "unmovable_s", c->unmovable_s);
		json_rate(j, "high_order_s", c->high_s);
		out_close(j);
	}
	out_close(j);
	if (!s->stacks) {
		out_null(j, "stacks");
		return;
	}
	out_array(j, "stacks");
	for (const struct source_stack *k = s->stacks; k < s->stacks + s->nr_stacks; k++) {
		out_object_inline(j, NULL);
		out_u64(j, "pages", k->pages);
		json_rate(j, "pages_s", k->pages_s);
		out_u64(j, "order", k->order);
		json_type(j, "type", k->mt);
		out_str(j, "stack", k->text);
		out_close(j);
	}
	out_close(j);
}

static void json_pcp(struct out_json *j, const struct sample *s)
{
	out_array(j, "pcp");
	for (const struct source_pcp *p = s->pcp; p < s->pcp + s->nr_pcp; p++) {
		bool passed = !p->exact || p->passed_known;

		out_object_inline(j, NULL);
		out_u64(j, "zone", p->zone);
		out_u64(j, "cpu", p->cpu);
		json_known(j, "count", (uint64_t)p->count, p->count >= 0 && p->exact);
		json_known(j, "high", (uint64_t)p->high, p->high >= 0);
		json_known(j, "batch", (uint64_t)p->batch, p->batch >= 0);
		json_known(j, "refilled", p->refilled, passed);
		json_known(j, "drained", p->drained, passed);
		json_known(j, "taken", p->taken, !p->exact);
		json_known(j, "given", p->given, !p->exact);
		out_close(j);
	}
	out_close(j);
}

/* -------------------------------------------------------------------------
 * A sample, as JSON
 */

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
	json_lists(&j, "requests", s->requests, s->nr_orders, s->requests_known);
	out_u64(&j, "types_ns_ago", s->types_ns_ago);
	out_array(&j, "zones");
	for (uint32_t z = 0; z < s->nr_zones; z++)
		json_zone(&j, s, &s->zone[z]);
	out_close(&j);
	json_decisions(&j, before, s);
	json_fallbacks(&j, s);
	json_stalls(&j, s);
	json_callers(&j, s);
	json_pcp(&j, s);
	json_own(&j, &s->own);
	out_close(&j);
	return out_json_end(&j);
}
