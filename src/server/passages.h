#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "server/passage.h"

namespace gate::server {

// What the owner of a worker's passages does for them.
class PassagesOwner {
 public:
  virtual void passage_ended(const http::ConnectionInfo& info, net::CloseReason reason) = 0;
  // `why` is static; passage_ended() follows.
  virtual void passage_failed(const http::ConnectionInfo& info, const PassPlan& plan, std::string_view why) = 0;

 protected:
  ~PassagesOwner() = default;
};

// The connections of one worker that are passed on.
class Passages final : private PassageOwner {
 public:
  // All outlive it.
  Passages(const net::RelayContext& relay, const client::ConnectorContext& connector, PassagesOwner& owner)
      : context_{relay, connector, *this}, owner_(owner) {}

  void add(os::Fd client, const http::ConnectionInfo& info, std::shared_ptr<const PassPlan> plan);

  // Ends all of them.
  void discard();

  std::size_t size() const { return passages_.size(); }

 private:
  void passage_ended(Passage& passage, net::CloseReason reason) override;
  void passage_failed(const Passage& passage, std::string_view why) override {
    owner_.passage_failed(passage.info(), passage.plan(), why);
  }

  PassageContext context_;
  PassagesOwner& owner_;
  std::vector<std::unique_ptr<Passage>> passages_;
};

}  // namespace gate::server
