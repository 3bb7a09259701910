#include "app/run_server.h"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "app/admin/admin_server.h"
#include "app/application.h"
#include "app/codes.h"
#include "app/commands.h"
#include "app/control.h"
#include "app/exit_code.h"
#include "app/first_screen.h"
#include "app/issuance_commands.h"

namespace gate::app {
namespace {

int show_failure(const base::Error& error, const LoadedConfiguration& loaded) {
  const std::string report = loaded.report();
  fmt::print(stderr, "{}", report);
  if (error.code != kConfigurationRejected || report.empty()) fmt::print(stderr, "{}\n", base::render(error));
  return to_int(exit_of(error));
}

int show_failure(const base::Error& error) {
  fmt::print(stderr, "{}\n", base::render(error));
  return to_int(exit_of(error));
}

void show_first_screen(const Application& application, const base::Clock& clock) {
  fmt::print("{}", first_screen(application.settings(), application.credentials(), application.listeners().addresses(),
                                clock.wall()));
  std::fflush(stdout);
}

// The admin server lives exactly as long as there is a control thread to answer it.
int run_control(Control& control, Application& application, const RunOptions& options, const base::Clock& clock) {
  StatusBoard board(application, clock);
  const Settings& settings = application.settings();
  AdminServer::Options admin{.socket = {}, .pages = settings.metrics};
  if (settings.admin) admin.socket = AdminListener::Options{.path = settings.admin_socket, .take_over = is_successor()};
  auto server = AdminServer::create(admin, clock);
  if (!server) return show_failure(server.error());
  add_commands(**server, control, board);
  add_issuance_commands(**server, control);
  if (const auto begun = control.begin(application, board, options.watch); !begun) return show_failure(begun.error());
  application.start();
  if (options.first_screen) show_first_screen(application, clock);
  (*server)->start();
  const int code = control.run();
  (*server)->stop();
  application.stop();
  return code;
}

}  // namespace

int run_server(ConfigurationSource source, const RunOptions& options) {
  const base::SystemClock clock;
  const conf::SystemEnvironment environment;
  auto loaded = load_configuration(source, environment);
  if (!loaded.good())
    return show_failure({.code = kConfigurationRejected, .side = base::Side::kConfiguration, .what = {}}, loaded);
  auto control = Control::create(clock);
  if (!control) return show_failure(control.error(), loaded);
  auto application = Application::create(std::move(source), loaded, clock);
  if (!application) return show_failure(application.error(), loaded);
  fmt::print(stderr, "{}", loaded.report());  // warnings
  return run_control(**control, **application, options, clock);
}

}  // namespace gate::app
