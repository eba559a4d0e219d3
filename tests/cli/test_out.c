/* SPDX-License-Identifier: GPL-2.0-only */
/* The JSON and CSV writers: what they print is what a parser reads back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "tools/out.h"

struct sink {
	FILE *to;
	char *text;
	size_t len;
};

static void sink_open(struct sink *s)
{
	s->to = open_memstream(&s->text, &s->len);
	assert_non_null(s->to);
}

static void sink_expect(struct sink *s, const char *want)
{
	fclose(s->to);
	assert_string_equal(s->text, want);
	free(s->text);
}

static void write_sample(struct out_json *j)
{
	out_object(j, NULL);
	out_str(j, "name", "a\"b");
	out_u64(j, "max", UINT64_MAX);
	out_i64(j, "min", INT64_MIN);
	out_array_inline(j, "pfns");
	out_u64(j, NULL, 1);
	out_object(j, NULL);
	out_bool(j, "t", true);
	out_null(j, "n");
	out_close(j);
	out_close(j);
	out_array(j, "none");
	out_close(j);
	out_double(j, "half", 0.5, 2);
	out_double(j, "nan", (double)NAN, 2);
	out_close(j);
	assert_int_equal(out_json_end(j), 0);
}

static void one_line(void **state)
{
	struct out_json j;
	struct sink s;

	(void)state;
	sink_open(&s);
	out_json_init(&j, s.to, 0);
	write_sample(&j);
	out_u64(&j, NULL, 7); /* a second value on a line of its own */
	assert_int_equal(out_json_end(&j), 0);
	sink_expect(&s, "{\"name\":\"a\\\"b\",\"max\":18446744073709551615,"
			"\"min\":-9223372036854775808,\"pfns\":[1,{\"t\":true,\"n\":null}],"
			"\"none\":[],\"half\":0.50,\"nan\":null}\n7\n");
}

static void indented(void **state)
{
	struct out_json j;
	struct sink s;

	(void)state;
	sink_open(&s);
	out_json_init(&j, s.to, 2);
	write_sample(&j);
	sink_expect(&s, "{\n"
			"  \"name\": \"a\\\"b\",\n"
			"  \"max\": 18446744073709551615,\n"
			"  \"min\": -9223372036854775808,\n"
			"  \"pfns\": [1, {\"t\": true, \"n\": null}],\n"
			"  \"none\": [],\n"
			"  \"half\": 0.50,\n"
			"  \"nan\": null\n"
			"}\n");
}

/* Every one- and two-byte string gives a line that jansson takes; valid ones come back as they were. */
static void every_byte_is_escaped(void **state)
{
	struct out_json j;
	json_t *back;
	char text[3] = "";
	char *line;
	size_t len;
	FILE *to;
	int a, b;

	(void)state;
	for (a = 1; a < 256; a++) {
		for (b = 0; b < 256; b++) {
			text[0] = (char)a;
			text[1] = (char)b;
			line = NULL;
			to = open_memstream(&line, &len);
			assert_non_null(to);
			out_json_init(&j, to, 0);
			out_array(&j, NULL);
			out_str(&j, NULL, text);
			out_close(&j);
			assert_int_equal(out_json_end(&j), 0);
			fclose(to);
			back = json_loads(line, 0, NULL);
			assert_non_null(back);
			if (a < 0x80 && b < 0x80)
				assert_string_equal(json_string_value(json_array_get(back, 0)),
						    text);
			json_decref(back);
			free(line);
		}
	}
}

static void longer_utf8_sequences(void **state)
{
	/* euro sign, a grinning face; a surrogate, an overlong slash, a cut sequence */
	static const char text[] = "\xe2\x82\xac\xf0\x9f\x98\x80 \xed\xa0\x80 \xc0\xaf \xe2\x82";
	struct out_json j;
	struct sink s;

	(void)state;
	sink_open(&s);
	out_json_init(&j, s.to, 0);
	out_str(&j, NULL, text);
	sink_expect(&s, "\"\xe2\x82\xac\xf0\x9f\x98\x80 \\ufffd\\ufffd\\ufffd "
			"\\ufffd\\ufffd \\ufffd\\ufffd\"");
}

static void a_full_disk_is_an_error(void **state)
{
	struct out_json j;
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	if (!full)
		skip();
	out_json_init(&j, full, 0);
	out_u64(&j, NULL, 1);
	assert_true(out_json_end(&j) < 0);
	fclose(full);
}

static void csv_fields(void **state)
{
	struct out_csv c = { 0 };
	struct sink s;

	(void)state;
	sink_open(&s);
	c.to = s.to;
	out_csv_str(&c, "plain");
	out_csv_str(&c, "a,b");
	out_csv_str(&c, "say \"x\"");
	out_csv_str(&c, "two\nlines");
	out_csv_str(&c, NULL);
	out_csv_end(&c);
	out_csv_u64(&c, 1);
	out_csv_i64(&c, -1);
	out_csv_end(&c);
	sink_expect(&s, "plain,\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",\n1,-1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line),
		cmocka_unit_test(indented),
		cmocka_unit_test(every_byte_is_escaped),
		cmocka_unit_test(longer_utf8_sequences),
		cmocka_unit_test(a_full_disk_is_an_error),
		cmocka_unit_test(csv_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
