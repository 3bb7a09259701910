#include "alert/notice.h"

#include <fmt/format.h>

namespace gate::alert {

std::string_view to_string(Occasion occasion) {
  switch (occasion) {
    case Occasion::kNew: return "new";
    case Occasion::kStill: return "still";
    case Occasion::kOver: return "over";
    case Occasion::kTest: return "test";
  }
  return "";
}

std::string to_line(const Notice& notice) {
  const Problem& problem = notice.problem;
  switch (notice.occasion) {
    case Occasion::kNew: return fmt::format("{}: {}", problem.subject, problem.text);
    case Occasion::kStill: return fmt::format("{}: still so: {}", problem.subject, problem.text);
    case Occasion::kOver: return fmt::format("{}: fine again ({})", problem.subject, problem.concern);
    case Occasion::kTest: return fmt::format("{}: {}", problem.subject, problem.text);
  }
  return {};
}

}  // namespace gate::alert
