#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/ip.h"
#include "feature/acme_server/settings.h"

namespace gate::acme_server {

// A statement of the configuration: the same object on all workers.
using Statement = std::shared_ptr<const AcmeServerSettings>;

// A request, as it crosses from a worker to the one place that has accounts and orders.
struct Question {
  Statement statement;
  std::string method;  // "POST"
  std::string base;    // "https://pki.example.com/acme": what its URLs begin with
  std::string path;    // behind that: "/new-order"
  std::string content_type;
  std::string body;
  base::IpAddress client;
};

// The answer to it.
struct Reply {
  std::uint16_t status = 200;
  std::vector<std::pair<std::string, std::string>> fields{};
  std::string body{};
};

// The answer when nobody can answer.
Reply busy_reply();

// Who waits for an answer.
struct Asker {
  std::size_t worker = 0;
  std::uint64_t number = 0;
};

// The way to the place that has accounts and orders.
class Desk {
 public:
  // Called on a worker; the answer comes back later as Counter::answered() on the same.
  virtual void ask(Asker asker, Question question) = 0;

 protected:
  ~Desk() = default;
};

// Waits for an answer at a counter.
class Waiting {
 public:
  virtual void answered(Reply reply) = 0;

 protected:
  ~Waiting() = default;
};

// One worker's side: those who wait for an answer.
class Counter {
 public:
  // `desk` outlives it.
  Counter(std::size_t worker, Desk& desk) : worker_(worker), desk_(desk) {}

  // Returns the number to leave with.
  std::uint64_t ask(Waiting& waiting, Question question) {
    waiting_.emplace(++last_, &waiting);
    desk_.ask({worker_, last_}, std::move(question));
    return last_;
  }
  // The answer, if it is still to come, is for nobody any more.
  void leave(std::uint64_t number) { waiting_.erase(number); }

  // On the worker's thread.
  void answered(std::uint64_t number, Reply reply) {
    const auto found = waiting_.find(number);
    if (found == waiting_.end()) return;
    Waiting& waiting = *found->second;
    waiting_.erase(found);
    waiting.answered(std::move(reply));
  }

 private:
  std::size_t worker_;
  Desk& desk_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, Waiting*> waiting_;
};

}  // namespace gate::acme_server
