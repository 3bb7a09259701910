#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <span>
#include <string>
#include <vector>

#include "alert/courier.h"
#include "alert/ledger.h"
#include "alert/notice.h"
#include "alert/settings.h"
#include "app/application.h"
#include "app/trust_memory.h"
#include "base/clock.h"
#include "base/result.h"
#include "client/context.h"
#include "loop/loop.h"

namespace gate::app {

// Watches over the certificates in use, and tells the audit log, webhooks and mail what is wrong with them: once, again
// after a day while it lasts, and when it is over. What has been told survives a restart. Control thread only.
class Alarms final : private loop::Timer {
 public:
  // Certificates change by days; failing renewals are told a few minutes late.
  static constexpr std::chrono::minutes kPause{5};

  // Those who could not be told are tried again, until the alarm itself is repeated.
  static constexpr std::chrono::minutes kRetryPause{10};
  static constexpr unsigned kTriesMax = 100;
  static constexpr std::size_t kMessagesMax = 100;  // that wait: the oldest is given up, and the audit log has it

  // Told of what is wrong now, after each look.
  using Told = std::function<void(std::span<const alert::Problem>)>;

  // Both outlive it.
  Alarms(Application& application, client::Context& outside, Told told);
  ~Alarms() override;

  // Looks at the certificates soon: at the start, and when they or the configuration have changed.
  void look_soon();

  // Sends everybody a test. `done` is called later, unless the server ends before.
  base::Result<void> test(alert::Courier::Done done);

 private:
  // Somebody who is still to be told.
  struct Message {
    alert::Settings to;
    std::vector<alert::Notice> notices;
    unsigned tries = 0;
    base::Instant next_try{};
    bool under_way = false;
  };

  void on_timer() override;
  void look();
  void keep_timer();
  void tell(const std::vector<alert::Notice>& notices);
  void send(Message& message);
  void answered(Message& message, const alert::Delivered& answer);
  void load_ledger();
  void save_ledger();
  std::string file() const;

  Application& application_;
  client::Context& outside_;
  Told told_;
  TrustMemory trust_;
  alert::Ledger ledger_;
  std::list<Message> messages_;  // one a recipient
  base::Instant next_look_{};
  alert::Courier courier_;  // last: what it calls back is still there
};

}  // namespace gate::app
