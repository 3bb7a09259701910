#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "base/bytes.h"
#include "http/body.h"
#include "http/fields.h"

namespace gate::http::testing {

// A response body whose pieces a test hands in one after the other, or which has a fixed size.
class ScriptedBody final : public BodySource {
 public:
  struct Script {
    std::string bytes;  // what can be read now
    bool ended = false;
    bool failed = false;
    std::optional<std::uint64_t> length{};
    std::vector<std::pair<std::string, std::string>> trailers{};
    ScriptedBody* body = nullptr;  // while it lives
    std::size_t reads = 0;
    std::size_t at = 0;  // what stands before it was read

    void add(std::string_view more) {
      bytes += more;
      if (body) body->wake();
    }
    void end() {
      ended = true;
      if (body) body->wake();
    }
    void fail() {
      failed = true;
      if (body) body->wake();
    }
  };

  ScriptedBody(Script& script, base::Arena& arena) : script_(script), trailers_(arena) { script.body = this; }
  ~ScriptedBody() override { script_.body = nullptr; }
  ScriptedBody(const ScriptedBody&) = delete;
  ScriptedBody& operator=(const ScriptedBody&) = delete;

  BodyRead read(std::span<std::byte> into) override {
    ++script_.reads;
    if (script_.failed) return {BodyRead::State::kFailed, 0};
    const auto rest = base::as_bytes(script_.bytes).subspan(script_.at);
    const std::size_t count = std::min(into.size(), rest.size());
    base::copy_bytes(into, rest.first(count));
    script_.at += count;
    const bool last = script_.ended && count == rest.size();
    if (last) {
      for (const auto& [name, value] : script_.trailers) trailers_.add(name, value);
    }
    if (count == 0 && !last) return {BodyRead::State::kWait, 0};
    return {last ? BodyRead::State::kEnd : BodyRead::State::kData, count};
  }
  std::optional<std::uint64_t> length() const override { return script_.length; }
  const FieldList* trailers() const override { return &trailers_; }

 private:
  Script& script_;
  FieldList trailers_;
};

}  // namespace gate::http::testing
