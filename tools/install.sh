#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tools/install.sh SET…: installs what is missing of the Debian packages of these sets
# (tools/packages.txt). Says what it does before it does it; asks dpkg alone when nothing is missing.
set -euo pipefail

list=${RINGCACHE_PACKAGES:-$(dirname "$0")/packages.txt}
etc=${RINGCACHE_ETC:-/etc/systemd/system}
policy=${RINGCACHE_POLICY:-/usr/sbin/policy-rc.d}

say() { printf 'ringcache: %s\n' "$*"; }
die() { printf 'ringcache: %s\n' "$*" >&2; exit 1; }

# The packages of the sets named, one a line.
wanted() {
  local set package
  while read -r set package; do
    for name in "$@"; do
      if [ "$set" = "$name" ]; then echo "$package"; fi
    done
  done < "$list"
}

# Those of its arguments that are not installed. dpkg-query fails when it does not know one of them.
missing() {
  local have
  have=" $( (dpkg-query -W -f='${db:Status-Status}=${Package}\n' "$@" 2>/dev/null || true) |
    sed -n 's/^installed=//p' | tr '\n' ' ')"
  for package in "$@"; do
    case $have in *" $package "*) ;; *) echo "$package" ;; esac
  done
}

become_root() {
  [ "$(id -u)" = 0 ] && return
  command -v sudo >/dev/null ||
    die "not root, and there is no sudo. As root, run: apt-get install $*"
  say "asking sudo for the right to install"
  # Without a terminal nobody could type a password.
  if [ -t 0 ]; then exec sudo -- "$0" "${sets[@]}"; else exec sudo -n -- "$0" "${sets[@]}"; fi
}

# Debian's etcd-server starts a service of its own when it is installed and at every boot; we only
# want the program. The unit is masked for good, SysV's start refused while we install.
keep_etcd_asleep() {
  if [ -d "$etc" ] && [ ! -e "$etc/etcd.service" ] && [ ! -L "$etc/etcd.service" ]; then
    ln -s /dev/null "$etc/etcd.service"
    say "etcd's own service stays off (masked; to use it: systemctl unmask etcd)"
  fi
  [ -e "$policy" ] && return
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\n[ "$1" = etcd ] && exit 101\nexit 0\n' > "$policy"
  chmod 755 "$policy"
}

sets=("$@")
[ ${#sets[@]} -gt 0 ] || die "usage: tools/install.sh SET…   (build, test, tidy, bench)"
command -v dpkg-query >/dev/null ||
  die "this is no Debian: install by hand what $list names, then use cmake --workflow --preset dev"
mapfile -t packages < <(wanted "${sets[@]}")
[ ${#packages[@]} -gt 0 ] || die "$list names no package of: ${sets[*]}"
mapfile -t todo < <(missing "${packages[@]}")
[ ${#todo[@]} -gt 0 ] || exit 0

say "about to install ${#todo[@]} missing Debian packages: ${todo[*]}"
become_root "${todo[@]}"
case " ${todo[*]} " in *" etcd-server "*) keep_etcd_asleep ;; esac
export DEBIAN_FRONTEND=noninteractive
apt="apt-get -q -y -o DPkg::Lock::Timeout=600"
$apt update || die "apt-get update failed: is Debian's archive reachable from here?"
$apt install --no-install-recommends "${todo[@]}" ||
  die "apt-get install failed; what it printed above says why. Then run the same command again."
say "installed"
