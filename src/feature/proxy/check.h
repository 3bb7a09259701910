#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/arena.h"
#include "client/context.h"
#include "feature/proxy/settings.h"
#include "feature/proxy/upstream.h"
#include "http/call.h"
#include "loop/loop.h"

namespace gate::proxy {

// Asks one server again and again whether it is well, and notes in its record what it finds. A server counts as
// well until it was found not to be.
class Check final : private http::CallListener, private http::BodyWaker, private loop::Timer, private loop::TurnEnd {
 public:
  // How much of an answer is read in search of a text.
  static constexpr std::size_t kBodyBytesMax = 64 * 1024;

  // All outlive the check.
  Check(const ProxySettings& settings, Server& server, client::Context& client);
  ~Check() override;
  Check(const Check&) = delete;
  Check& operator=(const Check&) = delete;

 private:
  // One question.
  struct Question {
    Question(base::BlockPool& blocks, http::CallListener& listener)
        : arena(blocks), fields(arena), call(arena, listener) {}
    base::Arena arena;
    http::FieldList fields;
    http::Call call;
    std::string content;
  };

  void informed(http::Call&, std::uint16_t, const http::FieldList&) override {}
  void responded(http::Call& call) override;
  void failed(http::Call& call, const http::CallFailure& failure) override;
  void body_ready() override { client_.loop().schedule(*this); }
  void on_timer() override;
  void on_turn_end() override;

  void ask();
  void read_content();
  bool is_good_status(std::uint16_t status) const;
  void conclude(bool good);

  const ProxySettings& settings_;
  Server& server_;
  client::Context& client_;
  base::BlockPool blocks_;
  std::optional<Question> question_;
  std::optional<bool> verdict_;  // of the question at hand, to be noted at the end of the turn
  std::uint32_t in_a_row_ = 0;   // answers that speak against what is noted
};

}  // namespace gate::proxy
