#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/intrusive_list.h"
#include "feature/cache/report.h"
#include "feature/cache/rules.h"
#include "feature/cache/statement_cache.h"
#include "feature/cache/stored_response.h"
#include "http/exchange.h"
#include "loop/loop.h"

namespace gate::cache {

class StreamBody;
class Visitor;

// A request of the cache's own to what stands behind it, and its response on the way to the shelf. One client's
// exchange at most leads it: that gets the response as it comes. Others wait until it is kept. It goes on without any
// of them.
//
//   kLookingUp ──on the disk, and fresh──▶ kOver
//      │ not
//      ▼
//   kAsking ──304, or an error while what is kept may do──▶ kOver
//      │ ├──not to be kept──▶ kPassing ──leader gone──▶ kOver
//      │ │                       ▲ too large
//      └─┴──to be kept──▶ kFilling ──the body's end, or its failure──▶ kOver
class Fetch final : private http::ExchangeDriver, private http::BodyWaker, private loop::TurnEnd, private loop::Timer {
 public:
  // `cache` outlives it; of `asked_by` everything is copied.
  Fetch(StatementCache& cache, std::uint64_t number, const http::Exchange& asked_by, std::string key,
        std::optional<StoredResponse> kept);
  ~Fetch() override;
  Fetch(const Fetch&) = delete;
  Fetch& operator=(const Fetch&) = delete;

  std::uint64_t number() const { return number_; }  // unique for its statement
  const std::string& key() const { return key_; }
  const std::string& fetch_key() const { return fetch_key_; }
  bool was_stale() const { return kept_.has_value(); }

  // Hands the request on. What comes of it is told at the end of a turn, never from within.
  void start();

  // What the disk had is on the shelf, or will not be waited for.
  void looked_up();

  // Its response must not be kept: what it is about has changed meanwhile.
  void doom() { doomed_ = true; }
  bool doomed() const { return doomed_; }

  // The first one leads.
  void add(Visitor& visitor);
  std::size_t waiting() const { return waiting_count_; }
  void left(Visitor& visitor);

  // For the leader's body:
  void attach(StreamBody& reader) { reader_ = &reader; }
  void detach();
  // What came of the body so far, and then the rest of it.
  const std::string& received() const { return received_; }
  http::BodySource* rest_of_body();
  std::optional<std::uint64_t> body_length() const;
  const http::FieldList* trailers() const;

 private:
  enum class Phase : std::uint8_t { kLookingUp, kAsking, kFilling, kPassing, kOver };

  class NoBody final : public http::BodySource {
   public:
    http::BodyRead read(std::span<std::byte>) override { return {http::BodyRead::State::kEnd, 0}; }
  };

  // http::ExchangeDriver
  void response_ready(http::Exchange& exchange) override;
  http::BodySource& request_body(http::Exchange& exchange) override;
  void inform(http::Exchange& exchange, std::uint16_t status, const http::FieldList& fields) override;
  void body_ready() override;
  void on_turn_end() override;
  // The disk takes too long.
  void on_timer() override { looked_up(); }

  void ask();
  void judge();
  bool may_use_kept() const;
  void answer_all_with(const StoredResponse& response, const Report& report);
  void refuse_leader();
  void begin_filling(StoredHead head);
  void begin_passing();
  void note_passing();
  void hand_to_leader(const StoredHead& head, bool kept);
  void fill();
  bool take(std::span<const std::byte> bytes);
  void complete();
  void fail();
  void release_waiting(const std::optional<Report>& kept_will_do = std::nullopt);
  void end();

  StatementCache& cache_;
  const std::uint64_t number_;
  const std::string key_;
  const std::string fetch_key_;
  std::optional<StoredResponse> kept_;
  const http::ConnectionInfo connection_;
  const http::Limits limits_;
  NoBody no_body_;  // of the request
  http::Exchange exchange_;
  Moments moments_{};
  Phase phase_ = Phase::kAsking;
  bool doomed_ = false;

  Visitor* leader_ = nullptr;     // until the head is there
  StreamBody* reader_ = nullptr;  // from then on
  base::IntrusiveList<Visitor> waiting_;
  std::size_t waiting_count_ = 0;

  std::shared_ptr<const StoredHead> head_;  // of what is being kept
  std::string received_;
  std::size_t room_ = 0;  // taken for received_
};

}  // namespace gate::cache
