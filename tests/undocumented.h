/* SPDX-License-Identifier: MIT */
/* For the test reference-twin: scripts/docs must refuse it. */
#ifndef LW_UNDOCUMENTED_H
#define LW_UNDOCUMENTED_H

/* Documented, but for a field. */
struct lw_undocumented {
    int documented; /* 0 or 1 */
    int undocumented;
};

#endif
