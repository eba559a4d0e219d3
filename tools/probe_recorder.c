/* SPDX-License-Identifier: GPL-2.0-only */
#include "recorder.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "util.h"

#define PATIENCE_MS 3000
#define PAGES_MS 2000 /* at most, to ask what pages are in use for */
#define FLUSH_NS 1000000000

static int describe(struct recorder *r)
{
	struct timespec mono, real;
	int err = host_describe(&r->host, &r->meta);

	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_REALTIME, &real);
	r->meta.clock_mono_ns = mono.tv_sec * 1000000000ULL + mono.tv_nsec;
	r->meta.clock_real_ns = real.tv_sec * 1000000000ULL + real.tv_nsec;
	r->meta.recorder_pid = getpid();
	snprintf(r->meta.tier, sizeof(r->meta.tier), "%s", tier_name(site_plan_tier(&r->plan)));
	for (size_t i = 0; i < nr_sites && !err; i++) {
		char name[96];

		if (!site_plan_shows(&r->plan, i))
			continue;
		snprintf(name, sizeof(name), "%s:%s", site_kind_name(sites[i].kind), sites[i].func);
		err = trace_pairs_add(&r->meta.sites, name, r->plan.site[i].on, NULL);
	}
	return err;
}

static int check_tier(struct recorder *r, enum tier want)
{
	enum tier have = site_plan_tier(&r->plan);

	if (want == TIER_AUTO || want == have)
		return 0;
	snprintf(r->why, sizeof(r->why), "this kernel allows tier %s, not %s", tier_name(have),
		 tier_name(want));
	return -ENOTSUP;
}

int recorder_open(struct recorder *r, enum tier tier, bool requests, uint64_t buffer)
{
	int err;

	memset(r, 0, sizeof(*r));
	r->snap.kpageflags = -1;
	err = host_open(&r->host, r->why, sizeof(r->why));
	if (!err)
		err = site_plan_make(&r->host, tier, requests, &r->plan);
	if (!err)
		err = probe_open(&r->host, &r->plan, buffer, &r->probe, r->why, sizeof(r->why));
	if (err)
		return err;
	r->snap = (struct snapshot){ .probe = r->probe, .host = &r->host, .meta = &r->meta };
	r->snap.kpageflags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	r->meta.nr_orders = r->host.nr_orders;
	r->meta.nr_mt = r->host.nr_mt;
	err = snapshot_find_zones(&r->snap, r->why, sizeof(r->why));
	if (!err)
		err = probe_attach(r->probe, &r->plan, r->why, sizeof(r->why));
	if (!err)
		err = check_tier(r, tier);
	return err ? err : describe(r);
}

int recorder_failed(const struct recorder *r, const char *what, int err)
{
	const char *why = r->why[0] ? r->why : strerror(-err);

	if (err == -EPERM || err == -EACCES) {
		error_msg("%s: not permitted: %s (run it as root, or grant it once: setcap "
			  "cap_bpf,cap_perfmon,cap_dac_read_search,cap_syslog+ep buddyscope)",
			  what, why);
		return CMD_NO_KERNEL;
	}
	if (err == -ENOENT || err == -ENOTSUP) {
		error_msg(
			"%s: this kernel cannot be recorded: %s (CONFIG_DEBUG_INFO_BTF and 5.10 or "
			"later are needed; replay and diff work on stored traces)",
			what, why);
		return CMD_NO_KERNEL;
	}
	error_msg("%s: cannot start: %s", what, why);
	return CMD_FAILURE;
}

/* ---- begin ---- */

static uint64_t sum_tries(const struct recorder *r)
{
	uint64_t n = 0;

	for (uint32_t z = 0; z < r->meta.nr_zones; z++)
		n += r->snap.state[z].tries;
	return n;
}

static void count_missed(struct recorder *r)
{
	for (uint32_t z = 0; z < r->meta.nr_zones; z++)
		r->zones_missed += !r->snap.state[z].valid;
}

/* Is event @i of the log for the file? */
static bool belongs(const struct recorder *r, size_t i, enum trace_at at)
{
	return event_belongs(&r->sides, &r->log.ev[i], r->log.number[i], at);
}

/* Where the snapshots lie that were taken just now. */
static void find_sides(struct recorder *r)
{
	r->sides.meta = &r->meta;
	for (uint32_t z = 0; z < r->meta.nr_zones; z++)
		r->sides.at[z] = r->snap.state[z].valid ? r->snap.state[z].at : SIDE_NONE;
}

