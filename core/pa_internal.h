/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of core/ share: the layout of the state and its smallest verbs.
 *
 * One block of memory holds, in this order: struct pa, a link pair for each frame and one for each
 * pageblock, a struct pa_zone for each zone, the zones sorted by address, a tag and an owner for
 * each frame, a type for each pageblock, under 2.4 a bit for each pair of buddies.  Frames and
 * pageblocks of all zones are numbered in one row; a link is a frame's number.  Nothing in it is a
 * pointer.
 */
#ifndef PA_INTERNAL_H
#define PA_INTERNAL_H

#include <string.h>

#include "pa.h"

/* Where a call would cost too much; gcc also drops calls of what does nothing but PA_PREFETCH. */
#define PA_INLINE static inline __attribute__((always_inline))

/* Have the cache line of @p on its way, whatever is there; a hint. */
#ifdef __GNUC__
#define PA_PREFETCH(p) __builtin_prefetch(p)
#else
#define PA_PREFETCH(p) ((void)(p))
#endif

#define PA_NIL UINT32_MAX
#define PA_MT_SLOTS 8 /* PA_NR_MT, but quicker to multiply by */

/*
 * A tag says all there is to know of one frame: TAG_HEAD, the list's type and the order for
 * the first frame of a free block, enum pa_use for any other (PA_USE_FREE inside a block).
 */
#define TAG_HEAD 0x80u
#define TAG_MT_SHIFT 4
#define TAG_ORDER 0x0fu

/*
 * A frame's owner: below OWNER_PCP unless an allocation or a block on a per-cpu list starts there.
 * A block on a per-cpu list keeps the type it was freed with (page->index of up to 6.9).
 */
#define OWNER_PCP 0x10u	      /* on a per-cpu list: plus the type shifted by OWNER_SHIFT */
#define OWNER_ALLOCATED 0x80u /* handed out */
#define OWNER_LRU 0x90u	      /* handed out, and on its zone's list of reclaimable pages */
#define OWNER_SHIFT 4
#define OWNER_ORDER 0x0fu
#define OWNER_KIND 0xf0u

/* What a frame has of struct page, but for its links. */
struct pa_desc {
	uint8_t tag;
	uint8_t owner; /* whose is what starts here: the request level's */
};

struct pa_link {
	uint32_t next;
	uint32_t prev;
};

struct pa_list {
	uint32_t head;
	uint32_t tail;
	uint32_t count;
};

struct pa_zone {
	uint64_t start; /* first frame */
	uint64_t end;	/* frame after the last */
	uint64_t managed;
	uint64_t wmark_high;
	uint64_t boost;
	uint64_t free[PA_NR_MT];   /* free pages on the lists of a type */
	uint32_t orders[PA_NR_MT]; /* bit o: the list of order o has a block */
	uint64_t frame0;	   /* number of the first frame, below UINT32_MAX */
	uint32_t nr_isolate;	   /* pageblocks of type ISOLATE: nr_isolate_pageblock */
	uint32_t nr_frames;	   /* end - start */
	/* All frames while the request level need not look at marks, 0 once a block leaves a list. */
	uint64_t quick;
	uint64_t blocks; /* offset from struct pa: type of pageblock 0, were it in the zone */
	uint64_t pages;	 /* offset from struct pa: the first CPU's lists (pa_req_internal.h) */
	uint64_t pfn0;	 /* what a frame's number lacks to its pfn */
	uint64_t pairs[PA_MAX_ORDERS - 1]; /* 2.4: number of an order's first bit */
	struct pa_list lists[PA_MAX_ORDERS][PA_MT_SLOTS];
};

struct pa_span {
	uint64_t start;
	uint64_t at; /* the zone's offset from struct pa */
	uint32_t zone;
	uint32_t zero;
};

/* The last request of an order that asked for nothing special, and where it started: quick.c's. */
struct pa_way {
	uint64_t asked[2];   /* its CPU and gfp; its order, node and use */
	uint64_t zone;	     /* offsets from struct pa: the zone, */
	uint64_t pages;	     /* the CPU's struct pa_cpu_pages there, */
	uint64_t pindex;     /* and which of its lists */
	struct pa_desc desc; /* what a page becomes */
	uint8_t zero[6];
};

/* Where pages went last that were freed to a per-cpu list: quick.c's too. */
struct pa_back {
	uint64_t zone, pages; /* offsets as above */
	uint32_t cpu;
	struct pa_desc listed[PA_PCPTYPES]; /* what a single page becomes there, by type */
	uint8_t zero[6];
};

