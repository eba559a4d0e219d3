/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A damaged file is an error or reads as it was, never a crash: both readers, every cut,
 * every bit.  A stored trace of a real kernel is cut and flipped too.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "sample.h"
#include "tools/verify.h"

#define HEADER 16
#define CHUNK 32

static struct trace_meta meta;
static unsigned char *file;
static size_t len;
static struct sample_digest whole;

static int set_up(void **state)
{
	const char *path = sample_path("whole.pgt");

	(void)state;
	sample_meta(&meta);
	if (sample_write(path, &meta, 1) || sample_read(path, &whole))
		return -1;
	file = sample_load(path, &len);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(file);
	sample_meta_free(&meta);
	sample_clean_up();
	return 0;
}

/* Give @p to both readers; what they return, which must be alike, and what was read. */
static int both(const void *p, size_t n, struct sample_digest *d)
{
	const char *path = sample_path("damaged.pgt");
	struct verify_result res;
	int err, second;

	sample_store(path, p, n);
	err = sample_read(path, d);
	second = verify_file(path, &res);
	if (err || d->last == TRACE_CUT)
		assert_true(second == -EBADMSG || second == -ENOTSUP);
	if (second) {
		assert_int_equal(strncmp(res.why, "offset ", 7), 0);
		assert_null(strchr(res.why, '\n'));
	}
	if (err || d->last == TRACE_CUT) {
		assert_int_equal(strncmp(d->why, "offset ", 7), 0);
		assert_null(strchr(d->why, '\n'));
	}
	return err ? err : second && d->last == TRACE_END ? second : 0;
}

/* The headers of a file's chunks: how long each is, with its header. */
static size_t chunk_at(const unsigned char *p, size_t at)
{
	return CHUNK + (p[at + 4] | p[at + 5] << 8 | p[at + 6] << 16 | (size_t)p[at + 7] << 24);
}

/* Make the checksums of the chunk at @at right again. */
static void seal(unsigned char *p, size_t at)
{
	uint64_t sum = XXH64(p + at + CHUNK, chunk_at(p, at) - CHUNK, 0);
	int i;

	for (i = 0; i < 8; i++)
		p[at + 20 + i] = sum >> (8 * i);
	sum = XXH64(p + at, 28, 0);
	for (i = 0; i < 4; i++)
		p[at + 28 + i] = sum >> (8 * i);
}

static void a_file_cut_anywhere_reads_up_to_its_last_whole_chunk(void **state)
{
	size_t n, end = HEADER, chunks = 0;
	struct sample_digest d;
	uint64_t items = 0;
	int err;

	(void)state;
	for (n = 0; n < len; n++) {
		err = both(file, n, &d);
		if (n == end + (n >= HEADER ? chunk_at(file, end) : 0)) {
			end = n;
			chunks++;
			assert_true(d.items >= items);
			items = d.items;
		}
		if (!chunks) {
			assert_int_equal(err, -EBADMSG); /* no meta chunk, no trace */
			continue;
		}
		assert_int_equal(err, 0);
		assert_int_equal(d.last, TRACE_CUT);
		assert_int_equal(d.items, items);
	}
	assert_true(chunks > 8);
}

static void every_bit_counts(void **state)
{
	struct sample_digest d;
	size_t bit;
	int err;

	(void)state;
	for (bit = 0; bit < 8 * len; bit++) {
		file[bit / 8] ^= 1 << bit % 8;
		err = both(file, len, &d);
		if (!err) {
			assert_int_equal(d.hash, whole.hash);
			assert_true(bit / 8 == 10 || bit / 8 == 11); /* the minor version */
		}
		file[bit / 8] ^= 1 << bit % 8;
	}
}

/* Damage that the checksums do not show: a hostile writer's. */
static void sealed_damage_is_contained(void **state)
{
	unsigned char *copy = malloc(len);
	struct sample_digest d;
	size_t at, size, i;

	(void)state;
	assert_non_null(copy);
	for (at = HEADER; at < len; at += size) {
		size = chunk_at(file, at);
		for (i = at + CHUNK; i < at + size; i++) {
			memcpy(copy, file, len);
			copy[i] ^= 1 << i % 8;
			seal(copy, at);
			both(copy, len, &d);
			copy[i] = 0xff;
			seal(copy, at);
			both(copy, len, &d);
		}
	}
	free(copy);
}

