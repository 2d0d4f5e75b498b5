"""Verifies Pawl's audit log, its exports and its proofs, and shares no code with Pawl.

What is a public standard is in tlog.py; what is Pawl's own, leaves and exports, is here, written from
docs/audit-log.md alone. It needs Python 3.11 and the package `cryptography`.

    verify.py log PREFIX --key VKEY [--since CHECKPOINT]... [--witness VKEY]...
    verify.py export FILE --key VKEY [--since CHECKPOINT]... [--witness VKEY]... [--tag-key HEX]
    verify.py proof FILE --key VKEY --record FILE --tag-key HEX [--witness VKEY]...

PREFIX is where a log is served (https://pawl.example.org/audit/log), or a folder with the same files.
CHECKPOINT is a file with one that was kept from earlier. After a change of the log's key, name both.

It ends with 0 when all is sound, with 1 when something is not, and with 2 when it could not tell. The
first failure is said in one sentence.
"""

import argparse
import base64
import hmac
import json
import re
import sqlite3
import sys
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, BinaryIO

from tlog import (
    WIDTH,
    CannotTell,
    Checkpoint,
    Key,
    Keys,
    NotSound,
    Proof,
    TiledTree,
    Tiles,
    Tree,
    consistency_path,
    has_grown,
    includes,
    leaf_hash,
    perfect_root,
    unbase64,
)

LEAF = 64  # bytes: the digest of a record, and its tag
LONGEST_LINE = 16 << 20  # bytes of an export


# A leaf


def record_digest(record: dict[str, Any]) -> bytes:
    message = b"pawl record v1\n"
    for name in RECORD:
        field = str(record[name]).encode(errors="replace")
        message += len(field).to_bytes(8) + field
    return sha256(message).digest()


def tag(key: bytes, index: int) -> bytes:
    return hmac.digest(key, b"pawl tag v1\n" + index.to_bytes(8), "sha256")


# JSON, read strictly: what two readers could understand differently is refused

RECORD = {
    "stream": str,
    "revision": int,
    "event_id": str,
    "type": str,
    "metadata": str,
    "data": str,
}


