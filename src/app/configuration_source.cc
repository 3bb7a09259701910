#include "app/configuration_source.h"

#include "app/read_settings.h"
#include "conf/parse.h"
#include "conf/reader.h"

namespace gate::app {

LoadedConfiguration load_configuration(const ConfigurationSource& source, const conf::Environment& environment) {
  LoadedConfiguration loaded;
  conf::Block tree;
  if (source.is_file()) {
    tree = conf::load(source.path, environment, loaded.sources, loaded.diagnostics);
  } else {
    const auto& text = loaded.sources.add(source.name, "", source.text);
    tree = conf::load(text, environment, loaded.sources, loaded.diagnostics);
  }
  conf::Reader reader(loaded.diagnostics, loaded.sources, environment);
  loaded.settings = read_settings(tree, reader);
  return loaded;
}

}  // namespace gate::app
