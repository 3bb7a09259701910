#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ip.h"
#include "http/exchange.h"
#include "http/glob.h"
#include "http/method.h"

namespace gate::http {

// The path is one of these.
struct PathIs {
  std::vector<Glob> patterns;
};

// The method is one of these.
struct MethodIs {
  std::vector<std::string> names;
};

// There is such a field line, and its value is one of these; any value when there are none. Several lines of one name
// are looked at one by one.
struct HeaderIs {
  std::string name;  // lower case
  std::vector<Glob> values;
};

// There is such a query parameter, and its value is this one. Percent-encoding and "+" are decoded (as forms encode).
struct QueryIs {
  std::string name;
  std::optional<std::string> value;
};

// The client's address is in one of these blocks.
struct ClientIn {
  std::vector<base::Cidr> blocks;
};

// The client has proved itself (mutual TLS), and one of its names is one of these.
struct CertificateNames {
  std::vector<Glob> names;
};

// Which requests a statement is for: all of the conditions hold. Compiled once, never changed by requests. Costs the
// same whatever the request: each condition reads what it looks at once.
class Matcher {
 public:
  using Test = std::variant<PathIs, MethodIs, HeaderIs, QueryIs, ClientIn, CertificateNames>;

  void require(Test test) { add(std::move(test), true); }
  void require_not(Test test) { add(std::move(test), false); }

  struct Condition {
    Test test;
    bool expected;
  };

  bool matches(const Exchange& exchange) const { return first_unmet(exchange) == nullptr; }

  // The first condition that does not hold; null when all do.
  const Condition* first_unmet(const Exchange& exchange) const;

  // A condition on the path that has to hold; null when there is none.
  const PathIs* required_path() const;

  // Whether there is no condition.
  bool matches_everything() const { return conditions_.empty(); }

 private:
  void add(Test test, bool expected);

  std::vector<Condition> conditions_;
};

// "path /api/*", "not method POST": a condition in the words of the configuration.
std::string to_string(const Matcher::Condition& condition);

}  // namespace gate::http
