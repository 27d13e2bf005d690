#!/usr/bin/env python3
"""Adds up the outcomes of `make test`.

Input: a table with one line per check: kind, exit code, seconds, log file, name, separated by tabs.
Output: one line per check, then exactly `N passed, N failed, N skipped`. Exit code 1 when anything failed.
A runner that exits non-zero without naming a failed test, or exits 0 without naming any result, counts as one failure.
"""
import re
import sys

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# cargo: "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s", one per test binary.
CARGO = re.compile(r"^test result: (?:ok|FAILED)\. (\d+) passed; (\d+) failed; (\d+) ignored;", re.M)
# node: "# pass 3" (TAP) or "ℹ pass 3" (spec), once for the whole run.
NODE = re.compile(r"^[#\u2139] (pass|fail|cancelled|skipped|todo) (\d+)\s*$", re.M)


def count(kind, code, text):
    """Returns (passed, failed, skipped) of one check."""
    if kind == "check":
        return (1, 0, 0) if code == 0 else (0, 1, 0)
    if kind == "step":
        return (0, 0, 0) if code == 0 else (0, 1, 0)
    if kind == "cargo":
        found = [tuple(map(int, groups)) for groups in CARGO.findall(text)]
        passed, failed, skipped = (sum(column) for column in zip(*found)) if found else (0, 0, 0)
    elif kind == "node":
        found = {word: int(number) for word, number in NODE.findall(text)}  # the last line of each word wins
        passed = found.get("pass", 0)
        failed = found.get("fail", 0) + found.get("cancelled", 0)
        skipped = found.get("skipped", 0) + found.get("todo", 0)
    else:
        raise ValueError(f"unknown kind {kind!r}")
    if failed == 0 and (code != 0 or not found):
        failed = 1
    return passed, failed, skipped


def main(table):
    total = [0, 0, 0]
    print()
    with open(table, encoding="utf-8") as lines:
        for line in lines:
            kind, code, seconds, log, name = line.rstrip("\n").split("\t", 4)
            with open(log, encoding="utf-8", errors="replace") as file:
                text = ANSI.sub("", file.read())
            counts = count(kind, int(code), text)
            total = [a + b for a, b in zip(total, counts)]
            word = "FAILED" if counts[1] else "ok"
            print(f"{word:6}  {seconds:>5} s  {name}: {counts[0]} passed, {counts[1]} failed, {counts[2]} skipped")
    print("{} passed, {} failed, {} skipped".format(*total))
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
