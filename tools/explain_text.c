/* SPDX-License-Identifier: GPL-2.0-only */
/* An explained report, for people. */
#include <inttypes.h>
#include <string.h>

#include "explain.h"

#define WIDTH 30 /* of a bar */

/* Indented by @indent and broken at 96 columns. */
static void wrap(FILE *to, int indent, const char *text)
{
	int column = indent;

	fprintf(to, "%*s", indent, "");
	while (*text) {
		size_t word = strcspn(text, " ");

		if (column > indent && column + (int)word + 1 > 96) {
			fprintf(to, "\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', to);
			column++;
		}
		fwrite(text, 1, word, to);
		column += (int)word;
		text += word + strspn(text + word, " ");
	}
	fputc('\n', to);
}

static void print_title(FILE *to, const struct explain_report *rep, unsigned int nr)
{
	static const char *const titles[EXPLAIN_NR_KINDS] = {
		[EXPLAIN_HEADLESS] = "part of a report",
		[EXPLAIN_FAILURE] = "page allocation failure",
		[EXPLAIN_STALL] = "page allocation stall",
		[EXPLAIN_VMALLOC] = "vmalloc failure",
		[EXPLAIN_OOM] = "out of memory",
	};

	fprintf(to, "%sReport %u, line %" PRIu64 ": %s", nr > 1 ? "\n" : "", nr, rep->line,
		titles[rep->kind]);
	if (rep->memcg)
		fputs(" in a memory cgroup", to);
	if (rep->kernel[0])
		fprintf(to, ", Linux %s", rep->kernel);
	fputc('\n', to);
}

static void print_request(FILE *to, const struct explain_report *rep)
{
	char text[1024], gfp[sizeof(rep->gfp_text)];
	size_t len;

	if (rep->kind == EXPLAIN_HEADLESS)
		return;
	if (!rep->gfp_text[0] && rep->gfp_known)
		pa_gfp_text(rep->gfp, gfp, sizeof(gfp));
	else
		snprintf(gfp, sizeof(gfp), "%s", rep->gfp_text);
	len = (size_t)snprintf(text, sizeof(text), "%s", rep->comm[0] ? rep->comm : "a task");
	if (rep->pid >= 0)
		len += (size_t)snprintf(text + len, sizeof(text) - len, " (pid %" PRId64 ")",
					rep->pid);
	if (rep->order >= 0)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					" asked for order %d, %" PRIu64 " kB in one piece",
					rep->order,
					explain_block_kb(rep, (unsigned int)rep->order));
	len += (size_t)snprintf(text + len, sizeof(text) - len, ", gfp 0x%" PRIx64 " %s", rep->mode,
				gfp);
	if (rep->cache[0] && len < sizeof(text))
		snprintf(text + len, sizeof(text) - len, ", for the slab cache %s", rep->cache);
	wrap(to, 2, text);
	if (rep->gfp_strange[0])
		fprintf(to, "  %s is not known here and was left out of account.\n",
			rep->gfp_strange);
	if (!rep->gfp_known)
		fputs("  What the gfp number means in this kernel is not known.\n", to);
}

static void print_victim(FILE *to, const struct explain_report *rep)
{
	char text[256];

	if (!rep->victim[0])
		return;
	snprintf(text, sizeof(text),
		 "The OOM killer took %s (pid %" PRId64 "), with %" PRIu64
		 " kB of anonymous memory.",
		 rep->victim, rep->victim_pid, rep->victim_rss);
	wrap(to, 2, text);
}

