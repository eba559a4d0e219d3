/* SPDX-License-Identifier: GPL-2.0-only */
/* buddyscope record: the allocator's events and free lists into a trace file. */
#define _GNU_SOURCE /* pipe2 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "recorder.h"
#include "util.h"

#define POLL_NS 2000000 /* how long to sleep when the stream is empty */

struct options {
	const char *output;
	uint64_t duration; /* ns; 0: no end */
	uint64_t buffer;
	enum tier tier;
	double max_loss; /* percent; negative: any */
	bool quiet, requests;
	char **command; /* NULL: none */
};

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	stopped = sig;
	signal(sig, SIG_DFL); /* a second one means it */
}

static int parse_tier(const char *text, enum tier *tier)
{
	for (enum tier t = TIER_AUTO; t <= TIER_KPROBE; t++)
		if (!strcmp(text, tier_name(t))) {
			*tier = t;
			return 0;
		}
	return -EINVAL;
}

static int parse_option(int opt, struct options *o)
{
	int err;

	switch (opt) {
	case 'o':
		o->output = optarg;
		return 0;
	case 'D':
		return parse_duration(optarg, &o->duration);
	case 'm':
		err = parse_size(optarg, &o->buffer);
		return err ? err : (o->buffer > PROBE_MAX_BUFFER ? -ERANGE : 0);
	case 't':
		return parse_tier(optarg, &o->tier);
	case 'l':
		return parse_percent(optarg, &o->max_loss);
	case 'q':
		o->quiet = true;
		return 0;
	case 'r':
		o->requests = true;
		return 0;
	default:
		return -ENOENT;
	}
}

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option long_options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "duration", required_argument, NULL, 'D' },
		{ "buffer", required_argument, NULL, 'm' },
		{ "tier", required_argument, NULL, 't' },
		{ "max-loss", required_argument, NULL, 'l' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "requests", no_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	int opt, err;

	/* "+": what follows the command's name is the command's. */
	while ((opt = getopt_long(argc, argv, "+:o:D:m:q", long_options, NULL)) != -1) {
		err = parse_option(opt, o);
		if (err == -ENOENT)
			return cmd_bad_option(&cmd_record, argc, argv, opt);
		if (err)
			return cmd_misused(&cmd_record, "%s: not a value for this option", optarg);
	}
	if (optind < argc)
		o->command = argv + optind;
	return CMD_OK;
}

/* ---- the command that is recorded ---- */

/* Start it now, with the privileges of the caller; it runs when @gate is closed. */
static int start_command(char **command, pid_t *pid, int *gate)
{
	int ends[2];
	char c;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	*pid = fork();
	if (*pid < 0)
		return -errno;
	if (*pid == 0) {
		close(ends[1]);
		while (read(ends[0], &c, 1) < 0 && errno == EINTR)
			;
		execvp(command[0], command);
		error_msg("%s: cannot run: %s", command[0], strerror(errno));
		_exit(errno == ENOENT ? 127 : 126);
	}
	close(ends[0]);
	*gate = ends[1];
	return 0;
}

/* Exit code of the shells: the status, or 128 and the signal. */
static int exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int end_command(pid_t pid)
{
	int status = 0;

	if (pid <= 0)
		return 0;
	kill(pid, SIGTERM);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return 0; /* it did not end by itself: its status says nothing */
}

/* ---- the recording ---- */

/* A recorder that is swapped out, starved or killed for memory loses what it is there to see. */
static void protect_self(void)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	/* As far as the privileges go: none of it is needed, and a container refuses some. */
	if (fd >= 0) {
		if (full_write(fd, "-1000", 5))
			errno = 0;
		close(fd);
	}
	setpriority(PRIO_PROCESS, 0, -20);
	if (!setrlimit(RLIMIT_MEMLOCK, &unlimited))
		mlockall(MCL_CURRENT | MCL_FUTURE);
}

