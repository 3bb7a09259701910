#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gate::alert {

// Something that is wrong, for as long as it is.
struct Problem {
  std::string subject;  // "example.com"
  std::string concern;  // "expires_soon": stable, for programs
  std::string text;     // for people

  friend bool operator==(const Problem&, const Problem&) = default;
};

enum class Occasion : std::uint8_t { kNew, kStill, kOver, kTest };

// "new", "still", "over", "test".
std::string_view to_string(Occasion occasion);

// What is told about a problem.
struct Notice {
  Occasion occasion = Occasion::kNew;
  Problem problem;

  friend bool operator==(const Notice&, const Notice&) = default;
};

// "example.com: less than a third of its life is left: …", "example.com is fine again (expires_soon)": one line.
std::string to_line(const Notice& notice);

}  // namespace gate::alert
