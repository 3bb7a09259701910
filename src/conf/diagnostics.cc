#include "conf/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <tuple>

#include "base/text.h"
#include "conf/format.h"
#include "conf/json_text.h"
#include "conf/text_check.h"

namespace gate::conf {
namespace {

// Characters of a source line that are shown; a longer line is shown around its finding.
constexpr std::size_t kLineShownMax = 100;

bool same_finding(const Diagnostic& a, const Diagnostic& b) {
  return a.at == b.at && a.code == b.code && a.message == b.message;
}

std::vector<Diagnostic> sorted(std::span<const Diagnostic> findings) {
  std::vector<Diagnostic> result(findings.begin(), findings.end());
  // An unknown source sorts first: 0 after the wrap of kNoSource + 1.
  std::ranges::stable_sort(result, {}, [](const Diagnostic& d) {
    return std::tuple(static_cast<SourceId>(d.at.source + 1), d.at.line, d.at.column);
  });
  return result;
}

// The characters of a line, each fit for a terminal: a file with binary rubbish must not reach it through a message.
std::vector<std::string_view> cells(std::string_view line) {
  std::vector<std::string_view> result;
  while (!line.empty()) {
    const std::size_t length = std::max<std::size_t>(1, utf8_length(line));
    const auto cell = line.substr(0, length);
    const bool bad = find_bad_text(cell).has_value();
    result.push_back(cell == "\t" ? " " : bad ? "?" : cell);
    line.remove_prefix(length);
  }
  return result;
}

// What is shown of a source line: the cells from `first` to `last`, and the carets under them.
struct Excerpt {
  std::string line;
  std::string carets;
};

std::size_t cell_count(std::string_view text) { return cells(text).size(); }

Excerpt excerpt(std::string_view line, const Position& at) {
  const auto all = cells(line);
  const std::size_t start = at.column - 1;
  const std::size_t caret = std::min(all.size(), cell_count(line.substr(0, start)));
  const std::size_t length = start < line.size() ? cell_count(line.substr(start, at.length)) : 1;
  const bool fits = all.size() <= kLineShownMax;
  const std::size_t first = fits || caret < kLineShownMax / 2 ? 0 : caret - kLineShownMax / 2;
  const std::size_t last = std::min(all.size(), first + kLineShownMax);
  Excerpt shown;
  if (first > 0) shown.line += "…";
  for (std::size_t i = first; i < last; ++i) shown.line += all[i];
  if (last < all.size()) shown.line += "…";
  shown.carets.assign(caret - first + (first > 0 ? 1 : 0), ' ');
  shown.carets.append(std::clamp<std::size_t>(length, 1, std::max<std::size_t>(1, last - caret)), '^');
  return shown;
}

std::string full_help(const Diagnostic& finding, const SourceSet& sources) {
  const std::string place = sources.place(finding.related);
  if (place.empty()) return finding.help;
  return finding.help.empty() ? place : fmt::format("{} {}", finding.help, place);
}

std::string_view name_of(Severity severity) { return severity == Severity::kError ? "error" : "warning"; }

std::string render_one(const Diagnostic& finding, const SourceSet& sources) {
  std::string text;
  const Source* source = sources.find(finding.at.source);
  if (source != nullptr) text = sources.place(finding.at) + ": ";
  text += fmt::format("{} {}: {}\n", name_of(finding.severity), base::to_string(finding.code), finding.message);
  const std::string help = full_help(finding, sources);
  if (source == nullptr || finding.hides_line) {
    if (!help.empty()) text += fmt::format("  fix:  {}\n", help);
    return text;
  }
  const Excerpt shown = excerpt(source->line(finding.at.line), finding.at);
  text += fmt::format("{:>5} | {}\n", finding.at.line, shown.line);
  text += fmt::format("      | {}{}{}\n", shown.carets, help.empty() ? "" : " ", help);
  return text;
}

std::string omitted(const Diagnostics& diagnostics) {
  const auto errors = std::ranges::count(diagnostics.shown(), Severity::kError, &Diagnostic::severity);
  const std::size_t more_errors = diagnostics.error_count() - static_cast<std::size_t>(errors);
  const std::size_t more = diagnostics.error_count() + diagnostics.warning_count() - diagnostics.shown().size();
  if (more == 0) return {};
  if (more_errors == 0) return fmt::format("… and {} more warning{}\n", more, more == 1 ? "" : "s");
  return fmt::format("… and {} more error{}\n", more_errors, more_errors == 1 ? "" : "s");
}

std::string place_json(const Position& at, const SourceSet& sources) {
  const Source* source = sources.find(at.source);
  if (source == nullptr) return {};
  return fmt::format(R"("file":{},"line":{},"column":{},"length":{})", json_string(source->name), at.line,
                     sources.shown_column(at), at.length);
}

std::string one_json(const Diagnostic& finding, const SourceSet& sources) {
  std::string text =
      fmt::format(R"({{"severity":"{}","code":"{}")", name_of(finding.severity), base::to_string(finding.code));
  const std::string place = place_json(finding.at, sources);
  if (!place.empty()) text += "," + place;
  text += fmt::format(R"(,"message":{})", json_string(finding.message));
  if (!finding.help.empty()) text += fmt::format(R"(,"help":{})", json_string(finding.help));
  const std::string related = place_json(finding.related, sources);
  if (!related.empty()) text += fmt::format(R"(,"related":{{{}}})", related);
  return text + "}";
}

}  // namespace

void Diagnostics::error(base::ErrorCode code, const Position& at, std::string message, std::string help) {
  add({.severity = Severity::kError, .code = code, .at = at, .message = std::move(message), .help = std::move(help)});
}

void Diagnostics::warning(base::ErrorCode code, const Position& at, std::string message, std::string help) {
  add({.severity = Severity::kWarning, .code = code, .at = at, .message = std::move(message), .help = std::move(help)});
}

void Diagnostics::add(Diagnostic diagnostic) {
  if (std::ranges::any_of(shown_, [&](const Diagnostic& d) { return same_finding(d, diagnostic); })) return;
  std::size_t& count = diagnostic.severity == Severity::kError ? error_count_ : warning_count_;
  if (++count <= kShownMax) shown_.push_back(std::move(diagnostic));
}

std::string render(const Diagnostics& diagnostics, const SourceSet& sources) {
  std::string text;
  for (const auto& finding : sorted(diagnostics.shown())) text += render_one(finding, sources);
  return text + omitted(diagnostics);
}

std::string render_json(const Diagnostics& diagnostics, const SourceSet& sources) {
  std::string text = fmt::format(R"({{"errors":{},"warnings":{},"diagnostics":[)", diagnostics.error_count(),
                                 diagnostics.warning_count());
  bool first = true;
  for (const auto& finding : sorted(diagnostics.shown())) {
    text += fmt::format("{}\n{}", first ? "" : ",", one_json(finding, sources));
    first = false;
  }
  return text + (first ? "]}\n" : "\n]}\n");
}

std::string shown(std::string_view text) {
  constexpr std::size_t kShownMax = 60;
  constexpr std::size_t kHead = 40;
  constexpr std::size_t kTail = 12;
  const auto all = cells(text);
  if (all.size() <= kShownMax && !find_bad_text(text)) return conf::quoted(text);
  std::string kept;
  const bool shortened = all.size() > kShownMax;
  for (std::size_t i = 0; i < (shortened ? kHead : all.size()); ++i) kept += all[i];
  if (shortened) {
    kept += "…";
    for (std::size_t i = all.size() - kTail; i < all.size(); ++i) kept += all[i];
  }
  return conf::quoted(kept);
}

std::string suggestion(std::string_view word, std::span<const std::string_view> candidates) {
  // Longer than any word of ours: nothing is near, and measuring would cost the product of the lengths.
  constexpr std::size_t kWordLengthMax = 40;
  if (word.size() > kWordLengthMax) return {};
  const auto nearest = base::nearest(word, candidates);
  return nearest.empty() ? std::string() : fmt::format("did you mean \"{}\"?", nearest);
}

}  // namespace gate::conf
