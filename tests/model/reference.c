/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "reference.h"

#define NONE UINT32_MAX

static const int table[3][2] = { { PA_RECLAIMABLE, PA_MOVABLE },
				 { PA_RECLAIMABLE, PA_UNMOVABLE },
				 { PA_UNMOVABLE, PA_MOVABLE } };

void ref_init(struct ref *r, const char *policy, const struct pa_config *cfg)
{
	memset(r, 0, sizeof(*r));
	r->flavour = !strncmp(policy, "6.1.", 4) || !strcmp(policy, "6.1") ? 4 :
		     !strcmp(policy, "6.12.0")				   ? 5 :
									     6;
	r->early_5 = r->flavour == 5;
	r->skips_highatomic = !strcmp(policy, "6.12");
	r->orders = cfg->nr_orders;
	r->pbo = cfg->pageblock_order;
	r->factor = cfg->boost_factor;
	for (uint32_t i = 0; i < cfg->nr_zones; i++) {
		r->zone[i].start = (uint32_t)cfg->zones[i].start_pfn;
		r->zone[i].end = r->zone[i].start + (uint32_t)cfg->zones[i].spanned;
		r->zone[i].managed = (uint32_t)cfg->zones[i].managed;
		r->zone[i].high = (uint32_t)cfg->zones[i].wmark[2];
		memset(r->zone[i].type, PA_MOVABLE, sizeof(r->zone[i].type));
	}
}

/* ------------------------------------------------------------------------- lists */

static int position(const struct ref_zone *z, uint32_t pfn, uint32_t order, uint32_t mt)
{
	for (uint32_t i = 0; i < z->n[order][mt]; i++) {
		if (z->list[order][mt][i] == pfn)
			return (int)i;
	}
	return -1;
}

int ref_find(const struct ref *r, int zone, uint32_t pfn, uint32_t order)
{
	for (uint32_t mt = 0; mt < PA_NR_MT && order < r->orders; mt++) {
		if (position(&r->zone[zone], pfn, order, mt) >= 0)
			return (int)mt;
	}
	return -1;
}

static void insert(struct ref_zone *z, uint32_t pfn, uint32_t order, uint32_t mt, bool tail)
{
	uint16_t *list = z->list[order][mt];
	uint32_t n = z->n[order][mt]++;

	if (tail) {
		list[n] = (uint16_t)pfn;
		return;
	}
	memmove(list + 1, list, n * sizeof(*list));
	list[0] = (uint16_t)pfn;
}

static void unlist(struct ref_zone *z, uint32_t pfn, uint32_t order, uint32_t mt)
{
	uint16_t *list = z->list[order][mt];
	int at = position(z, pfn, order, mt);

	memmove(list + at, list + at + 1, (--z->n[order][mt] - (uint32_t)at) * sizeof(*list));
}

/* The block that holds @pfn: its order, or -1. */
static int holder(const struct ref *r, int zone, uint32_t pfn, uint32_t *block)
{
	*block = pfn;
	for (uint32_t order = 0; order < r->orders; order++) {
		*block = pfn >> order << order;
		if (ref_find(r, zone, *block, order) >= 0)
			return (int)order;
	}
	return -1;
}

bool ref_is_free(const struct ref *r, int zone, uint32_t pfn)
{
	uint32_t block;

	return holder(r, zone, pfn, &block) >= 0;
}

static bool in_zone(const struct ref_zone *z, uint32_t pfn)
{
	return pfn >= z->start && pfn < z->end;
}

static void set_types(struct ref *r, int zone, uint32_t pfn, uint32_t nr, uint32_t mt)
{
	for (uint32_t p = pfn; p < pfn + nr; p += 1u << r->pbo)
		r->zone[zone].type[p >> r->pbo] = (uint8_t)mt;
}

static uint32_t type_of(const struct ref *r, int zone, uint32_t pfn)
{
	return r->zone[zone].type[pfn >> r->pbo];
}

/* ------------------------------------------------------------------------- free */

