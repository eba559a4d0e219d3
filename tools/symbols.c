/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct symbol {
	uint64_t addr;
	uint32_t name; /* offset into text */
};

struct symbols {
	struct symbol *symbol;
	size_t n, room;
	char *text;
	size_t used, size;
};

static int add(struct symbols *s, uint64_t addr, const char *name)
{
	size_t len = strlen(name) + 1, more;
	void *mem;

	if (s->n == s->room) {
		more = s->room ? s->room + s->room / 2 : 1 << 15;
		mem = realloc(s->symbol, more * sizeof(*s->symbol));
		if (!mem)
			return -ENOMEM;
		s->symbol = mem;
		s->room = more;
	}
	if (s->size - s->used < len) {
		more = s->size ? s->size + s->size / 2 : 1 << 19;
		mem = realloc(s->text, more);
		if (!mem)
			return -ENOMEM;
		s->text = mem;
		s->size = more;
	}
	memcpy(s->text + s->used, name, len);
	s->symbol[s->n++] = (struct symbol){ .addr = addr, .name = (uint32_t)s->used };
	s->used += len;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

int symbols_read(FILE *from, struct symbols **out)
{
	struct symbols *s = calloc(1, sizeof(*s));
	char line[512], name[128], type;
	unsigned long long addr;
	int err = s ? 0 : -ENOMEM;
	void *mem;

	while (!err && fgets(line, sizeof(line), from))
		if (sscanf(line, "%llx %c %127s", &addr, &type, name) == 3 && addr &&
		    strchr("tTwW", type))
			err = add(s, addr, name);
	if (!err && !s->n)
		err = -ENODATA;
	if (err) {
		symbols_free(s);
		return err;
	}
	qsort(s->symbol, s->n, sizeof(*s->symbol), compare);
	mem = realloc(s->symbol, s->n * sizeof(*s->symbol));
	s->symbol = mem ? mem : s->symbol;
	mem = realloc(s->text, s->used);
	s->text = mem ? mem : s->text;
	*out = s;
	return 0;
}

void symbols_free(struct symbols *s)
{
	if (!s)
		return;
	free(s->symbol);
	free(s->text);
	free(s);
}

const char *symbols_find(const struct symbols *s, uint64_t addr)
{
	size_t from = 0, to = s->n, mid;

	while (from < to) {
		mid = (from + to) / 2;
		if (s->symbol[mid].addr <= addr)
			from = mid + 1;
		else
			to = mid;
	}
	/* Of several names of one address, the first the kernel lists. */
	while (from > 1 && s->symbol[from - 2].addr == s->symbol[from - 1].addr)
		from--;
	return from ? s->text + s->symbol[from - 1].name : NULL;
}

/* Of the way from the tracepoint to whoever called the allocator. */
static int is_inside(const char *name)
{
	static const char *const inside[] = {
		"bpf_",
		"__bpf_",
		"__traceiter_",
		"alloc_pages",
		"__alloc_pages",
		"__alloc_frozen",
		"alloc_frozen",
		"folio_alloc",
		"__folio_alloc",
		"vma_alloc",
		"get_page_from",
		"alloc_pages_mpol",
		"__get_free_page",
		"get_free_pages",
		"mm_page_alloc",
		"trace_event_raw",
	};

	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
		if (!strncmp(name, inside[i], strlen(inside[i])))
			return 1;
	return 0;
}

void symbols_stack(const struct symbols *s, const uint64_t *addr, size_t n, char *buf, size_t len)
{
	const char *name;
	size_t used = 0, i = 0;
	int got;

	buf[0] = '\0';
	while (i < n && addr[i] && ((name = symbols_find(s, addr[i])) == NULL || is_inside(name)))
		i++;
	for (; i < n && addr[i] && used < len; i++) {
		name = symbols_find(s, addr[i]);
		got = snprintf(buf + used, len - used, "%s%s", used ? " < " : "",
			       name ? name : "?");
		used += got > 0 ? (size_t)got : 0;
	}
}
