/* SPDX-License-Identifier: GPL-2.0-only */
/* Nothing: gcc's own <limits.h> says it all, but goes on to the C library's. */
