# Shared by ./dev and the scripts in tools/dev. Sourced, never run.

GATE_CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/gate443"
# Debian's own interpreter: a version manager's shim earlier on PATH has none of the packages that setup installs.
GATE_PYTHON=/usr/bin/python3

# The colour of a terminal belongs on a terminal only (https://no-color.org).
if [[ -t 2 && -z "${NO_COLOR:-}" ]]; then
  GATE_BOLD=$'\e[1m' GATE_RED=$'\e[31m' GATE_PLAIN=$'\e[0m'
else
  GATE_BOLD='' GATE_RED='' GATE_PLAIN=''
fi

say() { printf '%s==>%s %s\n' "$GATE_BOLD" "$GATE_PLAIN" "$*" >&2; }
fail() { printf '%serror:%s %s\n' "$GATE_RED" "$GATE_PLAIN" "$*" >&2; exit 3; }

# Compilers need about 1.5 GB each for the heaviest files; GATE_JOBS overrides.
jobs_wanted() { echo "${GATE_JOBS:-$(nproc)}"; }

# Runs a command quietly, shows its log only when it fails, and says how long it took.
# usage: step "what is being done" logfile command...
step() {
  local what=$1 log=$2 start=$SECONDS
  shift 2
  say "$what"
  if ! "$@" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    fail "$what failed; the whole log is $log"
  fi
  say "$what: done in $((SECONDS - start)) s"
}
