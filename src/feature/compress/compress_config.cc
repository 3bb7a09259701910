#include "feature/compress/compress_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "conf/codes.h"
#include "conf/table.h"
#include "feature/compress/compress.h"
#include "http/request_rules.h"

namespace gate::compress {
namespace {

using http::ContentCoding;
using Context = conf::Context<CompressOptions>;

constexpr conf::Choice<ContentCoding> kCodings[] = {
    {"zstd", ContentCoding::kZstd}, {"br", ContentCoding::kBrotli}, {"gzip", ContentCoding::kGzip}};

void read_min(Context& context, const conf::Statement& statement) {
  if (const auto size = context.reader.size(statement.args[0])) context.plan.bytes_min = *size;
}

void read_level(Context& context, const conf::Statement& statement) {
  const auto coding = context.reader.choice(statement.args[0], kCodings);
  if (!coding) return;
  const auto range = levels_of(*coding);
  const auto level = context.reader.integer<int>(statement.args[1], range.min, range.max);
  if (level) context.plan.levels[static_cast<std::size_t>(*coding)] = *level;
}

bool is_type_pattern(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const auto subtype = text.substr(slash + 1);
  return http::is_token(text.substr(0, slash)) && !text.starts_with('*') && http::is_token(subtype) &&
         (subtype == "*" || !subtype.contains('*'));
}

void read_types(Context& context, const conf::Statement& statement) {
  for (const auto& word : statement.args) {
    if (is_type_pattern(word.text)) {
      context.plan.types.push_back(word.text);
    } else {
      context.reader.error(conf::kBadChoice, word, fmt::format("{} is not a media type", conf::shown(word.text)),
                           "a type such as application/json, or text/* for all of its kind");
    }
  }
}

constexpr conf::Directive<CompressOptions> kDirectives[] = {
    {.name = "min",
     .synopsis = "min SIZE",
     .summary = "The smallest response that is compressed. 1KB unless said otherwise.",
     .args = {1, 1},
     .handle = read_min},
    {.name = "level",
     .synopsis = "level zstd|br|gzip NUMBER",
     .summary = "How hard to try; higher is smaller and slower.",
     .args = {2, 2},
     .occurs = conf::Occurs::kRepeated,
     .handle = read_level},
    {.name = "types",
     .synopsis = "types TYPE…",
     .summary = "The media types to compress, in place of all that usually shrink.",
     .args = {1, 64},
     .handle = read_types},
};

void read_codings(std::span<const conf::Word> words, CompressOptions& options, conf::Reader& reader) {
  if (words.empty()) return;
  options.codings.clear();
  for (const auto& word : words) {
    const auto coding = reader.choice(word, kCodings);
    if (!coding) continue;
    if (std::ranges::find(options.codings, *coding) != options.codings.end()) {
      reader.error(conf::kContradiction, word, fmt::format("{} is given twice", conf::shown(word.text)));
      continue;
    }
    options.codings.push_back(*coding);
  }
}

}  // namespace

std::unique_ptr<const http::ServicePlan> parse_compress(const conf::Statement& statement, conf::Reader& reader) {
  const auto errors_before = reader.diagnostics().error_count();
  CompressOptions options;
  options.on = statement.args.size() != 1 || statement.args[0].text != "off";
  if (options.on) {
    read_codings(statement.args, options, reader);
  } else if (statement.block) {
    reader.error(conf::kBlockNotAllowed, statement.name, "\"compress off\" has nothing to set", "remove the block");
  }
  conf::read_block<CompressOptions>(statement, kDirectives, options, reader);
  if (reader.diagnostics().error_count() != errors_before) return nullptr;
  return std::make_unique<CompressPlan>(std::move(options));
}

}  // namespace gate::compress
