#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/server_address.h"
#include "http/limits.h"
#include "http/service.h"

namespace gate::php {

// What a `php` statement says; the comments are in php.md.
struct PhpOptions {
  std::string root;
  client::ServerAddress server;
  std::vector<std::string> index{"index.php"};
  std::vector<std::string> suffixes{".php"};
  std::vector<std::pair<std::string, std::string>> environment;  // name, value
  http::Limits limits = default_limits();                        // of the connections to the server
  std::chrono::milliseconds connect_timeout{5'000};

  static http::Limits default_limits() {
    http::Limits limits;
    limits.header_timeout = std::chrono::seconds(60);
    limits.stall_timeout = std::chrono::seconds(300);
    limits.idle_timeout = std::chrono::seconds(0);  // a connection that is kept keeps a process of PHP from others
    limits.linger_timeout = std::chrono::milliseconds(500);
    return limits;
  }
};

// Runs the scripts of a folder on a FastCGI server. A request that no script is for goes on to the next statement.
class PhpPlan final : public http::ServicePlan {
 public:
  explicit PhpPlan(PhpOptions options) : options_(std::move(options)) {}

  const PhpOptions& options() const { return options_; }
  std::unique_ptr<http::Service> build(const http::ServiceEnvironment& environment) const override;
  http::Flow explain(http::Exchange& exchange, http::Explanation& explanation) const override;

 private:
  PhpOptions options_;
};

}  // namespace gate::php
