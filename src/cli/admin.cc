#include "cli/admin.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <cstdio>

#include "app/admin/admin_client.h"
#include "app/folders.h"

namespace gate::cli {

std::string AdminOptions::path() const {
  if (!socket.empty()) return socket;
  return app::admin_socket_in(state.empty() ? app::default_state_folder() : state);
}

void add_admin_options(Parser parser, AdminOptions& options, std::string_view examples) {
  parser.add_option("--admin", options.socket, "The server's admin socket").type_name("PATH");
  parser.add_option("--state", options.state, "The server's state folder, where that socket is by default")
      .type_name("DIR");
  add_common_options(parser, options, examples);
}

base::Result<nlohmann::json> ask_and_wait(const nlohmann::json& request, const AdminOptions& options,
                                          std::string_view label, base::Duration patience) {
  const bool shows_progress = !options.quiet && !options.json && isatty(STDERR_FILENO) == 1;
  const auto progress = [&](std::string_view text) {
    if (shows_progress) fmt::print(stderr, "\r\x1b[K{}: {}", label, text);
  };
  auto answer = app::call_admin(options.path(), request, progress, patience);
  if (shows_progress) fmt::print(stderr, "\r\x1b[K");
  return answer;
}

int show_text(const base::Result<nlohmann::json>& answer, const AdminOptions& options) {
  if (!answer) return fail(answer.error(), options);
  if (options.json) {
    fmt::print("{}\n", answer->dump());
  } else if (!options.quiet) {
    fmt::print("{}\n", answer->value("text", ""));
  }
  return to_int(Exit::kFine);
}

int show_answer(const nlohmann::json& request, const AdminOptions& options, void (*print)(const nlohmann::json&)) {
  const auto answer = app::call_admin(options.path(), request);
  if (!answer) return fail(answer.error(), options);
  if (options.json) {
    fmt::print("{}\n", answer->dump());
  } else if (!options.quiet) {
    print(*answer);
  }
  return to_int(Exit::kFine);
}

}  // namespace gate::cli
