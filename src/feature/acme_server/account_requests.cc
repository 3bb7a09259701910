// The responder's part for accounts: RFC 8555 7.3.

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "base/text.h"
#include "cert/name_constraints.h"
#include "feature/acme_server/responder.h"

namespace gate::acme_server {
namespace {

constexpr std::size_t kContactsMax = 8;
constexpr std::string_view kMailto = "mailto:";

OrProblem<std::vector<std::string>> contacts_in(const nlohmann::json& payload) {
  std::vector<std::string> contacts;
  const auto list = payload.find("contact");
  if (list == payload.end()) return contacts;
  if (!list->is_array() || list->size() > kContactsMax) {
    return problem(ProblemType::kInvalidContact, fmt::format("\"contact\" is a list of at most {}", kContactsMax));
  }
  for (const auto& each : *list) {
    const std::string contact = each.is_string() ? each.get<std::string>() : std::string();
    if (!contact.starts_with(kMailto))
      return problem(ProblemType::kUnsupportedContact, "contacts are mailto: addresses");
    // RFC 8555 7.3: "mailto" URLs with several addresses or with header fields are refused.
    if (!cert::is_mail_address(contact.substr(kMailto.size()))) {
      return problem(ProblemType::kInvalidContact, "a contact is no mail address");
    }
    contacts.push_back(contact);
  }
  return contacts;
}

bool is_true(const nlohmann::json& payload, const char* name) { return payload.value(name, nlohmann::json()) == true; }

}  // namespace

Responder::Answered Responder::new_account(const Signed& request) {
  const auto payload = object_in(request.payload);
  if (!payload) return std::unexpected(payload.error());
  if (const Account* existing = accounts_.find_by_key(request.thumbprint)) {
    if (!existing->valid) return problem(ProblemType::kUnauthorized, "the account is deactivated");
    return account_reply(request.question, *existing, 200);
  }
  if (is_true(*payload, "onlyReturnExisting")) {
    return problem(ProblemType::kAccountDoesNotExist, "there is no account with this key");
  }
  auto external = external_account(request, *payload);
  if (!external) return std::unexpected(std::move(external).error());
  auto contacts = contacts_in(*payload);
  if (!contacts) return std::unexpected(std::move(contacts).error());
  const bool in_time = accounts_of_address_.take(request.question.client.to_string(), context_.clock.now());
  if (!in_time || accounts_.size() >= Accounts::kMax) {
    return problem(ProblemType::kRateLimited, "too many accounts were made; try later");
  }
  Account account{.id = random_name(context_.random),
                  .key = request.key,
                  .thumbprint = request.thumbprint,
                  .contacts = *std::move(contacts),
                  .external = *std::move(external)};
  Reply reply = account_reply(request.question, account, 201);
  return save(std::move(account), std::move(reply));
}

// RFC 8555 7.3.4. Returns the id whose secret the client has; empty where none is needed.
OrProblem<std::string> Responder::external_account(const Signed& request, const nlohmann::json& payload) const {
  const auto& known = request.question.statement->external_accounts;
  if (known.empty()) return std::string();
  const auto binding = payload.find("externalAccountBinding");
  if (binding == payload.end()) {
    return problem(ProblemType::kExternalAccountRequired,
                   "accounts are made with an id and a secret of the administrator's");
  }
  const auto message = jose::Jws::parse(binding->dump());
  if (!message) return problem(ProblemType::kMalformed, "externalAccountBinding: " + message.error().why);
  const auto found = std::ranges::find(known, message->header.key_id, &ExternalAccount::id);
  const auto key = jose::PublicKey::from_jwk(message->payload);
  const bool bound = found != known.end() && message->header.url == request.question.base + request.question.path &&
                     key && key->thumbprint() == request.thumbprint && message->verify(base::as_bytes(found->secret));
  if (!bound) return problem(ProblemType::kUnauthorized, "the id and the secret for new accounts are not right");
  return found->id;
}

Responder::Answered Responder::account(const Signed& request, std::string_view id) {
  if (request.account->id != id) return problem(ProblemType::kUnauthorized, "the account is another one's");
  if (request.payload.empty()) return account_reply(request.question, *request.account, 200);
  const auto payload = object_in(request.payload);
  if (!payload) return std::unexpected(payload.error());
  Account changed = *request.account;
  if (payload->contains("contact")) {
    auto contacts = contacts_in(*payload);
    if (!contacts) return std::unexpected(std::move(contacts).error());
    changed.contacts = *std::move(contacts);
  }
  if (payload->value("status", nlohmann::json()) == "deactivated") changed.valid = false;
  Reply reply = account_reply(request.question, changed, 200);
  return save(std::move(changed), std::move(reply));
}

Responder::Answered Responder::orders_of_account(const Signed& request, std::string_view id) {
  if (request.account->id != id) return problem(ProblemType::kUnauthorized, "the account is another one's");
  auto urls = nlohmann::json::array();
  for (const Order* order : orders_.of(id))
    urls.push_back(fmt::format("{}/order/{}", request.question.base, order->id));
  return json_reply(200, {{"orders", urls}});
}

// RFC 8555 7.3.5: the outer message is signed by the old key, the inner one by the new.
Responder::Answered Responder::change_key(const Signed& request) {
  const auto inner = jose::Jws::parse(request.payload);
  if (!inner || inner->header.url != request.question.base + request.question.path) {
    return problem(ProblemType::kMalformed, "the payload is no message for this resource");
  }
  const auto key = jose::PublicKey::from_jwk(inner->header.jwk);
  if (!key) return problem(ProblemType::kBadPublicKey, key.error().why);
  if (!inner->verify(*key)) return problem(ProblemType::kMalformed, "the inner message is not signed by the new key");
  const auto payload = object_in(inner->payload);
  if (!payload) return std::unexpected(payload.error());
  const auto old = jose::PublicKey::from_jwk(payload->value("oldKey", nlohmann::json()).dump());
  const std::string url = fmt::format("{}/account/{}", request.question.base, request.account->id);
  if (!old || old->thumbprint() != request.thumbprint || payload->value("account", nlohmann::json()) != url) {
    return problem(ProblemType::kMalformed, "the inner message names another account or another key");
  }
  if (const Account* other = accounts_.find_by_key(key->thumbprint())) {
    Reply reply = refusal({ProblemType::kMalformed, "an account has that key already", 409});
    reply.fields.emplace_back("location", fmt::format("{}/account/{}", request.question.base, other->id));
    return reply;
  }
  Account changed = *request.account;
  changed.key = inner->header.jwk;
  changed.thumbprint = key->thumbprint();
  Reply reply = account_reply(request.question, changed, 200);
  return save(std::move(changed), std::move(reply));
}

Responder::Answered Responder::save(Account account, Reply reply) {
  if (const auto saved = accounts_.save(std::move(account)); !saved) return std::unexpected(internal(saved.error()));
  return reply;
}

Reply Responder::account_reply(const Question& question, const Account& account, std::uint16_t status) const {
  const std::string url = fmt::format("{}/account/{}", question.base, account.id);
  Reply reply = json_reply(status, {{"status", account.valid ? "valid" : "deactivated"},
                                    {"contact", account.contacts},
                                    {"orders", url + "/orders"}});
  reply.fields.emplace_back("location", url);
  return reply;
}

}  // namespace gate::acme_server
