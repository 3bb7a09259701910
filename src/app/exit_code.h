#pragma once

#include <cstdint>

#include "base/error.h"

namespace gate::app {

// Exit codes, the same for every command.
enum class Exit : std::uint8_t {
  kFine = 0,
  kFindings = 1,       // it works, and what was looked at is not well
  kConfiguration = 2,  // usage or configuration
  kMachine = 3,        // this machine: ports, files, rights
  kOutside = 4,        // somebody else: DNS, a server, a CA
  kBug = 5,            // ours
};
constexpr int to_int(Exit exit) { return static_cast<int>(exit); }

// The exit code an error stands for, by who has to act.
Exit exit_of(const base::Error& error);

}  // namespace gate::app
