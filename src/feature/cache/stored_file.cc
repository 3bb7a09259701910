#include "feature/cache/stored_file.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"
#include "feature/cache/rules.h"
#include "http/request_rules.h"

namespace gate::cache {
namespace {

constexpr std::string_view kMagic = "G443C001";
constexpr std::size_t kChecksumBytes = 8;

// FNV-1a. It finds what a disk or a crash has damaged; who can write to the folder needs no collisions.
std::uint64_t checksum(std::string_view bytes) {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (const char c : bytes) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return sum;
}

class Writer {
 public:
  void number(std::uint64_t value, unsigned width) {
    for (unsigned i = width; i-- > 0;) text_ += static_cast<char>(value >> (8 * i) & 0xff);
  }
  void seconds(Seconds value) { number(static_cast<std::uint64_t>(value.count()), 8); }
  void text(std::string_view value) {
    number(value.size(), 3);
    text_ += value;
  }
  void raw(std::string_view value) { text_ += value; }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// Reads until something is missing; then `good` is false, and what follows is empty.
class Reader {
 public:
  explicit Reader(std::string_view text) : reader_(base::as_bytes(text)) {}

  std::uint64_t u64() { return value(reader_.u64()); }
  std::uint16_t u16() { return value(reader_.u16()); }
  std::uint8_t u8() { return value(reader_.u8()); }
  // RFC 9111 1.2.2 bounds what a file may claim, too.
  Seconds seconds() {
    const auto number = u64();
    good_ = good_ && number <= static_cast<std::uint64_t>(kSecondsMax);
    return good_ ? Seconds{static_cast<std::int64_t>(number)} : Seconds{0};
  }
  std::string text() { return std::string(base::as_text(value(reader_.vector24()))); }
  std::string_view rest() const { return base::as_text(reader_.rest()); }

  void require(bool condition) { good_ = good_ && condition; }
  bool good() const { return good_; }

 private:
  static constexpr std::int64_t kSecondsMax = std::int64_t{1} << 40;

  template <class T>
  T value(std::optional<T> read) {
    good_ = good_ && read.has_value();
    return good_ ? *read : T{};
  }

  base::ByteReader reader_;
  bool good_ = true;
};

Seconds calendar_seconds(base::Instant moment, const base::Clock& clock) {
  const auto since = std::chrono::floor<Seconds>(clock.now() - moment);
  return std::chrono::floor<Seconds>(clock.wall().time_since_epoch()) - since;
}

// A clock that was set back makes nothing younger than it was.
base::Instant moment_at(Seconds calendar, const base::Clock& clock) {
  const auto since = std::chrono::floor<Seconds>(clock.wall().time_since_epoch()) - calendar;
  return clock.now() - std::max(since, Seconds{0});
}

void write_pairs(Writer& out, const auto& pairs) {
  out.number(pairs.size(), 2);
  for (const auto& [name, value] : pairs) {
    out.text(name);
    out.text(value);
  }
}

template <class Pair>
std::vector<Pair> read_pairs(Reader& in) {
  std::vector<Pair> pairs;
  for (std::size_t left = in.u16(); left > 0 && in.good(); --left) {
    std::string name = in.text();
    std::string value = in.text();
    in.require(http::is_token(name) && http::is_field_value(value));
    pairs.push_back({std::move(name), std::move(value)});
  }
  return pairs;
}

std::optional<StoredHead> read_head(Reader& in, const base::Clock& clock) {
  StoredHead head;
  head.freshness.received_at = moment_at(in.seconds(), clock);
  head.freshness.initial_age = in.seconds();
  head.freshness.lifetime = in.seconds();
  head.freshness.stale_while_revalidate = in.seconds();
  head.freshness.stale_if_error = in.seconds();
  head.status = in.u16();
  head.for_everyone = in.u8() != 0;
  head.key = in.text();
  head.fields = read_pairs<std::pair<std::string, std::string>>(in);
  head.vary = read_pairs<VaryField>(in);
  for (std::size_t left = in.u16(); left > 0 && in.good(); --left) head.tags.push_back(in.text());
  in.require(is_keepable(head.status) && !head.key.empty());
  return in.good() ? std::optional(std::move(head)) : std::nullopt;
}

}  // namespace

std::optional<std::string> encode_stored(const StoredResponse& response, const base::Clock& clock) {
  const StoredHead& head = *response.head;
  Writer out;
  out.seconds(calendar_seconds(head.freshness.received_at, clock));
  out.seconds(head.freshness.initial_age);
  out.seconds(head.freshness.lifetime);
  out.seconds(head.freshness.stale_while_revalidate);
  out.seconds(head.freshness.stale_if_error);
  out.number(head.status, 2);
  out.number(head.for_everyone ? 1 : 0, 1);
  out.text(head.key);
  write_pairs(out, head.fields);
  write_pairs(out, head.vary);
  out.number(head.tags.size(), 2);
  for (const auto& tag : head.tags) out.text(tag);
  std::string content = out.take();
  if (content.size() + kMagic.size() + kChecksumBytes > kStoredHeadBytesMax) return std::nullopt;
  content += *response.body;
  Writer file;
  file.raw(kMagic);
  file.number(checksum(content), kChecksumBytes);
  file.raw(content);
  return file.take();
}

std::optional<StoredHead> decode_stored_head(std::string_view start, const base::Clock& clock) {
  if (!start.starts_with(kMagic)) return std::nullopt;
  Reader in(start.substr(kMagic.size()));
  in.u64();
  return read_head(in, clock);
}

std::optional<StoredResponse> decode_stored(std::string_view file, const base::Clock& clock) {
  if (!file.starts_with(kMagic)) return std::nullopt;
  Reader in(file.substr(kMagic.size()));
  const std::uint64_t sum = in.u64();
  if (!in.good() || sum != checksum(in.rest())) return std::nullopt;
  auto head = read_head(in, clock);
  if (!head) return std::nullopt;
  return StoredResponse{std::make_shared<const StoredHead>(*std::move(head)),
                        std::make_shared<const std::string>(in.rest())};
}

}  // namespace gate::cache
