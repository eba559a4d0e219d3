// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drives the page allocator: fills memory with movable pages, frees them in a
 * pattern that leaves no large block, makes unmovable and high-order requests
 * compete for the holes, lets go, begins again.  Two workers on two CPUs.
 *
 * The operations of a worker follow from the seed; how the kernel answers them
 * does not.  All modes but `gentle`, `quiet` and `steady` run the machine out of memory
 * on purpose: they are meant for a virtual machine of 400 to 512 MB.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MB ((size_t)1 << 20)
#define PAGE ((size_t)4096)
#define HUGE_PAGE (2 * MB)
#define WORKERS 2
#define MAX_ENDS 2048 /* pipes and socket pairs held by one worker */
#define MAX_FILES 4096
#define ASKED 12 /* times for all free memory in huge pages at the end of `steady` */

/* What all processes share; a worker that the OOM killer took is started again from here. */
struct shared {
	uint64_t rounds[WORKERS];
	unsigned int nr_files[WORKERS];
	uint64_t killed;
	uint64_t pages; /* touched */
	uint64_t held;	/* bytes that went into pipes and sockets */
};

struct options {
	const struct mode *mode;
	uint64_t seed;
	uint64_t mem; /* bytes, for all workers */
	uint64_t ops; /* rounds of each worker; 0: as long as there is time */
	double seconds;
	uint64_t low; /* bytes free below which the kernel reclaims; fallbacks boost that mark */
	const char *file; /* read for the page cache */
};

struct ends {
	int in, out;
};

struct worker {
	const struct options *opt;
	struct shared *shared;
	unsigned int id;
	uint64_t random;
	size_t budget; /* bytes, this worker's share */
	char *arena;
	size_t arena_len;
	struct ends ends[MAX_ENDS];
	unsigned int nr_ends;
	unsigned int *nr_files;
	char dir[64]; /* empty: none could be made */
};

static double deadline; /* CLOCK_MONOTONIC, seconds; 0: none */

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static bool late(void)
{
	return deadline > 0 && now() > deadline;
}

/* splitmix64 */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static size_t between(struct worker *w, size_t low, size_t high)
{
	return low + next_random(&w->random) % (high - low + 1);
}

static bool write_string(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done;

	if (fd < 0)
		return false;
	done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return done;
}

static void count(uint64_t *what, uint64_t by)
{
	__atomic_add_fetch(what, by, __ATOMIC_RELAXED);
}

static void populate(struct worker *w, char *from, size_t len, size_t step)
{
	for (size_t at = 0; at < len; at += step) {
		from[at] = 1;
		if (at % (4 * MB) == 0 && late())
			return;
	}
	count(&w->shared->pages, len / step);
}