/* Until the command ends, time is up or a signal comes; *pid becomes 0 when it has ended. */
static int record_loop(struct recorder *r, const struct options *o, pid_t *pid, int *code)
{
	uint64_t end = o->duration ? now_ns() + o->duration : UINT64_MAX;
	int status, err = 0;
	bool busy;

	while (!err && !stopped && now_ns() < end) {
		err = recorder_pump(r, &busy);
		if (*pid && waitpid(*pid, &status, WNOHANG) == *pid) {
			*pid = 0;
			*code = exit_code(status);
			break;
		}
		if (!busy)
			nanosleep(&(struct timespec){ .tv_nsec = POLL_NS }, NULL);
	}
	return err;
}

static int write_failed(const struct options *o, int err)
{
	error_msg("record: %s: %s (what was written before can be read)", o->output,
		  strerror(-err));
	return CMD_FAILURE;
}

static int finish(struct recorder *r, const struct options *o, uint64_t bytes)
{
	uint64_t gone = r->lost + r->missed;
	double percent = r->events + gone ? 100.0 * gone / (r->events + gone) : 0;

	if (r->zones_missed)
		error_msg(
			"record: %u free-list snapshots could not be taken: the lists never rested "
			"(replay cannot compare these zones)",
			r->zones_missed);
	if (!o->quiet)
		fprintf(stderr,
			"buddyscope: %s: %llu events, lost %llu, missed %llu (an interrupt met a probe "
			"at work), tier %s, %.1f MB\n",
			o->output, (unsigned long long)r->events, (unsigned long long)r->lost,
			(unsigned long long)r->missed, r->meta.tier, bytes / 1e6);
	if (o->max_loss >= 0 && percent > o->max_loss) {
		error_msg(
			"record: %.3f%% of the events were lost, more than --max-loss %g (a larger "
			"buffer, -m, may help)",
			percent, o->max_loss);
		return CMD_LOST;
	}
	return CMD_OK;
}

static int record(struct recorder *r, const struct options *o, pid_t *pid, int gate)
{
	int err, code = 0, own;
	uint64_t bytes;

	err = recorder_open(r, o->tier, o->requests, o->buffer);
	if (err)
		return recorder_failed(r, "record", err);
	if (o->command)
		snprintf(r->meta.command, sizeof(r->meta.command), "%s", o->command[0]);
	protect_self();
	err = recorder_drop_privileges();
	if (err)
		error_msg("record: cannot drop privileges: %s (going on with them)",
			  strerror(-err));
	err = recorder_begin(r, o->output);
	if (gate >= 0)
		close(gate);
	if (!err)
		err = record_loop(r, o, pid, &code);
	end_command(*pid);
	*pid = 0;
	if (err)
		return write_failed(o, err);
	bytes = trace_writer_bytes(r->writer);
	err = recorder_end(r);
	if (err)
		return write_failed(o, err);
	own = finish(r, o, bytes);
	return own ? own : code;
}

static int run(int argc, char **argv)
{
	struct options o = { .output = "pages.pgt", .buffer = 16 << 20, .max_loss = -1 };
	struct recorder recorder = { 0 };
	int code = parse(argc, argv, &o), gate = -1;
	pid_t pid = 0;

	if (code)
		return code;
	if (o.command) {
		int err = start_command(o.command, &pid, &gate);

		if (err) {
			error_msg("record: cannot start %s: %s", o.command[0], strerror(-err));
			return CMD_FAILURE;
		}
	}
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	code = record(&recorder, &o, &pid, gate);
	if (pid > 0) {
		kill(pid, SIGKILL); /* it never ran: it is still waiting to start */
		waitpid(pid, NULL, 0);
	}
	recorder_close(&recorder);
	return code;
}

const struct cmd cmd_record = {
	.name = "record",
	.summary = "Record the page allocator into a trace file",
	.usage =
		"[options] [-- COMMAND...]\n"
		"  -o, --output FILE    write to FILE (pages.pgt); - is standard output\n"
		"  -D, --duration SEC   stop after SEC seconds\n"
		"  -m, --buffer SIZE    size of the stream between kernel and file (16M, at most 128M)\n"
		"      --tier TIER      auto, tracepoint, fentry or kprobe\n"
		"      --max-loss PCT   exit 4 if more than PCT percent were lost\n"
		"      --requests       also what replay --mode request needs (two more events a page)\n"
		"  -q, --quiet          print nothing but errors",
	.run = run,
};
