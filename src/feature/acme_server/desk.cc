#include "feature/acme_server/desk.h"

namespace gate::acme_server {

Reply busy_reply() {
  return {.status = 503,
          .fields = {{"content-type", "application/problem+json"}, {"retry-after", "60"}},
          .body = R"({"type":"urn:ietf:params:acme:error:serverInternal","detail":"the server is busy","status":503})"};
}

}  // namespace gate::acme_server
