#pragma once

#include "base/ip.h"

namespace gate::http {

// For whom a connection to a server is opened, where the server is told so ahead of it (the PROXY protocol).
struct ProxiedConnection {
  base::Endpoint client;
  base::Endpoint local;  // where the client has connected to
};

}  // namespace gate::http
