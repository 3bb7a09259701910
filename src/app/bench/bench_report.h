#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gate::app {

// What is measured. A server's processor time is what is told of each, so that the load itself does not count.
enum class BenchCase : std::uint8_t {
  kHandshake,         // connect, full handshake with X25519, close
  kMlkemHandshake,    // the same with X25519MLKEM768
  kResumedHandshake,  // with a ticket
  kRsaHandshake,      // full, X25519, RSA 2048 in place of ECDSA P-256
  kHttp1,             // a file of 300 bytes on a connection that stays
  kHttp2,
  kLogged,  // as kHttp1, with an access log
  kLarge,   // a megabyte of a file of 10
  kText,    // 50 kB of text over HTTP/1.1
  kGzip,    // the same, compressed
  kBrotli,
  kZstd,
  kOwnHandshake,  // of the user's own site: full, X25519
  kOwnRequest,    // over HTTP/1.1
};
inline constexpr std::size_t kBenchCases = static_cast<std::size_t>(BenchCase::kOwnRequest) + 1;

// "full_handshake"
std::string_view to_string(BenchCase which);
// "full handshakes"
std::string_view words_of(BenchCase which);

struct Measurement {
  BenchCase which = BenchCase::kHandshake;
  double microseconds = 0;       // of the server's processor time, each
  std::uint64_t operations = 0;  // that were measured
  std::uint64_t failed = 0;      // beside them
  double body_bytes = 0;         // of a whole answer, as it was sent
  std::uint16_t status = 0;      // of the last answer
  std::string problem{};         // why there is no figure; empty: there is one
};

// A site of the user's own, as it is measured.
struct OwnSite {
  std::string name;                 // the first of its names
  std::string host;                 // as which it is asked
  std::string answers;              // "files /srv/www"
  std::string key{};                // "ECDSA P-256", "RSA 2048": of the certificate that it shows here
  bool key_is_ours = false;         // in place of one that an authority issues
  std::string handshake_problem{};  // why there must be none
  std::string request_problem{};
};

struct BenchReport {
  std::string processors{};      // "2 × …"
  std::optional<OwnSite> own{};  // nothing: none was measured
  std::vector<Measurement> measurements{};
  double others_share = 0;  // of the machine: what other programs took meanwhile
  bool complete = true;     // false: it was stopped

  // Null where there is no figure.
  const Measurement* find(BenchCase which) const;
};

}  // namespace gate::app
