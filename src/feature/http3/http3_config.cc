#include "feature/http3/http3_config.h"

namespace gate::http3 {

void read_http3(conf::Context<SitePolicy>& context, const conf::Statement& statement) {
  if (const auto on = context.reader.on_off(statement.args[0])) context.plan.on = *on;
}

void read_early_data(conf::Context<SitePolicy>& context, const conf::Statement& statement) {
  static constexpr conf::Choice<bool> kChoices[] = {{"safe", true}, {"off", false}};
  if (const auto chosen = context.reader.choice(statement.args[0], kChoices)) context.plan.early_data = *chosen;
}

}  // namespace gate::http3
