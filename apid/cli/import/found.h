// What is found in another WireGuard server's file: its peers, and where secrets stand in it. Never a secret itself,
// but the server's own key where it is asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/secret_key.h"

namespace wghub::cli {

/// Units: bytes, peers.
inline constexpr std::size_t kLargestImport = std::size_t{16} << 20;
inline constexpr std::size_t kMostPeers = 65'536;

struct FoundPeer {
  std::size_t line = 0;  ///< where it begins, from 1
  std::string name;      ///< empty: the file has none
  std::string public_key;
  std::vector<std::string> addresses;  ///< AllowedIPs, as they stand there
  bool has_preshared_key = false;
  bool is_disabled = false;
};

/// A private or preshared key in the file, by its place alone.
struct FoundSecret {
  std::size_t line = 0;
  std::string what;
};

struct Found {
  std::vector<FoundPeer> peers;
  std::vector<FoundSecret> secrets;
  std::vector<std::string> addresses;  ///< of the server itself
  std::string listen_port;
};

enum class ImportFormat { wg, wg_easy };

/// By its beginning: wg-easy's file is JSON.
ImportFormat format_of(std::string_view text);

/// wg0.conf as wg and wg-quick have it, and as WGDashboard, wg-easy, PiVPN and install scripts write it: a peer's name
/// is in a comment above it or in it. Errors: Fault naming the line.
Found read_wg(std::string_view text);

/// wg-easy's wg0.json. Errors: Fault.
Found read_wg_easy(std::string_view text);

/// The server's own private key out of either; false when there is none.
bool read_server_key(std::string_view text, ImportFormat format, SecretKey& key);

}  // namespace wghub::cli
