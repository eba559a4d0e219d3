/* SPDX-License-Identifier: GPL-2.0-only */
/* The forms of a report: one JSON object, CSV of one value a row, text, and the page. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"
#include "report.h"

/* ---- JSON: a member for each table, an array of objects or one object ---- */

struct json {
	struct out_json j;
	bool one, open; /* the table is a single row; a row is open */
};

static void json_begin(void *arg, const char *name, const char *title, bool one)
{
	struct json *f = arg;

	(void)title;
	f->one = one;
	f->open = one;
	if (one)
		out_object(&f->j, name);
	else
		out_array(&f->j, name);
}

static struct out_json *json_row(struct json *f)
{
	if (!f->open)
		out_object_inline(&f->j, NULL);
	f->open = true;
	return &f->j;
}

static void json_text(void *arg, const char *key, const char *v)
{
	out_str(json_row(arg), key, v);
}

static void json_number(void *arg, const char *key, uint64_t v)
{
	out_u64(json_row(arg), key, v);
}

static void json_flag(void *arg, const char *key, bool v)
{
	out_bool(json_row(arg), key, v);
}

static void json_none(void *arg, const char *key)
{
	out_null(json_row(arg), key);
}

static void json_end_row(void *arg)
{
	struct json *f = arg;

	if (f->one)
		return;
	out_close(&f->j);
	f->open = false;
}

static void json_end(void *arg)
{
	struct json *f = arg;

	out_close(&f->j);
	f->open = false;
}

int report_json(const struct report *rep, FILE *to, size_t most, unsigned int indent)
{
	struct json f = { .one = false };
	const struct report_form form = {
		.arg = &f,
		.series = true,
		.begin = json_begin,
		.text = json_text,
		.number = json_number,
		.ns = json_number,
		.flag = json_flag,
		.none = json_none,
		.row = json_end_row,
		.end = json_end,
	};

	out_json_init(&f.j, to, indent);
	out_object(&f.j, NULL);
	out_str(&f.j, "schema", "buddyscope.report/1");
	report_tables(rep, &form, most);
	out_close(&f.j);
	return out_json_end(&f.j);
}

/* ---- CSV: table, row, column, value ---- */

struct csv {
	struct out_csv c;
	const char *table;
	uint64_t row;
};

static void csv_begin(void *arg, const char *name, const char *title, bool one)
{
	struct csv *f = arg;

	(void)title;
	(void)one;
	f->table = name;
	f->row = 0;
}

static void csv_cell(struct csv *f, const char *key)
{
	out_csv_str(&f->c, f->table);
	out_csv_u64(&f->c, f->row);
	out_csv_str(&f->c, key);
}

static void csv_text(void *arg, const char *key, const char *v)
{
	struct csv *f = arg;

	csv_cell(f, key);
	out_csv_str(&f->c, v);
	out_csv_end(&f->c);
}

static void csv_number(void *arg, const char *key, uint64_t v)
{
	struct csv *f = arg;

	csv_cell(f, key);
	out_csv_u64(&f->c, v);
	out_csv_end(&f->c);
}

static void csv_flag(void *arg, const char *key, bool v)
{
	csv_text(arg, key, v ? "true" : "false");
}

static void csv_none(void *arg, const char *key)
{
	csv_text(arg, key, NULL);
}

static void csv_row(void *arg)
{
	((struct csv *)arg)->row++;
}

static void csv_end(void *arg)
{
	(void)arg;
}

int report_csv(const struct report *rep, FILE *to, size_t most)
{
	struct csv f = { .c = { .to = to } };
	const struct report_form form = {
		.arg = &f,
		.series = true,
		.begin = csv_begin,
		.text = csv_text,
		.number = csv_number,
		.ns = csv_number,
		.flag = csv_flag,
		.none = csv_none,
		.row = csv_row,
		.end = csv_end,
	};

	fputs("table,row,column,value\n", to);
	report_tables(rep, &form, most);
	return fflush(to) || ferror(to) ? -EIO : 0;
}

/* ---- text: a table is kept until its columns' widths are known ---- */

#define COLUMNS 24

struct cell {
	char *text;
	bool right; /* a number: aligned to the right */
};

struct text {
	FILE *to;
	bool one, no_memory;
	char heads[COLUMNS][32];
	size_t columns, column, rows;
	struct cell *cell; /* [room][COLUMNS] */
	size_t room;
};

static void text_begin(void *arg, const char *name, const char *title, bool one)
{
	struct text *f = arg;

	(void)name;
	fprintf(f->to, "%s\n", title);
	f->one = one;
	f->columns = f->column = f->rows = 0;
}

/* "p50_ns" becomes "p50", its values bring their units; "free_pages" becomes "free pages". */
static void make_head(char *head, size_t len, const char *key)
{
	char *p;

	snprintf(head, len, "%s", key);
	p = strstr(head, "_ns");
	if (p && !p[3])
		*p = '\0';
	for (p = head; *p; p++)
		if (*p == '_')
			*p = ' ';
}

static struct cell *cell_at(const struct text *f, size_t row, size_t column)
{
	return &f->cell[row * COLUMNS + column];
}

static void grow(struct text *f)
{
	size_t room = f->room ? 2 * f->room : 16;
	struct cell *grown = realloc(f->cell, room * COLUMNS * sizeof(*grown));

	if (!grown) {
		f->no_memory = true;
		return;
	}
	memset(grown + f->room * COLUMNS, 0, (room - f->room) * COLUMNS * sizeof(*grown));
	f->cell = grown;
	f->room = room;
}

