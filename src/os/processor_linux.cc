#include <fmt/format.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>
#include <string_view>
#include <thread>

#include "base/text.h"
#include "os/processor.h"

namespace gate::os {
namespace {

base::Duration read_clock(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

base::Duration process_time() { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }
base::Duration thread_time() { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

// proc(5): "cpu user nice system idle iowait irq softirq steal …", in ticks.
std::optional<MachineTime> machine_time() {
  constexpr std::size_t kIdle = 3;
  constexpr std::size_t kWaiting = 4;
  std::ifstream file("/proc/stat");
  std::string name;
  std::array<std::uint64_t, 8> ticks{};
  if (!(file >> name) || name != "cpu") return std::nullopt;
  for (auto& each : ticks) {
    if (!(file >> each)) return std::nullopt;
  }
  const long per_second = ::sysconf(_SC_CLK_TCK);
  if (per_second <= 0) return std::nullopt;
  MachineTime time;
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    const base::Duration spent = std::chrono::milliseconds(1000 / per_second) * ticks[i];
    time.all += spent;
    if (i != kIdle && i != kWaiting) time.busy += spent;
  }
  return time;
}

bool stay_on_this_processor() {
  const int here = ::sched_getcpu();
  if (here < 0) return false;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(here), &set);
  return ::sched_setaffinity(0, sizeof set, &set) == 0;
}

std::string processors_text() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  std::string_view name = "processor";
  while (std::getline(file, line)) {
    if (!line.starts_with("model name")) continue;
    name = base::trimmed(std::string_view(line).substr(std::min(line.find(':') + 1, line.size())));
    break;
  }
  return fmt::format("{} × {}", std::max(1U, std::thread::hardware_concurrency()), name);
}

}  // namespace gate::os
