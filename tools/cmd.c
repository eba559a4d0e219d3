/* SPDX-License-Identifier: GPL-2.0-only */
/* Usage lines and option errors, the same for every command. */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"

int cmd_help(const struct cmd *cmd)
{
	printf("usage: buddyscope %s %s\n\n%s.  See buddyscope-%s(1).\n", cmd->name, cmd->usage,
	       cmd->summary, cmd->name);
	return CMD_OK;
}

int cmd_misused(const struct cmd *cmd, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "buddyscope: %s: ", cmd->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nusage: buddyscope %s %.*s\n", cmd->name, (int)strcspn(cmd->usage, "\n"),
		cmd->usage);
	return CMD_FAILURE;
}

int cmd_bad_option(const struct cmd *cmd, int argc, char **argv, int opt)
{
	const char *word = optind > 0 && optind <= argc ? argv[optind - 1] : "";

	/* Letters may share one word ("-qx"), so a short option is named by optopt. */
	if (strncmp(word, "--", 2) != 0 && optopt > ' ' && optopt < 0x7f)
		return cmd_misused(
			cmd, opt == ':' ? "option '-%c' needs a value" : "unknown option '-%c'",
			optopt);
	return cmd_misused(cmd,
			   opt == ':' ? "option '%s' needs a value" :
			   optopt     ? "option '%s' takes no value" :
					"unknown or ambiguous option '%s'",
			   word);
}

int cmd_files_options(const struct cmd *cmd, int argc, char **argv, struct cmd_files *files)
{
	static const struct option longs[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "input", required_argument, NULL, 'i' },
		{ "output", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, ":i:o:", longs, NULL)) != -1) {
		switch (c) {
		case 'f':
			if (strcmp(optarg, "ndjson"))
				return cmd_misused(cmd, "there is no format '%s'", optarg);
			break;
		case 'i':
			files->in = optarg;
			break;
		case 'o':
			files->out = optarg;
			break;
		default:
			return cmd_bad_option(cmd, argc, argv, c);
		}
	}
	if (argc - optind > 1)
		return cmd_misused(cmd, "one file at a time");
	if (optind < argc)
		files->in = argv[optind];
	return CMD_OK;
}
