"""Each gate passes on good input and fails on bad input: a check that cannot fail is a defect."""

import json
import pathlib
import shutil
import subprocess

import pytest

TOOLS = pathlib.Path(__file__).resolve().parent.parent
ROOT = TOOLS.parent

LAYERS = """
0  base
1  conf                | json
2  tls                 | awslc
3  http
3  http/h1    http
3  http/h2    http
3  http/testing http
6  feature/*
7  app
"""


@pytest.fixture
def tree(tmp_path):
    """A made-up repository: tree(path=text, ...) writes files, tree.run(gate) gives (passed, output)."""

    class Tree:
        root = tmp_path

        def __call__(self, files):
            for name, text in files.items():
                path = tmp_path / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return self

        def run(self, gate):
            run = subprocess.run(
                ["/usr/bin/python3", TOOLS / gate, "--root", tmp_path],
                capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "XDG_CACHE_HOME": str(tmp_path / "cache")},
            )
            assert "Traceback" not in run.stderr, run.stderr
            return run.returncode == 0, run.stdout

    return Tree()


def passes(tree, gate, files):
    passed, output = tree(files).run(gate)
    assert passed, output


def fails(tree, gate, files, *expected):
    passed, output = tree(files).run(gate)
    assert not passed, "the gate let it pass"
    for text in expected:
        assert text in output


# --- layers


@pytest.mark.parametrize("path, include", [
    ("src/http/h1/a.cc", '"http/a.h"'),
    ("src/http/h1/a.cc", '"http/h1/b.h"'),
    ("src/http/a.cc", '"tls/a.h"'),
    ("src/tls/a.cc", "<openssl/ssl.h>"),
    ("src/feature/files/files_config.cc", '"conf/tree.h"'),
    ("src/feature/files/files.cc", "<vector>"),
    ("src/http/a_test.cc", '"http/testing/fake.h"'),
    ("src/http/h1/pair_for_test.h", '"http/testing/fake.h"'),
])
def test_layers_allow_what_lies_below(tree, path, include):
    passes(tree, "check_layers", {"tools/layers.txt": LAYERS, path: f"#include {include}\n"})


@pytest.mark.parametrize("path, include, complaint", [
    ("src/base/a.cc", '"http/a.h"', "base (layer 0) may not use http (layer 3)"),
    ("src/http/h1/a.cc", '"http/h2/a.h"', "may not use http/h2"),
    ("src/http/a.cc", '"http/h1/a.h"', "may not use http/h1"),
    ("src/feature/files/files.cc", '"feature/proxy/proxy.h"', "may not use feature/proxy"),
    ("src/feature/files/files.cc", '"conf/tree.h"', "only its *_config files"),
    ("src/feature/files/files.cc", '"app/app.h"', "may not use app"),
    ("src/http/a.cc", "<openssl/ssl.h>", "awslc is not among"),
    ("src/http/a.cc", '"http/testing/fake.h"', "is for tests alone"),
    ("src/base/a_test.cc", '"http/testing/fake.h"', "may not use"),
    ("src/http/a.cc", '"message.h"', 'as "http/message.h"'),
    ("src/http/a.cc", '"nowhere/a.h"', "has no row"),
    ("src/nowhere/a.cc", "<vector>", "has no row"),
])
def test_layers_refuse_what_lies_above_or_beside(tree, path, include, complaint):
    fails(tree, "check_layers", {"tools/layers.txt": LAYERS, path: f"// one\n#include {include}\n"}, path, complaint)


def test_layers_refuse_a_table_that_points_upward(tree):
    fails(tree, "check_layers", {"tools/layers.txt": "1 os loop\n1 loop\n"}, "os uses loop")


# --- sizes


def function(lines, head="int f(int x)"):
    return head + " {\n" + "  x += 1;\n" * (lines - 2) + "}\n"


@pytest.mark.parametrize("text", [
    function(70),
    "namespace a {\nnamespace {\n" + "int x;\n" * 90 + "}\n}\n",
    "struct A {\n" + "  int x() const { return 1; }\n" * 90 + "};\n",
    "constexpr int kTable[] = {\n" + "  1,\n" * 90 + "};\n",
    "// int f() {\n" * 90,
    "enum class Side : int {\n" + "  kA,\n" * 90 + "};\n",
])
def test_sizes_allow_short_functions_and_long_tables(tree, text):
    passes(tree, "check_sizes", {"src/a/a.cc": text})


