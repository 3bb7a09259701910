#include "app/worker_pool.h"

#include <pthread.h>

#include <atomic>
#include <latch>
#include <string>
#include <utility>

namespace gate::app {

base::Result<std::unique_ptr<WorkerPool>> WorkerPool::create(const WorkerPoolContext& context, std::size_t count) {
  std::unique_ptr<WorkerPool> pool(std::make_unique<WorkerPool>(context));
  for (std::size_t index = 0; index < count; ++index) {
    auto member = std::make_unique<Member>(context, index, pool->cache_routes_, pool->cache_disk_, pool->acme_desk_);
    GATE_TRY_ASSIGN(member->worker, server::Worker::create({.index = index,
                                                            .system_clock = context.clock,
                                                            .address_counts = pool->address_counts_,
                                                            .metrics = member->metrics,
                                                            .log = member->log,
                                                            .media_types = context.media_types,
                                                            .cache_limit = context.cache_limit,
                                                            .responses = &member->responses,
                                                            .acme = &member->acme,
                                                            .random = member->random,
                                                            .quic_keys = context.quic_keys,
                                                            .generation = context.generation,
                                                            .router = &pool->routes_,
                                                            .names = &pool->names_}));
    pool->members_.push_back(std::move(member));
  }
  return pool;
}

WorkerPool::~WorkerPool() { stop(); }

void WorkerPool::start() {
  for (std::size_t index = 0; index < members_.size(); ++index) {
    auto& member = *members_[index];
    member.thread = std::thread([&worker = *member.worker] { worker.run(); });
    pthread_setname_np(member.thread.native_handle(), ("worker " + std::to_string(index)).c_str());
  }
  started_ = true;
}

void WorkerPool::on_all(const std::function<void(server::Worker&, std::size_t)>& call) {
  if (!started_) {
    for (std::size_t index = 0; index < members_.size(); ++index) call(*members_[index]->worker, index);
    return;
  }
  std::latch done(static_cast<std::ptrdiff_t>(members_.size()));
  for (std::size_t index = 0; index < members_.size(); ++index) {
    auto& worker = *members_[index]->worker;
    worker.post([&call, &worker, &done, index] {
      call(worker, index);
      done.count_down();
    });
  }
  done.wait();
}

void WorkerPool::adopt(const std::shared_ptr<const server::Plan>& plan,
                       std::vector<std::shared_ptr<tls::ServerContext>> tls) {
  on_all([&](server::Worker& worker, std::size_t index) { worker.adopt(plan, std::move(tls[index])); });
}

base::Result<void> WorkerPool::listen(std::vector<std::vector<server::ListenerSocket>> sockets) {
  std::vector<base::Result<void>> results(members_.size());
  on_all([&](server::Worker& worker, std::size_t index) {
    for (auto& socket : sockets[index]) {
      if (auto result = worker.listen(std::move(socket)); !result) results[index] = std::move(result);
    }
  });
  for (auto& result : results) GATE_TRY(std::move(result));
  return {};
}

void WorkerPool::stop_listening(const std::vector<server::ListenerAddress>& addresses) {
  on_all([&](server::Worker& worker, std::size_t) {
    for (const auto& address : addresses) worker.stop_listening(address);
  });
}

void WorkerPool::use_ticket_keys(const tls::TicketKeys& keys) {
  on_all([&](server::Worker& worker, std::size_t) { worker.use_ticket_keys(keys); });
}

void WorkerPool::use_challenges(const std::shared_ptr<const tls::Challenges>& challenges) {
  on_all([&](server::Worker& worker, std::size_t) { worker.use_challenges(challenges); });
}

void WorkerPool::use_ech_keys(const tls::EchKeys& keys) {
  on_all([&](server::Worker& worker, std::size_t) { worker.use_ech_keys(keys); });
}

void WorkerPool::use_staples(const std::shared_ptr<const tls::Staples>& staples) {
  on_all([&](server::Worker& worker, std::size_t) { worker.use_staples(staples); });
}

void WorkerPool::drain(bool hand_over, const std::function<void()>& drained) {
  auto left = std::make_shared<std::atomic<std::size_t>>(members_.size());
  on_all([&](server::Worker& worker, std::size_t) {
    worker.drain(hand_over, [left, drained] {
      if (left->fetch_sub(1) == 1) drained();
    });
  });
}

void WorkerPool::discard_connections() {
  on_all([](server::Worker& worker, std::size_t) { worker.discard_connections(); });
}

void WorkerPool::stop() {
  if (!std::exchange(started_, false)) return;
  for (auto& member : members_) member->worker->stop();
  for (auto& member : members_) member->thread.join();
  cache_disk_.stop();
  acme_desk_.stop();
}

std::vector<const observe::WorkerMetrics*> WorkerPool::metrics() const {
  std::vector<const observe::WorkerMetrics*> all;
  for (const auto& member : members_) all.push_back(&member->metrics);
  return all;
}

std::vector<const client::ServerRecords*> WorkerPool::servers() const {
  std::vector<const client::ServerRecords*> all;
  for (const auto& member : members_) all.push_back(&member->worker->servers());
  return all;
}

std::vector<observe::RecordRing*> WorkerPool::rings() {
  std::vector<observe::RecordRing*> all{&acme_desk_.ring()};
  for (const auto& member : members_) all.push_back(&member->ring);
  return all;
}

std::uint64_t WorkerPool::connections() const {
  std::uint64_t open = 0;
  for (const auto& member : members_) open += member->metrics.connections_open();
  return open;
}

}  // namespace gate::app
