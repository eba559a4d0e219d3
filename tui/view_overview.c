/* SPDX-License-Identifier: GPL-2.0-only */
/* Screen 1: can this host serve the order, what is in the way, what is done, who agrees. */
#include <inttypes.h>
#include <string.h>

#include "text.h"
#include "tools/metrics.h"
#include "view.h"

#define ZONE_ROWS 7 /* of a zone that is shown whole */
#define BAR 12

struct view_orders view_orders(const struct tui *t)
{
	struct view_orders o = { .x = t->w >= 78 ? 12 : 5,
				 .n = t->has_now && t->now->nr_orders ? t->now->nr_orders :
									SOURCE_ORDERS };

	o.w = (t->w - o.x) / (int)o.n;
	if (o.w > 9)
		o.w = 9;
	return o;
}

static const char *label(const struct tui *t, const char *wide, const char *narrow)
{
	return t->w >= 78 ? wide : narrow;
}

static uint64_t bytes(const struct tui *t, uint64_t pages)
{
	return pages << t->now->page_shift;
}

/* -------------------------------------------------------------------------
 * Four lines that answer four questions
 */

static int question(const struct tui *t, struct cells *c, int y, const char *wide,
		    const char *narrow)
{
	cells_put(c, 1, y, STYLE_DIM, label(t, wide, narrow));
	return t->w >= 78 ? 13 : 8;
}

static void draw_serve(const struct tui *t, struct cells *c, int y, const struct metrics_verdict *v)
{
	static const char *const words[] = { "  ?  ", " NO  ", " LOW ", " YES " };
	static const enum cell_style styles[] = { STYLE_DIM, STYLE_BAD, STYLE_WARN, STYLE_GOOD };
	char size[TEXT_LEN], free[TEXT_LEN], most[TEXT_LEN];
	int x;

	text_bytes(size, bytes(t, UINT64_C(1) << t->set.order));
	snprintf(free, sizeof(free), label(t, "order %u", "ord %u"), t->set.order);
	x = question(t, c, y, free, free);
	cells_style(c, 1, y, cells_width(free), STYLE_BOLD);
	text_bytes(free, bytes(t, v->free));
	x = cells_put(c, x, y, styles[v->serve], words[v->serve]) + 1;
	switch (v->serve) {
	case SERVE_YES:
		cells_printf(c, x, y, STYLE_PLAIN,
			     label(t, "%" PRIu64 " free block%s of %s; the largest is of order %d",
				   "%" PRIu64 " block%s of %s; largest: order %d"),
			     v->suitable, v->suitable == 1 ? "" : "s", size, v->largest);
		break;
	case SERVE_LOW:
		cells_printf(c, x, y, STYLE_PLAIN,
			     label(t,
				   "%" PRIu64 " blocks of %s, but free memory is at the min mark",
				   "%" PRIu64 " blocks of %s, but free is at min"),
			     v->suitable, size);
		break;
	case SERVE_NO:
		text_bytes(most, v->largest < 0 ? 0 : bytes(t, UINT64_C(1) << v->largest));
		cells_printf(c, x, y, STYLE_PLAIN,
			     label(t, "no block of %s; %s are free, the largest piece %s",
				   "none of %s; free %s, largest %s"),
			     size, free, most);
		break;
	default:
		cells_put(c, x, y, STYLE_PLAIN, "free lists are not known");
	}
}

static int largest_of(const uint64_t *n, int count)
{
	int most = 0;

	for (int i = 1; i < count; i++)
		if (n[i] > n[most])
			most = i;
	return most;
}

