#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace gate::http {

class FieldList;

// What one pull from a body yielded. Bytes may come together with kEnd, so that the last frame can carry the end.
struct BodyRead {
  enum class State : std::uint8_t {
    kData,    // count > 0 bytes; more will follow
    kEnd,     // count >= 0 bytes, and nothing after them
    kWait,    // count == 0; the waker will be called when reading is worth while again
    kFailed,  // count == 0; the body cannot be completed: the peer must notice
  };
  State state = State::kEnd;
  std::size_t count = 0;
};

// Told when a body that said kWait has something again. May be called at any time after that kWait, also from
// within a read of another body; it must only take note.
class BodyWaker {
 public:
  virtual void body_ready() = 0;

 protected:
  ~BodyWaker() = default;
};

// A message body that is pulled by its reader: a slow reader slows its source, and nothing is held whole. Lives on one
// worker. Destroying it early cancels it.
class BodySource {
 public:
  virtual ~BodySource() = default;

  // Fills the front of `into`, which is never empty.
  virtual BodyRead read(std::span<std::byte> into) = 0;

  // How many bytes there are in all, where that is known beforehand. Must then be kept to exactly.
  virtual std::optional<std::uint64_t> length() const { return std::nullopt; }

  // The trailer section, known once kEnd was read; null when there is none (RFC 9110 6.5).
  virtual const FieldList* trailers() const { return nullptr; }

  // Whom to call after kWait. The waker outlives the body or is replaced by null.
  void set_waker(BodyWaker* waker) { waker_ = waker; }

 protected:
  void wake() {
    if (waker_) waker_->body_ready();
  }

 private:
  BodyWaker* waker_ = nullptr;
};

// Ends the life of an object that stands in an arena: runs the destructor, frees nothing.
struct DestroyInPlace {
  template <class T>
  void operator()(T* object) const {
    std::destroy_at(object);
  }
};

// Owns a body that was made by Exchange::make_body.
using BodyPtr = std::unique_ptr<BodySource, DestroyInPlace>;

}  // namespace gate::http
