#include "dns/query.h"

#include <fmt/format.h>

#include <utility>

#include "dns/codes.h"

namespace gate::dns {

Request query(Name name, Type type, std::vector<base::Endpoint> servers, Asked asked) {
  Request request{.message = {}, .servers = std::move(servers)};
  request.message.recursion_desired = asked == Asked::kResolver;
  request.message.questions.push_back({std::move(name), type});
  request.message.edns = Edns{};
  return request;
}

base::Result<> check_answer(const Answer& answer) {
  const Rcode rcode = answer.message.rcode;
  if (rcode == Rcode::kNoError || rcode == Rcode::kNoSuchName) return {};
  std::string about = "a question";
  if (!answer.message.questions.empty()) {
    const auto& question = answer.message.questions.front();
    about = fmt::format("the question for {} {}", question.name.to_string(), to_string(question.type));
  }
  return base::fail(
      {.code = kServerRefuses,
       .side = base::Side::kUpstream,
       .retry = base::Retry::kLater,
       .what = fmt::format("the name server {} answers {} with {}", answer.from.to_string(), about, to_string(rcode)),
       .why = rcode == Rcode::kServerFailure
                  ? "it could not find out: the zone's servers do not answer, or DNSSEC does not fit"
                  : "it does not serve this name, or not for us",
       .fix = "ask it by hand, with dig, and see the server's log"});
}

}  // namespace gate::dns
