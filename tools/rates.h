/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How fast counters rise that come and go: of each process, of each stack.  Between two samples a
 * row is known by its key; one that was not there before began at 0.
 */
#ifndef TOOLS_RATES_H
#define TOOLS_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RATES_COUNTERS 3

struct rates_row {
	uint64_t key, n[RATES_COUNTERS];
};

struct rates_rows {
	struct rates_row *row;
	size_t n, room;
};

/* Zeroed: nothing was noted yet. */
struct rates {
	struct rates_rows was, now;
	uint64_t ts;
	double seconds; /* from the one to the other; 0: rates cannot be told */
	bool noted;	/* a sample, as a whole */
};

/*
 * A sample of time @ts follows, all rows of it; the same @ts again stands for the same sample, an
 * earlier one begins anew.
 */
void rates_begin(struct rates *r, uint64_t ts);
/*
 * A row of it.  @per_s gets what each of its counters, @n, rose by in a second, all negative where
 * that is not known: of the first sample, or without memory to note what was there.
 */
void rates_note(struct rates *r, uint64_t key, const uint64_t n[RATES_COUNTERS],
		double per_s[RATES_COUNTERS]);
void rates_close(struct rates *r); /* accepts a zeroed one */

#endif /* TOOLS_RATES_H */
