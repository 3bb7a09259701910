#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/ip.h"
#include "base/text.h"
#include "conf/codes.h"
#include "conf/diagnostics.h"
#include "conf/environment.h"
#include "conf/secret.h"
#include "conf/tree.h"

namespace gate::conf {

struct DurationRange {
  std::chrono::milliseconds min{0};
  std::chrono::milliseconds max = std::chrono::hours(24 * 365 * 10);
};

struct SizeRange {
  std::uint64_t min = 0;
  std::uint64_t max = std::uint64_t{1} << 50;
};

// A host by name or address, with a port.
struct HostPort {
  std::string host;  // lower case; IPv6 without brackets
  std::uint16_t port = 0;

  friend bool operator==(const HostPort&, const HostPort&) = default;
};

// The name of a site as certificates and SNI spell it: lower case, no final dot.
struct HostName {
  enum class Kind : std::uint8_t { kExact, kWildcard, kAddress };
  std::string name;  // a wildcard with its "*."
  Kind kind = Kind::kExact;

  friend bool operator==(const HostName&, const HostName&) = default;
};

// One word of a choice and what it stands for.
template <class T>
struct Choice {
  std::string_view name;
  T value;
};

// Reads arguments as the types they stand for. Every reader reports a word it cannot read, with what would have been
// right, and then yields nothing. The constructor's references must outlive the reader.
class Reader {
 public:
  Reader(Diagnostics& diagnostics, const SourceSet& sources, const Environment& environment)
      : diagnostics_(diagnostics), sources_(sources), environment_(environment) {}

  Diagnostics& diagnostics() { return diagnostics_; }
  const SourceSet& sources() const { return sources_; }
  const Environment& environment() const { return environment_; }

  void error(base::ErrorCode code, const Word& word, std::string message, std::string help = {});
  void warning(base::ErrorCode code, const Word& word, std::string message, std::string help = {});

  // A whole number and a unit: ms, s, m, h, d, w, y (365 days).
  std::optional<std::chrono::milliseconds> duration(const Word& word, DurationRange range = {});

  // Bytes: a whole number and a unit: B; KB, MB, GB, TB are powers of 1000; KiB, MiB, GiB, TiB powers of 1024.
  std::optional<std::uint64_t> size(const Word& word, SizeRange range = {});

  // A whole number between `min` and `max`, both included.
  template <std::integral T>
  std::optional<T> integer(const Word& word, T min = std::numeric_limits<T>::min(),
                           T max = std::numeric_limits<T>::max()) {
    const auto value = base::parse_number<T>(word.text);
    if (value && *value >= min && *value <= max) return value;
    report_number(word, std::to_string(min), std::to_string(max));
    return std::nullopt;
  }

  // "on" or "off".
  std::optional<bool> on_off(const Word& word);

  // A file or folder, absolute or relative to the file the word stands in; returned joined, not looked up.
  std::optional<std::string> path(const Word& word);

  std::optional<base::IpAddress> address(const Word& word);
  // "192.0.2.0/24" or a single address; bits beyond the prefix must be zero.
  std::optional<base::Cidr> cidr(const Word& word);
  // 1 to 65535.
  std::optional<std::uint16_t> port(const Word& word);
  // "192.0.2.1:443" or "[2001:db8::1]:443".
  std::optional<base::Endpoint> endpoint(const Word& word);
  // "localhost:3000", "192.0.2.1:443", "[::1]:443"; without a port when `default_port` is not 0.
  std::optional<HostPort> host_port(const Word& word, std::uint16_t default_port = 0);
  // "example.com", "*.example.com" (one label, leftmost), "192.0.2.1", "2001:db8::1".
  std::optional<HostName> host_name(const Word& word);

  // 100 to 599.
  std::optional<std::uint16_t> status(const Word& word, std::uint16_t min = 100, std::uint16_t max = 599);

  // A path of a URL: starts with "/", percent-encoding well formed, no query and no fragment.
  std::optional<std::string> url_path(const Word& word);
  // The same where "*" stands for any characters.
  std::optional<std::string> url_pattern(const Word& word);

  // A file that the word names, with what stands in it. `help` is for whoever named one that cannot be read.
  struct File {
    std::string path;
    std::string content;
  };
  std::optional<File> file(const Word& word, std::size_t bytes_max, std::string_view help = {});

  // A text that differs where a file differs: of all files read since this was called last. With it a statement that
  // says the same, but whose file says something else, is known for another.
  std::string take_file_marks() { return std::exchange(file_marks_, {}); }

  // The secret that `env:NAME` or `file:path` refers to. A secret written out is refused and not repeated.
  std::optional<Secret> secret(const Word& word);

  // What the word stands for in a list of choices.
  template <class T, std::size_t N>
  std::optional<T> choice(const Word& word, const Choice<T> (&choices)[N]) {
    std::array<std::string_view, N> names;
    for (std::size_t i = 0; i < N; ++i) names[i] = choices[i].name;
    const auto index = choice_index(word, names);
    return index ? std::optional<T>(choices[*index].value) : std::nullopt;
  }
  std::optional<std::size_t> choice_index(const Word& word, std::span<const std::string_view> names);

 private:
  void report_number(const Word& word, const std::string& min, const std::string& max);
  std::optional<std::string> url_text(const Word& word, bool stars);
  std::optional<Secret> secret_in_variable(const Word& word, const std::string& name);
  std::optional<Secret> secret_in_file(const Word& word, std::string_view path);

  void mark(std::string_view content);

  Diagnostics& diagnostics_;
  const SourceSet& sources_;
  const Environment& environment_;
  std::string file_marks_;
};

}  // namespace gate::conf
