// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fixed amount of work for the page allocator, bound to CPUs, so that two runs differ
 * only by what watches them.  Prints how long it took in nanoseconds.
 *
 *	pages populate|populate2|xfer|file|pipe OPS
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL
#define CHUNK (16UL << 20)
#define PIPE (1UL << 20)

static unsigned long ops;
static int hand_over[2]; /* a pipe of addresses, for xfer */
static char buffer[PIPE];

static void must(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

/* The @nth of the CPUs that we may run on. */
static void pin(int nth)
{
	cpu_set_t allowed, one;

	must(!sched_getaffinity(0, sizeof(allowed), &allowed), "sched_getaffinity");
	nth %= CPU_COUNT(&allowed);
	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed) && nth-- == 0)
			CPU_SET(cpu, &one);
	must(!sched_setaffinity(0, sizeof(one), &one), "sched_setaffinity");
}

static char *touched(void)
{
	char *at = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(at != MAP_FAILED, "mmap");
	madvise(at, CHUNK, MADV_NOHUGEPAGE); /* a kernel without huge pages refuses */
	for (size_t i = 0; i < CHUNK; i += PAGE)
		at[i] = 1;
	return at;
}

static void *populate(void *cpu)
{
	pin((int)(intptr_t)cpu);
	for (unsigned long i = 0; i < ops; i++)
		munmap(touched(), CHUNK);
	return NULL;
}

/* One CPU allocates, the other frees: the per-CPU lists of both are always on the wrong side. */
static void *give(void *cpu)
{
	pin((int)(intptr_t)cpu);
	for (unsigned long i = 0; i < ops; i++) {
		char *at = touched();

		must(write(hand_over[1], &at, sizeof(at)) == sizeof(at), "write");
	}
	return NULL;
}

static void *take(void *cpu)
{
	pin((int)(intptr_t)cpu);
	for (unsigned long i = 0; i < ops; i++) {
		char *at;

		must(read(hand_over[0], &at, sizeof(at)) == sizeof(at), "read");
		munmap(at, CHUNK);
	}
	return NULL;
}

static void *file(void *cpu)
{
	int fd = memfd_create("pages", 0);

	pin((int)(intptr_t)cpu);
	must(fd >= 0, "memfd_create");
	for (unsigned long i = 0; i < ops; i++) {
		for (size_t at = 0; at < CHUNK; at += PIPE)
			must(pwrite(fd, buffer, PIPE, (off_t)at) == PIPE, "pwrite");
		for (size_t at = 0; at < CHUNK; at += PIPE)
			must(pread(fd, buffer, PIPE, (off_t)at) == PIPE, "pread");
		must(!ftruncate(fd, 0), "ftruncate");
	}
	close(fd);
	return NULL;
}

static void *through_pipe(void *cpu)
{
	int fd[2], size;

	pin((int)(intptr_t)cpu);
	must(!pipe(fd), "pipe");
	size = fcntl(fd[1], F_SETPIPE_SZ, PIPE);
	must(size > 0, "F_SETPIPE_SZ");
	for (unsigned long i = 0; i < ops; i++)
		for (size_t at = 0; at < CHUNK; at += (size_t)size) {
			must(write(fd[1], buffer, (size_t)size) == size, "write");
			must(read(fd[0], buffer, (size_t)size) == size, "read");
		}
	return NULL;
}

static const struct kind {
	const char *name;
	void *(*thread[2])(void *cpu);
} kinds[] = {
	{ "populate", { populate, NULL } }, { "populate2", { populate, populate } },
	{ "xfer", { give, take } },	    { "file", { file, NULL } },
	{ "pipe", { through_pipe, NULL } },
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void run(const struct kind *kind)
{
	pthread_t thread[2];
	uint64_t start = now_ns();

	for (int i = 0; i < 2 && kind->thread[i]; i++)
		must(!pthread_create(&thread[i], NULL, kind->thread[i], (void *)(intptr_t)i),
		     "pthread_create");
	for (int i = 0; i < 2 && kind->thread[i]; i++)
		pthread_join(thread[i], NULL);
	printf("%" PRIu64 "\n", now_ns() - start);
}

int main(int argc, char **argv)
{
	if (argc == 3)
		ops = strtoul(argv[2], NULL, 10);
	must(!pipe(hand_over), "pipe");
	for (size_t i = 0; ops && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, argv[1])) {
			run(&kinds[i]);
			return 0;
		}
	fputs("usage: pages populate|populate2|xfer|file|pipe OPS\n", stderr);
	return 2;
}
