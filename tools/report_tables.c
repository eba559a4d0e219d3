/* SPDX-License-Identifier: GPL-2.0-only */
/* The tables of a report: names, columns, rows.  Text, JSON, CSV and the page are made of these. */
#include <stdio.h>
#include <string.h>

#include "report.h"

struct walk {
	const struct report *rep;
	const struct report_form *f;
	size_t most;
};

static void begin(const struct walk *w, const char *name, const char *title, bool one)
{
	w->f->begin(w->f->arg, name, title, one);
}

static void end(const struct walk *w)
{
	w->f->end(w->f->arg);
}

static void row(const struct walk *w)
{
	w->f->row(w->f->arg);
}

static void text(const struct walk *w, const char *key, const char *v)
{
	w->f->text(w->f->arg, key, v && *v ? v : NULL);
}

static void number(const struct walk *w, const char *key, uint64_t v)
{
	w->f->number(w->f->arg, key, v);
}

static void ns(const struct walk *w, const char *key, uint64_t v)
{
	w->f->ns(w->f->arg, key, v);
}

static void none(const struct walk *w, const char *key)
{
	w->f->none(w->f->arg, key);
}

static void known(const struct walk *w, const char *key, uint64_t v, bool is_known)
{
	if (is_known)
		number(w, key, v);
	else
		none(w, key);
}

/* ---- the trace, and how far it can be trusted ---- */

static void put_trace(const struct walk *w)
{
	const struct trace_meta *meta = w->rep->meta;
	const struct replay_result *res = &w->rep->result;

	begin(w, "trace", "Recording", true);
	text(w, "kernel", meta->kernel);
	text(w, "tier", meta->tier);
	text(w, "policy", res->policy->name);
	text(w, "policy_from", res->policy_from);
	text(w, "command", meta->command);
	text(w, "unknown_members", meta->unknown);
	number(w, "cpus", meta->cpus);
	number(w, "page_bytes", UINT64_C(1) << meta->page_shift);
	number(w, "pageblock_order", meta->pageblock_order);
	number(w, "events", res->events);
	ns(w, "duration_ns", w->rep->last_ts - w->rep->first_ts);
	row(w);
	end(w);
}

static void put_zones(const struct walk *w)
{
	const struct report_zone *z;

	begin(w, "zones", "Zones, in pages", false);
	for (z = w->rep->zone; z < w->rep->zone + w->rep->nr_zones; z++) {
		number(w, "node", z->meta->node);
		text(w, "zone", z->meta->name);
		number(w, "start_pfn", z->meta->start_pfn);
		number(w, "spanned", z->meta->spanned);
		number(w, "present", z->meta->present);
		number(w, "managed", z->meta->managed);
		number(w, "min", z->meta->min);
		number(w, "low", z->meta->low);
		number(w, "high", z->meta->high);
		row(w);
	}
	end(w);
}

static void put_loss(const struct walk *w)
{
	const struct replay_result *res = &w->rep->result;
	int64_t zones = trace_pairs_get(&w->rep->stats, "snapshot_zones_missed", 0);

	begin(w, "loss", "What is not in it", true);
	number(w, "lost", res->lost);
	known(w, "missed", trace_missed(&w->rep->stats), w->rep->stats.n);
	known(w, "snapshot_zones_missed", zones > 0 ? (uint64_t)zones : 0, w->rep->stats.n);
	text(w, "cut", res->cut ? res->why : NULL);
	row(w);
	end(w);
}

