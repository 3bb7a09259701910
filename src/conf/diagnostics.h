#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "conf/tree.h"

namespace gate::conf {

enum class Severity : std::uint8_t { kError, kWarning };

// One finding. `help` stands under the line, behind the carets; `related` names a second place after the help
// ("first given at gate443.conf:3:1"). `hides_line` keeps the source line out of every rendering, for lines that
// may hold a secret.
struct Diagnostic {
  Severity severity = Severity::kError;
  base::ErrorCode code;
  Position at{};
  std::string message;
  std::string help{};
  Position related{};
  bool hides_line = false;
};

// Collects what is wrong with a configuration. Keeps the first kShownMax errors and as many warnings, counts the
// rest, and drops exact repeats (a file included twice reports its mistakes once).
class Diagnostics {
 public:
  static constexpr std::size_t kShownMax = 20;

  void error(base::ErrorCode code, const Position& at, std::string message, std::string help = {});
  void warning(base::ErrorCode code, const Position& at, std::string message, std::string help = {});
  void add(Diagnostic diagnostic);

  bool has_errors() const { return error_count_ > 0; }
  bool empty() const { return error_count_ + warning_count_ == 0; }
  std::size_t error_count() const { return error_count_; }
  std::size_t warning_count() const { return warning_count_; }
  std::span<const Diagnostic> shown() const { return shown_; }

 private:
  std::vector<Diagnostic> shown_;
  std::size_t error_count_ = 0;
  std::size_t warning_count_ = 0;
};

// All findings in the order of their positions:
//   gate443.conf:12:3: error G0142: unknown word "prxy" in site example.com
//      12 |   prxy localhost:3000
//         |   ^^^^ did you mean "proxy"?
// Ends with a newline unless empty. Holds no control character of the source.
std::string render(const Diagnostics& diagnostics, const SourceSet& sources);

// {"errors":1,"warnings":0,"diagnostics":[{"severity","code","file","line","column","length","message","help"}]}
std::string render_json(const Diagnostics& diagnostics, const SourceSet& sources);

// `text` as messages show it: in quotes, escaped, shortened in the middle when it is long.
std::string shown(std::string_view text);

// `did you mean "proxy"?`, or empty when no candidate is near.
std::string suggestion(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace gate::conf
