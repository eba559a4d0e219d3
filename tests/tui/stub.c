/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stub.h"

#define ORDER 9 /* of a pageblock */
#define NR_DECISIONS 40
#define NR_STALLS 30
#define NR_CALLERS 25

struct stub {
	struct source head;
	uint32_t zones, nodes;
	uint64_t blocks, step;
	bool host, counts;
	struct source_fallback fallback[6];
	struct source_stack stack[9];
	struct source_decision decision[NR_DECISIONS];
	struct source_stall stall[NR_STALLS];
	struct source_caller caller[NR_CALLERS];
	struct source_histogram histogram;
	struct source_timeline timeline;
	struct source_pcp *pcp;
};

static int run(struct source *head, const struct source_goal *goal, uint64_t budget_ns)
{
	(void)goal;
	(void)budget_ns;
	((struct stub *)head)->step++;
	return 1;
}

static void make_decisions(struct stub *s)
{
	for (int i = 0; i < NR_DECISIONS; i++) {
		struct source_decision *d = &s->decision[i];

		*d = (struct source_decision){
			.event = 1000 + 37 * (uint64_t)i,
			.ts = UINT64_C(1000000000) + (uint64_t)i * 1500000,
			.cpu = (uint32_t)i % 4,
			.kernel = { .pfn = 0x1000 + 8 * (uint64_t)i,
				    .fallback = true,
				    .fallback_order = (uint8_t)(i % 11),
				    .fallback_mt = PA_MOVABLE,
				    .claim = (uint8_t)(1 + i % 2),
				    .fallback_pfn = PA_PFN_NONE },
			.core = { .req = { .order = (uint8_t)(i % 3), .mt = PA_UNMOVABLE },
				  .pfn = 0x1000 + 8 * (uint64_t)i,
				  .path = i % 2 ? PA_PATH_CLAIM : PA_PATH_STEAL,
				  .fallback_order = (uint8_t)(i % 11),
				  .fallback_mt = PA_MOVABLE,
				  .nr_tests = 1,
				  .tests = { { .pfn = 0x1000,
					       .order = 3,
					       .mt = PA_MOVABLE,
					       .tested = true,
					       .claimed = i % 2,
					       .free = 300,
					       .alike = 20 } } },
			.class = i % 13 ? REPLAY_SAME : REPLAY_LRU,
			.free = 5000,
			.min = 600,
			.low = 750,
			.high = 900,
		};
		d->before[0][PA_MOVABLE] = 1000 + (uint32_t)i;
		d->before[3][PA_UNMOVABLE] = 2;
	}
}

static void make_stalls(struct stub *s)
{
	for (int i = 0; i < NR_STALLS; i++) {
		struct source_stall *st = &s->stall[i];

		*st = (struct source_stall){
			.ts = UINT64_C(1000000000) + (uint64_t)i * 40000000,
			.ns = (uint64_t)i * 130000,
			.pid = 100 + (uint32_t)i % 5,
			.kind = (uint8_t)(i % 3),
			.order = i % 3 == STALL_KCOMPACTD ? -1 : (int8_t)(i % 2 * 9),
			.status = i % 2 ? 8 : 5,
			.done = i % 2,
			.reclaimed = (uint64_t)i,
			.scanned = 512 * (uint64_t)i,
			.moved = 3 * (uint64_t)i,
		};
		s->histogram.n[st->kind][st->order + 1][st->done][i % SOURCE_BUCKETS]++;
	}
	for (int i = 0; i < NR_CALLERS; i++)
		s->caller[i] = (struct source_caller){
			.pid = 100 + (uint32_t)i,
			.allocs = 1000 - (uint64_t)i,
			.pages = 2000 + (uint64_t)i,
			.unmovable = (uint64_t)(i * 7 % 25),
			.high = i % 4 == 0,
			.max_order = (uint8_t)(i % 11),
			.stalls = (uint64_t)(i % 3),
			.stall_ns = (uint64_t)(i % 3) * 1234567,
		};
	snprintf(s->caller[3].name, sizeof(s->caller[3].name), "qemu-system-x86");
	for (uint32_t i = 0; i < s->zones * 2; i++)
		s->pcp[i] = (struct source_pcp){ .zone = i / 2,
						 .cpu = i % 2,
						 .count = i % 7 ? (int64_t)i + 100 : -1,
						 .carried = i % 5 ? 3 : -500,
						 .batch = 63,
						 .high = 110,
						 .refilled = 1000 * i,
						 .drained = 900 * i,
						 .taken = 5 * i,
						 .given = 6 * i };
}