static char *map_anonymous(size_t len, int advice)
{
	char *at = mmap(NULL, len, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		return NULL;
	madvise(at, len, advice); /* without THP in the kernel there is nothing to advise */
	return at;
}

static void drop_arena(struct worker *w)
{
	if (w->arena)
		munmap(w->arena, w->arena_len);
	w->arena = NULL;
}

static size_t free_memory(void)
{
	struct sysinfo info;

	return sysinfo(&info) ? 0 : info.freeram * info.mem_unit;
}

/* Touch all of the arena, or until only `leave` bytes are free. */
static void touch_arena(struct worker *w, size_t leave)
{
	for (size_t at = 0; at < w->arena_len && free_memory() > leave; at += HUGE_PAGE / 8)
		populate(w, w->arena + at, HUGE_PAGE / 8, PAGE);
}

/* Movable pages, one at a time: `percent` of the budget at most. */
static void fill(struct worker *w, size_t percent, size_t leave)
{
	drop_arena(w);
	w->arena_len = w->budget / 100 * percent & ~(HUGE_PAGE - 1);
	w->arena = map_anonymous(w->arena_len, MADV_NOHUGEPAGE);
	if (w->arena)
		touch_arena(w, leave);
}

/* Free one page in `every`: many free pages, no free block. */
static void punch(struct worker *w, size_t every)
{
	if (!w->arena)
		return;
	for (size_t at = between(w, 0, every - 1) * PAGE; at < w->arena_len; at += every * PAGE)
		madvise(w->arena + at, PAGE, MADV_DONTNEED);
}

static bool hold(struct worker *w, const int fd[2])
{
	if (w->nr_ends == MAX_ENDS) {
		close(fd[0]);
		close(fd[1]);
		return false;
	}
	w->ends[w->nr_ends++] = (struct ends){ fd[0], fd[1] };
	return true;
}

/* Push until it would block; returns the bytes that went in. */
static size_t stuff(int fd, size_t chunk, size_t most)
{
	static char zeroes[64 << 10];
	size_t done = 0;
	ssize_t n;

	while (done < most) {
		n = write(fd, zeroes, chunk);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return done;
}

/*
 * Unmovable pages, `bytes` of them: one for each 4096 written to a pipe.  Two
 * pipes take turns, so that closing one leaves holes of one page.  A resized
 * pipe also asks for one array of up to order 5.
 */
static void fill_pipes(struct worker *w, size_t bytes)
{
	int size = 1 << between(w, 16, w->opt->mem > 128 * MB ? 23 : 16);
	size_t done = 0, before;
	struct ends pair[2];

	while (done < bytes && !late()) {
		before = done;
		for (int i = 0; i < 2; i++) {
			int fd[2];

			if (pipe2(fd, O_NONBLOCK | O_CLOEXEC) || !hold(w, fd))
				goto out;
			fcntl(fd[1], F_SETPIPE_SZ, size); /* over the limit: it keeps its size */
			pair[i] = w->ends[w->nr_ends - 1];
		}
		while (done < bytes &&
		       stuff(pair[0].out, PAGE, PAGE) + stuff(pair[1].out, PAGE, PAGE))
			done += 2 * PAGE;
		if (done == before)
			break;
	}
out:
	count(&w->shared->held, done);
}

/* Unmovable blocks up to order 3: the fragments of stream socket buffers. */
static void fill_sockets(struct worker *w, size_t bytes)
{
	int fd[2], size = 1 << 20;
	size_t done = 0, n;

	while (done < bytes && !late()) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd))
			break;
		/* Without privilege the buffer keeps its size. */
		setsockopt(fd[1], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
		n = stuff(fd[1], 32 << 10, bytes - done);
		done += n;
		if (!hold(w, fd) || n == 0)
			break;
	}
	count(&w->shared->held, done);
}

/* Close one in `every` of what is held, not in the order it came. */
static void release(struct worker *w, size_t every)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < w->nr_ends; i++) {
		if (between(w, 1, every) == 1) {
			close(w->ends[i].in);
			close(w->ends[i].out);
		} else {
			w->ends[kept++] = w->ends[i];
		}
	}
	w->nr_ends = kept;
}

/* Inodes and dentries (reclaimable slabs), each with a page of tmpfs. */
static void make_files(struct worker *w, unsigned int nr)
{
	char name[96];
	int fd;

	if (!w->dir[0])
		return;
	for (unsigned int i = 0; i < nr && *w->nr_files < MAX_FILES; i++) {
		snprintf(name, sizeof(name), "%s/%u", w->dir, *w->nr_files);
		fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			return;
		++*w->nr_files;
		stuff(fd, PAGE, PAGE * between(w, 0, 3));
		close(fd);
	}
}

static void remove_files(struct worker *w)
{
	char name[96];

	while (*w->nr_files > 0) {
		snprintf(name, sizeof(name), "%s/%u", w->dir, --*w->nr_files);
		unlink(name);
	}
}

/* Page tables: one touched page in each 2 MB needs a page of entries. */
static void make_tables(struct worker *w, size_t nr)
{
	char *at = map_anonymous(nr * HUGE_PAGE, MADV_NOHUGEPAGE);

	if (!at)
		return;
	populate(w, at, nr * HUGE_PAGE, HUGE_PAGE);
	munmap(at, nr * HUGE_PAGE);
}

/* Order 9 on demand: direct compaction where there is no such block. */
static void huge_faults(size_t nr)
{
	char *at = map_anonymous((nr + 1) * HUGE_PAGE, MADV_HUGEPAGE);
	char *aligned = (char *)(((uintptr_t)at + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));

	if (!at)
		return;
	for (size_t i = 0; i < nr && !late(); i++)
		aligned[i * HUGE_PAGE] = 1;
	munmap(at, (nr + 1) * HUGE_PAGE);
}

/* Ask for huge pages for the pool and give them back; needs root, else it asks nothing. */
static void hugetlb(unsigned int nr)
{
	static const char path[] = "/proc/sys/vm/nr_hugepages";
	char text[16];

	snprintf(text, sizeof(text), "%u", nr);
	if (write_string(path, text))
		write_string(path, "0");
}

