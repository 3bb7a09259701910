#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cert/purpose.h"
#include "cert/revocation_list.h"

namespace gate::cert {

// One certificate that an authority has issued.
struct IssuedRecord {
  std::string serial;  // lower-case hexadecimal
  Purpose purpose = Purpose::kServer;
  base::WallTime from;
  base::WallTime until;
  std::string sha256;              // of the certificate, hexadecimal
  std::string origin;              // who asked: "command", "acme:ACCOUNT"
  std::vector<std::string> names;  // the client's own name first, then names, addresses, mail addresses

  struct Revocation {
    base::WallTime at;
    RevocationReason reason = RevocationReason::kUnspecified;
  };
  std::optional<Revocation> revocation{};
};

// The list of what an authority has issued and revoked: a text file, a line an event, only ever added to. A line counts
// once its end is on disk; what a process that died in the middle of one has left is cut off by the next to write. So a
// certificate that was handed out is always in it. Writers hold the authority's lock.
class IssuedIndex {
 public:
  explicit IssuedIndex(std::string path) : path_(std::move(path)) {}

  // Takes in what others have written since the last time. kIndexDamaged: a line that is none.
  base::Result<void> refresh();

  // Durable when they return. The records are up to date: refresh() was called under the same lock.
  base::Result<void> add(IssuedRecord record);
  base::Result<void> revoke(const std::string& serial, const IssuedRecord::Revocation& revocation);

  // Forgets certificates that ended before `time`, once most of the file is of those. The lock is held.
  base::Result<void> drop_ended_before(base::WallTime time);

  const std::vector<IssuedRecord>& records() const { return records_; }  // oldest first
  const IssuedRecord* find(std::string_view serial) const;

 private:
  base::Result<void> append(const std::string& line);
  bool take_in(std::string_view line);

  std::string path_;
  std::vector<IssuedRecord> records_;
  std::unordered_map<std::string, std::size_t> by_serial_;
  std::uint64_t bytes_ = 0;  // of complete lines
  std::uint64_t inode_ = 0;
};

}  // namespace gate::cert
