// What a running program takes from itself: privileges, files but named directories (Landlock), system calls but a
// list (seccomp). Leaves users and capabilities to whoever starts it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>

namespace wghub {

/// A system call by its number, with any arguments or with one first argument only.
struct AllowedCall {
  AllowedCall(int call) : number(call) {}  // NOLINT(google-explicit-constructor): lists of numbers
  AllowedCall(int call, std::uint64_t argument) : number(call), first_argument(argument) {}
  int number;
  std::optional<std::uint64_t> first_argument;
};

/// Errors: std::runtime_error as root, which no program that confines itself needs to be.
void refuse_root();

/// To be called when everything is open and a line was logged (which opens the log); there is no way back. Allowed are
/// the calls, what memory, time, random numbers, the log and the end of the program need, and in the directories
/// reading, writing, making and removing of files. Another system call ends the program. New code is never allowed.
/// A kernel without Landlock is logged and tolerated; anything else that fails: std::system_error.
void confine(std::initializer_list<int> directories, std::initializer_list<AllowedCall> calls);

}  // namespace wghub
