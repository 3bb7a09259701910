#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/arena.h"
#include "http/field_id.h"

namespace gate::http {

// One field line. `name` is in lower case. Both views live as long as the arena of the exchange, or are static.
struct Field {
  std::string_view name;
  std::string_view value;
  FieldId id = FieldId::kUnknown;
};

// The field lines of one message in the order they came, stored in an arena. Names compare without case because
// they are held in lower case. Nothing is copied: names and values must live as long as the arena.
class FieldList {
 public:
  explicit FieldList(base::Arena& arena) : arena_(&arena) {}

  // `name` must be in lower case; its id is looked up.
  void add(std::string_view name, std::string_view value) { add(Field{name, value, field_id(name)}); }
  void add(FieldId id, std::string_view value) { add(Field{field_name(id), value, id}); }
  void add(const Field& field);

  // Makes room for `lines` lines in one piece.
  void reserve(std::size_t lines);

  // Replaces all lines of that name by one.
  void set(FieldId id, std::string_view value);
  void set(std::string_view name, std::string_view value);

  // Removes all lines of that name; says how many there were.
  std::size_t remove(FieldId id);
  std::size_t remove(std::string_view name);

  // The first line of that name, or null. Valid until the list is changed.
  const Field* find(FieldId id) const;
  const Field* find(std::string_view name) const;

  // The value of the first line of that name; empty when there is none.
  std::string_view value(FieldId id) const;

  // All values of that name as one list, joined by ", " in the arena where there are several (RFC 9110 5.3).
  std::optional<std::string_view> combined(FieldId id) const;

  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  const Field* begin() const { return fields_; }
  const Field* end() const { return fields_ + count_; }

  // Where what is made of these lines may be put.
  base::Arena& arena() const { return *arena_; }

  void clear() {
    fields_ = nullptr;
    count_ = room_ = 0;
    seen_ = 0;
  }

 private:
  template <class Matches>
  std::size_t remove_if(Matches matches);

  // Whether there may be a line of that name. Most look-ups are for what is not there.
  bool may_have(FieldId id) const { return (seen_ & bit(id)) != 0; }
  static std::uint64_t bit(FieldId id) { return std::uint64_t{1} << (static_cast<unsigned>(id) % 64); }

  base::Arena* arena_;
  Field* fields_ = nullptr;
  std::uint32_t count_ = 0;
  std::uint32_t room_ = 0;
  std::uint64_t seen_ = 0;  // bits of the names that were ever added; a few names share one
};

}  // namespace gate::http
