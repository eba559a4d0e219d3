/* SPDX-License-Identifier: GPL-2.0-only */
/* buddyscope verify: check every byte of a trace against pgt(5). */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "cmd.h"
#include "util.h"
#include "verify.h"

static int run_verify(const char *path)
{
	struct verify_result res;
	int err;

	err = verify_file(path, &res);
	if (err)
		return trace_failed(path, err, res.why);
	printf("%s: ok, %" PRIu64 " chunks, %" PRIu64 " events, lost %" PRIu64 "\n", path,
	       res.chunks, res.events, res.lost);
	return CMD_OK;
}

static int verify_main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "input", required_argument, NULL, 'i' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = "pages.pgt";
	int c;

	while ((c = getopt_long(argc, argv, ":i:", longs, NULL)) != -1) {
		if (c != 'i')
			return cmd_bad_option(&cmd_verify, argc, argv, c);
		path = optarg;
	}
	if (argc - optind > 1)
		return cmd_misused(&cmd_verify, "one trace at a time");
	if (optind < argc)
		path = argv[optind];
	return run_verify(path);
}

const struct cmd cmd_verify = {
	.name = "verify",
	.summary = "Check every byte of a trace with a second reader",
	.usage = "[FILE]\n"
		 "  -i, --input FILE  the trace (pages.pgt; - is stdin)",
	.run = verify_main,
};
