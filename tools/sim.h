/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scenarios: a machine, what happens to it step by step, and what is expected of that.
 * buddyscope-sim(1) has the grammar.
 *
 * sim_parse() makes a scenario of text, sim_open() builds its machine under one policy, and each
 * sim_next() does one step.  sim_words() and sim_map() show people what that did.
 */
#ifndef TOOLS_SIM_H
#define TOOLS_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/pa.h"

#define SIM_MAX_FRAMES (1u << 20) /* all zones together: 4 GiB */
#define SIM_MAX_STEPS 2000
#define SIM_MAX_NAMES 32768
#define SIM_MAX_TEXT (1u << 20) /* bytes of a scenario */
#define SIM_MAX_PLACES 16	/* slow-path steps that one `expect steps' names */
#define SIM_NO_NAME UINT32_MAX

enum sim_verb {
	SIM_BOOT,
	SIM_LIST,
	SIM_PAGEBLOCK,
	SIM_USE,
	SIM_ALLOC,
	SIM_FREE,
	SIM_LRU,
	SIM_PIN,
	SIM_VICTIM,
	SIM_TICK,
	SIM_DRAIN,
	SIM_ISOLATE,
	SIM_UNISOLATE,
	SIM_RESERVE,
	SIM_SET,
	SIM_SAY,
	SIM_MAP,
	SIM_EXPECT,
	SIM_NR_VERBS
};

/* What a step's words say after the verb: "order 2", "type Movable", ...; bits of sim_args.given. */
enum sim_key {
	SIM_KEY_ORDER = 1 << 0,
	SIM_KEY_TYPE = 1 << 1,
	SIM_KEY_ZONE = 1 << 2,
	SIM_KEY_CPU = 1 << 3,
	SIM_KEY_NODE = 1 << 4,
	SIM_KEY_GFP = 1 << 5,
	SIM_KEY_TASK = 1 << 6,
	SIM_KEY_NODES = 1 << 7,
	SIM_KEY_NOFRAGMENT = 1 << 8,
	SIM_KEY_CMA = 1 << 9,
	SIM_KEY_EVERY = 1 << 10,
	SIM_KEY_AS = 1 << 11,
	SIM_KEY_BY = 1 << 12,
	SIM_KEY_OF = 1 << 13,
	SIM_KEY_FOR = 1 << 14,
	SIM_KEY_AT = 1 << 15,
	SIM_KEY_TAIL = 1 << 16,
	SIM_KEY_DIRECT = 1 << 17,
	SIM_KEY_LRU = 1 << 18,
	SIM_KEY_PINNED = 1 << 19,
	SIM_KEY_MOVABLE = 1 << 20,
};

struct sim_args {
	uint32_t given; /* SIM_KEY_*; what is not given is 0, @zone UINT32_MAX */
	uint32_t order, mt, zone, cpu, node, gfp, task, by;
	uint32_t name;	   /* of "as" and "of" */
	uint32_t zone_for; /* enum pa_zone_type of "for" */
	uint64_t nodes;	   /* mask */
	uint64_t every, at;
};

enum sim_op { SIM_EQ, SIM_NE, SIM_LT, SIM_LE, SIM_GT, SIM_GE, SIM_NR_OPS };

struct sim_expect {
	const struct sim_question *question; /* sim_expect.c */
	enum sim_op op;
	int64_t value;
	uint32_t word; /* an enum of the core: path, source, verdict, ... */
	const char *text;
	uint8_t places[SIM_MAX_PLACES]; /* enum pa_step, in order */
	uint32_t nr_places;
};

struct sim_setting {
	const char *text; /* "vm.KEY=VALUE" */
	unsigned int line;
};

