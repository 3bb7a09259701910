#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/buffer.h"
#include "base/clock.h"
#include "os/fd.h"

namespace gate::app {

// One client of the admin server: reads its one request, then sends what it is given until the last line is out.
class AdminConnection {
 public:
  // A client that connects and says nothing, or does not take its answer, holds one of few places.
  static constexpr std::chrono::seconds kPatience{10};

  enum class State : std::uint8_t {
    kReading,    // the request is not complete
    kCommand,    // request() is a line of JSON
    kHttp,       // request() is the head of an HTTP request
    kBad,        // the request is too long
    kAnswering,  // the request was taken
    kFinished,   // to be destroyed
  };

  AdminConnection(std::uint64_t id, os::Fd fd, bool commands, base::Instant now)
      : id_(id), fd_(std::move(fd)), commands_(commands), deadline_(now + kPatience) {}

  std::uint64_t id() const { return id_; }
  int fd() const { return fd_.number(); }
  State state() const { return state_; }

  // Whether commands are taken from here, or pages shown only.
  bool commands() const { return commands_; }

  bool wants_read() const { return state_ == State::kReading; }
  bool wants_write() const { return !output_.empty(); }

  // Instant::max() while a command is carried out.
  base::Instant deadline() const { return deadline_; }
  void on_deadline() { state_ = State::kFinished; }

  void on_readable();
  void on_writable(base::Instant now);

  // Takes the request; the connection waits for its answer from now on.
  std::string take_request();

  void queue(std::string_view text, bool last, base::Instant now);

 private:
  State judge() const;

  const std::uint64_t id_;
  const os::Fd fd_;
  const bool commands_;
  State state_ = State::kReading;
  base::Instant deadline_;
  std::string input_;
  base::Buffer output_;
  bool last_queued_ = false;
};

}  // namespace gate::app
