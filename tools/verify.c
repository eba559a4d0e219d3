/* SPDX-License-Identifier: GPL-2.0-only */
/* The independent verifier: every rule here is a sentence of man/pgt.5. */
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>
#include <linux/types.h>

#include "bpf/event.h"
#include "verify.h"

#define MAX_PAYLOAD 67108864
#define MAX_EVENTS 65536
#define MAX_FRAMES 8388608
#define MAX_ZONES 80
#define MAX_CPUS 16384
#define MAX_PAGES (1 << 20)
#define NR_USES 4
#define NO_PFN ((1ULL << 36) - 1)
#define NO_MT 255

enum { META = 1, LIST, BLOCKS, PCP, EVENTS, STATS, INDEX, END, CPU, PAGES };

/* A payload while it is read; a read past the end gives 0 and sets bad for good. */
struct input {
	const unsigned char *p;
	size_t left;
	bool bad;
};

struct slot {
	struct input pfns;
	bool looked_at; /* what follows, but for the pfn, was found right */
	unsigned long long order, mt, bits, arg, pid, pfn;
};

struct seen {
	unsigned long long type, stored, events, ts;
};

struct verify {
	FILE *file;
	struct verify_result *out;
	unsigned long long offset; /* of the chunk being looked at */
	unsigned long long next;   /* of the one after it */
	unsigned char *stored, *raw;
	size_t stored_room, raw_room;
	struct seen *seen; /* every chunk so far, for the index */
	size_t nr_seen, seen_room;
	unsigned long long index_at; /* offset of the index; 0 none yet */
	unsigned int nr_orders, pageblock_order, nr_mt, nr_zones;
	unsigned long long zone_start[MAX_ZONES], zone_end[MAX_ZONES];
	struct slot slots[2048];
};

static const char *const carries[EV_NR_TYPES] = {
#define X(id, NAME, text, letters, what) [id] = letters,
	EVENT_TYPES(X)
#undef X
};

__attribute__((format(printf, 2, 3))) static int fail(struct verify *v, const char *fmt, ...)
{
	char *why = v->out->why;
	va_list ap;
	int n;

	n = snprintf(why, sizeof(v->out->why), "offset %llu: ", v->offset);
	va_start(ap, fmt);
	vsnprintf(why + n, sizeof(v->out->why) - n, fmt, ap);
	va_end(ap);
	return -EBADMSG;
}

static unsigned long long little(const unsigned char *p, int bytes)
{
	unsigned long long v = 0;

	while (bytes--)
		v = v << 8 | p[bytes];
	return v;
}

static unsigned long long byte(struct input *in)
{
	if (!in->left) {
		in->bad = true;
		return 0;
	}
	in->left--;
	return *in->p++;
}

static unsigned long long varint(struct input *in)
{
	unsigned long long v = 0, b;
	int i;

	for (i = 0; i < 10; i++) {
		b = byte(in);
		v |= (b & 127) << (7 * i);
		if (b < 128) {
			in->bad |= i == 9 && b > 1;
			return in->bad ? 0 : v;
		}
	}
	in->bad = true;
	return 0;
}

static unsigned long long zigzag(struct input *in)
{
	unsigned long long v = varint(in);

	return v & 1 ? ~(v >> 1) : v >> 1;
}

static struct input part(struct input *in, unsigned long long len)
{
	struct input sub = { in->p, len, false };

	if (len > in->left) {
		in->bad = true;
		return (struct input){ 0 };
	}
	in->p += len;
	in->left -= len;
	return sub;
}

static bool room(unsigned char **p, size_t *have, size_t want)
{
	unsigned char *q;

	if (*have >= want)
		return true;
	q = realloc(*p, want);
	if (!q)
		return false;
	*p = q;
	*have = want;
	return true;
}

/* ---- snapshots ---- */

static int verify_frames(struct verify *v, struct input *in, unsigned long long zone,
			 unsigned long long order)
{
	unsigned long long n = varint(in), i, pfn = 0, size = 1ULL << order;

	if (n > MAX_FRAMES)
		return fail(v, "list of %llu frames", n);
	for (i = 0; i < n && !in->bad; i++) {
		pfn += zigzag(in);
		if (in->bad)
			break;
		if (pfn >= NO_PFN || pfn < v->zone_start[zone] || pfn + size > v->zone_end[zone])
			return fail(v, "pfn %llu is not in zone %llu", pfn, zone);
		if (pfn % size)
			return fail(v, "pfn %llu is not aligned to order %llu", pfn, order);
	}
	return in->bad ? fail(v, "list ends early") : 0;
}

