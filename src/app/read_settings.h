#pragma once

#include <string>

#include "app/settings.h"
#include "conf/reader.h"
#include "conf/tree.h"

namespace gate::app {

// Checks the tree of a configuration and makes it typed. Everything that is wrong is reported to the reader; with
// errors the settings are of no use. Reads no certificate and opens no socket.
Settings read_settings(const conf::Block& root, conf::Reader& reader);

// One statement of the language, for `gate443 explain` and for suggestions.
struct StatementHelp {
  std::string_view name;
  std::string_view synopsis;
  std::string_view summary;
  std::string_view where;  // "configuration", "limits", "site"
};

// All statements, in the order of the manual.
std::vector<StatementHelp> statement_help();

}  // namespace gate::app
