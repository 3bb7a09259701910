#pragma once

#include "os/udp.h"
#include "quic/connection_id.h"

namespace gate::server {

// Takes datagrams to where their connections live: another worker, or the process this one has taken over from. One a
// worker; called on its thread.
class DatagramRouter {
 public:
  // False when there is no such place. What cannot be taken there now is lost, as datagrams may be.
  virtual bool pass_on(const quic::ConnectionHome& home, const os::DatagramTrain& datagram) = 0;

 protected:
  ~DatagramRouter() = default;
};

}  // namespace gate::server
