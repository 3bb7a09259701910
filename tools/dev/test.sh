# ./dev test. Sourced by ./dev.

# Results of every runner end up in one folder as JUnit files; count_results adds them up.
results=build/test-results

run_unit() { # preset label
  local preset=$1 label=$2 out=$PWD/$results/$2
  mkdir -p "$out"
  build "$preset"
  say "unit tests ($label)"
  GTEST_BRIEF=1 GTEST_OUTPUT="xml:$out/" GTEST_FILTER="*$filter*" \
    ctest --test-dir "build/$preset" -j "$(jobs_wanted)" --output-on-failure --output-junit "$out/ctest.xml" \
    --no-tests=ignore >&2 || failed=1
}

run_e2e() { # preset label [target]
  local preset=$1 label=$2 bars=${3:-} status=0
  [[ -d tests/e2e ]] || return 0
  mkdir -p "$results"
  build "$preset" gate443 ${bars:+"$bars"}
  say "end-to-end tests ($label)"
  GATE443_BINARY="$PWD/build/$preset/gate443" GATE443_NODE_MODULES="$GATE_CACHE/node/node_modules" \
    "$GATE_PYTHON" -m pytest tests -q -ra -p no:cacheprovider --color=auto --junitxml="$results/$label.xml" \
    ${filter:+-k "$filter"} >&2 || status=$?
  # 5: the filter left no test, which is for the sum of all runners to judge.
  ((status == 0 || status == 5)) || failed=1
}

cmd_test() {
  local kind=all filter='' sanitizers='' failed=0
  while (($#)); do
    case $1 in
      unit | e2e) kind=$1 ;;
      --filter) filter=${2:?--filter wants a word} && shift ;;
      --sanitizers) sanitizers=1 ;;
      *) fail "./dev test knows unit, e2e, --filter WORD and --sanitizers; not \"$1\"" ;;
    esac
    shift
  done
  tools/dev/setup.sh serve test ${sanitizers:+sanitize}
  rm -rf "$results"
  if [[ -n $sanitizers ]]; then
    export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1
    export UBSAN_OPTIONS=print_stacktrace=1
    export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1"
    export GATE443_PATIENCE=5
    for preset in asan tsan; do
      [[ $kind == e2e ]] || run_unit "$preset" "unit-$preset"
      [[ $kind == unit ]] || run_e2e "$preset" "e2e-$preset"
    done
  else
    [[ $kind == e2e ]] || run_unit debug unit
    [[ $kind == unit ]] || run_e2e release e2e bars
  fi
  "$GATE_PYTHON" tools/count_results "$results" || failed=1
  return "$failed"
}
