#include "cli/secret_argument.h"

#include <fmt/format.h>

#include <cstdlib>

#include "cli/codes.h"
#include "os/file.h"

namespace gate::cli {
namespace {

constexpr std::string_view kVariable = "env:";
constexpr std::string_view kFile = "file:";
constexpr std::size_t kSecretBytesMax = 4096;

base::Error unusable(std::string_view option, std::string why) {
  return {.code = kSecretNotGiven,
          .side = base::Side::kConfiguration,
          .what = fmt::format("{} gives no secret", option),
          .why = std::move(why),
          .fix = fmt::format("{0} env:NAME, or {0} file:PATH", option)};
}

base::Result<std::string> in_variable(const std::string& name, std::string_view option) {
  const char* value = std::getenv(name.c_str());
  if (value != nullptr && *value != '\0') return std::string(value);
  return base::fail(unusable(option, fmt::format("the environment variable {} is not set, or empty", name)));
}

base::Result<std::string> in_file(const std::string& path, std::string_view option) {
  GATE_TRY_ASSIGN(std::string text, os::read_file(path, kSecretBytesMax));
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty()) return base::fail(unusable(option, fmt::format("the file {} is empty", path)));
  return text;
}

}  // namespace

base::Result<std::string> secret_argument(std::string_view reference, std::string_view option) {
  if (reference.starts_with(kVariable)) return in_variable(std::string(reference.substr(kVariable.size())), option);
  if (reference.starts_with(kFile)) return in_file(std::string(reference.substr(kFile.size())), option);
  return base::fail(unusable(option, "a secret is given by reference: other users see the arguments of a command"));
}

}  // namespace gate::cli
