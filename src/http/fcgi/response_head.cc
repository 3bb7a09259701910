#include "http/fcgi/response_head.h"

#include "base/text.h"
#include "http/request_rules.h"

namespace gate::http::fcgi {
namespace {

// RFC 3875 6.3.3: "Status = "Status:" status-code SP reason-phrase NL". Interim statuses would need a response behind
// them, which CGI has no words for. 0 for what is none.
std::uint16_t parse_status(std::string_view value) {
  constexpr std::size_t kDigits = 3;
  const auto code = base::split_off(value, ' ');
  const auto status = base::parse_number<std::uint16_t>(code);
  return code.size() == kDigits && status && *status >= 200 && *status <= 599 ? *status : std::uint16_t{0};
}

std::string_view without_carriage_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

class HeadReader {
 public:
  explicit HeadReader(FieldList& fields) : fields_(fields) {}

  // A reason, or an empty one when the line is well.
  std::string_view take_line(std::string_view line) {
    const auto colon = line.find(':');
    const auto name = line.substr(0, colon);
    if (colon == std::string_view::npos || !is_token(name)) return "a line of the header is no field";
    const auto value = base::trimmed(line.substr(colon + 1));
    if (!is_field_value(value)) return "a control character in a field";
    if (base::equals_ignoring_case(name, "status")) return take_status(value);
    auto& arena = fields_.arena();
    fields_.add(arena.copy(base::lowered(name)), arena.copy(value));
    return {};
  }

  std::expected<ResponseHead, std::string_view> finish() {
    if (fields_.empty() && status_ == 0) return std::unexpected("the header is empty");
    // RFC 3875 6.2.3 and 6.2.4: a Location alone is a redirection. One to a path of this server is passed on as well,
    // so that the client's address stays true.
    const bool redirects = fields_.find(FieldId::kLocation) != nullptr;
    ResponseHead head;
    if (status_ != 0) {
      head.status = status_;
    } else if (redirects) {
      head.status = 302;
    }
    for (const Field& field : fields_) {
      if (field.id != FieldId::kContentLength) continue;
      const auto length = parse_content_length(field.value);
      if (!length || (head.length && *head.length != *length)) return std::unexpected("a content-length that is none");
      head.length = length;
    }
    return head;
  }

 private:
  std::string_view take_status(std::string_view value) {
    if (status_ != 0) return "two statuses";
    status_ = parse_status(value);
    return status_ != 0 ? std::string_view{} : "a status that is none";
  }

  FieldList& fields_;
  std::uint16_t status_ = 0;  // 0: not said
};

}  // namespace

std::optional<std::size_t> end_of_head(std::string_view text, std::size_t known) {
  if (text.starts_with('\n')) return 1;
  if (text.starts_with("\r\n")) return 2;
  constexpr std::size_t kEndBytesMax = 3;  // the last line's LF, and an empty one's CR and LF
  const std::size_t from = known < kEndBytesMax ? 0 : known - kEndBytesMax;
  for (auto at = text.find('\n', from); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    const auto behind = text.substr(at + 1);
    if (behind.starts_with('\n')) return at + 2;
    if (behind.starts_with("\r\n")) return at + 3;
  }
  return std::nullopt;
}

std::expected<ResponseHead, std::string_view> read_head(std::string_view block, const Limits& limits,
                                                        FieldList& fields) {
  HeadReader reader(fields);
  std::size_t lines = 0;
  while (!block.empty()) {
    const auto line = without_carriage_return(base::split_off(block, '\n'));
    if (line.empty()) break;
    if (++lines > limits.header_lines_max) return std::unexpected("too many lines in the header");
    if (const auto reason = reader.take_line(line); !reason.empty()) return std::unexpected(reason);
  }
  return reader.finish();
}

}  // namespace gate::http::fcgi