bool ref_free(struct ref *r, int zone, uint32_t pfn, uint32_t order, uint32_t mt, bool tail,
	      int capture)
{
	struct ref_zone *z = &r->zone[zone];
	uint32_t top = r->orders - 1;

	while (order < top) {
		uint32_t buddy = pfn ^ (1u << order);
		int on = in_zone(z, buddy) ? ref_find(r, zone, buddy, order) : -1;

		if ((int)order == capture && mt != PA_CMA && mt != PA_ISOLATE) {
			memset(r->use + pfn, PA_USE_PINNED, 1u << order);
			return true;
		}
		if (on < 0)
			break;
		if (order >= r->pbo) {
			uint32_t type = type_of(r, zone, buddy);

			if (type != mt && (type > 2 || mt > 2))
				break;
			if (type != mt && r->flavour > 4)
				set_types(r, zone, buddy, r->early_5 ? 1 : 1u << order, mt);
		}
		unlist(z, buddy, order, (uint32_t)on);
		pfn = pfn < buddy ? pfn : buddy;
		order++;
	}
	if (!tail && order + 1 < top) {
		uint32_t uncle = (pfn & (pfn ^ (1u << order))) ^ (2u << order);

		tail = in_zone(z, uncle) && ref_find(r, zone, uncle, order + 1) >= 0;
	}
	insert(z, pfn, order, mt, tail);
	return false;
}

bool ref_free_direct(struct ref *r, int zone, uint32_t pfn, uint32_t order, bool tail, int capture)
{
	uint32_t end = pfn + (1u << order);
	bool captured = false;

	if (r->flavour > 4 && order > r->pbo)
		order = r->pbo;
	for (; pfn < end; pfn += 1u << order)
		captured |= ref_free(r, zone, pfn, order, type_of(r, zone, pfn), tail,
				     captured ? -1 : capture);
	return captured;
}

/* ------------------------------------------------------------------------- allocate */

static void expand(struct ref_zone *z, uint32_t pfn, uint32_t low, uint32_t high, uint32_t mt)
{
	while (high-- > low)
		insert(z, pfn + (1u << high), high, mt, false);
}

static uint32_t smallest(struct ref *r, int zone, uint32_t order, uint32_t mt)
{
	struct ref_zone *z = &r->zone[zone];

	for (uint32_t o = order; o < r->orders; o++) {
		if (z->n[o][mt]) {
			uint32_t pfn = z->list[o][mt][0];

			unlist(z, pfn, o, mt);
			expand(z, pfn, order, o, mt);
			return pfn;
		}
	}
	return NONE;
}

static void boost(struct ref *r, int zone)
{
	struct ref_zone *z = &r->zone[zone];
	uint32_t block = 1u << r->pbo;
	uint32_t max = (uint32_t)((uint64_t)z->high * r->factor / 10000);

	if (!r->factor || 4 * block > z->managed || !max)
		return;
	max = max < block ? block : max;
	z->boost = z->boost + block < max ? z->boost + block : max;
}

/* The part of @pfn's pageblock that may be moved. */
static bool range(const struct ref *r, int zone, uint32_t pfn, uint32_t *first, uint32_t *end)
{
	const struct ref_zone *z = &r->zone[zone];

	*first = pfn >> r->pbo << r->pbo;
	*end = *first + (1u << r->pbo);
	if (*end > z->end || (*first < z->start && r->flavour > 4))
		return false;
	if (*first < z->start)
		*first = pfn;
	return true;
}

static uint32_t move(struct ref *r, int zone, uint32_t first, uint32_t end, uint32_t mt)
{
	uint32_t moved = 0;

	for (uint32_t pfn = first; pfn < end; pfn++) {
		for (uint32_t order = 0; order < r->orders; order++) {
			int on = ref_find(r, zone, pfn, order);

			if (on < 0)
				continue;
			unlist(&r->zone[zone], pfn, order, (uint32_t)on);
			insert(&r->zone[zone], pfn, order, mt, true);
			moved += 1u << order;
			break;
		}
	}
	return moved;
}

static bool half_suits(const struct ref *r, int zone, uint32_t pfn, uint32_t start)
{
	uint32_t first, end, free = 0, movable = 0, alike = 0;
	uint32_t type = type_of(r, zone, pfn);

	if (!range(r, zone, pfn, &first, &end))
		return false;
	for (uint32_t p = first; p < end; p++) {
		if (ref_is_free(r, zone, p))
			free++;
		else if (r->use[p] == PA_USE_MOVABLE ||
			 (r->use[p] == PA_USE_UNKNOWN && type == PA_MOVABLE))
			movable++;
	}
	if (start == PA_MOVABLE)
		alike = movable;
	else if (type == PA_MOVABLE)
		alike = (1u << r->pbo) - free - movable;
	return free + alike >= 1u << (r->pbo - 1);
}

