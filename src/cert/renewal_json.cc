#include "cert/renewal_json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/timestamp.h"
#include "cert/codes.h"

namespace gate::cert {

namespace {

using nlohmann::json;

constexpr std::size_t kTextBytesMax = 4096;  // of one member: an authority's explanation is shown, not stored whole
constexpr std::size_t kTextBytesRead = 3 * kTextBytesMax;  // each byte may have become a U+FFFD
constexpr unsigned kFailuresMax = 1'000'000;

// Takes members out of an object, and remembers the first that is not what it should be.
class Members {
 public:
  explicit Members(const json& object) : object_(object) { expect(object.is_object(), "the file"); }

  std::string text(const char* name) {
    const json* found = find(name);
    if (found == nullptr) return {};
    const auto* text = found->get_ptr<const std::string*>();
    expect(text != nullptr && text->size() <= kTextBytesRead, name);
    return text != nullptr ? *text : std::string();
  }

  bool flag(const char* name, bool missing) {
    const json* found = find(name);
    if (found == nullptr) return missing;
    expect(found->is_boolean(), name);
    return found->is_boolean() && found->get<bool>();
  }

  unsigned count(const char* name) {
    const json* found = find(name);
    if (found == nullptr) return 0;
    const auto* number = found->get_ptr<const json::number_unsigned_t*>();
    expect(number != nullptr && *number <= kFailuresMax, name);
    return number != nullptr ? static_cast<unsigned>(*number) : 0;
  }

  std::optional<base::WallTime> time(const char* name) {
    if (find(name) == nullptr) return std::nullopt;
    const auto time = base::parse_timestamp(text(name));
    expect(time.has_value(), name);
    return time;
  }

  const json* object(const char* name) {
    const json* found = find(name);
    if (found != nullptr) expect(found->is_object(), name);
    return found;
  }

  void expect(bool good, std::string_view name) {
    if (!good && wrong_.empty()) wrong_ = name;
  }
  const std::string& wrong() const { return wrong_; }

 private:
  const json* find(const char* name) const {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
  }

  const json& object_;
  std::string wrong_;
};

// Cut at a character's beginning: half of one would be no JSON any more.
std::string shortened(const std::string& text) {
  if (text.size() <= kTextBytesMax) return text;
  std::size_t end = kTextBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

void read_window(const json& object, RenewalFacts& facts, Members& parent) {
  Members members(object);
  RenewalWindow window{.explanation_url = members.text("explanation_url")};
  const auto start = members.time("start");
  const auto end = members.time("end");
  const auto moment = members.time("moment");
  members.expect(start && end && moment, "window");
  parent.expect(members.wrong().empty(), members.wrong());
  if (!start || !end || !moment) return;
  window.start = *start;
  window.end = *end;
  facts.window = std::move(window);
  facts.moment = *moment;
}

void read_failure(const json& object, RenewalFacts& facts, Members& parent) {
  Members members(object);
  const auto fault = renewal_fault(members.text("fault"));
  const auto at = members.time("at");
  const auto next_try = members.time("next_try");
  const std::string text = members.text("text");
  members.expect(fault && at && next_try, "last_failure");
  parent.expect(members.wrong().empty(), members.wrong());
  if (fault && at && next_try) facts.last_failure = {.fault = *fault, .text = text, .at = *at, .next_try = *next_try};
}

std::string dump(const json& document) { return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n"; }

}  // namespace

std::string to_json(const RenewalFacts& facts) {
  json document{{"directory", shortened(facts.directory)},
                {"first_issued", base::to_timestamp(facts.first_issued)},
                {"window_service", facts.has_window_service},
                {"revoked", facts.is_revoked},
                {"given_up", facts.is_given_up},
                {"failures", std::min(facts.failures, kFailuresMax)}};
  if (facts.ask_window_at) document["ask_window_at"] = base::to_timestamp(*facts.ask_window_at);
  if (facts.window) {
    document["window"] = {{"start", base::to_timestamp(facts.window->start)},
                          {"end", base::to_timestamp(facts.window->end)},
                          {"moment", base::to_timestamp(facts.moment)},
                          {"explanation_url", shortened(facts.window->explanation_url)}};
  }
  if (facts.last_failure) {
    document["last_failure"] = {{"fault", to_string(facts.last_failure->fault)},
                                {"text", shortened(facts.last_failure->text)},
                                {"at", base::to_timestamp(facts.last_failure->at)},
                                {"next_try", base::to_timestamp(facts.last_failure->next_try)}};
  }
  return dump(document);
}

base::Result<RenewalFacts> renewal_facts(std::string_view text, std::string_view origin) {
  const json document = json::parse(text, nullptr, false);
  Members members(document);
  RenewalFacts facts;
  facts.directory = members.text("directory");
  facts.first_issued = members.time("first_issued").value_or(base::WallTime{});
  facts.has_window_service = members.flag("window_service", true);
  facts.is_revoked = members.flag("revoked", false);
  facts.is_given_up = members.flag("given_up", false);
  facts.failures = members.count("failures");
  facts.ask_window_at = members.time("ask_window_at");
  if (const json* window = members.object("window")) read_window(*window, facts, members);
  if (const json* failure = members.object("last_failure")) read_failure(*failure, facts, members);
  if (members.wrong().empty()) return facts;
  return base::fail({.code = kFactsUnreadable,
                     .what = fmt::format("{} cannot be read", origin),
                     .why = fmt::format("\"{}\" is not what this program writes there", members.wrong()),
                     .fix = "remove the file: what it holds is found out again"});
}

}  // namespace gate::cert