@pytest.mark.parametrize("text, name", [
    (function(71), "f has 71 lines"),
    ("namespace a {\n" + function(71, "Result<int> A::f(int x) const noexcept") + "}\n", "A::f has 71"),
    ("struct A {\n" + function(71) + "};\n", "f has 71"),
    (function(71, "A::A(int x) : a_{x}, b_(x)"), "A::A has 71"),
    (function(71, "TEST(A, says_something)"), "TEST has 71"),
    (function(71, "auto f(std::string s = \"{\") -> int"), "f has 71"),
    ("int x;\n" * 501, "the file has 501 lines"),
])
def test_sizes_refuse_long_functions_and_files(tree, text, name):
    fails(tree, "check_sizes", {"src/a/a.cc": text}, name)


def test_sizes_allow_an_exception_with_a_reason(tree):
    passes(tree, "check_sizes", {"src/a/a.cc": function(71), "tools/sizes_allowed.txt": "src/a/a.cc f a table\n"})


@pytest.mark.parametrize("row, complaint", [
    ("src/a/a.cc f\n", "wants three things"),
    ("src/a/b.cc f a table\n", "not needed any more"),
])
def test_sizes_refuse_an_exception_without_reason_or_use(tree, row, complaint):
    fails(tree, "check_sizes", {"src/a/a.cc": function(70), "tools/sizes_allowed.txt": row}, complaint)


# --- words


@pytest.mark.parametrize("path, text", [
    ("src/http/a.cc", "A(const A&) = delete;"),
    ("src/http/a.cc", "// a new connection; memcpy; throw\nint x = 1'000'000;"),
    ("src/http/a.cc", 'auto s = "new delete throw";\nauto c = \'"\';\nauto r = R"(throw " new)";'),
    ("src/base/a.cc", "std::memcpy(a, b, 3);"),
    ("src/tls/a.cc", "std::shared_ptr<const Plan> p = std::make_shared<const Plan>();"),
    ("src/app/a.cc", "std::mutex m; std::shared_ptr<int> p;"),
    ("src/http/a.cc", "int renewal, asleep, new_size;"),
])
def test_words_allow(tree, path, text):
    passes(tree, "check_words", {path: text + "\n"})


@pytest.mark.parametrize("path, text", [
    ("src/http/a.cc", "auto* p = new int;"),
    ("src/http/a.cc", "delete p;"),
    ("src/http/a.cc", "std::memcpy(a, b, 3);"),
    ("src/http/a.cc", "memset(&a, 0, sizeof a);"),
    ("src/http/a.cc", "int n = atoi(s);"),
    ("src/http/a.cc", "auto n = std::strtoul(s, nullptr, 10);"),
    ("src/http/a.cc", "throw 1;"),
    ("src/http/a.cc", "std::mutex m;"),
    ("src/http/a.cc", "std::lock_guard lock(m);"),
    ("src/app/a.cc", "std::this_thread::sleep_for(1s);"),
    ("src/http/a.cc", "std::shared_ptr<int> p;"),
    ("src/http/a.cc", "// TODO: finish"),
    ("fuzz/a.cc", "auto* p = new int;"),
])
def test_words_refuse(tree, path, text):
    fails(tree, "check_words", {path: "int x;\n" + text + "\n"}, f"{path}:2:")


def test_words_allow_an_exception_with_a_reason_and_refuse_a_stale_one(tree):
    rows = {"tools/words_allowed.txt": "src/a/a.cc new the C library frees it\n"}
    passes(tree, "check_words", {"src/a/a.cc": "auto* p = new int;\n", **rows})
    fails(tree, "check_words", {"src/a/a.cc": "int x;\n", **rows}, "not needed any more")


# --- wires


def logic(*names):
    return "".join(f"  if ({name}) return {name}();  // why\n\n" for name in names)


SIX = ("a", "b", "c", "d", "e", "f")


@pytest.mark.parametrize("one, two", [
    (logic(*SIX), logic(*SIX[:5], "x", "f")),  # five, and then another
    (logic(*SIX), logic(*reversed(SIX))),
    ("#include <a>\n" * 9, "#include <a>\n" * 9),
    ("// the same words\n" * 9 + "/* and\nso\non\n*/\n", "// the same words\n" * 9),
    ("}\n" * 9, "}\n" * 9),
    ("  void f() override;\n" * 9, "  void f() override;\n" * 9),
])
def test_wires_may_be_alike_up_to_a_point(tree, one, two):
    passes(tree, "check_wires", {"src/http/h1/a.cc": one, "src/http/h2/b.cc": two})


