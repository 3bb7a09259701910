#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/arena.h"
#include "base/ip.h"
#include "base/result.h"
#include "client/context.h"
#include "load/tally.h"

namespace gate::load {

enum class Version : std::uint8_t { kHttp1, kHttp2 };

struct RequestSettings {
  base::Endpoint server{};
  std::string name{};  // SNI and Host; whoever answers to it is believed
  std::string target = "/";
  std::string accept_encoding{};  // empty: not said
  Version version = Version::kHttp1;
  std::size_t concurrency = 16;  // a connection each over HTTP/1.1, one for all over HTTP/2
};

// Requests on connections that stay, so many at a time. An answer is done with when its body has come as a whole,
// whatever its status.
class Requests final : public Load {
 public:
  // `context` outlives it.
  Requests(const RequestSettings& settings, client::Context& context);
  ~Requests() override;

  void begin() override;

 private:
  class Asker;

  const RequestSettings settings_;
  client::Context& context_;
  base::BlockPool blocks_;
  std::vector<std::byte> scratch_ = std::vector<std::byte>(64 * 1024);
  client::PoolUse pool_;  // before those who use it
  std::vector<std::unique_ptr<Asker>> askers_;
};

}  // namespace gate::load
