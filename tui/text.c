/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>
#include <stdio.h>

#include "text.h"

const char *text_count(char buf[TEXT_LEN], uint64_t v, int w)
{
	static const char units[] = "kMGTPE";
	double d = (double)v;
	const char *unit = units;
	int n;

	n = snprintf(buf, TEXT_LEN, "%" PRIu64, v);
	if (n <= w)
		return buf;
	for (d /= 1000; *unit; unit++, d /= 1000) {
		if (d < 0.995)
			n = snprintf(buf, TEXT_LEN, ".%d%c", (int)(d * 10), *unit);
		else
			n = snprintf(buf, TEXT_LEN, d < 9.95 && w > 3 ? "%.1f%c" : "%.0f%c", d,
				     *unit);
		if (d < 999.5 && n <= w)
			return buf;
	}
	return buf;
}

const char *text_bytes(char buf[TEXT_LEN], uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	double d = (double)bytes;
	int i = 0;

	for (; d >= 1024 && i < 5; i++)
		d /= 1024;
	snprintf(buf, TEXT_LEN, i && d < 99.95 ? "%.1f %s" : "%.0f %s", d, units[i]);
	return buf;
}

const char *text_size(char buf[TEXT_LEN], uint64_t bytes)
{
	double d = (double)bytes;
	const char *unit = "BKMGTP";

	for (; d >= 1024 && unit[1]; unit++)
		d /= 1024;
	snprintf(buf, TEXT_LEN, d > 0 && d < 9.95 && *unit != 'B' ? "%.1f%c" : "%.0f%c", d, *unit);
	return buf;
}

const char *text_ns(char buf[TEXT_LEN], uint64_t ns)
{
	if (ns < 1000000)
		snprintf(buf, TEXT_LEN, "%" PRIu64 " us", ns / 1000);
	else if (ns < 1000000000)
		snprintf(buf, TEXT_LEN, "%.2f ms", (double)ns / 1e6);
	else
		snprintf(buf, TEXT_LEN, "%.2f s", (double)ns / 1e9);
	return buf;
}

const char *text_rate(char buf[TEXT_LEN], double rate)
{
	if (rate < 0)
		snprintf(buf, TEXT_LEN, "-");
	else if (rate > 0 && rate < 99.95)
		snprintf(buf, TEXT_LEN, "%.1f", rate);
	else
		text_count(buf, (uint64_t)(rate + 0.5), 6);
	return buf;
}

const char *text_percent(char buf[TEXT_LEN], uint64_t part, uint64_t whole)
{
	uint64_t share = whole ? (uint64_t)((unsigned __int128)part * 10000 / whole) : 0;

	if (!whole)
		snprintf(buf, TEXT_LEN, "-");
	else
		snprintf(buf, TEXT_LEN, "%" PRIu64 ".%02" PRIu64, share / 100, share % 100);
	return buf;
}

char text_type_letter(unsigned int mt)
{
	static const char letters[PA_NR_MT + 1] = {
		[PA_UNMOVABLE] = 'U',  [PA_MOVABLE] = 'M', [PA_RECLAIMABLE] = 'R',
		[PA_HIGHATOMIC] = 'H', [PA_CMA] = 'C',	   [PA_ISOLATE] = 'I',
		[PA_RESERVE] = 'V',
	};

	return mt < PA_NR_MT ? letters[mt] : '?';
}

const char *text_type_short(unsigned int mt)
{
	static const char *const names[PA_NR_MT] = {
		[PA_UNMOVABLE] = "Unmv",  [PA_MOVABLE] = "Mov", [PA_RECLAIMABLE] = "Recl",
		[PA_HIGHATOMIC] = "High", [PA_CMA] = "CMA",	[PA_ISOLATE] = "Isol",
		[PA_RESERVE] = "Resv",
	};

	return mt < PA_NR_MT ? names[mt] : "?";
}

uint32_t text_spark(double v, double of)
{
	int i = of > 0 && v > 0 ? (int)(v * 7.999 / of) : 0;

	return 0x2581 + (uint32_t)(i > 7 ? 7 : i);
}
