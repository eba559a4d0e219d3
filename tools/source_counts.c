/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The running kernel without a stream: BPF programs add up what the allocator does where it does
 * it, and a sample reads the sums.  Free lists, watermarks and per-cpu lists are those of /proc,
 * read at the same time.
 */
#include "source_counts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probe_count.h"
#include "recorder.h"
#include "symbols.h"
#include "util.h"

#define SMALL_STREAM 65536 /* bytes: the recorder's programs are asked for the zones, no more */

struct counts_source {
	struct source head;
	struct counting *counting; /* NULL: /proc alone took over */
	struct source *proc;
	struct counted_room *room;
	struct source_pcp *pcp;
	size_t pcp_room;
	FILE *kallsyms; /* opened while it tells addresses, read once the counting starts */
	struct symbols *symbols;
	char *stack[COUNT_NR_STACKS]; /* by id: what it reads like */
	struct rates stack_rates;
	struct source_cost cost;
	uint64_t started_ns, at_ns, runs; /* at the sample before */
	double bpf_percent;
	char why[128]; /* it runs in place of another */
};

/* -------------------------------------------------------------------------
 * Stacks
 */

static const char *stack_text(struct counts_source *s, int32_t id)
{
	char text[sizeof(((struct source_stack *)0)->text)];
	uint64_t frame[COUNT_DEPTH];

	if (!s->symbols || id < 0 || id >= COUNT_NR_STACKS)
		return "";
	if (!s->stack[id] && !counting_stack(s->counting, id, frame)) {
		symbols_stack(s->symbols, frame, COUNT_DEPTH, text, sizeof(text));
		s->stack[id] = strdup(text);
	}
	return s->stack[id] ? s->stack[id] : "";
}

static void sample_stacks(struct counts_source *s, const struct counted *c, struct sample *out)
{
	int32_t id[COUNTED_STACKS];
	size_t n;

	if (!s->symbols)
		return;
	rates_begin(&s->stack_rates, out->ts);
	n = counted_stacks(c, s->room, &s->stack_rates, id);
	for (size_t i = 0; i < n; i++)
		snprintf(s->room->stack[i].text, sizeof(s->room->stack[i].text), "%s",
			 stack_text(s, id[i]));
	out->stacks = s->room->stack;
	out->nr_stacks = n;
}

/* -------------------------------------------------------------------------
 * Samples
 */

/* /proc has what the lists hold, the programs what passed through them. */
static int sample_pcp(struct counts_source *s, const struct counted *c, struct sample *out)
{
	int zone[TRACE_MAX_ZONES];
	void *mem;

	if (out->nr_pcp > s->pcp_room) {
		mem = realloc(s->pcp, out->nr_pcp * sizeof(*s->pcp));
		if (!mem)
			return -ENOMEM;
		s->pcp = mem;
		s->pcp_room = out->nr_pcp;
	}
	if (out->nr_pcp)
		memcpy(s->pcp, out->pcp, out->nr_pcp * sizeof(*s->pcp));
	for (uint32_t z = 0; z < out->nr_zones; z++)
		zone[z] = counting_zone(s->counting, out->zone[z].start_pfn);
	counted_pcp(c, zone, s->pcp, out->nr_pcp);
	out->pcp = s->pcp;
	return 0;
}

static void sample_cost(struct counts_source *s, uint64_t runs, struct sample *out)
{
	uint64_t now = now_ns();

	if (s->at_ns && now > s->at_ns)
		s->bpf_percent = 100 * counting_run_ns(s->counting) * (double)(runs - s->runs) /
				 (double)(now - s->at_ns);
	if (s->at_ns && counting_run_ns(s->counting) >= 0)
		out->own.bpf_percent = s->bpf_percent;
	s->at_ns = now;
	s->runs = runs;
}

static void give_up(struct counts_source *s, const char *because)
{
	snprintf(s->head.note, sizeof(s->head.note),
		 "%.150s: counting was stopped, /proc alone from here", because);
	counting_close(s->counting);
	s->counting = NULL;
}

static void fill_note(const struct counts_source *s, struct sample *out)
{
	snprintf(out->note, sizeof(out->note), "%s%scounts alone: no core, single decisions, map%s",
		 s->why, s->why[0] ? ": " : "", s->symbols ? "" : ", stacks");
}

