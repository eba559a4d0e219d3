/* SPDX-License-Identifier: GPL-2.0-only */
/* Screens 4 to 7: lists; above that of stalls, how long they took; one decision explained. */
#include <inttypes.h>
#include <string.h>

#include "list.h"
#include "text.h"
#include "view.h"

/* -------------------------------------------------------------------------
 * A list
 */

/* Rows of stalls' summary above its list, of stacks below that of callers. */
static int stall_rows(const struct tui *t);
static int stack_rows(const struct tui *t);

static struct view_body list_body(const struct tui *t)
{
	struct view_body b = view_body(t);
	int above = t->screen == SCREEN_STALLS ? stall_rows(t) : 0;
	int below = t->screen == SCREEN_CALLERS && b.h > 4 ? 1 + stack_rows(t) : 0;

	return (struct view_body){ .y = b.y + above, .h = b.h - above - below };
}

static size_t first_row(const struct tui *t, int rows)
{
	size_t at = t->list[t->screen].selected, n = t->nr_rows, half;

	if (rows < 1 || n <= (size_t)rows)
		return 0;
	half = (size_t)rows / 2;
	at = at > half ? at - half : 0;
	return at + (size_t)rows > n ? n - (size_t)rows : at;
}

int64_t view_row_at(const struct tui *t, int y)
{
	struct view_body b = list_body(t);
	int rows = b.h - 1;
	int64_t row = y - b.y - 1;

	if (!list_of(t->screen) || t->help || t->explain || row < 0 || row >= rows)
		return -1;
	row += (int64_t)first_row(t, rows);
	return row < (int64_t)t->nr_rows ? row : -1;
}

static void draw_head(const struct tui *t, struct cells *c, int y, const struct list_screen *l)
{
	const struct tui_list *list = &t->list[t->screen];
	char title[32];
	int x = 0;

	cells_field(c, 0, y, t->w, STYLE_HEAD, "", false);
	for (int i = 0; i < l->n; i++) {
		const struct list_column *col = &l->column[i];

		if (t->w < col->from)
			continue;
		snprintf(title, sizeof(title), "%s%s", col->title,
			 i != list->sort ? "" :
			 list->invert	 ? "\u2191" :
					   "\u2193");
		x = cells_field(c, x, y, col->w, i == list->sort ? STYLE_TAB : STYLE_HEAD, title,
				col->right) +
		    1;
	}
}

/* What an empty list means. */
static const char *none_text(const struct tui *t, const struct list_screen *l)
{
	const struct sample *s = t->now;
	bool stream = s->playable || s->recordable || s->core_known;

	if (t->back)
		return "the past is kept without this list (End goes to the present)";
	if (t->list[t->screen].filter[0])
		return "no row passes the filter (Esc drops it)";
	if ((t->screen == SCREEN_DECISIONS && !stream && !s->fallbacks) ||
	    (t->screen == SCREEN_STALLS && !s->histogram) ||
	    (t->screen == SCREEN_CALLERS && !s->requests_known))
		return "not known to this source; the stream or counts tell";
	return l->none;
}

static void draw_list(const struct tui *t, struct cells *c)
{
	const struct list_screen *l = list_shown(t);
	struct view_body b = list_body(t);
	const struct tui_list *list = &t->list[t->screen];
	size_t first = first_row(t, b.h - 1), i;
	enum cell_style style;
	char text[64];
	int x, y;

	draw_head(t, c, b.y, l);
	if (!t->nr_rows)
		cells_put(c, 1, b.y + 1, STYLE_DIM, none_text(t, l));
	for (i = first, y = b.y + 1; i < t->nr_rows && y < b.y + b.h; i++, y++) {
		style = l->style(t->now, t->row[i]);
		if (t->search[0] && list_matches(l, t->now, t->row[i], t->search))
			style = STYLE_MARK;
		x = 0;
		for (int k = 0; k < l->n; k++) {
			if (t->w < l->column[k].from)
				continue;
			l->column[k].text(t->now, t->row[i], text, sizeof(text));
			x = cells_field(c, x, y, l->column[k].w, style, text, l->column[k].right) +
			    1;
		}
		if (i == list->selected)
			cells_style(c, 0, y, t->w, STYLE_SELECT);
	}
	if (list->filter[0])
		cells_printf(c, t->w - 10 - cells_width(list->filter), b.y, STYLE_WARN,
			     " filter: %s ", list->filter);
}

