#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace gate::tls {

// From the name a client asks for to the site that answers: exact names first, then the wildcard of one label. Look-ups
// take the same time however many names there are, and allocate nothing.
class NameTable {
 public:
  // "example.com", "*.example.com" or an address as text. False: the name is taken.
  bool add(std::string_view name, std::uint32_t site);

  // Whether it was added as it stands, in lower case, rather than being covered by a wildcard.
  bool has_exact(std::string_view name) const { return exact_.contains(name); }

  // Case does not matter, nor does the root's dot at the end.
  std::optional<std::uint32_t> find(std::string_view name) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Map = std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>>;

  Map exact_;
  Map wildcard_;  // by what follows "*."
};

}  // namespace gate::tls
