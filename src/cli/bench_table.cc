#include "cli/bench_table.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "app/about.h"
#include "app/bench/advice.h"
#include "cli/wrapped.h"

namespace gate::cli {
namespace {

using app::BenchCase;

constexpr int kNameColumns = 46;

// "7 460", with three digits that mean something.
std::string rounded(double number) {
  const double unit = number < 100 ? 1 : std::pow(10, std::floor(std::log10(number)) - 2);
  std::string text = fmt::format("{:.0f}", std::round(number / unit) * unit);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, " ");
  return text;
}

std::string microseconds(double number) { return number < 100 ? fmt::format("{:.1f}", number) : rounded(number); }

class Table {
 public:
  explicit Table(const app::BenchReport& report) : report_(report) {}

  std::string whole() {
    text_ += fmt::format("Gate443 {} on {}\n", app::version(), report_.processors);
    if (!report_.complete) text_ += "stopped before the end; what there is so far:\n";
    handshakes();
    requests();
    costs();
    advice();
    return std::move(text_);
  }

 private:
  void handshakes() {
    line("\na new connection", "CPU µs", "a second a core");
    row(BenchCase::kHandshake, "full handshake, ECDSA P-256, X25519");
    row(BenchCase::kMlkemHandshake, "  with X25519MLKEM768");
    row(BenchCase::kResumedHandshake, "  resumed");
    row(BenchCase::kRsaHandshake, "  with an RSA-2048 certificate");
    if (!report_.own) return;
    row(BenchCase::kOwnHandshake, fmt::format("{}: {}{}", report_.own->name, report_.own->key,
                                              report_.own->key_is_ours ? ", in the authority's place" : ""));
  }

  void requests() {
    line("\na request on a connection that stays", "CPU µs", "a second a core");
    row(BenchCase::kHttp1, "HTTP/1.1, a file of 300 bytes");
    row(BenchCase::kHttp2, "HTTP/2, the same, 64 at a time");
    text_ += "HTTP/3: not measured: there is no client of it in this program\n";
    if (report_.own) row(BenchCase::kOwnRequest, report_.own->name);
    if (const auto* large = report_.find(BenchCase::kLarge)) {
      line("a megabyte of a large file, HTTP/1.1", microseconds(large->microseconds),
           rounded(1e6 / large->microseconds) + " MB/s");
    }
  }

  void costs() {
    line("\nwhat it costs", "CPU µs");
    cost(BenchCase::kMlkemHandshake, BenchCase::kHandshake, "ML-KEM, a full handshake");
    cost(BenchCase::kRsaHandshake, BenchCase::kHandshake, "RSA-2048 in place of ECDSA, a full handshake");
    cost(BenchCase::kLogged, BenchCase::kHttp1, "the access log, a request");
    coding(BenchCase::kGzip, "gzip");
    coding(BenchCase::kBrotli, "br");
    coding(BenchCase::kZstd, "zstd");
  }

  void advice() {
    const auto sentences = app::advice(report_);
    if (!sentences.empty()) text_ += "\n";
    for (const auto& sentence : sentences) text_ += fmt::format("· {}\n", wrapped(sentence, 2, 78));
  }

  void row(BenchCase which, std::string what) {
    if (const auto* found = report_.find(which)) {
      if (which == BenchCase::kOwnRequest) what += fmt::format(": {}", found->status);
      return line(what, microseconds(found->microseconds), rounded(1e6 / found->microseconds));
    }
    for (const auto& each : report_.measurements) {
      if (each.which == which && !each.problem.empty()) {
        text_ += fmt::format("{}\n", wrapped(fmt::format("{}: not measured: {}", what, each.problem), 2));
      }
    }
  }

  void cost(BenchCase with, BenchCase without, std::string_view what) {
    const auto more = difference(with, without);
    if (!more) return;
    const double share = 100 * *more / report_.find(without)->microseconds;
    line(what, fmt::format("{:+.1f}", *more), fmt::format("{:+.0f} %", share));
  }

  void coding(BenchCase which, std::string_view name) {
    const auto more = difference(which, BenchCase::kText);
    if (!more) return;
    const double left = 100 * report_.find(which)->body_bytes / report_.find(BenchCase::kText)->body_bytes;
    line(fmt::format("{}, 50 kB of text", name), fmt::format("{:+.0f}", *more), fmt::format("{:.0f} % left", left));
  }

  std::optional<double> difference(BenchCase with, BenchCase without) const {
    const auto* more = report_.find(with);
    const auto* less = report_.find(without);
    if (!more || !less) return std::nullopt;
    return more->microseconds - less->microseconds;
  }

  void line(std::string_view what, std::string_view figure, std::string_view other = {}) {
    if (what.starts_with('\n')) {
      text_ += "\n";
      what.remove_prefix(1);
    }
    // A long name has a line of its own.
    if (what.size() >= kNameColumns) {
      text_ += fmt::format("{}\n", wrapped(what, 2));
      what = {};
    }
    text_ += fmt::format("{:<{}}{:>12}", what, kNameColumns, figure);
    text_ += other.empty() ? "\n" : fmt::format("{:>18}\n", other);
  }

  const app::BenchReport& report_;
  std::string text_;
};

}  // namespace

std::string bench_table(const app::BenchReport& report) { return Table(report).whole(); }

}  // namespace gate::cli
