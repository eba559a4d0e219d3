/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bytes of a .pgt file as the writer and the reader see them; man/pgt.5 is the
 * specification.  verify.c works from that page alone and must not include this.
 */
#ifndef TOOLS_TRACE_FORMAT_H
#define TOOLS_TRACE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <xxhash.h>

#include "trace.h"

#define PGT_MAGIC "PGTRACE\n"
#define PGT_MAGIC_LEN 8
#define PGT_MAJOR 1
#define PGT_MINOR 0
#define PGT_HEADER 16	    /* magic, u16 major, u16 minor, u32 features */
#define PGT_CHUNK_HEADER 32 /* struct pgt_chunk */
#define PGT_END_PAYLOAD 32  /* u64 each: index offset, chunks, events, lost */

#define PGT_MAX_RAW (64u << 20)	  /* no chunk holds or stores more */
#define PGT_MAX_EVENTS (1u << 16) /* in one chunk */
#define PGT_MAX_BLOCKS (1u << 23) /* frames of a list, or pageblocks, of one record */
#define PGT_MAX_PAGES (1u << 20)  /* whose use one record tells */

enum pgt_type {
	PGT_META = 1,
	PGT_LIST,
	PGT_BLOCKS,
	PGT_PCP,
	PGT_EVENTS,
	PGT_STATS,
	PGT_INDEX,
	PGT_END,
	PGT_CPU,
	PGT_PAGES,
};

#define PGT_DELTA_MOST 256 /* zigzag of vm_stat_diff, an s8; one more than it, 0 is not known */
#define PGT_CPU_NUMBERS 8  /* of struct trace_cpu, stored one higher: -1 is not known */

#define PGT_ZSTD 0x1 /* chunk flag: the payload is one zstd frame */

struct pgt_chunk {
	uint16_t type;
	uint16_t flags;
	uint32_t stored; /* bytes of payload in the file */
	uint32_t raw;	 /* and decompressed */
	uint64_t event;	 /* events before this chunk */
	uint64_t sum;	 /* XXH64 of the stored payload */
};

/* Head byte of an event: its type and what of it differs from its context. */
#define PGT_HEAD_TYPE 0x1f
#define PGT_HEAD_CPU 0x20
#define PGT_HEAD_TS 0x40
#define PGT_HEAD_ATTR 0x80

/* First byte of an attribute entry: which values follow, in this order. */
#define PGT_ATTR_ORDER 0x01
#define PGT_ATTR_MT 0x02
#define PGT_ATTR_BITS 0x04
#define PGT_ATTR_ARG 0x08
#define PGT_ATTR_PID 0x10
#define PGT_ATTR_ALL 0x1f

/* Contexts: events of one type on one cpu, or on cpus that are equal modulo 64. */
#define PGT_CPU_SLOTS 64
#define PGT_SLOTS (EV_NR_TYPES * PGT_CPU_SLOTS)

static inline unsigned int pgt_slot(unsigned int type, unsigned int cpu)
{
	return type << 6 | (cpu & 63);
}

static inline void pgt_put16(uint8_t *p, uint16_t v)
{
	p[0] = v;
	p[1] = v >> 8;
}
static inline void pgt_put32(uint8_t *p, uint32_t v)
{
	pgt_put16(p, v);
	pgt_put16(p + 2, v >> 16);
}
static inline void pgt_put64(uint8_t *p, uint64_t v)
{
	pgt_put32(p, v);
	pgt_put32(p + 4, v >> 32);
}
static inline uint16_t pgt_get16(const uint8_t *p)
{
	return p[0] | p[1] << 8;
}
static inline uint32_t pgt_get32(const uint8_t *p)
{
	return pgt_get16(p) | (uint32_t)pgt_get16(p + 2) << 16;
}
static inline uint64_t pgt_get64(const uint8_t *p)
{
	return pgt_get32(p) | (uint64_t)pgt_get32(p + 4) << 32;
}

static inline void pgt_put_chunk(uint8_t *p, const struct pgt_chunk *c)
{
	pgt_put16(p, c->type);
	pgt_put16(p + 2, c->flags);
	pgt_put32(p + 4, c->stored);
	pgt_put32(p + 8, c->raw);
	pgt_put64(p + 12, c->event);
	pgt_put64(p + 20, c->sum);
	pgt_put32(p + 28, (uint32_t)XXH64(p, 28, 0));
}

/* False if the header's own checksum differs. */
static inline bool pgt_get_chunk(const uint8_t *p, struct pgt_chunk *c)
{
	c->type = pgt_get16(p);
	c->flags = pgt_get16(p + 2);
	c->stored = pgt_get32(p + 4);
	c->raw = pgt_get32(p + 8);
	c->event = pgt_get64(p + 12);
	c->sum = pgt_get64(p + 20);
	return pgt_get32(p + 28) == (uint32_t)XXH64(p, 28, 0);
}

static inline uint64_t pgt_zigzag(uint64_t delta)
{
	return delta << 1 ^ -(delta >> 63);
}
static inline uint64_t pgt_unzigzag(uint64_t v)
{
	return v >> 1 ^ -(v & 1);
}

#define PGT_VARINT 10 /* longest varint: 64 bits, 7 a byte */

static inline uint8_t *pgt_put_varint(uint8_t *p, uint64_t v)
{
	while (v >= 0x80) {
		*p++ = v | 0x80;
		v >>= 7;
	}
	*p++ = v;
	return p;
}

/* The byte after the varint at @p, or NULL if it is not complete before @end. */
static inline const uint8_t *pgt_get_varint(const uint8_t *p, const uint8_t *end, uint64_t *v)
{
	uint64_t byte, sum = 0;
	unsigned int shift;

	if (p < end && *p < 0x80) {
		*v = *p;
		return p + 1;
	}
	if (end - p >= 2 && p[1] < 0x80) {
		*v = (p[0] & 0x7fu) | (uint32_t)p[1] << 7;
		return p + 2;
	}
	if (end - p >= 3 && p[2] < 0x80) {
		*v = (p[0] & 0x7fu) | (p[1] & 0x7fu) << 7 | (uint32_t)p[2] << 14;
		return p + 3;
	}
	for (shift = 0; shift < 70 && p < end; shift += 7) {
		byte = *p++;
		sum |= (byte & 0x7f) << shift;
		if (byte < 0x80) {
			*v = sum;
			return shift == 63 && byte > 1 ? NULL : p;
		}
	}
	return NULL;
}

#endif /* TOOLS_TRACE_FORMAT_H */
