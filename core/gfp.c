/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gfp and alloc flags: their names, and what a gfp says of zones and types.
 */
#include <errno.h>

#include "pa_req_internal.h"

struct name {
	uint32_t bits;
	const char *name;
};

static const struct name gfp_names[] = {
	{ PA_GFP_DMA, "__GFP_DMA" },
	{ PA_GFP_HIGHMEM, "__GFP_HIGHMEM" },
	{ PA_GFP_DMA32, "__GFP_DMA32" },
	{ PA_GFP_MOVABLE, "__GFP_MOVABLE" },
	{ PA_GFP_RECLAIMABLE, "__GFP_RECLAIMABLE" },
	{ PA_GFP_HIGH, "__GFP_HIGH" },
	{ PA_GFP_IO, "__GFP_IO" },
	{ PA_GFP_FS, "__GFP_FS" },
	{ PA_GFP_ZERO, "__GFP_ZERO" },
	{ PA_GFP_ATOMIC, "__GFP_ATOMIC" },
	{ PA_GFP_DIRECT_RECLAIM, "__GFP_DIRECT_RECLAIM" },
	{ PA_GFP_KSWAPD_RECLAIM, "__GFP_KSWAPD_RECLAIM" },
	{ PA_GFP_WRITE, "__GFP_WRITE" },
	{ PA_GFP_NOWARN, "__GFP_NOWARN" },
	{ PA_GFP_RETRY_MAYFAIL, "__GFP_RETRY_MAYFAIL" },
	{ PA_GFP_NOFAIL, "__GFP_NOFAIL" },
	{ PA_GFP_NORETRY, "__GFP_NORETRY" },
	{ PA_GFP_MEMALLOC, "__GFP_MEMALLOC" },
	{ PA_GFP_COMP, "__GFP_COMP" },
	{ PA_GFP_NOMEMALLOC, "__GFP_NOMEMALLOC" },
	{ PA_GFP_HARDWALL, "__GFP_HARDWALL" },
	{ PA_GFP_THISNODE, "__GFP_THISNODE" },
	{ PA_GFP_ACCOUNT, "__GFP_ACCOUNT" },
	{ PA_GFP_COLD, "__GFP_COLD" },
};

/* Names of old versions. */
static const struct name gfp_aliases[] = {
	{ PA_GFP_RECLAIM, "__GFP_WAIT" },
	{ PA_GFP_RECLAIM, "__GFP_RECLAIM" },
	{ PA_GFP_RETRY_MAYFAIL, "__GFP_REPEAT" },
};

/* Sets with a name of their own, largest first. */
static const struct name gfp_sets[] = {
	{ PA_GFP_HIGHUSER_MOVABLE, "GFP_HIGHUSER_MOVABLE" },
	{ PA_GFP_HIGHUSER, "GFP_HIGHUSER" },
	{ PA_GFP_USER, "GFP_USER" },
	{ PA_GFP_KERNEL, "GFP_KERNEL" },
	{ PA_GFP_KERNEL & ~PA_GFP_FS, "GFP_NOFS" },
	{ PA_GFP_RECLAIM, "GFP_NOIO" },
	{ PA_GFP_ATOMIC_ALLOC, "GFP_ATOMIC" },
	{ PA_GFP_ATOMIC_ALLOC & ~PA_GFP_ATOMIC, "GFP_ATOMIC" },
	{ PA_GFP_NOWAIT, "GFP_NOWAIT" },
};

/* More such sets, which pa_gfp_text() spells out. */
#define TRANSHUGE_LIGHT                                                                            \
	((PA_GFP_HIGHUSER_MOVABLE | PA_GFP_COMP | PA_GFP_NOMEMALLOC | PA_GFP_NOWARN) &             \
	 ~PA_GFP_RECLAIM)
static const struct name gfp_more_sets[] = {
	{ PA_GFP_KERNEL | PA_GFP_ACCOUNT, "GFP_KERNEL_ACCOUNT" },
	{ PA_GFP_KERNEL | PA_GFP_RECLAIMABLE, "GFP_TEMPORARY" },
	{ TRANSHUGE_LIGHT | PA_GFP_DIRECT_RECLAIM, "GFP_TRANSHUGE" },
	{ TRANSHUGE_LIGHT, "GFP_TRANSHUGE_LIGHT" },
	{ PA_GFP_DMA, "GFP_DMA" },
	{ PA_GFP_DMA32, "GFP_DMA32" },
};

static const struct name alloc_names[] = {
	{ PA_ALLOC_NOFRAGMENT, "NOFRAGMENT" },
	{ PA_ALLOC_CMA, "CMA" },
	{ PA_ALLOC_KSWAPD, "KSWAPD" },
	{ PA_ALLOC_NO_WATERMARKS, "NO_WATERMARKS" },
	{ PA_ALLOC_OOM, "OOM" },
	{ PA_ALLOC_NON_BLOCK, "NON_BLOCK" },
	{ PA_ALLOC_MIN_RESERVE, "MIN_RESERVE" },
	{ PA_ALLOC_CPUSET, "CPUSET" },
	{ PA_ALLOC_HIGHATOMIC, "HIGHATOMIC" },
	{ PA_ALLOC_FAIR, "FAIR" },
};

