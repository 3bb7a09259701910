#include "feature/https_redirect/https_redirect_config.h"

namespace gate::https_redirect {

void read_http(conf::Context<ClearHttp>& context, const conf::Statement& statement) {
  static constexpr conf::Choice<ClearHttp> kChoices[] = {{"allow", ClearHttp::kAllow},
                                                         {"redirect", ClearHttp::kRedirect}};
  if (const auto chosen = context.reader.choice(statement.args[0], kChoices)) context.plan = *chosen;
}

}  // namespace gate::https_redirect
