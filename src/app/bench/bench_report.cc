#include "app/bench/bench_report.h"

#include <algorithm>
#include <array>

namespace gate::app {
namespace {

struct Named {
  BenchCase which;
  std::string_view id;
  std::string_view words;  // for who waits
};
constexpr std::array<Named, kBenchCases> kCases{{
    {BenchCase::kHandshake, "full_handshake", "full handshakes"},
    {BenchCase::kMlkemHandshake, "mlkem_handshake", "handshakes with ML-KEM"},
    {BenchCase::kResumedHandshake, "resumed_handshake", "resumed handshakes"},
    {BenchCase::kRsaHandshake, "rsa_handshake", "handshakes with RSA"},
    {BenchCase::kHttp1, "http1_request", "requests over HTTP/1.1"},
    {BenchCase::kHttp2, "http2_request", "requests over HTTP/2"},
    {BenchCase::kLogged, "logged_request", "requests with an access log"},
    {BenchCase::kLarge, "large_megabyte", "large files"},
    {BenchCase::kText, "text", "text as it is"},
    {BenchCase::kGzip, "text_gzip", "text by gzip"},
    {BenchCase::kBrotli, "text_br", "text by br"},
    {BenchCase::kZstd, "text_zstd", "text by zstd"},
    {BenchCase::kOwnHandshake, "own_handshake", "handshakes of the site"},
    {BenchCase::kOwnRequest, "own_request", "requests to the site"},
}};

const Named& named(BenchCase which) { return kCases[static_cast<std::size_t>(which)]; }

}  // namespace

std::string_view to_string(BenchCase which) { return named(which).id; }
std::string_view words_of(BenchCase which) { return named(which).words; }

const Measurement* BenchReport::find(BenchCase which) const {
  const auto found = std::ranges::find(measurements, which, &Measurement::which);
  return found != measurements.end() && found->operations > 0 ? &*found : nullptr;
}

}  // namespace gate::app
