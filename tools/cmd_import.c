/* SPDX-License-Identifier: GPL-2.0-only */
/* buddyscope import: a trace from text, ours or anybody's. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "ndjson.h"
#include "util.h"

static int run_import(const char *path, const char *out)
{
	struct ndjson_import res;
	bool unread;
	FILE *in;
	int err;

	in = strcmp(path, "-") ? fopen(path, "re") : stdin;
	if (!in)
		return trace_failed(path, -errno, NULL);
	err = ndjson_import(in, out, &res);
	unread = ferror(in);
	if (in != stdin)
		fclose(in);
	if (err == -EBADMSG)
		return trace_failed("import", err, res.why);
	if (err)
		return trace_failed(unread ? path : out, err, NULL);
	if (res.ignored)
		error_msg("import: %" PRIu64 " of %" PRIu64 " lines are of a kind that a trace "
			  "has no place for: ignored",
			  res.ignored, res.lines - 1);
	return CMD_OK;
}

static int import_main(int argc, char **argv)
{
	struct cmd_files files = { .in = "-", .out = "pages.pgt" };
	int code = cmd_files_options(&cmd_import, argc, argv, &files);

	return code ? code : run_import(files.in, files.out);
}

const struct cmd cmd_import = {
	.name = "import",
	.summary = "Make a trace of text, one JSON object a line",
	.usage =
		"[--format ndjson] [-i FILE] [-o FILE] [FILE]\n"
		"  --format ndjson    the only one there is\n"
		"  -i, --input FILE   the text (- is stdin, the default)\n"
		"  -o, --output FILE  the trace (pages.pgt; - is stdout); an old one becomes FILE.old",
	.run = import_main,
};
