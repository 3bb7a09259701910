// The responder's part for orders: RFC 8555 7.4 and 7.5.

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "base/timestamp.h"
#include "cert/signing_request.h"
#include "feature/acme_server/responder.h"
#include "jose/base64url.h"

namespace gate::acme_server {
namespace {

constexpr std::size_t kNamesMax = 100;

std::string string_in(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

nlohmann::json identifier(const std::string& name) {
  return {{"type", base::IpAddress::parse(name) ? "ip" : "dns"}, {"value", name}};
}

nlohmann::json problem_json(const Problem& problem) {
  return {{"type", fmt::format("urn:ietf:params:acme:error:{}", to_string(problem.type))},
          {"detail", problem.detail},
          {"status", status_of(problem)}};
}

nlohmann::json challenge_json(const std::string& base, const Authorization& authorization, const Challenge& challenge) {
  nlohmann::json json{{"type", to_string(challenge.type)},
                      {"url", fmt::format("{}/challenge/{}/{}", base, authorization.id, to_string(challenge.type))},
                      {"status", to_string(challenge.status)},
                      {"token", challenge.token}};
  if (challenge.validated) json["validated"] = base::to_timestamp(*challenge.validated);
  if (challenge.error) json["error"] = problem_json(*challenge.error);
  return json;
}

nlohmann::json authorization_json(const std::string& base, const Authorization& authorization, base::WallTime expires) {
  auto challenges = nlohmann::json::array();
  for (const auto& each : authorization.challenges) {
    // RFC 8555 7.1.4: of one that is over, those that decided it.
    const bool decided = each.status == Status::kValid || each.status == Status::kInvalid;
    if (authorization.status == Status::kPending || decided)
      challenges.push_back(challenge_json(base, authorization, each));
  }
  nlohmann::json json{{"identifier", identifier(authorization.name)},
                      {"status", to_string(authorization.status)},
                      {"expires", base::to_timestamp(expires)},
                      {"challenges", challenges}};
  if (authorization.wildcard) json["wildcard"] = true;
  return json;
}

// As the certificate will have it; nothing for what is no name of that type.
std::optional<std::string> name_of(const nlohmann::json& identifier) {
  const std::string type = string_in(identifier, "type");
  const std::string value = string_in(identifier, "value");
  const auto address = base::IpAddress::parse(value);
  // RFC 8738 3: an address without brackets.
  if (type == "ip" && address && !value.starts_with('[')) return address->to_string();
  if (type == "dns" && !address && cert::is_name_or_address(value)) return base::lowered(value);
  return std::nullopt;
}

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::ranges::sort(names);
  const auto rest = std::ranges::unique(names);
  names.erase(rest.begin(), rest.end());
  return names;
}

// RFC 8555 7.4: "The CSR MUST indicate the exact same set of requested identifiers as the initial newOrder request."
std::optional<std::string> fault_of(const cert::SigningRequest& csr, const Order& order,
                                    const std::string& account_key) {
  if (sorted(csr.names) != sorted(order.names)) return "the names of the request are not those of the order";
  const bool named =
      csr.common_name.empty() || std::ranges::find(order.names, base::lowered(csr.common_name)) != order.names.end();
  if (!named) return "the common name of the request is none of the order's names";
  if (!csr.mail_addresses.empty() || csr.asks_for_more) return "the request asks for more than names";
  // RFC 8555 11.1: the account's key must not be the certificate's.
  if (csr.public_key_info == account_key) return "the request is for the key of the account";
  return std::nullopt;
}

}  // namespace

Responder::Answered Responder::new_order(const Signed& request) {
  const auto payload = object_in(request.payload);
  if (!payload) return std::unexpected(payload.error());
  if (payload->contains("notBefore") || payload->contains("notAfter")) {
    return problem(ProblemType::kMalformed, "how long certificates are valid is not for clients to say");
  }
  auto names = names_in(request, *payload);
  if (!names) return std::unexpected(std::move(names).error());
  auto replaces = replaced(request, *payload);
  if (!replaces) return std::unexpected(std::move(replaces).error());
  const bool in_time = orders_of_account_.take(request.account->id, context_.clock.now());
  if (!in_time || !orders_.has_room(request.account->id)) {
    return problem(ProblemType::kRateLimited, "too many orders; try later");
  }
  const Order& order = orders_.add({.id = {},
                                    .account = request.account->id,
                                    .statement = request.question.statement,
                                    .names = *std::move(names),
                                    .authorizations = {},
                                    .expires = context_.clock.wall() + Orders::kLifetime,
                                    .replaces = *std::move(replaces),
                                    .replaces_id = string_in(*payload, "replaces"),
                                    .certificate = {}},
                                   context_.random);
  return order_reply(request.question, order, 201);
}

OrProblem<std::vector<std::string>> Responder::names_in(const Signed& request, const nlohmann::json& payload) {
  const auto list = payload.find("identifiers");
  if (list == payload.end() || !list->is_array() || list->empty() || list->size() > kNamesMax) {
    return problem(ProblemType::kMalformed, fmt::format("\"identifiers\" is a list of 1 to {}", kNamesMax));
  }
  std::vector<std::string> names;
  for (const auto& each : *list) {
    const std::string type = each.is_object() ? string_in(each, "type") : std::string();
    if (type != "dns" && type != "ip")
      return problem(ProblemType::kUnsupportedIdentifier, "names are of type dns or ip");
    auto name = name_of(each);
    if (!name) return problem(ProblemType::kMalformed, "an identifier is no name of its type");
    names.push_back(*std::move(name));
  }
  names = sorted(std::move(names));
  const auto ca = authority();
  if (!ca) return std::unexpected(ca.error());
  const AcmeServerSettings& settings = *request.question.statement;
  for (const std::string& name : names) {
    const bool permitted =
        (!settings.limits_names() || settings.names.permits(name)) && (*ca)->check({.names = {name}}).has_value();
    if (!permitted) {
      return problem(ProblemType::kRejectedIdentifier, fmt::format("this server gives no certificates for {}", name));
    }
  }
  return names;
}

Responder::Answered Responder::order(const Signed& request, std::string_view id) {
  const Order* order = own_order(request, id);
  if (order == nullptr) return std::unexpected(Problem{ProblemType::kMalformed, "there is no such order", 404});
  return order_reply(request.question, *order, 200);
}

Responder::Answered Responder::authorization(const Signed& request, std::string_view id) {
  Authorization* found = orders_.find_authorization(id);
  const Order* order = found == nullptr ? nullptr : own_order(request, found->order);
  if (order == nullptr) return std::unexpected(Problem{ProblemType::kMalformed, "there is no such authorization", 404});
  if (!request.payload.empty()) {
    const auto payload = object_in(request.payload);
    if (!payload) return std::unexpected(payload.error());
    // RFC 8555 7.5.2
    if (payload->value("status", nlohmann::json()) != "deactivated") {
      return problem(ProblemType::kMalformed, "an authorization can only be deactivated");
    }
    found->status = Status::kDeactivated;
    orders_.settle(*found);
  }
  return json_reply(200, authorization_json(request.question.base, *found, order->expires));
}

// RFC 8555 7.5.1: with the payload {} the client says that it is ready.
Responder::Answered Responder::challenge(const Signed& request, std::string_view id, std::string_view type) {
  Authorization* found = orders_.find_authorization(id);
  const Order* order = found == nullptr ? nullptr : own_order(request, found->order);
  Challenge* challenge = order == nullptr ? nullptr : found->challenge(type);
  if (challenge == nullptr) return std::unexpected(Problem{ProblemType::kMalformed, "there is no such challenge", 404});
  const bool wanted =
      !request.payload.empty() && found->status == Status::kPending && challenge->status == Status::kPending;
  if (wanted) {
    challenge->status = Status::kProcessing;
    validator_.validate({.statement = order->statement,
                         .type = challenge->type,
                         .name = found->name,
                         .token = challenge->token,
                         .key_authorization = challenge->token + "." + request.thumbprint},
                        [this, id = found->id, which = challenge->type](const std::optional<Problem>& problem) {
                          validated(id, which, problem);
                        });
  }
  Reply reply = json_reply(200, challenge_json(request.question.base, *found, *challenge));
  reply.fields.emplace_back("link", fmt::format("<{}/authorization/{}>;rel=\"up\"", request.question.base, found->id));
  if (challenge->status == Status::kProcessing) reply.fields.emplace_back("retry-after", "1");
  return reply;
}

void Responder::validated(const std::string& id, ChallengeType type, const std::optional<Problem>& problem) {
  Authorization* found = orders_.find_authorization(id);
  Challenge* challenge = found == nullptr ? nullptr : found->challenge(to_string(type));
  if (challenge == nullptr || challenge->status != Status::kProcessing) return;  // it has expired meanwhile
  challenge->status = problem ? Status::kInvalid : Status::kValid;
  challenge->error = problem;
  if (!problem) challenge->validated = context_.clock.wall();
  orders_.settle(*found);
}

Responder::Answered Responder::finalize(const Signed& request, std::string_view id) {
  Order* order = own_order(request, id);
  if (order == nullptr) return std::unexpected(Problem{ProblemType::kMalformed, "there is no such order", 404});
  if (order->status != Status::kReady) {
    return problem(ProblemType::kOrderNotReady, fmt::format("the order is {}", to_string(order->status)));
  }
  const auto payload = object_in(request.payload);
  if (!payload) return std::unexpected(payload.error());
  const auto der = jose::from_base64url(string_in(*payload, "csr"));
  if (!der) return problem(ProblemType::kBadCsr, "\"csr\" is no Base64url");
  const auto csr = cert::SigningRequest::from_der(*der, "the order");
  if (!csr) return problem(ProblemType::kBadCsr, csr.error().why);
  const auto account_key = jose::PublicKey::from_jwk(request.key);
  const auto fault = fault_of(*csr, *order, account_key ? account_key->info() : std::string());
  if (fault) return problem(ProblemType::kBadCsr, *fault);
  const auto ca = authority();
  if (!ca) return std::unexpected(ca.error());
  const auto issued = (*ca)->issue({.names = order->names,
                                    .public_key_info = csr->public_key_info,
                                    .lifetime = order->statement->lifetime,
                                    .origin = "acme:" + request.account->id},
                                   context_.clock.wall());
  if (!issued) return std::unexpected(internal(issued.error()));
  // The root is sent too: it is the issuer itself, and clients such as certbot take a chain of one for a mistake.
  order->certificate = issued->to_pem() + (*ca)->root().to_pem();
  order->status = Status::kValid;
  if (!order->replaces.empty()) replaced_.insert(order->replaces);
  return order_reply(request.question, *order, 200);
}

Responder::Answered Responder::certificate(const Signed& request, std::string_view id) {
  const Order* order = own_order(request, id);
  if (order == nullptr || order->certificate.empty()) {
    return std::unexpected(Problem{ProblemType::kMalformed, "there is no such certificate", 404});
  }
  return Reply{
      .status = 200, .fields = {{"content-type", "application/pem-certificate-chain"}}, .body = order->certificate};
}

Order* Responder::own_order(const Signed& request, std::string_view id) {
  Order* order = orders_.find(id);
  return order != nullptr && order->account == request.account->id ? order : nullptr;
}

Reply Responder::order_reply(const Question& question, const Order& order, std::uint16_t status) const {
  const std::string url = fmt::format("{}/order/{}", question.base, order.id);
  auto identifiers = nlohmann::json::array();
  for (const auto& name : order.names) identifiers.push_back(identifier(name));
  auto authorizations = nlohmann::json::array();
  for (const auto& each : order.authorizations) {
    authorizations.push_back(fmt::format("{}/authorization/{}", question.base, each));
  }
  nlohmann::json json{{"status", to_string(order.status)},
                      {"expires", base::to_timestamp(order.expires)},
                      {"identifiers", identifiers},
                      {"authorizations", authorizations},
                      {"finalize", url + "/finalize"}};
  if (order.status == Status::kValid) json["certificate"] = fmt::format("{}/certificate/{}", question.base, order.id);
  if (order.error) json["error"] = problem_json(*order.error);
  if (!order.replaces.empty()) json["replaces"] = order.replaces_id;
  Reply reply = json_reply(status, json);
  reply.fields.emplace_back("location", url);
  return reply;
}

}  // namespace gate::acme_server
