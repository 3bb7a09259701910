#include "acme/authority.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <utility>

#include "acme/codes.h"
#include "base/text.h"
#include "client/url.h"
#include "jose/jws.h"

namespace gate::acme {
namespace {

using nlohmann::json;

std::string host_of(const std::string& directory) {
  const auto url = client::Url::parse(directory);
  return url ? url->server.authority() : directory;
}

std::string text_of(const json& message) { return message.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace

Authority::Authority(client::Context& context, AuthoritySettings settings)
    : settings_(std::move(settings)),
      host_(host_of(settings_.directory)),
      channel_{.context = context, .roots = settings_.roots, .deadline = settings_.request_deadline},
      request_(channel_) {}

Authority::~Authority() = default;

void Authority::open(AuthorityWaiter& waiter) {
  waiters_.push_back(waiter);
  if (!held_) begin();
}

void Authority::begin() {
  if (!under_way_) loop().schedule(*this);
  under_way_ = true;
}

void Authority::release() {
  held_ = false;
  if (!waiters_.empty()) begin();
}

void Authority::on_turn_end() { proceed(); }

// Each step leads back here until nothing is missing.
void Authority::proceed() {
  if (!directory_read_ || loop().now() - *directory_read_ > kDirectoryLife) return fetch_directory();
  if (!account_) {
    auto account = open_account(settings_.folder);
    if (!account) return conclude(std::unexpected(our_failure(std::move(account).error())));
    account_ = *std::move(account);
  }
  if (account_->next_key) return find_key();
  if (account_->url.empty()) return register_account();
  if (account_->contacts != settings_.contacts) return update_contacts();
  conclude({});
}

void Authority::fetch_directory() {
  // One connection serves the whole order.
  if (auto kept = client::Fetch::keep_connections(channel_.context, settings_.directory, settings_.roots)) {
    connections_ = *std::move(kept);
  }
  request_.get({.url = settings_.directory, .what = "its directory"}, [this](Outcome<Answer> answer) {
    if (!answer) return conclude(std::unexpected(std::move(answer).error()));
    auto directory = Directory::parse(answer->body);
    if (!directory) return conclude(std::unexpected(unreachable(std::move(directory).error())));
    directory_ = *std::move(directory);
    directory_read_ = loop().now();
    channel_.new_nonce = directory_.new_nonce;
    channel_.nonces.clear();
    proceed();
  });
}

// A change of the key came to no end that was heard of: an authority that knows the next one has taken it.
void Authority::find_key() {
  // RFC 8555 7.3.1: "If a client wishes to find the URL for an existing account and does not want an account to be
  // created if one does not already exist, then it SHOULD do so by [...] onlyReturnExisting".
  request_.post({.url = directory_.new_account, .what = "the account's URL"}, text_of({{"onlyReturnExisting", true}}),
                {*account_->next_key}, [this](const Outcome<Answer>& answer) {
                  if (!answer && answer.error().problem != "accountDoesNotExist")
                    return conclude(std::unexpected(explained(answer.error())));
                  auto settled = answer ? take_next_key(settings_.folder) : drop_next_key(settings_.folder);
                  if (!settled) return conclude(std::unexpected(our_failure(std::move(settled).error())));
                  account_.reset();
                  proceed();
                });
}

base::Result<std::string> Authority::registration() const {
  json message{{"termsOfServiceAgreed", true}};
  if (!settings_.contacts.empty()) message["contact"] = settings_.contacts;
  if (!settings_.binding) return text_of(message);
  GATE_TRY_ASSIGN(const auto key, jose::PublicKey::of(account_->key));
  const auto& binding = *settings_.binding;
  // RFC 8555 7.3.4: signed with the key that was given out, over the key of the account.
  const std::string bound = jose::sign_by_secret(
      base::as_bytes(binding.key), {.url = directory_.new_account, .nonce = {}, .key_id = binding.key_id, .jwk = {}},
      key.to_jwk());
  message["externalAccountBinding"] = json::parse(bound, nullptr, false);
  return text_of(message);
}

// RFC 8555 7.3.1: an authority that knows the key answers with the account there is, so that a lost URL is found again.
void Authority::register_account() {
  if (directory_.binding_required && !settings_.binding) {
    const Problem problem{.type = "externalAccountRequired", .detail = "it takes customers only that it knows already"};
    return conclude(std::unexpected(failure_of(problem, 0, "an account", {})));
  }
  auto message = registration();
  if (!message) return conclude(std::unexpected(our_failure(std::move(message).error())));
  request_.post({.url = directory_.new_account, .what = "an account"}, *std::move(message), {account_->key},
                [this](Outcome<Answer> answer) {
                  if (!answer) return conclude(std::unexpected(explained(std::move(answer).error())));
                  account_->url = answer->location;
                  account_->contacts = settings_.contacts;
                  account_->directory = settings_.directory;
                  account_->since = loop().wall();
                  if (account_->url.empty()) {
                    return conclude(std::unexpected(
                        unreachable({.code = kBadAnswer,
                                     .side = base::Side::kUpstream,
                                     .what = fmt::format("{} does not say where the account is", host_)})));
                  }
                  auto saved = save_account_facts(settings_.folder, *account_);
                  if (!saved) return conclude(std::unexpected(our_failure(std::move(saved).error())));
                  proceed();
                });
}

void Authority::update_contacts() {
  request_.post({.url = account_->url, .what = "other contacts of the account"},
                text_of(json{{"contact", settings_.contacts}}), signer(), [this](Outcome<Answer> answer) {
                  if (!answer && answer.error().problem == "accountDoesNotExist") {
                    forget_account();
                    return proceed();
                  }
                  if (!answer) return conclude(std::unexpected(explained(std::move(answer).error())));
                  account_->contacts = settings_.contacts;
                  auto saved = save_account_facts(settings_.folder, *account_);
                  if (!saved) return conclude(std::unexpected(our_failure(std::move(saved).error())));
                  proceed();
                });
}

// RFC 8555 7.3.6 and 7.1.6: what an authority says to a deactivated or revoked account is "unauthorized".
Failure Authority::explained(Failure failure) const {
  if (failure.problem != "unauthorized") return failure;
  failure.error.code = kAccountUnusable;
  failure.error.what = fmt::format("{} refuses our account", host_);
  failure.error.fix = fmt::format("move {} away: a new account is made", settings_.folder);
  return failure;
}

void Authority::forget_account() {
  if (account_) account_->url.clear();
}

// A waiter may open it again from within.
void Authority::conclude(Outcome<> outcome) {
  under_way_ = false;
  base::IntrusiveList<AuthorityWaiter> told;
  told.take_all(waiters_);
  while (!told.empty() && !held_) told.pop_front().opened(outcome);
  waiters_.take_all(told);
}

}  // namespace gate::acme
