/* SPDX-License-Identifier: GPL-2.0-only */
/* assert_memory_equal() for whole states. */
#ifndef TESTS_CORE_BYTES_H
#define TESTS_CORE_BYTES_H

/* cmocka looks at byte after byte, of 16 MB for each refused call: only to say where they differ. */
#define assert_same_bytes(a, b, len)                                                               \
	do {                                                                                       \
		if (memcmp(a, b, len))                                                             \
			assert_memory_equal(a, b, len);                                            \
	} while (0)

#endif /* TESTS_CORE_BYTES_H */
