/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tally.h"

#define NO_MT 0xff

/*
 * What is known of a frame: a free block of this order and list starts here, or else 1 + enum
 * pa_mt of the request that holds it; 0: neither.
 */
#define HEAD(order, mt) (0x80 | (mt) << 4 | (order))
#define IS_HEAD(tag) ((tag)&0x80)
#define HEAD_ORDER(tag) ((tag)&0xf)
#define HEAD_MT(tag) ((tag) >> 4 & 7)

struct block {
	uint64_t since; /* mixed since */
	uint32_t free;
	uint32_t used[PA_PCPTYPES];
	uint8_t mt;
	uint8_t first; /* its first frame's tag: of memory in large free blocks there are no others */
	bool mixed, seen;
};

struct zone {
	const struct trace_zone *from;
	uint64_t start, end, first; /* @first: of the pageblock that holds @start */
	uint64_t within;	    /* the bits of a pfn that count frames in a pageblock */
	bool known, blocks_known, ended;
	uint8_t *tag;	  /* by frame, for all but the first of a pageblock */
	uint8_t *counted; /* heads before the closing snapshot, by frame; NULL until that comes */
	uint64_t matched, listed; /* of its blocks: where the events had put them; all */
	struct block *block;
	uint64_t nr_blocks;
	uint64_t nr[PA_MAX_ORDERS][PA_NR_MT];
};

struct tally {
	const struct trace_meta *meta;
	const struct pa_policy *policy;
	struct zone zone[TRACE_MAX_ZONES];
	uint32_t nr_zones;
	int zone_at[TRACE_MAX_ZONES]; /* the header's id -> index, -1 none */
	uint8_t mt[TRACE_MAX_MT];
	bool inserts_unlocked;
	bool took, told; /* compaction took blocks; the trace told of one that it took */
	uint64_t now;	 /* ts of the event at hand */
};

/* -------------------------------------------------------------------------
 * Building
 */

static uint8_t core_mt(const struct tally *t, unsigned int mt)
{
	return mt < t->meta->nr_mt && mt < TRACE_MAX_MT ? t->mt[mt] : NO_MT;
}

static int add_zone(struct tally *t, const struct trace_zone *from)
{
	uint64_t block = UINT64_C(1) << t->meta->pageblock_order;
	struct zone *z = &t->zone[t->nr_zones];

	*z = (struct zone){
		.from = from,
		.start = from->start_pfn,
		.end = from->start_pfn + from->spanned,
		.first = from->start_pfn & -block,
		.within = block - 1,
	};
	t->zone_at[from->id] = (int)t->nr_zones++;
	z->nr_blocks = (z->end - z->first + block - 1) >> t->meta->pageblock_order;
	z->tag = calloc(from->spanned, 1);
	z->block = calloc(z->nr_blocks, sizeof(*z->block));
	if (!z->tag || !z->block)
		return -ENOMEM;
	for (uint64_t i = 0; i < z->nr_blocks; i++)
		z->block[i].mt = PA_MOVABLE;
	return 0;
}

int tally_open(const struct trace_meta *meta, const struct pa_policy *policy, struct tally **out)
{
	struct tally *t = calloc(1, sizeof(*t));
	int err = t ? 0 : -ENOMEM;
	uint32_t i, mt;

	for (i = 0; !err && i < TRACE_MAX_ZONES; i++)
		t->zone_at[i] = -1;
	for (i = 0; !err && i < meta->nr_mt && i < TRACE_MAX_MT; i++) {
		t->mt[i] = NO_MT;
		for (mt = 0; mt < PA_NR_MT; mt++)
			if (!strcmp(meta->mt[i], pa_mt_name(mt)))
				t->mt[i] = mt;
	}
	if (!err) {
		t->meta = meta;
		t->policy = policy;
		t->inserts_unlocked = strcmp(meta->tier, "fentry") && strcmp(meta->tier, "kprobe");
	}
	for (i = 0; !err && i < meta->nr_zones; i++)
		if (meta->zone[i].spanned && meta->zone[i].id < TRACE_MAX_ZONES)
			err = add_zone(t, &meta->zone[i]);
	if (err) {
		tally_close(t);
		return err;
	}
	*out = t;
	return 0;
}

void tally_close(struct tally *t)
{
	for (uint32_t i = 0; t && i < t->nr_zones; i++) {
		free(t->zone[i].tag);
		free(t->zone[i].counted);
		free(t->zone[i].block);
	}
	free(t);
}

