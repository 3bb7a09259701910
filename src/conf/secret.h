#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace gate::conf {

// A secret's value. Has no way to a stream, a log or a format string but through `reveal`, which is easy to find.
class Secret {
 public:
  explicit Secret(std::string value) : value_(std::move(value)) {}

  const std::string& reveal() const& { return value_; }
  std::string reveal() && { return std::move(value_); }

 private:
  std::string value_;
};

}  // namespace gate::conf