static void draw_way(const struct tui *t, struct cells *c, int y, const struct metrics_verdict *v)
{
	int x = question(t, c, y, "in the way", "way"), mt;
	uint64_t stuck = 0;

	mt = largest_of(v->intruders, PA_PCPTYPES);
	if (v->polluted_known && v->polluted) {
		x = cells_put(c, x, y, STYLE_TYPE + mt, pa_mt_name(mt));
		x = cells_printf(c, x, y, STYLE_PLAIN,
				 label(t, " in %" PRIu64 "/%" PRIu64 " movable blocks; ",
				       " in %" PRIu64 "/%" PRIu64 " movable; "),
				 v->polluted, v->movable);
	} else if (v->polluted_known) {
		x = cells_put(c, x, y, STYLE_PLAIN,
			      label(t, "no movable block known as mixed; ", "none mixed; "));
	}
	for (mt = 0; mt < PA_NR_MT; mt++)
		stuck += v->stuck[mt];
	mt = largest_of(v->stuck, PA_NR_MT);
	if (!v->stuck_known) {
		cells_put(c, x, y, STYLE_DIM, "migratetypes are not known");
	} else if (stuck) {
		x = cells_printf(c, x, y, STYLE_PLAIN, "too small: %" PRIu64 " %% ",
				 v->stuck[mt] * 100 / stuck);
		cells_put(c, x, y, STYLE_TYPE + mt, pa_mt_name(mt));
	} else {
		cells_put(c, x, y, STYLE_PLAIN, "no free block is too small");
	}
}

static int put_rate(const struct tui *t, struct cells *c, int x, int y, const char *what,
		    enum source_count count, const char *unit)
{
	double rate = metrics_rate(t->has_before ? t->before : NULL, t->now, count);
	char text[TEXT_LEN];

	x = cells_printf(c, x, y, STYLE_DIM, "%s ", what);
	return cells_printf(c, x, y, rate > 0 ? STYLE_BOLD : STYLE_PLAIN, "%s%s",
			    text_rate(text, rate), rate < 0 ? "" : unit);
}

static void draw_allocator(const struct tui *t, struct cells *c, int y)
{
	int x = question(t, c, y, "allocator", "alloc");

	const char *unit = label(t, "/s", ""); /* the narrow one says it once */

	x = put_rate(t, c, x, y, label(t, "fallback", "/s: fallback"), COUNT_FALLBACKS, unit);
	x = put_rate(t, c, x, y, label(t, " (claim", " claim"), COUNT_CLAIMED, unit);
	x = put_rate(t, c, x, y, label(t, "), reclaim", " recl"), COUNT_RECLAIMS, unit);
	x = put_rate(t, c, x, y, label(t, ", compact", " comp"), COUNT_COMPACTIONS, unit);
	if (t->now->counts.known & 1u << COUNT_OOM)
		x = cells_printf(c, x, y, t->now->counts.v[COUNT_OOM] ? STYLE_BAD : STYLE_DIM,
				 label(t, ", OOM %" PRIu64, " OOM %" PRIu64),
				 t->now->counts.v[COUNT_OOM]);
	if (t->now->playable && t->w >= 100) /* of a host it is said above */
		put_rate(t, c, x, y, ", events", COUNT_EVENTS, "/s");
}

static void draw_core(const struct tui *t, struct cells *c, int y)
{
	const struct replay_result *r = &t->now->core;
	int x = question(t, c, y, "core", "core");
	bool same = r->picks == r->picks_exact && r->fallbacks == r->fallbacks_exact;

	if (!t->now->core_known) {
		cells_put(c, x, y, STYLE_DIM,
			  label(t, "not run: it needs free lists and the stream of events",
				"not run: it needs the stream of events"));
		return;
	}
	if (!r->picks) {
		cells_printf(c, x, y, STYLE_PLAIN, "%s, nothing compared yet", r->policy->name);
		return;
	}
	x = cells_put(c, x, y, same ? STYLE_GOOD : STYLE_WARN, same ? " AGREES " : " DIFFERS ") + 1;
	x = cells_printf(c, x, y, STYLE_PLAIN, "%s: ", r->policy->name);
	if (same)
		x = cells_printf(c, x, y, STYLE_PLAIN, "%" PRIu64 " picks, %" PRIu64 " fallback%s",
				 r->picks, r->fallbacks, r->fallbacks == 1 ? "" : "s");
	else
		x = cells_printf(c, x, y, STYLE_PLAIN,
				 "in %" PRIu64 " of %" PRIu64 " picks, %" PRIu64 " of %" PRIu64
				 " fallbacks",
				 r->picks - r->picks_exact, r->picks,
				 r->fallbacks - r->fallbacks_exact, r->fallbacks);
	if (r->end_known)
		cells_printf(c, x, y, r->lists == r->lists_exact_order ? STYLE_PLAIN : STYLE_BAD,
			     label(t, ", %" PRIu64 "/%" PRIu64 " lists exact",
				   " %" PRIu64 "/%" PRIu64 " lists"),
			     r->lists_exact_order, r->lists);
	else
		cells_printf(c, x, y, STYLE_PLAIN,
			     label(t, ", %" PRIu64 " repairs", " %" PRIu64 " rep."), r->repairs);
}

