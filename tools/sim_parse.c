/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scenarios as text: lines into words, and the names of allocations.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sim_parse.h"
#include "util.h"

#define MAX_LINE 20000

struct sim_chunk {
	struct sim_chunk *next;
	max_align_t bytes[];
};

void *sim_alloc(struct sim_scenario *s, size_t size)
{
	struct sim_chunk *chunk = calloc(1, sizeof(*chunk) + size);

	if (!chunk)
		return NULL;
	chunk->next = s->chunks;
	s->chunks = chunk;
	return chunk->bytes;
}

void sim_free(struct sim_scenario *s)
{
	struct sim_chunk *chunk, *next;

	if (!s)
		return;
	for (chunk = s->chunks; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(s->names);
	free(s->steps);
	free(s);
}

int sim_wrong(struct sim_parser *p, const char *fmt, ...)
{
	va_list ap;

	p->error->line = p->line;
	va_start(ap, fmt);
	vsnprintf(p->error->text, sizeof(p->error->text), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* -------------------------------------------------------------------------
 * Words
 */

const char *sim_word(struct sim_parser *p)
{
	return p->at < p->nr_words ? p->words[p->at++] : NULL;
}

bool sim_take(struct sim_parser *p, const char *want)
{
	if (p->at == p->nr_words || strcmp(p->words[p->at], want))
		return false;
	p->at++;
	return true;
}

int sim_at_end(struct sim_parser *p)
{
	if (p->at == p->nr_words)
		return 0;
	return sim_wrong(p, "%s: not expected here (nothing more, or another option)",
			 p->words[p->at]);
}

/* Where word @nr of the line's own text begins. */
static const char *in_text(const struct sim_parser *p, uint32_t nr)
{
	const char *at = p->text;

	for (;;) {
		at += strspn(at, " \t");
		if (!nr--)
			return at;
		at += strcspn(at, " \t");
	}
}

const char *sim_rest(struct sim_parser *p)
{
	const char *rest = in_text(p, p->at);

	p->at = p->nr_words;
	return rest;
}

int sim_number(struct sim_parser *p, const char *what, uint64_t min, uint64_t max, uint64_t *out)
{
	const char *word = sim_word(p);

	if (!word)
		return sim_wrong(p, "%s: a number is missing", what);
	if (parse_u64(word, min, max, out))
		return sim_wrong(p, "%s %s: not a number from %" PRIu64 " to %" PRIu64, what, word,
				 min, max);
	return 0;
}

/* -------------------------------------------------------------------------
 * Names of allocations
 */

static bool name_valid(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789_-");

	return isalpha((unsigned char)*text) && !text[len] && len < 32;
}

/* Where @text stands in the index of names, or the free place for it. */
static uint32_t *index_of(struct sim_parser *p, const char *text)
{
	uint32_t at = 2166136261u; /* FNV-1a */
	const char *c;

	for (c = text; *c; c++)
		at = (at ^ (unsigned char)*c) * 16777619u;
	for (;; at++) {
		uint32_t *place = &p->index[at % SIM_INDEX];

		if (!*place || !strcmp(p->s->names[*place - 1], text))
			return place;
	}
}

int sim_name(struct sim_parser *p, const char *text, uint32_t *out)
{
	struct sim_scenario *s = p->s;
	uint32_t *place;

	if (!text || !name_valid(text))
		return sim_wrong(p,
				 "%s: not a name (a letter, then up to 30 letters, digits, _ or -)",
				 text ? text : "here");
	if (p->mentions++ == SIM_MAX_MENTIONS)
		return sim_wrong(p, "more than %d names in all steps together", SIM_MAX_MENTIONS);
	place = index_of(p, text);
	if (*place) {
		*out = *place - 1;
		return 0;
	}
	if (s->nr_names == SIM_MAX_NAMES)
		return sim_wrong(p, "%s: more than %d names", text, SIM_MAX_NAMES);
	s->names[s->nr_names] = sim_alloc(s, strlen(text) + 1);
	if (!s->names[s->nr_names])
		return -ENOMEM;
	strcpy(s->names[s->nr_names], text);
	*out = s->nr_names++;
	*place = s->nr_names;
	return 0;
}

/* "p1..p9" into "p", 1 and 9. */
static int split_range(struct sim_parser *p, const char *word, char *stem, uint64_t *first,
		       uint64_t *last)
{
	const char *dots = strstr(word, ".."), *digits;
	char number[32];
	size_t len;

	digits = dots;
	while (digits > word && isdigit((unsigned char)digits[-1]))
		digits--;
	len = (size_t)(digits - word);
	if (len >= 24 || dots - digits >= 8)
		return sim_wrong(p, "%.40s: not a range of names (p1..p9)", word);
	memcpy(stem, word, len);
	stem[len] = '\0';
	memcpy(number, digits, (size_t)(dots - digits));
	number[dots - digits] = '\0';
	dots += 2;
	if (!len || strncmp(dots, stem, len) || parse_u64(number, 0, 9999999, first) ||
	    parse_u64(dots + len, *first, *first + SIM_MAX_NAMES - 1, last))
		return sim_wrong(p, "%.40s: not a range of names (p1..p9, at most %d)", word,
				 SIM_MAX_NAMES);
	return 0;
}

static int add_names(struct sim_parser *p, const char *word, uint32_t *names, uint32_t *nr)
{
	uint64_t first, last;
	char stem[32], one[64];
	int err;

	if (!strstr(word, ".."))
		return sim_name(p, word, &names[(*nr)++]);
	err = split_range(p, word, stem, &first, &last);
	for (; !err && first <= last; first++) {
		if (*nr == SIM_MAX_NAMES)
			return sim_wrong(p, "more than %d names in one step", SIM_MAX_NAMES);
		snprintf(one, sizeof(one), "%s%" PRIu64, stem, first);
		err = sim_name(p, one, &names[(*nr)++]);
	}
	return err;
}

int sim_names(struct sim_parser *p, struct sim_step *step)
{
	uint32_t *names = calloc(SIM_MAX_NAMES, sizeof(*names)), nr = 0;
	const char *word;
	int err = 0;

	if (!names)
		return -ENOMEM;
	while (!err && p->at < p->nr_words && !sim_is_option(p->words[p->at])) {
		word = sim_word(p);
		err = nr == SIM_MAX_NAMES ?
			      sim_wrong(p, "more than %d names in one step", SIM_MAX_NAMES) :
			      add_names(p, word, names, &nr);
	}
	if (!err && !nr)
		err = sim_wrong(p, "a name is missing");
	if (!err) {
		step->names = sim_alloc(p->s, nr * sizeof(*names));
		if (step->names)
			memcpy(step->names, names, nr * sizeof(*names));
		step->nr_names = nr;
		err = step->names ? 0 : -ENOMEM;
	}
	free(names);
	return err;
}

/* -------------------------------------------------------------------------
 * Lines
 */

/* "in 3.10,4.4: " before a step: it is meant for these policies only. */
static int parse_in(struct sim_parser *p, uint32_t *policies)
{
	const char *word;
	char copy[256], *rest, *one;
	size_t len;
	int err;

	while (sim_take(p, "in")) {
		word = sim_word(p);
		len = word ? strlen(word) : 0;
		if (!len || len >= sizeof(copy) || word[len - 1] != ':')
			return sim_wrong(p,
					 "in: policies and a colon are missing (as in 3.10,4.4:)");
		memcpy(copy, word, len);
		copy[len - 1] = '\0';
		rest = copy;
		while ((one = strsep(&rest, ","))) {
			err = sim_add_policies(p, one, policies);
			if (err)
				return err;
		}
	}
	return 0;
}

static int parse_words(struct sim_parser *p)
{
	struct sim_scenario *s = p->s;
	uint32_t policies = 0;
	const char *verb;
	int err = parse_in(p, &policies);

	if (err)
		return err;
	verb = sim_word(p);
	if (!verb)
		return sim_wrong(p, "a step is missing after the colon");
	p->verb = verb;
	if (!policies) {
		err = sim_parse_machine(p, verb);
		if (err != -ENOENT)
			return err;
	}
	err = sim_parse_verb(p, verb);
	if (!err && !p->built)
		err = sim_close_machine(p);
	if (err)
		return err;
	if (s->nr_steps == SIM_MAX_STEPS)
		return sim_wrong(p, "more than %d steps", SIM_MAX_STEPS);
	s->steps[s->nr_steps] = (struct sim_step){
		.line = p->line,
		.text = p->text,
		.policies = policies,
	};
	err = sim_parse_step(p, verb, &s->steps[s->nr_steps]);
	if (!err)
		s->nr_steps++;
	return err;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The end of a quotation that begins at @at, below @end; NULL if none does. */
static const char *quotation(const char *at, const char *end)
{
	return *at == '"' ? memchr(at + 1, '"', (size_t)(end - at - 1)) : NULL;
}

/* Cut @line into words in place; a quotation is one, blanks and all. */
static int split(struct sim_parser *p, char *line)
{
	char *end = line + strlen(line);

	p->nr_words = 0;
	p->at = 0;
	for (;;) {
		line += strspn(line, " \t");
		if (!*line)
			return 0;
		if (p->nr_words == SIM_MAX_WORDS)
			return sim_wrong(p, "more than %d words in a line", SIM_MAX_WORDS);
		p->words[p->nr_words++] = line;
		if (quotation(line, end))
			line = strchr(line + 1, '"');
		line += strcspn(line, " \t");
		if (*line)
			*line++ = '\0';
	}
}

/* Without its comment and the blanks around it. */
static size_t trim(const char **line, size_t len)
{
	const char *at = *line, *end = at + len, *c, *close;

	for (; at < end && is_blank(*at); at++)
		;
	for (c = at; c < end && !(*c == '#' && (c == at || is_blank(c[-1]))); c++) {
		close = c == at || is_blank(c[-1]) ? quotation(c, end) : NULL;
		c = close ? close : c;
	}
	for (; c > at && is_blank(c[-1]); c--)
		;
	*line = at;
	return (size_t)(c - at);
}

static int parse_line(struct sim_parser *p, const char *line, size_t len)
{
	char *text, *words;
	size_t i;
	int err;

	if (len && line[len - 1] == '\r')
		len--;
	if (len > MAX_LINE)
		return sim_wrong(p, "a line of more than %d bytes", MAX_LINE);
	for (i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' ? line[i] != '\t' : line[i] == 0x7f)
			return sim_wrong(p,
					 "byte 0x%02x: a control character (plain text is needed)",
					 (unsigned char)line[i]);
	len = trim(&line, len);
	if (!len)
		return 0;
	text = sim_alloc(p->s, len + 1);
	words = sim_alloc(p->s, len + 1);
	if (!text || !words)
		return -ENOMEM;
	memcpy(text, line, len);
	memcpy(words, line, len);
	p->text = text;
	err = split(p, words);
	return err ? err : parse_words(p);
}

static int parse_lines(struct sim_parser *p, const char *text, size_t len)
{
	const char *end;
	size_t line;
	int err = 0;

	while (len && !err) {
		end = memchr(text, '\n', len);
		line = end ? (size_t)(end - text) : len;
		p->line++;
		err = parse_line(p, text, line);
		line += end != NULL;
		text += line;
		len -= line;
	}
	if (!err && !p->s->nr_steps)
		err = sim_wrong(p, "no step: nothing happens in this scenario");
	return err;
}

int sim_parse(const char *text, size_t len, struct sim_scenario **out, struct sim_error *error)
{
	struct sim_parser p = { .error = error };
	int err = -ENOMEM;

	*error = (struct sim_error){ 0 };
	p.s = calloc(1, sizeof(*p.s));
	p.words = calloc(SIM_MAX_WORDS, sizeof(*p.words));
	p.index = calloc(SIM_INDEX, sizeof(*p.index));
	if (!p.s || !p.words || !p.index)
		goto out;
	p.s->nr_orders = PA_MAX_ORDERS;
	p.s->names = calloc(SIM_MAX_NAMES, sizeof(*p.s->names));
	p.s->steps = calloc(SIM_MAX_STEPS, sizeof(*p.s->steps));
	p.s->title = sim_alloc(p.s, 1);
	if (!p.s->names || !p.s->steps || !p.s->title)
		goto out;
	if (len > SIM_MAX_TEXT)
		err = sim_wrong(&p, "more than %u bytes: not a scenario", SIM_MAX_TEXT);
	else
		err = parse_lines(&p, text, len);
out:
	free(p.index);
	free(p.words);
	if (err)
		sim_free(p.s);
	else
		*out = p.s;
	return err;
}
