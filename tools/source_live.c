/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The running kernel: its stream of events, with the core as a mirror beside it.  What the
 * recorder would write into a file goes into the core instead; only the opening snapshot takes
 * the way through one.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "recorder.h"
#include "source_counts.h"
#include "source_stream.h"
#include "util.h"

#define SLICE 4096	 /* events at a time */
#define TRIM_BLOCKS 4096 /* pageblocks a sample whose memory may go: 1 ms */
#define MAX_RESTARTS 3	 /* of the core within MINUTE */
#define CATCH_UP_NS 20000000ULL
#define MINUTE 60000000000ULL

struct live_source {
	struct source head;
	struct source_options opt;
	struct recorder recorder;
	struct stream stream;
	struct trace_event ev[SLICE];
	uint64_t next;		   /* number of the next event since the last snapshot */
	uint64_t lost;		   /* before that snapshot */
	uint64_t events;	   /* likewise */
	double record_ns;	   /* what a record costs in the programs; negative: not measured */
	uint64_t records, cost_at; /* at the sample before */
	uint64_t missed;
	struct source_cost cost;
	uint64_t restarted[MAX_RESTARTS];
	unsigned int restarts;
	struct source *counts; /* ready to take over; NULL: not possible here, or it did */
	struct source *heir;   /* took over; NULL while the stream is read */
	char note[256];
	char recording[256]; /* "" none */
};

/* -------------------------------------------------------------------------
 * The opening snapshot
 */

static int load(struct live_source *l, const char *path, char *why, size_t len)
{
	const struct replay_options opt = { .ahead = true };
	struct trace_reader *r;
	struct trace_item item;
	int err = trace_open(path, &r, why, len);

	if (err)
		return err;
	stream_close(&l->stream);
	err = stream_open(&l->stream, &l->recorder.meta, &l->opt, opt, why, len);
	l->next = 0;
	while (!err && !(err = trace_next(r, &item)) && item.kind != TRACE_END &&
	       item.kind != TRACE_CUT) {
		if (item.kind == TRACE_EVENTS)
			l->next += item.events.n;
		err = stream_item(&l->stream, &item);
	}
	trace_close(r);
	return err;
}

/* What was played so far counts on; the core does not. */
static void add_up(struct live_source *l)
{
	if (l->stream.replay)
		l->events += replay_result(l->stream.replay)->events;
}

/* Take a snapshot into @path and begin the core from it; @keep: the file goes on. */
static int begin_file(struct live_source *l, const char *path, bool keep, char *why, size_t len)
{
	int err = recorder_begin(&l->recorder, path);

	if (!err)
		err = trace_writer_flush(l->recorder.writer);
	if (!err && !keep) {
		err = trace_writer_close(l->recorder.writer);
		l->recorder.writer = NULL;
	}
	if (err) {
		snprintf(why, len, "%s: %s", path, strerror(-err));
	} else {
		add_up(l);
		err = load(l, path, why, len);
	}
	if (err && l->recorder.writer) {
		trace_writer_abandon(l->recorder.writer);
		l->recorder.writer = NULL;
	}
	return err;
}

/* The file that the snapshot goes through is not kept. */
static int begin(struct live_source *l, char *why, size_t len)
{
	const char *tmp = getenv("TMPDIR");
	char folder[256], path[300];
	int err;

	snprintf(folder, sizeof(folder), "%s/buddyscope.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(folder)) {
		err = -errno;
		snprintf(why, len, "%s: %s", folder, strerror(-err));
		return err;
	}
	snprintf(path, sizeof(path), "%s/begin.pgt", folder);
	err = begin_file(l, path, false, why, len);
	unlink(path);
	rmdir(folder);
	return err;
}

/* -------------------------------------------------------------------------
 * Going on, or not
 */

static void close_stream(struct live_source *l)
{
	stream_close(&l->stream);
	recorder_close(&l->recorder);
	memset(&l->recorder, 0, sizeof(l->recorder));
}

