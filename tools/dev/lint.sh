# ./dev lint. Sourced by ./dev.

# The quick ones first. g++'s warnings as errors are the build's own; clang's come with tidy.
lint_gates=(format layers sizes words wires features errors headers tidy gates)

run_gate() {
  case $1 in
    gates) "$GATE_PYTHON" -m pytest tools/tests -q -p no:cacheprovider --color=auto >&2 ;;
    *) "$GATE_PYTHON" "tools/check_$1" >&2 ;;
  esac
}

cmd_lint() {
  local wanted=("$@") gate passed=0 failed=() start
  ((${#wanted[@]})) || wanted=("${lint_gates[@]}")
  for gate in "${wanted[@]}"; do
    [[ " ${lint_gates[*]} " == *" $gate "* ]] || fail "there is no gate \"$gate\"; there are: ${lint_gates[*]}"
  done
  tools/dev/setup.sh serve lint
  mkdir -p build
  # Always anew: the gates read compile_commands.json, which knows only the files of the last configuration.
  step "configuring clang" build/clang-configure.log cmake --preset clang
  for gate in "${wanted[@]}"; do
    start=$SECONDS
    if run_gate "$gate"; then
      passed=$((passed + 1))
      say "$gate: fine ($((SECONDS - start)) s)"
    else
      failed+=("$gate")
      say "$gate: FAILED ($((SECONDS - start)) s)"
    fi
  done
  ((${#failed[@]} == 0)) || say "failed gates: ${failed[*]}"
  echo "gates: $passed passed, ${#failed[@]} failed"
  ((${#failed[@]} == 0))
}