@pytest.mark.parametrize("one, two", [
    ("src/http/h1/a.cc", "src/http/h2/b.cc"),
    ("src/http/h1/a.h", "src/http/h3/b.cc"),
    ("src/http/h2/a.cc", "src/http/h3/a.cc"),
])
def test_wires_may_not_hold_the_same_logic(tree, one, two):
    other = "int other;\n" + logic(*SIX).replace("  ", "\t").replace("why", "another comment")
    fails(tree, "check_wires", {one: logic(*SIX), two: other}, f"{one}:1: 6 lines that stand at {two}:2 too")


def test_wires_tests_and_other_folders_may_repeat_themselves(tree):
    passes(tree, "check_wires", {"src/http/h1/a.cc": logic(*SIX) * 2, "src/http/h2/b_test.cc": logic(*SIX),
                                 "src/http/h2/c_for_test.h": logic(*SIX), "src/http/d.cc": logic(*SIX)})


# --- features and error codes


FEATURE = {f"src/feature/files/files{end}": "something\n"
           for end in (".h", ".cc", "_config.h", "_config.cc", "_test.cc", ".md")}


def test_features_with_all_their_parts_pass(tree):
    passes(tree, "check_features", FEATURE)


@pytest.mark.parametrize("left_out", sorted(FEATURE))
def test_a_feature_that_lacks_a_part_fails(tree, left_out):
    fails(tree, "check_features", {**FEATURE, left_out: ""}, pathlib.Path(left_out).name)


CODES = "inline constexpr base::ErrorCode kBadName{142};\n"


def test_error_codes_with_a_paragraph_pass(tree):
    passes(tree, "check_errors", {"src/a/codes.h": CODES, "docs/errors.md": "## G0142: a bad name\n"})


@pytest.mark.parametrize("files, complaint", [
    ({"src/a/codes.h": CODES}, "G0142 has no paragraph"),
    ({"src/a/codes.h": CODES, "src/b/codes.h": CODES, "docs/errors.md": "## G0142\n"}, "G0142 is taken"),
    ({"src/a/codes.h": CODES, "docs/errors.md": "## G0142\n\n## G0143\n"}, "no source defines G0143"),
])
def test_error_codes_without_paragraph_or_twice_fail(tree, files, complaint):
    fails(tree, "check_errors", files, complaint)


# --- what runs a compiler


def with_commands(tree, files):
    """The files, and the compile commands that the preset clang would have."""
    commands = [
        {"directory": str(tree.root), "file": str(tree.root / name),
         "command": f"ccache clang++-19 -I{tree.root}/src -std=c++23 -Wall -Wextra -Werror -o x.o -c {tree.root / name}"}
        for name in files if name.endswith(".cc")
    ]
    tree({"build/clang/compile_commands.json": json.dumps(commands)})
    shutil.copy(ROOT / ".clang-tidy", tree.root / ".clang-tidy")
    return files


GOOD_HEADER = "#pragma once\n#include <string>\nnamespace gate {\nstd::string name();\n}\n"
GOOD_SOURCE = '#include "a/a.h"\nnamespace gate {\nstd::string name() { return "a"; }\n}\n'


def test_headers_that_compile_alone_pass(tree):
    passes(tree, "check_headers", with_commands(tree, {"src/a/a.h": GOOD_HEADER, "src/a/b.h": GOOD_HEADER,
                                                       "src/a/a.cc": GOOD_SOURCE}))


@pytest.mark.parametrize("header", ["src/a/a.h", "src/a/b.h"])
def test_a_header_that_leans_on_another_fails(tree, header):
    files = {"src/a/a.h": GOOD_HEADER, "src/a/a.cc": "#include <string>\n" + GOOD_SOURCE}
    files[header] = GOOD_HEADER.replace("#include <string>\n", "")
    fails(tree, "check_headers", with_commands(tree, files), header)


def test_tidy_passes_on_good_code_and_remembers_it(tree):
    files = with_commands(tree, {"src/a/a.h": GOOD_HEADER, "src/a/a.cc": GOOD_SOURCE})
    _, first = tree(files).run("check_tidy")
    passed, second = tree.run("check_tidy")
    assert passed and "1 of 1 checked anew" in first and "checked anew" not in second


