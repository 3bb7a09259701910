#pragma once

#include <cstdint>

// The bits of a message's flags (RFC 1035 4.1.1) and of OPT's TTL field (RFC 6891 6.1.3), for the codec alone.
namespace gate::dns {

inline constexpr unsigned kResponseBit = 0x8000;
inline constexpr unsigned kOpcodeShift = 11;
inline constexpr unsigned kOpcodeMask = 0xf;
inline constexpr unsigned kAuthoritativeBit = 0x0400;
inline constexpr unsigned kTruncatedBit = 0x0200;
inline constexpr unsigned kRecursionDesiredBit = 0x0100;
inline constexpr unsigned kRecursionAvailableBit = 0x0080;
inline constexpr unsigned kRcodeMask = 0xf;

inline constexpr unsigned kExtendedRcodeShift = 24;
inline constexpr unsigned kRcodeBits = 4;
inline constexpr std::uint32_t kDnssecOkBit = 0x8000;

}  // namespace gate::dns
