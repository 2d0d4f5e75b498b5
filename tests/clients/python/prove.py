"""Proves that the stock Python client can append to, read, filter and follow a log of Pawl's.

    python prove.py HOST:PORT [USER:PASSWORD CA_FILE]

It prints a line for each thing proved, and ends with an error at the first that does not hold. The
log may hold anything already, and others may write to it meanwhile.

This client shows its credentials over TLS only. Without the file of the authority that signed the
server's certificate it does without both, and the server must let in whoever shows nothing.
"""

import re
import sys
from uuid import uuid4

from kurrentdbclient import CaughtUp, Checkpoint, KurrentDBClient, NewEvent, StreamState
from kurrentdbclient.exceptions import (
    AlreadyExistsError,
    KurrentDBClientError,
    NotFoundError,
    WrongCurrentVersionError,
)

# Seconds that anything may take.
PATIENCE = 30


def main(address, credentials=None, ca_file=None):
    def connect(hosts, credentials=credentials, options=""):
        tls = f"tls=true&tlsCaFile={ca_file}" if ca_file else "tls=false"
        user = f"{credentials}@" if credentials else ""
        return KurrentDBClient(uri=f"kurrentdb://{user}{hosts}?{tls}{options}")

    client = connect(address)
    run = uuid4().hex
    stream, other = f"proof-{run}", f"other-{run}"
    appending(client, stream)
    reading(client, stream)
    whole_log(client, stream, other, run)
    following(client, stream, other, run)
    refusals(client, stream)
    client.close()
    client = connect(f"{address},{address}", options="&nodePreference=leader")
    discovery(client, address, stream)
    client.close()
    if ca_file:
        client = connect(address, credentials="nobody:wrong")
        strangers(client, stream)
        client.close()


def new(kind, number):
    data = f'{{ "number" : {number} }}'.encode()
    return NewEvent(type=kind, data=data, metadata=b'{"by":"prove.py"}')


def appending(client, stream):
    first = new("Begun", 0)
    at = client.append_to_stream(stream, current_version=StreamState.NO_STREAM, events=first)
    again = client.append_to_stream(stream, current_version=StreamState.NO_STREAM, events=first)
    check("an append that is repeated changes nothing", at, again)
    more = [new("Continued", number) for number in range(1, 10)]
    client.append_to_stream(stream, current_version=0, events=more)
    client.append_to_stream(stream, current_version=StreamState.EXISTS, events=[new("Ended", 10)])
    check("a batch is appended", client.get_current_version(stream), 10)
    for expected in [StreamState.NO_STREAM, 3, 77]:
        for events in [new("Late", 0), [new("Late", 0)]]:
            error = raised(
                WrongCurrentVersionError,
                lambda: client.append_to_stream(stream, current_version=expected, events=events),
            )
            if isinstance(events, list):
                check(f"expecting {expected} is refused", error.actual_version, 10)
    absent = f"absent-{uuid4()}"
    for events in [new("Late", 0), [new("Late", 0)]]:
        raised(
            WrongCurrentVersionError,
            lambda: client.append_to_stream(
                absent, current_version=StreamState.EXISTS, events=events
            ),
        )
    proved("expecting a stream that is not there is refused")


def reading(client, stream):
    events = client.get_stream(stream)
    check("a stream is read", [e.stream_position for e in events], list(range(11)))
    check("data comes back as it was", events[3].data, b'{ "number" : 3 }')
    check("metadata comes back as it was", events[3].metadata, b'{"by":"prove.py"}')
    check("JSON is said to be JSON", events[3].content_type, "application/json")
    backwards = client.get_stream(stream, backwards=True, limit=4)
    check("a stream is read backwards", [e.stream_position for e in backwards], [10, 9, 8, 7])
    middle = client.get_stream(stream, stream_position=4, limit=3)
    check("a stream is read from within", [e.stream_position for e in middle], [4, 5, 6])
    raised(NotFoundError, lambda: client.get_stream(f"absent-{uuid4()}"))
    proved("a stream that is not there is not found")
    check("a stream has no metadata", client.get_stream_metadata(stream)[0], {})


def whole_log(client, stream, other, run):
    own = {stream, other}
    client.append_to_stream(
        other, current_version=StreamState.ANY, events=[new("Elsewhere", n) for n in range(3)]
    )
    first = client.get_stream(stream, limit=1)[0].commit_position
    found = [e for e in client.read_all(commit_position=first) if e.stream_name in own]
    check("the log is read from a position on", len(found), 14)
    check("that position is read too", found[0].commit_position, first)
    positions = [e.commit_position for e in found]
    check("positions grow", positions, sorted(set(positions)))
    back = client.read_all(commit_position=positions[-1], backwards=True)
    back = [e for e in back if e.stream_name in own]
    check("backwards, that position is not", len(back), 13)
    head = client.get_commit_position()
    check("the end of the log is known", head >= positions[-1], True)

    def types(**how):
        return [e.type for e in client.read_all(commit_position=first, **how)]

    kinds = types(filter_include=["Begun", "Ended"])
    check("types are filtered", set(kinds), {"Begun", "Ended"})
    check("types are left out", "Continued" in types(filter_exclude=["Contin.*"]), False)
    by_prefix = client.read_all(
        filter_include=[f"other-{run}"], filter_by_stream_name=True, filter_by_prefix=True
    )
    check("streams are filtered by prefix", [e.type for e in by_prefix], ["Elsewhere"] * 3)
    by_name = client.read_all(
        filter_include=[f".*{re.escape(run)}"], filter_by_stream_name=True
    )
    check("streams are filtered by expression", len(list(by_name)), 14)


