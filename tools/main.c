/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds the subcommand; nothing else. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "util.h"

#ifndef HAVE_BPF
/* These two need the kernel side; without it they exist to say so. */
static int run_without_bpf(int argc, char **argv)
{
	(void)argc;
	error_msg("%s: this build has no BPF (build it with `make`, without BPF=0)", argv[0]);
	return CMD_NO_KERNEL;
}

const struct cmd cmd_check = { "check", "Say what can be recorded on this kernel", "[--json]",
			       run_without_bpf };
const struct cmd cmd_record = { "record", "Record the page allocator into a trace file",
				"[options] [-- CMD...]", run_without_bpf };
#endif

static const struct cmd *const commands[] = {
	&cmd_check,  &cmd_diff,	  &cmd_explain, &cmd_export, &cmd_import, &cmd_info,   &cmd_record,
	&cmd_replay, &cmd_report, &cmd_sim,	&cmd_top,    &cmd_tune,	  &cmd_verify,
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct cmd *find(const char *name)
{
	size_t i;

	for (i = 0; i < NR_COMMANDS; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static void print_usage(FILE *to)
{
	size_t i;

	fputs("usage: buddyscope COMMAND [options]\n"
	      "       buddyscope help COMMAND\n"
	      "       buddyscope -V\n\n",
	      to);
	for (i = 0; i < NR_COMMANDS; i++)
		fprintf(to, "  %-10s%s\n", commands[i]->name, commands[i]->summary);
}

static int unknown(const char *name)
{
	error_msg("%s: no such command (see `buddyscope --help`)", name);
	fputs("usage: buddyscope COMMAND [options]\n", stderr);
	return CMD_FAILURE;
}

static int help(const char *name)
{
	const struct cmd *cmd;

	if (!name) {
		print_usage(stdout);
		return CMD_OK;
	}
	cmd = find(name);
	return cmd ? cmd_help(cmd) : unknown(name);
}

/* Anywhere before "--", as every other option; what follows that is not ours. */
static int wants_help(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	const struct cmd *cmd;
	int code;

	if (argc < 2) {
		print_usage(stderr);
		return CMD_FAILURE;
	}
	if (strcmp(argv[1], "-V") == 0 || strcmp(argv[1], "--version") == 0) {
		puts("buddyscope " BUDDYSCOPE_VERSION);
		return CMD_OK;
	}
	if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "help") == 0)
		return help(argv[2]);

	cmd = find(argv[1]);
	if (!cmd)
		return unknown(argv[1]);
	if (wants_help(argc - 1, argv + 1))
		return cmd_help(cmd);
	opterr = 0; /* cmd_bad_option() says it in our own words */
	code = cmd->run(argc - 1, argv + 1);
	/* A full disk behind a redirection must not look like success. */
	if (fflush(stdout) || ferror(stdout)) {
		error_msg("stdout: write failed");
		return CMD_FAILURE;
	}
	return code;
}
