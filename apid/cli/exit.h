// What wghub ends with.
#pragma once

namespace wghub::cli {

/// The man page and docs/wghub.md name them.
enum class Exit {
  done = 0,
  faulty =
      1,  ///< what was looked at is not in order: doctor, config check, db check; also: the output could not be written
  wrong_use = 2,    ///< the arguments, or a file or a password that they ask for
  not_found = 3,    ///< there is no such thing
  refused = 4,      ///< the hub said no
  unreachable = 5,  ///< nobody answered, or not the hub
  later = 6,        ///< the hub cannot just now, or was asked too often
};

}  // namespace wghub::cli
