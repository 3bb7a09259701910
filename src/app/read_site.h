#pragma once

#include <vector>

#include "app/read_settings.h"
#include "app/settings.h"
#include "conf/reader.h"
#include "conf/tree.h"

namespace gate::app {

// `site NAME… { … }`
SiteSettings read_site(const conf::Statement& statement, conf::Reader& reader);

std::vector<StatementHelp> site_help();

}  // namespace gate::app
