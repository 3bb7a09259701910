#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/application.h"
#include "app/trust_memory.h"
#include "base/clock.h"
#include "cert/calendar.h"
#include "cert/condition.h"

namespace gate::app {

// One certificate that the server uses.
struct InventoryEntry {
  std::string site;
  const cert::Credential* credential = nullptr;  // the application's, until that loads others
  cert::CalendarItem calendar;                   // its name, its life, who renews it and when
  bool is_stand_in = false;                      // until an authority has issued
  bool is_on_demand = false;                     // of a name that a client has asked for, rather than of a site
  bool is_renewed = true;                        // a name that nobody asks for any more is not
  bool is_revoked = false;                       // as its authority publishes it
  std::vector<cert::Finding> findings;
};

// Every certificate in use, with what is wrong with it at `now`; chains are judged by the roots of this system and by
// the local CA's. With `memory` only chains are judged that it does not know, and not too many of them. Control thread
// only.
std::vector<InventoryEntry> take_inventory(const Application& application, base::WallTime now,
                                           TrustMemory* memory = nullptr);

// What a state folder keeps, whoever uses it: what can be said without a server. Names of sites are not known then, and
// whether somebody vouches for a chain is judged for the local CA and the authorities that everybody knows.
struct StoredInventory {
  std::deque<cert::Credential> credentials;
  std::vector<InventoryEntry> entries;  // of these
};

// Fails where a certificate cannot be read.
base::Result<StoredInventory> take_stored_inventory(const Certificates& certificates, base::WallTime now);

// As commands show it: a line's worth, or with `whole` all that is known.
nlohmann::json to_json(const InventoryEntry& entry, const Certificates& certificates, base::WallTime now, bool whole);

}  // namespace gate::app