/* The marks of each zone: what the kernel compared, in kB. */
static void print_zones(FILE *to, const struct explain_report *rep)
{
	int64_t page = (int64_t)explain_block_kb(rep, 0);

	if (!rep->nr_zones)
		return;
	fprintf(to, "\n  %-15s %10s %9s %9s %9s %9s  %s\n", "kB", "free", "-unusable", ">lowered",
		"+reserve", "min mark", rep->memcg ? "" : "verdict");
	for (unsigned int i = 0; i < rep->nr_zones; i++) {
		const struct explain_zone *z = &rep->zones[i];
		const struct pa_zone_look *look = &z->look;

		fprintf(to, "  Node %-2" PRIu32 " %-7s ", z->node, z->name);
		if (!z->told)
			fputs("         ?", to);
		else if (z->reason == EXPLAIN_UNKNOWN)
			fprintf(to, "%10" PRIu64 " %9s %9s %9s %9" PRIu64, z->free, "", "", "",
				z->min);
		else
			fprintf(to,
				"%10" PRId64 " %9" PRId64 " %9" PRId64 " %9" PRId64 " %9" PRId64,
				look->free * page, look->unusable * page, look->min * page,
				look->reserve * page, look->mark * page);
		if (z->told && !rep->memcg && rep->kind != EXPLAIN_HEADLESS)
			fprintf(to, "  %s%s", explain_reason_name(z->reason),
				z->allowed ? "" : ", not for this request");
		fputc('\n', to);
	}
}

/* "UME": the letters of show_migration_types. */
static const char *letters(uint8_t types, char *buf)
{
	static const char of[PA_NR_MT] = {
		[PA_UNMOVABLE] = 'U',  [PA_MOVABLE] = 'M', [PA_RECLAIMABLE] = 'E',
		[PA_HIGHATOMIC] = 'H', [PA_CMA] = 'C',	   [PA_ISOLATE] = 'I',
		[PA_RESERVE] = 'R',
	};
	char *at = buf;

	for (unsigned int mt = 0; mt < PA_NR_MT; mt++)
		if (types >> mt & 1)
			*at++ = of[mt];
	*at = '\0';
	return buf;
}

/* Each order with a bar of its share of what is free in the zone. */
static void print_lists(FILE *to, const struct explain_report *rep, const struct explain_zone *z)
{
	unsigned int nr = z->nr_orders < PA_TOLD_ORDERS ? z->nr_orders : PA_TOLD_ORDERS;
	uint64_t total = 0;
	char types[PA_NR_MT + 1];

	for (unsigned int order = 0; order < nr; order++)
		total += z->blocks[order] << order;
	fprintf(to, "\n  Node %" PRIu32 " %s, free blocks by order\n", z->node, z->name);
	for (unsigned int order = 0; order < nr; order++) {
		uint64_t share = z->blocks[order] << order;
		int bar = total ? (int)((share * WIDTH + total - 1) / total) : 0;

		fprintf(to, "  %c %2u %8" PRIu64 " kB %10" PRIu64,
			(int)order == rep->order ? '>' : ' ', order, explain_block_kb(rep, order),
			z->blocks[order]);
		if (bar)
			fprintf(to, " %-6s %.*s", letters(z->types[order], types), bar,
				"##############################");
		fputc('\n', to);
	}
}

static void print_settings(FILE *to, const struct explain_report *rep)
{
	char text[400];

	if (!rep->nr_settings)
		return;
	fputs("\n  Settings that bear on it:\n", to);
	for (unsigned int i = 0; i < rep->nr_settings; i++) {
		snprintf(text, sizeof(text), "%s: %s", rep->settings[i].name, rep->settings[i].why);
		wrap(to, 4, text);
	}
}

void explain_print(FILE *to, const struct explain_report *rep, unsigned int nr)
{
	char text[1200];

	print_title(to, rep, nr);
	print_request(to, rep);
	snprintf(text, sizeof(text), "Why: %s. %s", explain_reason_name(rep->reason), rep->why);
	wrap(to, 2, text);
	print_victim(to, rep);
	if (rep->policy_guessed && rep->nr_zones)
		fprintf(to, "  The kernel is not told: the arithmetic is that of %s.\n",
			rep->policy->name);
	print_zones(to, rep);
	for (unsigned int i = 0; i < rep->nr_zones; i++)
		if (rep->zones[i].nr_orders && (rep->zones[i].allowed || (int)i == rep->zone))
			print_lists(to, rep, &rep->zones[i]);
	print_settings(to, rep);
	for (unsigned int i = 0; i < rep->nr_missing; i++)
		fprintf(to, "%s  Missing: %s.\n", i ? "" : "\n", rep->missing[i]);
}
