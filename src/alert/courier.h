#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "alert/notice.h"
#include "alert/settings.h"
#include "base/result.h"
#include "cert/verify.h"
#include "client/context.h"

namespace gate::alert {

// What one of the recipients answered.
struct Delivered {
  std::string to;                       // "https://hooks.example.com/…", "ops@example.com via smtps://…"
  base::Result<std::string> outcome{};  // what the other side said
};

// Brings notices to everybody who wants them: webhooks and mail. Control thread only.
class Courier {
 public:
  using Done = std::function<void(const std::vector<Delivered>&)>;

  // `context` outlives it.
  explicit Courier(client::Context& context);
  ~Courier();

  // `done` is called once everybody has answered or has failed, never from within. Nobody to tell: at once after this
  // turn. What is under way when the courier is destroyed is given up, and nobody is told.
  void send(const Settings& settings, std::span<const Notice> notices, Done done);

  // Messages on their way. Whoever sends does not gather them without end for a recipient that hangs.
  std::size_t under_way() const { return trips_.size(); }

 private:
  class Trip;
  void ended(const Trip& trip);

  client::Context& context_;
  std::shared_ptr<const cert::Roots> system_roots_;
  std::list<std::unique_ptr<Trip>> trips_;
};

}  // namespace gate::alert