static int verify_list(struct verify *v, struct input *in, bool pcp)
{
	unsigned long long at = varint(in), zone = varint(in), cpu = pcp ? varint(in) : 0;
	unsigned long long order = varint(in), mt = varint(in);
	int i;

	if (in->bad || at > 1 || zone >= v->nr_zones || cpu >= MAX_CPUS || order >= v->nr_orders ||
	    mt >= v->nr_mt)
		return fail(v, "list of at %llu, zone %llu, cpu %llu, order %llu, type %llu", at,
			    zone, cpu, order, mt);
	for (i = 0; pcp && i < 3; i++)
		if (varint(in) >> 63)
			return fail(v, "pcp count, batch or high out of range");
	return verify_frames(v, in, zone, order);
}

static int verify_row(struct verify *v, struct input *in, bool pages)
{
	unsigned long long at = varint(in), zone = varint(in), first = varint(in);
	unsigned long long n = varint(in), told, run, what, below = pages ? NR_USES : v->nr_mt;
	const char *name = pages ? "pages" : "pageblocks";
	unsigned int order = pages ? 0 : v->pageblock_order;

	if (in->bad || at > 1 || zone >= v->nr_zones || first >= NO_PFN ||
	    n > (pages ? MAX_PAGES : MAX_FRAMES))
		return fail(v, "%s of at %llu, zone %llu, pfn %llu", name, at, zone, first);
	if (n && (first >= v->zone_end[zone] || first + (n << order) <= v->zone_start[zone] ||
		  first + (n << order) > NO_PFN))
		return fail(v, "%s from pfn %llu are not in zone %llu", name, first, zone);
	for (told = 0; told < n; told += run) {
		run = varint(in);
		what = varint(in);
		if (in->bad || !run || run > n - told ||
		    (what >= below && (pages || what != NO_MT)))
			return fail(v, "run of %llu %s of type %llu", run, name, what);
	}
	return 0;
}

static int verify_cpu(struct verify *v, struct input *in)
{
	unsigned long long at = varint(in), zone = varint(in), cpu = varint(in);
	unsigned long long event = varint(in);

	if (in->bad || at > 1 || zone >= v->nr_zones || cpu >= MAX_CPUS || event >> 63)
		return fail(v, "counters of at %llu, zone %llu, cpu %llu, event %llu", at, zone,
			    cpu, event);
	for (int i = 0; i < 8; i++)
		if (varint(in) >> 63)
			return fail(v, "counter out of range");
	if (varint(in) > 256 || in->bad)
		return fail(v, "vm_stat_diff out of range");
	return 0;
}

static int verify_snapshot(struct verify *v, unsigned long long type, struct input in)
{
	int err = 0;

	while (!err && in.left)
		err = type == BLOCKS || type == PAGES ? verify_row(v, &in, type == PAGES) :
		      type == CPU		      ? verify_cpu(v, &in) :
							verify_list(v, &in, type == PCP);
	return err;
}

/* ---- events ---- */

static unsigned long long bits_of(const char *letters, unsigned int type)
{
	static const struct {
		char letter;
		unsigned char bits;
	} known[] = { { 'r', 1 }, { 'l', 1 }, { 'c', 3 }, { 'd', 1 }, { 's', 1 },   { 'x', 2 },
		      { 'h', 2 }, { 'w', 8 }, { 'i', 1 }, { 'b', 2 }, { 'q', 0xf0 } };
	unsigned long long bits = type == 7 ? 4 : 0;
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strchr(letters, known[i].letter))
			bits |= known[i].bits;
	return bits;
}

/* Read what changed in a slot. */
static void attributes(struct input *in, struct slot *s)
{
	unsigned long long mask = byte(in);

	s->looked_at = false;
	if (mask & 1)
		s->order = byte(in);
	if (mask & 2)
		s->mt = byte(in);
	if (mask & 4)
		s->bits = byte(in);
	if (mask & 8)
		s->arg = varint(in);
	if (mask & 16)
		s->pid = varint(in);
	in->bad |= mask > 31;
}

