#include "feature/files/files.h"

#include <sys/random.h>

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "base/text.h"
#include "feature/files/codes.h"
#include "feature/files/file_body.h"
#include "feature/files/file_cache.h"
#include "feature/files/listing.h"
#include "http/accept_encoding.h"
#include "http/arena_text.h"
#include "http/cache_budget.h"
#include "http/conditional.h"
#include "http/exchange.h"
#include "http/file_refusal.h"
#include "http/range.h"
#include "http/relative_path.h"
#include "http/url_text.h"
#include "os/file.h"

namespace gate::files {
namespace {

using http::ContentCoding;
using http::FieldId;
using http::Flow;
using http::Method;

constexpr std::string_view kAllowed = "GET, HEAD, OPTIONS";
// Smallest first: they are made once, with all the time in the world.
constexpr std::array kSiblingCodings{ContentCoding::kBrotli, ContentCoding::kZstd, ContentCoding::kGzip};
constexpr std::string_view kMimeTypesFile = "/etc/mime.types";
constexpr std::size_t kMimeTypesBytesMax = std::size_t{4} << 20;
constexpr http::CacheCost kOwnBudget{.bytes = std::size_t{8} << 20, .descriptors = 64};

// The form of a file that one request gets.
struct Representation {
  LocalRef<FileVersion> version;
  ContentCoding coding = ContentCoding::kIdentity;
  bool negotiated = false;  // another request may get another one
};

bool is_get_or_head(const http::Request& request) {
  return request.method == Method::kGet || request.method == Method::kHead;
}

// 128 unpredictable bits, so that nobody can put the boundary into a file beforehand. Empty when the system has none.
std::string_view make_boundary(base::Arena& arena) {
  std::array<std::byte, 16> random;
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) return {};
  return arena.copy(base::to_hex(random));
}

class FilesService final : public http::Service {
 public:
  FilesService(const FilesOptions& options, const http::ServiceEnvironment& environment)
      : options_(options),
        clock_(environment.clock),
        types_(environment.media_types ? http::MediaTypes::over(*environment.media_types) : http::MediaTypes()),
        own_budget_(kOwnBudget),
        cache_(os::Root(options.root), environment.clock, types_,
               environment.cache ? *environment.cache : own_budget_) {
    for (const auto& [extension, type] : options.types) types_.add(extension, type);
  }

  Flow handle(http::Exchange& exchange) override;

 private:
  using Found = std::expected<CachedFile*, os::Miss>;

  Found find(http::RelativePath& path);
  Flow answer_absent(http::Exchange& exchange, const http::RelativePath& path);
  bool refuse_other_methods(http::Exchange& exchange) const;

  void serve(http::Exchange& exchange, CachedFile& file);
  Representation choose(const http::Request& request, CachedFile& file);
  void describe(http::Exchange& exchange, const Representation& chosen, std::string_view content_type) const;
  void send_not_modified(http::Exchange& exchange, const Representation& chosen) const;
  void send(http::Exchange& exchange, const Representation& chosen, std::string_view content_type) const;
  bool send_parts(http::Exchange& exchange, const Representation& chosen, std::string_view content_type,
                  std::span<const http::ByteRange> ranges) const;
  void send_listing(http::Exchange& exchange, os::OpenFile folder, const http::RelativePath& path);
  void redirect_to_folder(http::Exchange& exchange) const;

  std::chrono::sys_seconds now() const { return std::chrono::floor<std::chrono::seconds>(clock_.wall()); }

