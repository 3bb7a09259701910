#include "acme/messages.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "acme/codes.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "http/date.h"

namespace gate::acme {
namespace {

using nlohmann::json;

constexpr std::size_t kTextBytesMax = 8 * 1024;
constexpr std::string_view kErrorPrefix = "urn:ietf:params:acme:error:";

std::unexpected<base::Error> bad(std::string why) {
  return base::fail({.code = kBadAnswer,
                     .side = base::Side::kUpstream,
                     .retry = base::Retry::kLater,
                     .what = "the certificate authority's answer makes no sense",
                     .why = std::move(why)});
}

base::Result<json> read_object(std::string_view text) {
  if (text.size() > kMessageBytesMax) return bad("it is too long");
  json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return bad("it is no JSON object");
  return object;
}

// Texts that come from outside and are shown: what is no visible character is left out.
std::string shown(std::string text) {
  std::erase_if(text, [](unsigned char c) { return c < ' ' || c == 0x7f; });
  return text;
}

// Empty where there is none, or it is none.
std::string text_of(const json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_string()) return {};
  const auto& text = member->get_ref<const std::string&>();
  return text.size() <= kTextBytesMax ? shown(text) : std::string();
}

base::Result<std::string> needed_text(const json& object, const char* name) {
  std::string text = text_of(object, name);
  if (text.empty()) return bad(fmt::format("it has no \"{}\"", name));
  return text;
}

std::vector<std::string> texts_of(const json& object, const char* name) {
  std::vector<std::string> texts;
  const auto list = object.find(name);
  if (list == object.end() || !list->is_array()) return texts;
  for (const auto& each : *list) {
    if (each.is_string() && texts.size() < kListMax) texts.push_back(shown(each.get<std::string>()));
  }
  return texts;
}

constexpr std::array<std::pair<std::string_view, Status>, 8> kStatuses{{{"pending", Status::kPending},
                                                                        {"ready", Status::kReady},
                                                                        {"processing", Status::kProcessing},
                                                                        {"valid", Status::kValid},
                                                                        {"invalid", Status::kInvalid},
                                                                        {"deactivated", Status::kDeactivated},
                                                                        {"expired", Status::kExpired},
                                                                        {"revoked", Status::kRevoked}}};

base::Result<Status> status_of(const json& object) {
  GATE_TRY_ASSIGN(const std::string text, needed_text(object, "status"));
  const auto found = std::ranges::find(kStatuses, text, &std::pair<std::string_view, Status>::first);
  if (found == kStatuses.end()) return bad(fmt::format("its status is \"{}\"", text.substr(0, 40)));
  return found->second;
}

std::string problem_type(const json& object) {
  std::string type = text_of(object, "type");
  return type.starts_with(kErrorPrefix) ? type.substr(kErrorPrefix.size()) : type;
}

Problem problem_of(const json& object) {
  Problem problem{.type = problem_type(object), .detail = text_of(object, "detail")};
  const auto parts = object.find("subproblems");
  if (parts == object.end() || !parts->is_array()) return problem;
  for (const auto& each : *parts) {
    if (!each.is_object() || problem.parts.size() == kListMax) continue;
    const auto identifier = each.find("identifier");
    const bool named = identifier != each.end() && identifier->is_object();
    problem.parts.push_back({.name = named ? text_of(*identifier, "value") : std::string(),
                             .type = problem_type(each),
                             .detail = text_of(each, "detail")});
  }
  return problem;
}

std::optional<Problem> error_of(const json& object) {
  const auto error = object.find("error");
  if (error == object.end() || !error->is_object()) return std::nullopt;
  return problem_of(*error);
}

base::Result<OfferedChallenge> challenge_of(const json& object) {
  if (!object.is_object()) return bad("a challenge is no object");
  OfferedChallenge challenge;
  GATE_TRY_ASSIGN(challenge.type, needed_text(object, "type"));
  GATE_TRY_ASSIGN(challenge.url, needed_text(object, "url"));
  GATE_TRY_ASSIGN(challenge.status, status_of(object));
  if (const auto token = object.find("token"); token != object.end() && token->is_string()) challenge.token = *token;
  // RFC 8555 8: "It MUST NOT contain any characters outside the base64url alphabet": it becomes a part of paths.
  const auto fits = [](char c) { return base::is_alpha(c) || base::is_digit(c) || c == '-' || c == '_'; };
  constexpr std::size_t kTokenBytesMax = 512;
  if (challenge.token.size() > kTokenBytesMax || !std::ranges::all_of(challenge.token, fits))
    return bad("a challenge's token is no Base64url");
  challenge.error = error_of(object);
  challenge.issuers = texts_of(object, "issuer-domain-names");
  return challenge;
}

}  // namespace

std::string_view to_string(Status status) {
  return std::ranges::find(kStatuses, status, &std::pair<std::string_view, Status>::second)->first;
}

