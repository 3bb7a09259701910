#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "http/fields.h"

namespace gate::http::hpack {

// RFC 7541 4.1: what a line counts for besides its bytes.
inline constexpr std::size_t kLineOverhead = 32;

// What both sides begin with (RFC 9113 6.5.2), and as large as it becomes here.
inline constexpr std::size_t kTableBytesMax = 4096;

// A line of the table. `good` is a note of its owner's: whether its characters are those of a field.
struct TableLine {
  Field field;
  bool good = true;
};

// The lines that one side has told the other to remember (RFC 7541 2.3.2). Holds no memory until it has a line. Names
// that have a FieldId are not stored.
class DynamicTable {
 public:
  // Puts a line in front, evicting what has no room any more; one that is larger than the table empties it. The texts
  // may be those of a line of this table.
  void add(const TableLine& line);

  // `index` is 0 for the newest. The texts are valid until the table is changed.
  TableLine line(std::size_t index) const;

  std::size_t lines() const { return count_; }
  std::size_t limit() const { return limit_; }
  std::size_t room() const { return limit_ - bytes_; }

  // Not above kTableBytesMax.
  void set_limit(std::size_t bytes);

  // Where that line stands, or lines(). Looks first at the line that was put in behind the one that was found last,
  // which it is where sections are alike.
  std::size_t find(FieldId id, std::string_view value);

 private:
  struct Slot {
    std::uint32_t at;  // of the name, which the value follows; counts the bytes of all lines there ever were
    std::uint16_t name_bytes;
    std::uint16_t value_bytes;
    FieldId id;
    bool good;

    std::size_t stored() const { return std::size_t{name_bytes} + value_bytes; }
  };

  const Slot& slot(std::size_t index) const { return slots_[(newest_ - index) % slot_room_]; }
  std::size_t size_of(const Slot& slot) const;
  void evict_until(std::size_t bytes);
  void make_slot();
  std::unique_ptr<char[]> make_room(std::size_t bytes);

  std::unique_ptr<Slot[]> slots_;  // a ring
  std::unique_ptr<char[]> text_;   // from text_begin_ on; the oldest line's first
  std::size_t slot_room_ = 0;      // a power of two
  std::size_t text_room_ = 0;
  std::uint32_t text_begin_ = 0;  // which byte ever stands at the front of `text_`
  std::uint32_t text_end_ = 0;
  std::size_t newest_ = 0;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;  // as RFC 7541 4.1 counts
  std::size_t limit_ = kTableBytesMax;
  std::size_t found_ = 0;  // slot of the line that was found last
};

}  // namespace gate::http::hpack