static void put_fidelity(const struct walk *w)
{
	const struct replay_result *res = &w->rep->result;
	bool picks = res->zones_begin;
	bool claims = picks && (res->claims || !res->claims_untold);
	const struct {
		const char *what;
		uint64_t exact, of;
		bool known;
	} rows[] = {
		{ "picks", res->picks_exact, res->picks, picks },
		{ "fallbacks", res->fallbacks_exact, res->fallbacks, picks },
		{ "claims", res->claims_exact, res->claims, claims },
		{ "lists", res->lists_exact_order, res->lists, res->end_known },
		{ "final_blocks", res->final_blocks_exact, res->final_blocks, res->end_known },
	};
	size_t i;

	begin(w, "fidelity", "How exactly the core did what the kernel did", false);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		text(w, "what", rows[i].what);
		known(w, "exact", rows[i].exact, rows[i].known);
		known(w, "of", rows[i].of, rows[i].known);
		row(w);
	}
	end(w);
	begin(w, "replay", "Replay", true);
	w->f->flag(w->f->arg, "proven", replay_proven(res));
	known(w, "repairs", res->repairs, picks);
	number(w, "picks_skipped", res->picks_skipped);
	number(w, "dropped", res->dropped);
	row(w);
	end(w);
	begin(w, "mismatches", "Why kernel and core differ", false);
	for (i = 0; i < REPLAY_NR_CLASSES; i++) {
		const struct replay_class_count *c = &res->classes[i];

		if (!c->picks && !c->fallbacks && !c->claims && !c->repairs)
			continue;
		text(w, "class", replay_class_name((enum replay_class)i));
		number(w, "picks", c->picks);
		number(w, "fallbacks", c->fallbacks);
		number(w, "claims", c->claims);
		number(w, "repairs", c->repairs);
		text(w, "meaning", replay_class_what((enum replay_class)i));
		row(w);
	}
	end(w);
}

/* ---- who asked for what ---- */

static void put_orders(const struct walk *w)
{
	const struct report_order *o = w->rep->order;
	bool compared = w->rep->result.zones_begin;
	unsigned int i;

	begin(w, "orders", "By order", false);
	for (i = 0; i < w->rep->meta->nr_orders; i++, o++) {
		if (!o->allocs && !o->failed && !o->frees && !o->picks)
			continue;
		number(w, "order", i);
		number(w, "allocs", o->allocs);
		number(w, "failed", o->failed);
		number(w, "pages", o->allocs << i);
		number(w, "frees", o->frees);
		known(w, "picks", o->picks, compared);
		known(w, "picks_exact", o->picks_exact, compared);
		known(w, "fallbacks", o->fallbacks, compared);
		row(w);
	}
	end(w);
}

static void put_types(const struct walk *w)
{
	const struct report *rep = w->rep;
	uint64_t borrowed, lent;
	unsigned int mt, other, order;

	begin(w, "migratetypes", "By migratetype", false);
	for (mt = 0; mt < PA_NR_MT; mt++) {
		const struct report_type *t = &rep->type[mt];

		borrowed = lent = 0;
		for (other = 0; other < PA_NR_MT; other++) {
			for (order = 0; order < REPORT_ORDERS; order++) {
				borrowed += rep->fallback[mt][other][order].events;
				lent += rep->fallback[other][mt][order].events;
			}
		}
		if (!t->allocs && !t->failed && !borrowed && !lent)
			continue;
		text(w, "type", pa_mt_name((enum pa_mt)mt));
		number(w, "allocs", t->allocs);
		number(w, "failed", t->failed);
		number(w, "pages", t->pages);
		number(w, "borrowed", borrowed);
		number(w, "lent", lent);
		row(w);
	}
	end(w);
}

static void put_tally(const struct walk *w, const struct report_tally *t, bool frees)
{
	number(w, "allocs", t->allocs);
	number(w, "failed", t->failed);
	number(w, "pages", t->pages);
	if (frees)
		number(w, "frees", t->frees);
	number(w, "reclaims", t->stalls[REPORT_RECLAIM]);
	ns(w, "reclaim_ns", t->ns[REPORT_RECLAIM]);
	number(w, "compactions", t->stalls[REPORT_COMPACT]);
	ns(w, "compaction_ns", t->ns[REPORT_COMPACT]);
}

static void add_tally(struct report_tally *sum, const struct report_tally *t)
{
	unsigned int i;

	sum->allocs += t->allocs;
	sum->pages += t->pages;
	sum->failed += t->failed;
	sum->frees += t->frees;
	for (i = 0; i < REPORT_NR_STALLS; i++) {
		sum->stalls[i] += t->stalls[i];
		sum->ns[i] += t->ns[i];
	}
}

