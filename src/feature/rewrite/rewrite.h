#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "http/service.h"
#include "http/text_template.h"

namespace gate::rewrite {

// Another path, and another query where the template has a "?".
struct Replace {
  http::TextTemplate to;
  bool sets_query = false;
};

// Without the first segments of the path, where it begins with them.
struct StripPrefix {
  std::string prefix;  // "/api": decoded, without a slash at the end
};

// With more segments before the path.
struct AddPrefix {
  std::string prefix;  // "/v2": as sent, without a slash at the end
};

using Change = std::variant<Replace, StripPrefix, AddPrefix>;

// Checks and prepares the argument of each form. Fail, with the reason in `what`, for what is no path from "/".
base::Result<Change> replace_by(std::string_view to);
base::Result<Change> strip_prefix(std::string_view prefix);
base::Result<Change> add_prefix(std::string_view prefix);

// Changes the path of requests for all statements behind it: they match and use the new one. The target as sent stays
// in Request::target, for the log. A new path goes through the same checks as one from outside.
class RewritePlan final : public http::ServicePlan {
 public:
  explicit RewritePlan(Change change);

  std::unique_ptr<http::Service> build(const http::ServiceEnvironment& environment) const override;

 private:
  Change change_;
};

}  // namespace gate::rewrite
