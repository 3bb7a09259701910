#pragma once

#include <string>

namespace gate::app {

// Where state lives unless the configuration says otherwise: /var/lib/gate443 for root, else $XDG_STATE_HOME/gate443 or
// ~/.local/state/gate443. A service manager's $STATE_DIRECTORY goes before all of them.
std::string default_state_folder();

// The admin socket of a server that keeps its state in `state_folder`.
std::string admin_socket_in(const std::string& state_folder);

}  // namespace gate::app
