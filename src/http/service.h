#pragma once

#include <cstdint>
#include <memory>

#include "base/clock.h"

namespace gate::acme_server {
class Counter;
}
namespace gate::cache {
class Store;
}
namespace gate::client {
class Context;
}
namespace gate::loop {
class Loop;
}

namespace gate::http {

class CacheBudget;
class Exchange;
class Explanation;
class MediaTypes;

// Whether the next statement of the site is asked.
enum class Flow : std::uint8_t {
  kNext,   // not mine, or I only changed something
  kTaken,  // answered, or I will answer: respond() or refuse() was or will be called once
};

// Something that handles requests: one configured statement. Built once a worker and configuration, never changed
// by requests, used by its worker alone.
class Service {
 public:
  virtual ~Service() = default;
  virtual Flow handle(Exchange& exchange) = 0;

  // Says, once and before the first request, what stands behind this service, in its chain and behind that: for one
  // that hands requests on later than it was asked, or makes requests of its own. `rest` says kNext when nothing behind
  // takes the request; it outlives the service.
  virtual void precede(Service& /*rest*/) {}
};

// Changes a response just before its head is sent: sets fields, wraps the body. Registered on an exchange by a
// service; run in the reverse of that order.
class ResponseFilter {
 public:
  virtual void filter(Exchange& exchange) = 0;

 protected:
  ~ResponseFilter() = default;
};

// What a service may use of the worker it is built for. Outlives every service.
struct ServiceEnvironment {
  const base::Clock& clock;                 // cached a loop turn
  CacheBudget* cache = nullptr;             // of the worker; null gives each service that caches one of its own
  const MediaTypes* media_types = nullptr;  // of the machine; null leaves the built-in ones
  client::Context* client = nullptr;        // for those who ask other servers; null only where nobody does
  loop::Loop* loop = nullptr;               // of the worker; null only where nobody waits for anything
  cache::Store* responses = nullptr;        // what `cache` statements keep; null only where there are none
  acme_server::Counter* acme = nullptr;     // for `acme-server` statements; null only where there are none
};

// A checked statement of the configuration: immutable, shared by all workers, able to build its service for one.
// Outlives the services it builds.
class ServicePlan {
 public:
  virtual ~ServicePlan() = default;
  virtual std::unique_ptr<Service> build(const ServiceEnvironment& environment) const = 0;

  // Whether its service takes every request it is asked about, so that what stands behind it is never reached.
  virtual bool takes_all() const { return false; }

  // Tells what its service does with a request, for `gate443 explain request`, and does it to `exchange` as far as what
  // stands behind depends on it. This one builds the service and lets it handle the exchange; plans whose services ask
  // other servers have one of their own, which asks nobody.
  virtual Flow explain(Exchange& exchange, Explanation& explanation) const;
};

}  // namespace gate::http
