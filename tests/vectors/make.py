#!/usr/bin/env python3
"""Makes keys.json, tokens.json and rsa.json: keys and tokens for tests, by libraries that the filters
do not use.

    python3 -m venv venv && venv/bin/pip install cryptography==50.0.2 PyJWT==2.15.1
    venv/bin/python tests/vectors/make.py

The keys are for tests only: their private halves are published here. They stay as they are while
keys.json is there, since cases name them. Signatures of RSASSA-PSS and ECDSA are random, so each run
gives other tokens; all of them expire in 2100. The keys of rsa.json are new in each run.
"""

import base64
import datetime
import hashlib
import hmac
import json
import math
import pathlib
import secrets

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization as form
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, utils, x25519
from cryptography.x509.oid import NameOID

HERE = pathlib.Path(__file__).parent
CLAIMS = {"iss": "k", "sub": "alice", "exp": 4102444800}
SECRET = b"a-secret-for-tests-of-64-bytes-0123456789-0123456789-0123456789-"
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, size=None):
    return base64url(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def jwk(key):
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
    if isinstance(key, ec.EllipticCurvePublicKey):
        numbers, size = key.public_numbers(), (key.key_size + 7) // 8
        curve = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}.get(
            key.curve.name, key.curve.name
        )
        x, y = number(numbers.x, size), number(numbers.y, size)
        return {"kty": "EC", "crv": curve, "x": x, "y": y}
    curve = {32: "Ed25519", 57: "Ed448"}[len(key.public_bytes_raw())]
    if isinstance(key, x25519.X25519PublicKey):
        curve = "X25519"
    return {"kty": "OKP", "crv": curve, "x": base64url(key.public_bytes_raw())}


def pem(key, format=form.PublicFormat.SubjectPublicKeyInfo):
    return key.public_bytes(form.Encoding.PEM, format).decode()


def private_pem(key):
    pkcs8 = form.PrivateFormat.PKCS8
    return key.private_bytes(form.Encoding.PEM, pkcs8, form.NoEncryption()).decode()


