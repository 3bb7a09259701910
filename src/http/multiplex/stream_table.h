#pragma once

#include <cstddef>
#include <cstdint>

#include "base/arena.h"
#include "base/intrusive_list.h"
#include "http/multiplex/stream.h"
#include "http/wire.h"

namespace gate::http::multiplex {

// Owns the streams of a connection. Each stands in a block of the worker's pool, so that opening one costs no
// allocation and an idle connection holds nothing.
class StreamTable {
 public:
  explicit StreamTable(base::BlockPool& blocks) : blocks_(blocks) {}
  ~StreamTable() { GATE_CHECK(size_ == 0); }
  StreamTable(const StreamTable&) = delete;
  StreamTable& operator=(const StreamTable&) = delete;

  Stream& open(StreamOwner& owner, std::uint64_t id, const ConnectionInfo& connection, const Limits& limits,
               const TurnTime& time);
  void close(Stream& stream);

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // `visit(stream)` may close the stream it is given.
  template <class Visit>
  void for_each(Visit visit) {
    streams_.for_each(visit);
  }

 private:
  base::BlockPool& blocks_;
  base::IntrusiveList<Stream, LiveStreams> streams_;
  std::size_t size_ = 0;
};

}  // namespace gate::http::multiplex
