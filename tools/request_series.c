/* SPDX-License-Identifier: GPL-2.0-only */
/* What --series writes: the state of the core over time, as comma-separated values. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"
#include "request.h"

struct request_series {
	struct out_csv csv;
	uint32_t nr_orders, pageblock_order;
	bool headed;
};

/* Types with a column of their own; the list of lists of free pages. */
static const enum pa_mt types[] = { PA_UNMOVABLE,  PA_MOVABLE, PA_RECLAIMABLE,
				    PA_HIGHATOMIC, PA_CMA,     PA_ISOLATE };
#define NR_TYPES (sizeof(types) / sizeof(types[0]))

/* Ends of the slow path that have a column. */
static const struct {
	enum pa_step step;
	const char *name;
} ends[] = {
	{ PA_STEP_GOT_PG, "slow_got" },
	{ PA_STEP_FAIL, "slow_failed" },
	{ PA_STEP_NOFAIL, "slow_nofail" },
};
#define NR_ENDS (sizeof(ends) / sizeof(ends[0]))

int request_series_open(const char *path, const struct trace_meta *meta,
			struct request_series **out)
{
	struct request_series *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->csv.to = strcmp(path, "-") ? fopen(path, "w") : stdout;
	if (!s->csv.to) {
		int err = -errno;

		free(s);
		return err;
	}
	s->nr_orders = meta->nr_orders;
	s->pageblock_order = meta->pageblock_order;
	*out = s;
	return 0;
}

int request_series_close(struct request_series *s)
{
	int err = 0;

	if (!s)
		return 0;
	if (fflush(s->csv.to) || ferror(s->csv.to))
		err = -EIO;
	if (s->csv.to != stdout && fclose(s->csv.to))
		err = -EIO;
	free(s);
	return err;
}

static void head(struct request_series *s)
{
	char name[64];

	out_csv_str(&s->csv, "event");
	out_csv_str(&s->csv, "ts");
	out_csv_str(&s->csv, "zone");
	for (uint32_t order = 0; order < s->nr_orders; order++)
		for (size_t t = 0; t < NR_TYPES; t++) {
			snprintf(name, sizeof(name), "free_%" PRIu32 "_%s", order,
				 pa_mt_name(types[t]));
			out_csv_str(&s->csv, name);
		}
	for (uint32_t order = 0; order < s->nr_orders; order++) {
		snprintf(name, sizeof(name), "unusable_%" PRIu32, order);
		out_csv_str(&s->csv, name);
	}
	out_csv_str(&s->csv, "polluted");
	for (size_t from = 0; from < PA_PCPTYPES; from++)
		for (size_t to = 0; to < PA_PCPTYPES; to++) {
			if (from == to)
				continue;
			snprintf(name, sizeof(name), "fallback_%s_%s", pa_mt_name(from),
				 pa_mt_name(to));
			out_csv_str(&s->csv, name);
		}
	out_csv_str(&s->csv, "slow");
	for (size_t e = 0; e < NR_ENDS; e++)
		out_csv_str(&s->csv, ends[e].name);
	out_csv_str(&s->csv, "moved");
	out_csv_str(&s->csv, "reclaimed");
	out_csv_end(&s->csv);
}

/* A MOVABLE pageblock with a page in use that is known not to be movable. */
static bool is_polluted(const struct pa *pa, uint64_t first, uint64_t pages)
{
	struct pa_page_info info;

	if (pa_pageblock(pa, first) != PA_MOVABLE)
		return false;
	for (uint64_t pfn = first; pfn < first + pages; pfn++)
		if (!pa_page(pa, pfn, &info) && !info.free && info.use == PA_USE_PINNED &&
		    pa_allocated(pa, pfn) >= 0)
			return true;
	return false;
}

static uint64_t polluted(const struct request_series *s, const struct pa *pa, uint64_t from,
			 uint64_t end)
{
	uint64_t size = UINT64_C(1) << s->pageblock_order, n = 0;

	for (uint64_t block = from & ~(size - 1); block < end; block += size)
		n += is_polluted(pa, block < from ? from : block,
				 block < from ? block + size - from : size);
	return n;
}

void request_series_row(void *arg, const struct pa *pa, const struct request_result *res,
			uint64_t event, uint64_t ts)
{
	struct request_series *s = arg;

	if (!s->headed)
		head(s);
	s->headed = true;
	for (uint32_t zone = 0; zone < pa_nr_zones(pa); zone++) {
		out_csv_u64(&s->csv, event);
		out_csv_u64(&s->csv, ts);
		out_csv_u64(&s->csv, zone);
		for (uint32_t order = 0; order < s->nr_orders; order++)
			for (size_t t = 0; t < NR_TYPES; t++)
				out_csv_u64(&s->csv, pa_list_len(pa, zone, order, types[t]));
		for (uint32_t order = 0; order < s->nr_orders; order++)
			out_csv_i64(&s->csv, pa_unusable_index(pa, zone, order));
		out_csv_u64(&s->csv, polluted(s, pa, res->zone_start[zone], res->zone_end[zone]));
		for (size_t from = 0; from < PA_PCPTYPES; from++)
			for (size_t to = 0; to < PA_PCPTYPES; to++)
				if (from != to)
					out_csv_u64(&s->csv, res->fallback_by[from][to]);
		out_csv_u64(&s->csv, res->slow);
		for (size_t e = 0; e < NR_ENDS; e++)
			out_csv_u64(&s->csv, res->slow_by[ends[e].step]);
		out_csv_u64(&s->csv, res->moved);
		out_csv_u64(&s->csv, res->reclaimed);
		out_csv_end(&s->csv);
	}
}
