// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scenarios: no crash on any text, and nothing that a scenario says makes the core unsound.
 *
 * An input that does not begin with 'p' (of policy) is given a machine before it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/hostile.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char start[] = "policy 6.12\ncpus 2\nzone Normal 4096\nboot\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t before = !len || data[0] != 'p' ? sizeof(start) - 1 : 0;
	char *text = malloc(before + len + 1);

	if (!text)
		abort();
	memcpy(text, start, before);
	memcpy(text + before, data, len);
	hostile_run(text, before + len, 4096);
	free(text);
	return 0;
}