/* -------------------------------------------------------------------------
 * Free blocks
 */

static struct zone *zone_of(struct tally *t, uint64_t pfn)
{
	for (struct zone *z = t->zone; z < t->zone + t->nr_zones; z++)
		if (pfn >= z->start && pfn < z->end)
			return z;
	return NULL;
}

/* Anything else is no block: a trace may say what it likes. */
static struct zone *zone_of_block(struct tally *t, uint64_t pfn, unsigned int order)
{
	struct zone *z = zone_of(t, pfn);
	uint64_t size = UINT64_C(1) << order;

	return z && z->known && !(pfn & (size - 1)) && size <= z->end - pfn ? z : NULL;
}

static struct block *block_of(const struct tally *t, const struct zone *z, uint64_t pfn)
{
	return &z->block[(pfn - z->first) >> t->meta->pageblock_order];
}

static uint8_t *tag_at(const struct tally *t, const struct zone *z, uint64_t pfn)
{
	return pfn & z->within ? &z->tag[pfn - z->start] : &block_of(t, z, pfn)->first;
}

/* Does a free block of just @order start at @pfn? */
static bool is_head(const struct tally *t, const struct zone *z, uint64_t pfn, unsigned int order)
{
	uint8_t tag;

	if (pfn < z->start || pfn + (UINT64_C(1) << order) > z->end)
		return false;
	tag = *tag_at(t, z, pfn);
	return IS_HEAD(tag) && HEAD_ORDER(tag) == order;
}

static void count_free(const struct tally *t, const struct zone *z, uint64_t pfn,
		       unsigned int order, bool add)
{
	uint64_t block = UINT64_C(1) << t->meta->pageblock_order;
	uint64_t end = pfn + (UINT64_C(1) << order), n = end - pfn < block ? end - pfn : block;

	for (; pfn < end; pfn += n) {
		block_of(t, z, pfn)->free += add ? n : -n;
		block_of(t, z, pfn)->seen = true;
	}
}

static void link_block(struct tally *t, struct zone *z, uint64_t pfn, unsigned int order,
		       uint8_t mt)
{
	*tag_at(t, z, pfn) = HEAD(order, mt);
	z->nr[order][mt]++;
	count_free(t, z, pfn, order, true);
}

static uint8_t unlink_block(struct tally *t, struct zone *z, uint64_t pfn)
{
	uint8_t *at = tag_at(t, z, pfn), tag = *at;

	*at = 0;
	z->nr[HEAD_ORDER(tag)][HEAD_MT(tag)]--;
	count_free(t, z, pfn, HEAD_ORDER(tag), false);
	return tag;
}

/* The free block that holds the frame @pfn: its first frame, or PA_PFN_NONE. */
static uint64_t find_block(const struct tally *t, const struct zone *z, uint64_t pfn)
{
	unsigned int order, tag;
	uint64_t at;

	for (order = 0; order < t->meta->nr_orders; order++) {
		at = pfn & -(UINT64_C(1) << order);
		if (at < z->start)
			break;
		tag = *tag_at(t, z, at);
		if (IS_HEAD(tag) && HEAD_ORDER(tag) >= order)
			return at;
	}
	return PA_PFN_NONE;
}

/* Take (@pfn, @order) out of whatever is free of it; the rest keeps its list. */
static void take(struct tally *t, struct zone *z, uint64_t pfn, unsigned int order)
{
	uint64_t end = pfn + (UINT64_C(1) << order), at;
	unsigned int o;
	uint8_t tag;

	at = find_block(t, z, pfn);
	if (at != PA_PFN_NONE && HEAD_ORDER(*tag_at(t, z, at)) > order) {
		tag = unlink_block(t, z, at);
		for (o = HEAD_ORDER(tag); o-- > order;) {
			if (pfn & UINT64_C(1) << o) {
				link_block(t, z, at, o, HEAD_MT(tag));
				at += UINT64_C(1) << o;
			} else {
				link_block(t, z, at + (UINT64_C(1) << o), o, HEAD_MT(tag));
			}
		}
		return;
	}
	for (; pfn < end && pfn < z->end; pfn++)
		if (IS_HEAD(*tag_at(t, z, pfn)))
			unlink_block(t, z, pfn);
}

