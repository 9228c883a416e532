/* SPDX-License-Identifier: MIT */
#include "kernels/operator.h"
