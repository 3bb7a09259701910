#pragma once

#include <string>
#include <vector>

#include "acme/account.h"
#include "base/result.h"

namespace gate::acme {

// An account at an authority that another program has stored.
struct ForeignAccount {
  std::string directory;  // URL of the authority's
  std::string key_file;   // a JSON Web Key
  std::string facts_file;
};

// Those that certbot keeps in `accounts`: HOST/PATH…/ID/private_key.json and regr.json. Sorted; of several at one
// authority the one that was made last. Empty where the folder is none or cannot be read.
std::vector<ForeignAccount> find_certbot_accounts(const std::string& accounts);

// Reads one. Fails with kBadJwk, and with kForeignAccount where it does not say where the account is.
base::Result<Account> read_foreign_account(const ForeignAccount& foreign, base::WallTime now);

}  // namespace gate::acme