/* Every free block of the pageblock at @pfn goes to the list of @mt. */
static void move_free(struct tally *t, struct zone *z, uint64_t pfn, uint8_t mt)
{
	uint64_t size = UINT64_C(1) << t->meta->pageblock_order;
	uint64_t at = pfn & -size, end = at + size;
	uint8_t tag;

	if (at < z->start)
		at = z->start;
	if (end > z->end)
		end = z->end;
	while (at < end) {
		tag = *tag_at(t, z, at);
		if (!IS_HEAD(tag)) {
			at++;
			continue;
		}
		if (HEAD_MT(tag) != mt) {
			unlink_block(t, z, at);
			link_block(t, z, at, HEAD_ORDER(tag), mt);
		}
		at += UINT64_C(1) << HEAD_ORDER(tag);
	}
}

/* -------------------------------------------------------------------------
 * Pageblocks
 */

static void check_mixed(struct tally *t, struct block *b)
{
	bool mixed = false;

	for (int mt = 0; b->mt < PA_PCPTYPES && mt < PA_PCPTYPES; mt++)
		mixed |= mt != b->mt && b->used[mt];
	if (mixed && !b->mixed)
		b->since = t->now;
	b->mixed = mixed;
}

static void set_type(struct tally *t, const struct zone *z, uint64_t pfn, uint8_t mt)
{
	struct block *b = block_of(t, z, pfn);

	b->mt = mt;
	b->seen = true;
	check_mixed(t, b);
}

/* The same for every pageblock of (@pfn, @order). */
static void set_types(struct tally *t, const struct zone *z, uint64_t pfn, unsigned int order,
		      uint8_t mt)
{
	uint64_t size = UINT64_C(1) << t->meta->pageblock_order;
	uint64_t end = pfn + (UINT64_C(1) << order);

	for (; pfn < end; pfn += size)
		set_type(t, z, pfn, mt);
}

/* 1 << @order frames at @pfn are held by a request of @mt from now on; NO_MT: by none. */
static void set_used(struct tally *t, struct zone *z, uint64_t pfn, unsigned int order, uint8_t mt)
{
	uint64_t end = pfn + (UINT64_C(1) << order), next;
	uint64_t size = UINT64_C(1) << t->meta->pageblock_order;
	struct block *b;
	uint8_t *tag;

	if (end > z->end)
		end = z->end;
	while (pfn < end) {
		b = block_of(t, z, pfn);
		b->seen = true;
		next = (pfn & -size) + size;
		tag = tag_at(t, z, pfn);
		for (; pfn < end && pfn < next; tag = &z->tag[++pfn - z->start]) {
			if (IS_HEAD(*tag)) /* free, whatever the trace says */
				continue;
			if (*tag)
				b->used[*tag - 1]--;
			*tag = mt < PA_PCPTYPES ? mt + 1 : 0;
			if (*tag)
				b->used[mt]++;
		}
		check_mixed(t, b);
	}
}

/* -------------------------------------------------------------------------
 * Frees
 */

/* May a block of @mt and its buddy of @other, of pageblock order or above, become one? */
static bool may_merge(const struct tally *t, uint8_t mt, uint8_t other)
{
	if (mt == other || t->policy->barrier == PA_BARRIER_NONE)
		return true;
	if (t->policy->barrier == PA_BARRIER_ISOLATE)
		return mt != PA_ISOLATE && other != PA_ISOLATE;
	return mt < PA_PCPTYPES && other < PA_PCPTYPES;
}

/* __free_one_page; @capture: order at which a compactor takes the block, negative for none. */
static void insert_one(struct tally *t, struct zone *z, uint64_t pfn, unsigned int order,
		       uint8_t mt, int capture)
{
	unsigned int pageblock = t->meta->pageblock_order;
	uint64_t buddy;

	for (;; order++) {
		if ((int)order == capture && mt != PA_CMA && mt != PA_ISOLATE)
			return;
		buddy = pfn ^ UINT64_C(1) << order;
		if (order + 1 >= t->meta->nr_orders || !is_head(t, z, buddy, order))
			break;
		if (order >= pageblock) {
			uint8_t other = block_of(t, z, buddy)->mt;

			if (!may_merge(t, mt, other))
				break;
			if (t->policy->hygiene && other != mt)
				set_types(t, z, buddy, t->policy->retype_range ? order : pageblock,
					  mt);
		}
		unlink_block(t, z, buddy);
		pfn &= buddy;
	}
	link_block(t, z, pfn, order, mt);
}