static int take_over_proc(struct live_source *l, const char *note)
{
	int err = source_proc("", &l->heir, l->head.why, sizeof(l->head.why));

	if (!err)
		snprintf(l->heir->note, sizeof(l->heir->note), "%s", note);
	return err;
}

/* From now on counting in the kernel, or where that is not possible /proc alone. */
static int give_up(struct live_source *l, const char *because)
{
	char why[128], note[sizeof(l->head.note)];

	snprintf(why, sizeof(why), "%.100s, the stream was stopped", because);
	if (l->recording[0] && recorder_end_file(&l->recorder))
		snprintf(why, sizeof(why), "%.80s: the recording has no end", l->recording);
	l->recording[0] = '\0';
	close_stream(l);
	if (l->counts && !source_counts_start(l->counts, why, note, sizeof(note))) {
		l->heir = l->counts;
		l->counts = NULL;
		return 0;
	}
	snprintf(note, sizeof(note), "%s: /proc alone from here", why);
	return take_over_proc(l, note);
}

/* Records are gone: the core knows nothing of what they changed, so it starts over. */
static int start_over(struct live_source *l, uint64_t lost)
{
	uint64_t *slot = &l->restarted[l->restarts++ % MAX_RESTARTS], now = now_ns();
	char why[256] = "";
	int err;

	if (*slot && now - *slot < MINUTE)
		return give_up(l, "events are lost again and again");
	*slot = now;
	l->lost += lost;
	err = begin(l, why, sizeof(why));
	if (err)
		return give_up(l, why[0] ? why : strerror(-err));
	snprintf(l->note, sizeof(l->note), "%llu events were lost: the core began again",
		 (unsigned long long)l->lost);
	return 0;
}

/* -------------------------------------------------------------------------
 * Recording
 */

static int end_recording(struct live_source *l)
{
	char why[256] = "";
	int err = recorder_end_file(&l->recorder), again;

	l->recording[0] = '\0';
	if (l->recorder.writer)
		trace_writer_abandon(l->recorder.writer);
	l->recorder.writer = NULL;
	again = begin(l, why, sizeof(why)); /* the snapshot swallowed what came meanwhile */
	if (again)
		again = give_up(l, why[0] ? why : strerror(-again));
	return err ? err : again;
}

static int record(struct source *head, const char *path)
{
	struct live_source *l = (struct live_source *)head;
	int err;

	if (l->heir)
		return -ENOTSUP;
	if (!path)
		return l->recording[0] ? end_recording(l) : 0;
	if (l->recording[0])
		return -EBUSY;
	l->recorder.events = l->recorder.lost = 0;
	err = begin_file(l, path, true, head->why, sizeof(head->why));
	if (!err)
		snprintf(l->recording, sizeof(l->recording), "%s", path);
	return err;
}

/* A file that cannot be written ends there; the screens go on. */
static int write_events(struct live_source *l, size_t n)
{
	int err;

	if (!l->recording[0] || !n)
		return 0;
	err = trace_write_events(l->recorder.writer, l->ev, n);
	if (!err)
		return 0;
	snprintf(l->note, sizeof(l->note), "%.150s: recording stopped: %s", l->recording,
		 strerror(-err));
	l->recording[0] = '\0';
	trace_writer_abandon(l->recorder.writer);
	l->recorder.writer = NULL;
	return 0;
}

static int run(struct source *head, const struct source_goal *goal, uint64_t budget_ns)
{
	struct live_source *l = (struct live_source *)head;
	struct trace_item item = { .kind = TRACE_EVENTS };
	uint64_t end = now_ns() + budget_ns, first, lost = 0;
	int err;

	(void)goal;
	if (l->heir)
		return 1;
	do {
		item.events.n = probe_read(l->recorder.probe, l->ev, SLICE, &first);
		item.events.ev = l->ev;
		item.events.first = l->next;
		for (size_t i = 0; i < item.events.n; i++)
			lost += l->ev[i].type == EV_LOST ? l->ev[i].arg : 0;
		err = write_events(l, item.events.n);
		if (err)
			return err;
		/* In a file a loss is told; the core beside it goes on as replay would. */
		if (lost && !l->recording[0])
			break;
		l->next += item.events.n;
		/* One without events lets those be played that were held back. */
		err = stream_item(&l->stream, &item);
		if (err)
			return err;
	} while (item.events.n && now_ns() < end);
	err = lost && !l->recording[0] ? start_over(l, lost) : 0;
	return err ? err : 1;
}

