#include "dns/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <utility>

#include "base/buffer.h"
#include "base/check.h"
#include "base/text.h"
#include "dns/codes.h"
#include "os/errno.h"
#include "os/socket.h"
#include "os/transport.h"

namespace gate::dns {
namespace {

using namespace std::chrono_literals;
using os::Transport;

constexpr std::chrono::seconds kUdpPatience{2};
constexpr std::chrono::seconds kTcpPatience{5};

// One go at one server.
struct Try {
  base::Endpoint server;
  Transport transport = Transport::kUdp;
};

std::vector<Try> tries_of(const Request& request) {
  constexpr std::array kUdpFirst{Transport::kUdp, Transport::kUdp, Transport::kTcp};
  constexpr std::array kTcpFirst{Transport::kTcp, Transport::kUdp, Transport::kTcp};
  std::vector<Try> tries;
  for (const auto transport : request.first == Request::First::kUdp ? kUdpFirst : kTcpFirst) {
    for (const auto& server : request.servers) tries.push_back({server, transport});
  }
  return tries;
}

bool gives_no_answer(Rcode rcode) {
  return rcode == Rcode::kServerFailure || rcode == Rcode::kRefused || rcode == Rcode::kNotImplemented;
}

// RFC 5452 9.1: the id and the question are what an answer is known by. One that reports an error may leave the
// question out.
bool answers(const Message& answer, const Message& asked) {
  const bool same_question = answer.questions == asked.questions ||
                             (answer.questions.empty() && (answer.rcode != Rcode::kNoError || answer.truncated));
  return answer.response && answer.id == asked.id && answer.opcode == asked.opcode && same_question;
}

}  // namespace

// Outlives the exchange by a turn, since events that were fetched already may name it.
class Exchange::Work final : public loop::Mortal, private loop::Watcher, private loop::Timer, private loop::TurnEnd {
 public:
  Work(const Context& context, Request request, Done done)
      : context_(context),
        request_(std::move(request)),
        done_(std::move(done)),
        tries_(tries_of(request_)),
        deadline_(context.loop.now() + request_.deadline) {}
  ~Work() override { hang_up(); }

  void start() { try_next(); }

  void give_up() {
    hang_up();
    done_ = nullptr;
  }

 private:
  void try_next();
  void begin(const Try& next);
  std::expected<os::Fd, int> connect(const Try& next);
  void encode_request(Transport transport);
  void on_ready(loop::Readiness readiness) override;
  void on_timer() override;
  void on_turn_end() override;
  void receive_datagrams();
  void move_stream();
  bool send_stream();
  void receive_stream();
  bool look_at_stream();
  bool take(base::ByteView bytes);
  void take_answer(Message message, base::ByteView bytes);
  void failed(std::string how);
  void settle(base::Result<Answer> outcome);
  void hang_up();
  base::Error no_answer() const;

