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
#include "source_stream.h"
#include "util.h"

#define SLICE 4096     /* events at a time */
#define PATIENCE 3     /* samples over the limit before it is believed */
#define MAX_RESTARTS 3 /* of the core within MINUTE */
#define CATCH_UP_NS 20000000ULL
#define MINUTE 60000000000ULL

struct live_source {
	struct source head;
	struct source_options opt;
	struct recorder recorder;
	struct stream stream;
	struct trace_event ev[SLICE];
	uint64_t next;	 /* number of the next event since the last snapshot */
	uint64_t lost;	 /* before that snapshot */
	uint64_t events; /* likewise */
	int stats_fd;	 /* holds the kernel's measuring of BPF programs; -1 none */
	uint64_t bpf_ns, bpf_at, missed;
	double bpf_percent;
	unsigned int over; /* samples in a row that cost too much */
	uint64_t restarted[MAX_RESTARTS];
	unsigned int restarts;
	struct source *proc; /* took over; NULL while the stream is read */
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
	if (l->stats_fd >= 0)
		close(l->stats_fd);
	l->stats_fd = -1;
}

/* From now on /proc alone. */
static int give_up(struct live_source *l, const char *because)
{
	int err;

	snprintf(l->note, sizeof(l->note), "%.150s: the stream was stopped, /proc alone from here",
		 because);
	if (l->recording[0] && recorder_end_file(&l->recorder))
		snprintf(l->note, sizeof(l->note), "%.100s: the recording has no end",
			 l->recording);
	l->recording[0] = '\0';
	close_stream(l);
	err = source_proc("", &l->proc, l->head.why, sizeof(l->head.why));
	return err;
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

	if (l->proc)
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
	if (l->proc)
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
	uint64_t ns, now = now_ns();

	if (probe_cost(l->recorder.probe, &l->recorder.plan, &ns, &l->missed))
		return;
	if (l->bpf_at && now > l->bpf_at)
		l->bpf_percent = 100.0 * (double)(ns - l->bpf_ns) / (double)(now - l->bpf_at);
	l->bpf_ns = ns;
	l->bpf_at = now;
	if (l->stats_fd >= 0)
		out->own.bpf_percent = l->bpf_percent;
}

/* Own processor time and that of the programs, against --overhead-limit. */
static int check_cost(struct live_source *l, const struct source_own *own)
{
	double cost = own->cpu_percent + (own->bpf_percent > 0 ? own->bpf_percent : 0);
	char why[96];

	if (l->opt.overhead_limit <= 0 || !own->known || cost <= l->opt.overhead_limit) {
		l->over = 0;
		return 0;
	}
	if (++l->over < PATIENCE)
		return 0;
	snprintf(why, sizeof(why), "watching costs %.1f %% of a CPU, more than --overhead-limit",
		 cost);
	return give_up(l, why);
}

static int sample_proc(struct live_source *l, struct sample *out)
{
	int err = l->proc->ops->sample(l->proc, out);

	memcpy(out->note, l->note, sizeof(out->note));
	return err;
}

static int sample(struct source *head, struct sample *out)
{
	struct live_source *l = (struct live_source *)head;
	int err;

	if (l->proc)
		return sample_proc(l, out);
	err = run(head, NULL, CATCH_UP_NS); /* what is held back belongs to the present */
	if (err < 0)
		return err;
	if (l->proc)
		return sample_proc(l, out);
	bpf_cost(l, out);
	err = check_cost(l, &out->own);
	if (err)
		return err;
	if (l->proc)
		return sample_proc(l, out);
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
	out->recordable = true;
	memcpy(out->recording, l->recording, sizeof(out->recording));
	return 0;
}

static void map(struct source *head, uint32_t zone, struct source_block *cell, size_t n)
{
	struct live_source *l = (struct live_source *)head;

	if (!l->proc)
		stream_map(&l->stream, zone, cell, n);
}

static bool content(struct source *head, uint32_t zone, uint64_t block, struct source_content *out)
{
	struct live_source *l = (struct live_source *)head;

	return !l->proc && stream_content(&l->stream, zone, block, out);
}

static int save(struct source *head, const char *path)
{
	struct live_source *l = (struct live_source *)head;

	return l->proc ? -ENOTSUP : stream_save(&l->stream, path);
}

static void close_live(struct source *head)
{
	struct live_source *l = (struct live_source *)head;

	if (l->recording[0] && recorder_end_file(&l->recorder))
		l->recording[0] = '\0'; /* readable up to its last whole chunk */
	close_stream(l);
	source_close(l->proc);
	free(l);
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
	int err;

	if (!l)
		return -ENOMEM;
	l->head.ops = &ops;
	l->opt = *opt;
	l->stats_fd = -1;
	err = recorder_open(&l->recorder, TIER_AUTO, false, opt->buffer);
	if (err) {
		snprintf(why, len, "%s", l->recorder.why[0] ? l->recorder.why : strerror(-err));
	} else {
		l->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
		/* Root's privileges are not needed any more; without this one, go on with them. */
		if (recorder_drop_privileges())
			snprintf(l->note, sizeof(l->note), "privileges could not be dropped");
		err = begin(l, why, len);
	}
	if (err) {
		close_live(&l->head);
		return err;
	}
	*out = &l->head;
	return 0;
}
