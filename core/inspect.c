/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looking at lists, and naming a state with one number.
 */
#include "pa_internal.h"

static const struct pa_list *list_of(const struct pa *pa, uint32_t zone, unsigned int order,
				     enum pa_mt mt)
{
	if (zone >= pa->nr_zones || order >= pa->nr_orders || (unsigned int)mt >= PA_NR_MT)
		return NULL;
	return &pa_zones(pa)[zone].lists[order][mt];
}

uint64_t pa_list_head(const struct pa *pa, uint32_t zone, unsigned int order, enum pa_mt mt)
{
	const struct pa_list *list = list_of(pa, zone, order, mt);

	return list ? pa_pfn(&pa_zones(pa)[zone], list->head) : PA_PFN_NONE;
}

uint64_t pa_list_next(const struct pa *pa, uint64_t pfn)
{
	const struct pa_zone *z = pa_zone_at(pa, pfn);
	uint8_t tag = z ? *pa_tag(pa, z, pfn) : 0;

	if (!pa_tag_is_head(tag))
		return PA_PFN_NONE;
	return pa_pfn(z, pa_link_of(pa, z, pa_frame(z, pfn), pa_tag_order(tag))->next);
}

/* Four at a time: whoever asks asks for all memory. */
static bool any_head(const struct pa_desc *desc, size_t n)
{
	struct pa_desc four[4];
	uint64_t all = 0, word;
	uint8_t tags = 0;

	for (; n >= 4; n -= 4, desc += 4) {
		memcpy(&word, desc, sizeof(word));
		all |= word;
	}
	for (; n; n--, desc++)
		tags |= desc->tag;
	memcpy(four, &all, sizeof(four));
	return pa_tag_is_head(tags | four[0].tag | four[1].tag | four[2].tag | four[3].tag);
}

bool pa_idle_links(const struct pa *pa, uint64_t pfn, size_t *at, size_t *len)
{
	const struct pa_zone *z = pa_zone_at(pa, pfn);
	uint64_t end = (pfn | (pa_pages(pa->pageblock_order) - 1)) + 1;
	const struct pa_desc *desc;

	if (!z || pa->cpus)
		return false;
	pfn &= -pa_pages(pa->pageblock_order);
	if (pfn < z->start)
		pfn = z->start;
	if (end > z->end)
		end = z->end;
	desc = pa_desc(pa, z, pfn);
	if (pa_tag_is_head(desc->tag) && pa_tag_order(desc->tag) < pa->pageblock_order)
		return false;
	if (any_head(desc + 1, (size_t)(end - pfn) - 1))
		return false;
	*at = (size_t)((const char *)&pa_links(pa)[pa_frame(z, pfn)] - (const char *)pa);
	*len = (size_t)(end - pfn) * sizeof(struct pa_link);
	return true;
}

uint64_t pa_list_len(const struct pa *pa, uint32_t zone, unsigned int order, enum pa_mt mt)
{
	const struct pa_list *list = list_of(pa, zone, order, mt);

	return list ? list->count : 0;
}

uint64_t pa_nr_free(const struct pa *pa, uint32_t zone, unsigned int order)
{
	uint64_t nr = 0;

	for (unsigned int mt = 0; mt < PA_NR_MT; mt++)
		nr += pa_list_len(pa, zone, order, (enum pa_mt)mt);
	return nr;
}

/* FNV-1a over the bytes of @value, least significant first whatever the machine's order. */
static uint64_t mix(uint64_t hash, uint64_t value)
{
	for (int i = 0; i < 8; i++) {
		hash = (hash ^ (value & 0xff)) * UINT64_C(0x100000001b3);
		value >>= 8;
	}
	return hash;
}

uint64_t pa_hash(const struct pa *pa)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (uint32_t zone = 0; zone < pa->nr_zones; zone++) {
		for (unsigned int i = 0; i < pa->nr_orders * PA_NR_MT; i++) {
			unsigned int order = i / PA_NR_MT;
			enum pa_mt mt = (enum pa_mt)(i % PA_NR_MT);
			uint64_t pfn = pa_list_head(pa, zone, order, mt);

			hash = mix(hash, pa_list_len(pa, zone, order, mt));
			for (; pfn != PA_PFN_NONE; pfn = pa_list_next(pa, pfn))
				hash = mix(hash, pfn);
		}
	}
	for (uint32_t i = 0; i < pa->nr_blocks; i++)
		hash = mix(hash, pa_blocks(pa)[i]);
	return hash;
}