def certificate(key, signer=None):
    """Expired long ago: only its key counts."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "novasphere tests")])
    date = datetime.datetime(2020, 1, 1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(date)
        .not_valid_after(date + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    signer = signer or key
    algorithm = None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(signer, algorithm).public_bytes(form.Encoding.PEM).decode()


def version_1(pem_text):
    """The same certificate without version and extensions, its signature left as it is."""
    tbs, algorithm, signature = elements(form_of(pem_text))
    fields = elements(tbs)
    tbs = sequence(b"".join(fields[1:7]))
    text = base64.encodebytes(sequence(tbs + algorithm + signature)).decode()
    return f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n"


def form_of(pem_text):
    return base64.b64decode("".join(pem_text.strip().splitlines()[1:-1]))


def elements(der):
    """The TLVs in a sequence."""
    found = []
    header, size = length(der)
    content = der[header : header + size]
    while content:
        header, size = length(content)
        found.append(content[: header + size])
        content = content[header + size :]
    return found


def length(der):
    if der[1] < 0x80:
        return 2, der[1]
    count = der[1] & 0x7F
    return 2 + count, int.from_bytes(der[2 : 2 + count], "big")


def sequence(content):
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    head = bytes([len(content)]) if len(content) < 0x80 else bytes([0x80 | len(size)]) + size
    return b"\x30" + head + content


def token(header, claims, sign):
    claims = claims if isinstance(claims, str) else json.dumps(claims)
    header = header if isinstance(header, str) else json.dumps(header)
    message = f"{base64url(header.encode())}.{base64url(claims.encode())}"
    return f"{message}.{base64url(sign(message.encode()))}"


def signer(alg, key):
    """Signs by the standard's words, not a JWT library's."""
    hash = HASHES[alg[2:]] if alg[2:] in HASHES else None
    if alg.startswith("HS"):
        return lambda message: hmac.new(key, message, "sha" + alg[2:]).digest()
    if alg.startswith("RS"):
        return lambda message: key.sign(message, padding.PKCS1v15(), hash)
    if alg.startswith("PS"):
        pss = padding.PSS(padding.MGF1(hash), hash.digest_size)
        return lambda message: key.sign(message, pss, hash)
    if alg.startswith("ES"):
        size = (key.curve.key_size + 7) // 8

        def sign(message):
            r, s = utils.decode_dss_signature(key.sign(message, ec.ECDSA(hash)))
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")

        return sign
    return key.sign


def keys():
    try:
        made = json.loads((HERE / "keys.json").read_text())
    except FileNotFoundError:
        return new_keys()
    load = form.load_pem_private_key
    return {name: load(forms["private"].encode(), None) for name, forms in made.items()}


def new_keys():
    rsa_key = lambda bits, e=65537: rsa.generate_private_key(e, bits)
    return {
        "rsa2048": rsa_key(2048),
        "rsa2048-other": rsa_key(2048),
        "rsa3072": rsa_key(3072),
        "rsa4096-e3": rsa_key(4096, 3),
        "rsa1024": rsa_key(1024),
        "p256": ec.generate_private_key(ec.SECP256R1()),
        "p256-other": ec.generate_private_key(ec.SECP256R1()),
        "p384": ec.generate_private_key(ec.SECP384R1()),
        "p521": ec.generate_private_key(ec.SECP521R1()),
        "secp256k1": ec.generate_private_key(ec.SECP256K1()),
        "ed25519": ed25519.Ed25519PrivateKey.generate(),
        "ed25519-other": ed25519.Ed25519PrivateKey.generate(),
        "ed448": ed448.Ed448PrivateKey.generate(),
        "x25519": x25519.X25519PrivateKey.generate(),
    }


ALGORITHMS = {
    "RS256": "rsa2048", "RS384": "rsa3072", "RS512": "rsa4096-e3",
    "PS256": "rsa2048", "PS384": "rsa3072", "PS512": "rsa4096-e3",
    "ES256": "p256", "ES384": "p384", "ES512": "p521", "EdDSA": "ed25519",
}  # fmt: skip


def forms(name, key):
    public = key.public_key()
    forms = {"private": private_pem(key), "spki": pem(public), "jwk": jwk(public)}
    if name.startswith("rsa"):
        forms["pkcs1"] = pem(public, form.PublicFormat.PKCS1)
    if name in ("rsa2048", "p256", "ed25519"):
        forms["certificate"] = certificate(key)
    if name == "rsa2048":
        forms["certificate-v1"] = version_1(forms["certificate"])
    return forms


def valid(keys):
    """A token of each algorithm, minted by PyJWT."""
    found = []
    for alg, name in ALGORITHMS.items():
        found.append({"alg": alg, "key": name, "token": jwt.encode(CLAIMS, keys[name], alg)})
    for alg in ("HS256", "HS384", "HS512"):
        found.append({"alg": alg, "secret": SECRET.decode(), "token": jwt.encode(CLAIMS, SECRET, alg)})
    header = {"alg": "Ed25519"}
    minted = token(header, CLAIMS, signer("EdDSA", keys["ed25519"]))
    found.append({"alg": "Ed25519", "key": "ed25519", "token": minted})
    return found


def forged(keys):
    """Tokens a key must refuse: its name, its algorithm, what is wrong and the token."""
    found = []

    def add(name, alg, why, token):
        found.append({"key": name, "alg": alg, "why": why, "token": token})

    public = {name: key.public_key() for name, key in keys.items()}
    for text in (pem(public["rsa2048"]), pem(public["rsa2048"]).strip(), jwk(public["rsa2048"])["n"]):
        sign = signer("HS256", text.encode())
        add("rsa2048", "RS256", "HMAC with the public key", token({"alg": "HS256"}, CLAIMS, sign))
        add("rsa2048", "RS256", "the same, named RS256", token({"alg": "RS256"}, CLAIMS, sign))
    for alg, name in ALGORITHMS.items():
        for named in ("none", "None", alg.lower(), "HS256", "RS256", "PS256", "ES256", "ES384", "EdDSA"):
            if named != alg:
                sign = signer(alg, keys[name])
                add(name, alg, f"signed by {alg}, named {named}", token({"alg": named}, CLAIMS, sign))
        add(name, alg, "unsigned", token({"alg": alg}, CLAIMS, lambda _: b""))
        for bad in (b"\0" * 64, b"\xff" * 64, b"\0" * 256, b"\xff" * 256, b"\0" * 96, b"\0" * 132):
            add(name, alg, "no signature", token({"alg": alg}, CLAIMS, lambda _: bad))
    for alg, name, by in (
        ("RS256", "rsa2048", "rsa2048-other"),
        ("ES256", "p256", "p256-other"),
        ("EdDSA", "ed25519", "ed25519-other"),
    ):
        header = {"alg": alg, "jwk": jwk(public[by]), "jku": "https://evil.example/jwks", "kid": "x"}
        add(name, alg, "signed by another key", token(header, CLAIMS, signer(alg, keys[by])))
    add_odd_rsa(add, keys["rsa2048"])
    add_odd_ec(add, keys)
    for alg, name in (("RS256", "rsa2048"), ("ES256", "p256"), ("EdDSA", "ed25519")):
        sign = signer(alg, keys[name])
        claims = json.dumps(CLAIMS)
        for header, why in (
            ({"alg": alg, "crit": ["exp"]}, "crit"),
            ({"alg": alg, "crit": []}, "empty crit"),
            ({"alg": alg, "b64": False}, "b64"),
            ({"alg": alg, "b64": False, "crit": ["b64"]}, "b64 and crit"),
            (f'{{"alg": "none", "alg": "{alg}"}}', "alg twice"),
            (f'{{"alg": "{alg}", "\\u0061lg": "{alg}"}}', "alg twice, escaped"),
        ):
            add(name, alg, why, token(header, claims, sign))
        add(name, alg, "iss twice", token({"alg": alg}, claims[:-1] + ', "iss": "k"}', sign))
        good = token({"alg": alg}, claims, sign)
        add(name, alg, "padding", good + "=")
        add(name, alg, "a fourth part", good + ".")
        add(name, alg, "JWE", good + ".AAAA.AAAA")
        add(name, alg, "JSON", json.dumps(dict(zip(("protected", "payload", "signature"), good.split(".")))))
        add(name, alg, "a longer signature", good[: good.rindex(".") + 1]
            + base64url(sign(good[: good.rindex(".")].encode()) + b"\0"))  # fmt: skip
        add(name, alg, "a zero before the signature", good[: good.rindex(".") + 1]
            + base64url(b"\0" + sign(good[: good.rindex(".")].encode())))  # fmt: skip
    return found


def add_odd_rsa(add, key):
    """RSASSA-PSS with other parameters, PKCS#1 with other hashes, and numbers beyond the modulus."""
    sha256, sha512 = hashes.SHA256(), hashes.SHA512()
    for why, pss in {
        "empty salt": padding.PSS(padding.MGF1(sha256), 0),
        "long salt": padding.PSS(padding.MGF1(sha256), padding.PSS.MAX_LENGTH),
        "salt of 31 bytes": padding.PSS(padding.MGF1(sha256), 31),
        "MGF1 of another hash": padding.PSS(padding.MGF1(sha512), 32),
    }.items():
        add("rsa2048", "PS256", why,
            token({"alg": "PS256"}, CLAIMS, lambda m: key.sign(m, pss, sha256)))  # fmt: skip
    for alg, hash in (("RS256", sha512), ("RS512", sha256), ("RS256", hashes.SHA1())):
        add("rsa2048", alg, f"hashed with {hash.name}",
            token({"alg": alg}, CLAIMS, lambda m: key.sign(m, padding.PKCS1v15(), hash)))  # fmt: skip
    n = key.public_key().public_numbers().n

    def beyond(message):
        signature = int.from_bytes(key.sign(message, padding.PKCS1v15(), sha256), "big")
        return (signature + n).to_bytes(257, "big")[-256:]

    add("rsa2048", "RS256", "plus the modulus", token({"alg": "RS256"}, CLAIMS, beyond))

    def without_null(message):
        """DigestInfo without the NULL of its AlgorithmIdentifier (RFC 8017 section 9.2 note 1)."""
        info = bytes.fromhex("302f300b0609608648016503040201 0420".replace(" ", ""))
        return raw(key, info + hashlib.sha256(message).digest())

    def garbage(message):
        """Bytes after the hash and less padding: Bleichenbacher's forgery for small exponents."""
        info = bytes.fromhex("3031300d060960864801650304020105000420")
        digest = hashlib.sha256(message).digest()
        return raw(key, info + digest + b"\0" * 100)

    add("rsa2048", "RS256", "no NULL in DigestInfo", token({"alg": "RS256"}, CLAIMS, without_null))
    add("rsa2048", "RS256", "garbage after the hash", token({"alg": "RS256"}, CLAIMS, garbage))


