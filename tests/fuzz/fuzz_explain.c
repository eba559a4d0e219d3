// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reports that `buddyscope explain` finds in any text: read, judged and printed.  A corpus to
 * begin with is tests/data/reports.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "explain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int each(struct explain_report *rep, void *to)
{
	explain_why(rep);
	explain_print(to, rep, 1);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *null;
	FILE *in;

	if (!null)
		null = fopen("/dev/null", "we");
	if (!size)
		return 0;
	in = fmemopen((void *)(uintptr_t)data, size, "r");
	if (!null || !in || explain_read(in, each, null))
		abort();
	fclose(in);
	return 0;
}