#define PA_WAYS 5
#define PA_LINKS_AT 4096
/*
 * A frame's number has the low bits of its pfn, so that buddies' numbers differ as their pfns do.  No two zones
 * have part of the same so many: what one lacks of them is nobody's, and never free.
 */
#define PA_FRAMES_ALIGN (1u << (PA_MAX_ORDERS - 1))

struct pa {
	union {
		struct {
			uint32_t policy; /* pa_policy_at() */
			uint32_t nr_zones;
			uint32_t nr_orders;
			uint32_t pageblock_order;
			uint32_t boost_factor;
			uint32_t nr_frames;
			uint32_t nr_blocks;
			uint32_t fallback; /* enum pa_fallback, the policy's: each pick asks for it */
			uint32_t tail_orders; /* blocks of smaller orders may enter at the tail */
			uint32_t cpus;	      /* of the request level; 0: there is none */
			uint32_t rules;	      /* its row of pa_all_rules[] */
			uint64_t zones;	      /* offsets from this struct */
			uint64_t spans;
			uint64_t descs;
			uint64_t blocks;
			uint64_t maps;	    /* 0: the policy keeps no bits for pairs */
			uint64_t req;	    /* the request level (pa_req_internal.h); 0: none */
			uint64_t zone_reqs; /* its part of each zone */
			struct pa_way ways[PA_WAYS]; /* by order, one for all above PA_COSTLY_ORDER */
			struct pa_back back;
		};
		/* So the links of a pageblock fill whole pages, see pa_idle_links(). */
		uint8_t page[PA_LINKS_AT];
	};
	struct pa_link links[];
};

_Static_assert(sizeof(struct pa) == PA_LINKS_AT, "it is not that large");
_Static_assert(PA_FRAMES_ALIGN * sizeof(struct pa_link) % PA_LINKS_AT == 0, "whole pages");

extern const struct pa_policy pa_policies[];

static inline const struct pa_policy *pa_version(const struct pa *pa)
{
	return &pa_policies[pa->policy];
}

static inline struct pa_zone *pa_zones(const struct pa *pa)
{
	return (struct pa_zone *)((char *)(uintptr_t)pa + pa->zones);
}

static inline struct pa_span *pa_spans(const struct pa *pa)
{
	return (struct pa_span *)((char *)(uintptr_t)pa + pa->spans);
}

static inline struct pa_link *pa_links(const struct pa *pa)
{
	return (struct pa_link *)(uintptr_t)pa->links;
}

/*
 * The links of a free block of @order that starts at @frame.  @whole pageblocks have theirs apart, so
 * that those of frames are for pageblocks in pieces alone.
 */
static inline struct pa_link *pa_link_at(const struct pa *pa, const struct pa_zone *z,
					 uint32_t frame, bool whole)
{
	if (!whole)
		return &pa_links(pa)[frame];
	return &pa_links(pa)[pa->nr_frames + (z->blocks - pa->blocks) +
			     ((frame + z->pfn0) >> pa->pageblock_order)];
}

static inline struct pa_link *pa_link_of(const struct pa *pa, const struct pa_zone *z,
					 uint32_t frame, unsigned int order)
{
	return pa_link_at(pa, z, frame, order >= pa->pageblock_order);
}

static inline struct pa_desc *pa_descs(const struct pa *pa)
{
	return (struct pa_desc *)((char *)(uintptr_t)pa + pa->descs);
}

static inline uint8_t *pa_blocks(const struct pa *pa)
{
	return (uint8_t *)(uintptr_t)pa + pa->blocks;
}

static inline uint8_t *pa_maps(const struct pa *pa)
{
	return (uint8_t *)(uintptr_t)pa + pa->maps;
}

/* The last zone that does not start above @pfn; the first if all do. */
static inline const struct pa_span *pa_span_of(const struct pa *pa, uint64_t pfn)
{
	const struct pa_span *span = pa_spans(pa);

	for (uint32_t n = pa->nr_zones; n > 1; n -= n / 2) {
		if (span[n / 2].start <= pfn)
			span += n / 2;
	}
	return span;
}

/* The zone that holds @pfn as a struct, or NULL. */
static inline struct pa_zone *pa_zone_at(const struct pa *pa, uint64_t pfn)
{
	struct pa_zone *z = (void *)((char *)(uintptr_t)pa + pa_span_of(pa, pfn)->at);

	return pfn >= z->start && pfn < z->end ? z : NULL;
}

