/* SPDX-License-Identifier: GPL-2.0-only */
/* What is the same for every source. */
#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "source.h"

#define PATIENCE 3 /* samples over the limit before it is believed */

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* Of this process since the last time somebody asked. */
static void own_cost(struct source_own *own)
{
	static double wall_before, cpu_before;
	struct rusage use;
	struct timespec now;
	unsigned long size, rss;
	double wall, cpu;
	FILE *f;

	clock_gettime(CLOCK_MONOTONIC, &now);
	getrusage(RUSAGE_SELF, &use);
	wall = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
	cpu = seconds(use.ru_utime) + seconds(use.ru_stime);
	own->known = wall_before > 0 && wall > wall_before;
	if (own->known)
		own->cpu_percent = 100 * (cpu - cpu_before) / (wall - wall_before);
	wall_before = wall;
	cpu_before = cpu;
	f = fopen("/proc/self/statm", "re");
	if (f && fscanf(f, "%lu %lu", &size, &rss) == 2)
		own->rss = (uint64_t)rss * (uint64_t)sysconf(_SC_PAGESIZE);
	if (f)
		fclose(f);
}

#define SMALL_CHUNK (128 << 10)

void source_stay_small(void)
{
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
#ifdef M_MMAP_THRESHOLD
	/* Left alone it grows to the size of a kernel's BTF, and that never leaves the heap. */
	mallopt(M_MMAP_THRESHOLD, SMALL_CHUNK);
#endif
}

void source_trim(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

bool source_costs_too_much(struct source_cost *c, const struct source_own *own, char *why,
			   size_t len)
{
	double cost = own->cpu_percent + (own->bpf_percent > 0 ? own->bpf_percent : 0);

	if (c->limit <= 0 || !own->known || cost <= c->limit) {
		c->over = 0;
		return false;
	}
	if (++c->over < PATIENCE)
		return false;
	snprintf(why, len, "watching costs %.1f %% of a CPU, more than --overhead-limit", cost);
	return true;
}

int source_run(struct source *s, const struct source_goal *goal, uint64_t budget_ns)
{
	return s->ops->run ? s->ops->run(s, goal, budget_ns) : 1;
}

static void rate_callers(struct rates *r, struct sample *out)
{
	double per_s[RATES_COUNTERS];

	rates_begin(r, out->ts);
	for (struct source_caller *c = out->callers; c < out->callers + out->nr_callers; c++) {
		const uint64_t n[RATES_COUNTERS] = { c->pages, c->unmovable, c->high };

		rates_note(r, c->pid, n, per_s);
		c->pages_s = per_s[0];
		c->unmovable_s = per_s[1];
		c->high_s = per_s[2];
	}
}

int source_sample(struct source *s, struct sample *out)
{
	int err;

	memset(out, 0, sizeof(*out));
	out->own.bpf_percent = -1;
	own_cost(&out->own);
	err = s->ops->sample(s, out);
	if (err)
		return err;
	if (s->note[0])
		memcpy(out->note, s->note, sizeof(out->note));
	rate_callers(&s->callers, out);
	return 0;
}

void source_map(struct source *s, uint32_t zone, struct source_block *cell, size_t n)
{
	memset(cell, 0, n * sizeof(*cell));
	if (s->ops->map)
		s->ops->map(s, zone, cell, n);
}

bool source_content(struct source *s, uint32_t zone, uint64_t block, struct source_content *out)
{
	return s->ops->content && s->ops->content(s, zone, block, out);
}

int source_save(struct source *s, const char *path)
{
	return s->ops->save ? s->ops->save(s, path) : -ENOTSUP;
}

int source_record(struct source *s, const char *path)
{
	return s->ops->record ? s->ops->record(s, path) : -ENOTSUP;
}

const char *source_why(const struct source *s)
{
	return s->why;
}

void source_close(struct source *s)
{
	if (!s)
		return;
	rates_close(&s->callers);
	s->ops->close(s);
}
