#include "dns/tsig_key_file.h"

#include <algorithm>
#include <utility>

namespace gate::dns {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

// The words of named.conf: signs, texts in quotes, and whatever stands between blanks.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  // Empty at the end.
  std::string_view next() {
    skip_blanks_and_comments();
    if (rest_.empty()) return {};
    constexpr std::string_view kSigns = "{};";
    if (kSigns.find(rest_.front()) != std::string_view::npos) return take(1);
    if (rest_.front() == '"') {
      rest_.remove_prefix(1);
      const auto quoted = take(rest_.find('"'));
      if (!rest_.empty()) rest_.remove_prefix(1);
      return quoted;
    }
    return take(rest_.find_first_of(" \t\r\n{};\""));
  }

 private:
  std::string_view take(std::size_t count) {
    const auto word = rest_.substr(0, count);
    rest_.remove_prefix(word.size());
    return word;
  }
  void skip(std::size_t end) { rest_.remove_prefix(std::min(end, rest_.size())); }

  void skip_blanks_and_comments() {
    while (true) {
      skip(rest_.find_first_not_of(kBlank));
      if (rest_.starts_with('#') || rest_.starts_with("//")) {
        skip(rest_.find('\n'));
      } else if (rest_.starts_with("/*")) {
        const auto end = rest_.find("*/", 2);
        skip(end == std::string_view::npos ? end : end + 2);
      } else {
        return;
      }
    }
  }

  std::string_view rest_;
};

}  // namespace

std::expected<TsigKey, std::string> parse_tsig_key_file(std::string_view text) {
  Words words(text);
  if (words.next() != "key") return std::unexpected("it does not begin with \"key\", as what tsig-keygen writes");
  const auto name = words.next();
  if (words.next() != "{") return std::unexpected("the key's name is not followed by a brace");
  std::string_view algorithm;
  std::string_view secret;
  for (auto word = words.next(); word != "}"; word = words.next()) {
    if (word == "algorithm") {
      algorithm = words.next();
    } else if (word == "secret") {
      secret = words.next();
    } else {
      return std::unexpected("it has other words than \"algorithm\" and \"secret\" within the braces");
    }
    if (words.next() != ";") return std::unexpected("a line within the braces does not end with a semicolon");
  }
  const auto end = words.next();
  if (end == ";" ? !words.next().empty() : !end.empty()) return std::unexpected("it holds more than one key");
  return make_tsig_key(name, algorithm, secret);
}

std::expected<TsigKey, std::string> make_tsig_key(std::string_view name, std::string_view algorithm,
                                                  std::string_view secret) {
  auto parsed = Name::parse(name);
  if (!parsed) return std::unexpected("the key's name is no DNS name");
  const auto known = tsig_algorithm(algorithm);
  if (!known) return std::unexpected("its algorithm is not hmac-sha256, hmac-sha384 or hmac-sha512");
  auto bytes = tsig_secret(secret);
  if (!bytes) return std::unexpected("its secret is not at least 16 bytes in base64");
  return TsigKey{*std::move(parsed), *known, *std::move(bytes)};
}

}  // namespace gate::dns
