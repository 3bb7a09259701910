#include "cert/archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "base/text.h"
#include "cert/codes.h"

namespace gate::cert {

namespace {

constexpr std::size_t kBlock = 512;

// Where the fields of a header stand (POSIX.1-2008, pax, "ustar Interchange Format").
struct Field {
  std::size_t at;
  std::size_t size;
};
constexpr Field kName{0, 100};
constexpr Field kMode{100, 8};
constexpr Field kOwner{108, 8};
constexpr Field kGroup{116, 8};
constexpr Field kSize{124, 12};
constexpr Field kTime{136, 12};
constexpr Field kChecksum{148, 8};
constexpr Field kType{156, 1};
constexpr Field kMagic{257, 8};

constexpr std::string_view kUstar{"ustar\00000", 8};
constexpr char kRegular = '0';
constexpr char kExtended = 'x';  // what follows is about the next entry

using Header = std::array<char, kBlock>;

void put(Header& header, Field field, std::string_view text) {
  std::ranges::copy(text.substr(0, field.size), header.begin() + static_cast<std::ptrdiff_t>(field.at));
}

// Octal digits that fill the field up to a NUL.
void put_number(Header& header, Field field, std::uint64_t value) {
  put(header, field, fmt::format("{:0{}o}", value, field.size - 1));
}

// The sum of all bytes, with its own place taken for blanks, as it is written there.
std::string checksum(std::string_view header) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const bool is_own = i >= kChecksum.at && i < kChecksum.at + kChecksum.size;
    sum += is_own ? ' ' : static_cast<unsigned char>(header[i]);
  }
  return fmt::format("{:06o}", sum) + std::string("\0 ", 2);
}

std::size_t padded(std::size_t size) { return (size + kBlock - 1) / kBlock * kBlock; }

void append_entry(std::string& archive, char type, std::string_view name, std::string_view content) {
  Header header{};
  put(header, kName, name);
  put_number(header, kMode, 0600);
  put_number(header, kOwner, 0);
  put_number(header, kGroup, 0);
  put_number(header, kSize, content.size());
  put_number(header, kTime, 0);
  put(header, kType, std::string_view(&type, 1));
  put(header, kMagic, kUstar);
  put(header, kChecksum, checksum({header.data(), header.size()}));
  archive.append(header.data(), header.size());
  archive.append(content);
  archive.append(padded(content.size()) - content.size(), '\0');
}

// "LENGTH path=VALUE\n", where the length counts itself.
std::string path_record(std::string_view path) {
  const std::string rest = fmt::format(" path={}\n", path);
  std::size_t length = rest.size();
  while (fmt::format("{}{}", length, rest).size() != length) ++length;
  return fmt::format("{}{}", length, rest);
}

std::optional<std::string> path_of_record(std::string_view record) {
  const auto begin = record.find(" path=");
  if (begin == std::string_view::npos || !record.ends_with('\n')) return std::nullopt;
  const auto length = base::parse_number<std::size_t>(record.substr(0, begin));
  constexpr std::size_t kLabel = 6;
  if (length != record.size()) return std::nullopt;
  return std::string(record.substr(begin + kLabel, record.size() - begin - kLabel - 1));
}

std::string_view text_of(std::string_view header, Field field) {
  const std::string_view whole = header.substr(field.at, field.size);
  return whole.substr(0, std::min(whole.find('\0'), whole.size()));
}

std::optional<std::uint64_t> number_of(std::string_view header, Field field) {
  return base::parse_number<std::uint64_t>(text_of(header, field), 8);
}

struct Entry {
  char type = kRegular;
  std::string_view name;
  std::string_view content;
};

// Takes one entry off the front.
std::optional<Entry> take_entry(std::string_view& rest) {
  if (rest.size() < kBlock) return std::nullopt;
  const std::string_view header = rest.substr(0, kBlock);
  const auto size = number_of(header, kSize);
  const bool is_ours = header.substr(kMagic.at, kMagic.size) == kUstar &&
                       header.substr(kChecksum.at, kChecksum.size) == checksum(header);
  if (!is_ours || !size || *size > kArchiveBytesMax || padded(*size) > rest.size() - kBlock) return std::nullopt;
  const Entry entry{.type = header[kType.at], .name = text_of(header, kName), .content = rest.substr(kBlock, *size)};
  rest.remove_prefix(kBlock + padded(*size));
  return entry;
}

// The next file, whose path may stand in an entry of its own before it.
std::optional<ArchivedFile> take_file(std::string_view& rest) {
  auto entry = take_entry(rest);
  std::optional<std::string> path;
  if (entry && entry->type == kExtended) {
    path = path_of_record(entry->content);
    entry = path ? take_entry(rest) : std::nullopt;
  }
  if (!entry || entry->type != kRegular) return std::nullopt;
  return ArchivedFile{path ? *std::move(path) : std::string(entry->name), std::string(entry->content)};
}

bool is_end(std::string_view rest) {
  return rest.size() == 2 * kBlock && std::ranges::all_of(rest, [](char c) { return c == '\0'; });
}

}  // namespace

bool is_archive_path(std::string_view path) {
  constexpr std::size_t kPathBytesMax = 1024;
  if (path.empty() || path.size() > kPathBytesMax || path.ends_with('/')) return false;
  if (!std::ranges::all_of(path, [](char c) { return c > ' ' && c <= '~'; })) return false;
  while (!path.empty()) {
    const std::string_view part = base::split_off(path, '/');
    if (part.empty() || part == "." || part == "..") return false;
  }
  return true;
}

std::string write_archive(std::span<const ArchivedFile> files) {
  std::string archive;
  for (const ArchivedFile& file : files) {
    if (file.path.size() > kName.size) append_entry(archive, kExtended, "path", path_record(file.path));
    append_entry(archive, kRegular, file.path, file.content);
  }
  archive.append(2 * kBlock, '\0');
  return archive;
}

base::Result<std::vector<ArchivedFile>> read_archive(std::string_view archive, std::string_view origin) {
  const auto bad = [&](std::string why) {
    return base::fail({.code = kBadArchive,
                       .side = base::Side::kConfiguration,
                       .what = fmt::format("{} is no backup of Gate443", origin),
                       .why = std::move(why),
                       .fix = "take a file that \"gate443 cert backup\" has written, and that was copied as a whole"});
  };
  std::vector<ArchivedFile> files;
  std::set<std::string> paths;
  while (!is_end(archive)) {
    auto file = take_file(archive);
    if (!file) return bad(fmt::format("it is damaged or cut after {} files", files.size()));
    if (!is_archive_path(file->path)) return bad("a path in it leads out of the folder it is for");
    if (!paths.insert(file->path).second) return bad("a file is in it twice");
    if (files.size() >= kArchiveFilesMax) return bad("it has too many files");
    files.push_back(*std::move(file));
  }
  return files;
}

}  // namespace gate::cert
