#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gate::app {

// "0.1.0"
std::string_view version();

// What the program is built with.
struct Library {
  std::string name;
  std::string version;
};
std::vector<Library> libraries();

}  // namespace gate::app