/* Its frame and order name a block: alloc to rotate, push and bulk. */
static bool of_block(unsigned int type)
{
	return type <= 11 || type == 13 || type == 31;
}

static const char *wrong(const struct verify *v, unsigned int type, const struct slot *s)
{
	char f[16] = "";
	bool block = of_block(type);

	/* The letters alone: what follows a colon is a name. */
	memcpy(f, carries[type], strcspn(carries[type], ":"));
	if (s->order >= (block ? v->nr_orders : 16) || (s->order && !strchr(f, 'o')))
		return "order";
	if (s->mt >= v->nr_mt && s->mt != NO_MT)
		return "migratetype";
	if (s->mt == NO_MT ? strchr(f, 'm') && type != 7 : !strchr(f, 'm'))
		return "migratetype";
	if (s->bits & ~bits_of(f, type))
		return "bits";
	if (type == 7 && (s->bits >> 2 & 1) != (s->mt != NO_MT))
		return "bits";
	if (strchr(f, 'q') && s->bits >> 4 > v->nr_orders)
		return "capture order";
	if (s->arg >> 32 || (s->arg && !strpbrk(f, "gfnazye")))
		return "arg";
	if (strchr(f, 'f') &&
	    (s->arg >> 7 || (s->arg & 15) >= v->nr_orders || (s->arg >> 4) >= v->nr_mt))
		return "fallback";
	if (strchr(f, 'n') && s->arg >= v->nr_mt)
		return "old migratetype";
	if (s->pid >> 32 || (s->pid && !strchr(f, 't')))
		return "pid";
	return NULL;
}

static void begin_slots(struct verify *v)
{
	size_t i;

	memset(v->slots, 0, sizeof(v->slots));
	for (i = 0; i < 2048; i++)
		v->slots[i].mt = NO_MT;
}

/* Find the columns; the pfn columns go to their slots. */
static bool columns(struct verify *v, struct input in, struct input col[4], unsigned long long *n)
{
	unsigned long long cpu, ts, attr, slots, i, at = 0, step;
	struct input table;

	begin_slots(v);
	*n = varint(&in);
	cpu = varint(&in);
	ts = varint(&in);
	attr = varint(&in);
	slots = varint(&in);
	table = in;
	for (i = 0; i < 2 * slots && !in.bad; i++)
		varint(&in);
	col[0] = part(&in, *n);
	col[1] = part(&in, cpu);
	col[2] = part(&in, ts);
	col[3] = part(&in, attr);
	if (in.bad || *n > MAX_EVENTS)
		return false;
	for (i = 0; i < slots; i++) {
		step = varint(&table);
		if ((i && !step) || step >= 2048 || at + step >= 2048)
			return false;
		at += step;
		v->slots[at].pfns = part(&in, varint(&table));
	}
	return !in.bad && !in.left;
}

static int verify_events(struct verify *v, struct input in, struct seen *seen)
{
	unsigned long long n, i, cpu = 0, ts = 0;
	struct input col[4];
	struct slot *s;
	const char *what;

	if (!columns(v, in, col, &n))
		return fail(v, "columns do not fill the chunk");
	for (i = 0; i < n; i++) {
		unsigned int head = byte(&col[0]), type = head & 31;

		if (!carries[type])
			return fail(v, "event %llu of the chunk: unknown type %u", i, type);
		if (head & 32)
			cpu = varint(&col[1]);
		if (head & 64)
			ts += zigzag(&col[2]);
		s = &v->slots[type * 64 + cpu % 64];
		if (head & 128)
			attributes(&col[3], s);
		if (carries[type][0] == 'p')
			s->pfn += zigzag(&s->pfns);
		what = s->looked_at ? NULL : wrong(v, type, s);
		s->looked_at = true;
		if (s->pfn > NO_PFN || (s->pfn == NO_PFN && of_block(type) && type != 1))
			what = "pfn";
		if (cpu >= MAX_CPUS || ts >> 63)
			what = "cpu or time";
		if (col[1].bad || col[2].bad || col[3].bad || s->pfns.bad)
			what = "columns";
		if (what)
			return fail(v, "event %llu of the chunk: bad %s", i, what);
		if (!i)
			seen->ts = ts;
		if (type == 12)
			v->out->lost += s->arg;
	}
	for (i = 0; i < 2048; i++)
		if (v->slots[i].pfns.left)
			return fail(v, "pfns left over");
	if (col[1].left || col[2].left || col[3].left)
		return fail(v, "bytes left over in a column");
	seen->events = n;
	v->out->events += n;
	return 0;
}

