#include "feature/respond/respond_config.h"

#include <fmt/format.h>

#include <utility>

#include "conf/table.h"
#include "feature/respond/codes.h"
#include "feature/respond/respond.h"
#include "http/request_rules.h"

namespace gate::respond {
namespace {

void read_type(conf::Context<Answer>& context, const conf::Statement& statement) {
  const conf::Word& word = statement.args[0];
  if (word.text.contains('/') && http::is_field_value(word.text)) {
    context.plan.type = word.text;
    return;
  }
  context.reader.error(conf::kBadChoice, word, fmt::format("{} is not a media type", conf::shown(word.text)),
                       "such as text/html or \"application/json\"");
}

constexpr conf::Directive<Answer> kDirectives[] = {
    {.name = "type",
     .synopsis = "type TYPE",
     .summary = "The media type of the text; text/plain in UTF-8 unless given.",
     .args = {1, 1},
     .handle = read_type},
};

// RFC 9110 15.3.5, 15.3.6, 15.4.5.
bool has_no_content(std::uint16_t status) { return status == 204 || status == 205 || status == 304; }

}  // namespace

std::unique_ptr<const http::ServicePlan> parse_respond(const conf::Statement& statement, conf::Reader& reader) {
  Answer answer;
  const auto status = reader.status(statement.args[0], 200);
  if (!status) return nullptr;
  answer.status = *status;
  if (statement.args.size() == 2) {
    if (has_no_content(*status)) {
      reader.error(kContentNotAllowed, statement.args[1], fmt::format("a response {} has no content", *status),
                   "leave the text out, or use 200");
      return nullptr;
    }
    answer.text = statement.args[1].text;
  }
  conf::read_block<Answer>(statement, kDirectives, answer, reader);
  return std::make_unique<RespondPlan>(std::move(answer));
}

}  // namespace gate::respond
