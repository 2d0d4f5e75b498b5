"""Writes vectors.json: what leaves, trees, tiles, checkpoints and proofs are, by the public texts and
docs/audit-log.md. The crate `audit-log` is held against it (audit-log/tests/vectors.rs).

    python vectors.py > vectors.json
"""

import base64
import json
from functools import lru_cache
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tlog import Key, WIDTH, consistency_path, leaf_hash, node_hash
from verify import record_digest, tag

ORIGIN = "pawl-audit-log/00112233445566778899aabbccddeeff"
WITNESS = "witness.example/w1"
TIME = 1_800_000_000
SIZES = [0, 1, 2, 3, 7, 8, 255, 256, 257, 65_536, 65_537, 70_000]
TILES = {0: [0, 273], 1: [0, 1], 2: [0]}  # of the tree of 70,000 leaves, the example of tlog-tiles
USER = "user-018f3c5e-7d4a-7b21-9c3d-2a5b6c7d8e9f"
RECORDS = [
    (0, 0, "UserInvited", '{"organization_id":null}', "{}"),
    (1, 41, "SignedIn", '{ "spaces": "are kept" }', '{"name":"Zoë \U0001f980","at":1e3}'),
    (2**40, 2**53 + 1, "OtpRejected", "", '{"box":"AAAA","key":"user/1"}'),
]


def base(value: bytes) -> str:
    return base64.b64encode(value).decode()


def leaf(index: int) -> bytes:
    return sha256(b"digest %d" % index).digest() + sha256(b"tag %d" % index).digest()


@lru_cache(maxsize=None)
def root(first: int, end: int) -> bytes:
    """MTH(D[first:end]), RFC 9162 section 2.1.1."""
    if first == end:
        return sha256().digest()
    if end - first == 1:
        return leaf_hash(leaf(first))
    k = 1 << (end - first - 1).bit_length() - 1
    return node_hash(root(first, first + k), root(first + k, end))


def inclusion_path(m: int, first: int, end: int) -> list[bytes]:
    """PATH(m, D[first:end]), RFC 9162 section 2.1.3.1."""
    if end - first == 1:
        return []
    k = 1 << (end - first - 1).bit_length() - 1
    if m < k:
        return [*inclusion_path(m, first, first + k), root(first + k, end)]
    return [*inclusion_path(m - k, first + k, end), root(first, first + k)]


class Signer:
    def __init__(self, name: str, kind: int, seed: bytes) -> None:
        self.name, self.kind = name, kind
        self.private = Ed25519PrivateKey.from_private_bytes(seed)
        material = bytes([kind]) + self.private.public_key().public_bytes_raw()
        self.id = sha256(name.encode() + b"\n" + material).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{base(material)}"

    def line(self, text: str) -> str:
        stamp = b""
        if self.kind == Key.WITNESS:
            stamp, text = TIME.to_bytes(8), f"cosignature/v1\ntime {TIME}\n{text}"
        return f"— {self.name} {base(self.id + stamp + self.private.sign(text.encode()))}\n"


def tile(level: int, index: int, size: int) -> tuple[str, str]:
    width = min(WIDTH, (size >> 8 * level) - index * WIDTH)
    span = WIDTH**level
    starts = [(index * WIDTH + i) * span for i in range(width)]
    hashes = b"".join(root(start, start + span) for start in starts)
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{level}/{index:03}{partial}", sha256(hashes).hexdigest()


def main() -> None:
    log, witness = Signer(ORIGIN, Key.LOG, bytes(32)), Signer(WITNESS, Key.WITNESS, b"w" * 32)
    tag_key = sha256(b"tag key").digest()

    def note(size: int) -> str:
        text = f"{ORIGIN}\n{size}\n{base(root(0, size))}\n"
        return f"{text}\n{log.line(text)}{witness.line(text)}"

    def record(index: int, revision: int, type: str, metadata: str, data: str) -> dict:
        stored = {
            "stream": USER,
            "revision": revision,
            "event_id": "018f3c5e-7d4a-7b21-9c3d-2a5b6c7d8e90",
            "type": type,
            "metadata": metadata,
            "data": data,
        }
        entry = record_digest(stored) + tag(tag_key, index)
        return {"index": index, **stored, "entry": entry.hex(), "leaf": base(leaf_hash(entry))}

    def proof(index: int, size: int) -> dict:
        lines = [f"index {index}", *map(base, inclusion_path(index, 0, size))]
        text = "\n".join(["c2sp.org/tlog-proof@v1", *lines]) + f"\n\n{note(size)}"
        return {"index": index, "size": size, "proof": text}

    def growth(older: int, newer: int) -> dict:
        path = consistency_path(older, newer, root)
        return {"older": older, "newer": newer, "path": list(map(base, path))}

    indexes = [(0, 1), (0, 2), (6, 7), (255, 256), (256, 257), (65_536, 65_537), (69_999, 70_000)]
    grown = [(1, 2), (3, 7), (8, 255), (255, 257), (256, 65_536), (65_537, 70_000), (7, 7)]
    vectors = {
        "log": log.vkey,
        "witness": witness.vkey,
        "time": TIME,
        "tag_key": tag_key.hex(),
        "records": [record(*one) for one in RECORDS],
        "checkpoints": [note(size) for size in SIZES],
        "tiles": dict(tile(level, n, SIZES[-1]) for level, all in TILES.items() for n in all),
        "inclusion": [proof(*one) for one in indexes],
        "consistency": [growth(*one) for one in grown],
    }
    print(json.dumps(vectors, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
