#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "http/quality_list.h"

namespace gate::http {

// "text/html" of "text/html; charset=utf-8".
std::string_view media_type_essence(std::string_view content_type);

// Whether content of this type usually shrinks: text, and formats that are text or tables underneath.
bool is_compressible(std::string_view content_type);

// The weight an Accept field gives to `type`, from the most specific range that covers it (RFC 9110 12.5.1). Everything
// is acceptable where the field is absent. Parameters of ranges are not compared.
Quality accepted_quality(std::optional<std::string_view> accept, std::string_view type);

// Which media type a file's name stands for.
class MediaTypes {
 public:
  static constexpr std::string_view kUnknown = "application/octet-stream";
  // Nobody's extension is longer; bounds the copy made to fold case.
  static constexpr std::size_t kExtensionBytesMax = 16;

  // Knows the types of the web: pages, images, fonts, sound, video, archives.
  MediaTypes();

  // Knows what `behind` knows, which must outlive it, and takes additions of its own.
  static MediaTypes over(const MediaTypes& behind);

  // Adds a table in the form of /etc/mime.types ("text/html  html htm"); it wins over what was known. Lines that make
  // no sense are passed over: the file is the system's, and one odd line must not stop a server.
  void add_table(std::string_view text);

  // `extension` without its dot, in any case.
  void add(std::string_view extension, std::string_view type);

  // The value for Content-Type: with "; charset=utf-8" for text. Lives until the table is changed or destroyed.
  std::string_view of(std::string_view file_name) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Map = std::unordered_map<std::string, std::string, Hash, std::equal_to<>>;

  explicit MediaTypes(const MediaTypes* behind) : behind_(behind) {}

  const MediaTypes* behind_ = nullptr;
  Map types_;
};

}  // namespace gate::http
