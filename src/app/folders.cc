#include "app/folders.h"

#include <unistd.h>

#include <cstdlib>

namespace gate::app {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

std::string default_state_folder() {
  // systemd.exec(5): several folders are separated by colons; the first is ours.
  if (const auto given = variable("STATE_DIRECTORY"); !given.empty()) return given.substr(0, given.find(':'));
  if (geteuid() == 0) return "/var/lib/gate443";
  if (const auto xdg = variable("XDG_STATE_HOME"); !xdg.empty()) return xdg + "/gate443";
  if (const auto home = variable("HOME"); !home.empty()) return home + "/.local/state/gate443";
  return "/var/lib/gate443";
}

std::string admin_socket_in(const std::string& state_folder) { return state_folder + "/admin.sock"; }

}  // namespace gate::app
