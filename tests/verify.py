#!/usr/bin/env python3
"""Checks an export of the journal: a second reading of the format and of the ten checks in src/arena-core/src/journal/verify/mod.rs.
verify.py DIR [--vkey KEY] [--old CHECKPOINT] [--receipts FILE]... ends with 0, the code of the lowest failed check (10-19), or 2.
Boards (17) are recounted, not refitted: counts, outcomes and digests are compared, ratings are not. Needs the package cryptography."""
import argparse, base64, contextlib, datetime, hashlib, hmac, json, os, re, sys
from collections import Counter
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
CHECKS = "checkpoint root consistency grammar openings epochs sums boards texts receipts".split()
HOUR, DAY, ROW = 3600, 86400, "name lab state wins losses ties both_bad".split()
OUTCOMES = {"l": ("wins", "losses"), "r": ("losses", "wins"), "tie": ("ties", "ties"), "good": ("ties", "ties"), "bad": ("both_bad", "both_bad")}
# The one form of a leaf is so strict that it is a regular expression: these fields, in this order; those with ? may be missing.
TYPES = {"string": r'"(?:[^"\\\x00-\x1f]|\\["\\bfnrt]|\\u00(?:0[0-7bef]|1[0-9a-f]))*"', "int": "(?:0|[1-9][0-9]{0,15})", "1": "1",
         "id": '"[0-9a-f]{32}"', "digest": '"[0-9a-f]{64}"', "file": '"(?:[0-9a-f]{64})?"', "nonce": '"(?:[0-9a-f]{32})?"',
         "day": '"[0-9]{4}-[0-9]{2}-[0-9]{2}"', "state": '"(?:private|public|retired|quarantined)"', "tier": '"(?:anonymous|registered|invited)"',
         "choice": '"(?:l|r|tie|bad|good)"', "why": '"(?:abandoned|error|timeout|leak|skipped|interrupted)"',
         "flags": r'\[(?:"leak"|"dwell"|"repeat"|"leak","dwell"|"leak","repeat"|"dwell","repeat"|"leak","dwell","repeat")?\]', "parts": r'\[(?:"p"|"l"|"r"|"p","l"|"p","r"|"l","r"|"p","l","r")\]',
         "texts": '{"l":"[0-9a-f]{64}"(?:,"p":"[0-9a-f]{64}")?,"r":"[0-9a-f]{64}"}', "bits": r"\[[01],[01]\]",
         "two": r"\[(?:0|[1-9][0-9]{0,9}),(?:0|[1-9][0-9]{0,9})\]", "ids": r'\[(?:"[0-9a-f]{32}"(?:,(?="))?)*\]'}
def form(fields):
    pairs = [field.split(":") for field in fields.split()]
    return "".join(f'(?:,"{name[:-1]}":{TYPES[kind]})?' if name[-1] == "?" else f',"{name}":{TYPES[kind]}' for name, kind in pairs)
REVEAL = re.compile("{" + form("v:1 b:id l:id r:id lg:file rg:file samp:digest seed:two st:bits out:ids cn:nonce pc:digest")[1:] + "}")
LEAF = re.compile("|".join(f'{{"k":"{kind}"{form(fields)}}}' for kind, fields in (part.split(" ", 1) for part in re.split("; |\n", """\
genesis v:1 origin:string vkey:string t:int prev?:string; policy sha256:digest t:int; epoch e:day c:digest t:int; epoch_reveal e:day key:digest t:int
model id:id name:string lab:string gguf:file tmpl:file samp:digest state:state t:int; assign b:id e:day i:int c:digest t:int
vote b:id a:int o:choice n:digest rev:string c:texts f:flags g:tier w:id q?:string t:int; void b:id a:int why:why n:digest rev:string t:int
(?:exclude|include) i:int rule:string t:int; redact i:int what:parts why:string t:int; snapshot n:int cfg:digest res:digest t:int"""))))
def parse(line):  # a leaf, and its reveal read
    need(len(line) <= 65535 and LEAF.fullmatch(line.decode()), "not a leaf")
    leaf = json.loads(line)
    need(leaf["t"] % 60 == 0 and all(value < 2**53 for value in leaf.values() if type(value) is int), "a number out of bounds")
    need(leaf.get("q", "//").count("/") > 1 and all(0 < len(leaf.get(name, "-").encode()) <= 200 for name in ("rule", "why")), "a text out of bounds")
    if "rev" not in leaf: return leaf
    rev = json.loads(leaf["rev"]) if REVEAL.fullmatch(leaf["rev"]) else need(False, "not a reveal")
    need(rev["l"] != rev["r"] and max(rev["seed"]) < 2**32 and rev["out"] == sorted(set(rev["out"])), "a reveal out of bounds")
    return {**leaf, "text": leaf["rev"], "rev": rev}
