#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "app/acme_desk.h"
#include "app/cache_disk.h"
#include "app/cache_routes.h"
#include "app/datagram_routes.h"
#include "app/name_bell.h"
#include "base/clock.h"
#include "base/result.h"
#include "feature/cache/store.h"
#include "observe/log_producer.h"
#include "observe/ring.h"
#include "observe/worker_metrics.h"
#include "os/random.h"
#include "server/address_counts.h"
#include "server/worker.h"

namespace gate::app {

// What the pool is given; outlives it.
struct WorkerPoolContext {
  const base::Clock& clock;
  base::Random& random;
  std::string state_folder;
  observe::RingReaderWaker* log_reader = nullptr;
  std::uint16_t audit_sink = 0;
  observe::AuditFormat audit_format = observe::AuditFormat::kJson;
  const http::MediaTypes& media_types;
  http::CacheCost cache_limit = http::CacheBudget::kDefaultLimit;  // of each worker
  quic::ServerKeys quic_keys{};
  std::uint8_t generation = 0;  // of this process: a successor counts on
};

// The workers and their threads, as the control thread sees them. Every call waits until all workers have done it, but
// drain, which takes as long as clients do.
class WorkerPool {
 public:
  static base::Result<std::unique_ptr<WorkerPool>> create(const WorkerPoolContext& context, std::size_t count);
  explicit WorkerPool(const WorkerPoolContext& context)
      : address_counts_(context.random),
        routes_(*this, context.generation),
        cache_routes_(*this),
        cache_disk_(*this, context.clock),
        acme_desk_(*this, {.state_folder = context.state_folder,
                           .clock = context.clock,
                           .log_reader = context.log_reader,
                           .audit_sink = context.audit_sink,
                           .audit_format = context.audit_format}) {}
  ~WorkerPool();

  std::size_t size() const { return members_.size(); }

  // Before start() the calls below run on the caller's thread.
  void start();

  // `tls` has a context for each worker and is emptied.
  void adopt(const std::shared_ptr<const server::Plan>& plan, std::vector<std::shared_ptr<tls::ServerContext>> tls);
  base::Result<void> listen(std::vector<std::vector<server::ListenerSocket>> sockets);
  void stop_listening(const std::vector<server::ListenerAddress>& addresses);
  void use_ticket_keys(const tls::TicketKeys& keys);
  // Names that are being proved to certificate authorities from now on; the ones given before are no longer.
  void use_challenges(const std::shared_ptr<const tls::Challenges>& challenges);
  void use_ech_keys(const tls::EchKeys& keys);
  // What is shown with the certificates from now on.
  void use_staples(const std::shared_ptr<const tls::Staples>& staples);

  // Calls for each worker, on its own thread, and waits until all have done it.
  void on_all(const std::function<void(server::Worker&, std::size_t)>& call);

  // `drained` is called once, on a worker's thread, when the last connection of all has ended.
  void drain(bool hand_over, const std::function<void()>& drained);
  void discard_connections();

  // Ends the threads.
  void stop();

  std::vector<const observe::WorkerMetrics*> metrics() const;
  std::vector<const client::ServerRecords*> servers() const;
  std::vector<observe::RecordRing*> rings();
  std::uint64_t connections() const;
  // Makes the worker have a turn, without waiting for it.
  void nudge(std::size_t index) {
    members_[index]->worker->post([] {});
  }
  server::Worker& worker(std::size_t index) const { return *members_[index]->worker; }
  // What `cache` statements keep. But for its counters, only to be used on the worker's thread.
  cache::Store& responses(std::size_t index) const { return members_[index]->responses; }
  // Of `acme-server` statements. Only to be used on the worker's thread.
  acme_server::Counter& acme(std::size_t index) const { return members_[index]->acme; }
  cache::DiskFolder::Counts responses_on_disk() const { return cache_disk_.counts(); }
  DatagramRoutes& routes() { return routes_; }
  // What names handshakes ask for certificates of.
  NameBell& names() { return names_; }

 private:
  static constexpr std::size_t kSitesCountedMax = 4096;
  static constexpr std::size_t kLogRingBytes = 4 * 1024 * 1024;

  struct Member {
    Member(const WorkerPoolContext& context, std::size_t index, cache::StorePeers& peers, cache::StoreDisk& disk,
           acme_server::Desk& desk)
        : metrics(kSitesCountedMax),
          ring(kLogRingBytes, context.log_reader),
          log(ring, context.audit_sink, context.audit_format),
          responses(index, &peers, &disk, metrics.cache),
          acme(index, desk) {}
    observe::WorkerMetrics metrics;
    observe::RecordRing ring;
    observe::LogProducer log;
    os::SystemRandom random;
    cache::Store responses;
    acme_server::Counter acme;
    std::unique_ptr<server::Worker> worker;
    std::thread thread;
  };

  server::AddressCounts address_counts_;
  DatagramRoutes routes_;
  CacheRoutes cache_routes_;
  CacheDisk cache_disk_;
  AcmeDesk acme_desk_;
  NameBell names_;
  std::vector<std::unique_ptr<Member>> members_;
  bool started_ = false;
};

}  // namespace gate::app
