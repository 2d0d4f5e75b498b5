// Proves that the stock Node client can append to, read, filter and follow a log of Pawl's.
//
//     node prove.js HOST:PORT [USER:PASSWORD CA_FILE]
//
// It prints a line for each thing proved, and ends with an error at the first that does not hold.
// The log may hold anything already, and others may write to it meanwhile.
//
// This client shows its credentials over TLS only. Without the file of the authority that signed
// the server's certificate it does without both, and the server must let in whoever shows nothing.

import { randomUUID } from "node:crypto";
import { isDeepStrictEqual, inspect } from "node:util";
import {
  AccessDeniedError,
  BACKWARDS,
  END,
  KurrentDBClient,
  MaxAppendSizeExceededError,
  NO_STREAM,
  START,
  STREAM_EXISTS,
  StreamNotFoundError,
  WrongExpectedVersionError,
  binaryEvent,
  eventTypeFilter,
  jsonEvent,
  streamNameFilter,
} from "@kurrent/kurrentdb-client";

// Milliseconds that the whole may take.
const PATIENCE = 60_000;

const [address, credentials, caFile] = process.argv.slice(2);
const stop = setTimeout(() => fail("it takes too long"), PATIENCE);
const run = randomUUID();
const stream = `proof-${run}`;
const other = `other-${run}`;

const client = connect(address, credentials);
await appending();
await reading();
await wholeLog();
await following();
await refusals();
await client.dispose();
await discovery();
if (caFile) await strangers();
clearTimeout(stop);
process.exit(0);

function connect(hosts, credentials, options = "") {
  const tls = caFile ? `tls=true&tlsCaFile=${caFile}` : "tls=false";
  const user = credentials && caFile ? `${credentials}@` : "";
  return KurrentDBClient.connectionString(`kurrentdb://${user}${hosts}?${tls}${options}`);
}

function event(type, number) {
  return jsonEvent({ id: randomUUID(), type, data: { number }, metadata: { by: "prove.js" } });
}

function events(type, numbers) {
  return numbers.map((number) => event(type, number));
}

