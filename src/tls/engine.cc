#include "tls/engine.h"

#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "cert/certificate.h"
#include "cert/native.h"
#include "tls/client_impl.h"
#include "tls/codes.h"
#include "tls/failure.h"
#include "tls/negotiated.h"
#include "tls/negotiation.h"
#include "tls/policy.h"
#include "tls/record_layer.h"
#include "tls/server_impl.h"
#include "tls/turn_bio.h"

namespace gate::tls {

namespace {

constexpr std::size_t kRecordOverhead = kRecordOverheadBytes + 8;  // the explicit nonce of TLS 1.2
static_assert(Engine::kReadBytes == kCiphertextBytesMax);

// Counts what a call of the record layer takes and says, as a TurnBio does for the library.
class Counted {
 public:
  Counted(const Io& io, Facts& facts) : io_(io), facts_(facts), input_(io.input.size()), output_(io.output.size()) {}
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() {
    facts_.bytes_in += input_ - io_.input.size();
    facts_.bytes_out += io_.output.size() - output_;
  }

 private:
  const Io& io_;
  Facts& facts_;
  const std::size_t input_;
  const std::size_t output_;
};

}  // namespace

std::string_view to_string(Step step) {
  switch (step) {
    case Step::kDone: return "done";
    case Step::kNeedRead: return "need read";
    case Step::kNeedName: return "need name";
    case Step::kEnd: return "end";
    case Step::kFailed: return "failed";
  }
  return "unknown";
}

void Engine::FreeSsl::operator()(ssl_st* ssl) const { SSL_free(ssl); }

Engine::Engine(std::shared_ptr<const ServerContext> context, const base::IpAddress& local_address,
               const base::Clock& clock)
    : clock_(clock),
      bio_(context->impl().bio),
      ssl_(context->impl().make_ssl().release()),
      negotiation_(std::make_unique<Negotiation>(facts_)) {
  negotiation_->server = &context->impl();
  negotiation_->local_address = local_address;
  negotiation_->may_wait = true;
  context_ = std::move(context);
  begin();
}

Engine::Engine(std::shared_ptr<const ClientContext> context, const ClientTarget& target, const base::Clock& clock)
    : clock_(clock),
      bio_(context->impl().bio),
      ssl_(context->impl().make_ssl(target).release()),
      negotiation_(std::make_unique<Negotiation>(facts_)) {
  negotiation_->client = &context->impl();
  negotiation_->server_name = target.server_name;
  context_ = std::move(context);
  begin();
}

Engine::~Engine() = default;

void Engine::begin() {
  negotiation_->clock = &clock_;
  attach(ssl_.get(), negotiation_.get());
  BIO* bio = bio_.share();
  SSL_set_bio(ssl_.get(), bio, bio);  // takes one reference where both are the same
}

bool Engine::speaks_first() const { return ssl_ && SSL_is_server(ssl_.get()) == 0; }

Step Engine::handshake(Io& io) {
  if (phase_ == Phase::kFailed) return Step::kFailed;
  if (phase_ != Phase::kHandshake) return Step::kDone;
  const bool is_server = negotiation_->server != nullptr;
  if (is_server && io.input.empty() && !negotiation_->waits) return Step::kNeedRead;
  if (!negotiation_->started) negotiation_->started = clock_.now();
  if (is_server && facts_.bytes_in == 0 && looks_like_http(io.input)) {
    return fail({.code = kPlainHttp,
                 .side = base::Side::kClient,
                 .what = "the client speaks plain HTTP on the TLS port",
                 .fix = "use https:// in the address"});
  }
  Turn turn{io, facts_};
  bio_.begin(&turn);
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return finish_handshake();
  return step_after(result);
}

void Engine::stop_waiting() { negotiation_->may_wait = false; }

Step Engine::finish_handshake() {
  note_negotiated(ssl_.get(), facts_);
  facts_.duration = clock_.now() - *negotiation_->started;
  phase_ = Phase::kOpen;
  whole_at_ = facts_.bytes_in;
  if (negotiation_->server != nullptr) {
    attach(ssl_.get(), nullptr);
    negotiation_.reset();
  }
  return Step::kDone;
}

Step Engine::read(Io& io, std::span<std::byte> into, std::size_t& count) {
  GATE_CHECK(phase_ != Phase::kHandshake && !into.empty());
  count = 0;
  if (phase_ == Phase::kFailed) return Step::kFailed;
  if (phase_ == Phase::kEnded) return Step::kEnd;
  if (records_) return read_records(io, into, count);
  Turn turn{io, facts_};
  bio_.begin(&turn);
  while (count < into.size()) {
    // The library's way of saying that it needs more costs as much as a small record, so it is asked only in doubt.
    if (io.input.empty() && SSL_has_pending(ssl_.get()) == 0) return count > 0 ? Step::kDone : Step::kNeedRead;
    const auto room = std::min<std::size_t>(into.size() - count, std::numeric_limits<int>::max());
    const int result = SSL_read(ssl_.get(), into.data() + count, static_cast<int>(room));
    if (result <= 0) {
      const Step step = step_after(result);
      return count > 0 ? Step::kDone : step;  // an end or a failure is told by the next call
    }
    count += static_cast<std::size_t>(result);
    whole_at_ = facts_.bytes_in;
  }
  return Step::kDone;
}

// An end or a failure is told by the next call, if there was something before it.
Step Engine::read_records(Io& io, std::span<std::byte> into, std::size_t& count) {
  const Counted counted(io, facts_);
  const auto step = records_->read(io, into, count);
  if (!step) {
    fail(step.error());
  } else if (*step == Step::kEnd) {
    phase_ = Phase::kEnded;
  }
  if (count > 0) return Step::kDone;
  return step.value_or(Step::kFailed);
}

bool Engine::write(Io& io, base::ByteView plaintext) {
  GATE_CHECK(phase_ != Phase::kHandshake);
  if (phase_ == Phase::kFailed || closed_) return false;
  const std::size_t records = plaintext.size() / kContentBytesMax + 1;
  io.output.prepare(plaintext.size() + records * kRecordOverhead);
  if (!records_) return write_by_library(io, plaintext);
  const Counted counted(io, facts_);
  records_->write(io, plaintext);
  return true;
}

bool Engine::write_by_library(Io& io, base::ByteView plaintext) {
  Turn turn{io, facts_};
  bio_.begin(&turn);
  while (!plaintext.empty()) {
    const auto piece = plaintext.first(std::min(plaintext.size(), kContentBytesMax));
    const int result = SSL_write(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
    if (result <= 0) {
      step_after(result);
      return false;
    }
    plaintext = plaintext.subspan(static_cast<std::size_t>(result));
  }
  return true;
}

// Not in the middle of a record that the library has begun to read, nor of a message. Of those it does not say, but
// data comes only between them.
void Engine::leave_library() {
  SSL* const ssl = ssl_.get();
  const Suite* const suite = facts_.version == kTls13 ? find_suite(facts_.suite) : nullptr;
  if (!suite || !SSL_is_server(ssl) || SSL_in_init(ssl) || SSL_has_pending(ssl)) return;
  if (facts_.bytes_in != whole_at_) return;
  base::Buffer tickets;
  if (!take_pending_output(tickets)) return;
  std::array<std::uint8_t, Suite::kSecretBytesMax> in{};
  std::array<std::uint8_t, Suite::kSecretBytesMax> out{};
  std::size_t in_size = in.size();
  std::size_t out_size = out.size();
  GATE_CHECK(SSL_get_read_traffic_secret(ssl, in.data(), &in_size) &&
             SSL_get_write_traffic_secret(ssl, out.data(), &out_size));
  records_ = std::make_unique<RecordLayer>(
      *suite, RecordLayer::Direction{cert::native_bytes(in.data(), in_size), SSL_get_read_sequence(ssl)},
      RecordLayer::Direction{cert::native_bytes(out.data(), out_size), SSL_get_write_sequence(ssl)},
      std::move(tickets));
  OPENSSL_cleanse(in.data(), in.size());
  OPENSSL_cleanse(out.data(), out.size());
  ssl_.reset();
  context_.reset();
}

// What the library keeps for its next record: the tickets, as long as nothing was written. False: it can write no more.
bool Engine::take_pending_output(base::Buffer& pending) {
  const std::uint64_t counted = facts_.bytes_out;  // they are counted when they are sent
  Io io{{}, pending};
  Turn turn{io, facts_};
  bio_.begin(&turn);
  const bool taken = SSL_write(ssl_.get(), "", 0) == 0;
  ERR_clear_error();
  facts_.bytes_out = counted;
  return taken;
}

void Engine::close(Io& io) {
  if (closed_ || phase_ == Phase::kHandshake || phase_ == Phase::kFailed) return;
  closed_ = true;
  if (records_) {
    const Counted counted(io, facts_);
    return records_->close(io);
  }
  Turn turn{io, facts_};
  bio_.begin(&turn);
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

Step Engine::end_of_input() {
  switch (phase_) {
    case Phase::kFailed: return Step::kFailed;
    case Phase::kEnded: return Step::kEnd;
    case Phase::kHandshake:
      return fail(
          {.code = kClosedInHandshake,
           .side = base::Side::kClient,
           .what = "the peer closed during the handshake",
           .why = facts_.bytes_in == 0 ? "it sent nothing" : "it did not like the answer, or lost the network"});
    case Phase::kOpen: break;
  }
  // RFC 8446 6.1: without close_notify "the connection may have been truncated by an attacker".
  return fail({.code = kTruncated, .side = base::Side::kClient, .what = "the peer closed without close_notify"});
}

std::optional<cert::Certificate> Engine::peer_certificate() const {
  if (!ssl_) return std::nullopt;
  const auto* sent = SSL_get0_peer_certificates(ssl_.get());
  if (sent == nullptr || sk_CRYPTO_BUFFER_num(sent) == 0) return std::nullopt;
  const CRYPTO_BUFFER* leaf = sk_CRYPTO_BUFFER_value(sent, 0);
  const auto der = cert::native_bytes(CRYPTO_BUFFER_data(leaf), CRYPTO_BUFFER_len(leaf));
  auto certificate = cert::Certificate::from_der(der, "the handshake");
  return certificate ? std::optional(*std::move(certificate)) : std::nullopt;
}

const base::Error& Engine::failure() const {
  GATE_CHECK(failure_ != nullptr);
  return *failure_;
}

std::vector<std::byte> Engine::ech_retry_configs() const {
  GATE_CHECK(failure_ != nullptr && failure_->code == kEchRejected);
  const std::uint8_t* configs = nullptr;
  std::size_t size = 0;
  SSL_get0_ech_retry_configs(ssl_.get(), &configs, &size);
  const auto bytes = cert::native_bytes(configs, size);
  return {bytes.begin(), bytes.end()};
}

std::optional<Session> Engine::take_session() {
  if (negotiation_ == nullptr || negotiation_->session == nullptr) return std::nullopt;
  Session session = std::move(*negotiation_->session);
  negotiation_->session.reset();
  return session;
}

Step Engine::step_after(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: return Step::kNeedRead;
    case SSL_ERROR_PENDING_CERTIFICATE: return Step::kNeedName;
    case SSL_ERROR_ZERO_RETURN: phase_ = Phase::kEnded; return Step::kEnd;
    default: return fail(explain_failure(negotiation_.get()));
  }
}

Step Engine::fail(base::Error error) {
  ERR_clear_error();
  failure_ = std::make_unique<base::Error>(std::move(error));
  phase_ = Phase::kFailed;
  return Step::kFailed;
}

}  // namespace gate::tls
