#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace gate::tls {

// The keys that clients encrypt the names of sites with (Encrypted Client Hello, RFC 9849). The newest is published,
// all of them open, for what was published before lives on in DNS caches. An immutable value that the control thread
// makes and every worker gets a copy of; secrets are wiped when a copy dies.
class EchKeys {
 public:
  static constexpr std::chrono::days kRotation{7};
  static constexpr std::size_t kKeysMax = 4;  // opens for four weeks

  struct Key {
    std::array<std::byte, 32> secret{};  // X25519
    std::vector<std::byte> config{};     // ECHConfig, which clients are given
    base::WallTime made{};
  };

  // One fresh key. What an observer sees instead of a site's name is `outer_name`, a DNS name.
  static EchKeys generate(const std::string& outer_name, base::WallTime now);

  // Keys that were kept, newest first. Fails when there is none, or one that fits its configuration not.
  static base::Result<EchKeys> restore(std::string outer_name, std::vector<Key> keys);

  EchKeys(const EchKeys&) = default;
  EchKeys(EchKeys&&) = default;
  EchKeys& operator=(const EchKeys&) = delete;  // it would leave the old secrets in memory
  ~EchKeys();

  // A fresh key in front of these; the oldest beyond `kKeysMax` is dropped.
  EchKeys rotated(base::WallTime now) const;

  // Whether the newest is old enough, or the clock was set back behind its beginning.
  bool rotation_is_due(base::WallTime now) const {
    const auto made = keys_.front().made;
    return now < made || now >= made + kRotation;
  }

  const std::string& outer_name() const { return outer_name_; }
  std::span<const Key> keys() const { return keys_; }

  // The ECHConfigList that clients are to use (RFC 9849 4): the value of "ech" in an HTTPS record (RFC 9848).
  std::string config_list() const;
  // In base64, as zone files have it.
  std::string published() const;

 private:
  explicit EchKeys(std::string outer_name) : outer_name_(std::move(outer_name)) {}
  void add_fresh(base::WallTime now);

  std::string outer_name_;
  std::vector<Key> keys_;
};

}  // namespace gate::tls
