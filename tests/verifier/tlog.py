"""Transparency logs by public texts alone: C2SP's signed-note, tlog-checkpoint, tlog-cosignature,
tlog-tiles and tlog-proof, and RFC 9162 for the Merkle tree. Nothing here is Pawl's own.
"""

import base64
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, reduce
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WIDTH = 256  # hashes in a full tile
LONGEST_NOTE = 1 << 20  # bytes


class NotSound(Exception):
    """What was found wrong."""


class CannotTell(Exception):
    """Why it could not be found out."""


def unbase64(text: str, length: int | None = None) -> bytes:
    """Bytes, where the text is their only base64 and they are so many; else ValueError."""
    value = base64.b64decode(text, validate=True)
    if base64.b64encode(value).decode() != text or length not in (None, len(value)):
        raise ValueError
    return value


def decimal(text: str) -> int:
    """A number, where the text is its only decimal form; else ValueError."""
    if not re.fullmatch("0|[1-9][0-9]{0,17}", text):
        raise ValueError
    return int(text)


# Signed notes: signed-note, tlog-checkpoint, tlog-cosignature


@dataclass(frozen=True, eq=False)
class Key:
    """A public key as a vkey."""

    LOG, WITNESS = 1, 4  # signature types: Ed25519, timestamped Ed25519 cosignature

    name: str
    id: bytes
    kind: int
    public: Ed25519PublicKey

    @staticmethod
    def parse(vkey: str, kind: int) -> "Key":
        try:
            name, written, encoded = vkey.strip().split("+", 2)
            material = unbase64(encoded, 33)
            id = sha256(name.encode() + b"\n" + material).digest()[:4]
            if not name or written != id.hex() or material[0] != kind:
                raise ValueError
            return Key(name, id, kind, Ed25519PublicKey.from_public_bytes(material[1:]))
        except ValueError:
            raise CannotTell(f"{vkey!r} is not a public key of the right type") from None

    def has_signed(self, text: bytes, signature: bytes) -> bool:
        if self.kind == Key.WITNESS:
            time = int.from_bytes(signature[:8])
            text, signature = b"cosignature/v1\ntime %d\n" % time + text, signature[8:]
        try:
            self.public.verify(signature, text)
            return True
        except InvalidSignature:
            return False


@dataclass(frozen=True)
class Keys:
    """Whose signatures count: one of the log's keys, and all of the witnesses'."""

    log: list[Key]
    witnesses: list[Key]

    def open(self, note: bytes, called: str) -> "Checkpoint":
        try:
            if len(note) > LONGEST_NOTE or re.search(b"[\x00-\x09\x0b-\x1f]", note):
                raise ValueError
            text, signatures = note.decode().rsplit("\n\n", 1)
            origin, size, root, *extensions = text.split("\n")
            if not origin or not all(extensions) or not signatures.endswith("\n"):
                raise ValueError
            found = Checkpoint(called, decimal(size), unbase64(root, 32))
            signers = set()
            for line in signatures[:-1].split("\n"):
                dash, name, encoded = line.split(" ")
                signature = unbase64(encoded)
                if dash != "\N{EM DASH}" or len(signature) < 5:
                    raise ValueError
                for key in self.log + self.witnesses:
                    if (key.name, key.id) == (name, signature[:4]):
                        if not key.has_signed(f"{text}\n".encode(), signature[4:]):
                            raise NotSound(f"{called} has a forged signature of {name}")
                        signers.add(key)
        except ValueError:
            raise NotSound(f"{called} is not a checkpoint") from None
        if not any(key in signers and key.name == origin for key in self.log):
            raise NotSound(f"{called} is not signed by the key of the log")
        for witness in self.witnesses:
            if witness not in signers:
                raise NotSound(f"{called} is not cosigned by {witness.name}")
        return found


@dataclass(frozen=True)
class Checkpoint:
    """A state of the log that was signed."""

    called: str
    size: int
    root: bytes


