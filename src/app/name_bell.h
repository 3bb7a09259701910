#pragma once

#include <functional>
#include <string>
#include <utility>

#include "tls/on_demand_table.h"

namespace gate::app {

// Takes to the control thread which names handshakes ask for certificates of.
class NameBell final : public tls::NameAsker {
 public:
  using Heard = std::function<void(const std::string& name)>;

  // Before workers run. `heard` is called on their threads.
  void connect(Heard heard) { heard_ = std::move(heard); }

  void ask(const std::string& name) override {
    if (heard_) heard_(name);
  }

 private:
  Heard heard_;
};

}  // namespace gate::app
