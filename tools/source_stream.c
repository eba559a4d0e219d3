/* SPDX-License-Identifier: GPL-2.0-only */
#include "source_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* -------------------------------------------------------------------------
 * Going on
 */

static void note_decision(void *arg, const struct replay_decision *d)
{
	const struct trace_zone *z = tally_zone(((struct stream *)arg)->tally, d->core->req.zone);
	uint32_t zone = d->core->req.zone;
	struct stream *s = arg;
	struct source_decision *out;
	unsigned int order, mt;

	s->differences += d->class != REPLAY_SAME;
	if (d->kernel.fallback || d->class != REPLAY_SAME) {
		out = &s->decision[s->nr_decisions++ % SOURCE_DECISIONS];
		*out = (struct source_decision){
			.event = d->event,
			.ts = d->ts,
			.cpu = d->cpu,
			.kernel = d->kernel,
			.core = *d->core,
			.class = d->class,
			.min = z->min,
			.low = z->low,
			.high = z->high,
			.boost = pa_boost(replay_state(s->replay), zone),
		};
		for (order = 0; order < s->meta->nr_orders; order++)
			for (mt = 0; mt < PA_NR_MT; mt++) {
				out->before[order][mt] = tally_free(s->tally, zone, order, mt);
				out->free += (uint64_t)out->before[order][mt] << order;
			}
	}
	tally_pick(s->tally, d);
	activity_pick(s->activity, d);
}

static void note_event(void *arg, uint64_t number, const struct trace_event *ev)
{
	struct stream *s = arg;

	if (!number)
		s->first_ts = ev->ts;
	if (ev->ts > s->ts)
		s->ts = ev->ts;
	tally_event(s->tally, ev);
	activity_event(s->activity, ev);
}

int stream_open(struct stream *s, const struct trace_meta *meta, const struct source_options *opt,
		struct replay_options replay, char *why, size_t len)
{
	const struct pa_policy *policy = replay_policy(meta, NULL);
	int err;

	memset(s, 0, sizeof(*s));
	s->meta = meta;
	replay.policy = opt->policy;
	replay.decision = note_decision;
	replay.played = note_event;
	replay.arg = s;
	err = replay_open(meta, &replay, &s->replay, why, len);
	if (err)
		return err;
	if (!policy)
		policy = replay_result(s->replay)->policy;
	s->decision = calloc(SOURCE_DECISIONS, sizeof(*s->decision));
	s->shown = calloc(SOURCE_DECISIONS, sizeof(*s->shown));
	if (!s->decision || !s->shown || tally_open(meta, policy, &s->tally) ||
	    activity_open(meta, &s->activity)) {
		snprintf(why, len, "%s", strerror(ENOMEM));
		stream_close(s);
		return -ENOMEM;
	}
	return 0;
}

void stream_close(struct stream *s)
{
	replay_close(s->replay);
	tally_close(s->tally);
	activity_close(s->activity);
	free(s->decision);
	free(s->shown);
	memset(s, 0, sizeof(*s));
}

int stream_item(struct stream *s, const struct trace_item *item)
{
	int err = replay_item(s->replay, item);

	if (!err)
		err = tally_item(s->tally, item);
	return err ? err : activity_item(s->activity, item);
}

/* -------------------------------------------------------------------------
 * Where it stands
 */

static void sample_blocks(const struct stream *s, uint32_t zone, struct source_zone *out)
{
	struct tally_block b;

	out->blocks_known = tally_blocks_known(s->tally, zone);
	out->mixed_known = out->kernel_known;
	for (uint64_t i = 0; i < tally_nr_blocks(s->tally, zone); i++) {
		tally_block(s->tally, zone, i, &b);
		if (!b.seen)
			continue;
		out->blocks[b.mt]++;
		out->mixed[b.mt] += b.mixed;
		for (int mt = 0; b.mixed && mt < PA_PCPTYPES; mt++)
			out->intruders[mt] += mt != b.mt && b.used[mt];
	}
}

