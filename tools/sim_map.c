/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory on a terminal: a cell for each page, or for so many that all zones fit, and the free
 * lists below.
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "sim_run.h"

#define CELLS UINT64_C(32) /* a row */
#define MAX_ROWS 4	   /* all zones together, as far as that goes: words need room, too */
#define MAX_BLOCKS 24	   /* that are listed one by one */
#define MAX_ORDERS 6	   /* likewise */
#define COLUMNS 79

/* What a page can look like; names of allocations are capital letters. */
static const char free_marks[PA_NR_MT] = {
	[PA_UNMOVABLE] = 'u', [PA_MOVABLE] = '.', [PA_RECLAIMABLE] = 'r', [PA_HIGHATOMIC] = 'h',
	[PA_CMA] = 'c',	      [PA_ISOLATE] = 'i', [PA_RESERVE] = 'v',
};

#define MARK_PINNED '#'
#define MARK_MOVABLE '+'
#define MARK_PCP 'o'
#define MARK_MIX ':'

struct map {
	struct sim *sim;
	FILE *to;
	bool color;
	uint32_t cell;	    /* number of the next one */
	unsigned int shift; /* pages of a cell: 1 << shift */
	bool seen[256];	    /* marks that were drawn */
	bool typed;	    /* pageblock types, too */
};

/* -------------------------------------------------------------------------
 * Marks
 */

/* Pages on CPUs' lists are in no other list, so somebody has to go and look. */
static void mark_pcps(const struct sim *sim)
{
	uint32_t zone, cpu, order, mt, k;

	memset(sim->cell_marks, 0, sim->nr_frames);
	for (zone = 0; zone < sim->s->nr_zones; zone++)
		for (cpu = 0; cpu < sim->s->cpus; cpu++)
			for (order = 0; order < sim->s->nr_orders; order++)
				for (mt = 0; mt < PA_PCPTYPES; mt++) {
					int list = pa_pcp_index(sim->pa, order, (enum pa_mt)mt);
					uint64_t pfn = list < 0 ? PA_PFN_NONE :
								  pa_pcp_head(sim->pa, zone, cpu,
									      (unsigned int)list);

					for (; pfn != PA_PFN_NONE; pfn = pa_pcp_next(sim->pa, pfn))
						for (k = 0; k < 1u << order; k++)
							sim->cell_marks[sim_frame(sim, pfn) + k] =
								MARK_PCP;
				}
}

/* How the page looks, and whether a block worth a line begins here; its order. */
static char mark_of(const struct map *m, uint64_t pfn, int *begins)
{
	const struct sim_block *b = sim_block_at(m->sim, pfn);
	struct pa_page_info info;

	*begins = -1;
	if (pa_page(m->sim->pa, pfn, &info))
		return MARK_PINNED;
	if (info.free) {
		if (info.head)
			*begins = info.order;
		return free_marks[info.mt];
	}
	if (b) {
		if (b->pfn == pfn)
			*begins = (int)b->order;
		return (char)toupper((unsigned char)*m->sim->s->names[b->name]);
	}
	if (m->sim->cell_marks[sim_frame(m->sim, pfn)])
		return MARK_PCP;
	return info.use == PA_USE_MOVABLE ? MARK_MOVABLE : MARK_PINNED;
}

/* -------------------------------------------------------------------------
 * Rows
 */

static bool is_free_mark(char mark)
{
	return memchr(free_marks, mark, sizeof(free_marks));
}

/* One mark for all pages of a cell: what they have in common. */
static char cell(const struct map *m, uint64_t pfn, uint64_t end, int *begins)
{
	char mark = mark_of(m, pfn, begins);
	int ignored;

	for (pfn++; pfn < end; pfn++) {
		char other = mark_of(m, pfn, &ignored);

		if (other == mark)
			continue;
		if (is_free_mark(other) || is_free_mark(mark))
			return MARK_MIX;
		mark = MARK_PINNED;
	}
	return mark;
}

/* The types of the pageblocks that begin in a row, as letters beside it. */
static void margin(struct map *m, const struct pa_zone_config *z, uint64_t pfn, uint64_t end)
{
	static const char letters[] = "UMRHCIV";
	uint64_t size = UINT64_C(1) << m->sim->s->pageblock_order;

	if (m->sim->policy->pair_map || (CELLS << m->shift) / size > 4)
		return;
	if (pfn % size && pfn != z->start_pfn)
		pfn = (pfn + size - 1) / size * size;
	fputc(' ', m->to);
	m->typed = true;
	for (; pfn < end; pfn = pfn / size * size + size)
		fputc(letters[pa_pageblock(m->sim->pa, pfn)], m->to);
}