#define NR(table) (sizeof(table) / sizeof((table)[0]))

void pa_text_add(struct pa_text *t, const char *word)
{
	for (; *word; word++, t->len++) {
		if (t->len + 1 < t->size)
			t->buf[t->len] = *word;
	}
	if (t->size)
		t->buf[t->len < t->size ? t->len : t->size - 1] = '\0';
}

static void add_bits(struct pa_text *t, uint32_t bits, const struct name *names, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		if (!(bits & names[i].bits))
			continue;
		if (t->len)
			pa_text_add(t, "|");
		pa_text_add(t, names[i].name);
	}
}

/* Skip "___GFP_" or "__GFP_": people and tables spell a flag in three ways. */
static const char *stem(const char *name)
{
	const char *rest;

	while (*name == '_')
		name++;
	rest = pa_after(name, "GFP_");
	return rest ? rest : name;
}

static uint32_t find(const struct name *names, size_t nr, const char *name)
{
	for (size_t i = 0; i < nr; i++) {
		if (pa_same_name(stem(names[i].name), name))
			return names[i].bits;
	}
	return 0;
}

uint32_t pa_gfp_bit(const char *name)
{
	uint32_t bits = find(gfp_names, NR(gfp_names), stem(name));

	return bits ? bits : find(gfp_aliases, NR(gfp_aliases), stem(name));
}

uint32_t pa_gfp_set(const char *name)
{
	uint32_t bits = find(gfp_sets, NR(gfp_sets), stem(name));

	return bits ? bits : find(gfp_more_sets, NR(gfp_more_sets), stem(name));
}

const char *pa_gfp_name(uint32_t bit)
{
	for (size_t i = 0; i < NR(gfp_names); i++) {
		if (gfp_names[i].bits == bit)
			return gfp_names[i].name;
	}
	return NULL;
}

size_t pa_gfp_text(uint32_t gfp, char *buf, size_t len)
{
	struct pa_text t = { buf, len, 0 };

	pa_text_add(&t, "");
	for (size_t i = 0; i < NR(gfp_sets); i++) {
		if ((gfp & gfp_sets[i].bits) != gfp_sets[i].bits)
			continue;
		pa_text_add(&t, gfp_sets[i].name);
		gfp &= ~gfp_sets[i].bits;
		break;
	}
	add_bits(&t, gfp, gfp_names, NR(gfp_names));
	if (!t.len)
		pa_text_add(&t, "0");
	return t.len;
}

size_t pa_alloc_flags_text(uint32_t flags, char *buf, size_t len)
{
	static const char *const marks[] = { "WMARK_MIN", "WMARK_LOW", "WMARK_HIGH" };
	uint32_t mark = (flags & PA_ALLOC_WMARK_MASK) >> PA_ALLOC_WMARK_SHIFT;
	struct pa_text t = { buf, len, 0 };

	pa_text_add(&t, mark < NR(marks) ? marks[mark] : "WMARK_?");
	add_bits(&t, flags, alloc_names, NR(alloc_names));
	return t.len;
}

const char *pa_zone_type_name(enum pa_zone_type type)
{
	static const char *const names[PA_NR_ZONE_TYPES] = {
		[PA_ZONE_DMA] = "DMA",	       [PA_ZONE_DMA32] = "DMA32",
		[PA_ZONE_NORMAL] = "Normal",   [PA_ZONE_HIGHMEM] = "HighMem",
		[PA_ZONE_MOVABLE] = "Movable",
	};

	return (unsigned int)type < PA_NR_ZONE_TYPES ? names[type] : NULL;
}

int pa_gfp_zone_of(uint32_t types, uint32_t gfp)
{
	uint32_t modifier = gfp & (PA_GFP_DMA | PA_GFP_DMA32 | PA_GFP_HIGHMEM);
	int type = PA_ZONE_NORMAL;

	if (modifier & (modifier - 1))
		return -EINVAL;
	if (modifier == PA_GFP_DMA)
		type = PA_ZONE_DMA;
	else if (modifier == PA_GFP_DMA32)
		type = PA_ZONE_DMA32;
	else if (modifier == PA_GFP_HIGHMEM)
		type = gfp & PA_GFP_MOVABLE && types >> PA_ZONE_MOVABLE & 1 ? PA_ZONE_MOVABLE :
									      PA_ZONE_HIGHMEM;
	return types >> type & 1 ? type : PA_ZONE_NORMAL;
}

int pa_gfp_zone(const struct pa *pa, uint32_t gfp)
{
	uint8_t type;

	if (!pa_req(pa))
		return -EINVAL;
	type = pa_req(pa)->gfp_zones[gfp & 0xf];
	return type == PA_NO_ZONE ? -EINVAL : type;
}

int pa_gfp_mt(uint32_t gfp)
{
	static const int types[] = { PA_UNMOVABLE, PA_MOVABLE, PA_RECLAIMABLE, -EINVAL };

	return types[gfp >> 3 & 3];
}