static void sample_zone(const struct stream *s, uint32_t zone, struct source_zone *out)
{
	const struct trace_zone *from = tally_zone(s->tally, zone);
	const struct pa *pa = replay_state(s->replay);
	unsigned int order, mt;

	*out = (struct source_zone){
		.node = from->node,
		.start_pfn = from->start_pfn,
		.spanned = from->spanned,
		.managed = from->managed,
		.min = from->min,
		.low = from->low,
		.high = from->high,
		.boost = pa_boost(pa, zone),
		.kernel_known = tally_known(s->tally, zone),
		.types_known = tally_known(s->tally, zone),
		.core_known = tally_known(s->tally, zone),
		.hides = tally_hides(s->tally),
	};
	memcpy(out->name, from->name, sizeof(out->name));
	for (order = 0; order < s->meta->nr_orders && out->kernel_known; order++)
		for (mt = 0; mt < PA_NR_MT; mt++) {
			out->kernel[order][mt] = tally_free(s->tally, zone, order, mt);
			out->core[order][mt] = pa_list_len(pa, zone, order, mt);
			out->total[order] += out->kernel[order][mt];
		}
	sample_blocks(s, zone, out);
}

void stream_sample(struct stream *s, struct sample *out)
{
	size_t n = s->nr_decisions < SOURCE_DECISIONS ? s->nr_decisions : SOURCE_DECISIONS;

	memcpy(out->kernel, s->meta->kernel, sizeof(out->kernel));
	memcpy(out->tier, s->meta->tier, sizeof(out->tier));
	out->ts = s->ts;
	out->first_ts = s->first_ts;
	out->cpus = s->meta->cpus;
	out->page_shift = s->meta->page_shift;
	out->nr_orders = s->meta->nr_orders;
	out->pageblock_order = s->meta->pageblock_order;
	out->nr_zones = tally_nr_zones(s->tally);
	for (uint32_t z = 0; z < out->nr_zones; z++)
		sample_zone(s, z, &out->zone[z]);
	out->core = *replay_result(s->replay);
	out->event = out->core.events;
	for (uint32_t z = 0; z < out->nr_zones; z++)
		out->core_known |= out->zone[z].core_known;
	for (size_t i = 0; i < n; i++)
		s->shown[i] = s->decision[(s->nr_decisions - n + i) % SOURCE_DECISIONS];
	out->decisions = s->shown;
	out->nr_decisions = n;
	out->decisions_gone = s->nr_decisions - n;
	activity_sample(s->activity, out);
}

/* -------------------------------------------------------------------------
 * Pageblocks
 */

void stream_map(const struct stream *s, uint32_t zone, struct source_block *cell, size_t n)
{
	uint64_t blocks, each, i, types[PA_NR_MT];
	unsigned int mt;
	struct tally_block b;

	memset(cell, 0, n * sizeof(*cell));
	if (zone >= tally_nr_zones(s->tally) || !tally_known(s->tally, zone) || !n)
		return;
	blocks = tally_nr_blocks(s->tally, zone);
	each = (blocks + n - 1) / n;
	for (i = 0; i < blocks; i += each, cell++) {
		memset(types, 0, sizeof(types));
		cell->pfn = (tally_zone(s->tally, zone)->start_pfn >> s->meta->pageblock_order) + i;
		cell->pfn <<= s->meta->pageblock_order;
		for (uint64_t k = i; k < i + each && k < blocks; k++) {
			tally_block(s->tally, zone, k, &b);
			types[b.mt] += b.seen;
			cell->unseen += !b.seen;
			cell->nr++;
			cell->frames += b.frames;
			cell->free += b.free;
			cell->mixed += b.mixed;
		}
		for (mt = 1; mt < PA_NR_MT; mt++)
			if (types[mt] > types[cell->mt])
				cell->mt = mt;
	}
}

bool stream_content(const struct stream *s, uint32_t zone, uint64_t block,
		    struct source_content *out)
{
	struct tally_block b;

