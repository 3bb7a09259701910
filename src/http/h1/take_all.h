#pragma once

#include <cstddef>
#include <string_view>

namespace gate::http::h1 {

// Gives `take` the front of what is left of `input` until it takes nothing more; yields how much was taken. `take` says
// how much it has used, 0 when it needs more or must wait.
template <class Take>
std::size_t take_all(std::string_view input, Take take) {
  std::size_t used = 0;
  while (used < input.size()) {
    const std::size_t step = take(input.substr(used));
    if (step == 0) break;
    used += step;
  }
  return used;
}

}  // namespace gate::http::h1
