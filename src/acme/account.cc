#include "acme/account.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/mem.h>

#include <optional>
#include <utility>

#include "acme/codes.h"
#include "jose/public_key.h"
#include "os/file.h"

namespace gate::acme {
namespace {

using nlohmann::json;

constexpr std::size_t kFileBytesMax = 64 * 1024;
constexpr std::size_t kContactsMax = 16;

std::string key_file(const std::string& folder) { return folder + "/account.pem"; }
std::string facts_file(const std::string& folder) { return folder + "/account.json"; }

base::Result<cert::PrivateKey> read_key(const std::string& file) {
  GATE_TRY(os::check_private(file, "account's private key"));
  GATE_TRY_ASSIGN(auto text, os::read_file(file, kFileBytesMax));
  auto key = cert::PrivateKey::from_pem(text, file);
  OPENSSL_cleanse(text.data(), text.size());
  if (key) GATE_TRY(jose::PublicKey::of(*key));
  return key;
}

base::Result<cert::PrivateKey> open_key(const std::string& folder) {
  const std::string file = key_file(folder);
  if (os::inspect(file)) {
    auto key = read_key(file);
    if (key) return key;
    base::Error error = std::move(key).error();
    error.code = kAccountUnusable;
    error.what = fmt::format("the account at a certificate authority cannot be used: {}", error.what);
    error.fix = fmt::format("put the key back, or move {} away: a new account is made", file);
    return base::fail(std::move(error));
  }
  auto key = cert::PrivateKey::generate();
  GATE_TRY(save_account_key(folder, key));
  return key;
}

// What cannot be read is as good as none: the authority knows the account by its key.
void read_facts(const std::string& file, Account& account) {
  const auto text = os::read_file(file, kFileBytesMax);
  if (!text) return;
  const json facts = json::parse(*text, nullptr, false);
  if (!facts.is_object()) return;
  if (const auto url = facts.find("url"); url != facts.end() && url->is_string()) account.url = url->get<std::string>();
  const auto contacts = facts.find("contacts");
  if (contacts == facts.end() || !contacts->is_array()) return;
  for (const auto& contact : *contacts) {
    if (contact.is_string() && account.contacts.size() < kContactsMax) account.contacts.push_back(contact);
  }
}

}  // namespace

// Of a key that was judged when it was opened.
std::string Account::thumbprint() const { return jose::PublicKey::of(key).value().thumbprint(); }

base::Result<Account> open_account(const std::string& folder) {
  GATE_TRY(os::make_directories(folder, 0700));
  GATE_TRY_ASSIGN(auto key, open_key(folder));
  Account account{.key = std::move(key)};
  read_facts(facts_file(folder), account);
  return account;
}

base::Result<void> save_account_facts(const std::string& folder, const Account& account) {
  const json facts{{"url", account.url}, {"contacts", account.contacts}};
  return os::write_file_atomically(facts_file(folder), facts.dump(2, ' ', false, json::error_handler_t::replace) + "\n",
                                   0600);
}

base::Result<void> save_account_key(const std::string& folder, const cert::PrivateKey& key) {
  std::string text = key.to_pem();
  auto written = os::write_file_atomically(key_file(folder), text, 0600);
  OPENSSL_cleanse(text.data(), text.size());
  return written;
}

}  // namespace gate::acme
