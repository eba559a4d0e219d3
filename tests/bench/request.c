// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fixed number of page requests against the model, for perf stat to count:
 *
 *	request POLICY null|order0|order9|bulk|mix OPS
 *
 * Prints nanoseconds an operation: a pair of one alloc and one free, or in mix either of them.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/pa.h"

#define FRAMES (UINT64_C(1) << 20)
#define MAX_LIVE (1u << 20)

static struct pa *pa;
static struct {
	uint64_t pfn;
	uint8_t order;
} live[MAX_LIVE];

static void must(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "request: %s: %s\n", what, strerror(-err));
	exit(1);
}

static uint32_t next_random(void)
{
	static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32);
}

static uint64_t get(unsigned int order)
{
	const struct pa_alloc_args args = { .gfp = PA_GFP_KERNEL, .order = (uint8_t)order };
	uint64_t pfn;

	must(pa_alloc(pa, &args, &pfn, NULL), "pa_alloc");
	return pfn;
}

static void put(uint64_t pfn, unsigned int order)
{
	must(pa_free_pages(pa, 0, pfn, order, NULL), "pa_free_pages");
}

static void null(uint64_t ops)
{
	for (volatile uint64_t i = 0; i < ops;)
		i = i + 1;
}

static void pairs(uint64_t ops, unsigned int order)
{
	for (uint64_t i = 0; i < ops; i++)
		put(get(order), order);
}

static void order0(uint64_t ops)
{
	pairs(ops, 0);
}

static void order9(uint64_t ops)
{
	pairs(ops, 9);
}

/* Most of the zone page by page, then back in another order. */
static void bulk(uint64_t ops)
{
	uint32_t nr = FRAMES * 3 / 4;

	for (uint64_t done = 0; done < ops; done += nr) {
		for (uint32_t i = 0; i < nr; i++)
			live[i].pfn = get(0);
		for (uint32_t i = 0; i < nr; i++)
			put(live[(uint64_t)i * 7919 % nr].pfn, 0);
	}
}

static unsigned int mixed_order(void)
{
	uint32_t r = next_random() % 100;

	return r < 85 ? 0 : r < 97 ? 1 + r % 3 : 4 + r % 6;
}

static void mix(uint64_t ops)
{
	uint64_t pages = 0;
	uint32_t nr = 0;

	for (uint64_t i = 0; i < ops; i++) {
		if (pages < FRAMES / 4 || (next_random() & 1 && pages < FRAMES / 2)) {
			live[nr].order = (uint8_t)mixed_order();
			live[nr].pfn = get(live[nr].order);
			pages += UINT64_C(1) << live[nr++].order;
		} else {
			uint32_t victim = next_random() % nr;

			put(live[victim].pfn, live[victim].order);
			pages -= UINT64_C(1) << live[victim].order;
			live[victim] = live[--nr];
		}
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(uint64_t ops);
	} phases[] = {
		{ "null", null }, { "order0", order0 }, { "order9", order9 },
		{ "bulk", bulk }, { "mix", mix },
	};
	struct pa_zone_config zone = { .spanned = FRAMES,
				       .managed = FRAMES,
				       .type = PA_ZONE_NORMAL };
	struct pa_config cfg = {
		.zones = &zone,
		.nr_zones = 1,
		.nr_orders = 11,
		.pageblock_order = 9,
		.boost_factor = 15000,
		.cpus = 4,
	};
	struct timespec from, to;
	uint64_t ops;
	void *mem;

	if (argc != 4 || !(cfg.policy = pa_policy_find(argv[1]))) {
		fprintf(stderr, "usage: request POLICY null|order0|order9|bulk|mix OPS\n");
		return 2;
	}
	ops = strtoull(argv[3], NULL, 10);
	mem = aligned_alloc(64, (pa_size(&cfg) + 63) / 64 * 64);
	must(mem ? pa_init(mem, pa_size(&cfg), &cfg, &pa) : -1, "pa_init");
	for (uint64_t pfn = 0; pfn < FRAMES; pfn += 1024)
		must(pa_free(pa, pfn, 10, PA_TO_TAIL, -1), "pa_free");
	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		if (strcmp(argv[2], phases[i].name))
			continue;
		clock_gettime(CLOCK_MONOTONIC, &from);
		phases[i].run(ops);
		clock_gettime(CLOCK_MONOTONIC, &to);
		printf("%s %s: %.1f ns an operation, %.2f bytes a frame\n", argv[1], argv[2],
		       ((double)(to.tv_sec - from.tv_sec) * 1e9 +
			(double)(to.tv_nsec - from.tv_nsec)) /
			       (double)ops,
		       (double)pa_size(&cfg) / (double)FRAMES);
		return 0;
	}
	return 2;
}
