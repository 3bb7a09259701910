#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "client/context.h"
#include "feature/acme_server/validator.h"
#include "loop/loop.h"

namespace gate::acme_server {

// Looks for proofs over the network: http-01 by a request on port 80 (RFC 8555 8.3), tls-alpn-01 by a handshake on port
// 443 (RFC 8737), dns-01 by a query (RFC 8555 8.4).
//
// Whoever has an account makes us connect to addresses of his choice, so: only to those the statement permits, without
// following redirects, with a deadline, and telling nothing of what came back but whether it was right.
class NetworkValidator final : public Validator, private loop::TurnEnd {
 public:
  static constexpr std::size_t kAtOnceMax = 128;
  static constexpr std::chrono::seconds kDeadline{15};

  // Outlives it.
  explicit NetworkValidator(client::Context& context);
  ~NetworkValidator() override;

  void validate(Proof proof, Done done) override;

  class Job;  // one look

 private:
  friend class Job;
  void finish(const Job& job, std::optional<Problem> problem);
  void on_turn_end() override;
  std::unique_ptr<Job> job_for(Proof proof);

  struct Looking {
    std::unique_ptr<Job> job;
    Done done;
  };
  struct Outcome {
    Done done;
    std::optional<Problem> problem;
  };

  client::Context& context_;
  std::map<const Job*, Looking> looking_;
  std::vector<Outcome> outcomes_;               // to be told at the end of the turn
  std::vector<std::unique_ptr<Job>> finished_;  // to be freed then
};

// One look at one proof. It calls finished() once, also from within start(); then it is freed at the end of the turn.
class NetworkValidator::Job {
 public:
  Job(NetworkValidator& validator, Proof proof) : validator_(validator), proof_(std::move(proof)) {}
  virtual ~Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  virtual void start() = 0;

 protected:
  const Proof& proof() const { return proof_; }
  client::Context& context() { return validator_.context_; }
  void finished(std::optional<Problem> problem) { validator_.finish(*this, std::move(problem)); }

 private:
  NetworkValidator& validator_;
  Proof proof_;
};

std::unique_ptr<NetworkValidator::Job> make_http_job(NetworkValidator& validator, Proof proof);
std::unique_ptr<NetworkValidator::Job> make_tls_job(NetworkValidator& validator, Proof proof);
std::unique_ptr<NetworkValidator::Job> make_dns_job(NetworkValidator& validator, Proof proof);

// Those of `endpoints` that may be asked.
std::vector<base::Endpoint> permitted(const AcmeServerSettings& settings, std::vector<base::Endpoint> endpoints);

}  // namespace gate::acme_server
