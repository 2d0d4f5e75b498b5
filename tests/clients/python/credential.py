"""Gets an access token with a stock OAuth 2.0 client and reads an address with it: prints what came.

    python credential.py TOKEN_ENDPOINT CLIENT_ID CLIENT_SECRET ADDRESS
"""

import sys

from oauthlib.oauth2 import BackendApplicationClient
from requests_oauthlib import OAuth2Session

endpoint, client_id, client_secret, address = sys.argv[1:]
session = OAuth2Session(client=BackendApplicationClient(client_id=client_id))
session.fetch_token(endpoint, client_id=client_id, client_secret=client_secret)
answer = session.get(address)
answer.raise_for_status()
print(answer.text)