def need(condition, what):
    if not condition: raise ValueError(what)
def sha(data): return hashlib.sha256(data).digest()
def mac(key, *parts): return hmac.digest(bytes.fromhex(key), b"".join(parts), "sha256")
def commit(domain, key, text): return mac(key, f"arena/{domain}\n{text}".encode()).hex()
def draw(key, number, nonce, policy, out):  # battle id, left, right, seeds
    number, nonce = number.to_bytes(8, "big"), bytes.fromhex(nonce)
    battle = mac(key, b"arena/battle/v1\n", number, nonce)[:16]
    stream = Cipher(algorithms.ChaCha20(mac(key, b"arena/draw/v1\n", number, battle, nonce), bytes(16)), mode=None).encryptor()
    def word(): return int.from_bytes(stream.update(bytes(8)), "little")
    lots = [(pair, weight) for pair, weight in policy if pair[0] not in out and pair[1] not in out]
    total, lot, place = sum(weight for _, weight in lots), 2**64, 0
    while lot >= 2**64 - 2**64 % total: lot = word()
    lot %= total
    while lot >= lots[place][1]: lot, place = lot - lots[place][1], place + 1
    left, right = lots[place][0] if word() % 2 == 0 else lots[place][0][::-1]
    return battle.hex(), left, right, [(seeds := word()) % 2**32, seeds >> 32]
def root(hashes):
    half = 1 << (len(hashes) - 1).bit_length() - 1 if len(hashes) > 1 else 0
    return sha(b"\1" + root(hashes[:half]) + root(hashes[half:])) if half else hashes[0] if hashes else sha(b"")
def climb(leaf, index, size, path):  # the root that a path leads to
    need(0 <= index < size and (not path) == (size == 1), "not a path to a root")
    half = 1 << (size - 1).bit_length() - 1 if path else 0
    if index < half: return sha(b"\1" + climb(leaf, index, half, path[:-1]) + path[-1])
    return sha(b"\1" + path[-1] + climb(leaf, index - half, size - half, path[:-1])) if path else leaf
def unbase64(text):
    need(base64.b64encode(base64.b64decode(text, validate=True)).decode() == text, "base64 in another form")
    return base64.b64decode(text)
class Key:
    def __init__(self, text):
        self.text, (self.name, self.id, key) = text.strip(), text.strip().split("+", 2)
        need(re.fullmatch(r"[^\s+]+", self.name) and sha(f"{self.name}\n".encode() + unbase64(key))[:4].hex() == self.id and unbase64(key)[0] == 1, "no key")
        self.public = Ed25519PublicKey.from_public_bytes(unbase64(key)[1:])
    def open(self, note, origin):  # the number and the digest in a note that this key has signed
        text, lines = note.removesuffix("\n").rsplit("\n\n", 1)
        signed = [(name, unbase64(line)) for name, line in (re.fullmatch("— ([^ +]+) ([^ ]+)", line).groups() for line in lines.split("\n"))]
        ours = [line[4:] for name, line in signed if name == self.name and line[:4].hex() == self.id]
        need(ours and note[-1] == "\n" and not re.search("[\0-\t\x0b-\x1f]", note) and all(line[4:] for _, line in signed[:65]) and len(signed) < 65, "not signed")
        for signature in ours: self.public.verify(signature, f"{text}\n".encode())
        first, number, digest = text.split("\n")
        need(first == origin and re.fullmatch("0|[1-9][0-9]{0,19}", number) and len(unbase64(digest)) == 32, "not what such a note says")
        return int(number), unbase64(digest)
