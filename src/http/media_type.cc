#include "http/media_type.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace gate::http {
namespace {

// In the form of /etc/mime.types, so that one reader serves both. Only registered types, and the names in real use.
constexpr std::string_view kBuiltIn = R"(
text/html                  html htm
text/css                   css
text/javascript            js mjs cjs
text/plain                 txt text log conf
text/markdown              md markdown
text/csv                   csv
text/calendar              ics
text/vcard                 vcf
text/vtt                   vtt
application/json           json map
application/ld+json        jsonld
application/geo+json       geojson
application/manifest+json  webmanifest
application/xml            xml xsl
application/xhtml+xml      xhtml xht
application/rss+xml        rss
application/atom+xml       atom
application/wasm           wasm
application/pdf            pdf
application/rtf            rtf
application/zip            zip
application/gzip           gz tgz
application/zstd           zst
application/x-tar          tar
application/x-bzip2        bz2
application/x-xz           xz
application/x-7z-compressed 7z
application/java-archive   jar
application/epub+zip       epub
application/vnd.ms-fontobject eot
application/x-shockwave-flash swf
image/png                  png
image/jpeg                 jpg jpeg
image/gif                  gif
image/webp                 webp
image/avif                 avif
image/jxl                  jxl
image/bmp                  bmp
image/tiff                 tif tiff
image/svg+xml              svg svgz
image/vnd.microsoft.icon   ico
font/woff                  woff
font/woff2                 woff2
font/ttf                   ttf
font/otf                   otf
audio/mpeg                 mp3
audio/ogg                  oga ogg opus
audio/wav                  wav
audio/flac                 flac
audio/aac                  aac
audio/mp4                  m4a
video/mp4                  mp4 m4v
video/webm                 webm
video/ogg                  ogv
video/mpeg                 mpeg mpg
video/quicktime            mov
video/x-matroska           mkv
video/mp2t                 ts
application/vnd.apple.mpegurl m3u8
application/dash+xml       mpd
)";

constexpr std::array<std::string_view, 14> kCompressible{"application/javascript",
                                                         "application/json",
                                                         "application/vnd.apple.mpegurl",
                                                         "application/vnd.ms-fontobject",
                                                         "application/wasm",
                                                         "application/x-font-ttf",
                                                         "application/x-javascript",
                                                         "application/xml",
                                                         "application/rtf",
                                                         "application/x-ndjson",
                                                         "font/otf",
                                                         "font/ttf",
                                                         "image/bmp",
                                                         "image/vnd.microsoft.icon"};

bool ends_ignoring_case(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && base::equals_ignoring_case(text.substr(text.size() - end.size()), end);
}

bool starts_ignoring_case(std::string_view text, std::string_view start) {
  return base::equals_ignoring_case(text.substr(0, start.size()), start);
}

std::string_view next_word(std::string_view& rest) {
  const auto start = std::min(rest.find_first_not_of(" \t\r"), rest.size());
  rest.remove_prefix(start);
  const auto word = rest.substr(0, rest.find_first_of(" \t\r"));
  rest.remove_prefix(word.size());
  return word;
}

// How closely a range covers a type: 0 not at all, 1 "*/*", 2 "text/*", 3 the very type.
int closeness(std::string_view range, std::string_view type) {
  if (base::equals_ignoring_case(range, type)) return 3;
  if (range == "*/*") return 1;
  const auto slash = range.find('/');
  if (slash == std::string_view::npos || range.substr(slash) != "/*") return 0;
  return starts_ignoring_case(type, range.substr(0, slash + 1)) ? 2 : 0;
}

}  // namespace

std::string_view media_type_essence(std::string_view content_type) {
  return base::trimmed(content_type.substr(0, content_type.find(';')));
}

bool is_compressible(std::string_view content_type) {
  const auto type = media_type_essence(content_type);
  if (starts_ignoring_case(type, "text/") || ends_ignoring_case(type, "+json") || ends_ignoring_case(type, "+xml"))
    return true;
  return std::ranges::any_of(kCompressible,
                             [&](std::string_view known) { return base::equals_ignoring_case(type, known); });
}

Quality accepted_quality(std::optional<std::string_view> accept, std::string_view type) {
  if (!accept) return kQualityMax;
  int closest = 0;
  Quality quality = 0;
  QualityList list(*accept);
  while (const auto item = list.next()) {
    const int how_close = closeness(item->value, type);
    if (how_close <= closest) continue;
    closest = how_close;
    quality = item->quality;
  }
  return quality;
}

MediaTypes::MediaTypes() { add_table(kBuiltIn); }

MediaTypes MediaTypes::over(const MediaTypes& behind) { return MediaTypes(&behind); }

void MediaTypes::add_table(std::string_view text) {
  while (!text.empty()) {
    auto line = base::split_off(text, '\n');
    line = line.substr(0, line.find('#'));
    const auto type = next_word(line);
    if (type.find('/') == std::string_view::npos) continue;
    for (auto extension = next_word(line); !extension.empty(); extension = next_word(line)) add(extension, type);
  }
}

void MediaTypes::add(std::string_view extension, std::string_view type) {
  std::string value(type);
  // The encoding of text that says nothing is a guess, and UTF-8 is what text is written in.
  if (starts_ignoring_case(type, "text/") && type.find(';') == std::string_view::npos) value += "; charset=utf-8";
  types_.insert_or_assign(base::lowered(extension), std::move(value));
}

std::string_view MediaTypes::of(std::string_view file_name) const {
  const auto dot = file_name.rfind('.');
  if (dot == std::string_view::npos) return kUnknown;
  const auto extension = file_name.substr(dot + 1);
  std::array<char, kExtensionBytesMax> folded;
  if (extension.empty() || extension.size() > folded.size()) return kUnknown;
  std::ranges::transform(extension, folded.begin(), base::to_lower);
  const auto found = types_.find(std::string_view(folded.data(), extension.size()));
  if (found != types_.end()) return found->second;
  return behind_ ? behind_->of(file_name) : kUnknown;
}

}  // namespace gate::http
