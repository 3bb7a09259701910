#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cert/certificate.h"
#include "cert/crl.h"

namespace gate::tls {

// What clients of a site prove themselves with (mutual TLS).
struct ClientDemand {
  bool required = true;                           // else those who prove nothing are served too
  std::vector<cert::Certificate> trusted{};       // roots, and intermediate certificates that clients leave out
  std::vector<cert::Crl> crls{};                  // with some, each certificate of a chain needs a current one
  std::vector<std::string> names_text{};          // how `names` was written
  std::function<bool(std::string_view)> names{};  // whether a client of that name is meant; empty: each is
};

// Differs where demands do, in whatever: also in what stands in their files. Never 0, which stands for no demand.
std::uint64_t fingerprint_of(const ClientDemand& demand);

}  // namespace gate::tls
