/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "reference.h"

#define NONE UINT32_MAX

static const int table[3][2] = { { PA_RECLAIMABLE, PA_MOVABLE },
				 { PA_RECLAIMABLE, PA_UNMOVABLE },
				 { PA_UNMOVABLE, PA_MOVABLE } };

bool ref_is(const struct ref *r, const char *list)
{
	size_t len = strlen(r->policy);

	while (strncmp(list, r->policy, len) || (list[len] != ' ' && list[len] != '\0')) {
		list = strchr(list, ' ');
		if (!list)
			return false;
		list++;
	}
	return true;
}

void ref_init(struct ref *r, const char *policy, const struct pa_config *cfg)
{
	static const char *const flavours[] = {
		"2.4", "2.6.24", "3.10", "4.4", "5.4 5.10 6.1.0 6.1", "6.12.0", "6.12 6.18 7.3",
	};

	memset(r, 0, sizeof(*r));
	r->policy = policy;
	while (!ref_is(r, flavours[r->flavour]))
		r->flavour++;
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

/* 2.4 */
static void toggle(struct ref_zone *z, uint32_t pfn, uint32_t order)
{
	bool *bit = &z->bit[order][pfn >> (order + 1) << (order + 1)];

	*bit = !*bit;
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
	if (!r->flavour)
		return;
	for (uint32_t p = pfn; p < pfn + nr; p += 1u << r->pbo)
		r->zone[zone].type[p >> r->pbo] = (uint8_t)mt;
}

static uint32_t type_of(const struct ref *r, int zone, uint32_t pfn)
{
	return r->zone[zone].type[pfn >> r->pbo];
}

/* ------------------------------------------------------------------------- free */

static bool moves_to_tail(const struct ref *r)
{
	return !ref_is(r, "2.6.24 3.10 4.4 5.4");
}

/* 2.4's __free_pages_ok, which looks at nothing but the bits. */
static void free_by_bits(struct ref *r, int zone, uint32_t pfn, uint32_t order)
{
	struct ref_zone *z = &r->zone[zone];

	for (; order < r->orders - 1; order++) {
		uint32_t pair = pfn >> (order + 1) << (order + 1);
		bool other_is_free = z->bit[order][pair];

		toggle(z, pfn, order);
		if (!other_is_free)
			break;
		unlist(z, pfn ^ (1u << order), order, PA_MOVABLE);
		pfn = pair;
	}
	insert(z, pfn, order, PA_MOVABLE, false);
}

/* May a block that is going to be of type @mt take in a buddy in a block of type @type? */
static bool may_merge(const struct ref *r, uint32_t mt, uint32_t type)
{
	if (type == mt || ref_is(r, "2.6.24 3.10"))
		return true;
	if (ref_is(r, "4.4 5.4 5.10"))
		return type != PA_ISOLATE && mt != PA_ISOLATE;
	return type <= 2 && mt <= 2;
}

bool ref_free(struct ref *r, int zone, uint32_t pfn, uint32_t order, uint32_t mt, bool tail,
	      int capture)
{
	struct ref_zone *z = &r->zone[zone];
	uint32_t top = r->orders - 1;

	if (!r->flavour) {
		free_by_bits(r, zone, pfn, order);
		return false;
	}
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

			if (!may_merge(r, mt, type))
				break;
			if (type != mt && r->flavour > 4)
				set_types(r, zone, buddy, r->flavour == 5 ? 1 : 1u << order, mt);
		}
		unlist(z, buddy, order, (uint32_t)on);
		pfn = pfn < buddy ? pfn : buddy;
		order++;
	}
	tail &= moves_to_tail(r); /* FPI_TO_TAIL came with them */
	if (!tail && order + 1 < top && r->flavour > 1) {
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

/* 2.4: rmqueue, with expand: the lower half goes to the list, the upper one is split on. */
static uint32_t smallest_by_bits(struct ref *r, int zone, uint32_t order)
{
	struct ref_zone *z = &r->zone[zone];
	uint32_t o = order, pfn;

	while (o < r->orders && !z->n[o][PA_MOVABLE])
		o++;
	if (o == r->orders)
		return NONE;
	pfn = z->list[o][PA_MOVABLE][0];
	unlist(z, pfn, o, PA_MOVABLE);
	if (o != r->orders - 1)
		toggle(z, pfn, o);
	while (o > order) {
		o--;
		insert(z, pfn, o, PA_MOVABLE, false);
		toggle(z, pfn, o);
		pfn += 1u << o;
	}
	return pfn;
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
			insert(&r->zone[zone], pfn, order, mt, moves_to_tail(r));
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
	*can = order >= r->pbo || order >= r->pbo / 2 ||
	       (start == PA_UNMOVABLE && !ref_is(r, "2.6.24 3.10")) || start == PA_RECLAIMABLE;
	*mt = PA_CMA;
	if (start == PA_MOVABLE && ref_is(r, "3.10") && z->n[order][PA_CMA])
		return true;
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
	insert(&r->zone[zone], pfn, o, start, moves_to_tail(r));
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
	bool bars = q->flags & PA_ALLOC_NOFRAGMENT && (q->order < r->pbo || ref_is(r, "5.4 5.10"));
	uint32_t min = bars ? r->pbo : q->order;
	uint32_t mt = 0, pfn;
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
	pfn = smallest(r, q->zone, q->order, q->mt);
	return pfn == NONE ? fallback_largest(r, q, p) : pfn;
}

/* Spec 4.2, "2.6.24", "3.10" and "4.4": the block found is split itself. */
static uint32_t fallback_split(struct ref *r, const struct pa_request *q, struct ref_pick *p)
{
	struct ref_zone *z = &r->zone[q->zone];
	uint32_t mt, rest, pfn, first, end, moved = 0;
	bool can;

	for (uint32_t o = r->orders; o-- > q->order;) {
		if (!lends(r, z, o, q->mt, &mt, &can))
			continue;
		pfn = z->list[o][mt][0];
		rest = r->flavour == 1 || mt == PA_CMA ? mt : q->mt;
		note(p, PA_PATH_STEAL, pfn, o, mt);
		if (can && mt != PA_CMA && (o < r->pbo || r->flavour < 3)) {
			if (range(r, q->zone, pfn, &first, &end)) {
				moved = move(r, q->zone, first, end, q->mt);
				note(p, PA_PATH_MOVE, pfn, o, mt);
			}
			if (moved >= 1u << (r->pbo - 1)) {
				set_types(r, q->zone, pfn, 1, q->mt);
				note(p, PA_PATH_CLAIM, pfn, o, mt);
			}
			rest = q->mt;
		}
		if (o >= r->pbo && mt != PA_CMA) {
			note(p, PA_PATH_CLAIM_WHOLE, pfn, o, mt);
			if (o == r->pbo || r->flavour > 1)
				set_types(r, q->zone, pfn, 1u << o, q->mt);
		}
		unlist(z, pfn, o, (uint32_t)ref_find(r, q->zone, pfn, o));
		expand(z, pfn, q->order, o, rest);
		return pfn;
	}
	return NONE;
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
		if (ref_is(r, "6.12") && type_of(r, q->zone, pfn) == PA_HIGHATOMIC)
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
	bool old = ref_is(r, "4.4 5.4");

	if (pfn == NONE && (old ? q->mt == PA_MOVABLE : r->flavour > 3 && q->flags & PA_ALLOC_CMA))
		pfn = smallest(r, q->zone, q->order, PA_CMA);
	if (pfn == NONE && q->mt <= 2)
		pfn = r->flavour > 3 ? fallback_largest(r, q, p) : fallback_split(r, q, p);
	if (pfn == NONE && q->mt <= 2 && ref_is(r, "2.6.24 3.10"))
		pfn = smallest(r, q->zone, q->order, PA_RESERVE);
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
	if (!r->flavour)
		p.pfn = smallest_by_bits(r, q->zone, q->order);
	else if (q->flags & PA_ALLOC_CMA && !ref_is(r, "2.6.24 3.10 4.4 5.4") &&
		 cma_holds_most(&r->zone[q->zone]))
		p.pfn = smallest(r, q->zone, q->order, PA_CMA);
	if (p.pfn == NONE && r->flavour)
		p.pfn = r->flavour == 6 ? by_mode(r, q, &p) : without_mode(r, q, &p);
	if (p.pfn == NONE)
		p.path = PA_PATH_NONE;
	else
		memset(r->use + p.pfn, PA_USE_PINNED, 1u << q->order);
	return p;
}

/* ------------------------------------------------------------------------- the rest */

/* Something enters or leaves a list: 2.4 notes it. */
static void flip(struct ref *r, int zone, uint32_t pfn, uint32_t order)
{
	if (!r->flavour && order + 1 < r->orders)
		toggle(&r->zone[zone], pfn, order);
}

void ref_isolate(struct ref *r, int zone, uint32_t pfn, uint32_t order)
{
	uint32_t last = pfn + (1u << order) - 1, first, end;

	unlist(&r->zone[zone], pfn, order, (uint32_t)ref_find(r, zone, pfn, order));
	flip(r, zone, pfn, order);
	memset(r->use + pfn, PA_USE_PINNED, 1u << order);
	if (order + 1 < r->pbo || r->flavour < 2)
		return;
	for (; pfn < last; pfn += 1u << r->pbo) {
		uint32_t type = type_of(r, zone, pfn);

		if (type > 2 && (!ref_is(r, "3.10 4.4") || type == PA_CMA || type == PA_ISOLATE))
			continue;
		if (r->flavour <= 4) {
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
	if (!r->flavour)
		return true;
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

bool ref_unisolate(struct ref *r, int zone, uint32_t pfn, uint32_t mt)
{
	uint32_t first = pfn >> r->pbo << r->pbo, buddy;

	if (type_of(r, zone, pfn) != PA_ISOLATE || mt == PA_ISOLATE)
		return false;
	for (uint32_t order = r->pbo; order < r->orders - 1; order++) {
		if (!in_zone(&r->zone[zone], first) || ref_find(r, zone, first, order) < 0)
			continue;
		buddy = first ^ (1u << order);
		if (!in_zone(&r->zone[zone], buddy) || ref_find(r, zone, buddy, order) < 0 ||
		    type_of(r, zone, buddy) == PA_ISOLATE)
			break;
		ref_isolate(r, zone, first, order);
		set_types(r, zone, first, 1, mt);
		ref_free(r, zone, first, order, mt, true, -1);
		return true;
	}
	return ref_move_block(r, zone, pfn, mt);
}

void ref_take(struct ref *r, int zone, uint32_t pfn, uint32_t order)
{
	uint32_t block;
	uint32_t high = (uint32_t)holder(r, zone, pfn, &block);
	uint32_t mt = (uint32_t)ref_find(r, zone, block, high);

	unlist(&r->zone[zone], block, high, mt);
	flip(r, zone, block, high);
	while (high > order) {
		high--;
		flip(r, zone, block, high);
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

void ref_reserve(struct ref *r, int zone, uint32_t min)
{
	struct ref_zone *z = &r->zone[zone];
	uint32_t step = 1u << r->pbo, first, end;
	uint32_t want = (min + step - 1) / step, pfn = z->start;

	if (!ref_is(r, "2.6.24 3.10"))
		return;
	if (r->flavour == 2) {
		pfn = (pfn + step - 1) / step * step;
		want = want > 2 ? 2 : want;
	}
	for (; pfn < z->end; pfn += step) {
		uint32_t was = type_of(r, zone, pfn), is = was;

		if (want > 0 && was == PA_RESERVE) {
			want--;
		} else if (want > 0 && was == PA_MOVABLE) {
			want--;
			is = PA_RESERVE;
		} else if (was == PA_RESERVE) {
			is = PA_MOVABLE;
		}
		if (is == was)
			continue;
		set_types(r, zone, pfn, 1, is);
		if (range(r, zone, pfn, &first, &end))
			move(r, zone, first, end, is);
	}
}
