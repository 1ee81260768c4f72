// A backup that was opened and looked through: what verify shows and restore goes on with.
#pragma once

#include <memory>

#include "apid/cli/backup/hub_state.h"
#include "apid/cli/command.h"
#include "apid/cli/request.h"

namespace wghub::cli {

struct Opened {
  Opened(const std::string& user, const Worker::Work& work) : child(user, work) {}

  Worker child;  ///< which holds the database, and has looked through it
  SmallParts parts;
  std::uint64_t database_bytes = 0;
  store::DatabaseFacts facts;
  PublicKey hub_key;  ///< of the private key in it

  Lines summary() const;
};

/// Opens the file that the arguments name and reads it to its end. work runs in a child of that user, made before any
/// secret is read; it begins with take_database. Nothing is changed. Errors: Fault.
std::unique_ptr<Opened> look_through(const Given& given, const std::string& user, const Worker::Work& work);

/// Lines for people, or one JSON object.
void show(Format format, const Lines& lines);

}  // namespace wghub::cli
