#include "feature/php/php.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <optional>

#include "base/check.h"
#include "client/context.h"
#include "feature/php/codes.h"
#include "feature/php/run.h"
#include "feature/php/script.h"
#include "http/exchange.h"
#include "http/explanation.h"
#include "http/file_refusal.h"

namespace gate::php {
namespace {

using http::Flow;

client::PoolUse pool_for(const PhpOptions& options, client::Context& context) {
  const std::string key =
      fmt::format("fastcgi {} {} {} {} {}", options.server.to_string(), options.connect_timeout,
                  options.limits.header_timeout, options.limits.stall_timeout, options.limits.idle_timeout);
  return context.pool(key, {.address = options.server,
                            .protocol = client::Protocol::kFastCgi,
                            .limits = options.limits,
                            .connect_timeout = options.connect_timeout});
}

// "fastcgi://127.0.0.1:9000", "unix:/run/php/php-fpm.sock"
std::string name_of(const client::ServerAddress& server) {
  const std::string name = server.to_string();
  return server.host.empty() ? name : fmt::format("fastcgi{}", name.substr(name.find("://")));
}

// What a request is for. Whatever is called like a script and is there, but cannot be run, is refused: it is not left
// to those behind, who might show what is in it.
struct Request {
  std::optional<Script> script{};
  Flow flow = Flow::kTaken;  // where there is no script
};

void refuse(http::Exchange& exchange, const ScriptFinder::NoScript& why) {
  if (why.miss == ScriptFinder::Miss::kOtherSuffix) {
    return exchange.refuse({404, kNotAScript, "a link that leads to no script"});
  }
  exchange.refuse(http::refusal_of(why.reason));
}

Request read_request(http::Exchange& exchange, ScriptFinder& finder) {
  if (exchange.request.method == http::Method::kConnect) return {.flow = Flow::kNext};
  const auto script = finder.find(exchange.request.path, exchange.arena());
  if (!script && script.error().miss == ScriptFinder::Miss::kNotFound) return {.flow = Flow::kNext};
  if (!script) {
    refuse(exchange, script.error());
    return {};
  }
  // RFC 3875 4.1.2: a script learns beforehand how long the body is.
  if (exchange.request.has_body && !exchange.request.content_length) {
    exchange.refuse({411, kLengthRequired, "a body of unknown length for a script"});
    return {};
  }
  return {.script = *script};
}

class Php final : public http::Service {
 public:
  Php(const PhpOptions& options, client::Context& context)
      : options_(options),
        finder_(options.root, options.suffixes, options.index),
        pool_(pool_for(options, context)),
        server_{context.loop(), *pool_, context.records().of(name_of(options.server), "fastcgi")} {
    server_.record.users.add();
  }
  ~Php() override { server_.record.users.subtract(); }
  Php(const Php&) = delete;
  Php& operator=(const Php&) = delete;

  Flow handle(http::Exchange& exchange) override {
    const auto request = read_request(exchange, finder_);
    if (!request.script) return request.flow;
    auto body = exchange.make_body<Run>(server_, exchange);
    auto& run = static_cast<Run&>(*body);
    exchange.response.body = std::move(body);
    run.start(*request.script, options_);
    return Flow::kTaken;
  }

 private:
  const PhpOptions& options_;
  ScriptFinder finder_;
  client::PoolUse pool_;
  const Server server_;
};

}  // namespace

std::unique_ptr<http::Service> PhpPlan::build(const http::ServiceEnvironment& environment) const {
  GATE_CHECK(environment.client != nullptr);
  return std::make_unique<Php>(options_, *environment.client);
}

http::Flow PhpPlan::explain(http::Exchange& exchange, http::Explanation& explanation) const {
  ScriptFinder finder(options_.root, options_.suffixes, options_.index);
  const auto request = read_request(exchange, finder);
  if (request.script) {
    explanation.note(fmt::format("runs {} on {}", request.script->file, name_of(options_.server)));
  } else if (exchange.refusal) {
    explanation.note(fmt::format("refuses with {}: {}", exchange.response.status, exchange.refusal->reason));
  } else {
    explanation.note("no script is meant");
  }
  return request.flow;
}

}  // namespace gate::php
