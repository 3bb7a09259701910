#pragma once

#include <expected>
#include <utility>

#include "base/error.h"

namespace gate::base {

// The outcome of anything that can fail. Functions that return it are `[[nodiscard]]`.
template <class T = void>
using Result = std::expected<T, Error>;

// The failed outcome: `return fail({.code = kPortInUse, .what = ...});`
[[nodiscard]] inline std::unexpected<Error> fail(Error error) { return std::unexpected<Error>(std::move(error)); }

}  // namespace gate::base

#define GATE_CONCAT_INNER(a, b) a##b
#define GATE_CONCAT(a, b) GATE_CONCAT_INNER(a, b)

// Returns the error of `expr` from the enclosing function, if it has one.
#define GATE_TRY(expr)                                                  \
  if (auto gate_result = (expr); !gate_result.has_value()) [[unlikely]] \
  return std::unexpected(std::move(gate_result).error())

// Declares `decl` from the value of `expr`, or returns its error: `GATE_TRY_ASSIGN(auto fd, open(path));`
#define GATE_TRY_ASSIGN(decl, expr)                                                 \
  auto GATE_CONCAT(gate_result_, __LINE__) = (expr);                                \
  if (!GATE_CONCAT(gate_result_, __LINE__).has_value()) [[unlikely]]                \
    return std::unexpected(std::move(GATE_CONCAT(gate_result_, __LINE__)).error()); \
  decl = *std::move(GATE_CONCAT(gate_result_, __LINE__))