/* -------------------------------------------------------------------------
 * Trends
 */

static double point(const struct tui *t, uint64_t i, int what)
{
	const struct tui_point *p = &t->history[i % TUI_HISTORY];
	double sum = 0;

	if (what == 1)
		return p->fallbacks;
	if (what == 2)
		return p->stalls;
	for (uint32_t z = 0; z < t->now->nr_zones; z++)
		sum += (double)p->free[z];
	return sum;
}

static int draw_trend(const struct tui *t, struct cells *c, int x, int y, int w, const char *what,
		      int kind)
{
	uint64_t n = t->nr_history < TUI_HISTORY ? t->nr_history : TUI_HISTORY, i;
	double most = 0;
	int end;

	x = cells_printf(c, x, y, STYLE_DIM, "%s ", what);
	end = x + w;
	if (w < 4 || n < 2 || !t->now->nr_zones)
		return end + 2;
	if (n > (uint64_t)w)
		n = (uint64_t)w;
	for (i = t->nr_history - n; i < t->nr_history; i++)
		if (point(t, i, kind) > most)
			most = point(t, i, kind);
	for (x = end - (int)n, i = t->nr_history - n; i < t->nr_history; i++, x++)
		cells_char(c, x, y, STYLE_PLAIN,
			   point(t, i, kind) < 0 ? ' ' : text_spark(point(t, i, kind), most));
	return end + 2;
}

static void draw_trends(const struct tui *t, struct cells *c, int y)
{
	int w = (t->w - (t->w >= 78 ? 13 : 8) - 5 - 9 - 6 - 5) / 3;
	int x = question(t, c, y, "trend", "trend");

	x = draw_trend(t, c, x, y, w, "free", 0);
	x = draw_trend(t, c, x, y, w, "fallback", 1);
	draw_trend(t, c, x, y, w, "stall", 2);
}

/* -------------------------------------------------------------------------
 * Zones
 */

/* Free memory against the marks, to four times the highest. */
static int draw_marks(const struct tui *t, struct cells *c, int x, int y,
		      const struct source_zone *z)
{
	uint64_t free = metrics_free(z), of = 4 * z->high;
	const uint64_t marks[] = { z->min, z->low, z->high };
	enum cell_style style = free > marks[1] ? STYLE_GOOD :
				free > marks[0] ? STYLE_WARN :
						  STYLE_BAD;
	char text[3][TEXT_LEN];
	int i, at = -1, mark;

	if (!z->managed || !z->high)
		return cells_put(c, x, y, STYLE_DIM, "marks not known");
	cells_char(c, x++, y, STYLE_DIM, 0x2502);
	for (i = 0; i < BAR; i++)
		cells_char(c, x + i, y, free > of * (uint64_t)i / BAR ? style : STYLE_DIM,
			   free > of * (uint64_t)i / BAR ? 0x2588 : 0xb7);
	for (i = 0; i < 3; i++) { /* none hides another */
		mark = (int)(marks[i] * BAR / of);
		at = mark > at ? mark : at + 1;
		cells_char(c, x + at, y, STYLE_BOLD, (uint32_t) "mlh"[i]);
	}
	x += BAR;
	cells_char(c, x++, y, STYLE_DIM, 0x2502);
	x = cells_printf(c, x, y, STYLE_DIM, label(t, " min %s low %s high %s", " %s/%s/%s"),
			 text_size(text[0], bytes(t, z->min)), text_size(text[1], bytes(t, z->low)),
			 text_size(text[2], bytes(t, z->high)));
	if (!z->boost && t->w < 78)
		return x;
	return cells_printf(c, x, y, z->boost ? STYLE_WARN : STYLE_DIM,
			    label(t, " boost %s%s", " +%s%s"),
			    z->boost && !z->boost_exact ? "~" : "",
			    z->boost ? text_size(text[0], bytes(t, z->boost)) : "0");
}