/* Page cache: pages of a block device are unmovable, but reclaimable. */
static void read_file(struct worker *w, size_t bytes)
{
	static char buffer[64 << 10];
	int fd = w->opt->file ? open(w->opt->file, O_RDONLY | O_CLOEXEC) : -1;
	off_t size, at;

	if (fd < 0)
		return;
	size = lseek(fd, 0, SEEK_END);
	for (size_t done = 0; size > 0 && done < bytes && !late(); done += sizeof(buffer)) {
		at = (off_t)(next_random(&w->random) % (uint64_t)size) &
		     ~(off_t)(sizeof(buffer) - 1);
		if (pread(fd, buffer, sizeof(buffer), at) <= 0)
			break;
	}
	close(fd);
}

/* Children that touch part of what they inherit: stacks, tables, copied pages. */
static void fork_children(struct worker *w, unsigned int nr)
{
	pid_t pid;

	for (unsigned int i = 0; i < nr; i++) {
		pid = fork();
		if (pid == 0) {
			for (size_t at = 0; w->arena && at < w->arena_len; at += 64 * PAGE)
				w->arena[at] = 2;
			_exit(0);
		}
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
}

/* A child that takes all there is; the OOM killer's first choice. */
static void hog(struct worker *w, size_t bytes)
{
	pid_t pid = fork();
	int status;
	char *at;

	if (pid == 0) {
		write_string("/proc/self/oom_score_adj", "1000");
		at = map_anonymous(bytes, MADV_NOHUGEPAGE);
		if (at)
			populate(w, at, bytes, PAGE);
		_exit(0);
	}
	if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status))
		count(&w->shared->killed, 1);
}

/* A little of everything, far from pressure. */
static void round_quiet(struct worker *w)
{
	fill(w, between(w, 40, 70), 0);
	punch(w, between(w, 2, 8));
	fill_pipes(w, between(w, 1, 4) * MB);
	fill_sockets(w, MB);
	fork_children(w, 2);
	read_file(w, 4 * MB);
	make_files(w, 64);
	huge_faults(2);
	remove_files(w);
	release(w, 2);
}

/*
 * Movable memory everywhere, then single holes in it that only other types ask
 * for.  Large free blocks would end that at once: what makes them comes last.
 */
static void round_fragment(struct worker *w)
{
	size_t leave = w->opt->low + between(w, 0, 4) * MB, every;

	fill(w, 100, leave);
	for (int i = 0; i < 8 && w->arena && !late(); i++) {
		every = (size_t)1 << between(w, 3, 5);
		punch(w, every);
		fill_pipes(w, w->arena_len / every / 3);
		make_tables(w, between(w, 16, 64));
		make_files(w, 128);
		fill_sockets(w, w->arena_len / every / 8);
		release(w, 4);
		touch_arena(w, leave);
	}
	punch(w, 3); /* room enough, in single pages: order 9 takes compaction */
	huge_faults(between(w, 8, 24));
	fork_children(w, 1);
	hugetlb((unsigned int)between(w, 8, 24));
	release(w, 2);
	remove_files(w);
}

/* More than there is: kswapd, direct reclaim, the OOM killer. */
static void round_thrash(struct worker *w)
{
	fill(w, between(w, 60, 80), 0);
	read_file(w, w->budget / 4);
	fill_pipes(w, w->budget / 16);
	punch(w, between(w, 3, 9));
	huge_faults(3);
	fill_sockets(w, w->budget / 32);
	read_file(w, w->budget / 8);
	if (between(w, 0, 3) == 0)
		hog(w, w->opt->mem);
	release(w, 2);
}

/*
 * What it asks for follows from the seed alone, whatever is free: two settings can be compared.
 * The page cache takes what is left over, so the marks decide how much is reclaimed; it stays, as the
 * file is open all the time (hold_file): which worker closes it last would be left to chance.
 */
static void round_steady(struct worker *w)
{
	size_t every;

	fill(w, 90, 0);
	for (int i = 0; i < 6 && w->arena && !late(); i++) {
		read_file(w, 24 * MB);
		every = (size_t)1 << between(w, 2, 4);
		punch(w, every);
		fill_pipes(w, w->arena_len / every / 3);
		make_tables(w, between(w, 16, 64));
		make_files(w, 128);
		fill_sockets(w, w->arena_len / every / 8);
		release(w, 4);
		populate(w, w->arena, w->arena_len, PAGE);
		huge_faults(4);
	}
	fork_children(w, 1);
	release(w, 2);
	remove_files(w);
}

