#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cert/internal_ca.h"
#include "cert/local_ca.h"
#include "cli/command.h"

// What the files of `gate443 trust` share.
namespace gate::cli::trust {

struct Options : CommonOptions {
  std::string state;
  // qr
  std::string url;
  std::string address;
  std::uint32_t port = 4380;

  std::string state_folder() const;
  std::string ca_folder() const { return state_folder() + "/ca"; }
};

// The roots that clients should trust: those of the local authority, and that of the internal one where there is one.
struct Authorities {
  std::optional<cert::LocalCa> local;
  std::optional<cert::InternalCa> internal;

  std::vector<cert::LocalCa::Root> roots() const;
};

// Those that exist; kLocalCaUnusable when there is none. With `create` the local one is made if it is missing.
base::Result<Authorities> open_authorities(const Options& options, bool create);

// gate443 trust qr; returns the exit code.
int qr(const Options& options);

}  // namespace gate::cli::trust
