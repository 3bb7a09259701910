#include "feature/acme_server/accounts.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <optional>
#include <system_error>

#include "feature/acme_server/codes.h"
#include "jose/public_key.h"
#include "os/file.h"

namespace gate::acme_server {
namespace {

constexpr std::size_t kFileBytesMax = 64 * 1024;

std::optional<Account> account_in(const std::string& text, std::string id) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.value("key", nlohmann::json()).is_string()) return std::nullopt;
  Account account{
      .id = std::move(id), .key = json["key"].get<std::string>(), .thumbprint = {}, .contacts = {}, .external = {}};
  const auto key = jose::PublicKey::from_jwk(account.key);
  if (!key) return std::nullopt;
  account.thumbprint = key->thumbprint();
  for (const auto& contact : json.value("contact", nlohmann::json::array())) {
    if (contact.is_string()) account.contacts.push_back(contact.get<std::string>());
  }
  const auto external = json.value("external", nlohmann::json());
  if (external.is_string()) account.external = external.get<std::string>();
  account.valid = json.value("valid", nlohmann::json()) == true;
  return account;
}

std::string text_of(const Account& account) {
  return nlohmann::json{
      {"key", account.key}, {"contact", account.contacts}, {"external", account.external}, {"valid", account.valid}}
      .dump();
}

}  // namespace

base::Result<void> Accounts::load() {
  GATE_TRY(os::make_directories(folder_, 0700));
  std::string unreadable;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() != ".json") continue;
    const auto text = os::read_file(at->path().string(), kFileBytesMax);
    auto account = text ? account_in(*text, at->path().stem().string()) : std::nullopt;
    if (!account) {
      unreadable = at->path().string();
      continue;
    }
    ids_[account->thumbprint] = account->id;
    const std::string id = account->id;
    by_id_[id] = *std::move(account);
  }
  if (unreadable.empty()) return {};
  return base::fail({.code = kAccountUnreadable,
                     .what = fmt::format("an account of the ACME server cannot be read: {}", unreadable),
                     .why = "the file is damaged, or is none of ours",
                     .fix = "restore it from a backup, or remove it: its client makes a new account"});
}

const Account* Accounts::find(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

const Account* Accounts::find_by_key(std::string_view thumbprint) const {
  const auto found = ids_.find(thumbprint);
  return found == ids_.end() ? nullptr : find(found->second);
}

base::Result<void> Accounts::save(Account account) {
  GATE_TRY(os::write_file_atomically(fmt::format("{}/{}.json", folder_, account.id), text_of(account), 0600));
  if (const Account* before = find(account.id)) ids_.erase(before->thumbprint);
  ids_[account.thumbprint] = account.id;
  by_id_[account.id] = std::move(account);
  return {};
}

}  // namespace gate::acme_server
