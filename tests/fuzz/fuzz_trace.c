// SPDX-License-Identifier: GPL-2.0-only
/*
 * Both readers of .pgt files: no crash on any bytes, and what the strict one takes whole the
 * other takes too.
 *
 * An input that begins with an odd byte is a file as it stands.  Otherwise it is a list of
 * payloads, and becomes a file whose framing and checksums are right: else nothing behind
 * those would ever be reached.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h> /* memfd_create */
#include <unistd.h>

#include "tools/trace.h"
#include "tools/trace_format.h"
#include "tools/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t start[4096]; /* a file's header and its first chunk, the meta data */
static size_t start_len;

static void must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_trace: %s\n", what);
	abort();
}

static void make_start(void)
{
	static struct trace_meta meta = {
		.kernel = "6.12.0",
		.policy = "6.12",
		.page_shift = 12,
		.nr_orders = 11,
		.pageblock_order = 9,
		.cpus = 2,
		.mt = { "Unmovable", "Movable", "Reclaimable", "HighAtomic", "Isolate" },
		.nr_mt = 5,
		.zone = { { .name = "DMA", .start_pfn = 1, .spanned = 4095 },
			  { .id = 1, .name = "Normal", .start_pfn = 4096, .spanned = 1 << 20 } },
		.nr_zones = 2,
	};
	struct trace_writer *w;
	char path[64];
	size_t got;
	FILE *f;

	snprintf(path, sizeof(path), "/tmp/fuzz_trace.%d", (int)getpid());
	must(!trace_writer_open(path, &meta, &w) && !trace_writer_close(w), "no trace was made");
	f = fopen(path, "rb");
	must(f != NULL, path);
	got = fread(start, 1, sizeof(start), f);
	fclose(f);
	unlink(path);
	must(got > PGT_HEADER + PGT_CHUNK_HEADER, "the trace is empty");
	start_len = PGT_HEADER + PGT_CHUNK_HEADER + pgt_get32(start + PGT_HEADER + 4);
	must(start_len <= got, "the meta data is too large");
}

/* Payloads: a byte of type, two of length, one of events before it, then the bytes. */
static void put_chunks(FILE *f, const uint8_t *data, size_t len)
{
	uint8_t head[PGT_CHUNK_HEADER];

	fwrite(start, 1, start_len, f);
	while (len > 4) {
		struct pgt_chunk chunk = { .type = data[0] & 0xf, .event = data[3] };
		size_t n = pgt_get16(data + 1) & 0x3ff;

		data += 4;
		len -= 4;
		n = n < len ? n : len;
		chunk.stored = chunk.raw = (uint32_t)n;
		chunk.sum = XXH64(data, n, 0);
		pgt_put_chunk(head, &chunk);
		fwrite(head, 1, sizeof(head), f);
		fwrite(data, 1, n, f);
		data += n;
		len -= n;
	}
}

/* 0 if all of it reads, its end mark included. */
static int read_all(const char *path)
{
	struct trace_reader *r;
	struct trace_item item;
	int err = trace_open(path, &r, NULL, 0);

	if (err)
		return err;
	do {
		err = trace_next(r, &item);
	} while (!err && item.kind != TRACE_END && item.kind != TRACE_CUT);
	if (!err && item.kind == TRACE_CUT)
		err = -EPIPE;
	trace_close(r);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct verify_result res;
	char path[32];
	FILE *f;
	int fd, strict, err;

	if (!start_len)
		make_start();
	if (!len)
		return 0;
	fd = memfd_create("trace", 0);
	must(fd >= 0, "memfd_create");
	f = fdopen(dup(fd), "wb");
	must(f != NULL, "fdopen");
	if (data[0] & 1)
		fwrite(data + 1, 1, len - 1, f);
	else
		put_chunks(f, data + 1, len - 1);
	fclose(f);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	strict = verify_file(path, &res);
	err = read_all(path);
	close(fd);
	must(strict || !err, "verify takes what the reader refuses");
	return 0;
}
