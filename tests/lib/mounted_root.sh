# shellcheck shell=bash
# To be sourced by a script that runs tests. In a root that is no mount point (a plain chroot) namespaces cannot be cut off
# from the machine's mounts: starts the script again in a mount namespace of its own, with the same root as a mount point.
# Leaves every other machine as it is. Joining a mount namespace steps out of the chroot; descriptor 3 shows the way back.
if [ "$(id -u)" -eq 0 ] && ! mountpoint -q /; then
  exec 3</
  # shellcheck disable=SC2016  # for the inner shell
  exec unshare --mount --propagation unchanged nsenter --mount=/proc/self/ns/mnt /bin/sh -c '
    root=$(readlink /proc/self/fd/3) && mount --make-rprivate / && mount --rbind "$root" "$root" &&
      exec chroot "$root" "$@" 3<&-' sh "$(realpath "$0")" "$@"
fi
