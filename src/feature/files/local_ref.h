#pragma once

#include <cstdint>
#include <memory>
#include <utility>

namespace gate::files {

// Counts the references to an object of one worker: no atomic operation, so no other thread may ever hold one.
template <class T>
class LocalRef;

class LocallyCounted {
 public:
  LocallyCounted() = default;
  LocallyCounted(const LocallyCounted&) = delete;
  LocallyCounted& operator=(const LocallyCounted&) = delete;

 private:
  template <class T>
  friend class LocalRef;
  std::uint32_t references_ = 0;
};

// A reference to a LocallyCounted object; the last one to go destroys it.
template <class T>
class LocalRef {
 public:
  LocalRef() = default;
  explicit LocalRef(std::unique_ptr<T> object) : object_(object.release()) { hold(); }
  LocalRef(const LocalRef& other) : object_(other.object_) { hold(); }
  LocalRef(LocalRef&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  LocalRef& operator=(LocalRef other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~LocalRef() {
    if (object_ && --object_->references_ == 0) std::unique_ptr<T> last(object_);
  }

  explicit operator bool() const { return object_ != nullptr; }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }

 private:
  void hold() {
    if (object_) ++object_->references_;
  }
  T* object_ = nullptr;
};

}  // namespace gate::files
