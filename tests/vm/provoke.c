// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes the kernel write page allocation failure and OOM reports.  For a virtual machine that may
 * run out of memory; see tests/vm/reports.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#define MB ((size_t)1 << 20)
#define PAGE ((size_t)4096)
#define MPOL_BIND 2
#define MAX_PIPES 4096

static unsigned long number(const char *text)
{
	return strtoul(text, NULL, 0);
}

static void expendable(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	if (fd < 0 || write(fd, "1000", 4) != 4)
		perror("oom_score_adj");
	if (fd >= 0)
		close(fd);
}

static size_t free_memory(void)
{
	struct sysinfo info;

	return sysinfo(&info) ? 0 : info.freeram * info.mem_unit;
}

/* Touch so many MB of anonymous memory. */
static int hog(size_t mb)
{
	char *at = mmap(NULL, mb * MB, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		return 1;
	madvise(at, mb * MB, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < mb * MB; i += PAGE)
		at[i] = 1;
	return 0;
}

/* The same from one NUMA node alone. */
static int bound_hog(unsigned long node, size_t mb)
{
	unsigned long mask = 1ul << node;

	if (syscall(SYS_set_mempolicy, MPOL_BIND, &mask, 8 * sizeof(mask) + 1)) {
		perror("set_mempolicy");
		return 1;
	}
	return hog(mb);
}

static int pipes[MAX_PIPES][2];
static unsigned int nr_pipes;

static int add_pipe(void)
{
	if (nr_pipes == MAX_PIPES || pipe2(pipes[nr_pipes], O_NONBLOCK))
		return 0;
	fcntl(pipes[nr_pipes][1], F_SETPIPE_SZ, 1 << 20);
	nr_pipes++;
	return 1;
}

/* Fill pipes, two by two in turn, a page each, until @leave bytes are free. */
static void fill(size_t leave)
{
	static char page[4096];
	struct rlimit files = { 2 * MAX_PIPES + 64, 2 * MAX_PIPES + 64 };
	unsigned int i = 0;

	setrlimit(RLIMIT_NOFILE, &files);
	while (free_memory() > leave && add_pipe() && add_pipe()) {
		for (; free_memory() > leave;)
			if (write(pipes[i][1], page, PAGE) + write(pipes[i + 1][1], page, PAGE) <=
			    0)
				break;
		i = nr_pipes;
	}
}

/* Read one of each two empty: single pages become free between pages that nobody can move. */
static void shatter(size_t leave)
{
	static char page[4096];

	fill(leave);
	for (unsigned int i = 0; i < nr_pipes; i += 2) {
		while (read(pipes[i][0], page, PAGE) > 0)
			;
	}
}

/* Queue signals for ourselves: each one takes kernel memory with GFP_ATOMIC.  Begin with @leave bytes free. */
static int signals(size_t leave)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	union sigval value = { 0 };
	sigset_t set;

	fill(leave);
	setrlimit(RLIMIT_SIGPENDING, &all);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	while (!sigqueue(getpid(), SIGRTMIN, value))
		;
	perror("sigqueue");
	return 0;
}

/* Start children that do nothing, until one cannot be started. */
static int forks(unsigned int most)
{
	unsigned int i;
	pid_t pid = 0;

	setsid();
	for (i = 0; i < most; i++) {
		pid = fork();
		if (pid < 0)
			break;
		if (!pid) {
			pause();
			_exit(0);
		}
	}
	printf("%u children\n", i);
	fflush(stdout);
	if (pid < 0)
		perror("fork");
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	return 0;
}

static int command(char **argv)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		execv(argv[0], argv);
		_exit(127);
	}
	return waitpid(pid, &status, 0) == pid ? 0 : 1;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	expendable();
	if (!strcmp(what, "hog") && argc == 3)
		return hog(number(argv[2]));
	if (!strcmp(what, "bind") && argc == 4)
		return bound_hog(number(argv[2]), number(argv[3]));
	if (!strcmp(what, "signals") && argc == 3)
		return signals(number(argv[2]) * 1024);
	if (!strcmp(what, "pipes") && argc == 3) {
		fill(number(argv[2]) * 1024);
		return 0;
	}
	if (!strcmp(what, "shatter") && argc >= 4) {
		shatter(number(argv[2]) * 1024);
		printf("%zu kB free\n", free_memory() / 1024);
		fflush(stdout);
		if (!strcmp(argv[3], "forks"))
			return forks(100000);
		return command(argv + 3);
	}
	fputs("usage: provoke hog MB | bind NODE MB | signals KB | pipes KB\n"
	      "       provoke shatter KB forks | provoke shatter KB COMMAND...\n",
	      stderr);
	return 2;
}
