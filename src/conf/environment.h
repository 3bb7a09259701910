#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace gate::conf {

// What a configuration reaches outside its own text: included files, secrets in files and in variables.
class Environment {
 public:
  virtual ~Environment() = default;

  // The content of a regular file of at most `bytes_max` bytes; kCannotReadFile or kFileTooLarge otherwise.
  virtual base::Result<std::string> read_file(const std::string& path, std::size_t bytes_max) const = 0;

  // The files a glob matches, folders left out, sorted by name; none when it matches nothing.
  virtual base::Result<std::vector<std::string>> matching_files(const std::string& pattern) const = 0;

  // One spelling a file, so that a cycle is seen through links and `..`.
  virtual std::string canonical(const std::string& path) const = 0;

  virtual std::optional<std::string> variable(const std::string& name) const = 0;
};

// The machine's own files and variables.
class SystemEnvironment final : public Environment {
 public:
  base::Result<std::string> read_file(const std::string& path, std::size_t bytes_max) const override;
  base::Result<std::vector<std::string>> matching_files(const std::string& pattern) const override;
  std::string canonical(const std::string& path) const override;
  std::optional<std::string> variable(const std::string& name) const override;
};

}  // namespace gate::conf