/* The same under the compression: store each chunk plain, then damage it. */
static void damaged_payloads_are_contained(void **state)
{
	static unsigned char plain[1 << 20];
	const char *path = sample_path("plain.pgt");
	struct sample_digest d;
	struct trace_writer *w;
	uint64_t pfn[300];
	static const unsigned char flips[] = { 1, 2, 4, 8, 16, 32, 64, 128, 127, 255 };
	size_t start, at, i, k, n;
	unsigned char *p, keep;

	(void)state;
	/* Short payloads do not shrink, so they are stored as they are. */
	for (i = 0; i < 300; i++)
		pfn[i] = 4096 + i * i % 997 * 512;
	assert_int_equal(trace_writer_open(path, &meta, &w), 0);
	assert_int_equal(trace_write_list(w, &(struct trace_list){ 0, 1, 0, 0, pfn, 6 }), 0);
	assert_int_equal(
		trace_write_blocks(w, &(struct trace_blocks){ 0, 1, 4096, (uint8_t *)"\1\2\3", 3 }),
		0);
	assert_int_equal(trace_write_pcp(w, &(struct trace_pcp){ 0, 1, 2, 0, 1, 5, 6, 7, pfn, 4 }),
			 0);
	for (i = 0; i < 8; i++)
		assert_int_equal(
			trace_write_events(w,
					   &(struct trace_event){ .type = i % 2 ? EV_ZONE_FREE :
										  EV_FALLBACK,
								  .pfn = pfn[i],
								  .ts = i * 1000,
								  .cpu = i % 3,
								  .mt = i % 5,
								  .arg = i % 4 << 4 },
					   1),
			0);
	assert_int_equal(trace_writer_close(w), 0);
	p = sample_load(path, &n);
	memcpy(plain, p, n);
	free(p);
	start = HEADER + chunk_at(plain, HEADER);
	for (at = start; at < n; at += chunk_at(plain, at))
		for (i = at + CHUNK; i < at + chunk_at(plain, at); i++) {
			keep = plain[i];
			for (k = i % 3; k < sizeof(flips); k += 3) { /* in turns: all take long */
				plain[i] = keep ^ flips[k];
				seal(plain, at);
				both(plain, n, &d);
			}
			plain[i] = keep;
			seal(plain, at);
		}
	assert_int_equal(both(plain, n, &d), 0);
}

static void lengths_are_not_trusted(void **state)
{
	static const unsigned char huge[] = { 0xff, 0xff, 0xff, 0xff };
	struct sample_digest d;
	unsigned char *copy = malloc(len);
	size_t second = HEADER + chunk_at(file, HEADER), size = chunk_at(file, second);
	uint64_t sum;
	int field, i;

	(void)state;
	assert_non_null(copy);
	for (field = 4; field <= 8; field += 4) {
		memcpy(copy, file, len);
		memcpy(copy + second + field, huge, 4);
		sum = XXH64(copy + second, 28, 0);
		for (i = 0; i < 4; i++)
			copy[second + 28 + i] = sum >> (8 * i);
		assert_int_equal(both(copy, len, &d), -EBADMSG);
		assert_non_null(strstr(d.why, "chunk of more than"));
	}
	assert_true(size > CHUNK);
	free(copy);
}

static void other_files_are_told_apart(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		int err;
		const char *why;
	} files[] = {
		{ "", 0, -EBADMSG, "offset 0: empty file" },
		{ "PGT", 3, -EBADMSG, "offset 0: not a trace" },
		{ "{\"rec\":\"meta\"}\n", 15, -EBADMSG, "offset 0: not a trace" },
		{ "PGTRACE\n\1", 9, -EBADMSG, "offset 0: cut inside the file header" },
		{ "PGTRACE\n\0\0\0\0\0\0\0\0", 16, -EBADMSG, "offset 0: format version 0" },
		{ "PGTRACE\n\1\0\0\0\0\0\0\0", 16, -EBADMSG, "offset 16: no end mark" },
		{ "PGTRACE\n\2\0\0\0\0\0\0\0", 16, -ENOTSUP, "offset 0: format version 2.0" },
		{ "PGTRACE\n\1\0\0\0\1\0\0\0", 16, -ENOTSUP, "features 0x1" },
	};
	struct sample_digest d;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(files) / sizeof(*files); i++) {
		assert_int_equal(both(files[i].bytes, files[i].len, &d), files[i].err);
		assert_non_null(strstr(d.why, files[i].why));
	}
	assert_int_equal(sample_read("/nonexistent", &d), -ENOENT);
	assert_int_equal(sample_read("/", &d), -EISDIR);
}

