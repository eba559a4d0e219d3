/* SPDX-License-Identifier: GPL-2.0-only */
#include "pages.h"

void pages_load(struct pa *pa, const struct trace_pages *pages)
{
	for (size_t i = 0; i < pages->n; i++)
		pa_set_use(pa, pages->first_pfn + i, 0,
			   pages->use[i] == TRACE_USE_OTHER ? PA_USE_PINNED : PA_USE_MOVABLE);
}
