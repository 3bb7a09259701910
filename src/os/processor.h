#pragma once

#include <optional>
#include <string>

#include "base/clock.h"

namespace gate::os {

// The processor time that this process has used, all of its threads together; and the calling thread alone.
base::Duration process_time();
base::Duration thread_time();

// What the machine's processors have done since it started, summed up over all of them.
struct MachineTime {
  base::Duration busy{};
  base::Duration all{};  // idle included
};
// Nothing where the system does not tell.
std::optional<MachineTime> machine_time();

// Keeps the calling thread, and those that it starts from now on, on the processor that it runs on. False where the
// system does not let it.
bool stay_on_this_processor();

// "2 × Intel(R) Xeon(R) Processor".
std::string processors_text();

}  // namespace gate::os
