"""Replays the history of an organization with the stock Python client: prints the names of its
events, in the order of the log.

    python replay.py HOST:PORT ORGANIZATION
"""

import json
import sys

from kurrentdbclient import KurrentDBClient

address, organization = sys.argv[1:]
client = KurrentDBClient(uri=f"kurrentdb://{address}?tls=false")
for event in client.read_all():
    try:
        metadata = json.loads(event.metadata)
    except ValueError:
        continue
    if metadata.get("organization_id") == organization:
        print(event.type)
client.close()
