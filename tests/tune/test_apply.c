// SPDX-License-Identifier: GPL-2.0-only
/* Settings applied and undone in a folder that looks like /proc; the kernel's own is for tests/vm/apply. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/apply.h"

#define CALM "some avg10=1.50 avg60=0.00 avg300=0.00 total=0\n"

static char root[64], journal[128];
static char said[4096];

static void store(const char *name, const char *text)
{
	char path[256];
	FILE *to;

	snprintf(path, sizeof(path), "%s/proc/%s", root, name);
	to = fopen(path, "w");
	assert_non_null(to);
	assert_true(fputs(text, to) >= 0);
	assert_int_equal(fclose(to), 0);
}

static const char *load(const char *name)
{
	static char text[256];
	char path[256];
	FILE *from;

	snprintf(path, sizeof(path), "%s/proc/sys/vm/%s", root, name);
	from = fopen(path, "r");
	assert_non_null(from);
	text[fread(text, 1, sizeof(text) - 1, from)] = '\0';
	fclose(from);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* What "somebody else" does once a line that holds @when is told. */
static struct {
	const char *when, *name, *text;
	int sig;
} meanwhile;

static void tell(void *arg, const char *line)
{
	(void)arg;
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s\n", line);
	if (!meanwhile.when || !strstr(line, meanwhile.when))
		return;
	meanwhile.when = NULL;
	if (meanwhile.sig)
		raise(meanwhile.sig);
	else
		store(meanwhile.name, meanwhile.text);
}

static struct apply_options options(void)
{
	return (struct apply_options){ .root = root,
				       .journal = journal,
				       .interval = 1000000,
				       .watch = 5000000,
				       .max_psi = 10,
				       .max_stalls = 50,
				       .tell = tell };
}

