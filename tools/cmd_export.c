/* SPDX-License-Identifier: GPL-2.0-only */
/* buddyscope export: a trace as text that other programs read. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "ndjson.h"
#include "util.h"

static int export_to(struct trace_reader *r, const char *in, int fd, const char *out)
{
	bool cut, writing;
	int err;

	err = ndjson_export(r, fd, &cut, &writing);
	if (writing)
		return trace_failed(out, err, NULL);
	if (err)
		return trace_failed(in, err, trace_why(r));
	return cut ? trace_failed(in, -EBADMSG, trace_why(r)) : CMD_OK;
}

static int run_export(const char *in, const char *out)
{
	struct trace_reader *r;
	bool to_stdout = !strcmp(out, "-");
	char why[256];
	int err, code, fd;

	err = trace_open(in, &r, why, sizeof(why));
	if (err)
		return trace_failed(in, err, why);
	fd = to_stdout ? STDOUT_FILENO : open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0) {
		code = trace_failed(out, -errno, NULL);
		trace_close(r);
		return code;
	}
	code = export_to(r, in, fd, out);
	if (!to_stdout && close(fd) && code == CMD_OK)
		code = trace_failed(out, -errno, NULL);
	trace_close(r);
	return code;
}

static int export_main(int argc, char **argv)
{
	struct cmd_files files = { .in = "pages.pgt", .out = "-" };
	int code = cmd_files_options(&cmd_export, argc, argv, &files);

	return code ? code : run_export(files.in, files.out);
}

const struct cmd cmd_export = {
	.name = "export",
	.summary = "Write a trace as text, one JSON object a line",
	.usage = "[--format ndjson] [-i FILE] [-o FILE] [FILE]\n"
		 "  --format ndjson    the only one there is\n"
		 "  -i, --input FILE   the trace (pages.pgt; - is stdin)\n"
		 "  -o, --output FILE  where to (- is stdout, the default)",
	.run = export_main,
};
