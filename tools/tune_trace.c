// SPDX-License-Identifier: GPL-2.0-only
/* A trace in memory, decoded once, for all the forks to read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "tune.h"

struct filler {
	struct tune_trace *t;
	size_t room;
	XXH64_state_t *hash;
};

static void hash_event(struct filler *f, const struct trace_event *ev)
{
	/* Member by member: a struct has holes. */
	const uint64_t words[] = {
		ev->ts,
		ev->pfn,
		(uint64_t)ev->arg << 32 | ev->pid,
		(uint64_t)ev->cpu << 32 | (uint64_t)ev->type << 24 | (uint64_t)ev->order << 16 |
			(uint64_t)ev->mt << 8 | ev->bits,
	};

	XXH64_update(f->hash, words, sizeof(words));
}

static void hash_cpu(struct filler *f, const struct trace_cpu *cpu)
{
	const uint64_t words[] = {
		cpu->at,
		cpu->zone,
		cpu->cpu,
		cpu->event,
		(uint64_t)cpu->high_min,
		(uint64_t)cpu->high_max,
		(uint64_t)cpu->free_count,
		(uint64_t)cpu->alloc_factor,
		(uint64_t)cpu->flags,
		(uint64_t)cpu->free_factor,
		(uint64_t)cpu->expire,
		(uint64_t)cpu->threshold,
		(uint64_t)cpu->delta,
	};

	XXH64_update(f->hash, words, sizeof(words));
}

/* A copy of @n things of @size bytes; one byte if there is none. */
static void *copy_of(const void *from, size_t n, size_t size)
{
	void *copy = malloc(n * size + 1);

	if (copy && n)
		memcpy(copy, from, n * size);
	return copy;
}

static int keep_events(struct filler *f, struct trace_item *item)
{
	struct tune_trace *t = f->t;

	item->events.ev = copy_of(item->events.ev, item->events.n, sizeof(*item->events.ev));
	if (!item->events.ev)
		return -ENOMEM;
	for (size_t i = 0; i < item->events.n; i++) {
		const struct trace_event *ev = &item->events.ev[i];

		hash_event(f, ev);
		if (ev->type == EV_LOST)
			t->lost += ev->arg;
		if (!t->first_ts)
			t->first_ts = ev->ts;
		t->last_ts = ev->ts > t->last_ts ? ev->ts : t->last_ts;
	}
	t->events += item->events.n;
	return 0;
}

static int keep_rest(struct filler *f, struct trace_item *item)
{
	const void **data;
	size_t n, size;

	switch (item->kind) {
	case TRACE_CPU: /* all of it is in the item */
		hash_cpu(f, &item->cpu);
		return 0;
	case TRACE_LIST:
		data = (const void **)&item->list.pfn;
		n = item->list.n;
		size = sizeof(*item->list.pfn);
		f->t->begin = f->t->begin || item->list.at == TRACE_AT_BEGIN;
		break;
	case TRACE_BLOCKS:
		data = (const void **)&item->blocks.mt;
		n = item->blocks.n;
		size = sizeof(*item->blocks.mt);
		break;
	case TRACE_PAGES:
		data = (const void **)&item->pages.use;
		n = item->pages.n;
		size = sizeof(*item->pages.use);
		break;
	default:
		data = (const void **)&item->pcp.pfn;
		n = item->pcp.n;
		size = sizeof(*item->pcp.pfn);
		break;
	}
	XXH64_update(f->hash, *data, n * size);
	*data = copy_of(*data, n, size);
	return *data ? 0 : -ENOMEM;
}

static int keep_item(void *arg, const struct trace_item *from)
{
	struct filler *f = arg;
	struct trace_item item = *from, *grown;
	int err;

	if (item.kind == TRACE_STATS) /* nothing that a run asks for */
		return 0;
	if (f->t->nr_items == f->room) {
		size_t room = f->room ? 2 * f->room : 256;

		grown = realloc(f->t->item, room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		f->t->item = grown;
		f->room = room;
	}
	err = item.kind == TRACE_EVENTS ? keep_events(f, &item) : keep_rest(f, &item);
	if (!err)
		f->t->item[f->t->nr_items++] = item;
	return err;
}

static int keep_end(void *arg)
{
	struct filler *f = arg;

	f->t->id = XXH64_digest(f->hash);
	return 0;
}

int tune_trace_read(struct trace_reader *reader, struct tune_trace *out, char *why, size_t len)
{
	struct filler f = { .t = out };
	struct trace_pass pass;
	int err;

	memset(out, 0, sizeof(*out));
	out->meta = trace_meta(reader);
	f.hash = XXH64_createState();
	if (!f.hash)
		return -ENOMEM;
	XXH64_reset(f.hash, 0);
	XXH64_update(f.hash, out->meta->kernel, strlen(out->meta->kernel));
	err = trace_play(reader, keep_item, keep_end, &f, &pass, why, len);
	XXH64_freeState(f.hash);
	if (err) {
		tune_trace_free(out);
		return err;
	}
	out->cut = pass.cut;
	memcpy(out->why, pass.why, sizeof(out->why));
	return 0;
}

void tune_trace_free(struct tune_trace *t)
{
	for (size_t i = 0; i < t->nr_items; i++) {
		switch (t->item[i].kind) {
		case TRACE_EVENTS:
			free((void *)t->item[i].events.ev);
			break;
		case TRACE_LIST:
			free((void *)t->item[i].list.pfn);
			break;
		case TRACE_BLOCKS:
			free((void *)t->item[i].blocks.mt);
			break;
		case TRACE_PAGES:
			free((void *)t->item[i].pages.use);
			break;
		case TRACE_PCP:
			free((void *)t->item[i].pcp.pfn);
			break;
		default:
			break;
		}
	}
	free(t->item);
	memset(t, 0, sizeof(*t));
}
