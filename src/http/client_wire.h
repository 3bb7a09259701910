#pragma once

#include "http/call.h"
#include "http/wire.h"

namespace gate::http {

class ClientWire;

// Told what becomes of the calls of a connection. Implemented by `client`; outlives its wires.
class ClientWireOwner {
 public:
  // A call has ended, well or not, or the server lets another number run at once. Takes note only.
  virtual void calls_changed(ClientWire& wire) = 0;

 protected:
  ~ClientWireOwner() = default;
};

// The client's side of a protocol on one connection: a Wire whose exchanges are calls. `Limits` mean for it: how long
// the head of a response (header_timeout), the next piece of a body (stall_timeout) and the next call (idle_timeout)
// may be awaited, and how large heads may be.
class ClientWire : public Wire {
 public:
  // Whether a call can be started now. False for good once the connection is to end.
  virtual bool takes_calls() const = 0;

  // Begins to send the request; the call is attached until its response is received and its request sent, or until one
  // of them failed.
  virtual void start(Call& call) = 0;
};

}  // namespace gate::http
