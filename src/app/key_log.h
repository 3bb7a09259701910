#pragma once

#include <string>

#include "base/result.h"
#include "tls/server_context.h"

namespace gate::app {

// Opens the key log for one worker: lines are appended whole, so that workers may share the file. Created with mode
// 0600. An empty path yields an empty function: no key log.
base::Result<tls::KeyLog> open_key_log(const std::string& path);

}  // namespace gate::app