static inline uint32_t pa_frame(const struct pa_zone *z, uint64_t pfn)
{
	return (uint32_t)(z->frame0 + (pfn - z->start));
}

static inline uint64_t pa_pfn(const struct pa_zone *z, uint32_t frame)
{
	return frame == PA_NIL ? PA_PFN_NONE : frame + z->pfn0;
}

static inline struct pa_desc *pa_desc(const struct pa *pa, const struct pa_zone *z, uint64_t pfn)
{
	return &pa_descs(pa)[pa_frame(z, pfn)];
}

/* The frame is needed soon, and was not touched for long. */
PA_INLINE void pa_prefetch(const struct pa *pa, uint32_t frame)
{
	PA_PREFETCH(&pa->links[frame]);
	PA_PREFETCH(&pa_descs(pa)[frame]);
}

static inline uint8_t *pa_tag(const struct pa *pa, const struct pa_zone *z, uint64_t pfn)
{
	return &pa_desc(pa, z, pfn)->tag;
}

static inline bool pa_tag_is_head(uint8_t tag)
{
	return tag & TAG_HEAD;
}

static inline bool pa_tag_is_free(uint8_t tag)
{
	return tag >= PA_USE_FREE;
}

static inline unsigned int pa_tag_order(uint8_t tag)
{
	return tag & TAG_ORDER;
}

static inline enum pa_mt pa_tag_mt(uint8_t tag)
{
	return (enum pa_mt)((tag & ~TAG_HEAD) >> TAG_MT_SHIFT);
}

static inline uint8_t pa_head_tag(unsigned int order, enum pa_mt mt)
{
	return (uint8_t)(TAG_HEAD | (unsigned int)mt << TAG_MT_SHIFT | order);
}

static inline uint64_t pa_pages(unsigned int order)
{
	return (uint64_t)1 << order;
}

/*
 * The first of a block's frames has @owner, the others have none, which any number below OWNER_PCP
 * says: so does @use.
 */
static inline void pa_fill(struct pa_desc *desc, unsigned int order, uint8_t use, uint8_t owner)
{
	memset(desc, use, (size_t)pa_pages(order) * sizeof(*desc));
	desc->owner = owner;
}

/* Is there one? */
static inline bool pa_owned(uint8_t owner)
{
	return owner >= OWNER_PCP;
}

/*
 * What starts at @desc and is not free is used otherwise from now on, or by somebody else.  Of a whole
 * pageblock with an owner only the first frame says what for: most are taken from a list and put back
 * on it many times.  use_at() knows.
 */
static inline void pa_use(const struct pa *pa, struct pa_desc *desc, unsigned int order,
			  struct pa_desc new)
{
	if (order && order != pa->pageblock_order)
		pa_fill(desc, order, new.tag, new.owner);
	else
		*desc = new;
}

/* Does the zone span every frame of [@pfn, @pfn + @nr)? */
static inline bool pa_spanned(const struct pa_zone *z, uint64_t pfn, uint64_t nr)
{
	return pfn >= z->start && pfn < z->end && nr <= z->end - pfn;
}

static inline uint8_t *pa_block(const struct pa *pa, const struct pa_zone *z, uint64_t pfn)
{
	return (uint8_t *)(uintptr_t)pa + z->blocks + (pfn >> pa->pageblock_order);
}

/* migratetype_is_mergeable */
static inline bool pa_mergeable(enum pa_mt mt)
{
	return mt < PA_PCPTYPES;
}

/* The list a block of type @mt goes to: 2.4 has one for all, which stands as MOVABLE. */
static inline enum pa_mt pa_list_type(const struct pa *pa, enum pa_mt mt)
{
	return pa->maps ? PA_MOVABLE : mt;
}

/* expand keeps the first part of a block that it splits; 2.4's kept the last. */
static inline uint64_t pa_part(const struct pa *pa, uint64_t pfn, unsigned int high,
			       unsigned int order)
{
	return pa->maps ? pfn + pa_pages(high) - pa_pages(order) : pfn;
}

/* The same where it is known what the policy reads. */
static inline enum pa_mt pa_type_by(enum pa_type_read read, const struct pa *pa,
				    const struct pa_zone *z, uint64_t pfn, enum pa_mt before)
{
	if (read == PA_TYPE_LOCKED ||
	    (read == PA_TYPE_IF_ISOLATED && (z->nr_isolate || before == PA_ISOLATE)))
		return *pa_block(pa, z, pfn);
	return before;
}

