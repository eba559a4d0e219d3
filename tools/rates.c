/* SPDX-License-Identifier: GPL-2.0-only */
#include "rates.h"

#include <stdlib.h>
#include <string.h>

static int by_key(const void *a, const void *b)
{
	uint64_t x = ((const struct rates_row *)a)->key, y = ((const struct rates_row *)b)->key;

	return (x > y) - (x < y);
}

void rates_begin(struct rates *r, uint64_t ts)
{
	struct rates_rows free_rows = r->was;

	if (!r->noted || ts != r->ts) {
		r->seconds = r->noted && ts > r->ts ? (double)(ts - r->ts) / 1e9 : 0;
		r->was = r->now;
		r->now = free_rows;
		if (r->was.n)
			qsort(r->was.row, r->was.n, sizeof(*r->was.row), by_key);
	}
	r->now.n = 0;
	r->ts = ts;
	r->noted = true;
}

static void add(struct rates *r, uint64_t key, const uint64_t n[RATES_COUNTERS])
{
	struct rates_rows *rows = &r->now;
	size_t room = rows->room ? 2 * rows->room : 64;
	struct rates_row *row;

	if (rows->n == rows->room) {
		row = realloc(rows->row, room * sizeof(*row));
		if (!row) {
			r->noted = false; /* a part of it would read as rows that began at 0 */
			return;
		}
		rows->row = row;
		rows->room = room;
	}
	row = &rows->row[rows->n++];
	row->key = key;
	memcpy(row->n, n, sizeof(row->n));
}

void rates_note(struct rates *r, uint64_t key, const uint64_t n[RATES_COUNTERS],
		double per_s[RATES_COUNTERS])
{
	const struct rates_row row = { .key = key }, *was = NULL;
	uint64_t before;

	if (r->was.n)
		was = bsearch(&row, r->was.row, r->was.n, sizeof(row), by_key);
	for (int i = 0; i < RATES_COUNTERS; i++) {
		before = was && was->n[i] <= n[i] ? was->n[i] : 0;
		per_s[i] = r->seconds > 0 ? (double)(n[i] - before) / r->seconds : -1;
	}
	add(r, key, n);
}

void rates_close(struct rates *r)
{
	free(r->was.row);
	free(r->now.row);
	memset(r, 0, sizeof(*r));
}
