// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page requests against the whole model, and the same work against an allocator that does nothing,
 * in turns: what is printed is the best of ROUNDS for each.
 *
 *	request POLICY OPS ROUNDS	a line a phase: name, then for the model and for nothing
 *					nanoseconds and instructions an operation
 *	request POLICY start PAGES	milliseconds until a zone of so many pages is ready
 *
 * Time is the processor's, for this process.
 * An operation is a pair of one alloc and one free, or either of them where the phase has but one.
 * Instructions are those of user mode; "-" where this machine cannot count them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/pa.h"

#define FRAMES (UINT64_C(1) << 20)
#define BLOCK 1024
#define HUGE (UINT64_C(2) << 20)

struct held {
	uint32_t pfn;
	uint8_t order;
};

static struct pa *pa;
static struct pa_alloc_args args[11];
static struct held held[FRAMES];
static uint32_t nr_held;
static int counter = -1;

static void must(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "request: %s: %s\n", what, strerror(-err));
	exit(1);
}

/* Each phase is built twice, so that choosing the allocator costs nothing. */
#define INLINE static inline __attribute__((always_inline))

INLINE uint64_t get(bool model, unsigned int order)
{
	uint64_t pfn;

	if (!model)
		return order;
	must(pa_alloc(pa, &args[order], &pfn, NULL), "pa_alloc");
	return pfn;
}

INLINE void put(bool model, uint64_t pfn, unsigned int order)
{
	if (model)
		must(pa_free_pages(pa, 0, pfn, order, NULL), "pa_free_pages");
	else
		__asm__ volatile("" : : "r"(pfn)); /* the compiler must not see through */
}

/* -------------------------------------------------------------------------
 * What is asked for
 */

static uint64_t random_state = UINT64_C(0x9e3779b97f4a7c15);

static uint32_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32);
}

/* Order 0: 85 %, 1 to 3: 12 %, 4 to 9: 3 %. */
static unsigned int mixed_order(void)
{
	uint32_t r = next_random() % 100;

	return r < 85 ? 0 : r < 97 ? 1 + r % 3 : 4 + r % 6;
}

/*
 * The operations of fill and mix: an order to allocate, or which of what is held to free.  Drawn
 * beforehand, for that takes as long as what is measured.
 */
#define FREES UINT32_C(0x80000000)
static uint32_t *stream;
static uint64_t nr_fill, nr_mix;

static void draw_alloc(uint64_t *held_pages)
{
	unsigned int order = mixed_order();

	stream[nr_fill + nr_mix] = order;
	held[nr_held++].order = (uint8_t)order;
	*held_pages += UINT64_C(1) << order;
}

static void draw_free(uint32_t which, uint64_t *held_pages)
{
	stream[nr_fill + nr_mix] = FREES | which;
	*held_pages -= UINT64_C(1) << held[which].order;
	held[which] = held[--nr_held];
}

static void draw(uint64_t ops)
{
	uint64_t held_pages = 0;

	stream = malloc((FRAMES / 2 + ops) * sizeof(*stream));
	must(stream ? 0 : -ENOMEM, "the operations");
	for (; held_pages < FRAMES / 2; nr_fill++)
		draw_alloc(&held_pages);
	for (; nr_mix < ops; nr_mix++) {
		uint32_t r = next_random();

		if ((r & 1 && held_pages < FRAMES * 5 / 8) || held_pages < FRAMES * 3 / 8)
			draw_alloc(&held_pages);
		else
			draw_free((r >> 1) % nr_held, &held_pages);
	}
	nr_held = 0;
}

/* -------------------------------------------------------------------------
 * Phases
 */

INLINE uint64_t pairs(bool model, uint64_t ops, unsigned int order)
{
	for (uint64_t i = 0; i < ops; i++)
		put(model, get(model, order), order);
	return ops;
}

INLINE uint64_t order0(bool model, uint64_t ops)
{
	return pairs(model, ops, 0);
}

INLINE uint64_t order9(bool model, uint64_t ops)
{
	return pairs(model, ops, 9);
}

INLINE void hold(bool model, unsigned int order)
{
	held[nr_held++] = (struct held){ (uint32_t)get(model, order), (uint8_t)order };
}

INLINE uint64_t fill(bool model, uint64_t ops)
{
	(void)ops;
	for (uint64_t i = 0; i < nr_fill; i++)
		hold(model, stream[i]);
	return nr_fill;
}

INLINE uint64_t mix(bool model, uint64_t ops)
{
	(void)ops;
	for (uint64_t i = nr_fill; i < nr_fill + nr_mix; i++) {
		struct held *h = &held[stream[i] & ~FREES];

		if (!(stream[i] & FREES)) {
			hold(model, stream[i]);
			continue;
		}
		put(model, h->pfn, h->order);
		*h = held[--nr_held];
	}
	return nr_mix;
}

INLINE uint64_t drain(bool model, uint64_t ops)
{
	(void)ops;
	ops = nr_held;
	while (nr_held) {
		nr_held--;
		put(model, held[nr_held].pfn, held[nr_held].order);
	}
	return ops;
}

/* Nearly all of the zone page by page: the rest is below its marks. */
INLINE uint64_t bulk_alloc(bool model, uint64_t ops)
{
	(void)ops;
	while (nr_held < FRAMES / 16 * 15)
		hold(model, 0);
	return nr_held;
}

/* What was allocated first to last goes back in another order, which no phase's time has a part in. */
static void shuffle(void)
{
	for (uint32_t i = nr_held; i > 1; i--) {
		uint32_t other = next_random() % i;
		struct held last = held[i - 1];

		held[i - 1] = held[other];
		held[other] = last;
	}
}