/* ---- JSON ---- */

static bool number(const json_t *object, const char *key, long long max, unsigned long long *v)
{
	const json_t *member = json_object_get(object, key);

	*v = json_integer_value(member);
	return json_is_integer(member) && json_integer_value(member) >= 0 &&
	       json_integer_value(member) <= max;
}

/* Members of the meta and zone records; all but the needed may be missing. */
struct member {
	const char *key;
	enum { NEEDED, NUMBER, TEXT, NEEDED_TEXT, NAMES } kind;
	long long max; /* of a number; of a text, in bytes */
};

static const struct member meta_members[] = {
	{ "kernel", TEXT, 127 },
	{ "policy", TEXT, 31 },
	{ "tier", TEXT, 31 },
	{ "page_shift", NUMBER, 30 },
	{ "nr_orders", NEEDED, 15 },
	{ "pageblock_order", NEEDED, 14 },
	{ "cpus", NUMBER, MAX_CPUS },
	{ "gfp", NAMES, 0 },
	{ "sysctl", NAMES, 0 },
	{ "clock_mono_ns", NUMBER, INT64_MAX },
	{ "clock_real_ns", NUMBER, INT64_MAX },
	{ "recorder_pid", NUMBER, UINT32_MAX },
	{ "command", TEXT, 255 },
	{ "unknown", TEXT, 255 },
	{ "sites", NAMES, 0 },
	{ NULL, NUMBER, 0 },
};

static const struct member zone_members[] = {
	{ "id", NEEDED, MAX_ZONES - 1 },
	{ "node", NUMBER, UINT32_MAX },
	{ "name", NEEDED_TEXT, 31 },
	{ "start_pfn", NEEDED, NO_PFN },
	{ "spanned", NEEDED, NO_PFN },
	{ "present", NUMBER, NO_PFN },
	{ "managed", NEEDED, NO_PFN },
	{ "min", NUMBER, INT64_MAX },
	{ "low", NUMBER, INT64_MAX },
	{ "high", NUMBER, INT64_MAX },
	{ "boost", NUMBER, INT64_MAX },
	{ "nr_reserved_highatomic", NUMBER, INT64_MAX },
	{ NULL, NUMBER, 0 },
};

static bool good_names(const json_t *object)
{
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return false;
	json_object_foreach((json_t *)object, key, value) if (!json_is_integer(value) &&
							      !json_is_string(value)) return false;
	return true;
}

static bool good_text(const json_t *text, long long max)
{
	return json_is_string(text) && (long long)json_string_length(text) <= max;
}

/* The first member that is wrong, or NULL. */
static const char *bad_member(const json_t *object, const struct member *m)
{
	const json_t *value;
	unsigned long long v;
	bool good;

	for (; m->key; m++) {
		value = json_object_get(object, m->key);
		if (!value && m->kind != NEEDED && m->kind != NEEDED_TEXT)
			continue;
		good = m->kind == NAMES ? good_names(value) :
		       m->kind == TEXT || m->kind == NEEDED_TEXT ?
					  good_text(value, m->max) :
					  number(object, m->key, m->max, &v);
		if (!good)
			return m->key;
	}
	return NULL;
}

static bool good_zone(struct verify *v, const json_t *zone, size_t i)
{
	const json_t *reserve = json_object_get(zone, "lowmem_reserve"), *pages;
	unsigned long long id, start, spanned;
	size_t k;

	if (bad_member(zone, zone_members) || !number(zone, "id", MAX_ZONES, &id) || id != i ||
	    !number(zone, "start_pfn", NO_PFN, &start) ||
	    !number(zone, "spanned", NO_PFN, &spanned) || start + spanned > NO_PFN ||
	    json_array_size(reserve) > 8)
		return false;
	json_array_foreach(reserve, k, pages) if (!json_is_integer(pages)) return false;
	v->zone_start[i] = start;
	v->zone_end[i] = start + spanned;
	return true;
}