/* @mt NO_MT: the list is the pageblock's. */
static void insert(struct tally *t, struct zone *z, uint64_t pfn, unsigned int order, uint8_t mt,
		   int capture)
{
	unsigned int pageblock = t->meta->pageblock_order, each = order;
	uint64_t end = pfn + (UINT64_C(1) << order);

	take(t, z, pfn, order);		   /* free already: it left unseen */
	set_used(t, z, pfn, order, NO_MT); /* or was given back unseen */
	if (t->policy->split_large && order > pageblock)
		each = pageblock;
	for (; pfn < end; pfn += UINT64_C(1) << each) {
		struct block *b = block_of(t, z, pfn);

		if (mt != NO_MT && each == order && b->mt != mt &&
		    (t->policy->hygiene || !z->blocks_known)) {
			set_type(t, z, pfn, mt);
			move_free(t, z, pfn, mt);
		}
		insert_one(t, z, pfn, each, mt == NO_MT || each != order ? b->mt : mt, capture);
	}
}

/* -------------------------------------------------------------------------
 * Picks
 */

/* The pageblock, or for a larger block all of them, becomes the requester's: free pages follow. */
static void claim(struct tally *t, struct zone *z, uint64_t pfn, uint8_t mt)
{
	uint64_t at = find_block(t, z, pfn);
	uint8_t tag;

	if (at != PA_PFN_NONE && HEAD_ORDER(*tag_at(t, z, at)) >= t->meta->pageblock_order) {
		tag = unlink_block(t, z, at);
		set_types(t, z, at, HEAD_ORDER(tag), mt);
		link_block(t, z, at, HEAD_ORDER(tag), mt);
		return;
	}
	set_type(t, z, pfn, mt);
	move_free(t, z, pfn, mt);
}

/*
 * Up to 6.9 a pageblock that is not claimed may lend all its free pages (steal_suitable_fallback
 * with whole_block), or just the block found.
 */
static void borrow(struct tally *t, struct zone *z, const struct replay_kernel *k, uint8_t mt)
{
	uint64_t at = k->fallback_pfn;

	if (mt != PA_MOVABLE || k->fallback_order >= t->meta->pageblock_order / 2) {
		move_free(t, z, at, mt);
	} else if (is_head(t, z, at, k->fallback_order)) {
		unlink_block(t, z, at);
		link_block(t, z, at, k->fallback_order, mt);
	}
}

void tally_pick(struct tally *t, const struct replay_decision *d)
{
	const struct replay_kernel *k = &d->kernel;
	const struct pa_request *req = &d->core->req;
	struct zone *z;

	z = k->pfn == PA_PFN_NONE ? NULL : zone_of_block(t, k->pfn, req->order);
	if (!z)
		return;
	t->now = d->ts;
	if (k->fallback_pfn != PA_PFN_NONE && zone_of_block(t, k->fallback_pfn, 0) != z)
		return;
	if (k->fallback && k->claim == REPLAY_CLAIM_YES)
		claim(t, z, k->fallback_pfn != PA_PFN_NONE ? k->fallback_pfn : k->pfn, req->mt);
	else if (k->fallback && k->fallback_pfn != PA_PFN_NONE)
		borrow(t, z, k, req->mt);
	take(t, z, k->pfn, req->order);
	set_used(t, z, k->pfn, req->order, NO_MT);
}

/* -------------------------------------------------------------------------
 * Everything else
 */

/* __isolate_free_page @ 6.1+: a large block is worth a pageblock, which becomes MOVABLE. */
static void isolate(struct tally *t, struct zone *z, const struct trace_event *ev)
{
	uint64_t size = UINT64_C(1) << t->meta->pageblock_order;
	uint64_t pfn = ev->pfn, end, at = find_block(t, z, pfn);
	unsigned int order = ev->order;

	/* Seen in a compactor's hands, perhaps a piece of it, perhaps not for the first time. */
	if (ev->bits & EV_HELD) {
		if (at == PA_PFN_NONE)
			return;
		if (HEAD_ORDER(*tag_at(t, z, at)) > order) {
			order = HEAD_ORDER(*tag_at(t, z, at));
			pfn = at;
		}
	}
	end = pfn + (UINT64_C(1) << order);
	take(t, z, pfn, order);
	set_used(t, z, pfn, order, NO_MT);
	if (order + 1u < t->meta->pageblock_order)
		return;
	for (; pfn < end; pfn += size) {
		if (!(t->policy->isolate_retypes & 1u << block_of(t, z, pfn)->mt))
			continue;
		set_type(t, z, pfn, PA_MOVABLE);
		if (t->policy->isolate_moves_rest)
			move_free(t, z, pfn, PA_MOVABLE);
	}
}

