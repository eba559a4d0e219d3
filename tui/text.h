/* SPDX-License-Identifier: GPL-2.0-only */
/* Figures as people read them. */
#ifndef TUI_TEXT_H
#define TUI_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "tools/source.h"

#define TEXT_LEN 32

/* At most @w columns: 812, 12345, 123k, 1.2M. */
const char *text_count(char buf[TEXT_LEN], uint64_t v, int w);
/* 4.0 KiB, 20.3 MiB, 1.0 TiB. */
const char *text_bytes(char buf[TEXT_LEN], uint64_t bytes);
/* The same in a few columns: 812K, 20.3M, 1.0T. */
const char *text_size(char buf[TEXT_LEN], uint64_t bytes);
/* 7 us, 1.23 ms, 4.56 s. */
const char *text_ns(char buf[TEXT_LEN], uint64_t ns);
/* 0, 0.4, 12.3, 512, 48k a second; "-" where negative. */
const char *text_rate(char buf[TEXT_LEN], double rate);
/* 98.76: rounded down, so that only all of it is 100. */
const char *text_percent(char buf[TEXT_LEN], uint64_t part, uint64_t whole);
/* The first letter by which the map tells a type: U M R H C I V. */
char text_type_letter(unsigned int mt);
/* In four columns: Unmv, Mov, Recl. */
const char *text_type_short(unsigned int mt);
/* One of eight heights; @of 0: the lowest. */
uint32_t text_spark(double v, double of);

#endif /* TUI_TEXT_H */
