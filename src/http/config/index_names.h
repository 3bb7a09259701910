#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conf/reader.h"
#include "conf/tree.h"

namespace gate::http::config {

// "index.html": a name in a folder, of a file that is served.
bool is_plain_name(std::string_view text);

// The arguments of `index NAME…|off`: the names, none for "off". A word that is no name is reported with `example`.
std::vector<std::string> read_index_names(const conf::Statement& statement, std::string_view example,
                                          conf::Reader& reader);

}  // namespace gate::http::config
