#include "app/bench/advice.h"

#include <fmt/format.h>

namespace gate::app {
namespace {

// Below these nobody would notice.
constexpr double kBusyShare = 0.1;
constexpr double kDearHandshake = 1.5;  // times one with ECDSA P-256
constexpr double kDearLog = 0.1;        // of a request

using Sentences = std::vector<std::string>;

void on_others(const BenchReport& report, Sentences& sentences) {
  if (report.others_share < kBusyShare) return;
  sentences.push_back(fmt::format(
      "Other programs kept {:.0f} % of the machine busy meanwhile: it can do more than this when it is quiet. "
      "The comparisons hold better than the figures.",
      100 * report.others_share));
}

void on_own_key(const BenchReport& report, Sentences& sentences) {
  const auto* own = report.find(BenchCase::kOwnHandshake);
  const auto* best = report.find(BenchCase::kHandshake);
  if (!report.own || !own || !best || own->microseconds < kDearHandshake * best->microseconds) return;
  if (report.own->key.empty() || report.own->key == "ECDSA P-256") return;
  sentences.push_back(
      fmt::format("The certificate of {} has a key of {}: a full handshake costs {:.1f} times what it costs with ECDSA "
                  "P-256. Have it issued for such a key; every browser of the last ten years takes it.",
                  report.own->name, report.own->key, own->microseconds / best->microseconds));
}

void on_mlkem(const BenchReport& report, Sentences& sentences) {
  const auto* with = report.find(BenchCase::kMlkemHandshake);
  const auto* without = report.find(BenchCase::kHandshake);
  if (!with || !without) return;
  sentences.push_back(fmt::format(
      "Leave ML-KEM on. Its {:.0f} µs are spent once a connection, and what is sent today stays unreadable to "
      "whoever has a quantum computer later.",
      with->microseconds - without->microseconds));
}

void on_log(const BenchReport& report, Sentences& sentences) {
  const auto* with = report.find(BenchCase::kLogged);
  const auto* without = report.find(BenchCase::kHttp1);
  if (!with || !without) return;
  const double share = with->microseconds / without->microseconds - 1;
  if (share < kDearLog) return;
  sentences.push_back(
      fmt::format("The access log takes {:.0f} % more for small answers. Where nobody reads it: access-log off, of the "
                  "server or of a site.",
                  100 * share));
}

void on_compression(const BenchReport& report, Sentences& sentences) {
  const auto* with = report.find(BenchCase::kGzip);
  const auto* without = report.find(BenchCase::kText);
  if (!with || !without) return;
  sentences.push_back(fmt::format(
      "Compressing 50 kB of text by gzip makes its answer cost {:.0f} times as much. Files that do not change are "
      "better compressed once: NAME.br, NAME.zst or NAME.gz beside NAME is sent as it is.",
      with->microseconds / without->microseconds));
}

}  // namespace

std::vector<std::string> advice(const BenchReport& report) {
  Sentences sentences;
  on_others(report, sentences);
  on_own_key(report, sentences);
  on_compression(report, sentences);
  on_log(report, sentences);
  on_mlkem(report, sentences);
  return sentences;
}

}  // namespace gate::app