/* What the step changed stands out. */
static void put_mark(struct map *m, char mark)
{
	char *old = &m->sim->cells[m->cell++];

	if (m->color && *old && *old != mark)
		fprintf(m->to, "\033[7m%c\033[0m", mark);
	else
		fputc(mark, m->to);
	*old = mark;
}

static void row(struct map *m, const struct pa_zone_config *z, uint64_t pfn)
{
	uint64_t zone_end = z->start_pfn + z->spanned, end, size = UINT64_C(1) << m->shift;
	uint64_t row_end = pfn + (size * CELLS);
	char mark, before = 0;
	int begins;

	if (row_end > zone_end)
		row_end = zone_end;
	fprintf(m->to, "%8" PRIu64 " ", pfn);
	for (uint64_t at = pfn; at < row_end; at = end) {
		end = at + size < row_end ? at + size : row_end;
		mark = cell(m, at, end, &begins);
		m->seen[(unsigned char)mark] = true;
		fputc(begins >= (int)m->shift || !before || (!m->shift && mark != before) ? '|' :
											    ' ',
		      m->to);
		put_mark(m, mark);
		before = mark;
	}
	fputc('|', m->to);
	margin(m, z, pfn, row_end);
	fputc('\n', m->to);
}

static uint64_t nr_rows(const struct sim *sim, unsigned int shift)
{
	uint64_t rows = 0;

	for (uint32_t i = 0; i < sim->s->nr_zones; i++)
		rows += (sim->s->zones[i].spanned + (CELLS << shift) - 1) / (CELLS << shift);
	return rows;
}

static void zone_head(const struct map *m, uint32_t zone)
{
	const struct sim *sim = m->sim;
	struct pa_zone_state state;
	char name[32];

	fprintf(m->to, "zone %s: %" PRIu64 " of %" PRIu64 " free",
		sim_zone_name(sim->s, zone, name, sizeof(name)), sim_zone_free(sim, zone),
		sim->s->zones[zone].spanned);
	if (sim->s->cpus && !pa_zone_get(sim->pa, zone, &state)) {
		fprintf(m->to, "; min %" PRIu64 " low %" PRIu64 " high %" PRIu64,
			state.wmark[PA_WMARK_MIN], state.wmark[PA_WMARK_LOW],
			state.wmark[PA_WMARK_HIGH]);
		if (state.boost)
			fprintf(m->to, " boost %" PRIu64, state.boost);
		if (sim_pcp_pages(sim, zone, UINT32_MAX))
			fprintf(m->to, "; CPU lists %" PRId64,
				sim_pcp_pages(sim, zone, UINT32_MAX));
	} else if (pa_boost(sim->pa, zone)) {
		fprintf(m->to, "; boost %" PRIu64, pa_boost(sim->pa, zone));
	}
	fputc('\n', m->to);
}

/* What marks mean, in lines below the map. */
struct legend {
	FILE *to;
	size_t column;
};

static void explain(struct legend *l, const char *text)
{
	if (l->column && l->column + strlen(text) + 3 > COLUMNS) {
		fputc('\n', l->to);
		l->column = 0;
	}
	l->column += (size_t)fprintf(l->to, l->column ? "   %s" : "         %s", text);
}

static void legend(const struct map *m)
{
	static const struct {
		char mark;
		const char *text;
	} marks[] = {
		{ MARK_MOVABLE, "+ in use, movable" },
		{ MARK_PINNED, "# in use" },
		{ MARK_PCP, "o on a CPU's list" },
		{ MARK_MIX, ": partly free" },
	};
	struct legend l = { .to = m->to };
	bool named = false;
	char text[64];

	for (unsigned int mt = 0; mt < PA_NR_MT; mt++) {
		if (!m->seen[(unsigned char)free_marks[mt]])
			continue;
		snprintf(text, sizeof(text), "%c free%s%s", free_marks[mt],
			 m->sim->policy->pair_map ? "" : " ",
			 m->sim->policy->pair_map ? "" : pa_mt_name((enum pa_mt)mt));
		explain(&l, text);
	}
	for (char c = 'A'; c <= 'Z'; c++)
		named |= m->seen[(unsigned char)c];
	if (named)
		explain(&l, "A-Z in use, by name");
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (m->seen[(unsigned char)marks[i].mark])
			explain(&l, marks[i].text);
	if (m->shift) {
		snprintf(text, sizeof(text), "a cell is %u pages", 1u << m->shift);
		explain(&l, text);
	}
	if (m->typed)
		explain(&l, "at the right: pageblock types");
	fputc('\n', m->to);
}