/* "__GFP_IO|__GFP_FS|0x80000000": the names that the recording knows, in the order of the bits. */
static void gfp_text(const struct report *rep, uint32_t mask, char *buf, size_t len)
{
	const struct trace_pairs *names = &rep->meta->gfp;
	uint32_t rest = mask;
	size_t i, at = 0;
	int n;

	buf[0] = '\0';
	for (i = 0; i < names->n && at < len; i++) {
		uint32_t bits = (uint32_t)names->v[i].value;

		if (names->v[i].value <= 0 || names->v[i].value > UINT32_MAX ||
		    (rest & bits) != bits)
			continue;
		n = snprintf(buf + at, len - at, "%s%s", at ? "|" : "", names->v[i].name);
		if (n < 0 || (size_t)n >= len - at)
			break;
		at += (size_t)n;
		rest &= ~bits;
	}
	if (rest || !mask)
		snprintf(buf + at, len - at, "%s0x%x", at ? "|" : "", rest);
}

static void put_pid(const struct walk *w, const struct report_slot *slot)
{
	known(w, "pid", slot ? slot->key : 0, slot && slot->key);
}

static void put_pid_note(const struct walk *w, const struct report_slot *slot)
{
	uint32_t recorder = w->rep->meta->recorder_pid;

	text(w, "note",
	     !slot			       ? "all others" :
	     !slot->key			       ? "not known, or idle" :
	     recorder && slot->key == recorder ? "the recorder" :
						 NULL);
}

static void put_mask(const struct walk *w, const struct report_slot *slot)
{
	char mask[16];

	if (slot)
		snprintf(mask, sizeof(mask), "0x%x", slot->key);
	text(w, "mask", slot ? mask : NULL);
}

static void put_flags(const struct walk *w, const struct report_slot *slot)
{
	char flags[1024];

	if (slot)
		gfp_text(w->rep, slot->key, flags, sizeof(flags));
	text(w, "flags", slot ? flags : "all others");
}

/* What a tally's row says before and after its numbers; @slot is NULL for the rest of them. */
struct columns {
	void (*first)(const struct walk *w, const struct report_slot *slot);
	void (*last)(const struct walk *w, const struct report_slot *slot);
	bool frees;
};

static void put_slot(const struct walk *w, const struct columns *c, const struct report_slot *slot,
		     const struct report_tally *t)
{
	c->first(w, slot);
	put_tally(w, t, c->frees);
	c->last(w, slot);
	row(w);
}

static void put_map(const struct walk *w, const struct report_map *map, const struct columns *c)
{
	struct report_tally others = map->others;
	size_t i;

	for (i = 0; i < map->used && i < w->most; i++)
		put_slot(w, c, map->sorted[i], &map->sorted[i]->tally);
	if (i == map->used && !map->overflow)
		return;
	for (; i < map->used; i++)
		add_tally(&others, &map->sorted[i]->tally);
	put_slot(w, c, NULL, &others);
}

static void put_who(const struct walk *w)
{
	static const struct columns pid_columns = { put_pid, put_pid_note, true };
	static const struct columns gfp_columns = { put_mask, put_flags, false };

	begin(w, "processes", "By process", false);
	put_map(w, &w->rep->by_pid, &pid_columns);
	end(w);
	begin(w, "gfp", "By gfp flags", false);
	put_map(w, &w->rep->by_gfp, &gfp_columns);
	end(w);
}

/* ---- fallbacks ---- */

static void put_fallbacks(const struct walk *w)
{
	const struct report_fallback *f = &w->rep->fallback[0][0][0];
	size_t i;

	begin(w, "fallbacks", "Fallbacks: whose block went to whom, by order of the block", false);
	for (i = 0; i < (size_t)PA_NR_MT * PA_NR_MT * REPORT_ORDERS; i++, f++) {
		if (!f->events && !f->core)
			continue;
		text(w, "to", pa_mt_name((enum pa_mt)(i / REPORT_ORDERS / PA_NR_MT)));
		text(w, "from", pa_mt_name((enum pa_mt)(i / REPORT_ORDERS % PA_NR_MT)));
		number(w, "order", i % REPORT_ORDERS);
		number(w, "events", f->events);
		number(w, "claimed", f->claimed);
		number(w, "stolen", f->stolen);
		number(w, "not_told",
		       f->events > f->claimed + f->stolen ? f->events - f->claimed - f->stolen : 0);
		known(w, "core", f->core, w->rep->result.zones_begin);
		row(w);
	}
	end(w);
}

