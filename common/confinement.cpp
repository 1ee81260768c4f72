#include "common/confinement.h"

#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>
#include <vector>

#include "common/descriptor.h"
#include "common/log.h"

namespace wghub {
namespace {

constexpr std::uint64_t kAllOfAbi1 = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
constexpr std::uint64_t kTruncate = 1U << 14;  // since ABI 3; Debian 12's header lacks its name
constexpr std::uint64_t kNeeded = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                  LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                  LANDLOCK_ACCESS_FS_REMOVE_FILE;

// clang-format off
constexpr int kAlways[] = {
    // the log, descriptors
    SCMP_SYS(write), SCMP_SYS(sendmsg), SCMP_SYS(close),
    // memory, time, random numbers, the C library's own
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getpid), SCMP_SYS(gettid),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask), SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group),
#if defined(__SANITIZE_ADDRESS__)
    // what the sanitizer's run-time calls while it watches and when it reports
    SCMP_SYS(mprotect), SCMP_SYS(sigaltstack), SCMP_SYS(sched_yield), SCMP_SYS(readlink), SCMP_SYS(rt_sigaction),
#endif
};
// clang-format on

void require(bool done) {
  if (!done) throw std::system_error(errno, std::generic_category(), "confinement");
}

void restrict_files(std::initializer_list<int> directories) {
  const long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 1) return log::warning("this kernel has no Landlock: only their modes guard files");
  landlock_ruleset_attr handled{.handled_access_fs = kAllOfAbi1};
  if (abi >= 2) handled.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER;
  if (abi >= 3) handled.handled_access_fs |= kTruncate;
  const Descriptor rules(static_cast<int>(syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0)));
  require(static_cast<bool>(rules));
  for (const int directory : directories) {
    const landlock_path_beneath_attr beneath{.allowed_access = kNeeded, .parent_fd = directory};
    require(syscall(SYS_landlock_add_rule, rules.get(), LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0);
  }
  require(syscall(SYS_landlock_restrict_self, rules.get(), 0) == 0);
}

}  // namespace

void refuse_root() {
  if (geteuid() == 0) throw std::runtime_error("as root: a user of its own is enough");
}

void confine(std::initializer_list<int> directories, std::initializer_list<AllowedCall> calls) {
  require(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
  require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  restrict_files(directories);
  const std::unique_ptr<void, decltype(&seccomp_release)> filter(seccomp_init(SCMP_ACT_KILL_PROCESS), seccomp_release);
  const auto allow = [&filter](int call, std::vector<scmp_arg_cmp> when) {
    require(seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, call, when.size(), when.data()) == 0);
  };
  for (const int call : kAlways) allow(call, {});
  for (const auto& call : calls) {
    if (call.first_argument) allow(call.number, {SCMP_A0_64(SCMP_CMP_EQ, *call.first_argument)});
    if (!call.first_argument) allow(call.number, {});
  }
  // No new code, and signals (abort's own) only to this process.
  allow(SCMP_SYS(mmap), {SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)});
  allow(SCMP_SYS(tgkill), {SCMP_A0_64(SCMP_CMP_EQ, static_cast<scmp_datum_t>(getpid()))});
  require(seccomp_load(filter.get()) == 0);
}

}  // namespace wghub
