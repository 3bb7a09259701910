#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "http/media_type.h"
#include "http/service.h"

namespace gate::files {

// What a `files` statement says; the comments are in files.md.
struct FilesOptions {
  std::string root;
  std::string strip;  // "/static", or empty
  std::vector<std::string> index{"index.html"};
  std::string fallback;  // beneath the root, "index.html"; empty for none
  bool listing = false;
  bool precompressed = true;
  std::vector<std::pair<std::string, std::string>> types;  // extension without its dot, media type
};

// Serves the files of one folder. A request there is no file for goes on to the next statement.
class FilesPlan final : public http::ServicePlan {
 public:
  explicit FilesPlan(FilesOptions options) : options_(std::move(options)) {}

  const FilesOptions& options() const { return options_; }
  std::unique_ptr<http::Service> build(const http::ServiceEnvironment& environment) const override;

 private:
  FilesOptions options_;
};

// The built-in media types under those of /etc/mime.types, where there is such a file.
http::MediaTypes system_media_types();

}  // namespace gate::files