	if (zone >= tally_nr_zones(s->tally) || !tally_known(s->tally, zone) ||
	    block >= tally_nr_blocks(s->tally, zone))
		return false;
	tally_block(s->tally, zone, block, &b);
	*out = (struct source_content){
		.block = { .pfn = (tally_zone(s->tally, zone)->start_pfn >>
				   s->meta->pageblock_order) +
				  block,
			   .frames = b.frames,
			   .mt = b.mt,
			   .mixed = b.mixed,
			   .nr = 1,
			   .unseen = !b.seen,
			   .free = b.free },
		.mixed_since = b.mixed ? b.mixed_since : 0,
	};
	out->block.pfn <<= s->meta->pageblock_order;
	for (int mt = 0; mt < PA_PCPTYPES; mt++)
		out->used[mt] = b.used[mt];
	tally_pieces(s->tally, zone, block, out->pieces);
	return true;
}

/* -------------------------------------------------------------------------
 * Saving
 */

static int save_list(const struct stream *s, struct trace_writer *w, struct trace_list *list,
		     uint32_t zone, enum pa_mt mt)
{
	const struct pa *pa = replay_state(s->replay);
	uint64_t *pfn, at;
	int err;

	list->n = pa_list_len(pa, zone, list->order, mt);
	pfn = malloc((list->n + 1) * sizeof(*pfn));
	if (!pfn)
		return -ENOMEM;
	list->n = 0;
	for (at = pa_list_head(pa, zone, list->order, mt); at != PA_PFN_NONE;
	     at = pa_list_next(pa, at))
		pfn[list->n++] = at;
	list->pfn = pfn;
	err = trace_write_list(w, list);
	free(pfn);
	return err;
}

static int save_lists(const struct stream *s, struct trace_writer *w, enum trace_at at)
{
	struct trace_list list = { .at = at };
	unsigned int mt;
	int err = 0;

	for (uint32_t z = 0; z < tally_nr_zones(s->tally); z++) {
		if (!tally_known(s->tally, z))
			continue;
		list.zone = tally_zone(s->tally, z)->id;
		for (list.order = 0; list.order < s->meta->nr_orders; list.order++)
			for (list.mt = 0; !err && list.mt < s->meta->nr_mt; list.mt++)
				for (mt = 0; !err && mt < PA_NR_MT; mt++)
					if (!strcmp(s->meta->mt[list.mt], pa_mt_name(mt)))
						err = save_list(s, w, &list, z, mt);
	}
	return err;
}

static int save_blocks(const struct stream *s, struct trace_writer *w)
{
	const struct pa *pa = replay_state(s->replay);
	struct trace_blocks blocks = { .at = TRACE_AT_BEGIN };
	uint64_t pfn, size = UINT64_C(1) << s->meta->pageblock_order;
	uint8_t *types;
	int err = 0;

	for (uint32_t z = 0; !err && z < tally_nr_zones(s->tally); z++) {
		const struct trace_zone *from = tally_zone(s->tally, z);

		if (!tally_known(s->tally, z) || !tally_blocks_known(s->tally, z))
			continue;
		blocks.zone = from->id;
		blocks.first_pfn = from->start_pfn & -size;
		blocks.n = tally_nr_blocks(s->tally, z);
		types = malloc(blocks.n);
		if (!types)
			return -ENOMEM;
		for (size_t i = 0; i < blocks.n; i++) {
			pfn = blocks.first_pfn + i * size;
			types[i] = (uint8_t)trace_mt_index(
				s->meta, pa_mt_name(pa_pageblock(pa, pfn < from->start_pfn ?
									     from->start_pfn :
									     pfn)));
		}
		blocks.mt = types;
		err = trace_write_blocks(w, &blocks);
		free(types);
	}
	return err;
}

int stream_save(const struct stream *s, const char *path)
{
	struct trace_writer *w;
	int err = trace_writer_open(path, s->meta, &w);

	if (err)
		return err;
	err = save_lists(s, w, TRACE_AT_BEGIN);
	if (!err)
		err = save_blocks(s, w);
	if (!err)
		err = save_lists(s, w, TRACE_AT_END);
	if (!err)
		return trace_writer_close(w);
	trace_writer_abandon(w);
	return err;
}