@pytest.mark.parametrize("name, line, complaint", [
    ("src/a/a.cc", "std::string Shout() { return name(); }", "readability-identifier-naming"),
    ("src/a/a.cc", "bool b() { return name().size() == 0; }", "readability-container-size-empty"),
    ("src/a/a.cc", "void g(int unused) {}", "unused parameter"),
    ("src/a/a_test.cc", "void g(int unused) {}", "unused parameter"),
    ("src/a/a.cc", "void g() { missing(); }", "missing"),
])
def test_tidy_fails_on_findings_warnings_and_errors(tree, name, line, complaint):
    files = {"src/a/a.h": GOOD_HEADER, "src/a/a.cc": GOOD_SOURCE, "src/a/a_test.cc": GOOD_SOURCE}
    files[name] = GOOD_SOURCE.replace("name() {", "name() {", 1).replace("\n}\n", f"\n{line}\n}}\n")
    fails(tree, "check_tidy", with_commands(tree, files), complaint, f"{name}:4:")


def source(name, *lines):
    return GOOD_SOURCE.replace("name()", f"{name}()").replace("\n}\n", "".join(f"\n{line}" for line in lines) + "\n}\n")


@pytest.mark.parametrize("own", [
    "namespace {\nint helper() { return 1; }\n}  // namespace\nint use_NAME() { return helper(); }",
    "static int helper() { return 1; }\nint use_NAME() { return helper(); }",  # not seen to be private
])
def test_sources_that_cannot_be_compiled_as_one_are_checked_alone(tree, own):
    files = {"src/a/a.h": GOOD_HEADER}
    files |= {f"src/a/{name}.cc": source(name, own.replace("NAME", name)) for name in "abc"}
    passes(tree, "check_tidy", with_commands(tree, files))


def test_tidy_names_the_guilty_of_a_batch(tree):
    files = {"src/a/a.h": GOOD_HEADER} | {f"src/a/{name}.cc": source(name) for name in "abcd"}
    files["src/a/c.cc"] = source("c", "std::string Shout() { return c(); }")
    fails(tree, "check_tidy", with_commands(tree, files), "checked anew", "\nsrc/a/c.cc:4: invalid case style")


def test_a_change_in_a_header_is_checked_anew(tree):
    files = with_commands(tree, {"src/a/a.h": GOOD_HEADER, "src/a/a.cc": GOOD_SOURCE})
    passes(tree, "check_tidy", files)
    fails(tree, "check_tidy", {"src/a/a.h": GOOD_HEADER.replace("namespace gate {", "namespace gate {\nint Shout();")},
          "Shout")


def test_format_passes_on_formatted_code_and_fails_on_other(tree):
    shutil.copy(ROOT / ".clang-format", tree.root / ".clang-format")
    subprocess.run(["git", "init", "-q", tree.root], check=True)
    passes(tree, "check_format", {"src/a.cc": "int f(int x) { return x; }\n"})
    fails(tree, "check_format", {"src/b.cc": "int f( int x ){return x;}\n"}, "src/b.cc:1: not formatted")


# --- the sum of all tests


def count(root):
    run = subprocess.run(["/usr/bin/python3", TOOLS / "count_results", root], capture_output=True, text=True)
    return run.returncode, run.stdout.splitlines()[-1]


def suite(*cases):
    return f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>"


GOOD = '<testcase name="a" classname="A" status="run"/>'
BAD = '<testcase name="b" classname="A" status="run"><failure/></testcase>'
SKIPPED = '<testcase name="c" classname="A"><skipped/></testcase>'


@pytest.mark.parametrize("files, expected", [
    ({"unit/test_a.xml": suite(GOOD, GOOD)}, (0, "2 passed, 0 failed")),
    ({"unit/test_a.xml": suite(GOOD, SKIPPED)}, (0, "1 passed, 0 failed, 1 skipped")),
    ({"unit/test_a.xml": suite(GOOD), "e2e.xml": suite(BAD)}, (1, "1 passed, 1 failed")),
    ({"unit/ctest.xml": suite('<testcase name="a"/>'), "unit/test_a.xml": suite(GOOD)}, (0, "1 passed, 0 failed")),
    ({"unit/ctest.xml": suite('<testcase name="http/h1"><failure/></testcase>')}, (1, "0 passed, 1 failed")),
    ({"unit/ctest.xml": suite('<testcase name="a"><failure/></testcase>'), "unit/test_a.xml": suite(BAD)},
     (1, "0 passed, 1 failed")),
    ({"unit/ctest.xml": suite()}, (1, "0 passed, 0 failed")),
])
def test_results_are_added_up(tree, files, expected):
    tree(files)
    assert count(tree.root) == expected
