/* SPDX-License-Identifier: MIT */
/* The public header alone, as C11 and as C17: it needs nothing before it, and the library is the one it describes. */
#include <lanewise/lanewise.h>
#include <lanewise/modules.h>

int main(void) {
    const char *want = LW_VERSION_STRING, *got = lw_version();
    while (*want && *want == *got) {
        want++;
        got++;
    }
    return *want != *got;
}
