#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "base/result.h"
#include "dns/message.h"
#include "dns/tsig.h"
#include "loop/loop.h"

namespace gate::dns {

// What asking needs. All outlive whoever asks.
struct Context {
  loop::Loop& loop;
  base::Random& random;
};

// A message to be sent to the first of several servers that gives an answer.
struct Request {
  enum class First : std::uint8_t { kUdp, kTcp };

  Message message;                      // its id is chosen anew for each try
  std::vector<base::Endpoint> servers;  // in this order, each a few times; not empty
  First first = First::kUdp;            // the other one comes into play when that fails, or an answer is cut
  const TsigKey* key = nullptr;         // signs it and has the answer's signature judged; outlives the exchange
  base::Duration deadline = std::chrono::seconds(15);
};

struct Answer {
  Message message;
  base::Endpoint from;
  Verdict verdict = Verdict::kUnsigned;  // where there was a key
};

// One request and its answer: tries over servers, UDP and TCP until one answers. A server that says SERVFAIL, REFUSED
// or NOTIMP is asked no more while there are others; where all do so, the last such answer is the answer. Datagrams
// that are no answer to what was asked are passed over, since anybody can send some.
class Exchange {
 public:
  using Done = std::function<void(base::Result<Answer>)>;

  // `context` outlives it. Destroying it gives up; that may happen within `done`.
  explicit Exchange(const Context& context);
  ~Exchange();
  Exchange(Exchange&&) noexcept;
  Exchange& operator=(Exchange&&) = delete;

  // Once. `done` is called later, never from within: with kNoAnswer and what each server did where none answered.
  void start(Request request, Done done);

 private:
  class Work;

  Context context_;
  std::unique_ptr<Work> work_;
};

}  // namespace gate::dns