base::Result<Problem> Problem::parse(std::string_view text) {
  GATE_TRY_ASSIGN(const json object, read_object(text));
  return problem_of(object);
}

std::string Problem::to_string() const {
  std::string text = type.empty() ? detail : fmt::format("{}: {}", type, detail);
  for (const auto& part : parts) text += fmt::format("; {}: {}: {}", part.name, part.type, part.detail);
  return text;
}

base::Result<Directory> Directory::parse(std::string_view text) {
  GATE_TRY_ASSIGN(const json object, read_object(text));
  Directory directory;
  GATE_TRY_ASSIGN(directory.new_nonce, needed_text(object, "newNonce"));
  GATE_TRY_ASSIGN(directory.new_account, needed_text(object, "newAccount"));
  GATE_TRY_ASSIGN(directory.new_order, needed_text(object, "newOrder"));
  directory.revoke_certificate = text_of(object, "revokeCert");
  directory.key_change = text_of(object, "keyChange");
  directory.renewal_info = text_of(object, "renewalInfo");
  const auto meta = object.find("meta");
  if (meta == object.end() || !meta->is_object()) return directory;
  directory.terms_of_service = text_of(*meta, "termsOfService");
  directory.caa_identities = texts_of(*meta, "caaIdentities");
  const auto binding = meta->find("externalAccountRequired");
  directory.binding_required = binding != meta->end() && binding->is_boolean() && binding->get<bool>();
  const auto profiles = meta->find("profiles");
  if (profiles == meta->end() || !profiles->is_object()) return directory;
  for (const auto& [name, about] : profiles->items()) {
    if (about.is_string() && directory.profiles.size() < kListMax) {
      directory.profiles.emplace(shown(name), shown(about.get<std::string>()));
    }
  }
  return directory;
}

base::Result<AccountState> AccountState::parse(std::string_view text) {
  GATE_TRY_ASSIGN(const json object, read_object(text));
  GATE_TRY_ASSIGN(const Status status, status_of(object));
  return AccountState{status};
}

base::Result<Order> Order::parse(std::string_view text) {
  GATE_TRY_ASSIGN(const json object, read_object(text));
  Order order;
  GATE_TRY_ASSIGN(order.status, status_of(object));
  GATE_TRY_ASSIGN(order.finalize, needed_text(object, "finalize"));
  order.authorizations = texts_of(object, "authorizations");
  if (order.authorizations.empty()) return bad("the order has no authorizations");
  order.certificate = text_of(object, "certificate");
  order.error = error_of(object);
  return order;
}

base::Result<Authorization> Authorization::parse(std::string_view text) {
  GATE_TRY_ASSIGN(const json object, read_object(text));
  Authorization authorization;
  GATE_TRY_ASSIGN(authorization.status, status_of(object));
  const auto identifier = object.find("identifier");
  if (identifier == object.end() || !identifier->is_object()) return bad("the authorization is for no name");
  GATE_TRY_ASSIGN(authorization.name, needed_text(*identifier, "value"));
  const auto wildcard = object.find("wildcard");
  authorization.wildcard = wildcard != object.end() && wildcard->is_boolean() && wildcard->get<bool>();
  const auto challenges = object.find("challenges");
  if (challenges == object.end() || !challenges->is_array()) return bad("the authorization has no challenges");
  for (const auto& each : *challenges) {
    if (authorization.challenges.size() == kListMax) break;
    GATE_TRY_ASSIGN(auto challenge, challenge_of(each));
    authorization.challenges.push_back(std::move(challenge));
  }
  return authorization;
}

base::Result<RenewalInfo> RenewalInfo::parse(std::string_view text) {
  GATE_TRY_ASSIGN(const json object, read_object(text));
  const auto window = object.find("suggestedWindow");
  if (window == object.end() || !window->is_object()) return bad("it suggests no window");
  const auto start = base::parse_timestamp(text_of(*window, "start"));
  const auto end = base::parse_timestamp(text_of(*window, "end"));
  // RFC 9773 4.2: "a server MUST NOT serve [...] with an end timestamp equal to or earlier than the start".
  if (!start || !end || *end <= *start) return bad("the window that it suggests has no beginning and end");
  return RenewalInfo{.start = *start, .end = *end, .explanation_url = text_of(object, "explanationURL")};
}

std::optional<base::WallTime> parse_retry_after(std::string_view text, base::WallTime now) {
  constexpr std::chrono::days kFarthest{7};
  text = base::trimmed(text);
  if (const auto seconds = base::parse_number<std::uint32_t>(text)) {
    return now + std::min<std::chrono::seconds>(std::chrono::seconds(*seconds), kFarthest);
  }
  const auto date = http::parse_http_date(text, std::chrono::floor<std::chrono::seconds>(now));
  if (!date) return std::nullopt;
  return std::clamp<base::WallTime>(*date, now, now + kFarthest);
}

}  // namespace gate::acme