/* -------------------------------------------------------------------------
 * Screen 5
 */

struct stall_sum {
	uint64_t n, done, most;
	uint64_t bucket[SOURCE_BUCKETS];
};

static void sum_stalls(const struct source_histogram *h, int kind, int order, struct stall_sum *sum)
{
	*sum = (struct stall_sum){ 0 };
	for (int i = 0; i < SOURCE_BUCKETS; i++) {
		sum->bucket[i] = h->n[kind][order + 1][0][i] + h->n[kind][order + 1][1][i];
		sum->n += sum->bucket[i];
		sum->done += h->n[kind][order + 1][1][i];
		if (sum->bucket[i] > sum->most)
			sum->most = sum->bucket[i];
	}
}

/* Upper bound of the bucket that holds the share @of of them. */
static uint64_t quantile(const struct stall_sum *sum, double of)
{
	uint64_t n = 0;

	for (int i = 0; i < SOURCE_BUCKETS; i++) {
		n += sum->bucket[i];
		if ((double)n >= of * (double)sum->n)
			return UINT64_C(2000) << i;
	}
	return UINT64_C(2000) << (SOURCE_BUCKETS - 1);
}

static int stall_rows(const struct tui *t)
{
	const struct source_histogram *h = t->has_now ? t->now->histogram : NULL;
	int rows = 2, most = view_body(t).h / 2;
	struct stall_sum sum;

	for (int kind = 0; h && kind < 3; kind++)
		for (int order = -1; order < SOURCE_ORDERS; order++) {
			sum_stalls(h, kind, order, &sum);
			rows += sum.n > 0;
		}
	return rows < most ? rows : most;
}

void view_stalls(const struct tui *t, struct cells *c, struct view_body b)
{
	const struct source_histogram *h = t->now->histogram;
	int rows = stall_rows(t), y = b.y, wide = t->w >= 78;
	char low[TEXT_LEN], high[TEXT_LEN], order_text[8];
	struct stall_sum sum;

	cells_field(c, 0, y++, t->w, STYLE_HEAD,
		    wide ? "kind       order     n   done    half <  99 of 100 <  1 us to 1 s" :
			   "kind       order     n   done    half <  1 us to 1 s",
		    false);
	if (!h && !t->back)
		cells_put(c, 1, y, STYLE_DIM, "latencies are not known to this source");
	for (int kind = 0; h && kind < 3; kind++)
		for (int order = -1; order < SOURCE_ORDERS && y < b.y + rows - 1; order++) {
			int x;

			sum_stalls(h, kind, order, &sum);
			if (!sum.n)
				continue;
			snprintf(order_text, sizeof(order_text), order < 0 ? "-" : "%d", order);
			x = cells_printf(c, 0, y, STYLE_PLAIN,
					 "%-10s %5s %5" PRIu64 " %4" PRIu64 " %% %9s",
					 source_stall_name(kind), order_text, sum.n,
					 sum.done * 100 / sum.n, text_ns(low, quantile(&sum, 0.5)));
			if (wide)
				x = cells_printf(c, x, y, STYLE_PLAIN, " %12s",
						 text_ns(high, quantile(&sum, 0.99)));
			x += 2;
			for (int i = 0; i < SOURCE_BUCKETS; i++)
				cells_char(c, x + i, y, sum.bucket[i] ? STYLE_PLAIN : STYLE_DIM,
					   sum.bucket[i] ? text_spark((double)sum.bucket[i],
								      (double)sum.most) :
							   0xb7);
			y++;
		}
	draw_list(t, c);
}

/* -------------------------------------------------------------------------
 * Screen 6
 */

static int stack_rows(const struct tui *t)
{
	size_t n = t->has_now && t->now->stacks ? t->now->nr_stacks + 1 : 0;
	size_t most = (size_t)view_body(t).h / 2;

	return (int)(n < most ? n : most);
}

/* Is the list sorted by what is asked for now, not by what was in all? */
static bool by_rate(const struct tui *t)
{
	const struct list_screen *l = list_shown(t);

	return strstr(l->column[t->list[t->screen].sort].title, "/s");
}

