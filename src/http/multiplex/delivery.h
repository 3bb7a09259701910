#pragma once

#include <algorithm>
#include <cstddef>

#include "http/multiplex/lazy_deadline.h"
#include "http/pace.h"
#include "http/wire.h"

namespace gate::http::multiplex {

// What was said to a client and has not reached it: it waits for the socket (HTTP/2) or for an acknowledgement
// (HTTP/3). A client that takes nothing (CVE-2019-9517) is found out here.
class Delivery {
 public:
  // All outlive it.
  Delivery(const Pace& pace, const TurnTime& time, LazyDeadline& deadline)
      : pace_(pace), time_(time), deadline_(deadline) {}

  void add(std::size_t bytes) {
    bytes_ += bytes;
    if (bytes_ == 0 || pace_.running()) return;
    pace_.resume(time_.now);
    deadline_.note(pace_.due());
  }

  void progress(std::size_t bytes) {
    bytes_ -= std::min(bytes_, bytes);
    pace_.progress(bytes, time_.now);
    if (bytes_ == 0) pace_.stop(time_.now);
  }

  // Whether the client takes it too slowly; otherwise it is to be asked again at the deadline.
  bool stuck() { return pace_.running() && deadline_.reached(pace_.due()); }

  std::size_t bytes() const { return bytes_; }

 private:
  Pace pace_;
  const TurnTime& time_;
  LazyDeadline& deadline_;
  std::size_t bytes_ = 0;
};

}  // namespace gate::http::multiplex
