#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "dns/exchange.h"
#include "dns/zone_search.h"

namespace gate::dns {

// Waits until all servers of a zone show a text at a name. Each is asked itself, so that no cache answers in its place.
class Propagation final : private loop::Timer {
 public:
  using Done = std::function<void(base::Result<>)>;

  // How long to wait between two looks: doubled from the first to the last.
  static constexpr std::chrono::seconds kFirstPause{1};
  static constexpr std::chrono::seconds kLastPause{15};

  // `context` outlives it. Destroying it gives up; that may happen within `done`.
  explicit Propagation(const Context& context) : context_(context) {}
  Propagation(const Propagation&) = delete;
  Propagation& operator=(const Propagation&) = delete;

  // Once. `done` is called later, never from within: with kNotPropagated, and what each server showed, when some do not
  // show it within `patience`.
  void start(Place place, std::string text, base::Duration patience, Done done);

 private:
  // What a server showed last.
  struct Look {
    bool shown = false;
    std::string what;
  };

  void on_timer() override { look(); }
  void look();
  void ask(std::size_t server);
  void take(std::size_t server, const base::Result<Answer>& answer);
  void judge();
  base::Error not_shown() const;

  Context context_;
  Place place_;
  std::string text_;
  base::Duration patience_{};
  base::Instant deadline_{};
  base::Duration pause_ = kFirstPause;
  Done done_;
  std::vector<Look> looks_;  // in the order of the servers
  std::size_t unanswered_ = 0;
  std::vector<Exchange> exchanges_;
};

}  // namespace gate::dns
