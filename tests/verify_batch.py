#!/usr/bin/env python3
"""Runs verify.py on many exports in one process, for the test that tampers with them.

Reads a JSON object a line: {"files": {name: text in latin-1}, "vkey", "old", "receipts": [text]}.
Answers each with a line: the codes of the checks that failed, as a JSON list.
"""
import functools
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import verify

# Most leaves are the same in all cases.
for name in ("parse", "commit", "draw"):
    setattr(verify, name, functools.lru_cache(50000)(getattr(verify, name)))


def main():
    for line in sys.stdin:
        case = json.loads(line)
        files = {name: text.encode("latin-1") for name, text in case["files"].items()}
        log = verify.Log(files.get, case["vkey"], case["old"], case["receipts"])
        print(json.dumps([sorted(log.bad), log.bad] if "--reasons" in sys.argv else sorted(log.bad)), flush=True)


if __name__ == "__main__":
    main()