/* -------------------------------------------------------------------------
 * Samples
 */

/*
 * Play all that the stream holds now, however long that takes: run() keeps the last events back,
 * to look ahead at, and on a busy host its time may be over with thousands of them.  Only a
 * record that somebody has claimed and not finished is waited for no longer than CATCH_UP_NS.
 * Return: how many events are left then, or -errno.
 */
static int64_t catch_up(struct live_source *l)
{
	uint64_t head = probe_head(l->recorder.probe), until = now_ns() + CATCH_UP_NS, tail;
	int err;

	do {
		tail = probe_tail(l->recorder.probe);
		err = run(&l->head, NULL, 0);
		if (err < 0 || l->heir)
			return err < 0 ? err : 0;
		if (probe_tail(l->recorder.probe) != tail)
			until = now_ns() + CATCH_UP_NS;
	} while (probe_tail(l->recorder.probe) < head && now_ns() < until);
	err = run(&l->head, NULL,
		  0); /* what was kept back is played once more follows, or nothing */
	if (err < 0 || l->heir)
		return err < 0 ? err : 0;
	tail = probe_tail(l->recorder.probe);
	return tail < head ? (int64_t)(head - tail) : 0;
}

static const char *process_name(uint32_t pid)
{
	static char name[32];
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	f = pid ? fopen(path, "re") : NULL;
	if (!f)
		return NULL;
	if (!fgets(name, sizeof(name), f))
		name[0] = '\0';
	fclose(f);
	name[strcspn(name, "\n")] = '\0';
	return name;
}

/* What the programs took since the sample before, of one CPU; and what they missed. */
static void bpf_cost(struct live_source *l, struct sample *out)
{
	uint64_t ns, now = now_ns(), records = probe_head(l->recorder.probe);

	if (probe_cost(l->recorder.probe, &l->recorder.plan, &ns, &l->missed))
		return;
	if (l->record_ns >= 0 && l->cost_at && now > l->cost_at)
		out->own.bpf_percent = 100.0 * l->record_ns * (double)(records - l->records) /
				       (double)(now - l->cost_at);
	l->records = records;
	l->cost_at = now;
}

/* What took over is asked as any source is: it has a note of its own. */
static int sample_heir(struct live_source *l, struct sample *out)
{
	int err = l->heir->ops->sample(l->heir, out);

	if (l->heir->note[0])
		memcpy(out->note, l->heir->note, sizeof(out->note));
	memcpy(l->head.why, l->heir->why, sizeof(l->head.why));
	return err;
}

static int sample(struct source *head, struct sample *out)
{
	struct live_source *l = (struct live_source *)head;
	int64_t left;
	char why[96];
	int err;

	if (l->heir)
		return sample_heir(l, out);
	left = catch_up(l);
	if (left < 0)
		return (int)left;
	if (l->heir)
		return sample_heir(l, out);
	bpf_cost(l, out);
	if (source_costs_too_much(&l->cost, &out->own, why, sizeof(why))) {
		err = give_up(l, why);
		return err ? err : sample_heir(l, out);
	}
	replay_trim(l->stream.replay, TRIM_BLOCKS);
	activity_name(l->stream.activity, process_name);
	stream_sample(&l->stream, out);
	out->source = "live";
	gethostname(out->name, sizeof(out->name) - 1);
	out->ts = now_ns(); /* of nothing happening, too */
	out->event += l->events;
	out->counts.v[COUNT_EVENTS] += l->events;
	out->counts.v[COUNT_LOST] += l->lost;
	out->counts.v[COUNT_MISSED] = l->missed;
	out->counts.known |= UINT32_C(1) << COUNT_MISSED;
	for (uint32_t z = 0; z < out->nr_zones; z++)
		out->zone[z].hides |= l->missed > 0;
	memcpy(out->note, l->note, sizeof(out->note));
	if (left)
		snprintf(out->note, sizeof(out->note),
			 "%lld events are still being written: the figures are of before them",
			 (long long)left);
	out->recordable = true;
	memcpy(out->recording, l->recording, sizeof(out->recording));
	return 0;
}

