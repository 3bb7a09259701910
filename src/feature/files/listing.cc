#include "feature/files/listing.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "base/text.h"

namespace gate::files {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using FolderStream = std::unique_ptr<DIR, CloseFolder>;

ListedFile listed(std::string_view name, bool folder, std::uint64_t size, std::chrono::sys_seconds modified) {
  return {.name = std::string(name), .folder = folder, .size = folder ? 0 : size, .modified = modified};
}

// A link is shown as what it leads to, if asking for it would lead there.
std::optional<ListedFile> follow_link(std::string_view folder_path, std::string_view name, FileCache& cache) {
  const auto path = folder_path == "." ? std::string(name) : fmt::format("{}/{}", folder_path, name);
  const auto target = cache.open(path.c_str());
  if (!target) return std::nullopt;
  return listed(name, target->folder, target->stamp.size,
                std::chrono::floor<std::chrono::seconds>(target->stamp.modified));
}

std::optional<ListedFile> look_at(DIR* folder, const char* name, std::string_view folder_path, FileCache& cache) {
  struct stat facts{};
  if (::fstatat(::dirfd(folder), name, &facts, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  if (S_ISLNK(facts.st_mode)) return follow_link(folder_path, name, cache);
  if (!S_ISREG(facts.st_mode) && !S_ISDIR(facts.st_mode)) return std::nullopt;
  const std::chrono::sys_seconds modified{std::chrono::seconds{facts.st_mtim.tv_sec}};
  return listed(name, S_ISDIR(facts.st_mode), static_cast<std::uint64_t>(facts.st_size), modified);
}

bool comes_before(const ListedFile& a, const ListedFile& b) {
  if (a.folder != b.folder) return a.folder;
  const auto folded = [](char x, char y) { return base::to_lower(x) < base::to_lower(y); };
  if (std::ranges::lexicographical_compare(a.name, b.name, folded)) return true;
  if (std::ranges::lexicographical_compare(b.name, a.name, folded)) return false;
  return a.name < b.name;
}

// Text in HTML, in an element or a quoted attribute.
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
}

// One segment of a path in a URL: everything but RFC 3986 2.3 unreserved characters is encoded.
void append_url_segment(std::string& out, std::string_view name) {
  for (const char c : name) {
    if (base::is_alpha(c) || base::is_digit(c) || std::string_view("-._~").contains(c)) {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
}

std::string size_text(std::uint64_t size) {
  constexpr std::array<std::string_view, 6> kUnits{"kB", "MB", "GB", "TB", "PB", "EB"};
  if (size < 1000) return fmt::format("{} B", size);
  double shown = static_cast<double>(size) / 1000;
  std::size_t unit = 0;
  for (; shown >= 999.5 && unit + 1 < kUnits.size(); ++unit) shown /= 1000;
  return shown < 9.95 ? fmt::format("{:.1f} {}", shown, kUnits[unit]) : fmt::format("{:.0f} {}", shown, kUnits[unit]);
}

struct DateParts {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::seconds> time;
};

DateParts date_parts(std::chrono::sys_seconds moment) {
  const auto midnight = std::chrono::floor<std::chrono::days>(moment);
  return {std::chrono::year_month_day(midnight), std::chrono::hh_mm_ss<std::chrono::seconds>(moment - midnight)};
}

std::string minute_text(std::chrono::sys_seconds moment) {
  const auto [date, time] = date_parts(moment);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count());
}

// RFC 3339.
std::string timestamp(std::chrono::sys_seconds moment) {
  const auto [date, time] = date_parts(moment);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count());
}

constexpr std::string_view kPageStart = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<style>
:root { --text: #1c2430; --faint: #66707f; --line: #e4e7ec; --row: #f4f6f9; --link: #0b5cad; --ground: #fff; --folder: #d9a441 }
@media (prefers-color-scheme: dark) {
  :root { --text: #e3e7ee; --faint: #93a0b4; --line: #2b3340; --row: #1c232e; --link: #7db7ff; --ground: #12171f; --folder: #d9a441 }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 60rem; padding: 2.5rem 1.25rem; background: var(--ground); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
h1 { margin: 0 0 1.25rem; font-size: 1.25rem; font-weight: 600; overflow-wrap: anywhere }
a { color: var(--link); text-decoration: none }
a:hover, a:focus-visible { text-decoration: underline }
table { width: 100%; border-collapse: collapse }
th { padding: .4rem .6rem; border-bottom: 1px solid var(--line); color: var(--faint); font-size: .8rem; font-weight: 500; text-align: left }
td { padding: .4rem .6rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere }
tbody tr:hover { background: var(--row) }
.n, .d { white-space: nowrap; color: var(--faint); font-variant-numeric: tabular-nums; width: 1% }
.n { text-align: right }
svg { width: 1.1em; height: 1.1em; margin-right: .55em; vertical-align: -.18em; fill: none; stroke: var(--faint); stroke-width: 1.5 }
svg.f { fill: var(--folder); stroke: none }
p { color: var(--faint) }
@media (max-width: 34rem) { .d { display: none } }
</style>
)";

constexpr std::string_view kTableStart = R"(<table>
<thead><tr><th scope="col">Name</th><th scope="col" class="n">Size</th><th scope="col" class="d">Modified (UTC)</th></tr></thead>
<tbody>
)";

constexpr std::string_view kFolderIcon =
    R"(<svg class="f" viewBox="0 0 16 16" aria-hidden="true"><path d="M1 3.5A1.5 1.5 0 0 1 2.5 2h3.6l1.6 2h5.8A1.5 1.5 0 0 1 15 5.5v7a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 1 12.5z"/></svg>)";
constexpr std::string_view kFileIcon =
    R"(<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3.5 1.5h6l3 3v10h-9zM9.5 1.5v3h3"/></svg>)";

void append_row(std::string& out, const ListedFile& file) {
  const std::string_view slash = file.folder ? "/" : "";
  out += "<tr><td>";
  out += file.folder ? kFolderIcon : kFileIcon;
  // "./" keeps a name with a colon from being read as a scheme.
  out += "<a href=\"./";
  append_url_segment(out, file.name);
  out += slash;
  out += "\">";
  append_escaped(out, file.name);
  out += slash;
  fmt::format_to(std::back_inserter(out), "</a></td><td class=\"n\">{}</td><td class=\"d\">{}</td></tr>\n",
                 file.folder ? std::string("–") : size_text(file.size), minute_text(file.modified));
}

}  // namespace

Listing read_listing(os::OpenFile folder, std::string_view path, FileCache& cache) {
  Listing listing;
  const FolderStream stream(::fdopendir(folder.fd.number()));
  if (!stream) return listing;
  static_cast<void>(folder.fd.release());  // the stream closes it
  while (const auto* entry = ::readdir(stream.get())) {
    if (entry->d_name[0] == '.') continue;
    if (listing.files.size() == Listing::kFilesMax) {
      listing.cut_off = true;
      break;
    }
    if (auto file = look_at(stream.get(), entry->d_name, path, cache)) listing.files.push_back(*std::move(file));
  }
  std::ranges::sort(listing.files, comes_before);
  return listing;
}

std::string listing_as_html(const Listing& listing, std::string_view url_path) {
  std::string page(kPageStart);
  page += "<title>";
  append_escaped(page, url_path);
  page += "</title>\n</head>\n<body>\n<h1>";
  append_escaped(page, url_path);
  page += "</h1>\n";
  page += kTableStart;
  if (url_path != "/") {
    fmt::format_to(std::back_inserter(page),
                   "<tr><td>{}<a href=\"../\">..</a></td><td class=\"n\"></td><td class=\"d\"></td></tr>\n",
                   kFolderIcon);
  }
  for (const auto& file : listing.files) append_row(page, file);
  page += "</tbody>\n</table>\n";
  if (listing.files.empty()) page += "<p>This folder is empty.</p>\n";
  if (listing.cut_off) {
    fmt::format_to(std::back_inserter(page), "<p>Only {} entries are shown.</p>\n", listing.files.size());
  }
  page += "</body>\n</html>\n";
  return page;
}

std::string listing_as_json(const Listing& listing, std::string_view url_path) {
  auto files = nlohmann::json::array();
  for (const auto& file : listing.files) {
    nlohmann::json row{
        {"name", file.name}, {"type", file.folder ? "folder" : "file"}, {"modified", timestamp(file.modified)}};
    if (!file.folder) row["size"] = file.size;
    files.push_back(std::move(row));
  }
  const nlohmann::json all{{"path", url_path}, {"files", std::move(files)}, {"complete", !listing.cut_off}};
  // Names are bytes; what is no UTF-8 is shown with replacement characters.
  return all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace gate::files
