#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "app/on_demand/on_demand_settings.h"
#include "client/context.h"
#include "client/fetch.h"

namespace gate::app {

// Whether "allow" has the name; a pattern stands for one label, as in certificates. `name` is in lower case.
bool is_allowed(const OnDemandSettings& settings, std::string_view name);

// Asks whoever "ask" names for permission. Control thread only.
class Permission {
 public:
  static constexpr std::chrono::seconds kDeadline{5};

  enum class Verdict : std::uint8_t {
    kAllowed,  // it answered 200
    kRefused,  // it answered something else
    kUnknown,  // it could not be asked
  };
  struct Answer {
    Verdict verdict = Verdict::kUnknown;
    std::string why{};  // "http://127.0.0.1:8080/allowed answers 404"
  };
  using Done = std::function<void(Answer)>;

  // `context` outlives it.
  explicit Permission(client::Context& context) : context_(context) {}

  // `done` is called once, never from within this, unless this object ends before. One question a name at a time.
  void ask(const std::string& name, const OnDemandSettings& settings, Done done);
  bool is_asking(std::string_view name) const { return questions_.contains(name); }

 private:
  void answered(const std::string& name, const std::string& url, const Done& done,
                const base::Result<client::FetchResponse>& response);

  client::Context& context_;
  std::map<std::string, std::unique_ptr<client::Fetch>, std::less<>> questions_;  // by name
};

}  // namespace gate::app
