/* SPDX-License-Identifier: MIT */
/*
 * What a wasm program linked with libcheck lacks.
 *
 * Emscripten declares the POSIX timers and defines none. Check arms them only for a forked test's
 * time limit, and there is no fork in wasm: the three stubs are linked, never called. Meson's own
 * time limit takes their place.
 */
#define _POSIX_C_SOURCE 200809L /* -std=c11 hides POSIX */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

int timer_create(clockid_t clock, struct sigevent *restrict event, timer_t *restrict timer) {
    (void)clock;
    (void)event;
    (void)timer;
    errno = ENOTSUP;
    return -1;
}

int timer_settime(timer_t timer, int flags, const struct itimerspec *restrict value, struct itimerspec *restrict old) {
    (void)timer;
    (void)flags;
    (void)value;
    (void)old;
    errno = ENOTSUP;
    return -1;
}

int timer_delete(timer_t timer) {
    (void)timer;
    errno = ENOTSUP;
    return -1;
}

/* Check forks unless the environment says otherwise; the engine's own doesn't reach a wasm program. */
__attribute__((constructor)) static void run_tests_unforked(void) {
    setenv("CK_FORK", "no", 1);
}
