"""PyJWT verifies ID tokens of all four algorithms with the published keys."""

import base64
import unittest
from secrets import token_urlsafe

import jwt
import requests
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from urllib.parse import parse_qs, urlencode, urlsplit

import provider
from browser import Browser

METADATA = requests.get(provider.METADATA_URL, timeout=30).json()


def tokens(client_id, nonce):
    """What a client with a secret gets."""
    verifier = token_urlsafe(48)
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": provider.REDIRECT_URI,
        "scope": "openid",
        "nonce": nonce,
        "code_challenge": create_s256_code_challenge(verifier),
        "code_challenge_method": "S256",
    }
    answer = Browser().answer(f"{METADATA['authorization_endpoint']}?{urlencode(asked)}")
    posted = {
        "grant_type": "authorization_code",
        "code": parse_qs(urlsplit(answer).query)["code"][0],
        "redirect_uri": provider.REDIRECT_URI,
        "code_verifier": verifier,
    }
    response = requests.post(
        METADATA["token_endpoint"],
        data=posted,
        auth=(client_id, provider.CLIENT_SECRET),
        timeout=30,
    )
    response.raise_for_status()
    return response.json()


class Algorithms(unittest.TestCase):
    """One after the other."""

    def verified(self, algorithm):
        nonce = token_urlsafe()
        answer = tokens(algorithm, nonce)
        keys = jwt.PyJWKClient(METADATA["jwks_uri"])
        key = keys.get_signing_key_from_jwt(answer["id_token"])

        def decode(token, audience=algorithm):
            return jwt.decode_complete(
                token,
                key,
                algorithms=[algorithm],
                audience=audience,
                issuer=provider.ISSUER,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )

        token = decode(answer["id_token"])
        self.assertEqual(token["header"]["alg"], algorithm)
        claims = token["payload"]
        self.assertEqual([claims["nonce"], claims["sub"]], [nonce, provider.SUBJECT])
        digest = jwt.get_algorithm_by_name(algorithm)
        if algorithm != "EdDSA":
            # It cannot tell which hash that one uses.
            digest = digest.compute_hash_digest(answer["access_token"].encode())
            half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
            self.assertEqual(claims["at_hash"], half.decode())

        with self.assertRaises(jwt.InvalidAudienceError):
            decode(answer["id_token"], "another")
        header, claims, signature = answer["id_token"].split(".")
        forged = ("B" if signature[0] == "A" else "A") + signature[1:]
        with self.assertRaises(jwt.InvalidSignatureError):
            decode(".".join([header, claims, forged]))

    def test_rs256(self):
        self.verified("RS256")

    def test_ps256(self):
        self.verified("PS256")

    def test_es256(self):
        self.verified("ES256")

    def test_eddsa(self):
        self.verified("EdDSA")


if __name__ == "__main__":
    unittest.main(verbosity=2)
