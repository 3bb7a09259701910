#include "http/fields.h"

#include <algorithm>

namespace gate::http {

void FieldList::add(const Field& field) {
  constexpr std::size_t kFirstCapacity = 16;
  if (count_ == room_) reserve(std::max(kFirstCapacity, std::size_t{room_} * 2));
  fields_[count_++] = field;
  seen_ |= bit(field.id);
}

void FieldList::reserve(std::size_t lines) {
  if (lines <= room_) return;
  const auto larger = arena_->make_array<Field>(lines);
  std::copy(begin(), end(), larger.begin());
  fields_ = larger.data();
  room_ = static_cast<std::uint32_t>(lines);
}

void FieldList::set(FieldId id, std::string_view value) {
  remove(id);
  add(id, value);
}

void FieldList::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

template <class Matches>
std::size_t FieldList::remove_if(Matches matches) {
  Field* const last = fields_ + count_;
  Field* const kept = std::remove_if(fields_, last, matches);
  const auto removed = static_cast<std::size_t>(last - kept);
  count_ -= static_cast<std::uint32_t>(removed);
  return removed;
}

std::size_t FieldList::remove(FieldId id) {
  if (!may_have(id)) return 0;
  return remove_if([id](const Field& field) { return field.id == id; });
}

std::size_t FieldList::remove(std::string_view name) {
  return remove_if([name](const Field& field) { return field.name == name; });
}

const Field* FieldList::find(FieldId id) const {
  if (!may_have(id)) return nullptr;
  const auto* found = std::find_if(begin(), end(), [id](const Field& field) { return field.id == id; });
  return found == end() ? nullptr : found;
}

const Field* FieldList::find(std::string_view name) const {
  const auto* found = std::find_if(begin(), end(), [name](const Field& field) { return field.name == name; });
  return found == end() ? nullptr : found;
}

std::string_view FieldList::value(FieldId id) const {
  const Field* field = find(id);
  return field ? field->value : std::string_view{};
}

std::optional<std::string_view> FieldList::combined(FieldId id) const {
  if (!may_have(id)) return std::nullopt;
  std::size_t lines = 0;
  std::size_t bytes = 0;
  for (const Field& field : *this) {
    if (field.id != id) continue;
    ++lines;
    bytes += field.value.size() + 2;
  }
  if (lines == 0) return std::nullopt;
  if (lines == 1) return find(id)->value;
  const auto joined = arena_->allocate(bytes);
  std::size_t at = 0;
  const auto put = [&](std::string_view text) {
    base::copy_bytes(joined.subspan(at), base::as_bytes(text));
    at += text.size();
  };
  for (const Field& field : *this) {
    if (field.id != id) continue;
    if (at != 0) put(", ");
    put(field.value);
  }
  return base::as_text(joined.first(at));
}

}  // namespace gate::http
