#include "dns/update.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <utility>

#include "dns/codes.h"

namespace gate::dns {
namespace {

base::Error failure(base::ErrorCode code, std::string what, std::string why, std::string fix) {
  return {.code = code,
          .side = base::Side::kUpstream,
          .retry = base::Retry::kLater,
          .what = std::move(what),
          .why = std::move(why),
          .fix = std::move(fix)};
}

std::string utc(base::WallTime time) {
  return fmt::format("{:%F %T} UTC", fmt::gmtime(std::chrono::floor<std::chrono::seconds>(time)));
}

base::Error clocks_differ(const Answer& answer, base::WallTime now) {
  const auto theirs = answer.message.signature ? server_time(*answer.message.signature) : std::nullopt;
  return failure(
      kClocksDiffer,
      fmt::format("the name server {} does not take our signature: the clocks differ", answer.from.to_string()),
      theirs ? fmt::format("it is {} there and {} here", utc(*theirs), utc(now))
             : "the times are more than 5 minutes apart",
      "set the clocks of both machines, best by NTP");
}

base::Error key_refused(const Answer& answer, const TsigKey& key) {
  const bool unknown = answer.message.signature && answer.message.signature->error == Rcode::kBadKey;
  return failure(
      kKeyRefused,
      fmt::format("the name server {} does not take the key \"{}\"", answer.from.to_string(), key.name.to_string()),
      unknown ? fmt::format("it knows no such key with {}", to_string(key.algorithm)) : "it has another secret for it",
      "give it the same name, algorithm and secret on both sides");
}

base::Error not_zone(const Answer& answer, const Name& zone) {
  return failure(
      kUpdateNotZone,
      fmt::format("the name server {} does not take updates of the zone {}", answer.from.to_string(), zone.to_string()),
      fmt::format("it answers {}: it is no primary server of that zone", to_string(answer.message.rcode)),
      "name the zone's primary server");
}

base::Error refused(const Answer& answer, const Name& zone, const TsigKey& key) {
  return failure(
      kUpdateRefused,
      fmt::format("the name server {} refuses the update of the zone {}", answer.from.to_string(), zone.to_string()),
      fmt::format("its policy does not let the key \"{}\" change this record", key.name.to_string()),
      "allow it in the zone's update policy; the page dns-01 of the manual shows how");
}

base::Error unproven(const Answer& answer) {
  return failure(kAnswerUnproven,
                 fmt::format("the answer of the name server {} cannot be believed", answer.from.to_string()),
                 answer.verdict == Verdict::kForged ? "its signature does not fit" : "it is not signed",
                 "see whether something on the way changes DNS messages");
}

// What the server says of our signature, in the signature of its answer.
std::optional<base::Error> signature_failure(const Answer& answer, const TsigKey& key, base::WallTime now) {
  const auto said = answer.message.signature ? answer.message.signature->error : Rcode::kNoError;
  if (said == Rcode::kBadKey || said == Rcode::kBadSignature) return key_refused(answer, key);
  if (said == Rcode::kBadTime || answer.verdict == Verdict::kStale) return clocks_differ(answer, now);
  return std::nullopt;
}

}  // namespace

Record added(Name name, Type type, std::uint32_t ttl, std::string data) {
  return {std::move(name), type, Class::kInternet, ttl, std::move(data)};
}

Record removed(Name name, Type type, std::string data) {
  return {std::move(name), type, Class::kNone, 0, std::move(data)};
}

Record removed_all(Name name, Type type) { return {std::move(name), type, Class::kAny, 0, {}}; }

void Update::start(Changes changes, std::vector<base::Endpoint> servers, const TsigKey& key, Done done) {
  Request request{.message = {}, .servers = std::move(servers), .first = Request::First::kTcp, .key = &key};
  request.message.opcode = Opcode::kUpdate;
  request.message.questions.push_back({changes.zone, Type::kSoa});
  request.message.authorities = std::move(changes.records);
  exchange_.start(std::move(request), [this, zone = std::move(changes.zone), &key,
                                       done = std::move(done)](const base::Result<Answer>& answer) {
    if (!answer) return done(base::fail(answer.error()));
    done(update_outcome(*answer, zone, key, context_.loop.wall()));
  });
}

base::Result<> update_outcome(const Answer& answer, const Name& zone, const TsigKey& key, base::WallTime now) {
  if (auto failed = signature_failure(answer, key, now)) return base::fail(*std::move(failed));
  switch (answer.message.rcode) {
    case Rcode::kNoError:
      // RFC 8945 5.3: an answer without a signature that fits is no answer.
      if (answer.verdict != Verdict::kGood) return base::fail(unproven(answer));
      return {};
    case Rcode::kNotAuthorized:
    case Rcode::kNotZone: return base::fail(not_zone(answer, zone));
    case Rcode::kRefused: return base::fail(refused(answer, zone, key));
    default: break;
  }
  return base::fail(
      failure(kUpdateFailed,
              fmt::format("the name server {} could not update the zone {}", answer.from.to_string(), zone.to_string()),
              fmt::format("it answers {}", to_string(answer.message.rcode)), "see the server's log"));
}

}  // namespace gate::dns
