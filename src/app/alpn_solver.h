#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "acme/solver.h"
#include "app/worker_pool.h"
#include "cert/credential.h"
#include "loop/loop.h"
#include "tls/challenges.h"

namespace gate::app {

// Solves tls-alpn-01 (RFC 8737): the workers answer the authority's handshakes with certificates made for that. Control
// thread.
class AlpnSolver final : public acme::Solver {
 public:
  // Both outlive it.
  AlpnSolver(WorkerPool& workers, loop::Loop& loop) : workers_(workers), loop_(loop) {}

  std::string_view type() const override { return "tls-alpn-01"; }
  void present(const acme::Challenge& challenge, Done done) override;
  void clean_up(const acme::Challenge& challenge, Done done) override;

 private:
  void publish(Done done);

  WorkerPool& workers_;
  loop::Loop& loop_;
  std::map<std::string, tls::Challenges::Challenge> open_;  // by token
};

}  // namespace gate::app
