#include "conf/loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "conf/codes.h"
#include "conf/parse.h"

namespace gate::conf {
namespace {

constexpr std::string_view kInclude = "include";

bool is_include(const Statement& statement) { return statement.name.text == kInclude; }
bool is_glob(std::string_view path) { return path.find_first_of("*?[") != std::string_view::npos; }

// Reads files and puts the statements of included ones in the place of the `include`.
class Loader {
 public:
  Loader(const Environment& environment, SourceSet& sources, Diagnostics& diagnostics)
      : environment_(environment), sources_(sources), diagnostics_(diagnostics) {}

  Block load_file(const std::string& path) {
    const Source* source = read(path, {});
    return source == nullptr ? Block{} : load_text(*source, environment_.canonical(path), 0);
  }

  // `identity` tells the source from others in the search for cycles.
  Block load_text(const Source& source, std::string identity, std::size_t depth) {
    Block root = parse_within(source, depth, statements_left_, diagnostics_);
    open_files_.push_back(std::move(identity));
    expand(root, depth);
    open_files_.pop_back();
    return root;
  }

 private:
  void expand(Block& block, std::size_t depth) {
    for (auto& statement : block.statements) {
      if (statement.block) expand(*statement.block, depth + 1);
    }
    if (std::ranges::none_of(block.statements, is_include)) return;
    std::vector<Statement> expanded;
    for (auto& statement : block.statements) {
      if (is_include(statement)) {
        append(expanded, statement, depth);
      } else {
        expanded.push_back(std::move(statement));
      }
    }
    block.statements = std::move(expanded);
  }

  void append(std::vector<Statement>& to, const Statement& include, std::size_t depth) {
    if (include.args.size() != 1 || include.block) {
      diagnostics_.error(kWrongArgumentCount, include.name.at, "\"include\" takes one argument and no block",
                         "usage: include FILE-OR-GLOB");
      return;
    }
    for (const auto& path : files_of(include)) {
      Block included = load_included(path, include.args[0], depth);
      std::ranges::move(included.statements, std::back_inserter(to));
    }
  }

  std::vector<std::string> files_of(const Statement& include) {
    const Word& pattern = include.args[0];
    const Source* source = sources_.find(pattern.at.source);
    const std::string path = source == nullptr ? pattern.text : source->resolve(pattern.text);
    if (!is_glob(path)) return {path};
    auto files = environment_.matching_files(path);
    if (files) return *std::move(files);
    diagnostics_.error(files.error().code, pattern.at, std::move(files.error().what));
    return {};
  }

  Block load_included(const std::string& path, const Word& pattern, std::size_t depth) {
    std::string identity = environment_.canonical(path);
    if (std::ranges::find(open_files_, identity) != open_files_.end()) {
      diagnostics_.error(kIncludeCycle, pattern.at, fmt::format("{} includes itself", shown(path)),
                         open_files_.size() > 1 ? "by way of the files it includes" : "");
      return {};
    }
    if (open_files_.size() > kIncludeDepthMax) {
      diagnostics_.error(kIncludeTooDeep, pattern.at,
                         fmt::format("includes are nested more than {} deep", kIncludeDepthMax));
      return {};
    }
    if (files_ == kFilesMax) {
      diagnostics_.error(kTooManyFiles, pattern.at,
                         fmt::format("configuration includes more than {} files", kFilesMax));
      return {};
    }
    ++files_;
    const Source* source = read(path, pattern.at);
    if (source == nullptr || !take_bytes(*source, pattern.at)) return {};
    return load_text(*source, std::move(identity), depth);
  }

  // The source of a path, read once however often it is included. `asked_at` is where its name stands.
  const Source* read(const std::string& path, const Position& asked_at) {
    if (const auto known = by_path_.find(path); known != by_path_.end()) return sources_.find(known->second);
    auto text = environment_.read_file(path, kFileBytesMax);
    if (!text) {
      diagnostics_.error(text.error().code, asked_at, std::move(text.error().what), std::move(text.error().fix));
      return nullptr;
    }
    const Source& source = sources_.add(path, std::filesystem::path(path).parent_path().string(), *std::move(text));
    by_path_.emplace(path, source.id);
    return &source;
  }

  // Counts a text each time it is included: a small file that includes a large one many times is bounded as well.
  bool take_bytes(const Source& source, const Position& asked_at) {
    if (source.text.size() > bytes_left_) {
      diagnostics_.error(kFileTooLarge, asked_at, "the included files are larger than 64 MiB together");
      return false;
    }
    bytes_left_ -= source.text.size();
    return true;
  }

  const Environment& environment_;
  SourceSet& sources_;
  Diagnostics& diagnostics_;
  std::unordered_map<std::string, SourceId> by_path_;
  std::vector<std::string> open_files_;
  std::size_t files_ = 0;
  std::size_t bytes_left_ = kTotalBytesMax;
  std::size_t statements_left_ = kStatementsMax;
};

}  // namespace

Block load(const std::string& path, const Environment& environment, SourceSet& sources, Diagnostics& diagnostics) {
  return Loader(environment, sources, diagnostics).load_file(path);
}

Block load(const Source& source, const Environment& environment, SourceSet& sources, Diagnostics& diagnostics) {
  return Loader(environment, sources, diagnostics).load_text(source, source.name, 0);
}

}  // namespace gate::conf
