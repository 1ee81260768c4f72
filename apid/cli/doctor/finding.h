// What one check of the doctor found, and what to do about it.
#pragma once

#include <string>
#include <utility>

namespace wghub::cli {

enum class State {
  good,
  note,     ///< may be meant so
  wrong,    ///< wghub doctor ends with Exit::faulty
  unknown,  ///< could not be looked at
};

struct Finding {
  State state = State::good;
  std::string found;
  std::string advice = {};  ///< empty when there is nothing to do
};

inline Finding good(std::string found) { return {State::good, std::move(found)}; }
inline Finding note(std::string found, std::string advice) {
  return {State::note, std::move(found), std::move(advice)};
}
inline Finding wrong(std::string found, std::string advice) {
  return {State::wrong, std::move(found), std::move(advice)};
}
inline Finding unknown(std::string found) { return {State::unknown, std::move(found)}; }

}  // namespace wghub::cli
