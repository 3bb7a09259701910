#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "conf/codes.h"
#include "conf/environment.h"

namespace gate::conf {

// Files and variables that exist only in a test. A pattern matches by what stands before its `*`.
class FakeEnvironment final : public Environment {
 public:
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> variables;

  base::Result<std::string> read_file(const std::string& path, std::size_t bytes_max) const override {
    const auto found = files.find(path);
    if (found == files.end())
      return base::fail({.code = kCannotReadFile, .what = "cannot read \"" + path + "\": absent"});
    if (found->second.size() > bytes_max) return base::fail({.code = kFileTooLarge, .what = "too large"});
    return found->second;
  }

  base::Result<std::vector<std::string>> matching_files(const std::string& pattern) const override {
    const auto prefix = pattern.substr(0, pattern.find('*'));
    std::vector<std::string> names;
    for (const auto& [name, text] : files) {
      if (name.starts_with(prefix)) names.push_back(name);
    }
    return names;
  }

  std::string canonical(const std::string& path) const override { return path; }

  std::optional<std::string> variable(const std::string& name) const override {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  }
};

}  // namespace gate::conf