/* ---- stalls ---- */

static const struct report_hist *hist_of(const struct report *rep, unsigned int kind,
					 unsigned int order)
{
	return &rep->stalls.hist[kind * (REPORT_ORDERS + 1) + order];
}

static void put_hist(const struct walk *w, const struct report_hist *h)
{
	static const struct {
		const char *key;
		unsigned int percent;
	} ranks[] = { { "p50_ns", 50 }, { "p90_ns", 90 }, { "p99_ns", 99 } };
	size_t i;

	number(w, "count", h->n);
	for (i = 0; i < sizeof(ranks) / sizeof(ranks[0]); i++)
		if (h->n)
			ns(w, ranks[i].key, report_hist_rank(h, ranks[i].percent));
		else
			none(w, ranks[i].key);
	if (h->n)
		ns(w, "max_ns", h->max);
	else
		none(w, "max_ns");
}

static void put_stalls(const struct walk *w)
{
	const struct report_hist *h;
	unsigned int kind, order;

	begin(w, "stalls", "Stalls", false);
	for (kind = 0; kind < REPORT_NR_STALLS; kind++) {
		for (order = 0; order <= REPORT_ALL; order++) {
			h = hist_of(w->rep, kind, order);
			if (!h->n && order != REPORT_ALL)
				continue;
			text(w, "stall", report_stall_name((enum report_stall)kind));
			known(w, "order", order, order != REPORT_ALL);
			put_hist(w, h);
			ns(w, "total_ns", h->sum);
			number(w, "below_clock", h->zero);
			row(w);
		}
	}
	end(w);
	begin(w, "clock",
	      "Time between two reads of the clock: no stall is known more exactly than that",
	      true);
	put_hist(w, w->rep->stalls.gaps);
	row(w);
	end(w);
}

static void put_pairs(const struct walk *w)
{
	const struct report_stalls *s = &w->rep->stalls;

	begin(w, "pairs", "What could not be paired", true);
	number(w, "unfinished", s->unfinished);
	number(w, "unbegun", s->unbegun);
	number(w, "lost", s->lost + s->overflow);
	number(w, "ambiguous", s->ambiguous);
	number(w, "compactions_without_run", s->without_run);
	row(w);
	end(w);
}

/* One bucket for each power of two, from the first that is not empty to the last. */
static void put_histogram(const struct walk *w)
{
	const struct report_hist *h;
	unsigned int kind, bit, first, last;
	uint64_t from, n;

	begin(w, "stall_histogram", "Stalls by length", false);
	for (kind = 0; kind < REPORT_NR_STALLS; kind++) {
		h = hist_of(w->rep, kind, REPORT_ALL);
		first = 64;
		last = 0;
		for (bit = 0; bit < 63; bit++) {
			if (!report_hist_between(h, UINT64_C(1) << bit, UINT64_C(2) << bit))
				continue;
			first = bit < first ? bit : first;
			last = bit;
		}
		if (h->zero) {
			text(w, "stall", report_stall_name((enum report_stall)kind));
			number(w, "from_ns", 0);
			number(w, "below_ns", 1);
			number(w, "count", h->zero);
			row(w);
		}
		for (bit = first; bit <= last; bit++) {
			from = UINT64_C(1) << bit;
			n = report_hist_between(h, from, 2 * from);
			text(w, "stall", report_stall_name((enum report_stall)kind));
			number(w, "from_ns", from);
			number(w, "below_ns", 2 * from);
			number(w, "count", n);
			row(w);
		}
	}
	end(w);
}