/* The next one to draw after @last, NULL for the first: most pages first, now or in all. */
static const struct source_stack *next_stack(const struct tui *t, const struct source_stack *last)
{
	const struct source_stack *s, *best = NULL, *stacks = t->now->stacks;

	if (!by_rate(t)) {
		s = last ? last + 1 : stacks;
		return s < stacks + t->now->nr_stacks ? s : NULL;
	}
	for (s = stacks; s < stacks + t->now->nr_stacks; s++) {
		if (last &&
		    (s->pages_s > last->pages_s || (s->pages_s == last->pages_s && s <= last)))
			continue;
		if (!best || s->pages_s > best->pages_s)
			best = s;
	}
	return best;
}

/* From where: what does not fit is cut off at the end of the line. */
static void draw_stacks(const struct tui *t, struct cells *c, int y, int rows)
{
	const struct source_stack *s = NULL;
	char rate[TEXT_LEN];
	int x;

	if (rows < 1)
		return;
	cells_field(c, 0, y++, t->w, STYLE_HEAD,
		    "~pages/s    ~pages order type        asked for by", false);
	for (int i = 0; i < rows - 1 && (s = next_stack(t, s)); i++, y++) {
		x = cells_printf(c, 0, y, STYLE_PLAIN, "%8s %9" PRIu64 " %5u ",
				 text_rate(rate, s->pages_s), s->pages, s->order);
		x = cells_field(c, x, y, 11,
				s->mt < PA_NR_MT ? (enum cell_style)(STYLE_TYPE + s->mt) :
						   STYLE_PLAIN,
				s->mt < PA_NR_MT ? pa_mt_name(s->mt) : "?", false);
		cells_field(c, x + 1, y, t->w - x - 1, STYLE_PLAIN, s->text[0] ? s->text : "?",
			    false);
	}
}

void view_list(const struct tui *t, struct cells *c, struct view_body b)
{
	const struct sample *s = t->now;
	int rows = t->screen == SCREEN_CALLERS && b.h > 4 ? stack_rows(t) : 0;

	draw_list(t, c);
	if (t->screen != SCREEN_CALLERS || b.h <= 4)
		return;
	draw_stacks(t, c, b.y + b.h - 1 - rows, rows);
	cells_put(c, 0, b.y + b.h - 1, STYLE_DIM,
		  s->callers_sampled ? "/s: since the sample before. Up to order 3 in estimate" :
		  s->playable	     ? "/s: since the sample before. Recordings hold no stacks" :
				       "/s: since the sample before. Stacks: --source counts");
}

/* -------------------------------------------------------------------------
 * One decision
 */

/* What the rule of each path is, with the kernel's function. */
static const char *rule(const struct pa_decision *d)
{
	static const char *const rules[PA_NR_PATHS] = {
		[PA_PATH_NONE] = "no list holds a block that is large enough",
		[PA_PATH_SMALLEST] =
			"the head of the smallest list of the wanted type that fits (__rmqueue_smallest)",
		[PA_PATH_CLAIM_WHOLE] = "the block is a pageblock or more: all of it changes type",
		[PA_PATH_CLAIM] =
			"free and compatible pages are half of the pageblock or more: it changes type",
		[PA_PATH_MOVE] =
			"too few are free or compatible: its free pages move, the pageblock keeps its type",
		[PA_PATH_STEAL] = "nothing is worth a claim: just one block is taken",
	};

	return d->path < PA_NR_PATHS ? rules[d->path] : "";
}

/* What replay says to people, of a decision that was kept. */
static void side_text(const struct source_decision *d, bool core, char *buf, size_t len)
{
	const struct replay_decision whole = { .kernel = d->kernel, .core = &d->core };

	if (core)
		replay_core_text(&whole, buf, len);
	else
		replay_kernel_text(&whole, buf, len);
}

static void test_text(const struct pa_claim_test *t, char *buf, size_t len)
{
	snprintf(buf, len, "  0x%" PRIx64 " order %u %s: %u free, %u compatible, %u guessed: %s",
		 t->pfn, t->order, pa_mt_name(t->mt), t->free, t->alike, t->unknown,
		 !t->tested ? "not tested" :
		 t->claimed ? "claimed" :
			      "not claimed");
}

