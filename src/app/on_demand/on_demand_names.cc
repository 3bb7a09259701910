#include "app/on_demand/on_demand_names.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <utility>

#include "app/on_demand/codes.h"
#include "base/timestamp.h"
#include "os/file.h"

namespace gate::app {
namespace {

constexpr std::size_t kIndexBytesMax = 64 * 1024 * 1024;

// How exactly it is known when a name was asked for: more would only be written to disk more often.
constexpr std::chrono::hours kExactness{1};

}  // namespace

OnDemandNames::OnDemandNames(std::string state_folder)
    : state_folder_(std::move(state_folder)), store_(state_folder_ + "/certificates/acme") {}

std::vector<base::Error> OnDemandNames::load(base::WallTime now) {
  std::vector<base::Error> problems;
  auto index = read_index();
  if (!index) {
    problems.push_back(std::move(index).error());
    return problems;
  }
  for (const auto& [name, asked] : *index) {
    auto opened = store_.open(name);
    if (!opened) {
      problems.push_back(std::move(opened).error());
      continue;
    }
    for (auto& damage : opened->damages) problems.push_back(std::move(damage));
    if (!opened->credential || now >= opened->credential->leaf().not_after()) continue;
    all_.emplace(name, Known{*std::move(opened->credential), asked});
  }
  changed_ = all_.size() != index->size();
  counters_.names = all_.size();
  return problems;
}

base::Result<std::map<std::string, base::WallTime>> OnDemandNames::read_index() const {
  std::map<std::string, base::WallTime> index;
  if (!os::inspect(index_file())) return index;
  GATE_TRY_ASSIGN(const auto text, os::read_file(index_file(), kIndexBytesMax));
  const auto unreadable = [&] {
    return base::fail({.code = kBadOnDemandIndex,
                       .side = base::Side::kSystem,
                       .what = fmt::format("{} cannot be read", index_file()),
                       .why = "it is not what this program writes there",
                       .fix = "nothing is to be done: a name is found again when a client asks for it"});
  };
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return unreadable();
  for (const auto& [name, asked] : json.items()) {
    const auto* written = asked.get_ptr<const std::string*>();
    const auto time = written == nullptr ? std::nullopt : base::parse_timestamp(*written);
    if (!time) return unreadable();
    index.emplace(name, *time);
  }
  return index;
}

base::Result<void> OnDemandNames::keep(const std::string& name, const cert::Credential& credential,
                                       base::WallTime now) {
  GATE_TRY(store_.save(name, credential));
  const auto known = all_.find(name);
  const base::WallTime asked = known == all_.end() ? now : known->second.asked;
  all_.insert_or_assign(name, Known{credential.clone(), asked});
  note_change();
  return {};
}

bool OnDemandNames::recall(const std::string& name, base::WallTime now) {
  if (!os::inspect(store_.path_of(name))) return false;
  auto opened = store_.open(name);
  if (!opened || !opened->credential) return false;
  const auto& leaf = opened->credential->leaf();
  if (now < leaf.not_before() || now >= leaf.not_after() || !leaf.covers(name)) return false;
  all_.insert_or_assign(name, Known{*std::move(opened->credential), now});
  note_change();
  return true;
}

void OnDemandNames::note_asked(std::string_view name, base::WallTime now) {
  const auto known = all_.find(name);
  if (known == all_.end()) return;
  // A time in the future was written while the clock was ahead.
  if (now < known->second.asked + kExactness && known->second.asked <= now) return;
  known->second.asked = now;
  changed_ = true;
}

void OnDemandNames::forget(const std::string& name, bool with_files) {
  if (all_.erase(name) > 0) note_change();
  // What cannot be removed takes a little room, and is found again if the name is ordered again.
  if (with_files) static_cast<void>(store_.remove(name));
}

void OnDemandNames::set_renewed(std::string_view name, bool is_renewed) {
  if (const auto known = all_.find(name); known != all_.end()) known->second.is_renewed = is_renewed;
}

void OnDemandNames::note_change() {
  changed_ = true;
  counters_.names = all_.size();
}

base::Result<void> OnDemandNames::save() {
  if (!changed_) return {};
  auto json = nlohmann::json::object();
  for (const auto& [name, known] : all_) json[name] = base::to_timestamp(known.asked);
  GATE_TRY(os::write_file_atomically(index_file(), json.dump(1) + "\n", 0600));
  changed_ = false;
  return {};
}

const OnDemandNames::Known* OnDemandNames::find(std::string_view name) const {
  const auto found = all_.find(name);
  return found == all_.end() ? nullptr : &found->second;
}

}  // namespace gate::app
