#include "feature/acme_server/responder.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <utility>

#include "base/text.h"
#include "base/timestamp.h"
#include "jose/codes.h"

namespace gate::acme_server {

namespace {

constexpr std::string_view kJose = "application/jose+json";

// RFC 9110 5.6.6: parameters may follow the type.
std::string_view without_parameters(std::string_view type) { return base::trimmed(type.substr(0, type.find(';'))); }

// "/order/abc" and "order" make "abc"; nothing where that is no such path.
std::optional<std::string_view> behind(std::string_view path, std::string_view kind) {
  if (!path.starts_with('/') || !path.substr(1).starts_with(kind)) return std::nullopt;
  path.remove_prefix(1 + kind.size());
  if (!path.starts_with('/') || path.size() == 1) return std::nullopt;
  return path.substr(1);
}

}  // namespace

Reply json_reply(std::uint16_t status, const nlohmann::json& body) {
  using Handler = nlohmann::json::error_handler_t;
  return {.status = status,
          .fields = {{"content-type", "application/json"}},
          .body = body.dump(-1, ' ', false, Handler::replace)};  // details may hold what a server elsewhere sent
}

std::unexpected<Problem> problem(ProblemType type, std::string detail) {
  return std::unexpected(Problem{type, std::move(detail)});
}

OrProblem<nlohmann::json> object_in(const std::string& payload) {
  auto json = nlohmann::json::parse(payload, nullptr, false);
  if (!json.is_object()) return problem(ProblemType::kMalformed, "the payload is no JSON object");
  return json;
}

Responder::Responder(ResponderContext context, Validator& validator)
    : context_(std::move(context)),
      validator_(validator),
      accounts_(cert::InternalCa::folder_in(context_.state_folder) + "/accounts"),
      nonces_(context_.random) {}

Reply Responder::answer(const Question& question) {
  orders_.expire(context_.clock.wall());
  Answered answered = route(question);
  Reply reply = answered ? *std::move(answered) : refusal(answered.error());
  add_common_fields(question, reply);
  return reply;
}

Responder::Answered Responder::route(const Question& question) {
  const bool get = question.method == "GET" || question.method == "HEAD";
  if (question.path == "/directory" && get) return directory(question);
  if (question.path == "/new-nonce" && get)
    return Reply{.status = question.method == "HEAD" ? std::uint16_t{200} : std::uint16_t{204}};
  if (const auto id = behind(question.path, "renewal-info"); id && get) return renewal_info(*id);
  if (question.method != "POST") {
    return std::unexpected(Problem{ProblemType::kMalformed, "this resource is asked for by POST", 405});
  }
  // RFC 8555 6.2: "If a request does not meet this requirement, then the server MUST return a response with status code
  // 415".
  if (!base::equals_ignoring_case(without_parameters(question.content_type), kJose)) {
    return std::unexpected(Problem{ProblemType::kMalformed, fmt::format("the content type is not {}", kJose), 415});
  }
  return route_signed(question);
}

Responder::Answered Responder::route_signed(const Question& question) {
  if (const auto ca = authority(); !ca) return std::unexpected(ca.error());
  const bool by_key = question.path == "/new-account";
  const bool by_either = question.path == "/revoke-cert";
  auto request = check(question, by_key ? Signer::kKey : by_either ? Signer::kEither : Signer::kAccount);
  if (!request) return std::unexpected(std::move(request).error());
  if (by_key) return new_account(*request);
  if (by_either) return revoke(*request);
  if (question.path == "/new-order") return new_order(*request);
  if (question.path == "/key-change") return change_key(*request);
  return route_resource(*request);
}

Responder::Answered Responder::route_resource(const Signed& request) {
  const std::string_view path = request.question.path;
  if (auto rest = behind(path, "account")) {
    const std::string_view id = base::split_off(*rest, '/');
    if (rest->empty()) return account(request, id);
    if (*rest == "orders") return orders_of_account(request, id);
  }
  if (auto rest = behind(path, "order")) {
    const std::string_view id = base::split_off(*rest, '/');
    if (rest->empty()) return order(request, id);
    if (*rest == "finalize") return finalize(request, id);
  }
  if (const auto id = behind(path, "authorization")) return authorization(request, *id);
  if (auto rest = behind(path, "challenge")) {
    const std::string_view id = base::split_off(*rest, '/');
    return challenge(request, id, *rest);
  }
  if (const auto id = behind(path, "certificate")) return certificate(request, *id);
  return std::unexpected(Problem{ProblemType::kMalformed, "there is no such resource", 404});
}

// RFC 8555 6.2 to 6.5, up to the signature.
OrProblem<jose::Jws> Responder::check_message(const Question& question) {
  auto message = jose::Jws::parse(question.body);
  // RFC 8555 6.2: "If the client sends a JWS signed with an algorithm that the server does not support, then the server
  // MUST return an error with status code 400 (Bad Request) and type [...] badSignatureAlgorithm".
  if (!message && message.error().code == jose::kUnsupportedAlgorithm)
    return problem(ProblemType::kBadSignatureAlgorithm, "requests are signed with ES256 or RS256");
  if (!message) return problem(ProblemType::kMalformed, message.error().why);
  // RFC 8555 6.5.2: the nonce is looked at before anything that could be repeated.
  if (!nonces_.redeem(message->header.nonce))
    return problem(ProblemType::kBadNonce, "the nonce is not one of ours, or was used");
  if (message->header.url != question.base + question.path) {
    return problem(ProblemType::kUnauthorized, fmt::format("the request is signed for {}, and was sent to {}{}",
                                                           message->header.url, question.base, question.path));
  }
  if (message->algorithm == jose::Algorithm::kHs256) {
    return problem(ProblemType::kBadSignatureAlgorithm, "requests are signed with ES256 or RS256");
  }
  if (message->header.jwk.empty() == message->header.key_id.empty()) {
    return problem(ProblemType::kMalformed, "a request has either \"jwk\" or \"kid\"");
  }
  return *std::move(message);
}

OrProblem<Responder::Signed> Responder::check(const Question& question, Signer signer) {
  auto message = check_message(question);
  if (!message) return std::unexpected(std::move(message).error());
  const bool by_account = !message->header.key_id.empty();
  if ((signer == Signer::kAccount && !by_account) || (signer == Signer::kKey && by_account)) {
    return problem(ProblemType::kMalformed,
                   by_account ? "this request is signed with \"jwk\"" : "this request is signed with \"kid\"");
  }
  Signed request{.question = question, .payload = message->payload, .key = message->header.jwk, .thumbprint = {}};
  if (by_account) {
    const std::string_view url = message->header.key_id;
    const std::string prefix = question.base + "/account/";
    request.account = url.starts_with(prefix) ? accounts_.find(url.substr(prefix.size())) : nullptr;
    if (request.account == nullptr) {
      return problem(ProblemType::kAccountDoesNotExist, "there is no such account");
    }
    request.key = request.account->key;
  }
  const auto key = jose::PublicKey::from_jwk(request.key);
  if (!key) return problem(ProblemType::kBadPublicKey, key.error().why);
  if (!message->verify(*key)) return problem(ProblemType::kMalformed, "the signature is not by that key");
  request.thumbprint = key->thumbprint();
  if (request.account != nullptr && !request.account->valid) {
    return problem(ProblemType::kUnauthorized, "the account is deactivated");
  }
  return request;
}

Reply Responder::directory(const Question& question) const {
  const auto url = [&](std::string_view path) { return question.base + std::string(path); };
  return json_reply(200, {{"newNonce", url("/new-nonce")},
                          {"newAccount", url("/new-account")},
                          {"newOrder", url("/new-order")},
                          {"revokeCert", url("/revoke-cert")},
                          {"keyChange", url("/key-change")},
                          {"renewalInfo", url("/renewal-info")},
                          {"meta", {{"externalAccountRequired", !question.statement->external_accounts.empty()}}}});
}

Reply Responder::refusal(const Problem& problem) const {
  nlohmann::json body{{"type", fmt::format("urn:ietf:params:acme:error:{}", to_string(problem.type))},
                      {"detail", problem.detail},
                      {"status", status_of(problem)}};
  if (problem.type == ProblemType::kBadSignatureAlgorithm) body["algorithms"] = {"ES256", "RS256"};
  Reply reply = json_reply(status_of(problem), body);
  reply.fields.front().second = "application/problem+json";
  if (status_of(problem) == 405) reply.fields.emplace_back("allow", "POST");
  if (problem.type == ProblemType::kRateLimited) reply.fields.emplace_back("retry-after", "3600");
  return reply;
}

void Responder::add_common_fields(const Question& question, Reply& reply) {
  // RFC 8555 6.5: "The server MUST include a Replay-Nonce header field in every successful response to a POST request
  // and SHOULD provide it in error responses as well."
  if (question.method == "POST" || question.path == "/new-nonce") {
    reply.fields.emplace_back("replay-nonce", nonces_.issue());
    reply.fields.emplace_back("cache-control", "no-store");
  }
  if (question.path != "/directory") {
    reply.fields.emplace_back("link", fmt::format("<{}/directory>;rel=\"index\"", question.base));
  }
}

OrProblem<cert::InternalCa*> Responder::authority() {
  if (!authority_) {
    auto opened = cert::InternalCa::open(context_.state_folder, context_.clock.wall());
    if (!opened) return std::unexpected(internal(opened.error()));
    authority_.emplace(*std::move(opened));
    if (const auto loaded = accounts_.load(); !loaded) context_.tell(loaded.error());
  }
  if (const auto refreshed = authority_->refresh(); !refreshed) return std::unexpected(internal(refreshed.error()));
  return &*authority_;
}

Problem Responder::internal(const base::Error& error) const {
  context_.tell(error);
  return internal_problem();
}

}  // namespace gate::acme_server
