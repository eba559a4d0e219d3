/* SPDX-License-Identifier: GPL-2.0-only */
/* Shares of a zone's counter, vm_stat_diff, that are not known for sure. */
#ifndef PA_SHARES_H
#define PA_SHARES_H

#include "pa.h"

/*
 * Who follows a real kernel may not know whether a CPU's share was told to the zone.
 *
 * pa_share() - One CPU's; 0 without it.
 * pa_doubt_share() - It may be @other as well: all are kept up from now on, until they agree.  Whether there are any.
 * pa_doubt_threshold() - The CPU may go by @threshold for some more of what it counts, and is taken not to, until
 * this is called with 0; and if it is called before that, from here on.  So it may be what comes out where that
 * changed at any moment.
 * pa_swap_share() - Take the one of number @i, and keep the one there was in its place.  False: there are no more.
 * pa_drop_share() - It is not that; the last one has its number now.
 * pa_settle_share() - It is @share and no other; what pa_doubt_threshold() was told stays.
 * pa_trust_share() - It is the one it is taken to be.
 */
int pa_share(const struct pa *pa, uint32_t zone, uint32_t cpu);
bool pa_doubt_share(struct pa *pa, uint32_t zone, uint32_t cpu, int other);
bool pa_doubt_threshold(struct pa *pa, uint32_t zone, uint32_t cpu, uint32_t threshold);
bool pa_swap_share(struct pa *pa, uint32_t zone, uint32_t cpu, uint32_t i);
void pa_drop_share(struct pa *pa, uint32_t zone, uint32_t cpu, uint32_t i);
void pa_settle_share(struct pa *pa, uint32_t zone, uint32_t cpu, int share);
void pa_trust_share(struct pa *pa, uint32_t zone, uint32_t cpu);

#endif /* PA_SHARES_H */
