#include "app/ech_key_store.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/text.h"
#include "base/timestamp.h"
#include "os/file.h"

namespace gate::app {
namespace {

constexpr std::size_t kFileBytesMax = 64 * 1024;

std::string file_in(const std::string& state_folder) { return state_folder + "/ech.json"; }

std::optional<std::vector<std::byte>> bytes_of(std::string_view hex) {
  std::vector<std::byte> bytes;
  if (hex.size() % 2 != 0) return std::nullopt;
  for (; !hex.empty(); hex.remove_prefix(2)) {
    const auto byte = base::parse_number<std::uint8_t>(hex.substr(0, 2), 16);
    if (!byte) return std::nullopt;
    bytes.push_back(std::byte{*byte});
  }
  return bytes;
}

std::optional<tls::EchKeys::Key> key_of(const nlohmann::json& json) {
  tls::EchKeys::Key key;
  const auto secret = bytes_of(json.value("secret", ""));
  auto config = bytes_of(json.value("config", ""));
  const auto made = base::parse_timestamp(json.value("made", ""));
  if (!secret || secret->size() != key.secret.size() || !config || !made) return std::nullopt;
  std::ranges::copy(*secret, key.secret.begin());
  key.config = *std::move(config);
  key.made = *made;
  return key;
}

struct Kept {
  std::string outer_name;
  std::vector<tls::EchKeys::Key> keys;
};

std::optional<Kept> parse(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("keys") || !json["keys"].is_array()) return std::nullopt;
  const auto outer_name = json.find("outer_name");
  if (outer_name == json.end() || !outer_name->is_string()) return std::nullopt;
  Kept kept{.outer_name = *outer_name, .keys = {}};
  for (const auto& each : json["keys"]) {
    const bool has_texts = each.is_object() && std::ranges::all_of(each, &nlohmann::json::is_string);
    auto key = has_texts ? key_of(each) : std::nullopt;
    if (!key) return std::nullopt;
    kept.keys.push_back(*std::move(key));
  }
  return kept;
}

// Another outer name begins with a key of its own.
std::optional<tls::EchKeys> restored(const Kept& kept, const std::string& outer_name, base::WallTime now) {
  auto keys = tls::EchKeys::restore(outer_name, kept.keys);
  if (!keys) return std::nullopt;
  if (kept.outer_name != outer_name) return keys->rotated(now);
  return *std::move(keys);
}

}  // namespace

base::Result<tls::EchKeys> load_ech_keys(const std::string& state_folder, const std::string& outer_name,
                                         base::WallTime now) {
  const std::string file = file_in(state_folder);
  if (os::inspect(file)) {
    GATE_TRY(os::check_private(file, "Encrypted Client Hello's keys"));
    GATE_TRY_ASSIGN(const auto text, os::read_file(file, kFileBytesMax));
    const auto kept = parse(text);
    if (auto keys = kept ? restored(*kept, outer_name, now) : std::nullopt) {
      if (kept->outer_name != outer_name) GATE_TRY(save_ech_keys(state_folder, *keys));
      return *std::move(keys);
    }
    // Clients that know a lost key are given the new one, at the price of a round trip.
    std::error_code ignored;
    std::filesystem::rename(file, file + ".unusable", ignored);
  }
  auto fresh = tls::EchKeys::generate(outer_name, now);
  GATE_TRY(save_ech_keys(state_folder, fresh));
  return fresh;
}

base::Result<void> save_ech_keys(const std::string& state_folder, const tls::EchKeys& keys) {
  auto list = nlohmann::json::array();
  for (const auto& key : keys.keys()) {
    list.push_back({{"made", base::to_timestamp(key.made)},
                    {"secret", base::to_hex(key.secret)},
                    {"config", base::to_hex(key.config)}});
  }
  const nlohmann::json json{{"outer_name", keys.outer_name()}, {"keys", std::move(list)}};
  return os::write_file_atomically(file_in(state_folder), json.dump(2) + "\n", 0600);
}

}  // namespace gate::app
