#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace gate::os {

// An account of this machine.
struct User {
  std::string name;
  std::string home;
  uid_t id = 0;
  gid_t group = 0;
  std::vector<gid_t> groups;  // all of them, `group` included
};

// The account of that name, or of that number in decimal. kUnknownUser when there is none.
base::Result<User> find_user(const std::string& name);

// The account this process runs as.
base::Result<User> current_user();

// The number of a group, given by name or number.
base::Result<gid_t> find_group(const std::string& name);

// The name of the account, or its number where it has no name.
std::string user_name(uid_t id);

}  // namespace gate::os
