/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files that read a scenario share. */
#ifndef TOOLS_SIM_PARSE_H
#define TOOLS_SIM_PARSE_H

#include "sim.h"

#define SIM_MAX_WORDS 4096
#define SIM_INDEX (2 * SIM_MAX_NAMES)
#define SIM_MAX_MENTIONS 200000

struct sim_parser {
	struct sim_scenario *s;
	struct sim_error *error;
	unsigned int line;
	const char *text; /* the line, as it was written */
	const char *verb; /* its first word, "in POLICY:" left out */
	char **words;	  /* of the line */
	uint32_t nr_words, at;
	bool built; /* a step was seen: the machine is what it is */
	bool used;  /* memory was handed out or back */
	uint64_t kernelcore, movablecore;
	unsigned int movable_line;
	unsigned int zone_lines[PA_MAX_ZONES];
	uint32_t *index; /* of names: SIM_INDEX places, each a name's number and 1, or 0 */
	uint32_t mentions;
};

/* Say what is wrong with the line.  Returns -EINVAL. */
__attribute__((format(printf, 2, 3))) int sim_wrong(struct sim_parser *p, const char *fmt, ...);

/* Zeroed memory that lives as long as the scenario; NULL if there is none. */
void *sim_alloc(struct sim_scenario *s, size_t size);

/* The next word, and on; NULL at the end of the line. */
const char *sim_word(struct sim_parser *p);
/* The next word if it is @want. */
bool sim_take(struct sim_parser *p, const char *want);
/* No more words: 0, or the complaint. */
int sim_at_end(struct sim_parser *p);
/* The rest of the line as it was written, without the blanks around it. */
const char *sim_rest(struct sim_parser *p);

/* A number as the next word; @what it is, for the complaint. */
int sim_number(struct sim_parser *p, const char *what, uint64_t min, uint64_t max, uint64_t *out);
/* The number of a name, a new one if need be. */
int sim_name(struct sim_parser *p, const char *text, uint32_t *out);
/* One or more names as the rest of the words; "p1..p9" is nine. */
int sim_names(struct sim_parser *p, struct sim_step *step);
/* A migratetype, a zone type, a zone of the machine as the next word. */
int sim_type(struct sim_parser *p, uint32_t *out);
int sim_zone_type(struct sim_parser *p, uint32_t *out);
int sim_zone(struct sim_parser *p, uint32_t *out);
/* Pages of "= 8 16 24" or "= empty". */
int sim_pages(struct sim_parser *p, struct sim_step *step);
/* (@pfn, @order) is a block inside one zone: 0, or the complaint. */
int sim_block(struct sim_parser *p, uint64_t pfn, uint32_t order);
/* Is @word the name of an option, and so of no allocation? */
bool sim_is_option(const char *word);
/* Options of @allowed (SIM_KEY_*), in any order, up to the end or an operator. */
int sim_options(struct sim_parser *p, uint32_t allowed, struct sim_args *args);

/* One or more "vm.KEY=VALUE" up to the end of the line, in range under the scenario's policies. */
int sim_parse_settings(struct sim_parser *p, struct sim_step *step);

/* A line that describes the machine, by its first word.  -ENOENT if it is none. */
int sim_parse_machine(struct sim_parser *p, const char *verb);
/* No more of those: does the machine hold together? */
int sim_close_machine(struct sim_parser *p);
/* "6.1" or "4.4..6.18": set the bits of what it names. */
int sim_add_policies(struct sim_parser *p, const char *word, uint32_t *mask);
/* Is @verb a step's first word?  0, or the complaint. */
int sim_parse_verb(struct sim_parser *p, const char *verb);
/* The rest of such a line. */
int sim_parse_step(struct sim_parser *p, const char *verb, struct sim_step *step);
/* What follows `expect'. */
int sim_parse_expect(struct sim_parser *p, struct sim_step *step);

#endif /* TOOLS_SIM_PARSE_H */
