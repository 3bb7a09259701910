#include "feature/files/files_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "conf/codes.h"
#include "conf/table.h"
#include "feature/files/codes.h"
#include "feature/files/files.h"
#include "http/config/index_names.h"
#include "http/media_type.h"
#include "http/relative_path.h"
#include "http/request_rules.h"
#include "os/root.h"

namespace gate::files {
namespace {

using Context = conf::Context<FilesOptions>;

// "/app/index.html" as "app/index.html"; nothing, and a report, for what is never served.
std::optional<std::string> servable_name(const conf::Word& word, conf::Reader& reader) {
  http::RelativePath path;
  if (path.assign(word.text, "") && path.size() > 0 && !path.names_folder()) return std::string(path.text());
  reader.error(conf::kBadPath, word, fmt::format("{} cannot be served", conf::shown(word.text)),
               "a path such as /index.html; names that begin with a dot are never served");
  return std::nullopt;
}

void read_index(Context& context, const conf::Statement& statement) {
  context.plan.index = http::config::read_index_names(statement, "index.html", context.reader);
}

void read_strip(Context& context, const conf::Statement& statement) {
  auto prefix = context.reader.url_path(statement.args[0]);
  if (!prefix) return;
  while (prefix->ends_with('/')) prefix->pop_back();
  context.plan.strip = *std::move(prefix);
}

void read_fallback(Context& context, const conf::Statement& statement) {
  const auto& word = statement.args[0];
  if (!context.reader.url_path(word)) return;
  auto name = servable_name(word, context.reader);
  if (!name) return;
  os::Root root(context.plan.root);
  const bool usable = root.refresh() != os::Root::Refresh::kUnavailable;  // otherwise that is reported already
  const auto file = root.open(name->c_str());
  if (usable && (!file || file->folder)) {
    context.reader.error(conf::kNotFound, word, fmt::format("there is no file {} in {}", *name, context.plan.root));
    return;
  }
  context.plan.fallback = *std::move(name);
}

void read_listing(Context& context, const conf::Statement& statement) {
  if (const auto on = context.reader.on_off(statement.args[0])) context.plan.listing = *on;
}

void read_precompressed(Context& context, const conf::Statement& statement) {
  if (const auto on = context.reader.on_off(statement.args[0])) context.plan.precompressed = *on;
}

bool is_media_type(std::string_view text) {
  const auto essence = http::media_type_essence(text);
  const auto slash = essence.find('/');
  return slash != std::string_view::npos && http::is_token(essence.substr(0, slash)) &&
         http::is_token(essence.substr(slash + 1)) && http::is_field_value(text);
}

void read_type(Context& context, const conf::Statement& statement) {
  const auto& [extension, type] = std::tie(statement.args[0], statement.args[1]);
  const auto bare = std::string_view(extension.text).substr(extension.text.starts_with('.') ? 1 : 0);
  if (bare.empty() || bare.size() > http::MediaTypes::kExtensionBytesMax ||
      bare.find_first_of("./") != std::string_view::npos) {
    context.reader.error(conf::kBadPath, extension,
                         fmt::format("{} is not a file extension", conf::shown(extension.text)),
                         "an extension such as .wasm");
  } else if (!is_media_type(type.text)) {
    context.reader.error(conf::kBadChoice, type, fmt::format("{} is not a media type", conf::shown(type.text)),
                         "a type such as application/wasm or \"text/plain; charset=iso-8859-1\"");
  } else {
    context.plan.types.emplace_back(bare, type.text);
  }
}

constexpr conf::Directive<FilesOptions> kDirectives[] = {
    {.name = "index",
     .synopsis = "index NAME…|off",
     .summary = "The file that stands for its folder; the first that exists. index.html unless said otherwise.",
     .args = {1, 8},
     .handle = read_index},
    {.name = "strip",
     .synopsis = "strip PREFIX",
     .summary = "Takes PREFIX off the path before the file is looked for.",
     .args = {1, 1},
     .handle = read_strip},
    {.name = "fallback",
     .synopsis = "fallback PATH",
     .summary = "The file to send where there is none: for applications of a single page.",
     .args = {1, 1},
     .handle = read_fallback},
    {.name = "listing",
     .synopsis = "listing on|off",
     .summary = "Shows what is in folders without an index file. Off unless said otherwise.",
     .args = {1, 1},
     .handle = read_listing},
    {.name = "precompressed",
     .synopsis = "precompressed on|off",
     .summary = "Sends NAME.br, NAME.zst or NAME.gz in place of NAME. On unless said otherwise.",
     .args = {1, 1},
     .handle = read_precompressed},
    {.name = "type",
     .synopsis = "type EXTENSION MEDIA-TYPE",
     .summary = "The media type of files with that extension.",
     .args = {2, 2},
     .occurs = conf::Occurs::kRepeated,
     .handle = read_type},
};

}  // namespace

std::unique_ptr<const http::ServicePlan> parse_files(const conf::Statement& statement, conf::Reader& reader) {
  const auto errors_before = reader.diagnostics().error_count();
  FilesOptions options;
  const auto& word = statement.args[0];
  if (auto root = reader.path(word)) {
    options.root = *std::move(root);
    if (const auto usable = os::Root::check(options.root); !usable) {
      reader.error(usable.error().code, word, usable.error().what, usable.error().why);
    }
  }
  conf::read_block<FilesOptions>(statement, kDirectives, options, reader);
  if (reader.diagnostics().error_count() != errors_before) return nullptr;
  return std::make_unique<FilesPlan>(std::move(options));
}

}  // namespace gate::files