static bool lends(const struct ref *r, const struct ref_zone *z, uint32_t order, uint32_t start,
		  uint32_t *mt, bool *can)
{
	*can = order >= r->pbo || order >= r->pbo / 2 || start == PA_UNMOVABLE ||
	       start == PA_RECLAIMABLE;
	for (int i = 0; i < 2; i++) {
		*mt = (uint32_t)table[start][i];
		if (z->n[order][*mt])
			return true;
	}
	return false;
}

static void note(struct ref_pick *p, int path, uint32_t pfn, uint32_t order, uint32_t mt)
{
	p->path = path;
	p->fallback_pfn = pfn;
	p->fallback_order = order;
	p->fallback_mt = mt;
}

static void own_block(struct ref *r, int zone, uint32_t pfn, uint32_t order, uint32_t mt)
{
	set_types(r, zone, pfn, 1u << order, mt);
}

/* Spec 4.2, "5.4, 6.1": returns true if smallest() should try again. */
static bool steal_retry(struct ref *r, int zone, uint32_t pfn, uint32_t o, uint32_t mt,
			uint32_t start, bool can, struct ref_pick *p)
{
	uint32_t type = type_of(r, zone, pfn), first, end;
	bool suits;

	if (type != PA_HIGHATOMIC && o >= r->pbo) {
		own_block(r, zone, pfn, o, start);
		note(p, PA_PATH_CLAIM_WHOLE, pfn, o, mt);
	} else {
		note(p, PA_PATH_STEAL, pfn, o, mt);
		if (type != PA_HIGHATOMIC)
			boost(r, zone);
		if (type != PA_HIGHATOMIC && can && range(r, zone, pfn, &first, &end)) {
			suits = half_suits(r, zone, pfn, start);
			move(r, zone, first, end, start);
			note(p, suits ? PA_PATH_CLAIM : PA_PATH_MOVE, pfn, o, mt);
			if (suits)
				own_block(r, zone, pfn, 0, start);
			return true;
		}
	}
	unlist(&r->zone[zone], pfn, o, mt);
	insert(&r->zone[zone], pfn, o, start, true);
	return true;
}

/* Spec 4.2, "6.12.0". */
static uint32_t steal_page(struct ref *r, int zone, uint32_t pfn, uint32_t o, uint32_t order,
			   uint32_t mt, uint32_t start, bool can, struct ref_pick *p)
{
	uint32_t type = type_of(r, zone, pfn), first, end;

	if (type != PA_HIGHATOMIC && o >= r->pbo) {
		note(p, PA_PATH_CLAIM_WHOLE, pfn, o, mt);
		unlist(&r->zone[zone], pfn, o, mt);
		own_block(r, zone, pfn, o, start);
		expand(&r->zone[zone], pfn, order, o, start);
		return pfn;
	}
	if (type != PA_HIGHATOMIC) {
		boost(r, zone);
		if (can && half_suits(r, zone, pfn, start)) {
			note(p, PA_PATH_CLAIM, pfn, o, mt);
			range(r, zone, pfn, &first, &end);
			move(r, zone, first, end, start);
			own_block(r, zone, pfn, 0, start);
			return smallest(r, zone, order, start);
		}
	}
	note(p, PA_PATH_STEAL, pfn, o, mt);
	unlist(&r->zone[zone], pfn, o, mt);
	expand(&r->zone[zone], pfn, order, o, type);
	return pfn;
}

static uint32_t fallback_largest(struct ref *r, const struct pa_request *q, struct ref_pick *p)
{
	const struct ref_zone *z = &r->zone[q->zone];
	uint32_t min = q->flags & PA_ALLOC_NOFRAGMENT && q->order < r->pbo ? r->pbo : q->order;
	uint32_t mt = 0;
	bool can = false;
	int o;

	for (o = (int)r->orders - 1; o >= (int)min; o--) {
		if (lends(r, z, (uint32_t)o, q->mt, &mt, &can))
			break;
	}
	if (o < (int)min)
		return NONE;
	if (!can && q->mt == PA_MOVABLE && o > q->order) {
		for (o = q->order; !lends(r, z, (uint32_t)o, q->mt, &mt, &can);)
			o++;
	}
	if (r->flavour == 5)
		return steal_page(r, q->zone, z->list[o][mt][0], (uint32_t)o, q->order, mt, q->mt,
				  can, p);
	steal_retry(r, q->zone, z->list[o][mt][0], (uint32_t)o, mt, q->mt, can, p);
	return smallest(r, q->zone, q->order, q->mt);
}

