#pragma once

#include "app/admin/admin_server.h"
#include "app/control.h"

namespace gate::app {

// The commands about orders at certificate authorities: "renew", "revoke", "account_key_change",
// "persist_records". Both outlive the server.
void add_issuance_commands(AdminServer& server, Control& control);

}  // namespace gate::app
