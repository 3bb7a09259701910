#pragma once

#include "os/scratch_folder.h"

namespace gate::os {

// A folder of its own for a test, removed with everything in it.
class TemporaryFolder : public ScratchFolder {
 public:
  TemporaryFolder() : ScratchFolder(create("test").value()) {}
};

}  // namespace gate::os