static void round_mixed(struct worker *w)
{
	if (w->shared->rounds[w->id] % 3 == 0) /* counted before it runs: the third */
		round_thrash(w);
	else
		round_fragment(w);
}

static const struct mode {
	const char *name;
	void (*round)(struct worker *w);
	unsigned int percent; /* of MemAvailable, unless --mem says otherwise */
	unsigned int most;    /* MB; 0: no limit */
	double seconds;	      /* unless --seconds or --ops say otherwise */
} modes[] = {
	{ "gentle", round_quiet, 12, 96, 4 },	   { "quiet", round_quiet, 50, 0, 10 },
	{ "fragment", round_fragment, 96, 0, 20 }, { "thrash", round_thrash, 96, 0, 20 },
	{ "mixed", round_mixed, 96, 0, 20 },	   { "steady", round_steady, 96, 176, 20 },
};

#define NR_MODES (sizeof(modes) / sizeof(modes[0]))

static void pin(unsigned int id)
{
	cpu_set_t allowed, one;
	int cpus;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return;
	cpus = CPU_COUNT(&allowed);
	CPU_ZERO(&one);
	for (int cpu = 0, seen = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed) && seen++ == (int)id % cpus)
			CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one); /* unpinned it works as well */
}

static void work(const struct options *opt, struct shared *shared, unsigned int id, const char *dir)
{
	static struct worker w;
	uint64_t *round = &shared->rounds[id];

	w = (struct worker){ .opt = opt,
			     .shared = shared,
			     .id = id,
			     .budget = opt->mem / WORKERS,
			     .nr_files = &shared->nr_files[id] };
	if (dir[0])
		snprintf(w.dir, sizeof(w.dir), "%s/%u", dir, id);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	write_string("/proc/self/oom_score_adj", "500");
	pin(id);
	while (!late() && (!opt->ops || *round < opt->ops)) {
		w.random = opt->seed + (*round << 8) + id;
		++*round; /* a round that gets the worker killed is not repeated */
		opt->mode->round(&w);
	}
	remove_files(&w);
	_exit(0);
}

static pid_t start(const struct options *opt, struct shared *shared, unsigned int id,
		   const char *dir)
{
	pid_t pid = fork();

	if (pid == 0)
		work(opt, shared, id, dir);
	return pid;
}

/* Wait for the workers; one that was killed for its memory goes on with its next round. */
static int supervise(const struct options *opt, struct shared *shared, const char *dir)
{
	pid_t pids[WORKERS], pid;
	int status;

	for (unsigned int id = 0; id < WORKERS; id++) {
		pids[id] = start(opt, shared, id, dir);
		if (pids[id] < 0)
			return -errno;
	}
	while ((pid = waitpid(-1, &status, 0)) > 0) {
		if (!WIFSIGNALED(status))
			continue;
		if (WTERMSIG(status) != SIGKILL)
			return -ECHILD;
		count(&shared->killed, 1);
		for (unsigned int id = 0; id < WORKERS; id++)
			if (pids[id] == pid)
				pids[id] = start(opt, shared, id, dir);
	}
	return 0;
}

/* The first number, in kB, that `format` finds in a file of /proc; in bytes, 0 if none. */
static uint64_t proc_bytes(const char *path, const char *format)
{
	FILE *f = fopen(path, "re");
	uint64_t kb = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, format, &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb << 10;
}

static int usage(void)
{
	fputs("usage: workload [--mode gentle|quiet|fragment|thrash|mixed|steady] [--seed N]\n"
	      "                [--mem MB] [--ops ROUNDS] [--seconds N] [--file PATH]\n",
	      stderr);
	return 2;
}

static const struct mode *find_mode(const char *name)
{
	for (size_t i = 0; i < NR_MODES; i++)
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	return NULL;
}

