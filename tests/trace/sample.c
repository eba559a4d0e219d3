/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "sample.h"

void sample_meta(struct trace_meta *meta)
{
	*meta = (struct trace_meta){
		.kernel = "6.12.117-\"quoted\"\\",
		.policy = "6.12",
		.tier = "fentry",
		.page_shift = 12,
		.nr_orders = 11,
		.pageblock_order = 9,
		.cpus = 1 << EV_CPU_BITS,
		.nr_mt = 8,
		.mt = { "Unmovable", "Movable", "Reclaimable", "HighAtomic", "Isolate", "CMA",
			"a \"name\"\n", "seven" },
		.nr_zones = 2,
		.clock_mono_ns = 1,
		.clock_real_ns = INT64_MAX,
		.recorder_pid = UINT32_MAX,
		.command = "sh -c 'r\xc3\xa9sum\xc3\xa9'",
		.unknown = "zone.patched",
	};
	meta->zone[0] = (struct trace_zone){ .name = "DMA", .spanned = 4096, .managed = 4000 };
	meta->zone[1] = (struct trace_zone){
		.id = 1,
		.node = UINT32_MAX,
		.name = "Normal",
		.start_pfn = 4096,
		.spanned = EV_PFN_NONE - 4096,
		.present = EV_PFN_NONE,
		.managed = 4096,
		.min = INT64_MAX,
		.low = 1,
		.high = 2,
		.boost = 3,
		.nr_reserved_highatomic = 4,
		.lowmem_reserve = { INT64_MIN, -1, 0, 1, 2, 3, 4, INT64_MAX },
		.nr_lowmem_reserve = 8,
	};
	assert_int_equal(trace_pairs_add(&meta->gfp, "__GFP_MOVABLE", 8, NULL), 0);
	assert_int_equal(trace_pairs_add(&meta->gfp, "__GFP_ALL", UINT32_MAX, NULL), 0);
	assert_int_equal(trace_pairs_add(&meta->sysctl, "vm.min_free_kbytes", INT64_MIN, NULL), 0);
	assert_int_equal(trace_pairs_add(&meta->sysctl, "vm.lowmem_reserve_ratio", 0, "256 32"), 0);
	assert_int_equal(trace_pairs_add(&meta->sites, "mm_page_alloc", 1, NULL), 0);
}

void sample_meta_free(struct trace_meta *meta)
{
	trace_meta_free(meta);
	*meta = (struct trace_meta){ 0 };
}

/* The event of type @t whose members are the greatest (or the least) it can have. */
static struct trace_event extreme(const struct trace_type *t, const struct trace_meta *meta,
				  int greatest)
{
	struct trace_event ev = { .type = t->id };

	if (greatest) {
		ev.ts = INT64_MAX;
		ev.pfn =
			t->id == EV_ALLOC || !trace_of_block(t->id) ? EV_PFN_NONE : EV_PFN_NONE - 1;
		ev.cpu = (1 << EV_CPU_BITS) - 1;
		ev.order = trace_of_block(t->id) ? meta->nr_orders - 1 : 15;
		ev.mt = meta->nr_mt - 1;
		ev.arg = t->id == EV_FALLBACK	? trace_fallback_arg(10, 7) :
			 t->id == EV_MOVE_BLOCK ? meta->nr_mt - 1 :
						  UINT32_MAX;
		ev.pid = UINT32_MAX;
		ev.bits = 0xf | meta->nr_orders << EV_CAPTURE_SHIFT;
	} else if (t->id == EV_ZONE_FREE) {
		ev.mt = TRACE_MT_NONE;
	}
	trace_event_normalize(t, &ev);
	return ev;
}

size_t sample_events(const struct trace_meta *meta, struct trace_event ev[SAMPLE_EVENTS])
{
	struct trace_type t;
	unsigned int type, i;
	size_t n = 0;

	for (type = 0; type < EV_NR_TYPES; type++) {
		if (!trace_type_get(type, &t))
			continue;
		ev[n++] = extreme(&t, meta, 1);
		ev[n++] = extreme(&t, meta, 0);
		ev[n++] = extreme(&t, meta, 1);
		for (i = 0; i < 5; i++) { /* as they mostly are: alike, on two cpus */
			ev[n] = (struct trace_event){ .ts = 1000000 + n,
						      .pfn = 4096 + n,
						      .cpu = i & 1,
						      .type = type,
						      .arg = i & 1,
						      .pid = 17 };
			trace_event_normalize(&t, &ev[n++]);
		}
	}
	assert_true(n <= SAMPLE_EVENTS);
	return n;
}

