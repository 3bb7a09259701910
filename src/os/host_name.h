#pragma once

#include <string>

namespace gate::os {

// What this machine calls itself: letters, digits, points and hyphens; "localhost" where its name is none or has
// others.
std::string host_name();

}  // namespace gate::os
