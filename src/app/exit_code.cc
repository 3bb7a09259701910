#include "app/exit_code.h"

namespace gate::app {

Exit exit_of(const base::Error& error) {
  switch (error.side) {
    case base::Side::kConfiguration: return Exit::kConfiguration;
    case base::Side::kSystem: return Exit::kMachine;
    case base::Side::kClient:
    case base::Side::kUpstream: return Exit::kOutside;
    case base::Side::kSelf: return Exit::kBug;
  }
  return Exit::kBug;
}

}  // namespace gate::app
