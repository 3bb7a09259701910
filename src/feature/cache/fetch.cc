#include "feature/cache/fetch.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"
#include "feature/cache/answer.h"
#include "feature/cache/stream_body.h"
#include "feature/cache/visitor.h"
#include "http/chain.h"

namespace gate::cache {
namespace {

using http::BodyRead;
using http::FieldId;

constexpr std::size_t kChunkBytes = 16 * 1024;
// So that one fast server does not keep the worker busy.
constexpr int kChunksPerTurnMax = 16;

http::ConnectionInfo without_engines(http::ConnectionInfo connection) {
  connection.tls = nullptr;
  connection.quic = nullptr;
  return connection;
}

// What concerns the one client alone: its conditions and ranges are answered here.
bool is_of_client_alone(const http::Field& field) {
  switch (field.id) {
    case FieldId::kIfNoneMatch:
    case FieldId::kIfModifiedSince:
    case FieldId::kIfRange:
    case FieldId::kRange: return true;
    default: break;
  }
  // What the client claims of the way here stands in no key, so nothing that is kept may depend on it.
  return field.name.starts_with("x-forwarded-") && field.id != FieldId::kXForwardedFor;
}

void copy_request(const http::Request& from, http::Request& to, base::Arena& arena) {
  to.method = http::Method::kGet;
  to.method_text = "GET";
  to.version = from.version;
  to.scheme = arena.copy(from.scheme);
  to.authority = arena.copy(from.authority);
  to.host = arena.copy(from.host);
  to.target = arena.copy(from.target);
  to.path = arena.copy(from.path);
  to.raw_path = arena.copy(from.raw_path);
  to.query = arena.copy(from.query);
  to.has_query = from.has_query;
  to.fields.reserve(from.fields.size() + 2);
  for (const http::Field& field : from.fields) {
    if (!is_of_client_alone(field)) to.fields.add({arena.copy(field.name), arena.copy(field.value), field.id});
  }
}

// RFC 9111 4.3.1.
void add_conditions(const StoredHead& kept, http::FieldList& fields) {
  if (const auto etag = kept.field("etag"); !etag.empty()) fields.add(FieldId::kIfNoneMatch, etag);
  if (const auto date = kept.field("last-modified"); !date.empty()) fields.add(FieldId::kIfModifiedSince, date);
}

}  // namespace

Fetch::Fetch(StatementCache& cache, std::uint64_t number, const http::Exchange& asked_by, std::string key,
             std::optional<StoredResponse> kept)
    : cache_(cache),
      number_(number),
      key_(std::move(key)),
      fetch_key_(cache.fetch_key(asked_by.request, key_)),
      kept_(std::move(kept)),
      connection_(without_engines(asked_by.connection())),
      limits_(asked_by.limits()),
      exchange_(*this, cache.store().blocks(), connection_, limits_) {
  copy_request(asked_by.request, exchange_.request, exchange_.arena());
  exchange_.id = asked_by.id;
  exchange_.site = exchange_.arena().copy(asked_by.site);
}

Fetch::~Fetch() { cache_.give_room(room_); }

void Fetch::start() {
  if (!kept_ && cache_.look_up(*this)) {
    phase_ = Phase::kLookingUp;
    cache_.loop().arm(*this, cache_.loop().now() + cache_.settings().wait_max);
  } else {
    ask();
  }
}

void Fetch::looked_up() {
  if (phase_ != Phase::kLookingUp) return;
  phase_ = Phase::kAsking;
  if (!doomed_) kept_ = cache_.find(exchange_.request, key_);
  if (!kept_) return ask();
  const Freshness& freshness = kept_->head->freshness;
  const base::Instant now = cache_.loop().now();
  if (!freshness.is_fresh(now)) return ask();
  answer_all_with(*kept_, {.how = How::kHit, .time_to_live = freshness.lifetime - freshness.age(now)});
}

void Fetch::ask() {
  if (kept_) add_conditions(*kept_->head, exchange_.request.fields);
  moments_.asked = cache_.loop().now();
  if (cache_.rest().handle(exchange_) == http::Flow::kNext) http::refuse_unanswered(exchange_);
}

void Fetch::add(Visitor& visitor) {
  if (!leader_ && !reader_ && waiting_count_ == 0 && phase_ <= Phase::kAsking && !exchange_.responded()) {
    leader_ = &visitor;
    return visitor.lead(*this);
  }
  waiting_.push_back(visitor);
  ++waiting_count_;
  visitor.wait_for(*this);
}

void Fetch::left(Visitor& visitor) {
  if (leader_ == &visitor) {
    leader_ = nullptr;
  } else {
    static_cast<base::ListNode<Visitor>&>(visitor).unlink();
    --waiting_count_;
  }
}

void Fetch::detach() {
  reader_ = nullptr;
  if (phase_ == Phase::kPassing) end();
}

http::BodySource* Fetch::rest_of_body() { return phase_ == Phase::kPassing ? exchange_.response.body.get() : nullptr; }

std::optional<std::uint64_t> Fetch::body_length() const {
  const auto& body = exchange_.response.body;
  return body ? body->length() : 0;
}

const http::FieldList* Fetch::trailers() const {
  const auto& body = exchange_.response.body;
  return body ? body->trailers() : nullptr;
}

void Fetch::response_ready(http::Exchange&) {
  moments_.received = cache_.loop().now();
  moments_.wall = std::chrono::floor<std::chrono::seconds>(cache_.loop().wall());
  cache_.loop().schedule(*this);
}

http::BodySource& Fetch::request_body(http::Exchange&) { return no_body_; }

void Fetch::inform(http::Exchange&, std::uint16_t status, const http::FieldList& fields) {
  if (leader_) leader_->exchange().inform(status, fields);
}

void Fetch::body_ready() {
  if (phase_ == Phase::kPassing) {
    if (reader_) reader_->more();
  } else {
    cache_.loop().schedule(*this);
  }
}

void Fetch::on_turn_end() {
  if (phase_ == Phase::kAsking) judge();
  if (phase_ == Phase::kFilling) fill();
}

void Fetch::judge() {
  const http::Response& response = exchange_.response;
  if (response.status >= 500 && may_use_kept()) {
    const Seconds left = kept_->head->freshness.lifetime - kept_->head->freshness.age(moments_.received);
    return answer_all_with(*kept_, {.how = How::kStale, .time_to_live = left, .fwd_status = response.status});
  }
  if (exchange_.refusal) return refuse_leader();
  const http::Request& request = exchange_.request;
  if (response.status == 304 && kept_) {
    auto refreshed = refreshed_head(*kept_->head, request, response, cache_.settings(), moments_);
    StoredResponse fresh = *kept_;
    if (refreshed) {
      refreshed->worker = cache_.store().worker();
      fresh.head = std::make_shared<const StoredHead>(*std::move(refreshed));
      if (!doomed_) cache_.keep(fresh);
    }
    return answer_all_with(fresh, {.how = How::kValidated, .fwd_status = 304});
  }
  auto head = doomed_ ? std::nullopt : storable_head(request, response, cache_.settings(), moments_);
  const std::uint64_t length = body_length().value_or(0);
  if (!head || length > cache_.settings().response_bytes_max || !cache_.take_room(length)) return begin_passing();
  room_ = length;
  begin_filling(*std::move(head));
}

// RFC 5861 4.
bool Fetch::may_use_kept() const {
  if (!kept_) return false;
  const Freshness& freshness = kept_->head->freshness;
  return freshness.is_within(freshness.stale_if_error, moments_.received);
}

void Fetch::answer_all_with(const StoredResponse& response, const Report& report) {
  if (leader_) {
    Visitor& leader = *std::exchange(leader_, nullptr);
    leader.forget_fetch();
    leader.answer(response, report);
  }
  release_waiting(report);
  end();
}

void Fetch::refuse_leader() {
  if (leader_) {
    Visitor& leader = *std::exchange(leader_, nullptr);
    leader.forget_fetch();
    leader.exchange().rule = exchange_.rule;
    leader.refuse(exchange_, {.how = How::kMiss, .was_stale = was_stale(), .fwd_status = exchange_.response.status});
  }
  release_waiting();
  end();
}

void Fetch::begin_filling(StoredHead head) {
  phase_ = Phase::kFilling;
  head.worker = cache_.store().worker();
  head_ = std::make_shared<const StoredHead>(std::move(head));
  received_.reserve(room_);
  if (exchange_.response.body) exchange_.response.body->set_waker(this);
  hand_to_leader(*head_, true);
}

void Fetch::begin_passing() {
  note_passing();
  if (exchange_.response.body) exchange_.response.body->set_waker(this);
  hand_to_leader(passing_head(exchange_.response, moments_), false);
  release_waiting();
  if (!reader_) end();
}

// The others need not wait any longer, nor those who will ask soon. That a server fails says nothing of what it answers
// otherwise.
void Fetch::note_passing() {
  phase_ = Phase::kPassing;
  cache_.close_fetch(*this);
  if (exchange_.response.status < 500 && !doomed_) cache_.pass_marks().add(fetch_key_, cache_.loop().now());
}

void Fetch::hand_to_leader(const StoredHead& head, bool kept) {
  if (!leader_) return;
  Visitor& leader = *std::exchange(leader_, nullptr);
  leader.forget_fetch();
  http::Exchange& exchange = leader.exchange();
  exchange.rule = exchange_.rule;
  tell({.how = kept ? How::kStored : How::kMiss, .was_stale = was_stale(), .fwd_status = head.status}, exchange,
       cache_.store().counters());
  const Share share = describe(exchange, head, Origin::kServer, kept ? body_length() : std::nullopt, cache_.loop());
  if (share.of == Share::Of::kRefusal) return;
  if (share.of == Share::Of::kNothing || !exchange_.response.body) {
    exchange.response.body.reset();
  } else {
    exchange.response.body = exchange.make_body<StreamBody>(*this, share);
  }
  exchange.respond();
}

void Fetch::fill() {
  http::BodySource* const source = exchange_.response.body.get();
  if (!source) return complete();
  std::array<std::byte, kChunkBytes> chunk;
  for (int count = 0; count < kChunksPerTurnMax; ++count) {
    const BodyRead read = source->read(chunk);
    const bool fits = take(std::span(chunk).first(read.count));
    switch (read.state) {
      case BodyRead::State::kEnd: return complete();
      case BodyRead::State::kFailed: return fail();
      case BodyRead::State::kWait: return;
      case BodyRead::State::kData: break;
    }
    if (!fits) {
      note_passing();
      release_waiting();
      return reader_ ? reader_->more() : end();
    }
  }
  cache_.loop().schedule(*this);
}

// False when it has become more than is to be kept.
bool Fetch::take(std::span<const std::byte> bytes) {
  received_ += base::as_text(bytes);
  if (reader_ && !bytes.empty()) reader_->more();
  if (received_.size() > cache_.settings().response_bytes_max) return false;
  if (received_.size() <= room_) return true;
  const std::size_t more = received_.size() - room_;
  if (!cache_.take_room(more)) return false;
  room_ += more;
  return true;
}

void Fetch::complete() {
  const bool fits = received_.size() <= cache_.settings().response_bytes_max;
  const auto body = std::make_shared<const std::string>(std::move(received_));
  if (fits && !doomed_) cache_.keep({head_, body});
  if (reader_) std::exchange(reader_, nullptr)->complete(body);
  release_waiting();
  end();
}

// RFC 9111 3.3: what has come is a part, and is not kept.
void Fetch::fail() {
  if (reader_) std::exchange(reader_, nullptr)->fail();
  release_waiting();
  end();
}

void Fetch::release_waiting(const std::optional<Report>& kept_will_do) {
  while (!waiting_.empty()) {
    Visitor& visitor = waiting_.pop_front();
    --waiting_count_;
    visitor.forget_fetch();
    visitor.go_on(kept_will_do);
  }
}

void Fetch::end() {
  if (phase_ == Phase::kOver) return;
  phase_ = Phase::kOver;
  cache_.end_fetch(*this);
}

}  // namespace gate::cache
