// SPDX-License-Identifier: GPL-2.0-only
/*
 * What tests/vm/ab found: predictions from a recording with the kernel's own settings, beside what
 * the kernel did with another.  docs/fidelity.md has the numbers.
 */
#include <stdio.h>
#include <string.h>

#include "tune.h"

static const struct {
	const char *key, *text;
} proofs[] = {
	{ "watermark_boost_factor",
	  "0, 6.12, 7.3: fallbacks up as predicted, by two thirds as much; free order 9: within the spread" },
	{ "min_free_kbytes",
	  "16384, 6.12, 7.3: fallbacks down to few as predicted; free order 9: within the spread" },
	{ "watermark_scale_factor",
	  "500, 6.12, 7.3: fallbacks down to few as predicted; free order 9: within the spread" },
	{ "percpu_pagelist_high_fraction",
	  "8, 6.12, 7.3: fallbacks and free order 9 within the spread" },
	{ "compaction_proactiveness",
	  "100, 6.12, 7.3: fallbacks and free order 9 within the spread" },
	{ "defrag_mode",
	  "1, 7.3: fallbacks down to few as predicted; free order 9: within the spread" },
};

#define NR_PROOFS (sizeof(proofs) / sizeof(proofs[0]))

size_t tune_nr_proofs(void)
{
	return NR_PROOFS;
}

const char *tune_proof_at(size_t i, char *key, size_t len)
{
	snprintf(key, len, "%s", proofs[i].key);
	return proofs[i].text;
}

const char *tune_proof(const char *key)
{
	for (size_t i = 0; i < NR_PROOFS; i++)
		if (!strcmp(proofs[i].key, key))
			return proofs[i].text;
	return NULL;
}
