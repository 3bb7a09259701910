# Fetches packages of Debian sid without the system's apt learning of it. Sourced after common.sh; wants $work, a folder.
#
# Debian's apt does it, with its own signature checks, through a sources list and a state directory of our own.

suite=sid

# The first Debian archive that this machine's apt is configured for, as "URI<tab>keyring".
debian_archive() {
  apt-get indextargets 'Created-By: Packages' | awk -v RS= '
    /(^|\n)Origin: Debian\n/ && /(^|\n)Label: Debian(\n|$)/ || /(^|\n)Codename: bookworm\n/ {
      uri = keyring = ""
      count = split($0, lines, "\n")
      for (i = 1; i <= count; i++) {
        if (lines[i] ~ /^Repo-URI: /) uri = substr(lines[i], 11)
        if (lines[i] ~ /^Signed-By: /) keyring = substr(lines[i], 12)
      }
      print uri "\t" keyring
      exit
    }'
}

private_apt() {
  apt-get -o "Dir::Etc::sourcelist=$work/apt/sources.sources" -o Dir::Etc::sourceparts=- \
    -o Dir::Etc::preferences=- -o Dir::Etc::preferencesparts=- \
    -o "Dir::State=$work/apt/state" -o "Dir::State::status=$work/apt/state/status" -o "Dir::Cache=$work/apt/cache" \
    -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=root -o Acquire::Retries=3 \
    -o Dpkg::Use-Pty=0 -q "$@"
}

# usage: read_sid "what it is for"
# Leaves the private apt with the package list of $suite, and as if nothing were installed.
read_sid() {
  local what=$1 archive uri keyring
  archive=$(debian_archive)
  [[ -n $archive ]] || fail "this machine's apt knows no Debian archive, so $what cannot be fetched.
  fix:  install $what and put its prefix into CMAKE_PREFIX_PATH"
  IFS=$'\t' read -r uri keyring <<<"$archive"
  : "${keyring:=/usr/share/keyrings/debian-archive-keyring.gpg}"
  mkdir -p "$work/apt/state/lists/partial" "$work/apt/cache/archives/partial"
  : >"$work/apt/state/status"
  cat >"$work/apt/sources.sources" <<LIST
Types: deb
URIs: $uri
Suites: $suite
Components: main
Signed-By: $keyring
LIST
  step "reading the package list of Debian $suite (private, the system's apt is untouched)" "$work/apt-update.log" \
    private_apt update
}

# usage: unpack_packages FOLDER                             → $work/unpacked
unpack_packages() {
  local package
  rm -rf "$work/unpacking" "$work/unpacked"
  mkdir -p "$work/unpacking"
  for package in "$1"/*.deb; do dpkg-deb -x "$package" "$work/unpacking"; done
  mv "$work/unpacking" "$work/unpacked"
}

# usage: unpack_from_sid "what it is for" package...        → $work/unpacked
unpack_from_sid() {
  read_sid "$1"
  shift
  rm -rf "$work"/*.deb
  (cd "$work" && step "downloading $*" "$work/apt-download.log" private_apt download "$@")
  unpack_packages "$work"
}

# With all that the packages depend on, down to the C library; nothing is configured and no script of a package runs.
# usage: unpack_with_dependencies "what it is for" package...   → $work/unpacked
unpack_with_dependencies() {
  local what=$1
  shift
  # A mirror may be short of a version that sid's list names; the suites behind sid then have an older one.
  for suite in sid forky trixie; do
    rm -rf "$work/apt/cache/archives"
    (
      read_sid "$what"
      step "downloading $* and what they depend on, from Debian $suite" "$work/apt-download.log" \
        private_apt install --yes --download-only -o Debug::NoLocking=true -o APT::Install-Recommends=false "$@"
    ) || continue
    unpack_packages "$work/apt/cache/archives"
    return
  done
  fail "$what could not be fetched from any suite of Debian"
}
