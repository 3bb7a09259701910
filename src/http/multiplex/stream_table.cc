#include "http/multiplex/stream_table.h"

#include <memory>
#include <utility>

namespace gate::http::multiplex {

static_assert(sizeof(Stream) <= sizeof(base::BlockPool::Block::bytes));
static_assert(alignof(Stream) <= alignof(std::max_align_t));

Stream& StreamTable::open(StreamOwner& owner, std::uint64_t id, const ConnectionInfo& connection, const Limits& limits,
                          const TurnTime& time) {
  auto block = blocks_.take();
  Stream& stream =
      *std::construct_at(reinterpret_cast<Stream*>(block->bytes.data()), owner, id, blocks_, connection, limits, time);
  stream.home = std::move(block);
  streams_.push_back(stream);
  ++size_;
  return stream;
}

void StreamTable::close(Stream& stream) {
  auto block = std::move(stream.home);
  std::destroy_at(&stream);
  blocks_.give_back(std::move(block));
  --size_;
}

}  // namespace gate::http::multiplex
