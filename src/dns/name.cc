#include "dns/name.h"

#include <fmt/format.h>

#include "base/text.h"

namespace gate::dns {
namespace {

bool is_plain(char c) { return c > ' ' && c < '\x7f' && c != '.' && c != '\\'; }

void append_label(std::string& text, std::string_view label) {
  for (const char c : label) {
    if (is_plain(c)) {
      text.push_back(c);
    } else {
      text += fmt::format("\\{:03}", static_cast<unsigned char>(c));
    }
  }
}

}  // namespace

std::optional<Name> Name::parse(std::string_view text) {
  if (text == ".") return Name();
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty()) return std::nullopt;
  std::string wire;
  while (true) {
    const auto dot = text.find('.');
    const auto label = text.substr(0, dot);
    if (label.empty() || label.size() > kLabelBytesMax) return std::nullopt;
    wire.push_back(static_cast<char>(label.size()));
    wire += base::lowered(label);
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  wire.push_back('\0');
  if (wire.size() > kWireBytesMax) return std::nullopt;
  return Name(std::move(wire));
}

std::string Name::to_string() const {
  if (is_root()) return ".";
  std::string text;
  for (Name rest = *this; !rest.is_root(); rest = rest.parent()) {
    if (!text.empty()) text.push_back('.');
    append_label(text, rest.first_label());
  }
  return text;
}

Name Name::parent() const { return is_root() ? Name() : Name(wire_.substr(1 + length_of_first())); }

std::optional<Name> Name::child(std::string_view label) const {
  const bool fits =
      !label.empty() && label.size() <= kLabelBytesMax && wire_.size() + 1 + label.size() <= kWireBytesMax;
  if (!fits) return std::nullopt;
  return Name(static_cast<char>(label.size()) + base::lowered(label) + wire_);
}

bool Name::is_within(const Name& ancestor) const {
  // A tail of the bytes alone could begin within a label.
  Name above = *this;
  while (above.wire_.size() > ancestor.wire_.size()) above = above.parent();
  return above == ancestor;
}

}  // namespace gate::dns
