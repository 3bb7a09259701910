#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "acme/account.h"
#include "base/result.h"

namespace gate::app {

// The folder of a state folder with our account at an authority, by the URL of its directory.
std::string account_folder(std::string_view state_folder, std::string_view directory);

// An account at an authority, as it is on disk.
struct StoredAccount {
  std::string host;      // of the authority, "acme.example:8443"
  std::string key_file;  // path
  base::Result<acme::Account> account;
};

// Those of a state folder, by their folders' names. Nothing is made or changed.
std::vector<StoredAccount> stored_accounts(const std::string& state_folder);

}  // namespace gate::app