/* -------------------------------------------------------------------------
 * Free lists
 */

/* " Movable 8 24": head first, as many as there is room for. */
static void list_pages(const struct map *m, uint32_t zone, uint32_t order, enum pa_mt mt,
		       int *column)
{
	uint64_t pfn = pa_list_head(m->sim->pa, zone, order, mt), left;
	char text[32];
	int len;

	if (pfn == PA_PFN_NONE)
		return;
	left = pa_list_len(m->sim->pa, zone, order, mt);
	*column += fprintf(m->to, "  %s", m->sim->policy->pair_map ? "" : pa_mt_name(mt));
	for (; pfn != PA_PFN_NONE; pfn = pa_list_next(m->sim->pa, pfn), left--) {
		len = snprintf(text, sizeof(text), " %" PRIu64, pfn);
		if (*column + len > COLUMNS - 9) {
			*column += fprintf(m->to, " +%" PRIu64, left);
			return;
		}
		fputs(text, m->to);
		*column += len;
	}
}

static void lists_by_page(const struct map *m)
{
	uint32_t order, mt;
	int column;

	fputs("free lists, head first:\n", m->to);
	for (order = 0; order < m->sim->s->nr_orders; order++) {
		if (!pa_nr_free(m->sim->pa, 0, order))
			continue;
		column = fprintf(m->to, "  order %-2" PRIu32 " %4u page%s", order, 1u << order,
				 order ? "s" : " ");
		for (mt = 0; mt < PA_NR_MT; mt++)
			list_pages(m, 0, order, (enum pa_mt)mt, &column);
		fputc('\n', m->to);
	}
}

static void lists_by_count(const struct map *m)
{
	char name[32];

	fputs("free blocks by order ", m->to);
	for (uint32_t order = 0; order < m->sim->s->nr_orders; order++)
		fprintf(m->to, "%5" PRIu32, order);
	fputc('\n', m->to);
	for (uint32_t zone = 0; zone < m->sim->s->nr_zones; zone++) {
		for (uint32_t mt = 0; mt < PA_NR_MT; mt++) {
			uint64_t len, any = 0;

			for (uint32_t order = 0; order < m->sim->s->nr_orders; order++)
				any += pa_list_len(m->sim->pa, zone, order, (enum pa_mt)mt);
			if (!any)
				continue;
			fprintf(m->to, "  %-8s %-10s",
				sim_zone_name(m->sim->s, zone, name, sizeof(name)),
				m->sim->policy->pair_map ? "" : pa_mt_name((enum pa_mt)mt));
			for (uint32_t order = 0; order < m->sim->s->nr_orders; order++) {
				len = pa_list_len(m->sim->pa, zone, order, (enum pa_mt)mt);
				if (len)
					fprintf(m->to, "%5" PRIu64, len);
				else
					fputs("    .", m->to);
			}
			fputc('\n', m->to);
		}
	}
}

static void lists(const struct map *m)
{
	uint64_t blocks = 0, nr;
	uint32_t orders = 0;

	for (uint32_t order = 0; order < m->sim->s->nr_orders; order++) {
		nr = 0;
		for (uint32_t zone = 0; zone < m->sim->s->nr_zones; zone++)
			nr += pa_nr_free(m->sim->pa, zone, order);
		blocks += nr;
		orders += nr != 0;
	}
	if (!blocks)
		fputs("free lists: all empty\n", m->to);
	else if (m->sim->s->nr_zones == 1 && blocks <= MAX_BLOCKS && orders <= MAX_ORDERS)
		lists_by_page(m);
	else
		lists_by_count(m);
}

void sim_map(struct sim *sim, FILE *to, bool color)
{
	struct map m = { .sim = sim, .to = to, .color = color };
	uint64_t rows = MAX_ROWS > sim->s->nr_zones ? MAX_ROWS : sim->s->nr_zones, pfn;

	while (nr_rows(sim, m.shift) > rows)
		m.shift++;
	if (sim->s->cpus)
		mark_pcps(sim);
	for (uint32_t i = 0; i < sim->s->nr_zones; i++) {
		const struct pa_zone_config *z = &sim->s->zones[i];

		zone_head(&m, i);
		for (pfn = z->start_pfn; pfn < z->start_pfn + z->spanned; pfn += CELLS << m.shift)
			row(&m, z, pfn);
	}
	legend(&m);
	lists(&m);
}
