#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "client/connector.h"
#include "http/connection_info.h"
#include "loop/loop.h"
#include "net/relay.h"
#include "server/pass_table.h"

namespace gate::server {

class Passage;

// Told what becomes of passages.
class PassageOwner {
 public:
  // It is over, and is to be buried in the loop.
  virtual void passage_ended(Passage& passage, net::CloseReason reason) = 0;
  // The server cannot be reached; passage_ended() follows. `why` is static.
  virtual void passage_failed(const Passage& passage, std::string_view why) = 0;

 protected:
  ~PassageOwner() = default;
};

// What the passages of one worker share. Outlives them.
struct PassageContext {
  net::RelayContext relay;
  client::ConnectorContext connector;
  PassageOwner& owner;
};

// A client's connection that goes to a server as it is, from the first byte on. Nothing has been read from it yet.
class Passage final : public loop::Mortal, private client::ConnectorListener, private net::RelayOwner {
 public:
  Passage(const PassageContext& context, os::Fd client, const http::ConnectionInfo& info,
          std::shared_ptr<const PassPlan> plan);
  ~Passage() override;

  // Call once.
  void start();

  // Ends it now; the owner hears of it.
  void discard();

  const http::ConnectionInfo& info() const { return info_; }
  const PassPlan& plan() const { return *plan_; }

  // The owner's place for its book-keeping.
  std::size_t table_index = 0;

 private:
  void connected(client::Connector& connector, os::Fd socket, const base::Endpoint& peer) override;
  void connect_failed(client::Connector& connector, const http::CallFailure& failure) override;
  void relay_ended(net::Relay& relay, net::CloseReason reason) override;
  void refuse();

  PassageContext context_;
  os::Fd client_;
  http::ConnectionInfo info_;
  std::shared_ptr<const PassPlan> plan_;
  std::unique_ptr<client::Connector> connector_;
  std::unique_ptr<net::Relay> relay_;
};

}  // namespace gate::server
