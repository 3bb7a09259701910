#include "server/passages.h"

#include <utility>

#include "base/check.h"

namespace gate::server {

void Passages::add(os::Fd client, const http::ConnectionInfo& info, std::shared_ptr<const PassPlan> plan) {
  auto passage = std::make_unique<Passage>(context_, std::move(client), info, std::move(plan));
  Passage& started = *passage;
  started.table_index = passages_.size();
  passages_.push_back(std::move(passage));
  started.start();
}

void Passages::discard() {
  while (!passages_.empty()) passages_.back()->discard();
}

void Passages::passage_ended(Passage& passage, net::CloseReason reason) {
  const http::ConnectionInfo info = passage.info();
  const std::size_t index = passage.table_index;
  GATE_CHECK(index < passages_.size() && passages_[index].get() == &passage);
  std::swap(passages_[index], passages_.back());
  passages_[index]->table_index = index;
  context_.relay.loop.bury(std::move(passages_.back()));
  passages_.pop_back();
  owner_.passage_ended(info, reason);
}

}  // namespace gate::server