async function appending() {
  const first = event("Begun", 0);
  const begun = await client.appendToStream(stream, first, { streamState: NO_STREAM });
  const again = await client.appendToStream(stream, first, { streamState: NO_STREAM });
  check("an append that is repeated changes nothing", again, begun);
  const more = events("Continued", [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  // So small a batch size cuts the append into many messages; it is still one append.
  const whole = await client.appendToStream(stream, more, { streamState: 0n, batchAppendSize: 200 });
  check("a batch is appended", whole.nextExpectedRevision, 9n);
  await client.appendToStream(stream, event("Ended", 10), { streamState: STREAM_EXISTS });
  for (const streamState of [NO_STREAM, 3n, 77n]) {
    const error = await raised(WrongExpectedVersionError, () =>
      client.appendToStream(stream, event("Late", 0), { streamState })
    );
    check(`expecting ${streamState} is refused`, error.expectedState, streamState);
    check("with what is the case", error.actualState, 10n);
  }
  const absent = `absent-${randomUUID()}`;
  const error = await raised(WrongExpectedVersionError, () =>
    client.appendToStream(absent, event("Late", 0), { streamState: STREAM_EXISTS })
  );
  check("expecting a stream that is not there is refused", error.actualState, "no_stream");
  const many = await Promise.all(
    events("Concurrent", [...Array(100).keys()]).map((one) =>
      client.appendToStream(`many-${run}`, one)
    )
  );
  const revisions = many.map((answer) => answer.nextExpectedRevision);
  check("many appends at once keep their order", revisions, many.map((_, n) => BigInt(n)));
}

async function reading() {
  const found = await all(client.readStream(stream));
  check("a stream is read", found.map((e) => Number(e.event.revision)), [...Array(11).keys()]);
  check("data comes back", found[3].event.data, { number: 3 });
  check("metadata comes back", found[3].event.metadata, { by: "prove.js" });
  check("types come back", found.at(-1).event.type, "Ended");
  const back = client.readStream(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 3 });
  check("a stream is read backwards", await revisions(back), [10n, 9n, 8n]);
  const middle = client.readStream(stream, { fromRevision: 4n, maxCount: 3 });
  check("a stream is read from within", await revisions(middle), [4n, 5n, 6n]);
  await raised(StreamNotFoundError, () => all(client.readStream(`absent-${randomUUID()}`)));
  proved("a stream that is not there is not found");
}

async function wholeLog() {
  await client.appendToStream(other, events("Elsewhere", [0, 1, 2]));
  const [first] = await all(client.readStream(stream, { maxCount: 1 }));
  const fromPosition = first.event.position;
  const own = (found) => found.filter((e) => [stream, other].includes(e.event.streamId));
  const found = own(await all(client.readAll({ fromPosition })));
  check("the log is read from a position on", found.length, 14);
  check("that position is read too", found[0].event.position, fromPosition);
  const last = found.at(-1).event.position;
  const back = own(await all(client.readAll({ fromPosition: last, direction: BACKWARDS })));
  check("backwards, that position is not", back.length, 13);
  const types = async (filter) =>
    (await all(client.readAll({ fromPosition, filter }))).map((e) => e.event.type);
  const kinds = await types(eventTypeFilter({ prefixes: ["Begun", "End"] }));
  check("types are filtered by prefix", new Set(kinds), new Set(["Begun", "Ended"]));
  const left = await types(eventTypeFilter({ regex: "^(?!Contin)" }));
  check("types are left out", left.includes("Continued"), false);
  const named = await types(streamNameFilter({ regex: `^other-${run}$` }));
  check("streams are filtered by expression", named, ["Elsewhere", "Elsewhere", "Elsewhere"]);
}

async function following() {
  const filter = streamNameFilter({ regex: `^(proof|other)-${run}$` });
  const seen = [];
  const everything = client.subscribeToAll({ fromPosition: START, filter });
  let live = false;
  everything.on("caughtUp", () => {
    live = true;
    client.appendToStream(stream, events("Live", [0, 1, 2]), { streamState: 10n });
  });
  for await (const { event } of everything) {
    seen.push(event);
    if (seen.length === 17) break;
  }
  check("a subscription catches up", live, true);
  const types = seen.slice(-3).map((e) => e.type);
  check("and goes on live", types, ["Live", "Live", "Live"]);
  const positions = seen.map((e) => e.position.commit);
  const sorted = [...new Set(positions)].sort((one, next) => (one < next ? -1 : 1));
  check("without a gap or a repeat", positions, sorted);
  const fromPosition = seen.at(-3).position;
  const rest = await some(client.subscribeToAll({ fromPosition, filter }), 2);
  check("it resumes after a position", rest.map((e) => e.position.commit), positions.slice(-2));

  const reached = new Promise((resolve) => {
    const checkpoints = client.subscribeToAll({
      fromPosition: seen[0].position,
      filter: eventTypeFilter({
        prefixes: ["Nothing is called this"],
        maxSearchWindow: 2,
        checkpointInterval: 2,
        checkpointReached: (subscription, position) => {
          subscription.unsubscribe();
          resolve(position);
        },
      }),
    });
    checkpoints.on("error", (error) => fail(`no checkpoint: ${error}`));
    checkpoints.resume();
  });
  check("checkpoints come", (await reached).commit > seen[0].position.commit, true);

  const stream_ = client.subscribeToStream(other, { fromRevision: 0n });
  stream_.on("caughtUp", () => client.appendToStream(other, event("Live", 3)));
  const followed = (await some(stream_, 3)).map((e) => e.revision);
  check("a stream is followed after a revision", followed, [1n, 2n, 3n]);
}

async function refusals() {
  await raised(AccessDeniedError, () => client.deleteStream(stream));
  await raised(AccessDeniedError, () => client.tombstoneStream(stream));
  proved("deleting is refused");
  await raised(Error, () => client.setStreamMetadata(stream, { maxCount: 1 }));
  const binary = binaryEvent({ type: "Binary", data: Buffer.from([0xff, 0xfe]) });
  await raised(Error, () => client.appendToStream(stream, binary));
  proved("stream metadata and what is not text are refused");
  const large = jsonEvent({ type: "Large", data: "x".repeat(1024 * 1024) });
  const error = await raised(MaxAppendSizeExceededError, () =>
    client.appendToStream(stream, [event("Small", 0), large])
  );
  check("what is too large is refused", error.maxAppendSize, 1024 * 1024);
  const [last] = await all(
    client.readStream(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 1 })
  );
  check("nothing of it was appended", last.event.revision, 13n);
}

async function discovery() {
  const client = connect(`${address},${address}`, credentials, "&nodePreference=leader");
  check("the cluster of one is discovered", (await all(client.readStream(stream))).length, 14);
  await client.appendToStream(other, event("Discovered", 0));
  await client.dispose();
}

async function strangers() {
  const client = connect(address, "nobody:wrong");
  await raised(AccessDeniedError, () => all(client.readStream(stream)));
  await raised(AccessDeniedError, () => all(client.readAll()));
  await raised(AccessDeniedError, () => client.appendToStream(stream, event("Late", 0)));
  proved("strangers neither read nor append");
  await client.dispose();
}

async function all(reads) {
  const found = [];
  for await (const one of reads) found.push(one);
  return found;
}

async function revisions(reads) {
  return (await all(reads)).map((e) => e.event.revision);
}

async function some(subscription, count) {
  const found = [];
  for await (const { event } of subscription) {
    found.push(event);
    if (found.length === count) break;
  }
  return found;
}

async function raised(kind, call) {
  try {
    await call();
  } catch (error) {
    if (error instanceof kind) return error;
    fail(`${inspect(error)} is no ${kind.name}`);
  }
  return fail(`no ${kind.name}`);
}

function check(what, found, expected) {
  if (!isDeepStrictEqual(found, expected)) {
    fail(`${what}: ${inspect(found)}, not ${inspect(expected)}`);
  }
  proved(what);
}

function proved(what) {
  console.log(`ok: ${what}`);
}

function fail(why) {
  console.error(`FAILED: ${why}`);
  process.exit(1);
}