/* A pageblock changes type by itself; a larger free block is freed again as pageblocks. */
static void move_block(struct tally *t, struct zone *z, uint64_t pfn, uint8_t mt)
{
	unsigned int pageblock = t->meta->pageblock_order;
	uint64_t at = find_block(t, z, pfn), end;
	uint8_t tag;

	set_type(t, z, pfn, mt);
	if (at == PA_PFN_NONE || HEAD_ORDER(*tag_at(t, z, at)) <= pageblock) {
		move_free(t, z, pfn, mt);
		return;
	}
	tag = unlink_block(t, z, at);
	end = at + (UINT64_C(1) << HEAD_ORDER(tag));
	for (; at < end; at += UINT64_C(1) << pageblock)
		insert_one(t, z, at, pageblock, block_of(t, z, at)->mt, -1);
}

void tally_event(struct tally *t, const struct trace_event *ev)
{
	struct zone *z = ev->type <= EV_ROTATE && ev->type != EV_FREE_BATCHED ?
				 zone_of_block(t, ev->pfn, ev->order) :
				 NULL;
	uint8_t mt = core_mt(t, ev->mt);

	t->took |= (ev->type == EV_COMPACT_FREE || ev->type == EV_COMPACT_FAST) &&
		   trace_scan_taken(ev);
	t->told |= ev->type == EV_ISOLATE;
	if (!z)
		return;
	t->now = ev->ts;
	switch (ev->type) {
	case EV_ALLOC:
		if (find_block(t, z, ev->pfn) != PA_PFN_NONE)
			take(t, z, ev->pfn, ev->order);
		set_used(t, z, ev->pfn, ev->order, mt);
		break;
	case EV_FREE:
		set_used(t, z, ev->pfn, ev->order, NO_MT);
		if (t->inserts_unlocked &&
		    !pa_pcp_holds(t->policy, ev->order, t->meta->pageblock_order))
			insert(t, z, ev->pfn, ev->order, NO_MT, -1);
		break;
	case EV_DRAIN:
	case EV_ZONE_FREE:
		/* Counted when it was announced: on a quiet host nobody tells of its arrival. */
		if (ev->bits & EV_AWAITED && ev->bits & EV_LOCKED &&
		    find_block(t, z, ev->pfn) != PA_PFN_NONE)
			break;
		insert(t, z, ev->pfn, ev->order, mt, (int)EV_CAPTURE(ev->bits) - 1);
		break;
	case EV_PUTBACK:
		if (ev->bits & EV_HELD) {
			if (find_block(t, z, ev->pfn) == PA_PFN_NONE)
				break;
			take(t, z, ev->pfn, ev->order);
		}
		insert(t, z, ev->pfn, ev->order, mt, -1);
		break;
	case EV_ISOLATE:
		isolate(t, z, ev);
		break;
	case EV_MOVE_BLOCK: /* one that is seen again moves nothing */
		if (mt != NO_MT)
			move_block(t, z, ev->pfn, mt);
		break;
	default: /* picks come as decisions; turning a list changes no count */
		break;
	}
}

/* -------------------------------------------------------------------------
 * Snapshots
 */

/* The lists of a zone start over. */
static int forget(const struct tally *t, struct zone *z)
{
	uint8_t *tag;

	z->counted = calloc(z->end - z->start, 1);
	if (!z->counted)
		return -ENOMEM;
	for (uint64_t pfn = z->start; pfn < z->end; pfn++) {
		tag = tag_at(t, z, pfn);
		if (!IS_HEAD(*tag))
			continue;
		z->counted[pfn - z->start] = *tag;
		*tag = 0;
	}
	memset(z->nr, 0, sizeof(z->nr));
	for (uint64_t i = 0; i < z->nr_blocks; i++)
		z->block[i].free = 0;
	return 0;
}

