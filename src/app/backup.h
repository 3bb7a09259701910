#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace gate::app {

// Writes everything that a state folder holds to one file (mode 0600): certificates and their keys, accounts, the local
// CA. Locks and sockets are left out. A running server does no harm: each file is whole. Returns how many files it has.
base::Result<std::size_t> back_up(const std::string& state_folder, const std::string& file);

// What a restore did.
struct Restored {
  std::size_t files = 0;
  std::string aside;  // the folder with what was there before; empty: there was nothing
};

// Puts a backup into a state folder: what it has replaces what is there by the same names, the rest stays. The backup
// is read and written beside the folder's content as a whole before anything is replaced, and nothing is deleted. No
// server may be using the folder.
base::Result<Restored> restore(const std::string& state_folder, const std::string& file, base::WallTime now);

}  // namespace gate::app
