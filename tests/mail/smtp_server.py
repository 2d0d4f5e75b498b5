"""A mail server for the tests. What it does with a message, the recipient's name says:

gone       is refused for good
busy       is put off twice, then taken
dropped    is taken, but the connection is cut before the answer
hanging    is never answered
others     are taken

Each message taken is written to the folder as JSON, read by Python's own parser.
"""

import argparse
import asyncio
import json
import pathlib
import ssl
import sys
from email import message_from_bytes, policy

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

options = argparse.ArgumentParser()
options.add_argument("folder", type=pathlib.Path)
options.add_argument("--port", type=int, default=0)
options.add_argument("--tls", choices=["wrapped", "starttls", "none"], default="none")
options.add_argument("--certificate")
options.add_argument("--key")
options.add_argument("--login", help="user:password")
options = options.parse_args()


class Handler:
    def __init__(self):
        self.offered = {}

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        name = address.split("@")[0]
        self.offered[name] = self.offered.get(name, 0) + 1
        if name == "gone":
            return f"550 5.1.1 <{address}> is nobody here"
        if name == "busy" and self.offered[name] <= 2:
            return f"451 4.3.0 <{address}> later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        name = envelope.rcpt_tos[0].split("@")[0]
        if name == "hanging":
            await asyncio.sleep(3600)
        self.keep(session, envelope)
        if name == "dropped" and self.offered[name] == 1:
            server.transport.abort()
        return "250 OK"

    def keep(self, session, envelope):
        message = message_from_bytes(envelope.content, policy=policy.default)
        kept = {
            "sender": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "over_tls": options.tls == "wrapped" or session.ssl is not None,
            "login": session.authenticated,
            "message_id": message["Message-ID"],
            "from": message["From"],
            "to": message["To"],
            "subject": message["Subject"],
            "defects": [str(defect) for part in message.walk() for defect in part.defects],
            "text": message.get_body(("plain",)).get_content(),
            "html": message.get_body(("html",)).get_content(),
        }
        number = len(list(options.folder.glob("*.json")))
        file = options.folder / f"{number:04}.json"
        unfinished = file.with_suffix(".new")
        unfinished.write_text(json.dumps(kept))
        unfinished.rename(file)


def authenticate(server, session, envelope, mechanism, credentials):
    shown = isinstance(credentials, LoginPassword) and b":".join(
        [credentials.login, credentials.password]
    )
    return AuthResult(success=shown == options.login.encode(), handled=False)


async def main():
    context = None
    if options.tls != "none":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options.certificate, options.key)
    handler = Handler()

    def protocol():
        login = {}
        if options.login:
            login = {"authenticator": authenticate, "auth_required": True}
        return SMTP(
            handler,
            hostname="mail.test",
            enable_SMTPUTF8=True,
            tls_context=context if options.tls == "starttls" else None,
            require_starttls=options.tls == "starttls",
            auth_require_tls=options.tls == "starttls",
            **login,
        )

    wrap = context if options.tls == "wrapped" else None
    server = await asyncio.get_running_loop().create_server(
        protocol, "127.0.0.1", options.port, ssl=wrap
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


try:
    asyncio.run(main())
except KeyboardInterrupt:
    sys.exit(0)