bool view_explain_line(const struct sample *s, const struct source_decision *d, int i, char *buf,
		       size_t len)
{
	const struct pa_request *r = &d->core.req;
	char text[REPLAY_TEXT];

	switch (i) {
	case 0:
		snprintf(buf, len, "event %" PRIu64 " at %.6f s on CPU %u: order %u %s in %s",
			 d->event, (double)(d->ts - s->first_ts) / 1e9, d->cpu, r->order,
			 r->mt < PA_NR_MT ? pa_mt_name(r->mt) : "?",
			 r->zone < s->nr_zones ? s->zone[r->zone].name : "?");
		return true;
	case 1:
		side_text(d, false, text, sizeof(text));
		snprintf(buf, len, "kernel   %s", text);
		return true;
	case 2:
		side_text(d, true, text, sizeof(text));
		snprintf(buf, len, "core     %s", text);
		return true;
	case 3:
		snprintf(buf, len, "verdict  %s%s%s",
			 d->class == REPLAY_SAME ? "they agree" : replay_class_name(d->class),
			 d->class == REPLAY_SAME ? "" : ": ",
			 d->class == REPLAY_SAME ? "" : replay_class_what(d->class));
		return true;
	case 4:
		snprintf(buf, len, "rule     %s", rule(&d->core));
		return true;
	case 5:
		snprintf(buf, len,
			 "marks    %" PRIu64 " pages free; min %" PRIu64 " low %" PRIu64
			 " high %" PRIu64 " boost %" PRIu64,
			 d->free, d->min, d->low, d->high, d->boost);
		return true;
	default:
		i -= 6;
		if (i < d->core.nr_tests && i < PA_MAX_TESTS)
			test_text(&d->core.tests[i], buf, len);
		return i < d->core.nr_tests;
	}
}

void view_explain(const struct tui *t, struct cells *c, struct view_body b)
{
	const struct view_orders o = view_orders(t);
	const struct source_decision *d;
	char text[256];
	int y = b.y;

	if (!t->nr_rows)
		return;
	d = &t->now->decisions[t->row[t->list[t->screen].selected]];
	for (int i = 0; view_explain_line(t->now, d, i, text, sizeof(text)); i++)
		y = cells_wrap(c, 1, y, i ? 9 : 2,
			       i == 0				 ? STYLE_HEAD :
			       i == 3 && d->class != REPLAY_SAME ? STYLE_BAD :
								   STYLE_PLAIN,
			       text);
	y++;
	cells_field(c, 0, y, o.x, STYLE_HEAD, o.x > 9 ? "before" : "bef.", false);
	for (uint32_t i = 0; i < o.n; i++) {
		snprintf(text, sizeof(text), "%u", i);
		cells_field(c, o.x + (int)i * o.w, y, o.w, STYLE_HEAD, text, true);
	}
	y++;
	for (int mt = 0; mt < PA_NR_MT; mt++) {
		uint64_t n = 0;

		for (int i = 0; i < SOURCE_ORDERS; i++)
			n += d->before[i][mt];
		if (!n && mt >= PA_PCPTYPES)
			continue;
		cells_field(c, 0, y, o.x - 1, STYLE_TYPE + mt,
			    o.x > 9 ? pa_mt_name(mt) : text_type_short(mt), false);
		for (uint32_t i = 0; i < o.n; i++)
			cells_field(c, o.x + (int)i * o.w, y, o.w,
				    d->before[i][mt] ? STYLE_PLAIN : STYLE_DIM,
				    d->before[i][mt] ? text_count(text, d->before[i][mt], o.w - 1) :
						       "\u00b7",
				    true);
		y++;
	}
}

/* -------------------------------------------------------------------------
 * Help
 */

void view_help(const struct tui *t, struct cells *c, struct view_body b)
{
	const struct tui_action *a;
	int n = 0, rows = b.h - 1, x = 2, i, first = t->scroll;

	for (a = tui_actions; a < tui_actions + nr_tui_actions; a++)
		n += tui_applies(t, a) || a->when == WHEN_LIST || a->when == WHEN_MAP;
	if (t->w >= 150 && n > rows)
		rows *= 2;
	if (first > n - rows)
		first = n > rows ? n - rows : 0;
	for (i = 0, a = tui_actions; a < tui_actions + nr_tui_actions; a++) {
		if (!tui_applies(t, a) && a->when != WHEN_LIST && a->when != WHEN_MAP)
			continue;
		if (i >= first && i < first + rows) {
			int at = i - first, y = b.y + at % (b.h - 1);

			x = 2 + at / (b.h - 1) * 75;
			cells_put(c, x, y, STYLE_BOLD, a->names);
			cells_put(c, x + 16, y, STYLE_PLAIN, a->help);
		}
		i++;
	}
	cells_put(c, 2, b.y + b.h - 1, STYLE_DIM,
		  n > first + rows ? "more below: down; ? closes this" : "? closes this");
}
