// The reader of secrets by reference.

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "conf/reader.h"

namespace gate::conf {
namespace {

// A key file or a token, never a document.
constexpr std::size_t kSecretBytesMax = 64UL << 10;
constexpr std::string_view kVariable = "env:";
constexpr std::string_view kFile = "file:";

bool is_variable_name(std::string_view name) {
  const auto fits = [](char c) { return base::is_alpha(c) || base::is_digit(c) || c == '_'; };
  return !name.empty() && !base::is_digit(name.front()) && std::ranges::all_of(name, fits);
}

// Files end with a line end that is no part of the secret.
std::string without_line_end(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace

std::optional<Secret> Reader::secret(const Word& word) {
  const std::string_view text = word.text;
  if (text.starts_with(kVariable) && is_variable_name(text.substr(kVariable.size()))) {
    return secret_in_variable(word, std::string(text.substr(kVariable.size())));
  }
  if (text.starts_with(kFile) && text.size() > kFile.size()) return secret_in_file(word, text.substr(kFile.size()));
  diagnostics_.add({.code = kSecretInPlain,
                    .at = word.at,
                    .message = "a secret is given by reference, not written into the configuration",
                    .help = "write env:NAME or file:PATH, and put the secret there",
                    .hides_line = true});
  return std::nullopt;
}

std::optional<Secret> Reader::secret_in_variable(const Word& word, const std::string& name) {
  auto value = environment_.variable(name);
  if (value && !value->empty()) return Secret(*std::move(value));
  error(kSecretUnavailable, word, fmt::format("the environment variable {} is {}", name, value ? "empty" : "not set"));
  return std::nullopt;
}

std::optional<Secret> Reader::secret_in_file(const Word& word, std::string_view path) {
  const Source* source = sources_.find(word.at.source);
  auto content = environment_.read_file(source == nullptr ? std::string(path) : source->resolve(path), kSecretBytesMax);
  if (!content) {
    error(kSecretUnavailable, word, std::move(content.error().what));
    return std::nullopt;
  }
  mark(*content);
  std::string value = without_line_end(*std::move(content));
  if (!value.empty()) return Secret(std::move(value));
  error(kSecretUnavailable, word, fmt::format("the file {} is empty", shown(path)));
  return std::nullopt;
}

}  // namespace gate::conf
