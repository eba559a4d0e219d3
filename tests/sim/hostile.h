/* SPDX-License-Identifier: GPL-2.0-only */
/* Run any text as a scenario and look at all there is to see; for tests and the fuzzer. */
#ifndef TESTS_SIM_HOSTILE_H
#define TESTS_SIM_HOSTILE_H

#include <stddef.h>
#include <stdint.h>

/* What became of a text. */
enum hostile { HOSTILE_REFUSED, HOSTILE_STOPPED, HOSTILE_RAN };

/*
 * Parse @len bytes and, on a machine of at most @frames pages, run them under the oldest policy that
 * they name.  Aborts with a message on stderr if a refusal has no line or no text, or if the core
 * is not sound.
 */
enum hostile hostile_run(const char *text, size_t len, uint64_t frames);

#endif /* TESTS_SIM_HOSTILE_H */