/* Spec 4.2, "6.12 (late), 6.18": CLAIM. */
static uint32_t claim(struct ref *r, const struct pa_request *q, struct ref_pick *p)
{
	struct ref_zone *z = &r->zone[q->zone];
	uint32_t min = q->flags & PA_ALLOC_NOFRAGMENT && q->order < r->pbo ? r->pbo : q->order;
	uint32_t mt, pfn, first, end;
	bool can;

	for (int o = (int)r->orders - 1; o >= (int)min; o--) {
		uint32_t order = (uint32_t)o;

		if (!lends(r, z, order, q->mt, &mt, &can))
			continue;
		if (!can)
			break;
		pfn = z->list[order][mt][0];
		if (r->skips_highatomic && type_of(r, q->zone, pfn) == PA_HIGHATOMIC)
			continue;
		if (order >= r->pbo) {
			note(p, PA_PATH_CLAIM_WHOLE, pfn, order, mt);
			unlist(z, pfn, order, mt);
			own_block(r, q->zone, pfn, order, q->mt);
			expand(z, pfn, q->order, order, q->mt);
			return pfn;
		}
		boost(r, q->zone);
		if (!half_suits(r, q->zone, pfn, q->mt))
			continue;
		note(p, PA_PATH_CLAIM, pfn, order, mt);
		range(r, q->zone, pfn, &first, &end);
		move(r, q->zone, first, end, q->mt);
		own_block(r, q->zone, pfn, 0, q->mt);
		return smallest(r, q->zone, q->order, q->mt);
	}
	return NONE;
}

/* The same paragraph: STEAL. */
static uint32_t steal(struct ref *r, const struct pa_request *q, struct ref_pick *p)
{
	struct ref_zone *z = &r->zone[q->zone];

	for (uint32_t o = q->order; o < r->orders; o++) {
		uint32_t mt;
		bool can;

		if (!lends(r, z, o, q->mt, &mt, &can))
			continue;
		note(p, PA_PATH_STEAL, z->list[o][mt][0], o, mt);
		unlist(z, p->fallback_pfn, o, mt);
		expand(z, p->fallback_pfn, q->order, o, mt);
		return p->fallback_pfn;
	}
	return NONE;
}

static uint32_t by_mode(struct ref *r, const struct pa_request *q, struct ref_pick *p)
{
	uint32_t pfn = NONE;

	if (p->mode == PA_MODE_NORMAL)
		pfn = smallest(r, q->zone, q->order, q->mt);
	if (pfn != NONE)
		return pfn;
	if (p->mode <= PA_MODE_CMA && q->flags & PA_ALLOC_CMA) {
		pfn = smallest(r, q->zone, q->order, PA_CMA);
		if (pfn != NONE) {
			p->mode = PA_MODE_CMA;
			return pfn;
		}
	}
	if (q->mt > 2)
		return NONE;
	if (p->mode <= PA_MODE_CLAIM) {
		pfn = claim(r, q, p);
		if (pfn != NONE) {
			p->mode = PA_MODE_NORMAL;
			return pfn;
		}
	}
	if (!(q->flags & PA_ALLOC_NOFRAGMENT)) {
		pfn = steal(r, q, p);
		if (pfn != NONE)
			p->mode = PA_MODE_STEAL;
	}
	return pfn;
}

static uint32_t without_mode(struct ref *r, const struct pa_request *q, struct ref_pick *p)
{
	uint32_t pfn = smallest(r, q->zone, q->order, q->mt);

	if (pfn == NONE && q->flags & PA_ALLOC_CMA)
		pfn = smallest(r, q->zone, q->order, PA_CMA);
	if (pfn == NONE && q->mt <= 2)
		pfn = fallback_largest(r, q, p);
	return pfn;
}

