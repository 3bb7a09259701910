#include "server/listener.h"

#include <utility>

namespace gate::server {

Listener::Listener(loop::Loop& loop, ListenerOwner& owner, ListenerSocket socket)
    : loop_(loop), owner_(owner), socket_(std::move(socket)) {}

Listener::~Listener() {
  if (socket_.socket.valid()) loop_.unwatch(socket_.socket.number());
}

base::Result<> Listener::start() { return loop_.watch(socket_.socket.number(), *this, loop::Loop::Mode::kLevel); }

void Listener::on_ready(loop::Readiness) { accept_some(kAcceptsPerTurn); }

// True when nobody waits any more.
bool Listener::accept_some(int most) {
  for (int taken = 0; taken < most && socket_.socket.valid(); ++taken) {
    if (!owner_.may_accept()) {
      pause();
      return false;
    }
    os::Accepted connection;
    switch (os::accept_tcp(socket_.socket.number(), connection)) {
      case os::AcceptState::kAccepted: owner_.accepted(std::move(connection), *this); break;
      case os::AcceptState::kEmpty: return true;
      case os::AcceptState::kNoDescriptors: pause(); return false;
      case os::AcceptState::kPeerGone: break;
    }
  }
  return false;
}

void Listener::pause() {
  if (armed()) return;
  owner_.accepting_paused(*this);
  loop_.unwatch(socket_.socket.number());
  loop_.arm(*this, loop_.now() + kPause);
}

void Listener::on_timer() {
  // Without room in the event queue there is nothing better than to try again.
  if (!start()) loop_.arm(*this, loop_.now() + kPause);
}

void Listener::finish() {
  constexpr int kBacklogMax = 4096;
  accept_some(kBacklogMax);
  loop_.unwatch(socket_.socket.number());
  socket_.socket.close();
}

}  // namespace gate::server
