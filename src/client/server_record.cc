#include "client/server_record.h"

namespace gate::client {

ServerRecord& ServerRecords::of(const std::string& name, const std::string& checked) {
  auto& node = nodes_[{name, checked}];
  if (!node) {
    node = std::make_unique<Node>(name, newest_.load(std::memory_order_relaxed));
    newest_.store(node.get(), std::memory_order_release);
  }
  return node->record;
}

}  // namespace gate::client
