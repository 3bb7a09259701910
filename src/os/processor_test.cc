#include "os/processor.h"

#include <gtest/gtest.h>

#include <thread>

namespace gate::os {
namespace {

void work(base::Duration time) {
  const auto until = thread_time() + time;
  while (thread_time() < until) {
  }
}

TEST(Processor, what_other_threads_do_is_the_processs_time_and_not_this_threads) {
  using namespace std::chrono_literals;
  const auto process = process_time();
  const auto here = thread_time();
  std::thread([] { work(20ms); }).join();
  EXPECT_GE(process_time() - process, 20ms);
  EXPECT_LT(thread_time() - here, 10ms);
}

TEST(Processor, the_machine_is_never_busier_than_it_can_be) {
  const auto time = machine_time();
  ASSERT_TRUE(time.has_value());
  EXPECT_GT(time->busy.count(), 0);
  EXPECT_LE(time->busy, time->all);
}

TEST(Processor, threads_stay_where_their_starter_stays) {
  std::thread([] {
    ASSERT_TRUE(stay_on_this_processor());
    cpu_set_t set;
    std::thread([&set] { ASSERT_EQ(::sched_getaffinity(0, sizeof set, &set), 0); }).join();
    EXPECT_EQ(CPU_COUNT(&set), 1);
  }).join();
}

TEST(Processor, processors_have_a_number_and_a_name) { EXPECT_NE(processors_text().find(" × "), std::string::npos); }

}  // namespace
}  // namespace gate::os