static bool good_types(struct verify *v, const json_t *types)
{
	size_t i, k;

	v->nr_mt = json_array_size(types);
	if (v->nr_mt < 1 || v->nr_mt > 8)
		return false;
	for (i = 0; i < v->nr_mt; i++) {
		if (!good_text(json_array_get(types, i), 31) ||
		    !json_string_length(json_array_get(types, i)))
			return false;
		for (k = 0; k < i; k++)
			if (json_equal(json_array_get(types, i), json_array_get(types, k)))
				return false;
	}
	return true;
}

static int verify_meta(struct verify *v, const json_t *meta)
{
	const char *schema = json_string_value(json_object_get(meta, "schema"));
	const json_t *zones = json_object_get(meta, "zones");
	const char *key = bad_member(meta, meta_members);
	unsigned long long orders, block;
	size_t i;

	if (!schema || strcmp(schema, "buddyscope.trace/1"))
		return fail(v, "meta: unknown schema");
	if (key)
		return fail(v, "meta: bad \"%s\"", key);
	if (!number(meta, "nr_orders", 15, &orders) || !orders ||
	    !number(meta, "pageblock_order", orders - 1, &block))
		return fail(v, "meta: bad nr_orders or pageblock_order");
	v->nr_orders = orders;
	v->pageblock_order = block;
	if (!good_types(v, json_object_get(meta, "migratetypes")))
		return fail(v, "meta: not 1 to 8 migratetypes of different names");
	v->nr_zones = json_array_size(zones);
	if (v->nr_zones > MAX_ZONES)
		return fail(v, "meta: %u zones", v->nr_zones);
	for (i = 0; i < v->nr_zones; i++)
		if (!good_zone(v, json_array_get(zones, i), i))
			return fail(v, "meta: zone %zu is bad", i);
	return 0;
}

static int verify_json(struct verify *v, unsigned long long type, struct input in)
{
	json_t *json = json_loadb((const char *)in.p, in.left, JSON_REJECT_DUPLICATES, NULL);
	int err = 0;

	if (!json_is_object(json))
		err = fail(v, "payload is not a JSON object");
	else if (type == META)
		err = verify_meta(v, json);
	else if (!good_names(json))
		err = fail(v, "counter is neither an integer nor a string");
	json_decref(json);
	return err;
}

/* ---- index and end ---- */

static int verify_index(struct verify *v, struct input in)
{
	unsigned long long ts = 0;
	size_t i;

	if (v->index_at)
		return fail(v, "second index");
	v->index_at = v->offset;
	for (i = 0; i < v->nr_seen; i++) {
		const struct seen *s = &v->seen[i];

		if (varint(&in) != s->type || varint(&in) != s->stored || in.bad)
			return fail(v, "index tells chunk %zu otherwise", i);
		if (s->type != EVENTS)
			continue;
		if (varint(&in) != s->events || (ts += zigzag(&in)) != s->ts || in.bad)
			return fail(v, "index tells the events of chunk %zu otherwise", i);
	}
	return in.left ? fail(v, "index tells of more chunks than there are") : 0;
}

static int verify_end(struct verify *v, struct input in)
{
	if (in.left != 32)
		return fail(v, "end mark has %zu bytes", in.left);
	if (little(in.p, 8) != v->index_at)
		return fail(v, "end mark has another offset of the index");
	if (little(in.p + 8, 8) != v->out->chunks || little(in.p + 16, 8) != v->out->events ||
	    little(in.p + 24, 8) != v->out->lost)
		return fail(v, "end mark counts other chunks, events or losses");
	v->offset = v->next;
	return fgetc(v->file) == EOF ? 0 : fail(v, "bytes after the end mark");
}

/* ---- chunks ---- */

static int get_bytes(struct verify *v, void *p, size_t len, const char *what)
{
	if (fread(p, 1, len, v->file) == len)
		return 0;
	if (ferror(v->file))
		return -errno;
	return fail(v, "cut: the file ends inside %s", what);
}