static int parse(int argc, char **argv, struct options *opt)
{
	static const struct option names[] = {
		{ "mode", 1, NULL, 'm' }, { "seed", 1, NULL, 's' }, { "mem", 1, NULL, 'M' },
		{ "ops", 1, NULL, 'o' },  { "file", 1, NULL, 'f' }, { "seconds", 1, NULL, 'S' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	*opt = (struct options){ .mode = &modes[0], .seed = 1 };
	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		char *end = NULL;

		if (c == 'm')
			opt->mode = find_mode(optarg);
		else if (c == 's')
			opt->seed = strtoull(optarg, &end, 10);
		else if (c == 'M')
			opt->mem = strtoull(optarg, &end, 10) * MB;
		else if (c == 'o')
			opt->ops = strtoull(optarg, &end, 10);
		else if (c == 'S')
			opt->seconds = strtod(optarg, &end);
		else if (c == 'f')
			opt->file = optarg;
		else
			return -EINVAL;
		if (!opt->mode || (end && *end))
			return -EINVAL;
	}
	if (!opt->mem)
		opt->mem = proc_bytes("/proc/meminfo", "MemAvailable: %" SCNu64) / 100 *
			   opt->mode->percent;
	opt->low = proc_bytes("/proc/sys/vm/min_free_kbytes", "%" SCNu64) * 4;
	if (opt->mode->most && opt->mem > opt->mode->most * MB)
		opt->mem = opt->mode->most * MB;
	if (!opt->ops && opt->seconds <= 0)
		opt->seconds = opt->mode->seconds;
	return optind == argc ? 0 : -EINVAL;
}

static void make_dirs(char *dir)
{
	char name[64];

	if (!mkdtemp(dir)) {
		dir[0] = 0;
		return;
	}
	for (unsigned int id = 0; id < WORKERS; id++) {
		snprintf(name, sizeof(name), "%s/%u", dir, id);
		mkdir(name, 0700);
	}
}

static void remove_dirs(const char *dir, struct shared *shared)
{
	for (unsigned int id = 0; id < WORKERS && dir[0]; id++) {
		struct worker w = { .nr_files = &shared->nr_files[id] };

		snprintf(w.dir, sizeof(w.dir), "%s/%u", dir, id);
		remove_files(&w);
		rmdir(w.dir);
	}
	rmdir(dir);
}

/*
 * What is free in large blocks when the last worker ends depends on where a daemon happens to be, and
 * whether a score is just above or below a mark.  So somebody asks for all that is free in huge pages and
 * lets go again, as often as it takes for compaction that is deferred: what is free in them then is
 * what can be had at all, in pageblocks that hold nothing that cannot be moved.
 */
static void settle(const struct options *opt)
{
	if (opt->mode->round != round_steady)
		return;
	for (int i = 0; i < ASKED; i++) {
		hugetlb((unsigned int)(proc_bytes("/proc/meminfo", "MemFree: %" SCNu64) /
				       HUGE_PAGE));
		nanosleep(&(struct timespec){ .tv_nsec = 250000000 }, NULL);
	}
}

/* The last close of a block device drops its page cache; -1: nothing is held. */
static int hold_file(const struct options *opt)
{
	if (opt->mode->round != round_steady || !opt->file)
		return -1;
	return open(opt->file, O_RDONLY | O_CLOEXEC);
}

int main(int argc, char **argv)
{
	struct rlimit files = { 2 * MAX_ENDS + 64, 2 * MAX_ENDS + 64 };
	char dir[] = "/tmp/workload.XXXXXX";
	struct options opt;
	struct shared *shared;
	double started = now();
	int err, held;

	if (parse(argc, argv, &opt))
		return usage();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED) {
		perror("workload: mmap");
		return 1;
	}
	if (opt.seconds > 0)
		deadline = started + opt.seconds;
	setrlimit(RLIMIT_NOFILE, &files); /* refused: it holds fewer pipes */
	signal(SIGPIPE, SIG_IGN);
	make_dirs(dir);
	held = hold_file(&opt);
	err = supervise(&opt, shared, dir);
	if (held >= 0)
		close(held);
	remove_dirs(dir, shared);
	settle(&opt);
	printf("workload: mode %s, seed %" PRIu64 ", %zu MB: %" PRIu64 " + %" PRIu64
	       " rounds in %.1f s, %" PRIu64 " pages touched, %" PRIu64
	       " MB through pipes and sockets, %" PRIu64 " processes out of memory\n",
	       opt.mode->name, opt.seed, (size_t)opt.mem / MB, shared->rounds[0], shared->rounds[1],
	       now() - started, shared->pages, shared->held / MB, shared->killed);
	if (err) {
		fprintf(stderr, "workload: %s\n", strerror(-err));
		return 1;
	}
	return 0;
}