static int write_snapshot(struct trace_writer *w, enum trace_at at)
{
	static const uint64_t pfns[] = { 4096, EV_PFN_NONE - 1, 4097, 4098, 5000 };
	static const uint64_t large[] = { 5120, 1024 * 100, 6144 };
	static const uint8_t uses[] = { 0, 1, 1, 1, 3, 2, 2 };
	static const uint8_t types[] = { 0, 1, 1, 1, 7, TRACE_MT_NONE, TRACE_MT_NONE };
	int err;

	err = trace_write_list(w, &(struct trace_list){ at, 1, 0, 7, pfns, 5 });
	if (!err)
		err = trace_write_list(w, &(struct trace_list){ at, 1, 10, 0, large, 3 });
	if (!err)
		err = trace_write_list(w, &(struct trace_list){ at, 0, 3, 1, NULL, 0 });
	if (!err)
		err = trace_write_blocks(w, &(struct trace_blocks){ at, 1, 4096, types, 7 });
	if (!err)
		err = trace_write_blocks(w, &(struct trace_blocks){ at, 0, 0, types, 0 });
	if (!err)
		err = trace_write_pages(w, &(struct trace_pages){ at, 1, 4096, uses, 7 });
	if (!err)
		err = trace_write_pcp(w, &(struct trace_pcp){ at, 1, (1 << EV_CPU_BITS) - 1, 0, 2,
							      INT64_MAX - 1, 63, 0, pfns, 5 });
	if (!err)
		err = trace_write_pcp(w,
				      &(struct trace_pcp){ at, 0, 0, 3, 1, -1, -1, -1, NULL, 0 });
	if (!err)
		err = trace_write_cpu(w, &(struct trace_cpu){ at, 1, (1 << EV_CPU_BITS) - 1,
							      INT64_MAX, 1, 2, 3, 4, 5, 6, 7,
							      INT64_MAX - 1, INT8_MIN });
	if (!err)
		err = trace_write_cpu(w, &(struct trace_cpu){ at, 0, 0, 0, -1, -1, -1, -1, -1, -1,
							      -1, -1, TRACE_NO_DELTA });
	return err;
}

int sample_write(const char *path, const struct trace_meta *meta, int end)
{
	static struct trace_event ev[SAMPLE_EVENTS];
	size_t n = sample_events(meta, ev);
	struct trace_pairs stats = { 0 };
	struct trace_writer *w;
	int err;

	assert_int_equal(trace_pairs_add(&stats, "records", INT64_MAX, NULL), 0);
	assert_int_equal(trace_pairs_add(&stats, "note", 0, "text"), 0);
	err = trace_writer_open(path, meta, &w);
	if (!err) {
		err = write_snapshot(w, TRACE_AT_BEGIN);
		if (!err)
			err = trace_write_events(w, ev, n / 2);
		if (!err)
			err = trace_writer_flush(w);
		if (!err)
			err = trace_write_events(w, ev + n / 2, n - n / 2);
		if (!err)
			err = write_snapshot(w, TRACE_AT_END);
		if (!err)
			err = trace_write_stats(w, &stats);
		if (!err && end)
			err = trace_writer_close(w);
		else
			trace_writer_abandon(w);
	}
	trace_pairs_free(&stats);
	return err;
}

/* ---- reading ---- */

static void add(struct sample_digest *d, const void *p, size_t len)
{
	d->hash = XXH64(p, len, d->hash);
}

static void add_number(struct sample_digest *d, uint64_t v)
{
	add(d, &v, sizeof(v));
}

static void add_pairs(struct sample_digest *d, const struct trace_pairs *pairs)
{
	size_t i;

	for (i = 0; i < pairs->n; i++) {
		add(d, pairs->v[i].name, strlen(pairs->v[i].name) + 1);
		add_number(d, pairs->v[i].value);
		if (pairs->v[i].text)
			add(d, pairs->v[i].text, strlen(pairs->v[i].text) + 1);
	}
}

static void add_meta(struct sample_digest *d, const struct trace_meta *meta)
{
	struct trace_meta copy = *meta; /* its pointers must not count */

	copy.gfp = copy.sysctl = copy.sites = (struct trace_pairs){ 0 };
	add(d, &copy, sizeof(copy));
	add_pairs(d, &meta->gfp);
	add_pairs(d, &meta->sysctl);
	add_pairs(d, &meta->sites);
}

