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
