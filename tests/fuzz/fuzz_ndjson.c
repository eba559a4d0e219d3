// SPDX-License-Identifier: GPL-2.0-only
/*
 * Import of the interchange form: no crash on any text; what it takes makes a trace that
 * both readers take, and whose export is taken again.
 *
 * An input that does not begin with '{' is given a line of meta data and two zones before it.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h> /* memfd_create */
#include <unistd.h>

#include "tools/ndjson.h"
#include "tools/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char start[] =
	"{\"rec\":\"meta\",\"schema\":\"buddyscope.trace/1\",\"kernel\":\"6.12\",\"page_shift\":12,"
	"\"nr_orders\":11,\"pageblock_order\":9,\"cpus\":2,\"migratetypes\":[\"Unmovable\","
	"\"Movable\",\"Reclaimable\",\"HighAtomic\",\"Isolate\"],\"gfp\":{\"__GFP_MOVABLE\":8},"
	"\"sysctl\":{}}\n"
	"{\"rec\":\"zone\",\"id\":0,\"node\":0,\"name\":\"Normal\",\"start_pfn\":0,\"spanned\":4096,"
	"\"present\":4096,\"managed\":4096,\"min\":1,\"low\":2,\"high\":3,\"lowmem_reserve\":[0]}\n";

static char path[64], again[64];

static void must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_ndjson: %s\n", what);
	abort();
}

static void clean_up(void)
{
	unlink(path);
	unlink(again);
}

/* A trace is written to a path, and moves what is there out of the way first. */
static int import_to(FILE *in, const char *to)
{
	struct ndjson_import res;

	unlink(to);
	rewind(in);
	return ndjson_import(in, to, &res);
}

static void check_trace(void)
{
	FILE *text = tmpfile();
	struct verify_result res;
	struct trace_reader *r;
	bool cut, writing;

	must(text != NULL, "tmpfile");
	must(!verify_file(path, &res), res.why);
	must(!trace_open(path, &r, NULL, 0), "the reader refuses what was imported");
	must(!ndjson_export(r, fileno(text), &cut, &writing) && !cut, "export fails");
	trace_close(r);
	must(!import_to(text, again), "the export is not taken back");
	fclose(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	FILE *in;

	if (!path[0]) {
		snprintf(path, sizeof(path), "/dev/shm/fuzz_ndjson.%d.pgt", (int)getpid());
		snprintf(again, sizeof(again), "/dev/shm/fuzz_ndjson.%d.again.pgt", (int)getpid());
		atexit(clean_up);
	}
	in = fdopen(memfd_create("text", 0), "w+b");
	must(in != NULL, "memfd_create");
	if (!len || data[0] != '{')
		fwrite(start, 1, sizeof(start) - 1, in);
	fwrite(data, 1, len, in);
	if (!import_to(in, path))
		check_trace();
	fclose(in);
	return 0;
}
