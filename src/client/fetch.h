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

#include "base/arena.h"
#include "base/result.h"
#include "cert/verify.h"
#include "client/context.h"
#include "client/url.h"
#include "http/call.h"
#include "loop/loop.h"

namespace gate::client {

// One request that the program makes for itself.
struct FetchRequest {
  using Fields = std::vector<std::pair<std::string, std::string>>;

  std::string method = "GET";
  std::string url;     // see Url
  std::string host{};  // what the server is asked for, where the URL names it by its address; not with redirects
  Fields fields{};     // names in lower case, without Host and the framing's; User-Agent is added where there is none
  std::string body{};
  std::chrono::milliseconds deadline{30'000};  // from the start to the last byte of the response, redirects included
  std::size_t response_bytes_max = 1024 * 1024;
  std::uint32_t redirects_max = 0;  // followed of GET and HEAD only, and never from https to http
};

// What came back, whatever its status.
struct FetchResponse {
  std::uint16_t status = 0;
  FetchRequest::Fields fields;  // names in lower case
  std::string body;
  Url url;  // that answered, after redirects

  // The first value of a field, or nothing.
  std::optional<std::string_view> field(std::string_view name) const;
};

// One request to another server and its whole response, for the control thread: certificate authorities, hooks,
// messages. Destroying it gives up, and `done` is not called.
class Fetch final : private http::CallListener, private http::BodyWaker, private loop::Timer, private loop::TurnEnd {
 public:
  using Done = std::function<void(base::Result<FetchResponse>)>;

  // `context` outlives it. `roots` vouch for servers that are asked by https; null: nobody needs to.
  Fetch(Context& context, std::shared_ptr<const cert::Roots> roots);
  ~Fetch() override;
  Fetch(const Fetch&) = delete;
  Fetch& operator=(const Fetch&) = delete;

  // Asks. `done` is called once, never from within this, and may destroy the fetch or start it anew. It fails with
  // kBadUrl, kFetchFailed, kFetchTimedOut or kFetchTooLarge.
  void start(FetchRequest request, Done done);
  bool under_way() const { return done_ != nullptr; }

  // As long as the use lives, connections to the server of `url` are kept for fetches to come.
  static base::Result<PoolUse> keep_connections(Context& context, std::string_view url,
                                                const std::shared_ptr<const cert::Roots>& roots);

 private:
  struct Question;

  void informed(http::Call&, std::uint16_t, const http::FieldList&) override {}
  void responded(http::Call& call) override;
  void failed(http::Call& call, const http::CallFailure& failure) override;
  void body_ready() override { context_.loop().schedule(*this); }
  void on_timer() override;
  void on_turn_end() override;

  void ask(Url url);
  void read_body();
  void take_response();
  std::optional<base::Result<Url>> redirect(const FetchResponse& response) const;
  void fail(base::ErrorCode code, base::Retry retry, std::string why);
  void conclude();

  Context& context_;
  const std::shared_ptr<const cert::Roots> roots_;
  base::BlockPool blocks_;
  FetchRequest request_;
  Done done_;
  Url url_;                 // that is asked
  std::string first_host_;  // the one that the request was meant for
  std::uint32_t redirects_ = 0;
  std::unique_ptr<Question> question_;
  std::optional<base::Result<FetchResponse>> outcome_;  // to be told at the end of the turn
};

}  // namespace gate::client
