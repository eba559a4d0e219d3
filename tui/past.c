/* SPDX-License-Identifier: GPL-2.0-only */
#include "past.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(offsetof(struct sample, zone) % sizeof(uint64_t) == 0 &&
		       sizeof(struct source_zone) % sizeof(uint64_t) == 0,
	       "a sample is whole words");

size_t past_size(uint32_t zones)
{
	return offsetof(struct sample, zone) + zones * sizeof(struct source_zone);
}

/* How many words; a bit for each that is not zero; those. */
uint64_t *past_pack(const struct sample *s)
{
	size_t n = past_size(s->nr_zones) / sizeof(uint64_t), bits = (n + 63) / 64, kept = 0, i;
	const char *from = (const char *)s;
	uint64_t word, *packed, *to;

	for (i = 0; i < n; i++) {
		memcpy(&word, from + i * sizeof(word), sizeof(word));
		kept += word != 0;
	}
	packed = calloc(1 + bits + kept, sizeof(*packed));
	if (!packed)
		return NULL;
	packed[0] = n;
	to = packed + 1 + bits;
	for (i = 0; i < n; i++) {
		memcpy(&word, from + i * sizeof(word), sizeof(word));
		if (!word)
			continue;
		packed[1 + i / 64] |= UINT64_C(1) << i % 64;
		*to++ = word;
	}
	return packed;
}

void past_unpack(const uint64_t *packed, struct sample *out)
{
	size_t n = packed[0];
	const uint64_t *bits = packed + 1, *from = bits + (n + 63) / 64;
	char *to = (char *)out;

	memset(to, 0, n * sizeof(uint64_t));
	for (size_t i = 0; i < n; i++)
		if (bits[i / 64] & UINT64_C(1) << i % 64)
			memcpy(to + i * sizeof(uint64_t), from++, sizeof(uint64_t));
}