static void make_zone(const struct stub *s, uint32_t i, struct source_zone *z)
{
	static const char *const names[] = { "DMA", "DMA32", "Normal", "Movable" };
	uint64_t scale = s->blocks / 100 + 1;

	*z = (struct source_zone){
		.node = i * s->nodes / s->zones,
		.start_pfn = i * (s->blocks << ORDER),
		.spanned = s->blocks << ORDER,
		.managed = (s->blocks << ORDER) - 100,
		.kernel_known = true,
		.types_known = true,
		.core_known = true,
		.blocks_known = true,
		.mixed_known = true,
		.boost = i % 5 == 1 ? 512 * scale : 0,
	};
	z->min = z->managed / 200;
	z->low = z->min * 5 / 4;
	z->high = z->min * 3 / 2;
	snprintf(z->name, sizeof(z->name), "%s", names[i % 4]);
	for (uint32_t o = 0; o < SOURCE_ORDERS; o++)
		for (int mt = 0; mt < PA_PCPTYPES; mt++) {
			z->kernel[o][mt] =
				(scale * 700 >> (o + 2 * (uint32_t)mt)) * (i % 3 + 1) / 2;
			if (o >= 9 && i % 2)
				z->kernel[o][mt] = 0;
			z->core[o][mt] = z->kernel[o][mt];
			z->total[o] += z->kernel[o][mt];
		}
	z->core[2][PA_MOVABLE] += i % 9 == 4 ? 3 : 0;
	z->blocks[PA_MOVABLE] = s->blocks * 3 / 4;
	z->blocks[PA_UNMOVABLE] = s->blocks - s->blocks * 3 / 4;
	z->mixed[PA_MOVABLE] = s->blocks / 7;
	z->intruders[PA_UNMOVABLE] = s->blocks / 7;
}

static void sample_counts(struct stub *s, struct sample *out)
{
	for (uint32_t i = 0; i < 6; i++)
		s->fallback[i] = (struct source_fallback){ .mt = i % 3 == 1 ? PA_NR_MT : i % 3,
							   .fallback_mt = (i + 1) % 3,
							   .fallback_order = 2 * i,
							   .n = 1000 * i + 7,
							   .claimed = 300 * i,
							   .kept = 100 * i };
	for (uint32_t i = 0; i < 9; i++) {
		s->stack[i] = (struct source_stack){ .blocks = 900 - 100 * i,
						     .order = i % 4,
						     .mt = i % 3 };
		s->stack[i].pages = s->stack[i].blocks << s->stack[i].order;
		s->stack[i].pages_s = s->step ? 10.0 * (i % 4) : -1;
		snprintf(s->stack[i].text, sizeof(s->stack[i].text), "%s",
			 i == 8 ? "" :
				  "alloc_slab_page < allocate_slab < ___slab_alloc < __kmalloc < "
				  "kvmalloc_node < alloc_netdev_mqs < tun_set_iff");
	}
	out->source = "counts";
	out->core_known = false;
	out->nr_decisions = 0;
	out->callers_sampled = true;
	out->fallbacks = s->fallback;
	out->nr_fallbacks = 6;
	out->stacks = s->stack;
	out->nr_stacks = 9;
	for (size_t i = 0; i < out->nr_pcp; i++)
		s->pcp[i].exact = s->pcp[i].passed_known = true;
	for (uint32_t z = 0; z < out->nr_zones; z++)
		out->zone[z].core_known = false;
}

