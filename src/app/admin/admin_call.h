#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "os/fd.h"

namespace gate::app {

// Lines on their way from whoever answers calls, on any thread, to the admin server's thread.
class AdminOutbox {
 public:
  struct Line {
    std::uint64_t client = 0;
    std::string text;
    bool last = false;
  };

  // `wake` is an event descriptor that is written to when there is a line.
  explicit AdminOutbox(os::Fd wake) : wake_(std::move(wake)) {}

  int wake_fd() const { return wake_.number(); }
  void put(Line line);
  std::vector<Line> take();
  void wake();

 private:
  const os::Fd wake_;
  std::mutex mutex_;
  std::vector<Line> lines_;
};

// One command that is being carried out. Its owner answers it once, from any thread; a call that dies without an answer
// is answered as a bug of ours. Answering a client that has gone is fine.
class AdminCall {
 public:
  AdminCall(nlohmann::json request, std::uint64_t client, std::shared_ptr<AdminOutbox> outbox)
      : request_(std::move(request)), client_(client), outbox_(std::move(outbox)) {}
  AdminCall(const AdminCall&) = delete;
  AdminCall& operator=(const AdminCall&) = delete;
  ~AdminCall();

  // The whole request; arguments are members beside "command".
  const nlohmann::json& request() const { return request_; }

  void progress(std::string_view text);
  void answer(const nlohmann::json& result);
  void fail(const base::Error& error);

 private:
  void finish(std::string line);

  const nlohmann::json request_;
  const std::uint64_t client_;
  const std::shared_ptr<AdminOutbox> outbox_;
  bool finished_ = false;
};

// Carries out a command. Called on the admin server's thread, so what takes long is handed to another one.
using AdminCommand = std::function<void(std::unique_ptr<AdminCall> call)>;

}  // namespace gate::app