static bool cma_holds_most(const struct ref_zone *z)
{
	uint64_t cma = 0, all = 0;

	for (uint32_t o = 0; o < PA_MAX_ORDERS; o++) {
		for (uint32_t mt = 0; mt < PA_NR_MT; mt++) {
			cma += mt == PA_CMA ? (uint64_t)z->n[o][mt] << o : 0;
			all += mt != PA_ISOLATE ? (uint64_t)z->n[o][mt] << o : 0;
		}
	}
	return cma > all / 2;
}

struct ref_pick ref_alloc(struct ref *r, const struct pa_request *q)
{
	struct ref_pick p = { .pfn = NONE, .path = PA_PATH_SMALLEST };

	if (r->flavour == 6)
		p.mode = q->mode;
	if (q->flags & PA_ALLOC_CMA && cma_holds_most(&r->zone[q->zone]))
		p.pfn = smallest(r, q->zone, q->order, PA_CMA);
	if (p.pfn == NONE)
		p.pfn = r->flavour == 6 ? by_mode(r, q, &p) : without_mode(r, q, &p);
	if (p.pfn == NONE)
		p.path = PA_PATH_NONE;
	else
		memset(r->use + p.pfn, PA_USE_PINNED, 1u << q->order);
	return p;
}

/* ------------------------------------------------------------------------- the rest */

void ref_isolate(struct ref *r, int zone, uint32_t pfn, uint32_t order)
{
	uint32_t last = pfn + (1u << order) - 1, first, end;

	unlist(&r->zone[zone], pfn, order, (uint32_t)ref_find(r, zone, pfn, order));
	memset(r->use + pfn, PA_USE_PINNED, 1u << order);
	if (order + 1 < r->pbo)
		return;
	for (; pfn < last; pfn += 1u << r->pbo) {
		if (type_of(r, zone, pfn) > 2)
			continue;
		if (r->flavour == 4) {
			set_types(r, zone, pfn, 1, PA_MOVABLE);
		} else if (range(r, zone, pfn, &first, &end)) {
			move(r, zone, first, end, PA_MOVABLE);
			set_types(r, zone, pfn, 1, PA_MOVABLE);
		}
	}
}

bool ref_move_block(struct ref *r, int zone, uint32_t pfn, uint32_t mt)
{
	uint32_t first, end, block;
	int order;

	if (!range(r, zone, pfn, &first, &end))
		return false;
	order = holder(r, zone, pfn, &block);
	if (r->flavour > 4 && order > (int)r->pbo) {
		unlist(&r->zone[zone], block, (uint32_t)order,
		       (uint32_t)ref_find(r, zone, block, (uint32_t)order));
		set_types(r, zone, pfn, 1, mt);
		ref_free_direct(r, zone, block, (uint32_t)order, false, -1);
		return true;
	}
	move(r, zone, first, end, mt);
	set_types(r, zone, pfn, 1, mt);
	return true;
}

void ref_take(struct ref *r, int zone, uint32_t pfn, uint32_t order)
{
	uint32_t block;
	uint32_t high = (uint32_t)holder(r, zone, pfn, &block);
	uint32_t mt = (uint32_t)ref_find(r, zone, block, high);

	unlist(&r->zone[zone], block, high, mt);
	while (high > order) {
		high--;
		if (pfn & (1u << high)) {
			insert(&r->zone[zone], block, high, mt, false);
			block += 1u << high;
		} else {
			insert(&r->zone[zone], block + (1u << high), high, mt, false);
		}
	}
	memset(r->use + pfn, PA_USE_PINNED, 1u << order);
}

bool ref_rotate(struct ref *r, int zone, uint32_t pfn, bool tail)
{
	struct ref_zone *z = &r->zone[zone];
	uint16_t old[REF_FRAMES];
	uint32_t block;
	uint32_t order = (uint32_t)holder(r, zone, pfn, &block);
	uint32_t mt = (uint32_t)ref_find(r, zone, pfn, order);
	uint32_t n = z->n[order][mt];
	uint32_t first = (uint32_t)position(z, pfn, order, mt) + tail;

	memcpy(old, z->list[order][mt], n * sizeof(*old));
	for (uint32_t i = 0; i < n; i++)
		z->list[order][mt][i] = old[(first + i) % n];
	return first % n;
}