static int sample(struct source *head, struct sample *out)
{
	struct stub *s = (struct stub *)head;

	out->source = "stub";
	snprintf(out->name, sizeof(out->name), "made up");
	out->own = (struct source_own){ .bpf_percent = -1 };
	out->ts = out->first_ts = UINT64_C(1000000000);
	out->ts += s->step * 1000000000;
	out->page_shift = 12;
	if (!s->zones)
		return 0;
	snprintf(out->kernel, sizeof(out->kernel), "6.12.0-test");
	snprintf(out->tier, sizeof(out->tier), "fentry");
	out->playable = !s->host;
	out->event = 12345 * (s->step + 1);
	out->cpus = 2;
	out->nr_orders = SOURCE_ORDERS;
	out->pageblock_order = ORDER;
	out->nr_zones = s->zones;
	for (uint32_t i = 0; i < s->zones; i++)
		make_zone(s, i, &out->zone[i]);
	for (int c = 0; c < NR_COUNTS; c++) {
		out->counts.known |= UINT32_C(1) << c;
		out->counts.v[c] = (s->step + 1) * 10 * (uint64_t)c;
	}
	out->requests_known = true;
	for (uint64_t o = 0; o < SOURCE_ORDERS; o++)
		for (uint64_t mt = 0; mt < PA_PCPTYPES; mt++)
			out->requests[o][mt] = (s->step + 1) * 100000 * (mt + 1) >> 2 * o;
	out->core_known = true;
	out->core = (struct replay_result){ .policy = pa_policy_find("6.12"),
					    .picks = 70000,
					    .picks_exact = 69997,
					    .fallbacks = 40,
					    .fallbacks_exact = 38,
					    .repairs = 3 };
	out->decisions = s->decision;
	out->nr_decisions = NR_DECISIONS;
	out->stalls = s->stall;
	out->nr_stalls = NR_STALLS;
	out->histogram = &s->histogram;
	for (uint64_t i = 0; i < NR_CALLERS; i++) {
		s->caller[i].pages = 2000 + i + s->step * 100 * (i % 3);
		s->caller[i].unmovable = i * 7 % 25 + s->step * i;
	}
	out->callers = s->caller;
	out->nr_callers = NR_CALLERS;
	out->pcp = s->pcp;
	out->nr_pcp = (size_t)s->zones * 2;
	out->timeline = s->host ? NULL : &s->timeline;
	if (s->counts)
		sample_counts(s, out);
	return 0;
}

/* Types, free share and mixing follow from the number of the pageblock. */
static void map(struct source *head, uint32_t zone, struct source_block *cell, size_t n)
{
	const struct stub *s = (struct stub *)head;
	uint64_t each = (s->blocks + n - 1) / n;

	for (uint64_t i = 0; zone < s->zones && i < s->blocks; i += each, cell++) {
		uint64_t k = i / each;

		cell->pfn = i << ORDER;
		cell->nr = (uint32_t)(i + each < s->blocks ? each : s->blocks - i);
		cell->frames = (uint64_t)cell->nr << ORDER;
		cell->mt = (uint8_t)(k % 11 % 6);
		cell->free = k % 5 ? cell->frames * (k % 9) / 8 : 0;
		if (cell->free > cell->frames)
			cell->free = cell->frames;
		cell->mixed = k % 7 == 3;
	}
}

static bool content(struct source *head, uint32_t zone, uint64_t block, struct source_content *out)
{
	const struct stub *s = (struct stub *)head;

	if (zone >= s->zones || block >= s->blocks)
		return false;
	*out = (struct source_content){
		.block = { .pfn = block << ORDER, .frames = 512, .mt = PA_MOVABLE, .free = 21 },
		.used = { 3, 400, 0 },
		.mixed_since = UINT64_C(1000000000),
	};
	out->pieces[0][PA_MOVABLE] = 5;
	out->pieces[4][PA_MOVABLE] = 1;
	return true;
}

static void close_stub(struct source *head)
{
	free(((struct stub *)head)->pcp);
	free(head);
}

static const struct source_ops ops = {
	.run = run,
	.sample = sample,
	.map = map,
	.content = content,
	.close = close_stub,
};

void stub_is_host(struct source *source)
{
	((struct stub *)source)->host = true;
}

void stub_counts(struct source *source)
{
	((struct stub *)source)->host = ((struct stub *)source)->counts = true;
}

int stub_open(uint32_t zones, uint32_t nodes, uint64_t blocks, struct source **out)
{
	struct stub *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->pcp = calloc((size_t)zones * 2 + 1, sizeof(*s->pcp));
	if (!s->pcp) {
		free(s);
		return -ENOMEM;
	}
	s->head.ops = &ops;
	s->zones = zones;
	s->nodes = nodes;
	s->blocks = blocks;
	s->timeline = (struct source_timeline){ .first_ts = 1000000000,
						.last_ts = UINT64_C(11000000000),
						.ns = 100000000,
						.events = 123450,
						.n = 100 };
	for (uint32_t i = 0; i < 100; i++)
		s->timeline.tick[i].fallbacks = i * i % 37;
	make_decisions(s);
	make_stalls(s);
	*out = &s->head;
	return 0;
}