static void put_compaction(const struct walk *w)
{
	const struct report_runs *r;
	unsigned int direct, status;

	begin(w, "compaction", "Compaction runs by outcome", false);
	for (direct = 0; direct < 2; direct++) {
		for (status = 0; status < REPORT_STATUSES; status++) {
			r = &w->rep->stalls.runs[direct][status];
			if (!r->n)
				continue;
			text(w, "by", direct ? "direct" : "background");
			text(w, "outcome", report_status_name(status));
			number(w, "runs", r->n);
			ns(w, "total_ns", r->ns);
			ns(w, "max_ns", r->max);
			row(w);
		}
	}
	end(w);
}

static void put_pressure(const struct walk *w)
{
	const struct report *rep = w->rep;

	begin(w, "pressure", "Pressure", true);
	number(w, "kswapd_wakes", rep->kswapd_wakes);
	number(w, "kswapd_sleeps", rep->kswapd_sleeps);
	number(w, "oom_victims", rep->victims);
	number(w, "pages_reclaimed_directly", rep->stalls.reclaimed);
	number(w, "pages_compaction_took_to_move", rep->migrated);
	number(w, "pages_compaction_took_to_fill", rep->isolated);
	row(w);
	end(w);
}

/* ---- memory ---- */

static void put_free(const struct walk *w)
{
	const struct report_zone *z;
	unsigned int order;

	begin(w, "free", "Free blocks by order", false);
	for (z = w->rep->zone; z < w->rep->zone + w->rep->nr_zones; z++) {
		for (order = 0; z->begin && order < w->rep->meta->nr_orders; order++) {
			number(w, "node", z->meta->node);
			text(w, "zone", z->meta->name);
			number(w, "order", order);
			number(w, "begin", z->begin_free[order]);
			number(w, "low", z->low_free[order]);
			number(w, "high", z->high_free[order]);
			number(w, "end_core", z->end_free[order]);
			known(w, "end_kernel", z->kernel_free[order], z->kernel_known);
			row(w);
		}
	}
	end(w);
}

static void put_blocks(const struct walk *w)
{
	const struct report_zone *z;
	const struct report_final *b;
	unsigned int mt;

	begin(w, "pageblocks", "Pageblocks at the end by type", false);
	for (z = w->rep->zone; z < w->rep->zone + w->rep->nr_zones; z++) {
		for (mt = 0; z->begin && mt < PA_NR_MT; mt++) {
			uint64_t n = 0, frames = 0, free_pages = 0, mixed = 0, foreign = 0;

			for (b = z->final; b < z->final + z->nr_blocks; b++) {
				if (b->mt != mt)
					continue;
				n++;
				frames += b->frames;
				free_pages += b->free;
				mixed += b->foreign > 0;
				foreign += b->foreign;
			}
			if (!n)
				continue;
			number(w, "node", z->meta->node);
			text(w, "zone", z->meta->name);
			text(w, "type", pa_mt_name((enum pa_mt)mt));
			number(w, "pageblocks", n);
			number(w, "mixed", mixed);
			number(w, "foreign_pages", foreign);
			number(w, "frames", frames);
			number(w, "free_pages", free_pages);
			w->f->flag(w->f->arg, "types_recorded", z->types_known);
			row(w);
		}
	}
	end(w);
}

/* ---- what only machines read ---- */

static void put_sample(const struct walk *w, uint64_t at, const struct report_zone *z,
		       const uint64_t *free_blocks, uint64_t mixed, uint64_t mixed_movable)
{
	char key[16];
	unsigned int order;

	ns(w, "t_ns", at);
	number(w, "node", z->meta->node);
	text(w, "zone", z->meta->name);
	for (order = 0; order < w->rep->meta->nr_orders; order++) {
		snprintf(key, sizeof(key), "free_%u", order);
		number(w, key, free_blocks[order]);
	}
	number(w, "mixed", mixed);
	number(w, "mixed_movable", mixed_movable);
	row(w);
}

/* When a slice ends, since the first event. */
static uint64_t slice_end(const struct report *rep, uint32_t slice)
{
	uint64_t duration = rep->last_ts > rep->start ? rep->last_ts - rep->start : 0;

	return slice < rep->slice ? (slice + 1) * rep->width : duration;
}

