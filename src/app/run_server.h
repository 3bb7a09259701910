#pragma once

#include "app/configuration_source.h"

namespace gate::app {

struct RunOptions {
  bool watch = false;         // a changed configuration file is a reload
  bool first_screen = false;  // show what is served
};

// Runs the server with this configuration until it is stopped. What is wrong is shown on standard error. Returns the
// exit code.
int run_server(ConfigurationSource source, const RunOptions& options);

}  // namespace gate::app
