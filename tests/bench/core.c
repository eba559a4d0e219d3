// SPDX-License-Identifier: GPL-2.0-only
/*
 * The core alone: pick and free pairs of one order, with the decision recorded.
 *
 *	core ORDER PAIRS	prints nanoseconds
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/pa.h"

#define FRAMES (1u << 20)

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "core: %s\n", what);
	exit(1);
}

/* 4 GiB, all free, MOVABLE, in blocks of the largest order. */
static struct pa *model(void)
{
	const struct pa_zone_config zone = {
		.spanned = FRAMES,
		.managed = FRAMES,
		.wmark = { 1000, 2000, 3000 },
	};
	const struct pa_config cfg = {
		.policy = pa_policy_find("6.18"),
		.zones = &zone,
		.nr_zones = 1,
		.nr_orders = 11,
		.pageblock_order = 9,
		.boost_factor = 15000,
	};
	size_t size = (pa_size(&cfg) + 63) & ~(size_t)63;
	struct pa *pa;

	must(!pa_init(aligned_alloc(64, size), size, &cfg, &pa), "pa_init");
	for (uint64_t pfn = 0; pfn < FRAMES; pfn += 1u << 10)
		must(!pa_free_block(pa, pfn, 10, PA_MOVABLE, 0, -1), "pa_free_block");
	return pa;
}

int main(int argc, char **argv)
{
	struct pa_request req = { .mt = PA_MOVABLE };
	struct pa_decision d;
	uint64_t start;
	struct pa *pa;

	must(argc == 3, "usage: core ORDER PAIRS");
	req.order = (uint8_t)atoi(argv[1]);
	pa = model();
	start = now_ns();
	for (long n = atol(argv[2]); n > 0; n--) {
		must(!pa_decide(pa, &req, &d) && !pa_commit(pa, &d), "no block");
		must(!pa_free(pa, d.pfn, req.order, 0, -1), "pa_free");
	}
	printf("%" PRIu64 "\n", now_ns() - start);
	return 0;
}
