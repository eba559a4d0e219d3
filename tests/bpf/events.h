/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs of bpf/ told of, for tests that call them as functions. */
#ifndef TESTS_BPF_EVENTS_H
#define TESTS_BPF_EVENTS_H

#include <stdint.h>

struct kernel_event {
	unsigned int type, order, bits;
	uint64_t pfn;
};

#endif /* TESTS_BPF_EVENTS_H */