class Log:
    def __init__(self, read, trusted=None, old=None, receipts=()):
        self.read, self.bad, self.key, head, lines = read, {}, None, None, read("log.jsonl").split(b"\n")
        self.days, self.battles, self.ids, self.models, self.voters, self.policies, self.excluded, self.erased = {}, {}, set(), {}, {}, [], set(), set()
        self.need(13, lines[-1] == b"" and lines[1:], "the last line is cut, or there is none")
        lines = lines if lines[-1] else lines[:-1]
        self.leaves, self.last, self.hashes = [], 0, [sha(b"\0" + line) for line in lines]
        with self.check(10):
            self.key = Key(trusted or read("vkey").decode())
            head = self.key.open(read("checkpoint").decode(), self.key.name)
        self.need(11, head == (len(lines), root(self.hashes)), "size or root are others")
        with self.check(12): old is None or self.beginning(self.key.open(old, self.key.name))
        for at, line in enumerate(lines):
            self.leaves.append(None)
            with self.check(13, at):
                leaf = self.leaves[at] = parse(line)
                self.need(13, leaf["t"] >= self.last and (leaf["k"] == "genesis") == (at == 0), f"leaf {at}: time or genesis")
                self.last = max(self.last, leaf["t"])
                getattr(self, leaf["k"])(at, **leaf)
        self.finish()
        for receipt in receipts:
            with self.check(19): self.receipt(receipt)
        made = {12: old, 17: any(leaf and leaf["k"] == "snapshot" for leaf in self.leaves), 18: read("texts.jsonl"), 19: receipts}
        self.words = {code: "FAILED" if code in self.bad else "ok" if made.get(code, True) else "skipped: nothing to check" for code in range(10, 20)}
    @contextlib.contextmanager
    def check(self, code, at=""):
        try: yield
        except Exception as error: self.need(code, False, f"leaf {at}: {type(error).__name__} {error}")
    def need(self, code, condition, what): condition or self.bad.setdefault(code, []).append(what)
    def beginning(self, head): need(head[0] <= len(self.hashes) and root(self.hashes[:head[0]]) == head[1], "not a beginning of this log")
    def file(self, name, digest): return json.loads(self.read(name)) if sha(self.read(name) or b"").hex() == digest else need(False, f"{name} is not that file")
    def genesis(self, at, origin, vkey, **_): self.need(10, self.key and (origin, vkey) == (self.key.name, self.key.text), "genesis names another key")
    def policy(self, at, sha256, **_):
        self.policies.append(None)
        with self.check(15, at): self.policies[-1] = tuple((((ids := file["models"])[i], ids[j]), weight)
                                                           for file in [self.file(f"policies/{sha256}.json", sha256)] for i, j, weight in file["pairs"])
    def model(self, at, **leaf):
        self.models.setdefault(leaf["id"], []).append((at, leaf))
        need(self.models[leaf["id"]][0][1]["gguf"] == leaf["gguf"], "another file than before")
    def epoch(self, at, e, c, t, **_):
        need(e not in self.days, "a second epoch leaf of its day")
        day = self.days[e] = {"ends": DAY, "c": c, "next": 0, "key": None, "battles": []}
        with self.check(15, at): day["ends"] += datetime.datetime.fromisoformat(e + "T00:00:00+00:00").timestamp()
        self.need(15, DAY <= day["ends"] <= t + 2 * DAY, f"leaf {at}: a day too far")
    def assign(self, at, b, e, i, **leaf):
        day = self.days.get(e, {"key": 1})
        self.battles[at] = {"b": b, "i": i, "policy": self.policies[-1] if self.policies else None, "end": None, **leaf}
        day["key"] or (self.need(15, i == day["next"], f"leaf {at}: draw {i} out of order"), day.update(next=i + 1), day["battles"].append(at))
        need(not day["key"] and self.policies and b not in self.ids, "no day, no policy, or a known battle") or self.ids.add(b)
    def vote(self, at, w, t, **leaf):
        self.need(14, t - self.voters.setdefault(w, t) <= 32 * DAY, f"leaf {at}: a pseudonym of more than a month")
        self.void(at, **leaf)
    def void(self, at, a, b, n, text, rev, **leaf):
        battle = self.battles.get(a)
        need(battle and not battle["end"] and battle["b"] == b, "not of an open battle")
        battle["end"] = {"rev": rev, **leaf}
        self.need(14, commit("assign/v1", n, text) == battle["c"] and rev["b"] == b and not {rev["l"], rev["r"]} & set(rev["out"]), f"leaf {at}: another opening")
        for model, file in ((rev["l"], rev["lg"]), (rev["r"], rev["rg"])):
            *_, known = {}, *(leaf for place, leaf in self.models.get(model, []) if place < a)
            self.need(14, known.get("state") == "public" and (known["gguf"], known["samp"]) == (file, rev["samp"]), f"leaf {at}: a model that was not so")
    def exclude(self, at, i, **_):
        need(i < at and self.leaves[i]["k"] == "vote" and i not in self.excluded, "not of a vote that counts") or self.excluded.add(i)
    def include(self, at, i, **_): self.excluded.remove(i)
    def redact(self, at, i, what, **_): self.erased |= {(i, part) for part in what + ["q"] * ("p" in what) if self.battles[i]}
    def epoch_reveal(self, at, e, key, **_):
        need(not self.days[e]["key"], "a day that is revealed already")
        self.days[e]["key"] = key
        self.need(15, commit("epoch/v1", key, e) == self.days[e]["c"], f"leaf {at}: another key")
        for battle in map(self.battles.get, self.days[e]["battles"]):
            with self.check(15, at):
                rev = battle["end"]["rev"]
                id, left, right, seeds = draw(key, battle["i"], rev["cn"], battle["policy"], tuple(rev["out"]))
                need((id, left, right) == (battle["b"], rev["l"], rev["r"]) and all(map(lambda x, y, st: st or x == y, seeds, rev["seed"], rev["st"])), "another draw")
    def snapshot(self, at, n, cfg, res, **_):
        need(1 <= n <= at <= n + 65536, "not of leaves just before it")
        with self.check(17, at):
            board = self.file(f"snapshots/{res}.json", res)
            rows = {row["id"]: [row[what] for what in ROW] for row in board["models"]}
            told = self.recount(n, self.file(f"snapshots/{res}.cfg.json", cfg))
            need({name: rows if name == "models" else board[name] for name in told} == told, "another board")
    def recount(self, n, settings):
        def of(kind): return [(at, leaf) for at, leaf in enumerate(self.leaves[:n]) if leaf and leaf["k"] in kind.split()]
        rules = {leaf["i"]: leaf["k"] == "exclude" for _, leaf in of("exclude include")}
        gone, votes, ended = {at for at, excluded in rules.items() if excluded}, of("vote"), len(of("vote void"))
        apart = {at for at, vote in votes if set(vote["f"]) & set(settings["uncounted"])}
        ours = [vote for at, vote in votes if at not in apart and vote["g"] in settings["tiers"] and (settings["exclusions"] == "ignored" or at not in gone)]
        tally = Counter((vote["rev"][side], what) for vote in ours for side, what in zip("lr", OUTCOMES[vote["o"]]))
        return {"n": n, "origin": self.key.name, "root": root(self.hashes[:n]).hex(), "policy": of("policy")[-1][1]["sha256"], "settings": settings, "votes": len(ours),
                "counts": {"assigned": len(of("assign")), "counted": len(votes) - len(gone), "apart": len(apart - gone), "excluded": len(gone),
                           "void": len(of("void")), "open": len(of("assign")) - ended}, "voters": len({vote["w"] for vote in ours}),
                "models": {leaf["id"]: [leaf.get(what, tally[leaf["id"], what]) for what in ROW] for _, leaf in of("model")}}
    def finish(self):
        kinds, waiting = Counter(leaf["k"] for leaf in self.leaves if leaf), [battle for battle in self.battles.values() if not battle["end"]]
        self.need(16, kinds["assign"] == kinds["vote"] + kinds["void"] + len(waiting) and kinds["exclude"] - kinds["include"] <= kinds["vote"], "wrong sums")
        self.need(14, all(self.last - battle["t"] < 25 * HOUR for battle in waiting), "a battle is open for 25 hours")
        late = [day for day in self.days.values() if not day["key"] and self.last - day["ends"] > 49 * HOUR]
        self.need(15, all(any(not self.battles[at]["end"] for at in day["battles"]) for day in late), "a key is not shown in time")
        for line in filter(None, (self.read("texts.jsonl") or b"").split(b"\n")):
            with self.check(18): self.text(**json.loads(line))
    def text(self, a, part, text, salt):
        committed = self.battles[a]["end"]["rev"]["pc"] if part == "q" else self.battles[a]["end"]["c"][part]
        need(commit(f"content/v1/{part}", salt, text) == committed and (a, part) not in self.erased, f"text {part} of {a} is another, or was erased")
    def receipt(self, text):  # a promise, a proof, or the reply to a vote, which has one of them
        reply = json.loads(text) if text.lstrip()[:1] == "{" else {"receipt": text}
        if not reply["receipt"].startswith("c2sp.org/tlog-proof@v1\n"):
            index, leaf = self.key.open(reply["receipt"], self.key.name + "/receipt")
            return need(self.hashes[index] == leaf and ("leaf" not in reply or leaf == sha(b"\0" + reply["leaf"].encode())), "another leaf")
        (place, *path), checkpoint = [line for line in reply["receipt"].split("\n\n")[0].split("\n")[1:] if line[:6] != "extra "], reply["receipt"].split("\n\n", 1)[1]
        (size, digest), index = self.key.open(checkpoint, self.key.name), int(place.removeprefix("index "))
        need(climb(self.hashes[index], index, size, [unbase64(line) for line in path]) == digest, "not proved")
        size > len(self.hashes) or self.beginning((size, digest))
if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name, more in (("dir", {}), ("--vkey", {}), ("--old", {}), ("--receipts", {"action": "append", "default": []})): parser.add_argument(name, **more)
    given = parser.parse_args()
    def find(name): return open(path, "rb").read() if os.path.exists(path := os.path.join(given.dir, name)) else None
    receipts = [text for name in given.receipts for text in re.split("\n(?={)", open(name).read())]  # replies may stand a line each
    try: log = Log(find, given.vkey, given.old and open(given.old).read(), receipts)
    except (OSError, AttributeError) as error: sys.exit(print(f"verify.py: {error}", file=sys.stderr) or 2)
    for code, name in enumerate(CHECKS, 10): print(code, f"{name:<12}", log.words[code], *log.bad.get(code, [])[:3])
    sys.exit(min(log.bad, default=0))