def following(client, stream, other, run):
    def subscribe(**how):
        return client.subscribe_to_all(
            filter_include=[f".*{run}"],
            filter_by_stream_name=True,
            include_caught_up=True,
            timeout=PATIENCE,
            **how,
        )

    seen, caught_up = [], None
    with subscribe() as subscription:
        for event in subscription:
            if isinstance(event, CaughtUp):
                caught_up = event
                client.append_to_stream(
                    stream, current_version=10, events=[new("Live", n) for n in range(3)]
                )
                continue
            seen.append(event)
            if len(seen) == 17:
                break
    check("a subscription catches up", caught_up.commit_position > 0, True)
    check("and goes on live", [e.type for e in seen[-3:]], ["Live"] * 3)
    positions = [e.commit_position for e in seen]
    check("without a gap or a repeat", positions, sorted(set(positions)))
    with subscribe(commit_position=positions[-3]) as subscription:
        rest = [next(subscription).commit_position for _ in range(2)]
    check("it resumes after a position", rest, positions[-2:])
    with client.subscribe_to_all(
        commit_position=positions[0] - 1,
        filter_include=["Nothing is called this"],
        include_checkpoints=True,
        window_size=2,
        checkpoint_interval_multiplier=2,
        timeout=PATIENCE,
    ) as subscription:
        checkpoint = next(subscription)
    check("checkpoints come", isinstance(checkpoint, Checkpoint), True)
    check("of what was looked at", checkpoint.commit_position > positions[0], True)

    with client.subscribe_to_stream(other, stream_position=0, timeout=PATIENCE) as subscription:
        rest = [next(subscription).stream_position for _ in range(2)]
        client.append_to_stream(other, current_version=2, events=new("Live", 3))
        rest.append(next(subscription).stream_position)
    check("a stream is followed after a revision", rest, [1, 2, 3])
    with client.subscribe_to_stream(
        other, from_end=True, include_caught_up=True, timeout=PATIENCE
    ) as subscription:
        check("its end is said", isinstance(next(subscription), CaughtUp), True)
        client.append_to_stream(other, current_version=3, events=new("Live", 4))
        check("and followed", next(subscription).stream_position, 4)


def refusals(client, stream):
    error = raised(
        KurrentDBClientError,
        lambda: client.delete_stream(stream, current_version=StreamState.ANY),
    )
    check("deleting is refused", "never forgets" in str(error), True)
    raised(
        KurrentDBClientError,
        lambda: client.tombstone_stream(stream, current_version=StreamState.ANY),
    )
    proved("so is burying")
    error = raised(
        KurrentDBClientError,
        lambda: client.set_stream_metadata(stream, metadata={"$maxCount": 1}),
    )
    check("so is stream metadata", "stream metadata" in str(error), True)
    binary = NewEvent(type="Binary", data=b"\xff\xfe", content_type="application/octet-stream")
    for events in [binary, [binary]]:
        error = raised(
            KurrentDBClientError,
            lambda: client.append_to_stream(
                stream, current_version=StreamState.ANY, events=events
            ),
        )
        check("what is not text is refused", "UTF-8" in str(error), True)
    used = NewEvent(type="Used", data=b"{}", id=client.get_stream(stream, limit=1)[0].id)
    raised(
        AlreadyExistsError,
        lambda: client.append_to_stream(
            f"again-{uuid4()}", current_version=StreamState.ANY, events=used
        ),
    )
    proved("an id that is used is refused")
    large = NewEvent(type="Large", data=b"x" * (1024 * 1024 + 1))
    raised(
        KurrentDBClientError,
        lambda: client.append_to_stream(
            stream, current_version=StreamState.ANY, events=[large]
        ),
    )
    check("nothing of it was appended", client.get_current_version(stream), 13)


def discovery(client, address, stream):
    members = client.read_gossip()
    check("the cluster has one member", len(members), 1)
    check("at the address asked for", f"{members[0].address}:{members[0].port}", address)
    check("which answers", len(client.get_stream(stream)), 14)


def strangers(client, stream):
    raised(KurrentDBClientError, lambda: client.get_stream(stream))
    raised(KurrentDBClientError, lambda: list(client.read_all()))
    for events in [new("Late", 0), [new("Late", 0)]]:
        raised(
            KurrentDBClientError,
            lambda: client.append_to_stream(
                stream, current_version=StreamState.ANY, events=events
            ),
        )
    proved("strangers neither read nor append")


def raised(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise SystemExit(f"FAILED: no {kind.__name__}")


def check(what, found, expected):
    if found != expected:
        raise SystemExit(f"FAILED: {what}: {found!r}, not {expected!r}")
    proved(what)


def proved(what):
    print(f"ok: {what}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