static int setup(void **state)
{
	char path[128];

	(void)state;
	said[0] = '\0';
	memset(&meanwhile, 0, sizeof(meanwhile));
	strcpy(root, "/tmp/apply.XXXXXX");
	assert_non_null(mkdtemp(root));
	snprintf(journal, sizeof(journal), "%s/lib/tune.journal", root);
	for (const char *const *at = (const char *const[]){ "proc", "proc/sys", "proc/sys/vm",
							    "proc/pressure", NULL };
	     *at; at++) {
		snprintf(path, sizeof(path), "%s/%s", root, *at);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	store("sys/vm/min_free_kbytes", "2610\n");
	store("sys/vm/watermark_boost_factor", "15000\n");
	store("sys/vm/lowmem_reserve_ratio", "256\t256\t32\t0\t0\n");
	store("pressure/memory", CALM);
	store("vmstat", "allocstall_dma 0\nallocstall_movable 7\n");
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static struct apply_list wanted(void)
{
	struct apply_list list = { .n = 0 };
	char why[256];

	assert_int_equal(apply_add(&list, "vm.min_free_kbytes=16384", why, sizeof(why)), 0);
	assert_int_equal(apply_add(&list, "vm.watermark_boost_factor = 0", why, sizeof(why)), 0);
	assert_int_equal(
		apply_add(&list, "vm.lowmem_reserve_ratio=128 128 32 0 0", why, sizeof(why)), 0);
	return list;
}

static enum apply_end run(int want)
{
	struct apply_options opt = options();
	struct apply_list list = wanted();
	enum apply_end end = APPLY_DONE;
	char why[512] = "";

	assert_int_equal(apply_settings(&list, &opt, &end, why, sizeof(why)), want);
	return end;
}

static enum apply_end undo(int want)
{
	struct apply_options opt = options();
	enum apply_end end = APPLY_DONE;
	char why[512] = "";

	assert_int_equal(apply_undo(&opt, &end, why, sizeof(why)), want);
	return end;
}

static void all_as_it_was(void)
{
	assert_string_equal(load("min_free_kbytes"), "2610");
	assert_string_equal(load("watermark_boost_factor"), "15000");
	assert_memory_equal(load("lowmem_reserve_ratio"), "256", 3);
	assert_int_equal(access(journal, F_OK), -1);
}

static void there_and_back(void **state)
{
	(void)state;
	assert_int_equal(run(0), APPLY_DONE);
	assert_string_equal(load("min_free_kbytes"), "16384");
	assert_string_equal(load("watermark_boost_factor"), "0");
	assert_string_equal(load("lowmem_reserve_ratio"), "128 128 32 0 0");
	assert_int_equal(access(journal, F_OK), 0);
	assert_int_equal(undo(0), APPLY_DONE);
	all_as_it_was();
	undo(-ENOENT);
}

static void nothing_to_do_leaves_no_journal(void **state)
{
	(void)state;
	store("sys/vm/min_free_kbytes", "16384\n");
	store("sys/vm/watermark_boost_factor", "0\n");
	store("sys/vm/lowmem_reserve_ratio", "128\t128\t32\t0\t0\n");
	assert_int_equal(run(0), APPLY_NOTHING);
	assert_int_equal(access(journal, F_OK), -1);
}

static void a_second_apply_waits_for_the_undo(void **state)
{
	(void)state;
	assert_int_equal(run(0), APPLY_DONE);
	store("sys/vm/min_free_kbytes", "5\n");
	run(-EEXIST);
	assert_string_equal(load("min_free_kbytes"), "5");
}

/* Killed after one of three: the journal knows all three, and one was changed. */
static void killed_in_the_middle(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	meanwhile.when = "vm.min_free_kbytes: 2610 -> 16384";
	meanwhile.sig = SIGKILL;
	pid = fork();
	if (!pid) {
		run(0);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_string_equal(load("min_free_kbytes"), "16384");
	assert_string_equal(load("watermark_boost_factor"), "15000");
	assert_int_equal(undo(0), APPLY_DONE);
	all_as_it_was();
}

static void only_what_was_written_is_undone(void **state)
{
	(void)state;
	assert_int_equal(run(0), APPLY_DONE);
	store("sys/vm/min_free_kbytes", "9999\n");
	assert_int_equal(undo(0), APPLY_STOOD_BACK);
	assert_string_equal(load("min_free_kbytes"), "9999");
	assert_string_equal(load("watermark_boost_factor"), "15000");
	assert_non_null(strstr(said, "is 9999, not the 16384 that was written: left alone"));
}

static void a_rising_guard_undoes(void **state)
{
	(void)state;
	meanwhile.when = "vm.watermark_boost_factor: 15000 -> 0";
	meanwhile.name = "pressure/memory";
	meanwhile.text = "some avg10=11.60 avg60=0 avg300=0 total=0\n";
	assert_int_equal(run(0), APPLY_GUARD);
	assert_non_null(strstr(said, "is 11.60 %, was 1.50 %"));
	assert_null(strstr(said, "lowmem_reserve_ratio: 256"));
	all_as_it_was();
}

static void stalls_undo(void **state)
{
	(void)state;
	meanwhile.when = "vm.lowmem_reserve_ratio: ";
	meanwhile.name = "vmstat";
	meanwhile.text = "allocstall_dma 100\nallocstall_movable 107\n";
	assert_int_equal(run(0), APPLY_GUARD);
	assert_non_null(strstr(said, "reclaim by themselves"));
	all_as_it_was();
}

static void a_little_more_pressure_does_not(void **state)
{
	(void)state;
	meanwhile.when = "vm.watermark_boost_factor: 15000 -> 0";
	meanwhile.name = "pressure/memory";
	meanwhile.text = "some avg10=11.40 avg60=0 avg300=0 total=0\n";
	assert_int_equal(run(0), APPLY_DONE);
}

/* Somebody else turns the first knob while the second is being seen to. */
static void stands_back_before_others(void **state)
{
	(void)state;
	meanwhile.when = "vm.watermark_boost_factor: 15000 -> 0";
	meanwhile.name = "sys/vm/min_free_kbytes";
	meanwhile.text = "4444\n";
	assert_int_equal(run(0), APPLY_STOOD_BACK);
	assert_string_equal(load("min_free_kbytes"), "4444");
	assert_string_equal(load("watermark_boost_factor"), "15000");
	assert_memory_equal(load("lowmem_reserve_ratio"), "256", 3);
	assert_int_equal(access(journal, F_OK), -1);
}

/* Or the third, before its turn. */
static void does_not_write_over_a_change(void **state)
{
	(void)state;
	meanwhile.when = "vm.watermark_boost_factor: 15000 -> 0";
	meanwhile.name = "sys/vm/lowmem_reserve_ratio";
	meanwhile.text = "1 1 1 0 0\n";
	assert_int_equal(run(0), APPLY_STOOD_BACK);
	assert_string_equal(load("lowmem_reserve_ratio"), "1 1 1 0 0");
	assert_string_equal(load("min_free_kbytes"), "2610");
}

static void a_signal_undoes(void **state)
{
	static volatile sig_atomic_t stop = 1;
	struct apply_options opt = options();
	struct apply_list list = wanted();
	enum apply_end end = APPLY_DONE;
	char why[512] = "";

	(void)state;
	opt.stop = &stop;
	assert_int_equal(apply_settings(&list, &opt, &end, why, sizeof(why)), 0);
	assert_int_equal(end, APPLY_STOPPED);
	all_as_it_was();
}

static void an_unknown_setting_changes_nothing(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/proc/sys/vm/lowmem_reserve_ratio", root);
	assert_int_equal(unlink(path), 0);
	run(-ENOENT);
	assert_string_equal(load("min_free_kbytes"), "2610");
	assert_int_equal(access(journal, F_OK), -1);
}

static void what_is_no_setting_is_refused(void **state)
{
	static const char *const wrong[] = { "vm.swappiness=1",
					     "min_free_kbytes=5",
					     "vm.min_free_kbytes",
					     "vm.min_free_kbytes=",
					     "vm.watermark_scale_factor=3001",
					     "vm.khugepaged=1",
					     "vm.../../kernel/panic=1",
					     "kernel.panic=1",
					     "vm.min_free_kbytes=1" };
	struct apply_list list = { .n = 0 };
	char why[256];

	(void)state;
	assert_int_equal(apply_add(&list, "vm.min_free_kbytes=2", why, sizeof(why)), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(apply_add(&list, wrong[i], why, sizeof(why)), -EINVAL);
	assert_int_equal(list.n, 1);
}

static void a_damaged_journal_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"end\n",
		"buddyscope-journal 1\n",
		"buddyscope-journal 1\nvm.min_free_kbytes\t1\t2\n",
		"buddyscope-journal 1\nvm.min_free_kbytes\t1\nend\n",
		"buddyscope-journal 1\nvm./../../etc/passwd\t1\t2\nend\n",
		"buddyscope-journal 1\nvm.min_free_kbytes\t1\t2\nvm.min_free_kbytes\t1\t2\nend\n",
		"buddyscope-journal 2\nend\n",
	};
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/lib", root);
	assert_int_equal(mkdir(path, 0700), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		store("../lib/tune.journal", wrong[i]);
		undo(-EBADMSG);
		assert_int_equal(access(journal, F_OK), 0);
	}
	assert_string_equal(load("min_free_kbytes"), "2610");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(there_and_back),
		TEST(nothing_to_do_leaves_no_journal),
		TEST(a_second_apply_waits_for_the_undo),
		TEST(killed_in_the_middle),
		TEST(only_what_was_written_is_undone),
		TEST(a_rising_guard_undoes),
		TEST(stalls_undo),
		TEST(a_little_more_pressure_does_not),
		TEST(stands_back_before_others),
		TEST(does_not_write_over_a_change),
		TEST(a_signal_undoes),
		TEST(an_unknown_setting_changes_nothing),
		TEST(what_is_no_setting_is_refused),
		TEST(a_damaged_journal_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
