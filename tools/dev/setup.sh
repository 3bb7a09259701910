#!/usr/bin/env bash
# Installs what is missing for the purposes named (serve, test, sanitize, lint, bench or all) and nothing else.
# Says what it is about to install first. Run again, it ends in under a second; interrupted, it resumes.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# Versions that run on Debian 12's own Node 18.
node_packages=(playwright-core@1.55.1 undici@6.29.1 ws@8.18.3)
node_prefix="$GATE_CACHE/node"

installed() { # package [command]
  if [[ -n ${2:-} ]] && command -v "$2" >/dev/null; then return 0; fi
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

missing_packages() { # purpose...
  local purpose package command wanted=" $* "
  while read -r purpose package command; do
    [[ -z $purpose || $purpose == \#* || $wanted != *" $purpose "* ]] && continue
    installed "$package" "$command" || echo "$package"
  done <"$here/packages.txt" | sort -u
}

as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

apt() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 \
    -o Dpkg::Use-Pty=0 "$@"
}

# Debian starts the services that it installs. The benchmark wants nginx and HAProxy as programs, not on port 80.
install_without_starting() {
  local policy=/usr/sbin/policy-rc.d
  if [[ -e $policy ]]; then
    apt install --no-install-recommends "$@"
    return
  fi
  # shellcheck disable=SC2064  # the path is meant to be expanded now
  trap "as_root rm -f $policy" EXIT
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod +x "$policy"
  apt install --no-install-recommends "$@"
  as_root rm -f "$policy"
  trap - EXIT
}

install_packages() {
  local packages
  mapfile -t packages < <(missing_packages "$@")
  ((${#packages[@]})) || return 0
  if ! command -v apt-get >/dev/null; then
    fail "setup knows Debian's packages only. These, or their like, are needed: ${packages[*]}"
  fi
  if ((EUID != 0)) && ! command -v sudo >/dev/null; then
    fail "packages are missing, and this user is neither root nor has sudo
  fix:  as root: apt-get install --no-install-recommends ${packages[*]}"
  fi
  say "about to install ${#packages[@]} packages of the distribution and what they depend on:"
  printf '%s\n' "${packages[@]}" | paste -sd ' ' | fold -s -w 100 | sed 's/^/      /' >&2
  mkdir -p "$GATE_CACHE"
  # An installation that was interrupted leaves packages half configured, and apt then refuses every other.
  if [[ -n $(dpkg --audit) ]]; then
    step "finishing an interrupted installation" "$GATE_CACHE/dpkg.log" as_root dpkg --configure -a
  fi
  step "reading the package lists" "$GATE_CACHE/apt-update.log" apt update
  step "installing ${#packages[@]} packages" "$GATE_CACHE/apt-install.log" install_without_starting "${packages[@]}"
}

install_node_packages() {
  local stamp="$node_prefix/.installed"
  [[ -f $stamp && $(<"$stamp") == "${node_packages[*]}" ]] && return 0
  mkdir -p "$node_prefix"
  step "installing ${node_packages[*]} from npm into $node_prefix" "$GATE_CACHE/npm.log" \
    env PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm install --no-audit --no-fund --no-save --prefix "$node_prefix" \
    "${node_packages[@]}"
  echo "${node_packages[*]}" >"$stamp"
}

purposes=("$@")
((${#purposes[@]})) || purposes=(serve)
for purpose in "${purposes[@]}"; do
  case $purpose in
    serve | test | sanitize | lint | bench) ;;
    all) purposes=(serve test sanitize lint bench) ;;
    *) fail "setup knows serve, test, sanitize, lint, bench and all; not \"$purpose\"" ;;
  esac
done

install_packages "${purposes[@]}"
"$here/awslc.sh"
"$here/quic.sh"
if [[ " ${purposes[*]} " == *" test "* ]]; then
  install_node_packages
  "$here/clients.sh"
fi
