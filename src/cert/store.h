#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cert/credential.h"
#include "cert/history.h"
#include "cert/renewal.h"
#include "os/file.h"

namespace gate::cert {

// Credentials on disk, a folder each:
//
//   <root>/<name>/credential.pem   key and chain in one file, so that the two can never disagree
//                 facts.json       when to renew it, what failed last
//                 history/         the former ones, as they were
//                 lock             held by the process that renews it
//
// Folders 0700, files 0600. Every file is replaced as a whole: a SIGKILL at any moment leaves the old or the new one.
class Store {
 public:
  static constexpr std::size_t kHistoryMax = 8;  // a year of 47-day certificates; more would only keep old keys around

  explicit Store(std::string root) : root_(std::move(root)) {}

  // Writes `credential` under `name` (a DNS name, wildcard or address). What stood there becomes history.
  base::Result<void> save(std::string_view name, const Credential& credential) const;

  // The credential under `name`; an empty optional inside the result: there is none. Refused: a file others may
  // read, one whose key and certificate disagree. Dates are the caller's to judge.
  base::Result<std::optional<Credential>> load(std::string_view name) const;

  // Writes the facts beside the credential.
  base::Result<void> save_facts(std::string_view name, const RenewalFacts& facts) const;

  // Everything under `name`, repaired. A damaged file is kept aside as `<file>.damaged-<its time>`; the newest good
  // credential of the history takes its place, facts begin anew. Fails when a file cannot be read at all, or others
  // may read it: that is for the administrator to judge.
  struct Opened {
    std::optional<Credential> credential;
    RenewalFacts facts;
    std::vector<base::Error> damages;  // kStoreDamaged: what was found, and what was done about it
  };
  base::Result<Opened> open(std::string_view name) const;

  // The facts alone, for inventory; nothing is repaired. New ones where there is no file.
  base::Result<RenewalFacts> load_facts(std::string_view name) const;

  // The former leaves, newest first.
  std::vector<Certificate> history(std::string_view name) const;

  // To be held while `name` is ordered and saved, so that two processes with one state folder do not order twice.
  // Fails with os::kLockedByAnother, which names the other, and does not wait.
  base::Result<os::FileLock> lock(std::string_view name) const;

  // Removes everything under `name`, its history and keys included; fine when there is nothing.
  base::Result<void> remove(std::string_view name) const;

  // The leaf of every credential stored, by name, for inventory. Unreadable ones carry their error.
  struct Entry {
    std::string name;
    base::Result<Certificate> leaf;
  };
  std::vector<Entry> list() const;

  // The file of `name`. "*" is written as "_" and ":" as "-", so that it is harmless in a shell and on any file system.
  std::string path_of(std::string_view name) const;

 private:
  base::Result<void> open_credential(std::string_view name, Opened& opened) const;
  base::Result<void> open_facts(std::string_view name, Opened& opened) const;
  std::string folder_of(std::string_view name) const;
  std::string facts_file_of(std::string_view name) const;
  History history_of(std::string_view name) const;

  std::string root_;
};

}  // namespace gate::cert