/* How many events of the begin log, which are the file's first, come before record @number. */
static uint64_t event_of(const void *arg, uint64_t number)
{
	const struct recorder *r = arg;
	uint64_t n = 0;

	for (size_t i = 0; i < r->log.n && r->log.number[i] < number; i++)
		n += belongs(r, i, TRACE_AT_BEGIN);
	return n;
}

static int write_log(struct recorder *r, enum trace_at at)
{
	int err = 0;

	for (size_t i = 0; i < r->log.n && !err; i++) {
		const struct trace_event *ev = &r->log.ev[i];

		if (!belongs(r, i, at))
			continue;
		r->lost += ev->type == EV_LOST ? ev->arg : 0;
		r->events += ev->type != EV_LOST;
		err = trace_write_events(r->writer, ev, 1);
	}
	event_log_free(&r->log); /* of a busy moment it is large */
	return err;
}

int recorder_begin(struct recorder *r, const char *path)
{
	int err = trace_writer_open(path, &r->meta, &r->writer);

	if (!err)
		err = snapshot_write_pages(&r->snap, r->writer, PAGES_MS, &r->pages_told);
	if (!err)
		err = snapshot_take(&r->snap, &r->log, PATIENCE_MS);
	if (!err)
		err = snapshot_take_cpus(&r->snap, &r->log);
	if (err)
		return err;
	find_sides(r);
	r->begin_tries = sum_tries(r);
	count_missed(r);
	err = snapshot_write(&r->snap, r->writer, TRACE_AT_BEGIN, true);
	if (!err)
		err = snapshot_write_cpus(&r->snap, r->writer, TRACE_AT_BEGIN, event_of, r);
	return err ? err : write_log(r, TRACE_AT_BEGIN);
}

/* ---- middle ---- */

int recorder_pump(struct recorder *r, bool *busy)
{
	struct trace_event ev[4096];
	uint64_t first;
	size_t n;
	int err;

	*busy = false;
	while ((n = probe_read(r->probe, ev, sizeof(ev) / sizeof(ev[0]), &first))) {
		*busy = true;
		for (size_t i = 0; i < n; i++)
			r->lost += ev[i].type == EV_LOST ? ev[i].arg : 0;
		r->events += n;
		err = trace_write_events(r->writer, ev, n);
		if (err)
			return err;
	}
	if (now_ns() - r->flushed_ns < FLUSH_NS)
		return 0;
	r->flushed_ns = now_ns();
	return trace_writer_flush(r->writer);
}

/* ---- end ---- */

static int write_stats(struct recorder *r)
{
	struct trace_pairs stats = { 0 };
	int err = probe_stats(r->probe, &r->plan, &stats);

	if (!err)
		err = trace_pairs_add(&stats, "snapshot_tries:begin", r->begin_tries, NULL);
	if (!err)
		err = trace_pairs_add(&stats, "snapshot_tries:end", r->end_tries, NULL);
	if (!err)
		err = trace_pairs_add(&stats, "snapshot_zones_missed", r->zones_missed, NULL);
	if (!err)
		err = trace_pairs_add(&stats, "pages_told", (int64_t)r->pages_told, NULL);
	if (!err)
		err = trace_write_stats(r->writer, &stats);
	r->missed += trace_missed(&stats);
	trace_pairs_free(&stats);
	return err;
}

/* What is left to write once the end snapshot is taken. */
static int finish_file(struct recorder *r)
{
	int err;

	find_sides(r);
	r->end_tries = sum_tries(r);
	count_missed(r);
	err = write_log(r, TRACE_AT_END);
	if (!err)
		err = snapshot_write(&r->snap, r->writer, TRACE_AT_END, false);
	if (!err)
		err = write_stats(r);
	if (!err) {
		err = trace_writer_close(r->writer);
		r->writer = NULL;
	}
	return err;
}

int recorder_end(struct recorder *r)
{
	int err = snapshot_take(&r->snap, &r->log, PATIENCE_MS);

	probe_detach(r->probe);
	return err ? err : finish_file(r);
}

int recorder_end_file(struct recorder *r)
{
	int err = snapshot_take(&r->snap, &r->log, PATIENCE_MS);

	return err ? err : finish_file(r);
}

void recorder_close(struct recorder *r)
{
	if (r->writer)
		trace_writer_abandon(r->writer);
	r->writer = NULL;
	event_log_free(&r->log);
	snapshot_free(&r->snap);
	probe_close(r->probe);
	site_plan_free(&r->plan);
	trace_meta_free(&r->meta);
	host_close(&r->host);
}

int recorder_drop_privileges(void)
{
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_BPF))
		return -EINVAL;
	return capng_apply(CAPNG_SELECT_CAPS) ? -EPERM : 0;
}
