/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a subcommand is.  One cmd_<name>.c defines one `const struct cmd
 * cmd_<name>`; main.c holds the table of them.
 */
#ifndef TOOLS_CMD_H
#define TOOLS_CMD_H

#define BUDDYSCOPE_VERSION "0.1.0"

/* Exit codes of every command. */
enum cmd_exit {
	CMD_OK = 0,
	CMD_DIFFERENT = 1, /* a difference or a finding */
	CMD_FAILURE = 2,   /* usage, or something failed */
	CMD_NO_KERNEL = 3, /* a privilege or a kernel feature is missing */
	CMD_LOST = 4,	   /* more was lost than --max-loss allows */
	CMD_BAD_INPUT = 5, /* damaged or unsupported input */
};

struct cmd {
	const char *name;
	const char *summary; /* a few words, no full stop */
	/*
	 * What follows the command's name on the usage line; further lines, one
	 * for each option, may follow after a newline.
	 */
	const char *usage;
	/* argv[0] is the command's name; getopt_long is fresh, with opterr 0. */
	int (*run)(int argc, char **argv);
};

extern const struct cmd cmd_check, cmd_diff, cmd_explain, cmd_export, cmd_import, cmd_info,
	cmd_record, cmd_replay, cmd_report, cmd_sim, cmd_top, cmd_tune, cmd_verify;

/* Print what --help prints, on stdout.  Returns CMD_OK. */
int cmd_help(const struct cmd *cmd);

/* Print a message and the usage line on stderr.  Returns CMD_FAILURE. */
__attribute__((format(printf, 2, 3))) int cmd_misused(const struct cmd *cmd, const char *fmt, ...);

/*
 * Turn getopt_long's '?' or ':' into a message and the usage line; a short
 * option string that starts with ':' tells a missing value from an unknown
 * option.  Returns CMD_FAILURE.
 */
int cmd_bad_option(const struct cmd *cmd, int argc, char **argv, int opt);

/* Where a command that turns one file into another reads and writes. */
struct cmd_files {
	const char *in, *out; /* set to the defaults before the call */
};

/*
 * The options of such a command: --format ndjson, -i, -o and one file.  Return: CMD_OK, or
 * the exit code after a message.
 */
int cmd_files_options(const struct cmd *cmd, int argc, char **argv, struct cmd_files *files);

#endif /* TOOLS_CMD_H */
