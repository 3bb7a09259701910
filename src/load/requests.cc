#include "load/requests.h"

#include <fmt/format.h>

#include <optional>

#include "http/call.h"

namespace gate::load {

// Makes one request after the other.
class Requests::Asker final : private http::CallListener, private http::BodyWaker, private loop::TurnEnd {
 public:
  explicit Asker(Requests& owner) : owner_(owner) {}

  void ask() {
    http::CallListener& listener = *this;
    question_.emplace(owner_.blocks_, listener);
    if (!owner_.settings_.accept_encoding.empty()) {
      question_->fields.add(http::FieldId::kAcceptEncoding, owner_.settings_.accept_encoding);
    }
    question_->call.request.authority = owner_.settings_.name;
    question_->call.request.target = owner_.settings_.target;
    question_->call.request.fields = &question_->fields;
    question_->call.body().set_waker(this);
    failed_ = false;
    owner_.pool_->start(question_->call);
  }

 private:
  // What a request and its answer live in.
  struct Question {
    Question(base::BlockPool& blocks, http::CallListener& listener)
        : arena(blocks), fields(arena), call(arena, listener) {}
    base::Arena arena;
    http::FieldList fields;
    http::Call call;
  };

  // What comes of a call is looked at when the turn ends: it must not be destroyed from within these.
  void informed(http::Call&, std::uint16_t, const http::FieldList&) override {}
  void responded(http::Call&) override { owner_.context_.loop().schedule(*this); }
  void failed(http::Call&, const http::CallFailure& failure) override {
    failed_ = true;
    owner_.fail(failure.reason);
    owner_.context_.loop().schedule(*this);
  }
  void body_ready() override { owner_.context_.loop().schedule(*this); }

  void on_turn_end() override {
    if (failed_ || read_body()) ask();
  }

  // True at its end, however that is.
  bool read_body() {
    for (;;) {
      const auto read = question_->call.body().read(owner_.scratch_);
      owner_.tally_.bytes += read.count;
      switch (read.state) {
        case http::BodyRead::State::kData: continue;
        case http::BodyRead::State::kWait: return false;
        case http::BodyRead::State::kFailed: owner_.fail("the answer ended before its end"); return true;
        case http::BodyRead::State::kEnd: break;
      }
      owner_.tally_.status = question_->call.response.status;
      ++owner_.tally_.done;
      return true;
    }
  }

  Requests& owner_;
  std::optional<Question> question_;
  bool failed_ = false;
};

Requests::Requests(const RequestSettings& settings, client::Context& context) : settings_(settings), context_(context) {
  client::PoolSettings pool;
  pool.address = {.scheme = client::Scheme::kHttps,
                  .host = settings.server.address.to_string(),
                  .port = settings.server.port,
                  .path = {},
                  .service = false};
  pool.protocol = settings.version == Version::kHttp1 ? client::Protocol::kHttp1 : client::Protocol::kHttp;
  pool.server_name = settings.name;
  pool.connections_max = settings.version == Version::kHttp1 ? static_cast<std::uint32_t>(settings.concurrency) : 1;
  const std::string key = fmt::format("load {} {} {}", settings.server.to_string(), settings.name,
                                      settings.version == Version::kHttp1 ? 1 : 2);
  pool_ = context.pool(key, pool);
}

Requests::~Requests() = default;

void Requests::begin() {
  for (std::size_t i = 0; i < settings_.concurrency; ++i) {
    askers_.push_back(std::make_unique<Asker>(*this));
    askers_.back()->ask();
  }
}

}  // namespace gate::load