static void put_timeline(const struct walk *w)
{
	const struct report *rep = w->rep;
	const struct report_sample *s;
	const struct report_zone *z;
	uint32_t slice, i;

	begin(w, "timeline", "Free blocks and mixed pageblocks over time", false);
	for (i = 0; i < rep->nr_zones; i++) {
		z = &rep->zone[i];
		if (!z->begin)
			continue;
		put_sample(w, 0, z, z->begin_free, 0, 0);
		for (slice = 0; rep->width && slice <= rep->slice; slice++) {
			s = &rep->sample[(size_t)slice * rep->nr_zones + i];
			put_sample(w, slice_end(rep, slice), z, s->free, s->mixed,
				   s->mixed_movable);
		}
	}
	end(w);
	begin(w, "activity", "What happened in each slice of time", false);
	for (slice = 0; rep->width && slice <= rep->slice; slice++) {
		const struct report_slice *a = &rep->activity[slice];

		ns(w, "t_ns", slice_end(rep, slice));
		number(w, "allocs", a->allocs);
		number(w, "failed", a->failed);
		number(w, "fallbacks", a->fallbacks);
		number(w, "reclaims", a->stalls[REPORT_RECLAIM]);
		number(w, "compactions", a->stalls[REPORT_COMPACT]);
		number(w, "lost", a->lost);
		row(w);
	}
	end(w);
}

/* A cell of the map is one pageblock, or as many as make all zones fit. */
static uint64_t cell_blocks(const struct report *rep)
{
	uint64_t blocks = 0, each = 1;
	uint32_t i;

	for (i = 0; i < rep->nr_zones; i++)
		blocks += rep->zone[i].begin ? rep->zone[i].nr_blocks : 0;
	while (blocks / each > REPORT_CELLS)
		each *= 2;
	return each;
}

static void put_cell(const struct walk *w, const struct report_zone *z, uint64_t first,
		     uint64_t after)
{
	uint64_t of_type[PA_NR_MT + 1] = { 0 };
	uint64_t frames = 0, free_pages = 0, mixed = 0, foreign = 0, i;
	unsigned int mt, most = 0;

	for (i = first; i < after; i++) {
		of_type[z->final[i].mt]++;
		frames += z->final[i].frames;
		free_pages += z->final[i].free;
		mixed += z->final[i].foreign > 0;
		foreign += z->final[i].foreign;
	}
	for (mt = 0; mt < PA_NR_MT; mt++)
		if (of_type[mt] > of_type[most])
			most = mt;
	number(w, "node", z->meta->node);
	text(w, "zone", z->meta->name);
	number(w, "pfn", (z->first_block + first) << w->rep->meta->pageblock_order);
	number(w, "pageblocks", after - first);
	text(w, "type", pa_mt_name((enum pa_mt)most));
	number(w, "frames", frames);
	number(w, "free_pages", free_pages);
	number(w, "mixed", mixed);
	number(w, "foreign_pages", foreign);
	row(w);
}

static void put_cells(const struct walk *w)
{
	const struct report_zone *z;
	uint64_t each = cell_blocks(w->rep), i;

	begin(w, "map", "Pageblocks at the end, one by one or so many to a cell", false);
	for (z = w->rep->zone; z < w->rep->zone + w->rep->nr_zones; z++)
		for (i = 0; z->begin && i < z->nr_blocks; i += each)
			put_cell(w, z, i, i + each < z->nr_blocks ? i + each : z->nr_blocks);
	end(w);
}

void report_tables(const struct report *rep, const struct report_form *form, size_t most)
{
	const struct walk w = { .rep = rep, .f = form, .most = most };

	put_trace(&w);
	put_zones(&w);
	put_loss(&w);
	put_fidelity(&w);
	put_orders(&w);
	put_types(&w);
	put_who(&w);
	put_fallbacks(&w);
	put_stalls(&w);
	put_pairs(&w);
	put_compaction(&w);
	put_pressure(&w);
	put_free(&w);
	put_blocks(&w);
	if (!form->series)
		return;
	put_histogram(&w);
	put_timeline(&w);
	put_cells(&w);
}
