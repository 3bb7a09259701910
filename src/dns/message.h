#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "dns/name.h"

namespace gate::dns {

// Types of records (RFC 1035 3.2.2 and successors); others pass as numbers.
enum class Type : std::uint16_t {
  kA = 1,
  kNs = 2,
  kCname = 5,
  kSoa = 6,
  kPtr = 12,
  kMx = 15,
  kTxt = 16,
  kAaaa = 28,
  kOpt = 41,
  kSvcb = 64,
  kHttps = 65,
  kTsig = 250,
  kAny = 255,
  kCaa = 257,
};

// "TXT", "TYPE4711".
std::string to_string(Type type);

// kNone and kAny have their meaning in updates (RFC 2136 1.3).
enum class Class : std::uint16_t { kInternet = 1, kNone = 254, kAny = 255 };

enum class Opcode : std::uint8_t { kQuery = 0, kUpdate = 5 };

// RFC 1035 4.1.1, RFC 2136 2.2, RFC 6891 9, RFC 8945 3.
enum class Rcode : std::uint16_t {
  kNoError = 0,
  kFormatError = 1,
  kServerFailure = 2,
  kNoSuchName = 3,
  kNotImplemented = 4,
  kRefused = 5,
  kNameExists = 6,
  kSetExists = 7,
  kNoSuchSet = 8,
  kNotAuthorized = 9,
  kNotZone = 10,
  kBadSignature = 16,
  kBadKey = 17,
  kBadTime = 18,
  kBadTruncation = 22,
};

// "NXDOMAIN", "RCODE 42": as dig and the servers' logs call it.
std::string to_string(Rcode rcode);

struct Question {
  Name name;
  Type type = Type::kA;
  Class in = Class::kInternet;

  friend bool operator==(const Question&, const Question&) = default;
};

// `data` holds the bytes of RDATA; names in it are uncompressed and, of the types of RFC 1035, in lower case.
// dns/rdata.h reads and makes it.
struct Record {
  Name name;
  Type type = Type::kA;
  Class in = Class::kInternet;
  std::uint32_t ttl = 0;
  std::string data;

  friend bool operator==(const Record&, const Record&) = default;
};

// RFC 6891: the OPT record.
struct Edns {
  std::uint16_t udp_bytes = 1232;  // the size the DNS flag day of 2020 agreed on: no fragments anywhere
  bool dnssec_ok = false;
};

// RFC 8945 4.2: the TSIG record, the last one of a signed message.
struct Signature {
  std::size_t begins = 0;  // where the record stands in the message
  Name key;
  Name algorithm;
  std::uint64_t time = 0;  // seconds since 1970, 48 bits
  std::uint16_t fudge = 0;
  std::string mac;
  std::uint16_t original_id = 0;
  Rcode error = Rcode::kNoError;
  std::string other;
};

// A message (RFC 1035 4). Of an update (RFC 2136 2) the sections are the zone, prerequisites, updates and additional
// data.
struct Message {
  std::uint16_t id = 0;
  bool response = false;
  Opcode opcode = Opcode::kQuery;
  bool authoritative = false;
  bool truncated = false;
  bool recursion_desired = false;
  bool recursion_available = false;
  Rcode rcode = Rcode::kNoError;
  std::vector<Question> questions;
  std::vector<Record> answers;
  std::vector<Record> authorities;
  std::vector<Record> additionals;  // without OPT and TSIG
  std::optional<Edns> edns{};
  std::optional<Signature> signature{};  // of messages that were received; dns/tsig.h signs
};

inline constexpr std::size_t kMessageBytesMax = 65'535;

// Nothing where the bytes are no well-formed message: cut, with bytes left over, compression that does not point
// backwards, a name or a record that breaks its bounds, OPT or TSIG where they may not stand.
std::optional<Message> decode(base::ByteView bytes);

// Without compression and without signature. The message must fit kMessageBytesMax: see Record; ours are small.
std::string encode(const Message& message);

}  // namespace gate::dns
