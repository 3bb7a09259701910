#include "cert/issued_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "cert/codes.h"
#include "os/append_file.h"
#include "os/file.h"

namespace gate::cert {

namespace {

constexpr std::size_t kFileBytesMax = std::size_t{256} << 20;
constexpr mode_t kMode = 0600;
constexpr char kSeparator = '\t';  // no name holds one

std::int64_t seconds(base::WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::optional<base::WallTime> time_in(std::string_view text) {
  const auto number = base::parse_number<std::int64_t>(text);
  constexpr std::int64_t kLatest = 9'000'000'000;
  if (!number || *number < 0 || *number > kLatest) return std::nullopt;
  return base::WallTime(std::chrono::seconds(*number));
}

std::string issued_line(const IssuedRecord& record) {
  std::string line = fmt::format("issued\t{}\t{}\t{}\t{}\t{}\t{}", record.serial, to_string(record.purpose),
                                 seconds(record.from), seconds(record.until), record.sha256, record.origin);
  for (const auto& name : record.names) line += kSeparator + name;
  return line + "\n";
}

std::string revoked_line(const std::string& serial, const IssuedRecord::Revocation& revocation) {
  return fmt::format("revoked\t{}\t{}\t{}\n", serial, seconds(revocation.at), to_string(revocation.reason));
}

bool is_serial(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return base::is_digit(c) || (c >= 'a' && c <= 'f'); });
}

// `rest` of a line behind "issued".
std::optional<IssuedRecord> read_issued(std::string_view rest) {
  IssuedRecord record;
  record.serial = base::split_off(rest, kSeparator);
  const std::string_view purpose = base::split_off(rest, kSeparator);
  const auto from = time_in(base::split_off(rest, kSeparator));
  const auto until = time_in(base::split_off(rest, kSeparator));
  record.sha256 = base::split_off(rest, kSeparator);
  record.origin = base::split_off(rest, kSeparator);
  while (!rest.empty()) record.names.emplace_back(base::split_off(rest, kSeparator));
  const bool client = purpose == to_string(Purpose::kClient);
  if (!is_serial(record.serial) || !from || !until || (!client && purpose != to_string(Purpose::kServer)) ||
      record.names.empty()) {
    return std::nullopt;
  }
  record.purpose = client ? Purpose::kClient : Purpose::kServer;
  record.from = *from;
  record.until = *until;
  return record;
}

base::Error damaged(const std::string& path, std::size_t line) {
  return {.code = kIndexDamaged,
          .what = fmt::format("the list of issued certificates {} is damaged in line {}", path, line),
          .why = "something else than Gate443 has written to it, or the disk has failed",
          .fix =
              "restore it from a backup; or take the line out: its certificate is then unknown here, and can only "
              "be revoked by its serial number once the line is back"};
}

}  // namespace

base::Result<void> IssuedIndex::refresh() {
  const auto facts = os::inspect(path_);
  if (!facts || (facts->inode == inode_ && facts->size == bytes_)) return {};
  GATE_TRY_ASSIGN(const std::string text, os::read_file(path_, kFileBytesMax));
  records_.clear();
  by_serial_.clear();
  std::string_view rest(text.data(), text.rfind('\n') + 1);  // nothing when there is no line end: npos + 1 is 0
  bytes_ = rest.size();
  inode_ = facts->inode;
  for (std::size_t line = 1; !rest.empty(); ++line) {
    if (!take_in(base::split_off(rest, '\n'))) {
      bytes_ = 0;
      return base::fail(damaged(path_, line));
    }
  }
  return {};
}

bool IssuedIndex::take_in(std::string_view line) {
  const std::string_view event = base::split_off(line, kSeparator);
  if (event == "issued") {
    auto record = read_issued(line);
    if (!record || !by_serial_.emplace(record->serial, records_.size()).second) return false;
    records_.push_back(*std::move(record));
    return true;
  }
  const auto found = by_serial_.find(std::string(base::split_off(line, kSeparator)));
  const auto at = time_in(base::split_off(line, kSeparator));
  const auto reason = parse_revocation_reason(line);
  if (event != "revoked" || found == by_serial_.end() || !at || !reason) return false;
  records_[found->second].revocation = {*at, *reason};
  return true;
}

base::Result<void> IssuedIndex::add(IssuedRecord record) {
  GATE_TRY(append(issued_line(record)));
  by_serial_.emplace(record.serial, records_.size());
  records_.push_back(std::move(record));
  return {};
}

base::Result<void> IssuedIndex::revoke(const std::string& serial, const IssuedRecord::Revocation& revocation) {
  GATE_TRY(append(revoked_line(serial, revocation)));
  records_[by_serial_.at(serial)].revocation = revocation;
  return {};
}

base::Result<void> IssuedIndex::append(const std::string& line) {
  GATE_TRY(os::write_behind(path_, bytes_, line, kMode));
  GATE_TRY_ASSIGN(const os::FileFacts facts, os::inspect(path_));
  bytes_ += line.size();
  inode_ = facts.inode;
  return {};
}

base::Result<void> IssuedIndex::drop_ended_before(base::WallTime time) {
  constexpr std::size_t kWorthwhile = 1000;
  const auto has_ended = [time](const IssuedRecord& record) { return record.until < time; };
  const auto ended = static_cast<std::size_t>(std::ranges::count_if(records_, has_ended));
  if (ended < kWorthwhile || ended * 2 < records_.size()) return {};
  std::string text;
  for (const IssuedRecord& record : records_) {
    if (has_ended(record)) continue;
    text += issued_line(record);
    if (record.revocation) text += revoked_line(record.serial, *record.revocation);
  }
  GATE_TRY(os::write_file_atomically(path_, text, kMode));
  return refresh();
}

const IssuedRecord* IssuedIndex::find(std::string_view serial) const {
  const auto found = by_serial_.find(std::string(serial));
  return found == by_serial_.end() ? nullptr : &records_[found->second];
}

}  // namespace gate::cert
