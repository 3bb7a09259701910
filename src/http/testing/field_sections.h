#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace gate::http::testing {

// Field sections of few names and many values, as a site's are, and of texts with every byte there is. The same ones
// for the same seed.
class FieldSections {
 public:
  using Lines = std::vector<std::pair<std::string, std::string>>;

  explicit FieldSections(unsigned seed) : random_(seed) {}

  Lines next() {
    static const std::vector<std::string> kNames{
        ":status", "server",        "content-type",  "cache-control",
        "etag",    "x-own",         "vary",          "content-security-policy",
        "date",    "set-cookie",    "x-other-field", "strict-transport-security",
        "via",     "content-length"};
    Lines lines;
    for (std::size_t count = below(12); count > 0; --count) lines.emplace_back(kNames[below(kNames.size())], value());
    return lines;
  }

  std::size_t below(std::size_t bound) { return random_() % bound; }

 private:
  std::string value() {
    static const std::vector<std::string> kUsual{"200", "text/html; charset=utf-8", "max-age=3600", "nosniff", "", "/"};
    if (below(3) > 0) return kUsual[below(kUsual.size())];
    std::string text(below(20) == 0 ? below(5000) : below(60), '\0');
    for (char& c : text) c = static_cast<char>(random_());
    return text;
  }

  std::mt19937 random_;
};

}  // namespace gate::http::testing