static void add_event(struct sample_digest *d, const struct trace_event *ev)
{
	const uint64_t all[] = {
		ev->ts,
		ev->pfn,
		(uint64_t)ev->arg << 32 | ev->pid,
		(uint64_t)ev->cpu << 32 | ev->type << 24 | ev->order << 16 | ev->mt << 8 | ev->bits,
	};

	add(d, all, sizeof(all));
}

static void add_item(struct sample_digest *d, const struct trace_item *item)
{
	size_t i;

	add_number(d, item->kind);
	switch (item->kind) {
	case TRACE_EVENTS:
		assert_int_equal(item->events.first, d->events);
		d->events += item->events.n;
		for (i = 0; i < item->events.n; i++)
			add_event(d, &item->events.ev[i]);
		break;
	case TRACE_LIST:
		add_number(d, item->list.at << 24 | item->list.zone << 16 | item->list.order << 8 |
				      item->list.mt);
		add(d, item->list.pfn, item->list.n * sizeof(*item->list.pfn));
		break;
	case TRACE_BLOCKS:
		add_number(d, item->blocks.at << 8 | item->blocks.zone);
		add_number(d, item->blocks.first_pfn);
		add(d, item->blocks.mt, item->blocks.n);
		break;
	case TRACE_PAGES:
		add_number(d, item->pages.at << 8 | item->pages.zone);
		add_number(d, item->pages.first_pfn);
		add(d, item->pages.use, item->pages.n);
		break;
	case TRACE_PCP:
		add_number(d, item->pcp.at << 24 | item->pcp.zone << 16 | item->pcp.order << 8 |
				      item->pcp.mt);
		add_number(d, item->pcp.cpu);
		add_number(d, item->pcp.count);
		add_number(d, item->pcp.batch);
		add_number(d, item->pcp.high);
		add(d, item->pcp.pfn, item->pcp.n * sizeof(*item->pcp.pfn));
		break;
	case TRACE_CPU:
		add_number(d, item->cpu.at << 24 | item->cpu.zone << 16 | item->cpu.cpu);
		add_number(d, item->cpu.event);
		add_number(d, item->cpu.high_min);
		add_number(d, item->cpu.high_max);
		add_number(d, item->cpu.free_count);
		add_number(d, item->cpu.alloc_factor);
		add_number(d, item->cpu.flags);
		add_number(d, item->cpu.free_factor);
		add_number(d, item->cpu.expire);
		add_number(d, item->cpu.threshold);
		add_number(d, item->cpu.delta);
		break;
	case TRACE_STATS:
		add_pairs(d, item->stats);
		break;
	case TRACE_END:
	case TRACE_CUT:
		break;
	}
}

int sample_read(const char *path, struct sample_digest *d)
{
	struct trace_item item = { .kind = TRACE_STATS };
	struct trace_reader *r;
	int err;

	*d = (struct sample_digest){ 0 };
	err = trace_open(path, &r, d->why, sizeof(d->why));
	if (err)
		return err;
	add_meta(d, trace_meta(r));
	while (item.kind != TRACE_END && item.kind != TRACE_CUT) {
		err = trace_next(r, &item);
		if (err)
			break;
		d->items++;
		add_item(d, &item);
	}
	d->last = item.kind;
	snprintf(d->why, sizeof(d->why), "%s", trace_why(r));
	if (err)
		assert_int_equal(trace_next(r, &item), err); /* and stays so */
	trace_close(r);
	return err;
}

/* ---- files ---- */

static char dir[] = "/tmp/buddyscope-trace-XXXXXX";
static int have_dir;

const char *sample_path(const char *name)
{
	static char paths[32][128];
	char path[128];
	size_t i;

	if (!have_dir)
		assert_non_null(mkdtemp(dir));
	have_dir = 1;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	for (i = 0; *paths[i] && strcmp(paths[i], path); i++)
		assert_true(i < 31);
	strcpy(paths[i], path);
	return paths[i];
}

void sample_clean_up(void)
{
	struct dirent *e;
	DIR *d = have_dir ? opendir(dir) : NULL;

	if (!d)
		return;
	while ((e = readdir(d)))
		if (*e->d_name != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	rmdir(dir);
}

unsigned char *sample_load(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	unsigned char *p;
	long size;

	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	p = malloc(size + 1);
	assert_non_null(p);
	*len = fread(p, 1, size, f);
	p[*len] = '\0';
	fclose(f);
	return p;
}

/* Written over, not truncated first: file systems flush a file that was emptied when it is closed. */
void sample_store(const char *path, const void *p, size_t len)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, p, len, 0), len);
	assert_int_equal(ftruncate(fd, len), 0);
	close(fd);
}
