#include "conf/parse.h"

#include <algorithm>

#include "conf/codes.h"
#include "conf/loader.h"
#include "conf/parser.h"
#include "conf/text_check.h"

namespace gate::conf {

namespace {

// Where an offset of the text stands.
Position position_of(const Source& source, std::size_t offset) {
  const auto before = std::string_view(source.text).substr(0, offset);
  const auto lines = static_cast<std::uint32_t>(std::ranges::count(before, '\n'));
  const auto line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {source.id, lines + 1, static_cast<std::uint32_t>(offset - line_start) + 1, 1};
}

}  // namespace

Block parse_within(const Source& source, std::size_t depth, std::size_t& statements_left, Diagnostics& diagnostics) {
  if (source.text.size() > kFileBytesMax) {
    diagnostics.error(kFileTooLarge, {}, source.name + " is larger than 16 MiB");
    return {};
  }
  if (const auto bad = find_bad_text(source.text)) {
    diagnostics.error(kInvalidText, position_of(source, bad->offset), "the text holds " + std::string(bad->what),
                      std::string(bad->fix));
    return {};
  }
  return Parser(source, depth, statements_left, diagnostics).parse();
}

Block parse(const Source& source, Diagnostics& diagnostics) {
  std::size_t statements_left = kStatementsMax;
  return parse_within(source, 0, statements_left, diagnostics);
}

}  // namespace gate::conf
