#!/usr/bin/env python3
"""Writes vectors.json: leaves, commitments, draws and proofs of the journal, from the description in README.md alone.

Needs nothing but Python's standard library; ChaCha20 (RFC 8439, but with a 64-bit counter, which stays 0 here) is written out below.
`make_vectors.py` writes the file beside itself; `make_vectors.py --check` says whether the file is what would be written.
"""
import hashlib
import hmac
import json
import pathlib
import struct
import sys

FILE = pathlib.Path(__file__).with_name("vectors.json")
MASK = 2**32 - 1


def rotated(value, by):
    return (value << by | value >> 32 - by) & MASK


def quarter(state, a, b, c, d):
    for one, two, three, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        state[one] = (state[one] + state[two]) & MASK
        state[three] = rotated(state[three] ^ state[one], by)


def chacha20(key, blocks=4):
    """The keystream of a key, counter and nonce 0."""
    stream = b""
    for counter in range(blocks):
        start = [*struct.unpack("<4I", b"expand 32-byte k"), *struct.unpack("<8I", key), counter, 0, 0, 0]
        state = list(start)
        for _ in range(10):
            for columns in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15), (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
                quarter(state, *columns)
        stream += struct.pack("<16I", *((one + other) & MASK for one, other in zip(state, start)))
    return stream


def mac(key, *parts):
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def model(number):
    return f"{number:032x}"


def random(label):
    """Bytes that look random and follow from a word."""
    return hashlib.sha256(label.encode()).digest()


RULES = {"normaliser": "1", "cap_votes": 20, "cap_ten_thousandths": 25, "uncounted": ["leak"], "void_hours": 24, "reveal_hours": 25}


def policy(models, pairs):
    return {"v": 1, "rules": RULES, "models": [model(number) for number in models], "pairs": pairs}


POLICIES = [
    policy([1, 2, 3, 4], [[0, 1, 1], [0, 2, 5], [1, 3, 10], [2, 3, 7]]),
    policy([5, 6], [[0, 1, 1]]),
    policy(range(10, 15), [[i, j, 2**32 - 1 - i] for i in range(5) for j in range(i + 1, 5)]),
    policy([1, 2, 3], [[0, 1, 3], [0, 2, 4294967291], [1, 2, 2147483648]]),
]


def draw(key, number, nonce, rules, out):
    place = struct.pack(">Q", number)
    battle = mac(key, b"arena/battle/v1\n", place, nonce)[:16]
    seed = mac(key, b"arena/draw/v1\n", place, battle, nonce)
    words = list(struct.unpack("<32Q", chacha20(seed)))
    used = iter(words)
    lots = [(rules["models"][i], rules["models"][j], weight) for i, j, weight in rules["pairs"]]
    lots = [lot for lot in lots if lot[0] not in out and lot[1] not in out]
    total = sum(lot[2] for lot in lots)
    word = next(used)
    while word >= 2**64 - 2**64 % total:
        word = next(used)
    ticket = rest = word % total
    for one, other, weight in lots:
        if rest < weight:
            break
        rest -= weight
    left, right = (one, other) if next(used) & 1 == 0 else (other, one)
    seeds = next(used)
    return {
        "key": key.hex(), "number": number, "nonce": nonce.hex(), "policy": compact(rules), "out": out, "total": total,
        "battle": battle.hex(), "stream_key": seed.hex(), "words": [f"{word:016x}" for word in words[:4]], "ticket": ticket,
        "left": left, "right": right, "seeds": [seeds & MASK, seeds >> 32],
    }


def draws():
    found = []
    for place, rules in enumerate(POLICIES):
        for number in (0, 1, 2, 255, 2**40 + 3):
            nonce = b"" if number == 1 else random(f"nonce {place} {number}")[:16]
            out = [rules["models"][-1]] if number == 2 and len(rules["models"]) > 2 else []
            found.append(draw(random(f"key {place}"), number, nonce, rules, out))
    return found


def commit(domain, opening, payload):
    return {"domain": domain, "opening": opening.hex(), "payload": payload, "commitment": mac(opening, domain.encode(), b"\n", payload.encode()).hex()}


def reveal():
    return compact({
        "v": 1, "b": random("battle").hex()[:32], "l": model(2), "r": model(1), "lg": random("file").hex(), "rg": "", "samp": random("sampling").hex(),
        "seed": [0, 2**32 - 1], "st": [0, 1], "out": [model(3), model(4)], "cn": random("nonce").hex()[:32], "pc": random("question").hex(),
    })


def commitments():
    return [
        commit("arena/assign/v1", random("opening"), reveal()), commit("arena/epoch/v1", random("key 0"), "2026-11-30"),
        commit("arena/content/v1/q", random("salt q"), "Why is the sky blue?"), commit("arena/content/v1/p", random("salt p"), compact(["Why?", "And at night?"])),
        commit("arena/content/v1/l", random("salt l"), compact(["Because \"Rayleigh\" \\ \n é 漢 😀"])), commit("arena/content/v1/r", random("salt r"), ""),
    ]


def leaves():
    t, battle, digest = 1795996800, random("battle").hex()[:32], lambda label: random(label).hex()
    opened = {"n": digest("opening"), "rev": reveal()}
    return [compact({"k": kind, **fields, "t": t + 60 * at}) for at, (kind, fields) in enumerate([
        ("genesis", {"v": 1, "origin": "arena.example/test/log/1", "vkey": "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"}),
        ("policy", {"sha256": hashlib.sha256(compact(POLICIES[0]).encode()).hexdigest()}),
        ("model", {"id": model(1), "name": "A \"model\" \\ \t\n\b\f\r\x01\x1f\x7f / é 漢 😀 \u2028", "lab": "", "gguf": "", "tmpl": "", "samp": digest("sampling"), "state": "public"}),
        ("model", {"id": model(2), "name": "Zwei", "lab": "Labor", "gguf": digest("file"), "tmpl": digest("template"), "samp": digest("sampling"), "state": "quarantined"}),
        ("epoch", {"e": "2026-11-30", "c": commit("arena/epoch/v1", random("key 0"), "2026-11-30")["commitment"]}),
        ("assign", {"b": battle, "e": "2026-11-30", "i": 0, "c": commit("arena/assign/v1", random("opening"), reveal())["commitment"]}),
        ("vote", {"b": battle, "a": 5, "o": "tie", **opened, "c": {"l": digest("left"), "r": digest("right")}, "f": [], "g": "anonymous", "w": digest("voter")[:32]}),
        ("vote", {"b": battle, "a": 2**53 - 1, "o": "good", **opened, "c": {"l": digest("left"), "p": digest("all"), "r": digest("right")}, "f": ["leak", "dwell"],
                  "g": "invited", "w": digest("voter")[:32], "q": "mt-bench/1/Fräge \"81\""}),
        ("void", {"b": battle, "a": 5, "why": "interrupted", **opened}),
        ("exclude", {"i": 6, "rule": "by hand"}), ("include", {"i": 6, "rule": "appeal"}),
        ("redact", {"i": 5, "what": ["p", "l", "r"], "why": "asked for"}),
        ("epoch_reveal", {"e": "2026-11-30", "key": digest("key 0")}),
        ("snapshot", {"n": 13, "cfg": digest("settings"), "res": digest("board")}),
    ])]


def leaf_hash(data):
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def split(size):
    """The largest power of two below a size."""
    return 1 << (size - 1).bit_length() - 1


def root(hashes):
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    half = split(len(hashes))
    return node_hash(root(hashes[:half]), root(hashes[half:]))


def inclusion(index, hashes):
    """PATH of RFC 6962, 2.1.1."""
    if len(hashes) == 1:
        return []
    half = split(len(hashes))
    if index < half:
        return inclusion(index, hashes[:half]) + [root(hashes[half:])]
    return inclusion(index - half, hashes[half:]) + [root(hashes[:half])]


def consistency(old, hashes, whole=True):
    """SUBPROOF of RFC 6962, 2.1.2."""
    if old == len(hashes):
        return [] if whole else [root(hashes)]
    half = split(len(hashes))
    if old <= half:
        return consistency(old, hashes[:half], whole) + [root(hashes[half:])]
    return consistency(old - half, hashes[half:], False) + [root(hashes[:half])]


def tree(lines):
    hashes = [leaf_hash(line.encode()) for line in lines]
    text = lambda path: [step.hex() for step in path]
    sizes = range(1, len(hashes) + 1)
    return {
        "leaf_hashes": text(hashes), "roots": [root(hashes[:size]).hex() for size in range(len(hashes) + 1)],
        "inclusion": [{"index": index, "size": size, "path": text(inclusion(index, hashes[:size]))} for size in sizes for index in range(size)],
        "consistency": [{"old": old, "size": size, "path": text(consistency(old, hashes[:size]))} for size in sizes for old in range(1, size + 1)],
    }


def main():
    # RFC 8439, 2.3.2 has another counter and nonce; the first block of the zero key is in its appendix A.1, test vector 1.
    assert chacha20(bytes(32), 1).hex().startswith("76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7")
    lines = leaves()
    vectors = {"leaves": lines, "commitments": commitments(), "draws": draws(), "tree": tree(lines)}
    text = json.dumps(vectors, ensure_ascii=False, indent=1) + "\n"
    if "--check" in sys.argv:
        sys.exit(FILE.read_text(encoding="utf-8") != text)
    FILE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
