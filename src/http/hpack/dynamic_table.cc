#include "http/hpack/dynamic_table.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "base/text.h"

namespace gate::http::hpack {
namespace {

constexpr std::size_t kFirstSlots = 16;
constexpr std::size_t kFirstText = 512;

// Twice what lines can need, so that moving them to the front is paid for by the lines that came since.
constexpr std::size_t kTextMax = 2 * kTableBytesMax;

std::size_t name_size(FieldId id, std::size_t stored) {
  return id == FieldId::kUnknown ? stored : field_name(id).size();
}

}  // namespace

std::size_t DynamicTable::size_of(const Slot& slot) const {
  return name_size(slot.id, slot.name_bytes) + slot.value_bytes + kLineOverhead;
}

TableLine DynamicTable::line(std::size_t index) const {
  GATE_CHECK(index < count_);
  const Slot& found = slot(index);
  const char* text = text_.get() + (found.at - text_begin_);
  const std::string_view name =
      found.id == FieldId::kUnknown ? std::string_view(text, found.name_bytes) : field_name(found.id);
  return {{name, {text + found.name_bytes, found.value_bytes}, found.id}, found.good};
}

std::size_t DynamicTable::find(FieldId id, std::string_view value) {
  std::size_t index = count_ == 0 ? 0 : (newest_ - found_ - 1) % slot_room_;
  for (std::size_t looked = 0; looked < count_; ++looked, index = index == 0 ? count_ - 1 : index - 1) {
    if (index >= count_) index = count_ - 1;
    const Slot& each = slot(index);
    if (each.id != id || each.value_bytes != value.size()) continue;
    if (std::string_view(text_.get() + (each.at - text_begin_) + each.name_bytes, each.value_bytes) != value) continue;
    found_ = (newest_ - index) % slot_room_;
    return index;
  }
  return count_;
}

void DynamicTable::set_limit(std::size_t bytes) {
  GATE_CHECK(bytes <= kTableBytesMax);
  limit_ = bytes;
  evict_until(limit_);
}

void DynamicTable::evict_until(std::size_t bytes) {
  while (bytes_ > bytes) {
    bytes_ -= size_of(slot(count_ - 1));
    --count_;
  }
}

void DynamicTable::add(const TableLine& line) {
  const auto& [name, value, id] = line.field;
  const std::size_t size = name.size() + value.size() + kLineOverhead;
  if (size > limit_) return evict_until(0);
  evict_until(limit_ - size);
  const std::size_t name_bytes = id == FieldId::kUnknown ? name.size() : 0;
  // The texts may stand in the memory that is given up here, which is why it lives to the end.
  const auto old_text = make_room(name_bytes + value.size());
  make_slot();
  newest_ = (newest_ + 1) % slot_room_;
  slots_[newest_] = {text_end_, static_cast<std::uint16_t>(name_bytes), static_cast<std::uint16_t>(value.size()), id,
                     line.good};
  const auto place = std::as_writable_bytes(std::span(text_.get(), text_room_)).subspan(text_end_ - text_begin_);
  base::copy_bytes(place, base::as_bytes(name.substr(0, name_bytes)));
  base::copy_bytes(place.subspan(name_bytes), base::as_bytes(value));
  text_end_ += static_cast<std::uint32_t>(name_bytes + value.size());
  bytes_ += size;
  ++count_;
}

void DynamicTable::make_slot() {
  if (count_ < slot_room_) return;
  const std::size_t larger = std::max(kFirstSlots, slot_room_ * 2);
  auto slots = std::make_unique<Slot[]>(larger);
  for (std::size_t i = 0; i < count_; ++i) slots[count_ - 1 - i] = slot(i);
  slots_ = std::move(slots);
  slot_room_ = larger;
  newest_ = count_ == 0 ? larger - 1 : count_ - 1;
}

// Room for so many bytes behind the text. Yields the memory that was given up for it, if any.
std::unique_ptr<char[]> DynamicTable::make_room(std::size_t bytes) {
  const std::uint32_t oldest = count_ == 0 ? text_end_ : slot(count_ - 1).at;
  if (text_end_ - text_begin_ + bytes <= text_room_) return nullptr;
  const std::size_t kept = text_end_ - oldest;
  std::size_t room = std::max(kFirstText, text_room_);
  while (room < kTextMax && room < 2 * (kept + bytes)) room *= 2;
  auto larger = std::make_unique_for_overwrite<char[]>(room);
  if (kept > 0) std::copy_n(text_.get() + (oldest - text_begin_), kept, larger.get());
  text_begin_ = oldest;
  text_room_ = room;
  return std::exchange(text_, std::move(larger));
}

}  // namespace gate::http::hpack
