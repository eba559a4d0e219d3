/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Putting settings in force on this host, and taking them back.
 *
 * Before the first change a journal is on disk: of each setting what it was and what it will be.
 * Undoing needs nothing else, so it works after a SIGKILL or a reboot too; and it changes a setting
 * only where its present value is the one that was written.
 */
#ifndef TOOLS_APPLY_H
#define TOOLS_APPLY_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define APPLY_MAX 16
#define APPLY_VALUE 96
#define APPLY_JOURNAL "/var/lib/buddyscope/tune.journal"

struct apply_setting {
	char key[48];		 /* "vm.min_free_kbytes" */
	char value[APPLY_VALUE]; /* lists have single blanks */
	char old[APPLY_VALUE];
};

struct apply_list {
	struct apply_setting v[APPLY_MAX];
	size_t n;
};

/* How what is happening is told; one line without an end. */
typedef void apply_tell(void *arg, const char *line);

struct apply_options {
	const char *root;    /* put before "/proc"; "" but in tests */
	const char *journal; /* path */
	uint64_t interval;   /* ns between two looks at the guards */
	uint64_t watch;	     /* ns to go on looking after the last change */
	double max_psi;	     /* points that "some avg10" of pressure/memory may rise */
	double max_stalls;   /* direct reclaims a second above those before */
	const volatile sig_atomic_t *stop; /* not 0: undo and end; may be NULL */
	apply_tell *tell;
	void *arg;
};

enum apply_end {
	APPLY_DONE,    /* all is in force; or all is as it was */
	APPLY_NOTHING, /* it was all in force already; no journal is left */
	APPLY_GUARD,   /* a guard rose: undone */
	APPLY_STOPPED, /* *stop: undone */
	APPLY_STOOD_BACK, /* a value was not what had been written: that one is left, the rest undone */
};

/*
 * "vm.KEY=VALUE", with or without blanks around the sign.  -EINVAL: unknown, out of the range of the
 * newest kernel, or named twice, with one line in @why; -E2BIG.
 */
int apply_add(struct apply_list *list, const char *text, char *why, size_t len);
/* The lines of a file as sysctl.d(5) has them; -errno of reading it, or as apply_add(). */
int apply_add_file(struct apply_list *list, const char *path, char *why, size_t len);

/*
 * Put all of @list in force, one after the other.  The journal stays: it is what apply_undo() needs.
 *
 * Return: 0 and how it ended; -EEXIST there is a journal already; -ENOENT the kernel has no such
 * setting; -EACCES and other errors of reading and writing, everything being undone then; one line
 * in @why.
 */
int apply_settings(struct apply_list *list, const struct apply_options *opt, enum apply_end *end,
		   char *why, size_t len);

/*
 * Take back what the journal says.  Removes it at the end, and leaves it where a write failed.
 *
 * Return: 0 and APPLY_DONE or APPLY_STOOD_BACK; -ENOENT no journal; -EBADMSG it is damaged; another
 * error of a write; one line in @why.
 */
int apply_undo(const struct apply_options *opt, enum apply_end *end, char *why, size_t len);

/* ---- apply_journal.c ---- */

/* On disk when it returns; -EEXIST. */
int journal_write(const char *path, const struct apply_list *list);
int journal_read(const char *path, struct apply_list *list); /* -ENOENT, -EBADMSG */
int journal_remove(const char *path);

/* ---- apply_guard.c ---- */

struct guard {
	bool has_psi;
	double psi;	 /* "some avg10", percent */
	uint64_t stalls; /* allocstall_*, since boot */
	uint64_t at;	 /* ns */
};

void guard_read(const char *root, struct guard *g);
/* Stalls a second between two looks. */
double guard_rate(const struct guard *from, const struct guard *to);

#endif /* TOOLS_APPLY_H */