def raw(key, info):
    """PKCS#1 v1.5 padding around `info`, whatever it is."""
    numbers = key.private_numbers()
    n = numbers.public_numbers.n
    padded = b"\0\1" + b"\xff" * (256 - 3 - len(info)) + b"\0" + info
    return pow(int.from_bytes(padded, "big"), numbers.d, n).to_bytes(256, "big")


ORDERS = {
    "p256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "p384": int(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16
    ),
    "ed25519": 2**252 + 27742317777372353535851937790883648493,
}


def add_odd_ec(add, keys):
    """ECDSA in DER, with numbers out of range, hashed otherwise; Ed25519 with s beyond the order."""
    for alg, name, size in (("ES256", "p256", 32), ("ES384", "p384", 48)):
        key, hash, order = keys[name], HASHES[alg[2:]], ORDERS[name]
        header = {"alg": alg}
        add(name, alg, "DER", token(header, CLAIMS, lambda m: key.sign(m, ec.ECDSA(hash))))
        add(name, alg, "another hash", token(header, CLAIMS, lambda m: _raw(key, m, hashes.SHA512(), size)))
        for why, change in {
            "r is 0": lambda r, s: (0, s),
            "s is 0": lambda r, s: (r, 0),
            "r is the order": lambda r, s: (order, s),
            "s is the order": lambda r, s: (r, order),
            "r plus the order": lambda r, s: ((r + order) % 2 ** (8 * size), s),
            "s plus the order": lambda r, s: (r, (s + order) % 2 ** (8 * size)),
            "swapped": lambda r, s: (s, r),
        }.items():
            add(name, alg, why, token(header, CLAIMS, lambda m: _raw(key, m, hash, size, change)))
    order = ORDERS["ed25519"]

    def beyond(message):
        signature = keys["ed25519"].sign(message)
        s = int.from_bytes(signature[32:], "little") + order
        return signature[:32] + s.to_bytes(32, "little")

    add("ed25519", "EdDSA", "s plus the order", token({"alg": "EdDSA"}, CLAIMS, beyond))


