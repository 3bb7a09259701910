#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace gate::base {

// Remembers values by text, and forgets the oldest where there would be too many: of two halves the older one is
// dropped when the younger is full. Constant time and bounded memory, whatever a flood brings.
template <class Value>
class Generations {
 public:
  explicit Generations(std::size_t size_max) : half_(std::max<std::size_t>(size_max / 2, 1)) {}

  void put(const std::string& key, Value value) {
    older_.erase(key);
    if (younger_.size() >= half_ && !younger_.contains(key)) {
      older_ = std::move(younger_);
      younger_.clear();
    }
    younger_.insert_or_assign(key, std::move(value));
  }

  // Null: it is not known, or not any more. Valid until the next put.
  const Value* find(std::string_view key) const {
    for (const Half* half : {&younger_, &older_}) {
      if (const auto found = half->find(key); found != half->end()) return &found->second;
    }
    return nullptr;
  }

  void erase(const std::string& key) {
    younger_.erase(key);
    older_.erase(key);
  }

  void clear() {
    younger_.clear();
    older_.clear();
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Half = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;

  const std::size_t half_;
  Half younger_;
  Half older_;
};

}  // namespace gate::base
