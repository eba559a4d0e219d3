/* SPDX-License-Identifier: GPL-2.0-only */
/* The report of a replay in request mode. */
#ifndef TOOLS_REQUEST_PRINT_H
#define TOOLS_REQUEST_PRINT_H

#include "request.h"

void request_print_text(const struct trace_meta *meta, const struct request_result *res);
/* @checked: --check was given.  Return: 0 or -EIO. */
int request_print_json(const struct trace_meta *meta, bool checked,
		       const struct request_result *res);

#endif /* TOOLS_REQUEST_PRINT_H */
