#!/usr/bin/env bash
# Builds AWS-LC once into a private prefix outside the clone, from the source that Debian packages.
#
#   tools/dev/awslc.sh           build it if it is missing
#   tools/dev/awslc.sh --prefix  print the prefix and do nothing (CMake asks this)
#
# Debian has AWS-LC's source in librust-aws-lc-sys-dev, in the suite sid.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/sid.sh"

package=librust-aws-lc-sys-dev
c_flags="-O2 -DNDEBUG -fvisibility=hidden -std=gnu11"
cmake_flags=(-DCMAKE_BUILD_TYPE=None "-DCMAKE_C_FLAGS=$c_flags" "-DCMAKE_CXX_FLAGS=-O2 -DNDEBUG -fvisibility=hidden"
  -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DBUILD_SHARED_LIBS=OFF -DBUILD_TESTING=OFF -DBUILD_TOOL=OFF -DDISABLE_GO=ON
  -DDISABLE_PERL=ON -DCMAKE_INSTALL_LIBDIR=lib)

# The version is part of the folder's name; this link, keyed by how it was built, points at the current one.
recipe=$(printf '%s\n' "$package" "$suite" "${cmake_flags[@]}" "$(uname -m)" "$(cc -dumpfullversion 2>/dev/null || true)" |
  sha256sum | cut -c1-12)
prefix="$GATE_CACHE/aws-lc-$recipe"

build() {
  local source version target
  source=$(echo "$work"/unpacked/usr/share/cargo/registry/aws-lc-sys-*/aws-lc)
  [[ -f $source/CMakeLists.txt ]] || fail "$package holds no AWS-LC source where it used to be: $source"
  version=$(sed -n 's/^#define AWSLC_VERSION_NUMBER_STRING "\(.*\)"/\1/p' "$source/include/openssl/base.h")
  [[ -n $version ]] || fail "AWS-LC's version was not found in $source/include/openssl/base.h"
  target="$GATE_CACHE/aws-lc-$version-$recipe"
  step "configuring AWS-LC $version" "$work/configure.log" \
    cmake -S "$source" -B "$work/build" -G Ninja "${cmake_flags[@]}" "-DCMAKE_INSTALL_PREFIX=$target"
  step "building AWS-LC $version (about two minutes, once)" "$work/build.log" \
    ninja -C "$work/build" -j "$(jobs_wanted)" crypto ssl
  step "installing AWS-LC $version into $target" "$work/install.log" \
    env "DESTDIR=$work/stage" cmake --install "$work/build"
  # Only a finished build gets its name, so an interruption leaves nothing that looks complete.
  rm -rf "$target"
  mv "$work/stage$target" "$target"
  ln -sfn "$target" "$prefix.new"
  mv -T "$prefix.new" "$prefix"
}

if [[ ${1:-} == --prefix ]]; then
  echo "$prefix"
  exit 0
fi
[[ -f $prefix/lib/libssl.a ]] && exit 0

mkdir -p "$GATE_CACHE"
exec 9>"$GATE_CACHE/aws-lc.lock"
flock 9
[[ -f $prefix/lib/libssl.a ]] && exit 0
work="$GATE_CACHE/work-$recipe"
# An interrupted download or build is resumed; ninja and apt know how.
mkdir -p "$work"
[[ -d $work/unpacked/usr ]] || unpack_from_sid AWS-LC "$package"
build
rm -rf "$work"