  const FilesOptions& options_;
  const base::Clock& clock_;
  http::MediaTypes types_;
  http::CacheBudget own_budget_;  // where the worker has none
  FileCache cache_;
};

Flow FilesService::handle(http::Exchange& exchange) {
  http::RelativePath path;
  if (!path.assign(exchange.request.path, options_.strip)) return Flow::kNext;
  const auto found = find(path);
  if (!found && found.error() == os::Miss::kAbsent) return answer_absent(exchange, path);
  if (refuse_other_methods(exchange)) return Flow::kTaken;
  if (found) {
    serve(exchange, **found);
  } else if (found.error() == os::Miss::kFolder) {
    redirect_to_folder(exchange);
  } else {
    exchange.refuse(http::refusal_of(found.error()));
  }
  return Flow::kTaken;
}

FilesService::Found FilesService::find(http::RelativePath& path) {
  if (!path.names_folder()) return cache_.find(path.text());
  const std::size_t folder_size = path.size();
  for (const auto& index : options_.index) {
    if (!path.append(index)) continue;
    const auto found = cache_.find(path.text());
    path.cut(folder_size);
    if (found || (found.error() != os::Miss::kAbsent && found.error() != os::Miss::kFolder)) return found;
  }
  return std::unexpected(os::Miss::kAbsent);
}

Flow FilesService::answer_absent(http::Exchange& exchange, const http::RelativePath& path) {
  if (options_.listing && path.names_folder()) {
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): the text of a RelativePath ends in NUL
    auto folder = cache_.open(path.text().data());
    if (folder && folder->folder) {
      if (!refuse_other_methods(exchange)) send_listing(exchange, *std::move(folder), path);
      return Flow::kTaken;
    }
  }
  if (options_.fallback.empty() || !is_get_or_head(exchange.request)) return Flow::kNext;
  const auto fallback = cache_.find(options_.fallback);
  if (!fallback) return Flow::kNext;
  serve(exchange, **fallback);
  return Flow::kTaken;
}

// Answers what is not GET or HEAD, about something that exists.
bool FilesService::refuse_other_methods(http::Exchange& exchange) const {
  if (is_get_or_head(exchange.request)) return false;
  exchange.response.fields.add(FieldId::kAllow, kAllowed);
  if (exchange.request.method == Method::kOptions) {
    exchange.response.status = 204;
    exchange.respond();
  } else {
    exchange.refuse({405, kMethodNotAllowed, "files can be read, and nothing else"});
  }
  return true;
}

void FilesService::serve(http::Exchange& exchange, CachedFile& file) {
  const auto chosen = choose(exchange.request, file);
  switch (http::check_preconditions(exchange.request, chosen.version->validators(), now())) {
    case http::Precondition::kProceed: return send(exchange, chosen, file.content_type());
    case http::Precondition::kNotModified: return send_not_modified(exchange, chosen);
    case http::Precondition::kFailed:
      return exchange.refuse({412, kPreconditionFailed, "the file is not in the state the client expects"});
  }
}

Representation FilesService::choose(const http::Request& request, CachedFile& file) {
  if (!options_.precompressed || !file.compressible()) return {.version = file.plain()};
  std::array<LocalRef<FileVersion>, http::kContentCodings> siblings;
  std::array<ContentCoding, kSiblingCodings.size()> offered;
  std::size_t count = 0;
  for (const auto coding : kSiblingCodings) {
    auto& sibling = siblings[static_cast<std::size_t>(coding)];
    sibling = cache_.sibling(file, coding);
    if (sibling) offered[count++] = coding;
  }
  if (count == 0) return {.version = file.plain()};
  const http::AcceptedCodings accepted(request.fields.combined(FieldId::kAcceptEncoding));
  const auto best = accepted.best(std::span(offered).first(count));
  const auto& sibling = siblings[static_cast<std::size_t>(best)];
  return {.version = sibling ? sibling : file.plain(), .coding = best, .negotiated = true};
}

// The fields of 200 and 206. Values are copied: the version may be gone before the exchange is.
void FilesService::describe(http::Exchange& exchange, const Representation& chosen,
                            std::string_view content_type) const {
  auto& fields = exchange.response.fields;
  auto& arena = exchange.arena();
  fields.add(FieldId::kContentType, content_type);
  if (chosen.coding != ContentCoding::kIdentity) fields.add(FieldId::kContentEncoding, http::to_string(chosen.coding));
  fields.add(FieldId::kETag, arena.copy(chosen.version->etag()));
  // RFC 9110 8.8.2.1: a time in the future must be replaced by that of the message.
  if (chosen.version->last_modified() <= now()) {
    fields.add(FieldId::kLastModified, arena.copy(chosen.version->last_modified_text()));
  } else {
    const auto date = http::format_http_date(now());
    fields.add(FieldId::kLastModified, arena.copy({date.data(), date.size()}));
  }
  fields.add(FieldId::kAcceptRanges, "bytes");
  if (chosen.negotiated) fields.add(FieldId::kVary, "Accept-Encoding");
}

// RFC 9110 15.4.5: the fields a cache needs to refresh what it has, and no others.
void FilesService::send_not_modified(http::Exchange& exchange, const Representation& chosen) const {
  exchange.response.status = 304;
  exchange.response.fields.add(FieldId::kETag, exchange.arena().copy(chosen.version->etag()));
  if (chosen.negotiated) exchange.response.fields.add(FieldId::kVary, "Accept-Encoding");
  exchange.respond();
}

