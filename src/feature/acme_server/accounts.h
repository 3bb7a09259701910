#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gate::acme_server {

struct Account {
  std::string id;
  std::string key;         // JSON Web Key
  std::string thumbprint;  // of that
  std::vector<std::string> contacts;
  std::string external;  // the id of whom it belongs to, where accounts need one
  bool valid = true;     // not deactivated
};

// The accounts of ACME clients, a file each in a folder.
class Accounts {
 public:
  static constexpr std::size_t kMax = 100'000;  // against a client that makes them without end

  explicit Accounts(std::string folder) : folder_(std::move(folder)) {}

  // Reads them all; files that cannot be read are said (kAccountUnreadable) and left alone.
  base::Result<void> load();

  const Account* find(std::string_view id) const;
  const Account* find_by_key(std::string_view thumbprint) const;
  std::size_t size() const { return by_id_.size(); }

  // Keeps it, on disk too, in place of one with its id.
  base::Result<void> save(Account account);

 private:
  std::string folder_;
  std::map<std::string, Account, std::less<>> by_id_;
  std::map<std::string, std::string, std::less<>> ids_;  // by thumbprint
};

}  // namespace gate::acme_server
