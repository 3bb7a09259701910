#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>

#include "app/admin/admin_client.h"
#include "app/backup.h"
#include "app/folders.h"
#include "base/clock.h"
#include "cli/cert_commands.h"
#include "cli/codes.h"

namespace gate::cli {
namespace {

struct Options : AdminOptions {
  std::string file;
  bool force = false;

  std::string folder() const { return state.empty() ? app::default_state_folder() : state; }
};

int back_up(const Options& options) {
  const auto files = app::back_up(options.folder(), options.file);
  if (!files) return fail(files.error(), options);
  if (options.json) {
    fmt::print("{}\n", nlohmann::json{{"file", options.file}, {"files", *files}}.dump());
  } else if (!options.quiet) {
    fmt::print("{}: {} files of {}\nkeys are in it: keep it where only you can read it\n", options.file, *files,
               options.folder());
  }
  return to_int(Exit::kFine);
}

int restore(const Options& options) {
  if (!options.force && app::call_admin(options.path(), {{"command", "status"}})) {
    return fail({.code = kServerRuns,
                 .side = base::Side::kConfiguration,
                 .what = fmt::format("a server is using {}", options.folder()),
                 .why = "it would go on with what it has read, and write over what is restored",
                 .fix = "gate443 stop, then restore and start it again; --force restores all the same"},
                options);
  }
  const auto restored = app::restore(options.folder(), options.file, base::SystemClock().wall());
  if (!restored) return fail(restored.error(), options);
  if (options.json) {
    fmt::print("{}\n", nlohmann::json{{"files", restored->files}, {"aside", restored->aside}}.dump());
  } else if (!options.quiet) {
    fmt::print("{} files are in {}\n", restored->files, options.folder());
    if (!restored->aside.empty()) fmt::print("what was there is in {}\n", restored->aside);
  }
  return to_int(Exit::kFine);
}

}  // namespace

Command add_cert_backup(Parser cert) {
  auto options = std::make_shared<Options>();
  const Parser parser = cert.add_subcommand("backup", "Write certificates, keys, accounts and the CA to one file");
  parser.add_option("FILE", options->file, "The file to write").required();
  add_admin_options(parser, *options, "  gate443 cert backup gate443.tar\n  gate443 cert backup /mnt/gate443.tar -q");
  return {parser, [options] { return back_up(*options); }};
}

Command add_cert_restore(Parser cert) {
  auto options = std::make_shared<Options>();
  const Parser parser = cert.add_subcommand("restore", "Put such a file back; what was there is kept aside");
  parser.add_option("FILE", options->file, "The file to read").required();
  parser.add_flag("--force", options->force, "Although a server runs");
  add_admin_options(parser, *options,
                    "  gate443 cert restore gate443.tar\n  gate443 cert restore gate443.tar --state ./state");
  return {parser, [options] { return restore(*options); }};
}

}  // namespace gate::cli
