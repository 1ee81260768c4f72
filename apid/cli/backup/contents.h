// What a backup holds, part by part, and its way into the file and out of it. Leaves encryption to envelope.h, and who
// gives and takes the parts to hub_state.h.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "apid/cli/backup/envelope.h"
#include "common/hub_secrets.h"

namespace wghub::cli {

/// Units: bytes.
inline constexpr std::uint64_t kLargestText = std::uint64_t{256} << 10;

/// When and by what it was made.
struct Manifest {
  std::string version;     ///< of wghub
  std::string created_at;  ///< as 2026-01-31T02:00:00Z
  std::string machine;     ///< its host name
};

/// Everything but the database, which comes last and may be large.
struct SmallParts {
  Manifest manifest;
  HubSecrets secrets;
  std::string configuration;    ///< apid.toml
  std::string certificate;      ///< PEM, made by apid; empty: there is none, and so the next
  std::string certificate_key;  ///< PEM
  ~SmallParts();
};

/// Writes all but the database, and how large that will be. Errors, here and below: Fault.
void write_parts(EnvelopeWriter& writer, const SmallParts& parts, std::uint64_t database_bytes);

/// Reads all but the database; returns how large that is.
std::uint64_t read_parts(EnvelopeReader& reader, SmallParts& parts);

}  // namespace wghub::cli
