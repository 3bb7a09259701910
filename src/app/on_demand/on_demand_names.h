#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "app/on_demand/on_demand_counters.h"
#include "base/clock.h"
#include "base/result.h"
#include "cert/credential.h"
#include "cert/store.h"

namespace gate::app {

// Names that have got their certificate when a client asked for them first, and when they were asked for last: in
// memory, and in the state folder over restarts.
//
//   <state>/on-demand.json       which names these are, and when they were asked for last
//   <state>/certificates/acme    their certificates, among the others
//
// Control thread only.
class OnDemandNames {
 public:
  struct Known {
    cert::Credential credential;
    base::WallTime asked;    // for last, to the hour or so
    bool is_renewed = true;  // it is still asked for, and permitted
  };
  using All = std::map<std::string, Known, std::less<>>;

  explicit OnDemandNames(std::string state_folder);

  // Reads what is kept. Names whose certificate is over or cannot be used are left out; what was wrong is returned.
  std::vector<base::Error> load(base::WallTime now);

  // The certificate of `name`, from now on.
  base::Result<void> keep(const std::string& name, const cert::Credential& credential, base::WallTime now);

  // A certificate that is kept for `name` although nobody has asked for it as yet; taken up where it is good.
  bool recall(const std::string& name, base::WallTime now);

  void note_asked(std::string_view name, base::WallTime now);

  void set_renewed(std::string_view name, bool is_renewed);

  // Forgets the name; `with_files` its certificate and key too.
  void forget(const std::string& name, bool with_files);

  // Writes down what has changed since the last time.
  base::Result<void> save();

  const Known* find(std::string_view name) const;
  const All& all() const { return all_; }

  // Any thread may read them.
  OnDemandCounters& counters() { return counters_; }
  const OnDemandCounters& counters() const { return counters_; }

 private:
  base::Result<std::map<std::string, base::WallTime>> read_index() const;
  void note_change();
  std::string index_file() const { return state_folder_ + "/on-demand.json"; }

  std::string state_folder_;
  cert::Store store_;
  All all_;
  bool changed_ = false;
  OnDemandCounters counters_;
};

}  // namespace gate::app
