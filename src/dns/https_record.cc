#include "dns/https_record.h"

#include <utility>

#include "dns/codes.h"
#include "dns/query.h"
#include "dns/rdata.h"

namespace gate::dns {
namespace {

// As often as a resolver may ask while a key lasts a week; short enough for a change of mind.
constexpr std::uint32_t kSecondsToLive = 300;

base::Error elsewhere(const Name& name, std::string why) {
  return {.code = kHttpsElsewhere,
          .side = base::Side::kConfiguration,
          .what = "the HTTPS records of " + name.to_string() + " cannot say the key of Encrypted Client Hello",
          .why = std::move(why),
          .fix = "remove them, or take \"publish\" out of \"ech\" and make the record by hand"};
}

// RFC 9460 7.1.1: each protocol with its length in front.
std::string alpn_value(const std::vector<std::string>& protocols) {
  std::string value;
  for (const auto& protocol : protocols) {
    value += static_cast<char>(protocol.size());
    value += protocol;
  }
  return value;
}

ServiceBinding binding_of(const HttpsFacts& facts) {
  ServiceBinding binding;
  if (!facts.protocols.empty()) binding.parameters[kAlpnParameter] = alpn_value(facts.protocols);
  binding.parameters[kEchParameter] = facts.ech;
  return binding;
}

// RFC 9460 2.5.2: "." is the name of the record itself.
bool leads_to(const ServiceBinding& binding, const Name& name) {
  return binding.priority != 0 && (binding.target.is_root() || binding.target == name);
}

// The records of a set may not differ in their time (RFC 2181 5.2), so all are made anew.
std::vector<Record> replaced(const Name& name, std::vector<Record> records) {
  records.insert(records.begin(), removed_all(name, Type::kHttps));
  return records;
}

}  // namespace

base::Result<std::vector<Record>> https_changes(const Name& name, const std::vector<Record>& standing,
                                                const HttpsFacts& facts) {
  std::vector<Record> records;
  bool own = false, changed = false;
  for (const auto& record : standing) {
    auto binding = binding_in(record);
    if (!binding) return base::fail(elsewhere(name, "one of them is malformed"));
    if (leads_to(*binding, name)) {
      own = true;
      auto& ech = binding->parameters[kEchParameter];
      changed = changed || ech != facts.ech;
      ech = facts.ech;
    }
    records.push_back(added(name, Type::kHttps, record.ttl, binding_data(*binding)));
  }
  if (!standing.empty() && !own) return base::fail(elsewhere(name, "they lead to other names"));
  if (own && !changed) return std::vector<Record>{};
  if (!own) records.push_back(added(name, Type::kHttps, kSecondsToLive, binding_data(binding_of(facts))));
  return replaced(name, std::move(records));
}

void HttpsUpdate::start(const Name& name, HttpsFacts facts, const base::Endpoint& server, const TsigKey& key,
                        Done done) {
  facts_ = std::move(facts);
  server_ = server;
  key_ = &key;
  done_ = std::move(done);
  search_.start(name, [this](const base::Result<Place>& place) {
    if (!place) return finish(base::fail(place.error()));
    look(*place);
  });
}

void HttpsUpdate::look(const Place& place) {
  place_ = place;
  look_.start(query(place_.name, Type::kHttps, {server_}, Asked::kAuthoritative),
              [this](const base::Result<Answer>& answer) {
                if (!answer) return finish(base::fail(answer.error()));
                if (auto good = check_answer(*answer); !good) return finish(std::move(good));
                change(answer->message);
              });
}

void HttpsUpdate::change(const Message& standing) {
  std::vector<Record> records = standing.answers;
  std::erase_if(records, [this](const Record& each) { return each.type != Type::kHttps || each.name != place_.name; });
  auto changes = https_changes(place_.name, records, facts_);
  if (!changes) return finish(base::fail(std::move(changes.error())));
  if (changes->empty()) return finish({});
  update_.start({place_.zone, *std::move(changes)}, {server_}, *key_,
                [this](const base::Result<>& result) { finish(result); });
}

void HttpsUpdate::finish(base::Result<> result) {
  const Done done = std::move(done_);  // this dies within
  done(std::move(result));
}

}  // namespace gate::dns
