#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cert/private_key.h"

namespace gate::acme {

// An account at one authority: its key, and where the authority has it.
struct Account {
  cert::PrivateKey key;
  std::string url{};                    // empty: not known there yet
  std::vector<std::string> contacts{};  // "mailto:ops@example.com", as the authority knows them
  std::string directory{};              // URL of the authority's
  base::WallTime since{};               // when it was made, or found again

  // One that was to take the key's place: whether the authority knows it was never heard.
  std::optional<cert::PrivateKey> next_key{};

  std::string thumbprint() const;
};

// Whether there is an account in `folder`.
bool has_account(const std::string& folder);

// The account in `folder`; its key is made and kept (0600) where there is none. Fails with kAccountUnusable for a key
// that cannot be used, and with the file's error; facts about the account that cannot be read are asked for anew.
base::Result<Account> open_account(const std::string& folder);

// Writes down what the authority said about it.
base::Result<void> save_account_facts(const std::string& folder, const Account& account);

// The account in `folder` as it is; nothing is made. Fails as open_account() does, and where there is none.
base::Result<Account> read_account(const std::string& folder);

// Puts another key in place of the account's.
base::Result<void> save_account_key(const std::string& folder, const cert::PrivateKey& key);

// Keeps another key beside the account's, until it takes its place or is dropped.
base::Result<void> save_next_key(const std::string& folder, const cert::PrivateKey& key);
base::Result<void> take_next_key(const std::string& folder);
base::Result<void> drop_next_key(const std::string& folder);

}  // namespace gate::acme
