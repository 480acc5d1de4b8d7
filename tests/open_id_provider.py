"""A provider of OpenID Connect for the tests: a process on loopback that signs with its own key.

    python tests/open_id_provider.py CLIENT SECRET

prints its address. `POST /set` says how it answers from then on: `claims` of whoever signs in,
and `faults`, such as another issuer, audience, nonce, key or algorithm.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT, SECRET = sys.argv[1:3] if len(sys.argv) > 2 else ("", "")


class State:
    """What the provider knows; `rotate` makes another key."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.faults: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.rotate()

    def rotate(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.kid = f"key-{time.monotonic_ns()}"

    def shown(self) -> dict[str, Any]:
        shown: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        return {**shown, "kid": self.kid, "use": "sig", "alg": "RS256"}


STATE = State()


class Provider(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""

    @property
    def issuer(self) -> str:
        return f"http://{self.headers['host']}"

    def answer(self, body: Any, status: int = 200) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        STATE.asked.append(path)
        if path == "/.well-known/openid-configuration":
            self.answer(
                {
                    "issuer": STATE.faults.get("called", self.issuer),
                    "authorization_endpoint": f"{self.issuer}/authorize",
                    "token_endpoint": f"{self.issuer}/token",
                    "jwks_uri": f"{self.issuer}/keys",
                }
            )
        elif path == "/keys":
            self.answer({"keys": [STATE.shown()]})
        elif path == "/asked":
            self.answer(STATE.asked)
        elif path == "/authorize":
            self.authorize({name: values[-1] for name, values in query.items()})
        else:
            self.answer({}, 404)

    def authorize(self, asked: dict[str, str]) -> None:
        """Whoever comes is signed in already."""
        code = f"code-{time.monotonic_ns()}"
        STATE.codes[code] = asked
        back = {"code": code, "state": STATE.faults.get("state", asked["state"])}
        if "refuses" in STATE.faults:
            back = {"error": "access_denied", "state": asked["state"]}
        self.send_response(302)
        self.send_header("location", f"{asked['redirect_uri']}?{urlencode(back)}")
        self.send_header("content-length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        STATE.asked.append(self.path)
        if self.path == "/set":
            said = json.loads(body)
            STATE.claims, STATE.faults = said.get("claims", {}), said.get("faults", {})
            if said.get("rotate"):
                STATE.rotate()
            self.answer({})
        elif self.path == "/token":
            self.token({name: values[-1] for name, values in parse_qs(body.decode()).items()})
        else:
            self.answer({}, 404)

    def token(self, form: dict[str, str]) -> None:
        asked = STATE.codes.pop(form.get("code", ""), None)
        given = self.headers.get("authorization", "").removeprefix("Basic ")
        pair = [unquote_plus(one) for one in base64.b64decode(given).decode().split(":")]
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
        if asked is None or pair != [CLIENT, SECRET]:
            self.answer({"error": "invalid_client"}, 401)
        elif form["redirect_uri"] != asked["redirect_uri"] or challenge != asked["code_challenge"]:
            self.answer({"error": "invalid_grant"}, 400)
        elif "token" in STATE.faults:
            self.answer({"id_token": STATE.faults["token"]})
        else:
            self.answer({"id_token": self.signed(asked), "token_type": "Bearer"})

    def signed(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300,
            "nonce": asked["nonce"], **STATE.claims, **STATE.faults.get("claims", {}),
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        head = {"kid": STATE.kid}
        if STATE.faults.get("algorithm") == "none":
            return jwt.encode(claims, "", algorithm="none", headers=head)
        if STATE.faults.get("algorithm") == "HS256":
            return jwt.encode(claims, SECRET.ljust(32, "x"), algorithm="HS256", headers=head)
        key = STATE.key
        if "key" in STATE.faults:
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return jwt.encode(claims, key, algorithm="RS256", headers=head)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()
