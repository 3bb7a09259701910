#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cert/private_key.h"

namespace gate::acme {

// An account at one authority: its key, and where the authority has it.
struct Account {
  cert::PrivateKey key;
  std::string url{};                    // empty: not known there yet
  std::vector<std::string> contacts{};  // "mailto:ops@example.com", as the authority knows them

  std::string thumbprint() const;
};

// The account in `folder`; its key is made and kept (0600) where there is none. Fails with kAccountUnusable for a key
// that cannot be used, and with the file's error; facts about the account that cannot be read are asked for anew.
base::Result<Account> open_account(const std::string& folder);

// Writes down what the authority said about it.
base::Result<void> save_account_facts(const std::string& folder, const Account& account);

// Puts another key in place of the account's.
base::Result<void> save_account_key(const std::string& folder, const cert::PrivateKey& key);

}  // namespace gate::acme