def parse(text: bytes | str, what: str) -> dict[str, Any]:
    """An object that has no member twice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError
        return dict(pairs)

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        decoded = text.decode() if isinstance(text, bytes) else text
        value = json.loads(decoded, object_pairs_hook=once, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise NotSound(f"{what} is not JSON") from None
    if not isinstance(value, dict):
        raise NotSound(f"{what} is not an object")
    return value


def require(value: dict[str, Any], what: str, **members: Any) -> None:
    """Exactly these members, of these types."""
    for name in members.keys() | value.keys():
        member = value.get(name)
        if not isinstance(member, members.get(name, ())) or isinstance(member, bool):
            raise NotSound(f"{what} has no proper {name}, or should have none")


def hexadecimal(text: Any, what: str) -> bytes:
    if not isinstance(text, str) or not re.fullmatch("[0-9a-f]{64}", text):
        raise NotSound(f"{what} is not 32 bytes in hexadecimal")
    return bytes.fromhex(text)


def says_the_same(opened: Any, stored: Any) -> bool:
    """Whether opened content is what was stored, save where that is sealed."""
    if isinstance(stored, dict) and stored.keys() == {"key", "box"}:
        return True
    if type(opened) is not type(stored):
        return False
    if isinstance(stored, dict):
        names = stored.keys()
        return opened.keys() == names and all(says_the_same(opened[n], stored[n]) for n in names)
    if isinstance(stored, list):
        return len(opened) == len(stored) and all(map(says_the_same, opened, stored))
    return opened == stored


def digest_of(opened: Any) -> str:
    text = json.dumps(opened, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return sha256(text.encode(errors="replace")).hexdigest()


# A served log


def verify_log(tiles: Tiles, keys: Keys, since: list[Checkpoint]) -> str:
    current = keys.open(tiles.checkpoint(), "the checkpoint")
    served, tree = TiledTree(tiles, current.size), Tree([current, *since])
    for older in since:
        if older.size > current.size:
            raise NotSound(f"it has {current.size} leaves, {older.called} has {older.size}")
        if not has_grown(older, current, consistency_path(older.size, current.size, served.root)):
            raise NotSound(f"it has not grown out of {older.called}")
    # For each level, the hashes behind its last full tile, and how many full ones there are.
    behind: list[list[bytes]] = []
    full: list[int] = []

    def put(level: int, hash: bytes) -> None:
        if level == len(behind):
            behind.append([])
            full.append(0)
        behind[level].append(hash)
        if len(behind[level]) == WIDTH:
            compare(level)
            put(level + 1, perfect_root(behind[level]))
            behind[level], full[level] = [], full[level] + 1

    def compare(level: int) -> None:
        if served.hashes(level, full[level]) != behind[level]:
            raise NotSound(f"hash tile {full[level]} at level {level} does not fit the leaves")

    for leaf in served.leaves(LEAF):
        tree.append(leaf_hash(leaf))
        put(0, leaf_hash(leaf))
    for level, rest in enumerate(behind):
        if rest:
            compare(level)
    tree.end()
    return f"{current.size} leaves"


# An export


class Lines:
    """What the lines of an export say, held against the tree in their order. The next revision of each
    stream is kept in a temporary file, so that memory does not grow."""

    def __init__(self, organization: str | None, key: bytes | None, tree: Tree) -> None:
        self.organization = organization
        self.key = key
        self.tree = tree
        self.records = 0
        self.streams = sqlite3.connect("")
        self.streams.execute("PRAGMA journal_mode = OFF")
        self.streams.execute("CREATE TABLE streams (name TEXT PRIMARY KEY, next INTEGER)")

    def record(self, line: dict[str, Any]) -> None:
        index = self.tree.size
        what = f"the record at index {index}"
        require({name: line.get(name) for name in RECORD}, what, **RECORD)
        what = f"record {index} ({line['type']}, revision {line['revision']} of {line['stream']})"
        stored = parse(line["data"], f"the data of {what}")
        rest = {"kind": str, "index": int, "leaf": str, "opened": dict}
        if self.key is None:
            rest["tag"] = str
        if line.get("opened") != stored:
            rest["opened_digest"] = str
        require(line, what, **RECORD, **rest)
        if line["index"] != index:
            raise NotSound(f"{what} says that it is at index {line['index']}")
        own_tag = hexadecimal(line["tag"], "a tag") if self.key is None else tag(self.key, index)
        hash = leaf_hash(record_digest(line) + own_tag)
        if line["leaf"] != base64.b64encode(hash).decode():
            raise NotSound(f"{what} is not what its leaf was made of")
        whose = parse(line["metadata"], f"the metadata of {what}").get("organization_id")
        if self.organization not in (None, whose):
            raise NotSound(f"{what} is not a record of organization {self.organization}")
        if not says_the_same(line["opened"], stored):
            raise NotSound(f"{what} shows opened what it does not hold")
        if line["opened"] != stored and line["opened_digest"] != digest_of(line["opened"]):
            raise NotSound(f"{what} shows opened what was damaged")
        if not self.follows(line["stream"], line["revision"]):
            raise NotSound(f"{what} is not the next of its stream")
        self.tree.append(hash)
        self.records += 1

    def follows(self, stream: str, revision: int) -> bool:
        found = self.streams.execute("SELECT next FROM streams WHERE name = ?", [stream]).fetchone()
        due = found[0] if found else 0
        # Others may have had an address before, or in between.
        may_skip = self.key is not None and stream.startswith("address-")
        if revision != due and not (may_skip and due < revision < 1 << 62):
            return False
        self.streams.execute("REPLACE INTO streams VALUES (?, ?)", [stream, revision + 1])
        return True

    def others(self, line: dict[str, Any]) -> None:
        index = self.tree.size
        what = f"the leaves of others at index {index}"
        require(line, what, kind=str, index=int, entries=str)
        try:
            entries = unbase64(line["entries"])
        except ValueError:
            entries = b""
        if line["index"] != index:
            raise NotSound(f"{what} say that they are at index {line['index']}")
        if not entries or len(entries) % LEAF or self.key is None:
            raise NotSound(f"{what} are malformed, or have no place here")
        for at in range(0, len(entries), LEAF):
            leaf = entries[at : at + LEAF]
            if leaf[32:] == tag(self.key, self.tree.size):
                raise NotSound(f"the record at index {self.tree.size} was left out: its tag is yours")
            self.tree.append(leaf_hash(leaf))


def whole_lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(LONGEST_LINE + 1):
        if not line.endswith(b"\n"):
            raise NotSound("the export is cut off, or has a line that is too long")
        yield line


def verify_export(
    file: BinaryIO, keys: Keys, since: list[Checkpoint], known_tag_key: str | None
) -> str:
    rest = whole_lines(file)
    header = parse(next(rest, b"{}"), "the first line")
    whose = {"organization_id": str | None, "tag_key": str | None}
    require(header, "the first line", kind=str, format=str, checkpoint=str, **whose)
    if (header["kind"], header["format"]) != ("header", "pawl-audit-export/1"):
        raise NotSound("the first line is not the header of an export")
    organization, tag_key = header.get("organization_id"), header.get("tag_key")
    if (organization is None) != (tag_key is None) or known_tag_key not in (None, tag_key):
        raise NotSound("the tag key in the export is not the organization's")
    current = keys.open(header["checkpoint"].encode(), "the checkpoint in the export")
    tree = Tree([current, *since])
    key = None if tag_key is None else hexadecimal(tag_key, "the tag key in the export")
    lines = Lines(organization, key, tree)
    end = None
    for text in rest:
        what = f"the line at index {tree.size}"
        line = parse(text, what)
        if end:
            raise NotSound("something stands behind the last line of the export")
        if line.get("kind") == "record":
            lines.record(line)
        elif line.get("kind") == "others":
            lines.others(line)
        elif line.get("kind") == "end":
            require(line, what, kind=str, records=int, leaves=int)
            end = line
        else:
            raise NotSound(f"{what} is of no known kind")
    if not end:
        raise NotSound(f"the export is cut off behind {tree.size} leaves")
    tree.end()
    if current.size != tree.size:
        raise NotSound(f"the export has {tree.size} leaves, its checkpoint {current.size}")
    if (end["records"], end["leaves"]) != (lines.records, tree.size):
        raise NotSound("the export has not as many records or leaves as its last line says")
    if organization and not lines.records:
        raise CannotTell("under its tag key nothing is the organization's, so it may be a wrong one")
    of = f"of organization {organization}, none left out," if organization else "of everybody"
    return f"{lines.records} records {of} among {tree.size} leaves"


# A proof of one record


def verify_proof(content: bytes, keys: Keys, record: dict[str, Any], key: bytes) -> str:
    proof = Proof.parse(content)
    current = keys.open(proof.checkpoint, "the checkpoint in the proof")
    hash = leaf_hash(record_digest(record) + tag(key, proof.index))
    if not includes(current, proof.index, hash, proof.path):
        raise NotSound(f"the record is not at index {proof.index} of the log")
    return f"the record is at index {proof.index} of {current.size} leaves"


# The command line


def content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(LONGEST_LINE)


def run(given: argparse.Namespace) -> str:
    log = [Key.parse(vkey, Key.LOG) for vkey in given.key]
    keys = Keys(log, [Key.parse(vkey, Key.WITNESS) for vkey in given.witness])
    if given.command == "proof":
        line = parse(content(given.record), given.record)
        record = {name: line.get(name) for name in RECORD}
        require(record, given.record, **RECORD)
        key = hexadecimal(given.tag_key, "the tag key")
        return verify_proof(content(given.what), keys, record, key)
    since = [Keys(log, []).open(content(path), path) for path in given.since]
    if given.command == "log":
        return verify_log(Tiles(given.what), keys, since)
    with open(given.what, "rb") as file:
        return verify_export(file, keys, since, given.tag_key)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    log, export, proof = map(commands.add_parser, ["log", "export", "proof"])
    log.add_argument("what", metavar="PREFIX")
    for command in [export, proof]:
        command.add_argument("what", metavar="FILE")
        command.add_argument("--tag-key", metavar="HEX", required=command is proof)
    proof.add_argument("--record", metavar="FILE", required=True)
    for command in [log, export, proof]:
        command.add_argument("--key", metavar="VKEY", action="append", required=True)
        command.add_argument("--witness", metavar="VKEY", action="append", default=[])
    for command in [log, export]:
        command.add_argument("--since", metavar="CHECKPOINT", action="append", default=[])
    given = parser.parse_args()
    try:
        code, said = 0, f"sound: {run(given)}"
    except NotSound as failure:
        code, said = 1, f"not sound: {failure}"
    except (CannotTell, OSError) as failure:
        code, said = 2, f"could not tell: {failure}"
    # Nothing in a file that is looked at may write to the terminal.
    print(ascii(said)[1:-1], file=sys.stderr if code else sys.stdout)
    return code


if __name__ == "__main__":
    sys.exit(main())
