# shellcheck shell=bash
# To be sourced by a script that runs tests. In a root that is no mount point (a plain chroot) namespaces cannot be cut off
# from the machine's mounts, and joining a mount namespace steps out of it: starts the script again in a mount namespace
# that has this root as its own. Leaves every other machine as it is. Descriptor 3 shows the way from out there.
if [ "$(id -u)" -eq 0 ] && ! mountpoint -q /; then
  exec 3</
  # shellcheck disable=SC2016  # for the inner shell
  exec unshare --mount --propagation unchanged nsenter --mount=/proc/self/ns/mnt /bin/sh -c '
    root=$(readlink /proc/self/fd/3) && mount --make-rprivate / && mount --rbind "$root" "$root" && cd "$root" &&
      pivot_root . . && umount --lazy . && exec chroot . "$@" 3<&-' sh "$(realpath "$0")" "$@"
fi