INLINE uint64_t bulk_free(bool model, uint64_t ops)
{
	(void)ops;
	ops = nr_held;
	for (uint32_t i = 0; i < nr_held; i++)
		put(model, held[i].pfn, 0);
	nr_held = 0;
	return ops;
}

/* name, function: in the order they run; held[] is shuffled ahead of the last */
#define PHASES(X)                                                                                  \
	X(order_0_pairs, order0)                                                                   \
	X(order_9_pairs, order9)                                                                   \
	X(mix_fill, fill)                                                                          \
	X(mix, mix)                                                                                \
	X(mix_drain, drain)                                                                        \
	X(order_0_pairs_aged, order0)                                                              \
	X(bulk_alloc, bulk_alloc)                                                                  \
	X(bulk_free, bulk_free)

#define BUILD(name, function)                                                                      \
	static uint64_t null_##name(uint64_t ops)                                                  \
	{                                                                                          \
		return function(false, ops);                                                       \
	}                                                                                          \
	static uint64_t model_##name(uint64_t ops)                                                 \
	{                                                                                          \
		return function(true, ops);                                                        \
	}
PHASES(BUILD)

static const struct phase {
	const char *name;
	uint64_t (*run[2])(uint64_t ops); /* the null allocator's and the model's; operations done */
} phases[] = {
#define ROW(name, function) { #name, { null_##name, model_##name } },
	PHASES(ROW)
};
#define NR_PHASES (sizeof(phases) / sizeof(phases[0]))

/* -------------------------------------------------------------------------
 * Measuring
 */

/* Of this process: others may be running. */
static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void open_counter(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_INSTRUCTIONS,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};

	counter = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static uint64_t instructions(void)
{
	uint64_t count;

	if (counter < 0 || read(counter, &count, sizeof(count)) != sizeof(count))
		return 0;
	return count;
}

/* A machine of one zone, all free.  Its memory was touched before: @ns is the model's part alone. */
static struct pa *start(const char *policy, uint64_t frames, double *bytes, uint64_t *ns)
{
	struct pa_zone_config zone = { .spanned = frames,
				       .managed = frames,
				       .type = PA_ZONE_NORMAL };
	struct pa_config cfg = {
		.policy = pa_policy_find(policy),
		.zones = &zone,
		.nr_zones = 1,
		.nr_orders = 11,
		.pageblock_order = 9,
		.boost_factor = 15000,
		.cpus = 4,
	};
	size_t size = pa_size(&cfg);
	struct pa *model;
	void *mem;

	must(size ? 0 : -EINVAL, "pa_size");
	size = (size + HUGE - 1) / HUGE * HUGE;
	mem = aligned_alloc(HUGE, size);
	must(mem ? 0 : -ENOMEM, "the state");
	madvise(mem, size, MADV_HUGEPAGE);
	memset(mem, 1, size);
	*ns = now_ns();
	must(pa_init(mem, size, &cfg, &model), "pa_init");
	for (uint64_t pfn = 0; pfn < frames; pfn += BLOCK)
		must(pa_free(model, pfn, 10, PA_TO_TAIL, -1), "pa_free");
	*ns = now_ns() - *ns;
	*bytes = (double)pa_size(&cfg) / (double)frames;
	return model;
}

/* Least so far of what one operation took. */
struct best {
	double ns, instr;
};

/* @after: where the random numbers go on from, which the last phase takes. */
static void run(bool model, uint64_t ops, uint64_t after, struct best best[NR_PHASES])
{
	random_state = after;
	for (size_t i = 0; i < NR_PHASES; i++) {
		uint64_t count, from, done;
		double ns, instr;

		if (i == NR_PHASES - 1)
			shuffle();
		count = instructions();
		from = now_ns();
		done = phases[i].run[model](ops);
		ns = (double)(now_ns() - from) / (double)done;
		instr = (double)(instructions() - count) / (double)done;

		if (!best[i].ns || ns < best[i].ns)
			best[i].ns = ns;
		if (!best[i].instr || instr < best[i].instr)
			best[i].instr = instr;
	}
}

static void measure(const char *policy, uint64_t ops, int rounds)
{
	struct best best[2][NR_PHASES] = { 0 };
	uint64_t ns, after;
	double bytes;

	for (uint8_t order = 0; order < 11; order++)
		args[order] = (struct pa_alloc_args){ .gfp = PA_GFP_KERNEL, .order = order };
	open_counter();
	draw(ops * 5);
	after = random_state;
	for (int round = 0; round < rounds; round++) {
		run(false, ops, after, best[0]);
		pa = start(policy, FRAMES, &bytes, &ns);
		run(true, ops, after, best[1]);
		free(pa); /* it starts the block of memory */
	}
	free(stream);
	for (size_t i = 0; i < NR_PHASES; i++) {
		printf("%s %.1f %.1f", phases[i].name, best[1][i].ns, best[0][i].ns);
		if (counter < 0)
			puts(" - -");
		else
			printf(" %.0f %.0f\n", best[1][i].instr, best[0][i].instr);
	}
	printf("bytes-a-frame %.2f\n", bytes);
}

int main(int argc, char **argv)
{
	if (argc != 4 || !pa_policy_find(argv[1])) {
		fputs("usage: request POLICY OPS ROUNDS | request POLICY start PAGES\n", stderr);
		return 2;
	}
	if (!strcmp(argv[2], "start")) {
		double bytes;
		uint64_t ns;

		pa = start(argv[1], strtoull(argv[3], NULL, 10), &bytes, &ns);
		printf("%.0f %.2f\n", (double)ns / 1e6, bytes);
		return 0;
	}
	measure(argv[1], strtoull(argv[2], NULL, 10), atoi(argv[3]));
	return 0;
}