# The Merkle tree: RFC 9162, section 2.1


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def perfect_root(hashes: list[bytes]) -> bytes:
    """The root over 1, 2, 4, 8, ... hashes."""
    while len(hashes) > 1:
        hashes = list(map(node_hash, hashes[::2], hashes[1::2]))
    return hashes[0]


class Tree:
    """Grows by a leaf at a time, and is held against each checkpoint as it reaches its size. It keeps
    the roots of its perfect subtrees only, the largest first."""

    def __init__(self, checkpoints: list[Checkpoint]) -> None:
        self.size = 0
        self.subtrees: list[bytes] = []
        self.ahead = sorted(checkpoints, key=lambda checkpoint: -checkpoint.size)
        self.compare()

    def append(self, hash: bytes) -> None:
        self.size += 1
        left = self.size
        while left % 2 == 0:
            hash, left = node_hash(self.subtrees.pop(), hash), left // 2
        self.subtrees.append(hash)
        self.compare()

    def root(self) -> bytes:
        if not self.subtrees:
            return sha256().digest()
        return reduce(lambda right, left: node_hash(left, right), reversed(self.subtrees))

    def compare(self) -> None:
        while self.ahead and self.ahead[-1].size == self.size:
            reached = self.ahead.pop()
            if reached.root != self.root():
                raise NotSound(f"its first {self.size} leaves are not those of {reached.called}")

    def end(self) -> None:
        for missed in self.ahead:
            raise NotSound(f"it ends at {self.size} leaves, {missed.called} has {missed.size}")


def includes(checkpoint: Checkpoint, index: int, hash: bytes, path: list[bytes]) -> bool:
    """Whether a leaf is in the tree: section 2.1.3.2."""
    if index >= checkpoint.size:
        return False
    fn, sn, r = index, checkpoint.size - 1, hash
    for p in path:
        if sn == 0:
            return False
        if fn % 2 == 1 or fn == sn:
            r = node_hash(p, r)
            while fn % 2 == 0 and fn != 0:
                fn, sn = fn // 2, sn // 2
        else:
            r = node_hash(r, p)
        fn, sn = fn // 2, sn // 2
    return sn == 0 and r == checkpoint.root


def has_grown(older: Checkpoint, newer: Checkpoint, path: list[bytes]) -> bool:
    """Whether one tree is the beginning of the other: section 2.1.4.2."""
    if older.size in (0, newer.size):
        return not path and (older.size == 0 or older.root == newer.root)
    if older.size & (older.size - 1) == 0:
        path = [older.root, *path]
    fn, sn = older.size - 1, newer.size - 1
    while fn % 2 == 1:
        fn, sn = fn // 2, sn // 2
    fr = sr = path[0] if path else b""
    for c in path[1:]:
        if sn == 0:
            return False
        if fn % 2 == 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while fn % 2 == 0 and fn != 0:
                fn, sn = fn // 2, sn // 2
        else:
            sr = node_hash(sr, c)
        fn, sn = fn // 2, sn // 2
    return (sn, fr, sr) == (0, older.root, newer.root)


def consistency_path(m: int, n: int, root: Callable[[int, int], bytes]) -> list[bytes]:
    """The path for `has_grown`, out of the roots over D[first:end]: section 2.1.4.1."""

    def subproof(m: int, first: int, end: int, known: bool) -> list[bytes]:
        if m == end - first:
            return [] if known else [root(first, end)]
        k = 1 << (end - first - 1).bit_length() - 1
        if m <= k:
            return [*subproof(m, first, first + k, known), root(first + k, end)]
        return [*subproof(m - k, first + k, end, False), root(first, first + k)]

    return subproof(m, 0, n, True) if m else []


# Proofs: tlog-proof


