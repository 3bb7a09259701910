#include "app/acme_desk.h"

#include <pthread.h>

#include <utility>

#include "app/worker_pool.h"
#include "client/loop_context.h"
#include "feature/acme_server/network_validator.h"
#include "feature/acme_server/responder.h"
#include "observe/audit.h"

namespace gate::app {

// What the thread works with.
struct AcmeDesk::Office {
  Office(client::Context& client, acme_server::ResponderContext context)
      : validator(client), responder(std::move(context), validator) {}

  acme_server::NetworkValidator validator;
  acme_server::Responder responder;
};

AcmeDesk::AcmeDesk(const WorkerPool& workers, Context context)
    : workers_(workers),
      context_(std::move(context)),
      ring_(observe::LogProducer::kRingBytesMin, context_.log_reader),
      log_(ring_, context_.audit_sink, context_.audit_format) {}

AcmeDesk::~AcmeDesk() { stop(); }

void AcmeDesk::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (loop_ != nullptr) loop_->stop();
  }
  if (thread_.joinable()) thread_.join();
}

void AcmeDesk::ask(acme_server::Asker asker, acme_server::Question question) {
  const std::lock_guard lock(mutex_);
  if (loop_ == nullptr && !stopping_) begin();
  if (loop_ == nullptr || waiting_ >= kWaitingMax) return give(asker, acme_server::busy_reply());
  ++waiting_;
  loop_->post([this, asker, question = std::move(question)] { answer(asker, question); });
}

// The thread is there from the first question on: most servers have none. The lock is held.
void AcmeDesk::begin() {
  auto loop = loop::Loop::create(context_.clock);
  if (!loop) return tell(loop.error());
  auto outside = client::LoopContext::create(**loop, random_);
  if (!outside) return tell(outside.error());
  loop_ = loop->get();
  thread_ = std::thread([this, own = std::move(*loop), client = std::move(*outside)]() mutable {
    run(*own, client->context());
    client.reset();
  });
  pthread_setname_np(thread_.native_handle(), "acme server");
}

void AcmeDesk::run(loop::Loop& loop, client::Context& client) {
  Office office(client, {.state_folder = context_.state_folder,
                         .clock = context_.clock,
                         .random = random_,
                         .tell = [this](const base::Error& error) { tell(error); }});
  office_ = &office;
  loop.run();
  const std::lock_guard lock(mutex_);
  loop_ = nullptr;
}

void AcmeDesk::answer(const acme_server::Asker& asker, const acme_server::Question& question) {
  {
    const std::lock_guard lock(mutex_);
    --waiting_;
  }
  give(asker, office_->responder.answer(question));
}

void AcmeDesk::give(const acme_server::Asker& asker, acme_server::Reply reply) {
  workers_.worker(asker.worker)
      .post([&counter = workers_.acme(asker.worker), number = asker.number, reply = std::move(reply)]() mutable {
        counter.answered(number, std::move(reply));
      });
}

void AcmeDesk::tell(const base::Error& error) {
  const std::string text = base::render(error);
  log_.record({.kind = observe::AuditKind::kCertificateProblem,
               .time = context_.clock.wall(),
               .code = error.code,
               .text = text,
               .site = {},
               .peer = {}});
}

}  // namespace gate::app
