#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"

namespace gate::app {

// Keeps the list of revoked certificates of the state folder's internal authority from ending while the server runs.
// Control thread only.
class InternalCaCare {
 public:
  InternalCaCare(std::string state_folder, const base::Clock& clock)
      : state_folder_(std::move(state_folder)), clock_(clock) {}

  // Whether there is an authority that can be used.
  base::Result<void> check() const;

  // Looks once in a while, however often it is called. A failure is told by `tell`, and again only when it is another.
  void look(const std::function<void(const base::Error& error)>& tell);

 private:
  std::string state_folder_;
  const base::Clock& clock_;
  std::optional<base::Instant> looked_;
  std::string problem_;  // the last one told
};

}  // namespace gate::app
