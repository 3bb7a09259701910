#include "acme/account.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/mem.h>

#include <optional>
#include <utility>

#include "acme/codes.h"
#include "base/timestamp.h"
#include "jose/public_key.h"
#include "os/file.h"

namespace gate::acme {
namespace {

using nlohmann::json;

constexpr std::size_t kFileBytesMax = 64 * 1024;
constexpr std::size_t kContactsMax = 16;

std::string key_file(const std::string& folder) { return folder + "/account.pem"; }
std::string next_key_file(const std::string& folder) { return folder + "/account.next.pem"; }
std::string facts_file(const std::string& folder) { return folder + "/account.json"; }

base::Result<cert::PrivateKey> read_key(const std::string& file) {
  GATE_TRY(os::check_private(file, "account's private key"));
  GATE_TRY_ASSIGN(auto text, os::read_file(file, kFileBytesMax));
  auto key = cert::PrivateKey::from_pem(text, file);
  OPENSSL_cleanse(text.data(), text.size());
  if (key) GATE_TRY(jose::PublicKey::of(*key));
  return key;
}

base::Result<cert::PrivateKey> open_key(const std::string& file) {
  auto key = read_key(file);
  if (key) return key;
  base::Error error = std::move(key).error();
  error.code = kAccountUnusable;
  error.what = fmt::format("the account at a certificate authority cannot be used: {}", error.what);
  error.fix = fmt::format("put the key back, or move {} away: a new account is made", file);
  return base::fail(std::move(error));
}

base::Result<void> save_key(const std::string& file, const cert::PrivateKey& key) {
  std::string text = key.to_pem();
  auto written = os::write_file_atomically(file, text, 0600);
  OPENSSL_cleanse(text.data(), text.size());
  return written;
}

std::string text_member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// What cannot be read is as good as none: the authority knows the account by its key.
void read_facts(const std::string& file, Account& account) {
  const auto text = os::read_file(file, kFileBytesMax);
  if (!text) return;
  const json facts = json::parse(*text, nullptr, false);
  if (!facts.is_object()) return;
  account.url = text_member(facts, "url");
  account.directory = text_member(facts, "directory");
  account.since = base::parse_timestamp(text_member(facts, "since")).value_or(base::WallTime{});
  const auto contacts = facts.find("contacts");
  if (contacts == facts.end() || !contacts->is_array()) return;
  for (const auto& contact : *contacts) {
    if (contact.is_string() && account.contacts.size() < kContactsMax) account.contacts.push_back(contact);
  }
}

}  // namespace

// Of a key that was judged when it was opened.
std::string Account::thumbprint() const { return jose::PublicKey::of(key).value().thumbprint(); }

bool has_account(const std::string& folder) { return os::inspect(key_file(folder)).has_value(); }

base::Result<Account> open_account(const std::string& folder) {
  GATE_TRY(os::make_directories(folder, 0700));
  if (!has_account(folder)) {
    GATE_TRY(save_account_key(folder, cert::PrivateKey::generate()));
  }
  return read_account(folder);
}

base::Result<Account> read_account(const std::string& folder) {
  GATE_TRY_ASSIGN(auto key, open_key(key_file(folder)));
  Account account{.key = std::move(key)};
  if (os::inspect(next_key_file(folder))) {
    GATE_TRY_ASSIGN(account.next_key, open_key(next_key_file(folder)));
  }
  read_facts(facts_file(folder), account);
  return account;
}

base::Result<void> save_account_facts(const std::string& folder, const Account& account) {
  const json facts{{"url", account.url},
                   {"contacts", account.contacts},
                   {"directory", account.directory},
                   {"since", base::to_timestamp(account.since)}};
  return os::write_file_atomically(facts_file(folder), facts.dump(2, ' ', false, json::error_handler_t::replace) + "\n",
                                   0600);
}

base::Result<void> save_account_key(const std::string& folder, const cert::PrivateKey& key) {
  return save_key(key_file(folder), key);
}

base::Result<void> save_next_key(const std::string& folder, const cert::PrivateKey& key) {
  return save_key(next_key_file(folder), key);
}

base::Result<void> take_next_key(const std::string& folder) {
  return os::rename_file(next_key_file(folder), key_file(folder));
}

base::Result<void> drop_next_key(const std::string& folder) { return os::remove_file(next_key_file(folder)); }

}  // namespace gate::acme