struct sim_step {
	enum sim_verb verb;
	unsigned int line;
	const char *text;  /* the line as it was written, without indent and comment */
	uint32_t policies; /* bit i: pa_policy_at(i); 0: all */
	struct sim_args args;
	uint64_t pfn, last; /* page or range of pages; reserve: pages */
	uint64_t ms;
	uint32_t *names; /* numbers of names */
	uint32_t nr_names;
	uint64_t *pfns; /* of a list, head first */
	uint32_t nr_pfns;
	bool by_pfn; /* free: pages, not a name */
	const char *say;
	const struct sim_setting *settings;
	uint32_t nr_settings;
	struct sim_expect expect;
};

struct sim_scenario {
	char *title; /* "" if there is none */
	uint32_t policies;
	uint32_t nr_orders, pageblock_order;
	uint32_t nr_zones;
	struct pa_zone_config zones[PA_MAX_ZONES];
	uint32_t nr_nodes; /* nodes that zones or CPUs name */
	uint32_t cpus;	   /* 0: no request level */
	uint8_t *cpu_node;
	uint8_t *distance;		    /* NULL: the core's */
	const struct sim_setting *settings; /* that the machine starts with */
	uint32_t nr_settings;
	unsigned int cpus_line;
	char **names; /* room for SIM_MAX_NAMES */
	uint32_t nr_names;
	struct sim_step *steps;
	uint32_t nr_steps;
	struct sim_chunk *chunks; /* all memory of the above */
};

struct sim_error {
	unsigned int line; /* 0: none in particular */
	char text[400];	   /* "what: why (what to do)" */
	bool unsound;	   /* the core broke its own invariants: a bug */
};

/*
 * Parse @len bytes.  Return: 0; -EINVAL with @error filled; -ENOMEM.  @text may go afterwards.
 */
int sim_parse(const char *text, size_t len, struct sim_scenario **out, struct sim_error *error);
void sim_free(struct sim_scenario *s); /* accepts NULL */

/* "Normal", or "Normal/1" on a machine of several nodes, into @buf. */
const char *sim_zone_name(const struct sim_scenario *s, uint32_t zone, char *buf, size_t len);

/* -------------------------------------------------------------------------
 * Running one
 */

/* How a step went. */
enum sim_outcome {
	SIM_DONE,
	SIM_SKIPPED, /* meant for other policies */
	SIM_MET,     /* an expectation held */
	SIM_FAILED,  /* it did not: expected and got say so; also a request that failed unasked */
	SIM_NR_OUTCOMES
};

struct sim_report {
	const struct sim_step *step;
	enum sim_outcome outcome;
	char expected[256], got[1024];
};

struct sim;

/*
 * Build the machine.  Return: 0, -EINVAL with @error filled (the policy cannot be run, or a setting
 * is out of range under it), -ENOMEM.
 */
int sim_open(const struct sim_scenario *s, const struct pa_policy *policy, struct sim **out,
	     struct sim_error *error);
void sim_close(struct sim *sim); /* accepts NULL */

/*
 * Do the next step.  Return: 1 with @report filled, 0 if there is none left, -EINVAL with @error
 * filled if it cannot be done at all, -ENOMEM.
 */
int sim_next(struct sim *sim, struct sim_report *report, struct sim_error *error);

/* Is @step meant for the policy that is followed? */
bool sim_applies(const struct sim *sim, const struct sim_step *step);

/* What the last step did, in sentences, one a line; nothing for those that change nothing. */
void sim_words(const struct sim *sim, FILE *to);
/*
 * All of memory as cells, and the free lists; at most 79 columns.  With @color, what changed since
 * the last map is in reverse video.
 */
void sim_map(struct sim *sim, FILE *to, bool color);

const struct pa *sim_state(const struct sim *sim);

/* Of the last `alloc' or `free': the first page, or PA_PFN_NONE; the first decision, or NULL. */
uint64_t sim_pfn(const struct sim *sim);
const struct pa_decision *sim_decision(const struct sim *sim);
/* The slow path's steps of the last request; NULL without one. */
const struct pa_alloc_record *sim_record(const struct sim *sim);

#endif /* TOOLS_SIM_H */