static int sample(struct source *head, struct sample *out)
{
	struct counts_source *s = (struct counts_source *)head;
	struct counted c;
	char why[128];
	int err = s->proc->ops->sample(s->proc, out);

	if (err || !s->counting) {
		memcpy(head->why, s->proc->why, sizeof(head->why));
		return err;
	}
	err = counting_read(s->counting, &c);
	if (!err)
		err = sample_pcp(s, &c, out);
	if (err) {
		snprintf(why, sizeof(why), "the counts cannot be read: %s", strerror(-err));
		give_up(s, why);
		return 0;
	}
	out->source = "counts";
	out->first_ts = s->started_ns;
	counted_sample(&c, s->room, out);
	sample_stacks(s, &c, out);
	sample_cost(s, counted_runs(&c), out);
	fill_note(s, out);
	if (source_costs_too_much(&s->cost, &out->own, why, sizeof(why)))
		give_up(s, why);
	return 0;
}

static void close_counts(struct source *head)
{
	struct counts_source *s = (struct counts_source *)head;

	counting_close(s->counting);
	source_close(s->proc);
	symbols_free(s->symbols);
	if (s->kallsyms)
		fclose(s->kallsyms);
	for (size_t i = 0; i < COUNT_NR_STACKS; i++)
		free(s->stack[i]);
	rates_close(&s->stack_rates);
	free(s->pcp);
	free(s->room);
	free(s);
}

/* -------------------------------------------------------------------------
 * Opening
 */

static const struct source_ops ops = { .sample = sample, .close = close_counts };

int source_counts_open(const struct host *host, const struct trace_meta *meta, uint64_t vmemmap,
		       const struct source_options *opt, struct source **out, char *why, size_t len)
{
	const struct counting_options counting = {
		.host = host, .meta = meta, .vmemmap = vmemmap, .stacks = !opt->no_stacks
	};
	struct counts_source *s = calloc(1, sizeof(*s));
	int err = s ? 0 : -ENOMEM;

	if (err)
		return err;
	s->head.ops = &ops;
	s->cost.limit = opt->overhead_limit;
	s->room = calloc(1, sizeof(*s->room));
	err = s->room ? source_proc("", &s->proc, why, len) : -ENOMEM;
	if (!err)
		err = counting_open(&counting, &s->counting, why, len);
	if (err) {
		close_counts(&s->head);
		return err;
	}
	counted_types(s->room, host->mt, host->nr_mt);
	s->kallsyms = opt->no_stacks ? NULL : fopen("/proc/kallsyms", "re");
	*out = &s->head;
	return 0;
}

int source_counts_start(struct source *head, const char *because, char *why, size_t len)
{
	struct counts_source *s = (struct counts_source *)head;
	int err = counting_start(s->counting, why, len);

	if (err)
		return err;
	s->started_ns = now_ns();
	snprintf(s->why, sizeof(s->why), "%s", because);
	/* Without their names stacks are of no use: the note tells. */
	if (s->kallsyms && symbols_read(s->kallsyms, &s->symbols))
		s->symbols = NULL;
	if (s->kallsyms)
		fclose(s->kallsyms);
	s->kallsyms = NULL;
	return 0;
}

/* Zones and where the struct pages lie, from the recorder's programs, which are not attached. */
static int find_zones(struct recorder *r)
{
	int err = host_open(&r->host, r->why, sizeof(r->why));

	if (!err)
		err = site_plan_make(&r->host, TIER_TRACEPOINT, false, &r->plan);
	if (!err)
		err = probe_open(&r->host, &r->plan, SMALL_STREAM, &r->probe, r->why,
				 sizeof(r->why));
	if (err)
		return err;
	r->snap = (struct snapshot){ .probe = r->probe, .host = &r->host, .meta = &r->meta };
	r->meta.nr_orders = r->host.nr_orders;
	r->meta.nr_mt = r->host.nr_mt;
	return snapshot_find_zones(&r->snap, r->why, sizeof(r->why));
}

int source_counts(const struct source_options *opt, struct source **out, char *why, size_t len)
{
	struct recorder *r = calloc(1, sizeof(*r));
	struct source *s = NULL;
	int err;

	source_stay_small();
	err = r ? find_zones(r) : -ENOMEM;
	if (err)
		snprintf(why, len, "%s", r && r->why[0] ? r->why : strerror(-err));
	else
		err = source_counts_open(&r->host, &r->meta, probe_vmemmap(r->probe), opt, &s, why,
					 len);
	if (r)
		recorder_close(r);
	free(r);
	if (!err && recorder_drop_privileges())
		snprintf(s->note, sizeof(s->note), "privileges could not be dropped");
	if (!err)
		err = source_counts_start(s, "", why, len);
	source_trim();
	if (err) {
		source_close(s);
		return err;
	}
	*out = s;
	return 0;
}
