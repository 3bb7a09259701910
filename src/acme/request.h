#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "acme/failure.h"
#include "base/clock.h"
#include "cert/private_key.h"
#include "cert/verify.h"
#include "client/context.h"
#include "client/fetch.h"

namespace gate::acme {

// What the requests to one authority share. Outlives them.
struct Channel {
  // More are not worth keeping: they grow stale.
  static constexpr std::size_t kNoncesMax = 8;

  client::Context& context;
  std::shared_ptr<const cert::Roots> roots{};
  std::chrono::milliseconds deadline{30'000};  // of each request
  std::string new_nonce{};                     // URL
  std::vector<std::string> nonces{};           // RFC 8555 6.5, not used yet
};

// By whom a request is signed (RFC 8555 6.2): by an account, or by a key that is none yet.
struct Signer {
  const cert::PrivateKey& key;
  std::string key_id{};  // the account's URL; empty: the key itself is sent
};

// What was asked of the authority.
struct Demand {
  std::string url;
  std::string what;                             // "a new order", for errors
  std::string media_type = "application/json";  // that the answer must have; empty: any
};

// What it said, when it was no problem.
struct Answer {
  std::uint16_t status = 0;
  std::string body;
  std::string location;
  std::vector<std::string> alternates;  // RFC 8555 7.4.2, Link with rel="alternate"
  std::optional<base::WallTime> again_at;
};

// One request to an authority at a time: signed, with a nonce, which is fetched where there is none, and repeated with
// a fresh one where the authority does not take it. Destroying it gives up.
class Request {
 public:
  // RFC 8555 6.5: "SHOULD retry"; a bound for an authority that takes none.
  static constexpr int kNonceTriesMax = 20;
  using Done = std::function<void(Outcome<Answer>)>;

  explicit Request(Channel& channel) : channel_(channel), fetch_(channel.context, channel.roots) {}

  // `done` is called later, never from within, and may destroy the request or make it ask again.
  void get(Demand demand, Done done);

  // The signer's key outlives the request. An empty payload is "POST-as-GET" (RFC 8555 6.3).
  void post(Demand demand, std::string payload, Signer signer, Done done);

 private:
  void fetch_nonce();
  void send();
  client::FetchRequest fetch_request(std::string_view method, const std::string& url) const;
  Outcome<Answer> judge(base::Result<client::FetchResponse> response);
  Outcome<Answer> judge_success(const client::FetchResponse& response) const;
  Failure judge_problem(const client::FetchResponse& response) const;
  void take_nonce(const client::FetchResponse& response);
  void received(base::Result<client::FetchResponse> response);
  void conclude(Outcome<Answer> outcome);

  Channel& channel_;
  client::Fetch fetch_;
  Demand demand_;
  std::string payload_;
  std::optional<Signer> signer_;
  int tries_ = 0;
  Done done_;
};

}  // namespace gate::acme