static int load_list(struct tally *t, const struct trace_list *list)
{
	int at = list->zone < TRACE_MAX_ZONES ? t->zone_at[list->zone] : -1;
	uint8_t mt = core_mt(t, list->mt);
	uint64_t block = UINT64_C(1) << t->meta->pageblock_order, pfn, end;
	struct zone *z = at < 0 ? NULL : &t->zone[at];

	if (!z || mt == NO_MT || list->order >= t->meta->nr_orders)
		return 0;
	if (list->at == TRACE_AT_END && z->known && !z->counted && forget(t, z))
		return -ENOMEM;
	z->known = true;
	for (size_t i = 0; i < list->n; i++) {
		pfn = list->pfn[i];
		if (zone_of_block(t, pfn, list->order) != z || IS_HEAD(*tag_at(t, z, pfn)))
			continue;
		if (z->counted)
			set_used(t, z, pfn, list->order, NO_MT);
		link_block(t, z, pfn, list->order, mt);
		if (z->counted) {
			z->listed++;
			z->matched += z->counted[pfn - z->start] == HEAD(list->order, mt);
		}
		end = pfn + (UINT64_C(1) << list->order);
		for (; t->policy->hygiene && !z->blocks_known && pfn < end; pfn += block)
			set_type(t, z, pfn, mt);
	}
	return 0;
}

int tally_item(struct tally *t, const struct trace_item *item)
{
	const struct trace_blocks *b = &item->blocks;
	uint64_t pfn;
	struct zone *z;

	if (item->kind == TRACE_LIST)
		return load_list(t, &item->list);
	if (item->kind != TRACE_BLOCKS || b->at != TRACE_AT_BEGIN || b->zone >= TRACE_MAX_ZONES ||
	    t->zone_at[b->zone] < 0)
		return 0;
	z = &t->zone[t->zone_at[b->zone]];
	z->blocks_known = true;
	pfn = b->first_pfn;
	for (size_t i = 0; i < b->n; i++, pfn += UINT64_C(1) << t->meta->pageblock_order)
		if (pfn >= z->first && pfn < z->end && core_mt(t, b->mt[i]) != NO_MT)
			set_type(t, z, pfn, core_mt(t, b->mt[i]));
	return 0;
}

uint64_t tally_differs(const struct tally *t)
{
	const struct zone *z;
	uint64_t n = 0;

	for (z = t->zone; z < t->zone + t->nr_zones; z++) {
		n += z->listed - z->matched;
		for (uint64_t i = 0; z->counted && i < z->end - z->start; i++)
			n += z->counted[i] != 0;
		n -= z->matched;
	}
	return n;
}

/* -------------------------------------------------------------------------
 * Looking at it
 */

uint32_t tally_nr_zones(const struct tally *t)
{
	return t->nr_zones;
}

const struct trace_zone *tally_zone(const struct tally *t, uint32_t zone)
{
	return t->zone[zone].from;
}

bool tally_known(const struct tally *t, uint32_t zone)
{
	return t->zone[zone].known;
}

bool tally_blocks_known(const struct tally *t, uint32_t zone)
{
	return t->zone[zone].blocks_known;
}

bool tally_hides(const struct tally *t)
{
	return t->took && !t->told;
}

uint64_t tally_free(const struct tally *t, uint32_t zone, unsigned int order, enum pa_mt mt)
{
	return t->zone[zone].nr[order][mt];
}

uint64_t tally_nr_blocks(const struct tally *t, uint32_t zone)
{
	return t->zone[zone].nr_blocks;
}

static void block_range(const struct tally *t, const struct zone *z, uint64_t i, uint64_t *from,
			uint64_t *to)
{
	*from = z->first + (i << t->meta->pageblock_order);
	*to = *from + (UINT64_C(1) << t->meta->pageblock_order);
	if (*from < z->start)
		*from = z->start;
	if (*to > z->end)
		*to = z->end;
}

void tally_block(const struct tally *t, uint32_t zone, uint64_t i, struct tally_block *out)
{
	const struct zone *z = &t->zone[zone];
	const struct block *b = &z->block[i];
	uint64_t from, to;

	block_range(t, z, i, &from, &to);
	*out = (struct tally_block){
		.mt = b->mt,
		.mixed = b->mixed,
		.seen = b->seen,
		.frames = to - from,
		.free = b->free,
		.mixed_since = b->since,
	};
	memcpy(out->used, b->used, sizeof(out->used));
}

void tally_pieces(const struct tally *t, uint32_t zone, uint64_t i,
		  uint32_t n[PA_MAX_ORDERS][PA_NR_MT])
{
	const struct zone *z = &t->zone[zone];
	uint64_t pfn, to;
	uint8_t tag;

	memset(n, 0, sizeof(*n) * PA_MAX_ORDERS);
	block_range(t, z, i, &pfn, &to);
	for (; pfn < to; pfn++) {
		tag = *tag_at(t, z, pfn);
		if (IS_HEAD(tag))
			n[HEAD_ORDER(tag)][HEAD_MT(tag)]++;
	}
}
