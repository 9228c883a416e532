// SPDX-License-Identifier: MIT
// The public header alone, as C++17: it links to the C library, and an enum may be passed on as it is.
#include <lanewise/lanewise.h>
#include <lanewise/modules.h>

#include <string>

int main() {
    lw_sizes sizes{};
    lw_conv2d nothing{};
    bool refused = lw_conv2d_sizes(nullptr, &nothing, &sizes) != LW_OK;
    return refused && lw_version() == std::string(LW_VERSION_STRING) && lw_status_string(LW_OK) ? 0 : 1;
}
