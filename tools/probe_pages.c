/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What frames are in use for: of what was allocated before anybody looked, compaction can move and
 * reclaim can take what is on LRU lists, and claims of pageblocks count it.
 */
#include <errno.h>
#include <linux/kernel-page-flags.h>
#include <string.h>
#include <unistd.h>

#include "snapshot.h"
#include "util.h"

#define PAGES 8192 /* read at a time */

/* Of /proc/kpageflags. */
#define HAS(flags, flag) ((flags) >> (flag)&1)

static enum trace_use use_of(uint64_t flags)
{
	if (!HAS(flags, KPF_LRU) || HAS(flags, KPF_NOPAGE))
		return TRACE_USE_OTHER;
	if (HAS(flags, KPF_COMPOUND_HEAD) || HAS(flags, KPF_COMPOUND_TAIL))
		return TRACE_USE_LARGE;
	if (HAS(flags, KPF_ANON) || HAS(flags, KPF_SWAPBACKED) || HAS(flags, KPF_UNEVICTABLE))
		return TRACE_USE_ANON;
	return TRACE_USE_FILE;
}

/* Uses of up to PAGES frames from @pfn on; how many, 0 behind the last, or -errno. */
static ssize_t read_uses(int fd, uint64_t pfn, uint64_t end, uint8_t *use)
{
	uint64_t flags[PAGES];
	size_t want = end - pfn < PAGES ? end - pfn : PAGES;
	ssize_t n = pread(fd, flags, want * sizeof(*flags), (off_t)(pfn * sizeof(*flags)));

	if (n < 0)
		return -errno;
	n /= (ssize_t)sizeof(*flags);
	for (ssize_t i = 0; i < n; i++)
		use[i] = (uint8_t)use_of(flags[i]);
	return n;
}

/* As far as there is time; @told becomes the number of pages. */
static int write_zone(struct snapshot *s, const struct trace_zone *z, struct trace_writer *w,
		      uint64_t until, uint64_t *told)
{
	const uint64_t end = z->start_pfn + z->spanned;
	struct event_log log = { 0 };
	uint8_t use[PAGES];
	int err = 0;

	for (uint64_t pfn = z->start_pfn; !err && pfn < end && now_ns() < until;) {
		ssize_t n = read_uses(s->kpageflags, pfn, end, use);
		struct trace_pages pages = { TRACE_AT_BEGIN, z->id, pfn, use, (size_t)n };

		if (n <= 0)
			return (int)n;
		err = trace_write_pages(w, &pages);
		if (!err)
			err = event_log_fill(&log, s->probe); /* ahead of the snapshot: nobody's */
		event_log_free(&log);
		pfn += (uint64_t)n;
		*told += (uint64_t)n;
	}
	return err;
}

int snapshot_write_pages(struct snapshot *s, struct trace_writer *w, unsigned int patience_ms,
			 uint64_t *told)
{
	const uint64_t until = now_ns() + patience_ms * UINT64_C(1000000);
	int err = 0;

	*told = 0;
	for (uint32_t z = 0; z < s->meta->nr_zones && s->kpageflags >= 0 && !err; z++)
		err = write_zone(s, &s->meta->zone[z], w, until, told);
	return err;
}
