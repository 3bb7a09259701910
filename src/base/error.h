#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gate::base {

// A stable error number, printed as G0142. Each folder defines its own in `codes.h`; `docs/errors.md` has a
// paragraph for every one (a gate compares the two).
struct ErrorCode {
  std::uint16_t number = 0;

  friend constexpr bool operator==(ErrorCode, ErrorCode) = default;
};

// "G0142" for ErrorCode{142}.
std::string to_string(ErrorCode code);

// Who has to act for the error to go away.
enum class Side : std::uint8_t { kClient, kUpstream, kSelf, kConfiguration, kSystem };

// Whether the same operation may succeed when tried again.
enum class Retry : std::uint8_t { kNever, kFreshConnection, kLater };

std::string_view to_string(Side side);

// An ordinary failure, explained in the four parts every message of the program has: what happened and where
// (`what`), why (`why`), what to do (`fix`). Never holds a secret. A value: copies and moves freely.
struct Error {
  ErrorCode code;
  Side side = Side::kSystem;
  Retry retry = Retry::kNever;
  std::string what;
  std::string why{};
  std::string fix{};
};

// Renders the error as it is shown to an operator:
//   error G2107: cannot listen on 443/tcp: ...
//     why:  ...
//     fix:  ...
// Lines for empty parts are left out. No trailing newline.
std::string render(const Error& error);

}  // namespace gate::base
