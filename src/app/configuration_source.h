#pragma once

#include <string>

#include "app/settings.h"
#include "base/result.h"
#include "conf/diagnostics.h"
#include "conf/environment.h"
#include "conf/tree.h"

namespace gate::app {

// Where the configuration comes from: a file, read anew for each reload, or a text made from a command line.
struct ConfigurationSource {
  std::string path;  // empty: `text` is it
  std::string text;
  std::string name = "command line";  // what messages call the text

  bool is_file() const { return !path.empty(); }
};

// A configuration that was read: what it means, what is wrong with it, and the texts to show that with.
struct LoadedConfiguration {
  conf::SourceSet sources;
  conf::Diagnostics diagnostics;
  Settings settings;

  bool good() const { return !diagnostics.has_errors(); }
  // What to show; empty when nothing is wrong.
  std::string report() const { return conf::render(diagnostics, sources); }
};

// Reads and checks. Never fails as such: what is wrong is in the diagnostics.
LoadedConfiguration load_configuration(const ConfigurationSource& source, const conf::Environment& environment);

}  // namespace gate::app
