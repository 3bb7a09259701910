#include "app/alarms.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "alert/codes.h"
#include "app/codes.h"
#include "app/inventory.h"
#include "observe/audit.h"
#include "os/file.h"

namespace gate::app {
namespace {

constexpr std::size_t kLedgerBytesMax = 16 * 1024 * 1024;

std::vector<alert::Problem> problems_of(const std::vector<InventoryEntry>& inventory) {
  std::vector<alert::Problem> problems;
  for (const auto& entry : inventory) {
    for (const auto& finding : entry.findings)
      problems.push_back({entry.site, std::string(cert::to_string(finding.concern)), finding.text});
  }
  return problems;
}

// Each recipient alone, so that one that fails is tried again without telling the others twice.
std::vector<alert::Settings> recipients(const alert::Settings& all) {
  std::vector<alert::Settings> each;
  for (const auto& webhook : all.webhooks) each.push_back({.webhooks = {webhook}, .roots = all.roots});
  for (const auto& mail : all.mails) each.push_back({.mails = {mail}, .roots = all.roots});
  return each;
}

}  // namespace

Alarms::Alarms(Application& application, client::Context& outside, Told told)
    : application_(application), outside_(outside), told_(std::move(told)), courier_(outside) {
  load_ledger();
}

Alarms::~Alarms() = default;

void Alarms::look_soon() {
  next_look_ = outside_.loop().now();
  keep_timer();
}

void Alarms::look() {
  constexpr std::chrono::milliseconds kBreath{200};  // between the parts of a look at thousands
  const auto now = outside_.loop().wall();
  trust_.begin_look();
  const auto problems = problems_of(take_inventory(application_, now, &trust_));
  next_look_ = outside_.loop().now() + (trust_.complete() ? base::Duration(kPause) : kBreath);
  keep_timer();
  // What has not been judged yet would seem to be fine again.
  if (!trust_.complete()) return;
  told_(problems);
  const auto notices = ledger_.update(problems, now);
  if (notices.empty()) return;
  save_ledger();
  tell(notices);
}

void Alarms::tell(const std::vector<alert::Notice>& notices) {
  for (const auto& notice : notices)
    application_.audit(observe::AuditKind::kCertificateProblem, alert::to_line(notice), alert::kAlarm);
  for (auto& to : recipients(application_.settings().alerts)) {
    if (messages_.size() >= kMessagesMax && !messages_.front().under_way) messages_.pop_front();
    messages_.push_back({.to = std::move(to), .notices = notices});
    send(messages_.back());
  }
}

void Alarms::send(Message& message) {
  message.under_way = true;
  ++message.tries;
  courier_.send(message.to, message.notices,
                [this, &message](const std::vector<alert::Delivered>& answers) { answered(message, answers.front()); });
}

void Alarms::answered(Message& message, const alert::Delivered& answer) {
  message.under_way = false;
  message.next_try = outside_.loop().now() + kRetryPause;
  const bool is_over = answer.outcome || message.tries >= kTriesMax;
  // The first failure and the last are told; those between say nothing new.
  if (!answer.outcome && (message.tries == 1 || is_over)) {
    const auto& error = answer.outcome.error();
    application_.audit(observe::AuditKind::kCertificateProblem,
                       fmt::format("an alarm did not reach {}: {}: {}", answer.to, error.what, error.why), error.code);
  }
  if (is_over) messages_.remove_if([&](const Message& each) { return &each == &message; });
  keep_timer();
}

void Alarms::on_timer() {
  const auto now = outside_.loop().now();
  for (auto& message : messages_) {
    if (!message.under_way && now >= message.next_try) send(message);
  }
  if (now >= next_look_) return look();
  keep_timer();
}

void Alarms::keep_timer() {
  base::Instant next = next_look_;
  for (const auto& message : messages_) {
    if (!message.under_way) next = std::min(next, message.next_try);
  }
  outside_.loop().arm(*this, next);
}

base::Result<void> Alarms::test(alert::Courier::Done done) {
  constexpr std::size_t kTestsMax = 8;
  const alert::Settings& settings = application_.settings().alerts;
  if (settings.empty())
    return base::fail({.code = kNoAlerts,
                       .side = base::Side::kConfiguration,
                       .what = "the configuration names nobody to be told of alarms",
                       .fix = "add \"alerts { webhook URL }\" or \"alerts { mail FROM to ADDRESS via SERVER }\""});
  if (courier_.under_way() >= kMessagesMax + kTestsMax)
    return base::fail({.code = kNoAlerts,
                       .side = base::Side::kSystem,
                       .retry = base::Retry::kLater,
                       .what = "too many messages are on their way",
                       .fix = "try again in a minute"});
  const std::array test{alert::Notice{
      alert::Occasion::kTest, {.subject = "test", .concern = "test", .text = "alarms of this server arrive here"}}};
  courier_.send(settings, test, std::move(done));
  return {};
}

void Alarms::load_ledger() {
  if (!os::inspect(file())) return;
  auto text = os::read_file(file(), kLedgerBytesMax);
  auto ledger = text ? alert::Ledger::from_json(*text, file()) : std::unexpected(text.error());
  if (ledger) {
    ledger_ = *std::move(ledger);
  } else {
    application_.audit(observe::AuditKind::kCertificateProblem, ledger.error().what, ledger.error().code);
  }
}

void Alarms::save_ledger() {
  if (const auto saved = os::write_file_atomically(file(), ledger_.to_json(), 0600); !saved)
    application_.audit(observe::AuditKind::kCertificateProblem, saved.error().what, saved.error().code);
}

std::string Alarms::file() const { return application_.settings().state_folder + "/alerts.json"; }

}  // namespace gate::app
