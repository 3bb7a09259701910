#pragma once

namespace gate::cli {

// What commands read when no file is named.
inline constexpr const char* kDefaultConfiguration = "/etc/gate443/gate443.conf";

}  // namespace gate::cli
