#include "conf/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/text.h"
#include "conf/units.h"

namespace gate::conf {
namespace {

constexpr std::size_t kListedMax = 12;

std::string listed(std::span<const std::string_view> names) {
  const auto first = names.first(std::min(names.size(), kListedMax));
  return fmt::format("{}{}", fmt::join(first, ", "), names.size() > first.size() ? ", …" : "");
}

// "did you mean "30s"?" where that was possible, the rule otherwise.
std::string help_or(const std::string& suggested, std::string_view rule) {
  return suggested.empty() ? std::string(rule) : fmt::format("did you mean \"{}\"?", suggested);
}

}  // namespace

void Reader::error(base::ErrorCode code, const Word& word, std::string message, std::string help) {
  diagnostics_.error(code, word.at, std::move(message), std::move(help));
}

void Reader::warning(base::ErrorCode code, const Word& word, std::string message, std::string help) {
  diagnostics_.warning(code, word.at, std::move(message), std::move(help));
}

std::optional<std::chrono::milliseconds> Reader::duration(const Word& word, DurationRange range) {
  const auto value = parse_duration(word.text);
  if (!value) {
    error(kBadDuration, word, fmt::format("{} is not a duration", shown(word.text)),
          help_or(suggest_duration(word.text), "a whole number and a unit, such as 500ms, 30s, 5m, 12h, 1d"));
    return std::nullopt;
  }
  if (*value >= range.min && *value <= range.max) return value;
  error(kBadDuration, word, fmt::format("{} is out of range", shown(word.text)),
        fmt::format("between {} and {}", duration_text(range.min), duration_text(range.max)));
  return std::nullopt;
}

std::optional<std::uint64_t> Reader::size(const Word& word, SizeRange range) {
  const auto value = parse_size(word.text);
  if (!value) {
    error(kBadSize, word, fmt::format("{} is not a size", shown(word.text)),
          help_or(suggest_size(word.text), "a whole number and a unit, such as 512B, 64KB, 10MB, 1GiB"));
    return std::nullopt;
  }
  if (*value >= range.min && *value <= range.max) return value;
  error(kBadSize, word, fmt::format("{} is out of range", shown(word.text)),
        fmt::format("between {} and {}", size_text(range.min), size_text(range.max)));
  return std::nullopt;
}

void Reader::report_number(const Word& word, const std::string& min, const std::string& max) {
  error(kBadNumber, word, fmt::format("{} is not a whole number from {} to {}", shown(word.text), min, max));
}

std::optional<bool> Reader::on_off(const Word& word) {
  if (word.text == "on") return true;
  if (word.text == "off") return false;
  error(kBadSwitch, word, fmt::format("{} is neither on nor off", shown(word.text)), "write on or off");
  return std::nullopt;
}

std::optional<std::string> Reader::path(const Word& word) {
  if (word.text.empty()) {
    error(kBadPath, word, "the path is empty");
    return std::nullopt;
  }
  const Source* source = sources_.find(word.at.source);
  return source == nullptr ? word.text : source->resolve(word.text);
}

std::optional<Reader::File> Reader::file(const Word& word, std::size_t bytes_max, std::string_view help) {
  auto path_of_it = path(word);
  if (!path_of_it) return std::nullopt;
  auto content = environment_.read_file(*path_of_it, bytes_max);
  if (!content) {
    const auto& why = content.error();
    error(why.code, word, why.what, help.empty() ? why.fix : std::string(help));
    return std::nullopt;
  }
  mark(*content);
  return File{*std::move(path_of_it), *std::move(content)};
}

// Of secrets too, which are not to stand around in copies.
void Reader::mark(std::string_view content) {
  file_marks_ += fmt::format("{} {:x}\n", content.size(), std::hash<std::string_view>{}(content));
}

std::optional<std::uint16_t> Reader::status(const Word& word, std::uint16_t min, std::uint16_t max) {
  // RFC 9110 15: "All valid status codes are within the range of 100 to 599, inclusive."
  const auto value = base::parse_number<std::uint16_t>(word.text);
  if (value && *value >= min && *value <= max) return value;
  error(kBadStatus, word, fmt::format("{} is not a status code", shown(word.text)),
        fmt::format("a number from {} to {}", min, max));
  return std::nullopt;
}

std::optional<std::size_t> Reader::choice_index(const Word& word, std::span<const std::string_view> names) {
  const auto found = std::ranges::find(names, word.text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const std::string suggested = suggestion(word.text, names);
  error(kBadChoice, word, fmt::format("{} is not one of: {}", shown(word.text), listed(names)), suggested);
  return std::nullopt;
}

}  // namespace gate::conf
