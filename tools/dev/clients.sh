#!/usr/bin/env bash
# Puts clients that speak HTTP/3 into a private folder outside the clone: curl and aioquic, as Debian sid has them.
#
#   tools/dev/clients.sh           fetch them if they are missing
#   tools/dev/clients.sh --prefix  print the folder and do nothing
#
# Debian 12 has neither. Their C library is newer than the system's, so all that they depend on is there too, and they are
# run with the folder's own loader (tests/e2e/support/clients.py).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/sid.sh"

packages=(curl python3-aioquic)
recipe=$(printf '%s\n' "${packages[@]}" "$(uname -m)" 1 | sha256sum | cut -c1-12)
prefix="$GATE_CACHE/clients-$recipe"

install_prefix() {
  local root="$work/unpacked"
  rm -rf "$root"/usr/share/{doc,man,locale,info,i18n,zoneinfo} "$root"/usr/lib/*/{gconv,perl-base} "$root/usr/lib/locale"
  # Only what is complete gets the name.
  rm -rf "$prefix"
  mv "$root" "$prefix"
}

if [[ ${1:-} == --prefix ]]; then
  echo "$prefix"
  exit 0
fi
[[ -x $prefix/usr/bin/curl ]] && exit 0

mkdir -p "$GATE_CACHE"
exec 9>"$GATE_CACHE/clients.lock"
flock 9
[[ -x $prefix/usr/bin/curl ]] && exit 0
work="$GATE_CACHE/work-$recipe"
mkdir -p "$work"
unpack_with_dependencies "HTTP/3 for curl and Python" "${packages[@]}"
install_prefix
rm -rf "$work"