def _raw(key, message, hash, size, change=lambda r, s: (r, s)):
    r, s = change(*utils.decode_dss_signature(key.sign(message, ec.ECDSA(hash))))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


# Sizes around the borders of bytes and of 64-bit words, and exponents. The last one is the largest prime
# that keys may have.
RSA_KEYS = [(bits, 3 if bits % 2 else 65537) for bits in (2048, 2049, 2050, 2055, 2056, 2111, 2112, 2113)]
RSA_KEYS += [(3071, 3), (4095, 3), (4096, 65537), (2048, 37), (2048, 8589934583)]
DIGEST_INFO = {
    "256": "3031300d060960864801650304020105000420",
    "384": "3041300d060960864801650304020205000430",
    "512": "3051300d060960864801650304020305000440",
}


def rsa_key(bits, e):
    """`generate_private_key` allows only the exponents 3 and 65537."""
    if e in (3, 65537):
        return rsa.generate_private_key(e, bits)
    while True:
        numbers = rsa.generate_private_key(65537, bits).private_numbers()
        p, q = numbers.p, numbers.q
        order = math.lcm(p - 1, q - 1)
        if math.gcd(e, order) == 1:
            d, public = pow(e, -1, order), rsa.RSAPublicNumbers(e, p * q)
            parts = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
            return rsa.RSAPrivateNumbers(p, q, d, *parts, public).private_key()


def rsa_tokens(keys=RSA_KEYS):
    """Tokens of RSA keys of many sizes. `why` says what is wrong with the forged ones."""
    made = []
    for bits, e in keys:
        key = rsa_key(bits, e)
        vector = {"jwk": jwk(key.public_key()), "bits": bits, "valid": [], "forged": []}
        for alg in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"):
            vector["valid"].append({"alg": alg, "token": token({"alg": alg}, CLAIMS, signer(alg, key))})
        for alg, why, sign in rsa_forgeries(key):
            forged = token({"alg": alg}, CLAIMS, sign)
            vector["forged"].append({"alg": alg, "why": why, "token": forged})
        made.append(vector)
    return made


