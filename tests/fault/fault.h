/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Make the Nth fallible call fail.  The Makefile has the linker send the calls
 * of this folder's programs and of both libraries here (--wrap).
 */
#ifndef FAULT_H
#define FAULT_H

/* Let @n calls pass and fail the one after them; negative: let all pass. */
void fault_arm(int n);

/* Let all pass.  Return: the errno the failed call was given, 0 if none failed. */
int fault_disarm(void);

#endif /* FAULT_H */
