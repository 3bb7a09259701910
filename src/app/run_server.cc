#include "app/run_server.h"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "app/application.h"
#include "app/codes.h"
#include "app/control.h"
#include "app/exit_code.h"
#include "app/first_screen.h"

namespace gate::app {
namespace {

int show_failure(const base::Error& error, const LoadedConfiguration& loaded) {
  const std::string report = loaded.report();
  fmt::print(stderr, "{}", report);
  if (error.code != kConfigurationRejected || report.empty()) fmt::print(stderr, "{}\n", base::render(error));
  return to_int(exit_of(error));
}

}  // namespace

int run_server(ConfigurationSource source, const RunOptions& options) {
  const base::SystemClock clock;
  const conf::SystemEnvironment environment;
  auto loaded = load_configuration(source, environment);
  if (!loaded.good()) return show_failure({.code = kConfigurationRejected, .side = base::Side::kConfiguration, .what = {}}, loaded);
  auto control = Control::create(clock);
  if (!control) return show_failure(control.error(), loaded);
  auto application = Application::create(std::move(source), loaded, clock);
  if (!application) return show_failure(application.error(), loaded);
  fmt::print(stderr, "{}", loaded.report());  // warnings
  (*application)->start();
  if (options.first_screen) {
    fmt::print("{}", first_screen((*application)->settings(), (*application)->credentials(),
                                  (*application)->listeners().addresses(), clock.wall()));
    std::fflush(stdout);
  }
  return (*control)->run(**application, options.watch);
}

}  // namespace gate::app
