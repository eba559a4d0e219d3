/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of a what-if run share, which follows requests, frees and the time alone. */
#ifndef TOOLS_REQUEST_WHATIF_H
#define TOOLS_REQUEST_WHATIF_H

#include "request_internal.h"

/* ---- request_make.c ---- */

/* request_make() for a request without attempts. */
void request_make_whatif(struct request *r, const struct trace_event *ev, const struct whatif *op);

/* ---- request_recorded.c ---- */

int recorded_open(struct request *r); /* ahead of the first event; -ENOMEM */
void recorded_close(struct recorded *k);
/* What an event of a loaded request comes to; false: nothing. */
bool recorded_event(struct request *r, const struct trace_event *ev, struct whatif *op);
/* What else @ev comes to, a free, until that is false. */
bool recorded_more(struct request *r, const struct trace_event *ev, struct whatif *op);

/* ---- request_oom.c ---- */

int oom_open(struct request *r); /* -ENOMEM */
void oom_close(struct oom *o);
/* A request of a what-if run may kill; @args->cpu is set. */
void oom_arm(struct request *r, struct pa_alloc_args *args);
bool oom_is_dead(const struct request *r, uint32_t pid);
/* The core's @pfn is the request's now; what was at @from is at @to. */
void oom_note(struct request *r, const struct whatif *op, uint64_t pfn);
void oom_moved(struct request *r, uint64_t from, uint64_t to);

/* ---- request_whatif.c ---- */

/* A page of the process or file that has had it since before the trace; pages are loaded now. */
void request_adopt(struct request *r, uint64_t pfn, enum trace_use use);
/* Another kernel, setting or machine: only requests, frees and the time count. */
void request_whatif(struct request *r, const struct whatif *op);
int request_collect(struct request *r, const struct whatif *op); /* -ENOMEM */

#endif /* TOOLS_REQUEST_WHATIF_H */
