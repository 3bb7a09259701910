#!/usr/bin/env bash
# Puts ngtcp2 and nghttp3 into a private prefix outside the clone: headers and static archives, as Debian sid builds them.
#
#   tools/dev/quic.sh           fetch them if they are missing
#   tools/dev/quic.sh --prefix  print the prefix and do nothing (CMake asks this)
#
# Debian 12's own are years older and lack what the server needs. The archives ask nothing of the C library that Debian 12
# does not have; a build that finds otherwise fails at the link.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/sid.sh"

packages=(libngtcp2-dev libnghttp3-dev)
recipe=$(printf '%s\n' "${packages[@]}" "$suite" "$(uname -m)" 1 | sha256sum | cut -c1-12)
prefix="$GATE_CACHE/quic-$recipe"

install_prefix() {
  local stage="$work/stage" archive
  rm -rf "$stage"
  mkdir -p "$stage/lib"
  cp -r "$work/unpacked/usr/include" "$stage/include"
  for archive in libngtcp2.a libnghttp3.a; do
    cp "$(find "$work/unpacked/usr/lib" -name "$archive" | grep .)" "$stage/lib/"
  done
  # Only what is complete gets the name.
  rm -rf "$prefix"
  mv "$stage" "$prefix"
}

if [[ ${1:-} == --prefix ]]; then
  echo "$prefix"
  exit 0
fi
[[ -f $prefix/lib/libnghttp3.a ]] && exit 0

mkdir -p "$GATE_CACHE"
exec 9>"$GATE_CACHE/quic.lock"
flock 9
[[ -f $prefix/lib/libnghttp3.a ]] && exit 0
work="$GATE_CACHE/work-$recipe"
mkdir -p "$work"
unpack_from_sid "ngtcp2 and nghttp3" "${packages[@]}"
install_prefix
rm -rf "$work"
