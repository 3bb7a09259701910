#include "app/issuance_commands.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/authority_errands.h"
#include "app/codes.h"
#include "app/issuance.h"
#include "cert/revocation_list.h"

namespace gate::app {
namespace {

using nlohmann::json;

base::Error ends() {
  return {.code = kServerEnds,
          .side = base::Side::kSystem,
          .what = "the server ends before this is done",
          .fix = "try again when it runs"};
}

// A command that is answered when what it waits for has ended: "text" tells the outcome.
class WaitingCall final : public IssuanceWaiter {
 public:
  explicit WaitingCall(std::unique_ptr<AdminCall> call, json answer = json::object())
      : call_(std::move(call)), answer_(std::move(answer)) {}
  ~WaitingCall() override {
    if (!has_ended_) call_->fail(ends());
  }
  WaitingCall(const WaitingCall&) = delete;
  WaitingCall& operator=(const WaitingCall&) = delete;

  void progress(std::string_view text) override { call_->progress(text); }
  void ended(const base::Result<std::string>& outcome) override {
    has_ended_ = true;
    if (!outcome) return call_->fail(outcome.error());
    answer_["text"] = *outcome;
    call_->answer(answer_);
  }

 private:
  std::unique_ptr<AdminCall> call_;
  json answer_;
  bool has_ended_ = false;
};

std::string text_member(const AdminCall& call, const char* name) {
  const auto found = call.request().find(name);
  return found != call.request().end() && found->is_string() ? found->get<std::string>() : std::string();
}

// {"site": "www.example.com"}: answered when it was issued, or with the reason why not.
void renew(Control& control, std::unique_ptr<AdminCall> call) {
  const std::string name = text_member(*call, "site");
  Issuance* issuance = control.issuance();
  if (issuance == nullptr) return call->fail(ends());
  issuance->order_now(name, std::make_unique<WaitingCall>(std::move(call)));
}

// What a site of this name, or a name on demand, is served with; null: nothing.
const cert::Credential* credential_of(const Application& application, const std::string& site) {
  if (const auto* known = application.on_demand_names().find(site)) return &known->credential;
  const auto& sites = application.settings().sites;
  const auto found = std::ranges::find(sites, site, &SiteSettings::name);
  if (found == sites.end()) return nullptr;
  const auto& credentials = application.credentials()[static_cast<std::size_t>(found - sites.begin())].credentials;
  return credentials.empty() ? nullptr : &credentials.front();
}

// {"site": "www.example.com", "serial": "4cd6…", "reason": "superseded", "replace": true}: of that site the certificate
// with that number, so that none is revoked that has come meanwhile.
void revoke(Control& control, std::unique_ptr<AdminCall> call) {
  AuthorityErrands* errands = control.errands();
  if (errands == nullptr) return call->fail(ends());
  const std::string site = text_member(*call, "site");
  const auto replace = call->request().find("replace");
  const AuthorityErrands::RevocationWish wish{
      .site = site,
      .reason =
          cert::parse_revocation_reason(text_member(*call, "reason")).value_or(cert::RevocationReason::kUnspecified),
      .wants_another = replace == call->request().end() || !replace->is_boolean() || replace->get<bool>()};
  const cert::Credential* credential = credential_of(control.application(), site);
  const std::string serial = text_member(*call, "serial");
  if (credential == nullptr || credential->leaf().serial() != serial) {
    return call->fail({.code = kOtherServed,
                       .side = base::Side::kConfiguration,
                       .what = fmt::format("{} does not serve with the certificate {}", site, serial),
                       .why = "another one has taken its place",
                       .fix = "gate443 cert show tells which one serves"});
  }
  json answer{
      {"site", site}, {"serial", serial}, {"reason", cert::to_string(wish.reason)}, {"replaced", wish.wants_another}};
  errands->revoke(wish, *credential, std::make_unique<WaitingCall>(std::move(call), std::move(answer)));
}

// {"authority": "acme.example"}, or nothing where there is only one.
void change_account_key(Control& control, std::unique_ptr<AdminCall> call) {
  AuthorityErrands* errands = control.errands();
  if (errands == nullptr) return call->fail(ends());
  const std::string authority = text_member(*call, "authority");
  errands->change_key(authority, std::make_unique<WaitingCall>(std::move(call)));
}

// {"site": "www.example.com"}
void persist_records(Control& control, std::unique_ptr<AdminCall> call) {
  AuthorityErrands* errands = control.errands();
  if (errands == nullptr) return call->fail(ends());
  const std::string site = text_member(*call, "site");
  const auto shared = std::make_shared<std::unique_ptr<AdminCall>>(std::move(call));
  errands->find_persist_records(site, [shared](const base::Result<std::vector<PersistRecordState>>& states) {
    if (!states) return (*shared)->fail(states.error());
    auto list = json::array();
    for (const auto& each : *states) {
      list.push_back({{"name", each.name}, {"record", each.line}, {"seen", each.seen.has_value()}});
      if (!each.seen) list.back()["problem"] = each.seen.error().what;
      if (!each.seen) list.back()["why"] = each.seen.error().why;
    }
    (*shared)->answer(list);
  });
}

}  // namespace

void add_issuance_commands(AdminServer& server, Control& control) {
  const auto add = [&](const char* name, void (*run)(Control&, std::unique_ptr<AdminCall>)) {
    server.add_command(name, [&control, run](std::unique_ptr<AdminCall> call) {
      control.post([&control, run, call = std::move(call)]() mutable { run(control, std::move(call)); });
    });
  };
  add("renew", renew);
  add("revoke", revoke);
  add("account_key_change", change_account_key);
  add("persist_records", persist_records);
}

}  // namespace gate::app