def rsa_forgeries(key):
    """Signatures of numbers that almost encode the hash."""
    numbers = key.private_numbers()
    n, d = numbers.public_numbers.n, numbers.d
    size = (n.bit_length() + 7) // 8

    def power(number):
        return pow(number, d, n).to_bytes(size, "big")

    def pkcs1(start=b"\0\1", padding=None, end=b"\0", info=DIGEST_INFO["256"], hash="sha256", rest=b""):
        def sign(message):
            tail = end + bytes.fromhex(info) + hashlib.new(hash, message).digest() + rest
            fill = padding or b"\xff" * (size - len(start) - len(tail))
            encoded = (start + fill + tail).ljust(size, b"\0")
            return power(int.from_bytes(encoded, "big"))

        return sign

    def pss(**change):
        def sign(message):
            while True:
                number = emsa_pss(message, n.bit_length() - 1, **change)
                if number < n:
                    return power(number)

        return sign

    def plus_modulus(sign):
        def beyond(message):
            # The signature of PSS is random, and the sum does not always fit.
            while True:
                number = int.from_bytes(sign(message), "big") + n
                if number < 1 << (8 * size):
                    return number.to_bytes(size, "big")

        return beyond

    yield "RS256", "starts with 0 2", pkcs1(start=b"\0\2")
    yield "RS256", "starts with 0 0", pkcs1(start=b"\0\0")
    yield "RS256", "no 0 after the padding", pkcs1(end=b"\xff")
    yield "RS256", "padding of 8 bytes, then garbage", pkcs1(padding=b"\xff" * 8)
    yield "RS256", "garbage after the hash", pkcs1(padding=b"\xff" * 100)
    yield "RS256", "a byte after the hash", pkcs1(rest=b"\0")
    yield "RS256", "the hash without DigestInfo", pkcs1(info="")
    yield "RS256", "the DigestInfo of SHA-384", pkcs1(info=DIGEST_INFO["384"])
    yield "RS384", "the hash of SHA-256", pkcs1(info=DIGEST_INFO["384"])
    yield "RS256", "no NULL", pkcs1(info="302f300b0609608648016503040201" + "0420")
    yield "RS256", "a length in two bytes", pkcs1(info="308131300d060960864801650304020105000420")
    yield "RS256", "a hash of PSS", pss()
    yield "PS256", "a hash of PKCS #1", pkcs1()
    yield "PS256", "another trailer", pss(trailer=0xBB)
    yield "PS256", "padding that is not zero", pss(fill=1)
    yield "PS256", "no 1 after the padding", pss(one=0)
    yield "PS256", "2 after the padding", pss(one=2)
    yield "PS256", "a salt of 33 bytes", pss(salt=33)
    yield "PS256", "a salt of 31 bytes", pss(salt=31)
    yield "PS256", "the salt twice", pss(salted=2)
    if n > 9 << (n.bit_length() - 4):
        yield "PS256", "a bit above the encoded message", pss(above=1)
    if n.bit_length() % 8:
        yield "RS256", "plus the modulus", plus_modulus(signer("RS256", key))
    if n < 15 << (8 * size - 4):
        yield "PS256", "plus the modulus", plus_modulus(signer("PS256", key))


def emsa_pss(message, bits, trailer=0xBC, fill=0, one=1, salt=32, salted=1, above=0):
    """EMSA-PSS (RFC 8017 section 9.1.1) with SHA-256, as a number."""
    digest = lambda data: hashlib.sha256(data).digest()
    size, salt = (bits + 7) // 8, secrets.token_bytes(salt)
    h = digest(b"\0" * 8 + digest(message) + salt * salted)
    padding = bytes([0, fill]) + b"\0" * (size - len(salt) - 36)
    block = padding + bytes([one]) + salt
    mask = b"".join(digest(h + counter.to_bytes(4, "big")) for counter in range(len(block) // 32 + 1))
    masked = int.from_bytes(bytes(a ^ b for a, b in zip(block, mask)), "big")
    masked &= (1 << (bits - 8 * 33)) - 1
    return above << bits | int.from_bytes(masked.to_bytes(size - 33, "big") + h + bytes([trailer]), "big")


def write(name, value):
    (HERE / name).write_text(json.dumps(value, indent=1) + "\n")


def main():
    made = keys()
    write("keys.json", {name: forms(name, key) for name, key in made.items()})
    write("tokens.json", {"valid": valid(made), "forged": forged(made)})
    write("rsa.json", rsa_tokens())


if __name__ == "__main__":
    main()
