#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gate::tls::for_test {

// Builds the body of a ClientHello.
class HelloText {
 public:
  HelloText& version(std::uint16_t version) {
    version_ = version;
    return *this;
  }
  HelloText& suites(const std::vector<std::uint16_t>& suites) {
    suites_.clear();
    for (const auto suite : suites) suites_ += u16(suite);
    return *this;
  }
  HelloText& extension(std::uint16_t type, const std::string& content) {
    extensions_ += u16(type) + u16(content.size()) + content;
    return *this;
  }
  HelloText& server_name(const std::string& name) {
    return extension(0, u16(name.size() + 3) + std::string(1, '\0') + u16(name.size()) + name);
  }

  std::string text() const {
    std::string body = u16(version_) + std::string(32, 'r') + std::string(1, '\0') + u16(suites_.size()) + suites_ +
                       std::string("\x01\x00", 2);
    if (!extensions_.empty()) body += u16(extensions_.size()) + extensions_;
    return body;
  }

  // As the record that a client sends first.
  std::string record() const {
    const std::string body = text();
    const std::string message = std::string("\x01\x00", 2) + u16(body.size()) + body;
    return "\x16\x03\x01" + u16(message.size()) + message;
  }

 private:
  static std::string u16(std::size_t value) {
    return {static_cast<char>(value >> 8 & 0xff), static_cast<char>(value & 0xff)};
  }

  std::uint16_t version_ = 0x0303;
  std::string suites_;
  std::string extensions_;
};

}  // namespace gate::tls::for_test
