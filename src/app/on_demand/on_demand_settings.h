#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"

namespace gate::cert {
class Roots;
}

namespace gate::app {

// `on-demand` of a site: for which names a certificate is ordered when a client asks for them first.
struct OnDemandSettings {
  // So many, and again as many in every period.
  struct Rate {
    std::uint32_t count = 10;
    base::Duration period = std::chrono::minutes(1);
  };

  std::string ask{};                               // URL that is asked for permission; empty: nobody is
  std::shared_ptr<const cert::Roots> roots{};      // who vouches for its server
  std::vector<std::string> allow{};                // names that need no question: "shop.example.com", "*.example.com"
  Rate rate{};                                     // of orders
  base::Duration hold = std::chrono::seconds(10);  // how long handshakes wait at most
  std::size_t names_max = 1000;                    // that have a certificate, or get one
};

}  // namespace gate::app