void FilesService::send(http::Exchange& exchange, const Representation& chosen, std::string_view content_type) const {
  const auto& request = exchange.request;
  const auto& version = chosen.version;
  // RFC 9110 14.2: "A server MUST ignore a Range header field received with a request method [...] for which range
  // handling is not defined." That is every method but GET.
  const auto range = request.method == Method::kGet ? request.fields.combined(FieldId::kRange) : std::nullopt;
  if (range && http::if_range_holds(request, version->validators(), now())) {
    const auto set = http::RangeSet::select(*range, version->size());
    if (set.kind() == http::RangeSet::Kind::kUnsatisfiable) {
      exchange.response.fields.add(FieldId::kContentRange,
                                   http::join(exchange.arena(), {"bytes */", std::to_string(version->size())}));
      return exchange.refuse({416, kRangeNotSatisfiable, "no part of the file lies in the ranges asked for"});
    }
    if (set.kind() == http::RangeSet::Kind::kParts && send_parts(exchange, chosen, content_type, set.ranges())) return;
  }
  describe(exchange, chosen, content_type);
  exchange.response.body = exchange.make_body<FileBody>(version);
  exchange.respond();
}

// False, with nothing done, when no boundary can be had.
bool FilesService::send_parts(http::Exchange& exchange, const Representation& chosen, std::string_view content_type,
                              std::span<const http::ByteRange> ranges) const {
  auto& arena = exchange.arena();
  auto& response = exchange.response;
  if (ranges.size() == 1) {
    describe(exchange, chosen, content_type);
    response.fields.add(FieldId::kContentRange, content_range(ranges[0], chosen.version->size(), arena));
    response.body = exchange.make_body<FileBody>(chosen.version, ranges[0]);
  } else {
    const auto boundary = make_boundary(arena);
    if (boundary.empty()) return false;
    describe(exchange, chosen, http::join(arena, {"multipart/byteranges; boundary=", boundary}));
    response.body = exchange.make_body<MultipartBody>(chosen.version, ranges, boundary, content_type, arena);
  }
  response.status = 206;
  exchange.respond();
  return true;
}

void FilesService::send_listing(http::Exchange& exchange, os::OpenFile folder, const http::RelativePath& path) {
  const auto& request = exchange.request;
  auto& response = exchange.response;
  const auto accept = request.fields.combined(FieldId::kAccept);
  const bool json = http::accepted_quality(accept, "application/json") > http::accepted_quality(accept, "text/html");
  const auto listing = read_listing(std::move(folder), path.text(), cache_);
  const auto text = json ? listing_as_json(listing, request.path) : listing_as_html(listing, request.path);
  response.fields.add(FieldId::kContentType, json ? "application/json" : "text/html; charset=utf-8");
  response.fields.add(FieldId::kVary, "Accept");
  // Names of files are foreign text: should the escaping ever fail, nothing runs.
  if (!json)
    response.fields.set(FieldId::kContentSecurityPolicy,
                        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'");
  response.body = exchange.make_text_body(exchange.arena().copy(text));
  exchange.respond();
}

// Relative links in a folder's page count from behind the slash, so a folder asked for without one is sent there.
// Slashes (and what browsers take for one) at the front become one: "//host/" would be a link to that host.
void FilesService::redirect_to_folder(http::Exchange& exchange) const {
  const auto& request = exchange.request;
  const auto start = request.raw_path.find_first_not_of("/\\");
  const auto path = start == std::string_view::npos ? std::string_view{} : request.raw_path.substr(start);
  const std::string_view slash = path.empty() ? "" : "/";
  const auto location = http::join(exchange.arena(), {"/", path, slash, request.has_query ? "?" : "", request.query});
  exchange.response.status = 308;
  exchange.response.fields.add(FieldId::kLocation,
                               http::percent_encoded(location, http::UrlPart::kUrl, exchange.arena()));
  exchange.respond();
}

}  // namespace

std::unique_ptr<http::Service> FilesPlan::build(const http::ServiceEnvironment& environment) const {
  return std::make_unique<FilesService>(options_, environment);
}

http::MediaTypes system_media_types() {
  http::MediaTypes types;
  // Many machines have none: what is built in then has to do.
  if (const auto table = os::read_file(std::string(kMimeTypesFile), kMimeTypesBytesMax)) types.add_table(*table);
  return types;
}

}  // namespace gate::files
