#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// NOLINTNEXTLINE(readability-identifier-naming): CLI11 is called so
namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace gate::cli {

// The command line's parser: CLI11 without its headers, which take a compiler six seconds a file. Handles, as cheap to
// copy as a pointer; what they stand for lives as long as the Program.

class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  Option required() const;
  Option type_name(const std::string& name) const;  // what the help shows for its value
  Option show_default() const;                      // in the help
  Option one_each() const;                          // each value has the option's name before it
  Option excludes(Option other) const;              // not both
  Option within(std::uint32_t least, std::uint32_t most) const;

 private:
  CLI::Option* option_;
};

// What may stand behind a command. The variables live until the program is parsed.
class Parser {
 public:
  explicit Parser(CLI::App* app) : app_(app) {}

  Parser add_subcommand(const std::string& name, const std::string& summary) const;

  // "--name", "-n,--name"; without a dash it has a place instead of a name.
  Option add_option(const std::string& names, std::string& value, const std::string& help) const;
  Option add_option(const std::string& names, std::vector<std::string>& values, const std::string& help) const;
  Option add_option(const std::string& names, std::uint32_t& value, const std::string& help) const;
  Option add_flag(const std::string& names, bool& value, const std::string& help) const;

  // Options of which exactly one is given.
  Parser add_choice(const std::string& name) const;

  void require_subcommand(std::size_t least = 1, std::size_t most = 1) const;
  void take_options_anywhere() const;  // also behind a subcommand
  void footer(const std::string& text) const;

  bool parsed() const;

 private:
  CLI::App* app_;
};

// The whole command line.
class Program {
 public:
  Program(const std::string& name, const std::string& summary);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  Parser parser() { return Parser(root_.get()); }

  // An exit code when there is nothing to run: help has been printed, or what is wrong with the arguments.
  std::optional<int> parse(int argc, const char* const* argv);
  std::string help() const;

 private:
  std::unique_ptr<CLI::App> root_;
};

}  // namespace gate::cli