/* pa_free_type() of a frame that @z holds. */
static inline enum pa_mt pa_type_at_free(const struct pa *pa, const struct pa_zone *z, uint64_t pfn,
					 enum pa_mt before)
{
	return pa_type_by(pa_version(pa)->type_read, pa, z, pfn, before);
}

/* Two verbs for names, so that the core wants nothing of a libc but memcpy and its kin. */
/* What follows @prefix in @text, or NULL. */
static inline const char *pa_after(const char *text, const char *prefix)
{
	while (*prefix && *text == *prefix) {
		text++;
		prefix++;
	}
	return *prefix ? NULL : text;
}

static inline bool pa_same_name(const char *a, const char *b)
{
	const char *rest = pa_after(a, b);

	return rest && !*rest;
}

/* layout.c: pageblocks of all zones */
uint64_t pa_count_blocks(const struct pa_config *cfg);
/* layout.c: is (@pfn, @order) an aligned block inside one zone?  That zone, or NULL. */
struct pa_zone *pa_valid_block(const struct pa *pa, uint64_t pfn, unsigned int order);

/* buddy.c: these know lists and frames, but no policy. */
void pa_link_block(struct pa *pa, struct pa_zone *z, uint64_t pfn, unsigned int order,
		   enum pa_mt mt, bool tail);
void pa_unlink_block(struct pa *pa, struct pa_zone *z, uint64_t pfn);
/* bitmap.c: 2.4's free_area.map, for orders below the largest. */
/* Bits for one order of a zone. */
uint64_t pa_nr_pairs(uint64_t start, uint64_t end, unsigned int order);
bool pa_pair_bit(const struct pa *pa, const struct pa_zone *z, uint64_t pfn, unsigned int order);
/* MARK_USED */
void pa_flip_pair(struct pa *pa, const struct pa_zone *z, uint64_t pfn, unsigned int order);

/* pa_free_block() of frames known to be in use.  Was it captured? */
bool pa_merge_block(struct pa *pa, struct pa_zone *z, uint64_t pfn, unsigned int order,
		    enum pa_mt mt, unsigned int flags, int capture);
/* The rest of it for frames that were merged to a pageblock or more, of which nobody captures any. */
void pa_merge_above(struct pa *pa, struct pa_zone *z, uint64_t pfn, unsigned int order,
		    enum pa_mt mt, bool tail);
/* decide.c: pa_decide() for a request known to be valid, in its zone; and performing that. */
void pa_choose(const struct pa *pa, const struct pa_zone *z, const struct pa_request *req,
	       struct pa_decision *d);
void pa_perform(struct pa *pa, struct pa_zone *z, const struct pa_decision *d);
/* expand: take the free block that starts at @pfn, split it down to @order, hand out pa_part(). */
void pa_hand_out(struct pa *pa, struct pa_zone *z, uint64_t pfn, unsigned int order);
/*
 * The same for up to @most requests at once, as far as the smallest list of type @mt that fits goes,
 * of which there must be one: how many.  Of each, the first frame; the caller says what they become.
 * Not 2.4.
 */
uint32_t pa_hand_out_run(struct pa *pa, struct pa_zone *z, unsigned int order, enum pa_mt mt,
			 uint32_t most, uint32_t *frames);
/* Some frame of (@pfn, @order) is free. */
bool pa_any_free(const struct pa *pa, const struct pa_zone *z, uint64_t pfn, unsigned int order);
/* The frames' tags from now on; the owner of the first stays. */
void pa_mark(struct pa *pa, struct pa_zone *z, uint64_t pfn, unsigned int order, enum pa_use use);

/* pageblock.c */
void pa_set_block(struct pa *pa, struct pa_zone *z, uint64_t pfn, enum pa_mt mt);
/* Give the pageblocks of (@pfn, @order) a type; change_pageblock_range. */
void pa_retype(struct pa *pa, struct pa_zone *z, uint64_t pfn, unsigned int order, enum pa_mt mt);
/* The frames a move of @pfn's pageblock covers; false where the policy refuses to move. */
bool pa_block_range(const struct pa *pa, const struct pa_zone *z, uint64_t pfn, uint64_t *first,
		    uint64_t *end);
/* Relink every free block of [@first, @end) on its list of type @mt, lowest first. */
void pa_move_range(struct pa *pa, struct pa_zone *z, uint64_t first, uint64_t end, enum pa_mt mt);

/* boost_watermark, and the most it can reach (0: it does nothing). */
void pa_boost_watermark(const struct pa *pa, struct pa_zone *z);
uint64_t pa_boost_max(const struct pa *pa, const struct pa_zone *z);

#endif /* PA_INTERNAL_H */
