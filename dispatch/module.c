/* SPDX-License-Identifier: MIT */
/* The web module has no code of its own: it is the library, linked whole. */
#include "lanewise/lanewise.h"