static int get_payload(struct verify *v, const unsigned char *h, struct input *in)
{
	size_t stored = little(h + 4, 4), raw = little(h + 8, 4), n;
	unsigned int flags = little(h + 2, 2);
	int err;

	if (little(h + 28, 4) != (XXH64(h, 28, 0) & 0xffffffff))
		return fail(v, "chunk header checksum differs");
	if (stored > MAX_PAYLOAD || raw > MAX_PAYLOAD)
		return fail(v, "chunk is too long");
	if (little(h + 12, 8) != v->out->events)
		return fail(v, "chunk follows event %llu, not %llu", little(h + 12, 8),
			    (unsigned long long)v->out->events);
	if (!room(&v->stored, &v->stored_room, stored + 1))
		return -ENOMEM;
	err = get_bytes(v, v->stored, stored, "a chunk");
	if (err)
		return err;
	if (little(h + 20, 8) != XXH64(v->stored, stored, 0))
		return fail(v, "chunk checksum differs");
	v->next = v->offset + 32 + stored;
	*in = (struct input){ v->stored, stored, false };
	if (little(h, 2) < META || little(h, 2) > PAGES)
		return 0; /* of a later minor version: only its sums can be checked */
	if (flags > 1)
		return fail(v, "unknown chunk flags");
	if (!flags)
		return stored == raw ? 0 : fail(v, "chunk lengths differ");
	if (ZSTD_getFrameContentSize(v->stored, stored) != raw)
		return fail(v, "zstd frame has another length");
	if (!room(&v->raw, &v->raw_room, raw + 1))
		return -ENOMEM;
	n = ZSTD_decompress(v->raw, raw, v->stored, stored);
	if (ZSTD_isError(n) || n != raw)
		return fail(v, "zstd frame is damaged");
	*in = (struct input){ v->raw, raw, false };
	return 0;
}

static int remember(struct verify *v, const struct seen *seen)
{
	size_t want = v->seen_room ? 2 * v->seen_room : 64;
	struct seen *p;

	if (v->nr_seen == v->seen_room) {
		p = reallocarray(v->seen, want, sizeof(*p));
		if (!p)
			return -ENOMEM;
		v->seen = p;
		v->seen_room = want;
	}
	v->seen[v->nr_seen++] = *seen;
	return 0;
}

/* One chunk; 1 after the last. */
static int verify_chunk(struct verify *v)
{
	unsigned char h[32];
	struct seen seen = { 0 };
	struct input in;
	int err;

	v->offset = v->next;
	err = get_bytes(v, h, sizeof(h), "a chunk header, or has no end mark");
	if (!err)
		err = get_payload(v, h, &in);
	if (err)
		return err;
	seen.type = little(h, 2);
	seen.stored = little(h + 4, 4);
	if ((seen.type == META) != !v->out->chunks)
		return fail(v, "meta chunk is missing or not the first");
	switch (seen.type) {
	case META:
	case STATS:
		err = verify_json(v, seen.type, in);
		break;
	case LIST:
	case BLOCKS:
	case PCP:
	case CPU:
	case PAGES:
		err = verify_snapshot(v, seen.type, in);
		break;
	case EVENTS:
		err = verify_events(v, in, &seen);
		break;
	case INDEX:
		err = verify_index(v, in);
		break;
	case END:
		err = verify_end(v, in);
		break;
	}
	if (err)
		return err;
	v->out->chunks++;
	return seen.type == END ? 1 : remember(v, &seen);
}

static int verify_header(struct verify *v)
{
	unsigned char h[16];
	size_t n = fread(h, 1, sizeof(h), v->file);

	if (ferror(v->file))
		return -errno;
	if (!n)
		return fail(v, "empty file");
	if (n < 8 || memcmp(h, "PGTRACE\n", 8))
		return fail(v, "not a trace");
	if (n < sizeof(h))
		return fail(v, "cut: the file ends inside its header");
	if (little(h + 8, 2) > 1 || little(h + 12, 4)) {
		fail(v, "version %llu.%llu, features %#llx: newer than 1.0", little(h + 8, 2),
		     little(h + 10, 2), little(h + 12, 4));
		return -ENOTSUP;
	}
	v->next = sizeof(h);
	return little(h + 8, 2) ? 0 : fail(v, "version 0");
}

int verify_file(const char *path, struct verify_result *out)
{
	struct verify *v = calloc(1, sizeof(*v));
	int err;

	*out = (struct verify_result){ 0 };
	if (!v)
		return -ENOMEM;
	v->out = out;
	v->file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	if (!v->file) {
		err = -errno;
		goto out;
	}
	err = verify_header(v);
	while (!err)
		err = verify_chunk(v);
	err = err == 1 ? 0 : err;
	if (v->file != stdin)
		fclose(v->file);
out:
	free(v->stored);
	free(v->raw);
	free(v->seen);
	free(v);
	return err;
}
