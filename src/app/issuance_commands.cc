#include "app/issuance_commands.h"

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <utility>

#include "app/codes.h"

namespace gate::app {
namespace {

// A command that is answered when the order has ended.
class WaitingCall final : public IssuanceWaiter {
 public:
  explicit WaitingCall(std::unique_ptr<AdminCall> call) : call_(std::move(call)) {}
  void progress(std::string_view text) override { call_->progress(text); }
  void ended(const base::Result<std::string>& outcome) override {
    if (!outcome) return call_->fail(outcome.error());
    call_->answer({{"text", *outcome}});
  }

 private:
  std::unique_ptr<AdminCall> call_;
};

// {"site": "www.example.com"}: answered when it was issued, or with the reason why not.
void renew(Control& control, std::unique_ptr<AdminCall> call) {
  const auto& request = call->request();
  const auto site = request.find("site");
  const std::string name = site != request.end() && site->is_string() ? site->get<std::string>() : std::string();
  Issuance* issuance = control.issuance();
  if (issuance == nullptr) {
    return call->fail({.code = kNoSuchOrder, .side = base::Side::kSystem, .what = "the server is about to end"});
  }
  issuance->order_now(name, std::make_unique<WaitingCall>(std::move(call)));
}

}  // namespace

void add_issuance_commands(AdminServer& server, Control& control) {
  server.add_command("renew", [&control](std::unique_ptr<AdminCall> call) {
    control.post([&control, call = std::move(call)]() mutable { renew(control, std::move(call)); });
  });
}

}  // namespace gate::app
