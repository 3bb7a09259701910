#include "feature/http3/http3_config.h"

namespace gate::http3 {

void read_http3(conf::Context<SitePolicy>& context, const conf::Statement& statement) {
  if (const auto on = context.reader.on_off(statement.args[0])) context.plan.on = *on;
}

}  // namespace gate::http3