@dataclass(frozen=True)
class Proof:
    """That a leaf is at an index of the tree that a checkpoint stands for."""

    index: int
    path: list[bytes]
    checkpoint: bytes

    @staticmethod
    def parse(content: bytes) -> "Proof":
        head, _, note = content.partition(b"\n\n")
        try:
            first, *lines = head.decode().split("\n")
            if lines and lines[0].startswith("extra "):
                lines.pop(0)
            word, index = lines.pop(0).split(" ")
            if (first, word) != ("c2sp.org/tlog-proof@v1", "index"):
                raise ValueError
            return Proof(decimal(index), [unbase64(line, 32) for line in lines], note)
        except (ValueError, IndexError):
            raise NotSound("the proof is malformed") from None


# Tiles: tlog-tiles


class Tiles:
    """The files of a log, at an address or in a folder."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix.rstrip("/")

    def read(self, path: str, longest: int) -> bytes | None:
        """A file, or None where there is none."""
        try:
            if re.match("https?://", self.prefix):
                with urllib.request.urlopen(f"{self.prefix}/{path}", timeout=30) as answer:
                    return answer.read(longest + 1)
            with (Path(self.prefix) / path).open("rb") as file:
                return file.read(longest + 1)
        except (OSError, ValueError) as error:
            if isinstance(error, FileNotFoundError) or getattr(error, "code", None) == 404:
                return None
            raise CannotTell(f"{self.prefix}/{path} cannot be read: {error}") from None

    def checkpoint(self) -> bytes:
        note = self.read("checkpoint", LONGEST_NOTE)
        if note is None:
            raise CannotTell(f"{self.prefix} has no checkpoint")
        return note

    def tile(self, kind: str, index: int, width: int, entry: int) -> bytes:
        """So many entries of so many bytes. A partial tile that is gone is the beginning of the full."""
        path, left = f"{index % 1000:03}", index // 1000
        while left:
            path, left = f"x{left % 1000:03}/{path}", left // 1000
        path = f"tile/{kind}/{path}"
        content = self.read(f"{path}.p/{width}", width * entry) if width < WIDTH else None
        if content is None and (full := self.read(path, WIDTH * entry)) is not None:
            content = full[: width * entry] if len(full) == WIDTH * entry else full
        if content is None:
            raise CannotTell(f"{path} is missing")
        if len(content) != width * entry:
            raise NotSound(f"{path} does not have {width} entries of {entry} bytes")
        return content


class TiledTree:
    """The tree of so many leaves, as tiles say that it is."""

    def __init__(self, tiles: Tiles, size: int) -> None:
        self.tiles = tiles
        self.size = size
        self.hashes = lru_cache(maxsize=64)(self.read_hashes)

    def width(self, level: int, index: int) -> int:
        return min(WIDTH, (self.size >> 8 * level) - index * WIDTH)

    def read_hashes(self, level: int, index: int) -> list[bytes]:
        content = self.tiles.tile(str(level), index, self.width(level, index), 32)
        return [content[at : at + 32] for at in range(0, len(content), 32)]

    def leaves(self, length: int) -> Iterator[bytes]:
        """All leaves, which are so many bytes long."""
        for index in range(-(-self.size // WIDTH)):
            content = self.tiles.tile("entries", index, self.width(0, index), 2 + length)
            for at in range(0, len(content), 2 + length):
                if int.from_bytes(content[at : at + 2]) != length:
                    raise NotSound(f"entry bundle {index} has an entry of another length")
                yield content[at + 2 : at + 2 + length]

    def root(self, first: int, end: int) -> bytes:
        """MTH(D[first:end])."""
        height = (end - first - 1).bit_length()
        if end - first == 1 << height:
            level, start = height // 8, first >> height // 8 * 8
            hashes = self.hashes(level, start // WIDTH)
            return perfect_root(hashes[start % WIDTH :][: 1 << height % 8])
        middle = first + (1 << height - 1)
        return node_hash(self.root(first, middle), self.root(middle, end))