static void put_cell(struct text *f, const char *key, const char *v, bool right)
{
	struct cell *cell;

	assert(f->column < COLUMNS);
	if (f->rows == f->room)
		grow(f);
	if (f->no_memory)
		return;
	if (!f->rows) {
		make_head(f->heads[f->column], sizeof(f->heads[0]), key);
		f->columns = f->column + 1;
	}
	cell = cell_at(f, f->rows, f->column++);
	free(cell->text);
	cell->text = strdup(v);
	cell->right = right;
	f->no_memory |= !cell->text;
}

static void text_text(void *arg, const char *key, const char *v)
{
	put_cell(arg, key, v ? v : "-", false);
}

static void text_number(void *arg, const char *key, uint64_t v)
{
	char buf[24];

	snprintf(buf, sizeof(buf), "%" PRIu64, v);
	put_cell(arg, key, buf, true);
}

static void text_ns(void *arg, const char *key, uint64_t v)
{
	static const struct {
		uint64_t ns;
		const char *name;
	} units[] = { { 1000000000, "s" }, { 1000000, "ms" }, { 1000, "us" } };
	char buf[32];
	size_t i;

	snprintf(buf, sizeof(buf), "%" PRIu64 " ns", v);
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (v < units[i].ns)
			continue;
		snprintf(buf, sizeof(buf), "%.2f %s", (double)v / (double)units[i].ns,
			 units[i].name);
		break;
	}
	put_cell(arg, key, v ? buf : "0", true);
}

static void text_flag(void *arg, const char *key, bool v)
{
	put_cell(arg, key, v ? "yes" : "no", false);
}

static void text_none(void *arg, const char *key)
{
	put_cell(arg, key, "-", true);
}

static void text_row(void *arg)
{
	struct text *f = arg;

	f->column = 0;
	f->rows++;
}

static int width_of(const struct text *f, size_t column)
{
	size_t most = strlen(f->heads[column]), i, len;

	for (i = 0; i < f->rows; i++) {
		len = strlen(cell_at(f, i, column)->text);
		most = len > most ? len : most;
	}
	return (int)most;
}

static void print_cell(const struct text *f, const char *v, size_t column, int width)
{
	/* A head stands where the values below it do. */
	bool right = cell_at(f, 0, column)->right;
	bool last = column + 1 == f->columns;

	fprintf(f->to, "  %*s", right ? width : last ? 0 : -width, v);
}

static void print_rows(const struct text *f)
{
	int width[COLUMNS];
	size_t i, k;

	for (k = 0; k < f->columns; k++) {
		width[k] = width_of(f, k);
		print_cell(f, f->heads[k], k, width[k]);
	}
	fputc('\n', f->to);
	for (i = 0; i < f->rows; i++) {
		for (k = 0; k < f->columns; k++)
			print_cell(f, cell_at(f, i, k)->text, k, width[k]);
		fputc('\n', f->to);
	}
}

static void text_end(void *arg)
{
	struct text *f = arg;
	size_t i;

	if (f->no_memory)
		return;
	if (f->one)
		for (i = 0; i < f->columns; i++)
			fprintf(f->to, "  %-30s %s\n", f->heads[i], cell_at(f, 0, i)->text);
	else if (!f->rows)
		fputs("  none\n", f->to);
	else
		print_rows(f);
	fputc('\n', f->to);
}

int report_text(const struct report *rep, FILE *to, size_t most)
{
	struct text f = { .to = to };
	const struct report_form form = {
		.arg = &f,
		.begin = text_begin,
		.text = text_text,
		.number = text_number,
		.ns = text_ns,
		.flag = text_flag,
		.none = text_none,
		.row = text_row,
		.end = text_end,
	};
	size_t i;

	report_tables(rep, &form, most);
	for (i = 0; i < f.room * COLUMNS; i++)
		free(f.cell[i].text);
	free(f.cell);
	if (f.no_memory)
		return -ENOMEM;
	return fflush(to) || ferror(to) ? -EIO : 0;
}

/* ---- the page: tools/report.html with the JSON in it ---- */

/* clang-format off */
__asm__(".pushsection .rodata\n"
	".hidden report_page\n"
	".global report_page\n"
	"report_page:\n"
	"	.incbin \"tools/report.html\"\n"
	"	.byte 0\n"
	".popsection\n");
/* clang-format on */
extern const char report_page[] __attribute__((visibility("hidden")));

#define DATA_MARK "@DATA@"

/* In JSON a < stands in strings alone; written so, none of them can end the script. */
static void put_escaped(FILE *to, const char *json, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (json[i] == '<')
			fputs("\\u003c", to);
		else
			fputc(json[i], to);
}

int report_html(const struct report *rep, FILE *to, size_t most)
{
	const char *mark = strstr(report_page, DATA_MARK);
	char *json = NULL;
	size_t len = 0;
	FILE *mem;
	int err;

	if (!mark)
		return -EIO;
	mem = open_memstream(&json, &len);
	if (!mem)
		return -ENOMEM;
	err = report_json(rep, mem, most, 0);
	if (fclose(mem) && !err)
		err = -ENOMEM;
	if (!err) {
		fwrite(report_page, 1, (size_t)(mark - report_page), to);
		put_escaped(to, json, len);
		fputs(mark + strlen(DATA_MARK), to);
		err = fflush(to) || ferror(to) ? -EIO : 0;
	}
	free(json);
	return err;
}
