#pragma once

#include "app/admin/admin_server.h"
#include "app/application.h"
#include "app/control.h"
#include "app/status_board.h"

namespace gate::app {

// Gives the admin server its commands (status, certificates, reload, stop, upgrade) and pages (/metrics). Everything
// given outlives the admin server.
void add_commands(AdminServer& server, Control& control, const StatusBoard& board);

}  // namespace gate::app
