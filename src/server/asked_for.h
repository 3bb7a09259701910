#pragma once

#include <string_view>

#include "http/message.h"

namespace gate::server {

// What a client asked for, as sent, whatever statements have made of it since.
struct AskedFor {
  explicit AskedFor(const http::Request& request) {
    const auto question_mark = request.target.find('?');
    path = request.target.substr(0, question_mark);
    has_query = question_mark != std::string_view::npos;
    if (has_query) query = request.target.substr(question_mark + 1);
  }

  std::string_view path;
  std::string_view query{};
  bool has_query = false;
};

}  // namespace gate::server
