#include "http/config/index_names.h"

#include <fmt/format.h>

#include "conf/codes.h"
#include "conf/diagnostics.h"

namespace gate::http::config {

bool is_plain_name(std::string_view text) { return !text.empty() && !text.contains('/') && !text.starts_with('.'); }

std::vector<std::string> read_index_names(const conf::Statement& statement, std::string_view example,
                                          conf::Reader& reader) {
  std::vector<std::string> names;
  if (statement.args.size() == 1 && statement.args[0].text == "off") return names;
  for (const auto& word : statement.args) {
    if (is_plain_name(word.text)) {
      names.push_back(word.text);
    } else {
      reader.error(conf::kBadPath, word, fmt::format("{} is not the name of an index file", conf::shown(word.text)),
                   fmt::format("a name such as {}, without a slash", example));
    }
  }
  return names;
}

}  // namespace gate::http::config