int view_zone_title(const struct tui *t, struct cells *c, int y, uint32_t zone)
{
	const struct source_zone *z = &t->now->zone[zone];
	char free[TEXT_LEN], all[TEXT_LEN];
	int x;

	cells_field(c, 0, y, t->w, STYLE_PLAIN, "", false);
	cells_char(c, 0, y, STYLE_BOLD, zone == t->zone && t->now->nr_zones > 1 ? '>' : ' ');
	x = cells_printf(c, 1, y, STYLE_HEAD, "N%u %-7s", z->node, z->name) + 1;
	if (!z->kernel_known)
		return cells_put(c, x, y, STYLE_DIM, "no snapshot of its free lists");
	x = cells_printf(c, x, y, STYLE_BOLD, "%5s", text_size(free, bytes(t, metrics_free(z))));
	if (z->managed)
		x = cells_printf(c, x, y, STYLE_DIM, label(t, " of %-4s ", "/%-4s "),
				 text_size(all, bytes(t, z->managed)));
	else
		x = cells_put(c, x, y, STYLE_DIM, " free   ");
	return draw_marks(t, c, x, y, z);
}

static void draw_counts(const struct tui *t, struct cells *c, int y, const struct view_orders *o,
			const uint64_t *n)
{
	char text[TEXT_LEN];

	for (uint32_t i = 0; i < o->n; i++)
		cells_field(c, o->x + (int)i * o->w, y, o->w,
			    !n[i]	      ? STYLE_DIM :
			    i == t->set.order ? STYLE_BOLD :
						STYLE_PLAIN,
			    n[i] ? text_count(text, n[i], o->w - 1) : "\u00b7", true);
}

static void draw_difference(const struct tui *t, struct cells *c, int y,
			    const struct view_orders *o, const uint64_t *kernel,
			    const uint64_t *core)
{
	char text[TEXT_LEN], cell[TEXT_LEN + 1];

	(void)t;
	for (uint32_t i = 0; i < o->n; i++) {
		uint64_t n = kernel[i] > core[i] ? kernel[i] - core[i] : core[i] - kernel[i];

		snprintf(cell, sizeof(cell), "%c%s", core[i] > kernel[i] ? '+' : '-',
			 text_count(text, n, o->w - 2));
		cells_field(c, o->x + (int)i * o->w, y, o->w, n ? STYLE_BAD : STYLE_DIM,
			    n ? cell : "\u00b7", true);
	}
}

static void draw_index(const struct tui *t, struct cells *c, int y, const struct view_orders *o,
		       const struct source_zone *z, bool extfrag)
{
	char text[TEXT_LEN];
	int v;

	for (uint32_t i = 0; i < o->n; i++) {
		v = extfrag ? metrics_extfrag(z, i) : metrics_unusable(z, i);
		if (extfrag && v < 0)
			snprintf(text, sizeof(text), "ok");
		else if (extfrag)
			snprintf(text, sizeof(text), ".%03d", v > 999 ? 999 : v);
		else
			snprintf(text, sizeof(text), "%d%%", v / 10);
		cells_field(c, o->x + (int)i * o->w, y, o->w,
			    i == t->set.order ? STYLE_BOLD : STYLE_DIM, text, true);
	}
}

static void draw_heads(const struct tui *t, struct cells *c, int y, const struct view_orders *o)
{
	char text[TEXT_LEN];

	cells_field(c, 0, y, o->x, STYLE_HEAD, label(t, "  order", "ord"), false);
	for (uint32_t i = 0; i < o->n; i++) {
		snprintf(text, sizeof(text), i == t->set.order ? "[%u]" : "%u", i);
		cells_field(c, o->x + (int)i * o->w, y, o->w, STYLE_HEAD, text, true);
	}
}