  Context context_;
  Request request_;
  Done done_;
  std::vector<Try> tries_;
  std::size_t next_ = 0;
  Try current_;
  base::Instant deadline_;
  os::Fd socket_;
  bool connected_ = false;  // of a stream
  base::Buffer outgoing_;
  base::Buffer incoming_;
  std::string mac_;
  std::map<base::Endpoint, std::string> faults_;  // what each server did last
  std::optional<Answer> unhelpful_;               // the best there is while the others are asked
  std::optional<base::Result<Answer>> outcome_;
};

void Exchange::Work::try_next() {
  hang_up();
  while (!outcome_ && next_ < tries_.size() && context_.loop.now() < deadline_) {
    begin(tries_[next_++]);
    if (socket_.valid()) return;
  }
  if (outcome_) return;
  if (unhelpful_) return settle(*std::move(unhelpful_));
  settle(base::fail(no_answer()));
}

void Exchange::Work::begin(const Try& next) {
  current_ = next;
  auto socket = connect(next);
  if (!socket) {
    faults_[next.server] = os::errno_text(socket.error());
    return;
  }
  socket_ = *std::move(socket);
  encode_request(next.transport);
  const auto mode = next.transport == Transport::kUdp ? loop::Loop::Mode::kLevel : loop::Loop::Mode::kEdges;
  if (auto watched = context_.loop.watch(socket_.number(), *this, mode); !watched) {
    faults_[next.server] = std::move(watched.error().why);
    socket_ = os::Fd();
    return;
  }
  const base::Duration patience = next.transport == Transport::kUdp ? kUdpPatience : kTcpPatience;
  context_.loop.arm(*this, std::min(deadline_, context_.loop.now() + patience));
  // A datagram that the system does not take is a datagram lost.
  if (next.transport == Transport::kUdp) os::send(socket_.number(), outgoing_.view());
}

std::expected<os::Fd, int> Exchange::Work::connect(const Try& next) {
  return next.transport == Transport::kUdp ? os::connect_udp(next.server) : os::start_connecting(next.server);
}

void Exchange::Work::encode_request(Transport transport) {
  std::array<std::byte, 2> id{};
  context_.random.fill(id);
  request_.message.id = base::ByteReader(id).u16().value_or(0);
  std::string bytes = encode(request_.message);
  if (request_.key != nullptr) mac_ = sign(bytes, *request_.key, context_.loop.wall());
  GATE_CHECK(bytes.size() <= kMessageBytesMax);
  outgoing_.clear();
  incoming_.clear();
  connected_ = false;
  if (transport == Transport::kTcp) {
    // RFC 1035 4.2.2: "prefixed with a two byte length field".
    const std::array length{static_cast<std::byte>(bytes.size() >> 8U), static_cast<std::byte>(bytes.size())};
    outgoing_.append(base::ByteView(length));
  }
  outgoing_.append(bytes);
}

void Exchange::Work::on_ready(loop::Readiness) {
  if (!socket_.valid()) return;
  if (current_.transport == Transport::kUdp) return receive_datagrams();
  move_stream();
}

void Exchange::Work::on_timer() {
  if (!socket_.valid()) return;
  failed(fmt::format("no answer over {} in time", current_.transport == Transport::kUdp ? "UDP" : "TCP"));
}

// A few at a time: whoever sends more has nothing to say.
void Exchange::Work::receive_datagrams() {
  constexpr int kDatagramsPerTurn = 8;
  for (int i = 0; i < kDatagramsPerTurn && socket_.valid(); ++i) {
    const auto room = incoming_.prepare(kMessageBytesMax);
    const auto received = os::receive(socket_.number(), room);
    if (received.state == os::IoState::kWouldBlock) return;
    // An empty datagram reads as an end.
    if (received.state == os::IoState::kClosed) continue;
    if (received.state == os::IoState::kFailed) return failed(os::errno_text(errno));
    if (take(room.first(received.count))) return;
  }
}

void Exchange::Work::move_stream() {
  if (!connected_) {
    const int error = os::connect_outcome(socket_.number());
    if (error != 0) return failed(os::errno_text(error));
    connected_ = true;
  }
  if (send_stream()) receive_stream();
}

// False where the stream is over.
bool Exchange::Work::send_stream() {
  while (!outgoing_.empty()) {
    const auto sent = os::send(socket_.number(), outgoing_.view());
    if (sent.state == os::IoState::kWouldBlock) return true;
    if (sent.state != os::IoState::kDone) {
      failed("the connection broke");
      return false;
    }
    outgoing_.consume(sent.count);
  }
  return true;
}

void Exchange::Work::receive_stream() {
  while (true) {
    const auto room = incoming_.prepare(4096);
    const auto received = os::receive(socket_.number(), room);
    if (received.state == os::IoState::kWouldBlock) return;
    if (received.state != os::IoState::kDone) return failed("the connection was closed without an answer");
    incoming_.commit(received.count);
    if (look_at_stream()) return;
  }
}

// Whether this try is over.
bool Exchange::Work::look_at_stream() {
  base::ByteReader reader(incoming_.view());
  const auto length = reader.u16();
  if (!length || reader.size() < *length) return false;
  if (!take(*reader.bytes(*length))) failed("what came over TCP is no answer to the question");
  return true;
}

// Whether the bytes are an answer.
bool Exchange::Work::take(base::ByteView bytes) {
  auto message = decode(bytes);
  if (!message || !answers(*message, request_.message)) return false;
  take_answer(*std::move(message), bytes);
  return true;
}

void Exchange::Work::take_answer(Message message, base::ByteView bytes) {
  // RFC 7766 5: what is cut is asked for over TCP.
  if (message.truncated && current_.transport == Transport::kUdp) {
    tries_.insert(tries_.begin() + static_cast<std::ptrdiff_t>(next_), {current_.server, Transport::kTcp});
    return failed("the answer did not fit UDP");
  }
  Answer answer{std::move(message), current_.server, Verdict::kUnsigned};
  if (request_.key != nullptr) {
    answer.verdict = verify(answer.message, bytes, *request_.key, mac_, context_.loop.wall());
  }
  if (!gives_no_answer(answer.message.rcode)) return settle(std::move(answer));
  const base::Endpoint refused = current_.server;
  const auto same = [&](const Try& later) { return later.server == refused; };
  tries_.erase(std::remove_if(tries_.begin() + static_cast<std::ptrdiff_t>(next_), tries_.end(), same), tries_.end());
  unhelpful_ = std::move(answer);
  try_next();
}

void Exchange::Work::failed(std::string how) {
  faults_[current_.server] = std::move(how);
  try_next();
}

void Exchange::Work::settle(base::Result<Answer> outcome) {
  hang_up();
  outcome_ = std::move(outcome);
  context_.loop.schedule(*this);
}

void Exchange::Work::on_turn_end() {
  // The callback may destroy the exchange, and with it what this is.
  auto done = std::exchange(done_, nullptr);
  if (done) done(*std::move(outcome_));
}

void Exchange::Work::hang_up() {
  if (socket_.valid()) context_.loop.unwatch(socket_.number());
  socket_ = os::Fd();
}

base::Error Exchange::Work::no_answer() const {
  const bool update = request_.message.opcode == Opcode::kUpdate;
  const Question& about = request_.message.questions.front();
  std::string why;
  for (const auto& [server, fault] : faults_) {
    why += fmt::format("{}{}: {}", why.empty() ? "" : "; ", server.to_string(), fault);
  }
  return {.code = kNoAnswer,
          .side = base::Side::kUpstream,
          .retry = base::Retry::kLater,
          .what = update
                      ? fmt::format("no name server took the update of the zone {}", about.name.to_string())
                      : fmt::format("no name server answered for {} {}", about.name.to_string(), to_string(about.type)),
          .why = std::move(why),
          .fix = "see whether the server runs and a firewall lets port 53 pass, UDP and TCP"};
}

Exchange::Exchange(const Context& context) : context_(context) {}

Exchange::~Exchange() {
  if (!work_) return;
  work_->give_up();
  context_.loop.bury(std::move(work_));
}

Exchange::Exchange(Exchange&&) noexcept = default;

void Exchange::start(Request request, Done done) {
  GATE_CHECK(!work_ && !request.servers.empty() && !request.message.questions.empty());
  work_ = std::make_unique<Work>(context_, std::move(request), std::move(done));
  work_->start();
}

}  // namespace gate::dns
