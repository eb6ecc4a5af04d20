"""The identity providers of the pages, over TLS: their key sets and token endpoints.

usage: issuer.py PORT CERTIFICATE CERTIFICATE_KEY SIGNING_KEY
"""

import base64
import http.server
import json
import ssl
import subprocess
import sys
import time
import urllib.parse

PORT, CERTIFICATE, CERTIFICATE_KEY, SIGNING_KEY = sys.argv[1:]
KID = "example-key"
TENANT = "22222222-2222-2222-2222-222222222222"
KEYCLOAK = "/realms/example/protocol/openid-connect"
COGNITO = "cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example01"

KEY_SETS = {
    f"id.example.com{KEYCLOAK}/certs",
    "example.eu.auth0.com/.well-known/jwks.json",
    f"login.microsoftonline.com/{TENANT}/discovery/v2.0/keys",
    "login.microsoftonline.com/common/discovery/v2.0/keys",
    f"{COGNITO}/.well-known/jwks.json",
    "www.googleapis.com/oauth2/v3/certs",
    "www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com",
}


def keycloak(form):
    return {
        "iss": "https://id.example.com/realms/example",
        "aud": "api" if form.get("client_id") == "orders" else "account",
        "sub": "6f1f8a3c-9f0e-4d53-8a3c-0d5b8a1c2e4f",
        "azp": form.get("client_id"),
        "preferred_username": f"service-account-{form.get('client_id')}",
        "realm_access": {"roles": ["order-reader"]},
        "scope": "orders:read",
        "typ": "Bearer",
    }


def auth0(form):
    client = form.get("client_id")
    return {
        "iss": "https://example.eu.auth0.com/",
        "aud": form.get("audience"),
        "sub": f"{client}@clients",
        "azp": client,
        "gty": "client-credentials",
        "scope": "read:orders",
        "permissions": ["read:orders"],
    }


def entra(form):
    return {
        "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0",
        "aud": form.get("scope", "").removeprefix("api://").removesuffix("/.default"),
        "azp": form.get("client_id"),
        "oid": "44444444-4444-4444-4444-444444444444",
        "sub": "44444444-4444-4444-4444-444444444444",
        "tid": TENANT,
        "roles": ["Orders.Read"],
        "ver": "2.0",
    }


def cognito(form):
    client = form.get("client_id")
    return {
        "iss": f"https://{COGNITO}",
        "sub": client,
        "client_id": client,
        "token_use": "access",
        "scope": "orders/read",
    }


def google(form):
    return {
        "iss": "https://accounts.google.com",
        "aud": form.get("client_id"),
        "azp": form.get("client_id"),
        "sub": "110169484474386276334",
        "email": "alice@example.com",
        "email_verified": True,
        "hd": "example.com",
    }


def firebase(form):
    return {
        "iss": "https://securetoken.google.com/example-project",
        "aud": "example-project",
        "sub": "pAcbT3PYmlcH4z8vFaOEHp0dJkA2",
        "user_id": "pAcbT3PYmlcH4z8vFaOEHp0dJkA2",
        "email": form.get("email"),
        "firebase": {"sign_in_provider": "password"},
    }


# For each token endpoint: the claims, and the member of the response with the token.
TOKENS = {
    f"id.example.com{KEYCLOAK}/token": (keycloak, "access_token"),
    "example.eu.auth0.com/oauth/token": (auth0, "access_token"),
    f"login.microsoftonline.com/{TENANT}/oauth2/v2.0/token": (entra, "access_token"),
    "example.auth.eu-central-1.amazoncognito.com/oauth2/token": (cognito, "access_token"),
    "oauth2.googleapis.com/token": (google, "id_token"),
    "identitytoolkit.googleapis.com/v1/accounts:signInWithPassword": (firebase, "idToken"),
}


def openssl(*arguments, data=b""):
    command = ["openssl", *arguments]
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def key_set():
    modulus = openssl("rsa", "-in", SIGNING_KEY, "-noout", "-modulus").decode()
    n = bytes.fromhex(modulus.strip().removeprefix("Modulus="))
    key = {"kty": "RSA", "kid": KID, "use": "sig", "alg": "RS256", "n": encoded(n), "e": "AQAB"}
    return {"keys": [key]}


def signed(claims):
    now = int(time.time())
    claims = {"exp": now + 3600, "iat": now, **claims}
    header = {"alg": "RS256", "typ": "JWT", "kid": KID}
    text = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
    return text + "." + encoded(openssl("dgst", "-sha256", "-sign", SIGNING_KEY, data=text.encode()))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def place(self):
        host = self.headers.get("Host", "").split(":")[0]
        return host + self.path.split("?")[0]

    def do_GET(self):
        if self.place() in KEY_SETS:
            self.respond(200, KEYS)
        else:
            self.respond(404, {"error": "not_found"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.headers.get("Content-Type", "").startswith("application/json"):
            form = json.loads(body)
        else:
            form = dict(urllib.parse.parse_qsl(body))
        if self.place() not in TOKENS:
            self.respond(404, {"error": "not_found"})
            return
        claims, member = TOKENS[self.place()]
        token = signed(claims(form))
        self.respond(200, {member: token, "expires_in": 3600, "token_type": "Bearer"})

    def respond(self, status, value):
        body = json.dumps(value, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


KEYS = key_set()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERTIFICATE, CERTIFICATE_KEY)
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(PORT)), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