static void map(struct source *head, uint32_t zone, struct source_block *cell, size_t n)
{
	struct live_source *l = (struct live_source *)head;

	if (!l->heir)
		stream_map(&l->stream, zone, cell, n);
}

static bool content(struct source *head, uint32_t zone, uint64_t block, struct source_content *out)
{
	struct live_source *l = (struct live_source *)head;

	return !l->heir && stream_content(&l->stream, zone, block, out);
}

static int save(struct source *head, const char *path)
{
	struct live_source *l = (struct live_source *)head;

	return l->heir ? -ENOTSUP : stream_save(&l->stream, path);
}

static void close_live(struct source *head)
{
	struct live_source *l = (struct live_source *)head;

	if (l->recording[0] && recorder_end_file(&l->recorder))
		l->recording[0] = '\0'; /* readable up to its last whole chunk */
	close_stream(l);
	source_close(l->counts);
	source_close(l->heir);
	free(l);
}

/*
 * The opening snapshot, and what a record costs meanwhile: left on, the kernel's measuring of
 * programs would cost half as much again.
 */
static int begin_measured(struct live_source *l, int stats, char *why, size_t len)
{
	uint64_t from = 0, to = 0, missed, records = probe_head(l->recorder.probe);
	int err = probe_cost(l->recorder.probe, &l->recorder.plan, &from, &missed);

	if (!err)
		err = begin(l, why, len);
	if (!err)
		err = probe_cost(l->recorder.probe, &l->recorder.plan, &to, &missed);
	records = probe_head(l->recorder.probe) - records;
	if (!err && stats >= 0 && records)
		l->record_ns = (double)(to - from) / (double)records;
	if (stats >= 0)
		close(stats);
	return err;
}

static const struct source_ops ops = {
	.run = run,
	.sample = sample,
	.map = map,
	.content = content,
	.save = save,
	.record = record,
	.close = close_live,
};

int source_live(const struct source_options *opt, struct source **out, char *why, size_t len)
{
	struct live_source *l = calloc(1, sizeof(*l));
	int err, stats;

	if (!l)
		return -ENOMEM;
	source_stay_small();
	l->head.ops = &ops;
	l->opt = *opt;
	l->cost.limit = opt->overhead_limit;
	l->record_ns = -1;
	err = recorder_open(&l->recorder, TIER_AUTO, false, opt->buffer);
	if (err) {
		snprintf(why, len, "%s", l->recorder.why[0] ? l->recorder.why : strerror(-err));
	} else {
		/* Where it cannot be had, /proc has to do: no reason not to begin. */
		if (source_counts_open(&l->recorder.host, &l->recorder.meta,
				       probe_vmemmap(l->recorder.probe), opt, &l->counts, why,
				       len)) {
			l->counts = NULL;
			why[0] = '\0';
		}
		stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
		/* Root's privileges are not needed any more; without this one, go on with them. */
		if (recorder_drop_privileges())
			snprintf(l->note, sizeof(l->note), "privileges could not be dropped");
		host_forget_btf(&l->recorder.host);
		err = begin_measured(l, stats, why, len);
		source_trim();
	}
	if (err) {
		close_live(&l->head);
		return err;
	}
	*out = &l->head;
	return 0;
}
