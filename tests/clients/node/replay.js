// Replays the history of an organization with the stock Node client: prints the names of its events,
// in the order of the log.
//
//     node replay.js HOST:PORT ORGANIZATION

import { FORWARDS, KurrentDBClient, START } from "@kurrent/kurrentdb-client";

const [address, organization] = process.argv.slice(2);
const client = KurrentDBClient.connectionString(`kurrentdb://${address}?tls=false`);
for await (const { event } of client.readAll({ direction: FORWARDS, fromPosition: START })) {
  if (event?.metadata?.organization_id === organization) console.log(event.type);
}
await client.dispose();
