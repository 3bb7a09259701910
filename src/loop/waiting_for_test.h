#pragma once

#include <chrono>

#include "loop/loop.h"

namespace gate::loop {

// Turns the loop until the condition holds, or for as long as a test is patient. Whether it holds.
template <class Condition>
bool wait_for(Loop& loop, const Condition& condition) {
  const auto patience = loop.now() + std::chrono::seconds(20);
  while (!condition() && loop.now() < patience) loop.turn(loop.now() + std::chrono::milliseconds(20));
  return condition();
}

// Turns the loop for a while, also when nothing comes.
inline void settle(Loop& loop) {
  for (int i = 0; i < 20; ++i) loop.turn(loop.now() + std::chrono::milliseconds(5));
}

}  // namespace gate::loop
