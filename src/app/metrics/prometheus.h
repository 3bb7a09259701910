#pragma once

#include <string>
#include <string_view>

#include "app/metrics/snapshot.h"

namespace gate::app {

inline constexpr std::string_view kPrometheusContentType = "text/plain; version=0.0.4; charset=utf-8";

// The metrics in the text format of Prometheus: https://prometheus.io/docs/instrumenting/exposition_formats/
std::string render_prometheus(const MetricsSnapshot& snapshot);

}  // namespace gate::app
