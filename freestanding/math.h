/* SPDX-License-Identifier: MIT */
/* For builds without a C library (-Ifreestanding): what Lanewise uses of math.h. In WebAssembly each is an instruction
 * or two. */
#ifndef LW_FREESTANDING_MATH_H
#define LW_FREESTANDING_MATH_H

#define INFINITY __builtin_inff()
#define NAN __builtin_nanf("")
#define isnan(x) __builtin_isnan(x)

float sqrtf(float x);
float fabsf(float x);
float floorf(float x);
float ceilf(float x);
float rintf(float x);
double sqrt(double x);
double fabs(double x);
double floor(double x);
double ceil(double x);
double trunc(double x);

#endif