static void draw_zone(const struct tui *t, struct cells *c, int y, uint32_t zone)
{
	const struct source_zone *z = &t->now->zone[zone];
	const struct view_orders o = view_orders(t);
	uint64_t core[SOURCE_ORDERS] = { 0 };

	view_zone_title(t, c, y, zone);
	if (!z->kernel_known)
		return;
	for (int i = 0; i < SOURCE_ORDERS; i++)
		for (int mt = 0; mt < PA_NR_MT; mt++)
			core[i] += z->core[i][mt];
	draw_heads(t, c, y + 1, &o);
	cells_put(c, 0, y + 2, STYLE_PLAIN, label(t, z->hides ? "  kernel ~" : "  kernel", "kern"));
	draw_counts(t, c, y + 2, &o, z->total);
	cells_put(c, 0, y + 3, STYLE_DIM, label(t, "  core", "core"));
	cells_put(c, 0, y + 4, STYLE_DIM, label(t, "  differ", "diff"));
	if (z->core_known) {
		draw_counts(t, c, y + 3, &o, core);
		draw_difference(t, c, y + 4, &o, z->total, core);
	} else {
		cells_put(c, o.x + 2, y + 3, STYLE_DIM, "not run");
		cells_put(c, o.x + 2, y + 4, STYLE_DIM, "not known");
	}
	cells_put(c, 0, y + 5, STYLE_DIM, label(t, "  unusable", "unus"));
	draw_index(t, c, y + 5, &o, z, false);
	cells_put(c, 0, y + 6, STYLE_DIM, label(t, "  extfrag", "frag"));
	draw_index(t, c, y + 6, &o, z, true);
}

/* Many zones: a row of the kernel's free blocks each, and the selected one whole below. */
static void draw_zone_rows(const struct tui *t, struct cells *c, int y, int h)
{
	const struct view_orders o = view_orders(t);
	uint32_t n = t->now->nr_zones, first = 0;
	char text[TEXT_LEN];
	int rows = h - ZONE_ROWS - 1;

	if (rows < 1) {
		draw_zone(t, c, y, t->zone);
		return;
	}
	if (t->zone >= (uint32_t)rows)
		first = t->zone - (uint32_t)rows + 1;
	draw_heads(t, c, y, &o);
	snprintf(text, sizeof(text), "%u zones", n);
	cells_field(c, 0, y, o.x, STYLE_HEAD, text, false);
	for (uint32_t i = first; i < n && i < first + (uint32_t)rows; i++) {
		const struct source_zone *z = &t->now->zone[i];
		int at = y + 1 + (int)(i - first);

		snprintf(text, sizeof(text), "%u %.10s", z->node, z->name);
		cells_field(c, 0, at, o.x, STYLE_PLAIN, text, false);
		if (z->kernel_known)
			draw_counts(t, c, at, &o, z->total);
		else
			cells_put(c, o.x + 2, at, STYLE_DIM, "not known");
		if (metrics_difference(z))
			cells_char(c, o.x - 1, at, STYLE_BAD, '!');
		if (i == t->zone)
			cells_style(c, 0, at, t->w, STYLE_SELECT);
	}
	draw_zone(t, c, y + h - ZONE_ROWS, t->zone);
}

void view_overview(const struct tui *t, struct cells *c, struct view_body b)
{
	struct metrics_verdict v;
	uint32_t n = t->now->nr_zones;
	int y = b.y, end = b.y + b.h, gap;

	metrics_verdict(t->now, t->set.order, &v);
	draw_serve(t, c, y++, &v);
	draw_way(t, c, y++, &v);
	draw_allocator(t, c, y++);
	draw_core(t, c, y++);
	if (end - y > ZONE_ROWS)
		draw_trends(t, c, y++);
	if (!n) {
		cells_put(c, 1, y, STYLE_DIM, "no zones");
	} else if ((int)n * ZONE_ROWS <= end - y) {
		gap = (int)n * (ZONE_ROWS + 1) <= end - y;
		for (uint32_t i = 0; i < n; i++, y += ZONE_ROWS)
			draw_zone(t, c, y += gap, i);
	} else {
		draw_zone_rows(t, c, y, end - y);
	}
}