/* A later minor version may add chunks and members of the meta chunk. */
static void unknown_chunks_are_skipped(void **state)
{
	size_t at = HEADER + chunk_at(file, HEADER), add = CHUNK + 3, end = len - 64;
	unsigned char *copy = calloc(1, len + add);
	struct sample_digest d;

	(void)state;
	assert_non_null(copy);
	memcpy(copy, file, at);
	memcpy(copy + at, "\x63\0\0\x80\3\0\0\0\xff\xff\0\0", 12); /* type 99, flags unknown too */
	memcpy(copy + at + CHUNK, "abc", 3);
	seal(copy, at);
	memcpy(copy + at + add, file + at, len - at);
	/* The end mark counts it; the index is gone: it would have to name it. */
	copy[end + add + CHUNK + 8]++;
	seal(copy, end + add);
	sample_store(sample_path("unknown.pgt"), copy, len + add);
	assert_int_equal(sample_read(sample_path("unknown.pgt"), &d), 0);
	assert_int_equal(d.hash, whole.hash);
	free(copy);
}

static void nothing_follows_the_end_mark(void **state)
{
	unsigned char *copy = malloc(len + 1);
	struct sample_digest d;

	(void)state;
	assert_non_null(copy);
	memcpy(copy, file, len);
	copy[len] = '\n';
	assert_int_equal(both(copy, len + 1, &d), -EBADMSG);
	assert_non_null(strstr(d.why, "after the end mark"));
	free(copy);
}

/* Cut a real trace at every byte of its first and last chunk, and flip bits through it. */
static void damage_stored(const char *path)
{
	struct sample_digest d, good;
	size_t n, at, last = HEADER, first, step;
	unsigned char *p = sample_load(path, &n);

	assert_int_equal(both(p, n, &good), 0);
	assert_int_equal(good.last, TRACE_END);
	first = HEADER + chunk_at(p, HEADER);
	for (at = HEADER; at < n; at += chunk_at(p, at))
		last = at;
	for (at = 0; at < first; at++)
		assert_int_equal(both(p, at, &d), -EBADMSG);
	for (at = last; at < n; at++) {
		sample_store(sample_path("damaged.pgt"), p, at);
		assert_int_equal(sample_read(sample_path("damaged.pgt"), &d), 0);
		assert_int_equal(d.last, TRACE_CUT);
		assert_int_equal(d.events, good.events);
	}
	step = n / 32 | 1;
	for (at = HEADER; at < n; at += step) {
		p[at] ^= 1 << at % 8;
		assert_int_not_equal(both(p, n, &d), 0);
		p[at] ^= 1 << at % 8;
	}
	free(p);
}

static void a_stored_trace_stands_it_too(void **state)
{
	struct stat st, least = { 0 };
	size_t i, which = 0;
	glob_t found;

	(void)state;
	if (glob("tests/data/*.pgt", 0, NULL, &found))
		skip();
	for (i = 0; i < found.gl_pathc; i++) {
		assert_int_equal(stat(found.gl_pathv[i], &st), 0);
		if (!i || st.st_size < least.st_size) {
			least = st;
			which = i;
		}
	}
	damage_stored(found.gl_pathv[which]);
	globfree(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_cut_anywhere_reads_up_to_its_last_whole_chunk),
		cmocka_unit_test(every_bit_counts),
		cmocka_unit_test(sealed_damage_is_contained),
		cmocka_unit_test(damaged_payloads_are_contained),
		cmocka_unit_test(lengths_are_not_trusted),
		cmocka_unit_test(other_files_are_told_apart),
		cmocka_unit_test(unknown_chunks_are_skipped),
		cmocka_unit_test(nothing_follows_the_end_mark),
		cmocka_unit_test(a_stored_trace_stands_it_too),
	};

	return cmocka_run_group_tests_name("damage", tests, set_up, tear_down);
}
