// Whatever the text: parsing ends, laying a good tree out and reading it again gives the same tree, and so does JSON.
// A text that is JSON of a tree has to come back from both as well.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/check.h"
#include "base/text.h"
#include "conf/diagnostics.h"
#include "conf/format.h"
#include "conf/json.h"
#include "conf/parse.h"

namespace {

using namespace gate;

void check_round_trips(const conf::Block& root) {
  const std::string layout = conf::format(root);
  conf::SourceSet sources;
  conf::Diagnostics diagnostics;
  const conf::Block again = conf::parse(sources.add("layout", "", layout), diagnostics);
  GATE_CHECK(diagnostics.empty());
  GATE_CHECK(conf::format(again) == layout);

  const std::string json = conf::to_json(again);
  const auto from_json = conf::from_json(json);
  GATE_CHECK(from_json.has_value());
  GATE_CHECK(conf::same_content(again, *from_json));
  GATE_CHECK(conf::to_json(*from_json) == json);
}

void try_text(std::string_view text) {
  conf::SourceSet sources;
  conf::Diagnostics diagnostics;
  const conf::Block root = conf::parse(sources.add("input", "", std::string(text)), diagnostics);
  if (diagnostics.has_errors()) {
    GATE_CHECK(!conf::render(diagnostics, sources).empty());
    GATE_CHECK(!conf::render_json(diagnostics, sources).empty());
    return;
  }
  check_round_trips(root);
  conf::SourceSet layout_sources;
  GATE_CHECK(conf::same_content(root, conf::parse(layout_sources.add("layout", "", conf::format(root)), diagnostics)));
}

void try_json(std::string_view text) {
  if (const auto root = conf::from_json(text)) check_round_trips(*root);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = base::as_text(std::as_bytes(std::span(data, size)));
  try_text(text);
  if (text.starts_with('{')) try_json(text);
  return 0;
}
