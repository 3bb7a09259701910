#include "os/fd.h"

#include <unistd.h>

namespace gate::os {

void Fd::close() {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

}  // namespace gate::os
