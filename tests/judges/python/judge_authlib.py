"""Authlib's client for web frameworks, without a framework, goes the whole way;
its resource server's side reads the access tokens."""

import unittest
from urllib.parse import parse_qs, urlsplit

from authlib.integrations.base_client import BaseApp, OAuth2Mixin, OAuthError, OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc6750.errors import InsufficientScopeError, InvalidTokenError
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidClaimError
from joserfc.jwk import KeySet

import provider
from browser import Browser


class App(OAuth2Mixin, OpenIDMixin, BaseApp):
    """What Authlib makes for Flask, Django or Starlette."""

    client_cls = OAuth2Session

    def __init__(self, client_id, authentication="client_secret_basic", scope="openid profile email"):
        super().__init__(
            framework=None,
            client_id=client_id,
            client_secret=None if authentication == "none" else provider.CLIENT_SECRET,
            server_metadata_url=provider.METADATA_URL,
            client_kwargs={
                "scope": scope,
                "code_challenge_method": "S256",
                "token_endpoint_auth_method": authentication,
                "revocation_endpoint_auth_method": authentication,
            },
        )
        self.browser = Browser()

    def _on_update_token(self, token, refresh_token=None, access_token=None):
        """There is no framework that keeps them."""

    def sign_in(self, **more):
        """The tokens, and the nonce that was sent."""
        sent = self.create_authorization_url(provider.REDIRECT_URI, **more)
        answer = self.browser.answer(sent["url"])
        parameters = parse_qs(urlsplit(answer).query)
        assert parameters["iss"] == [provider.ISSUER], answer
        tokens = self.fetch_access_token(
            provider.REDIRECT_URI,
            authorization_response=answer,
            code_verifier=sent["code_verifier"],
            state=sent["state"],
        )
        return tokens, sent["nonce"]

    def keys(self):
        """The keys that the server publishes."""
        return KeySet.import_key_set(self.fetch_jwk_set())

    def client(self):
        """A client that is ready to speak to the server's other endpoints."""
        return self._get_oauth_client(**self.load_server_metadata())


class ResourceServer(JWTBearerTokenValidator):
    """One that knows the server's keys and nothing else of it."""

    def __init__(self, keys, name=provider.REPORTS_API):
        super().__init__(issuer=provider.ISSUER, resource_server=name)
        self.keys = keys

    def get_jwks(self):
        return self.keys

    def admit(self, token, scope):
        """What the token says, if it is good for this."""
        claims = self.authenticate_token(token)
        self.validate_token(claims, [scope], None)
        return claims


class Client(unittest.TestCase):
    """The client's side, whatever the access tokens look like."""

    def whole_way(self, app):
        tokens, nonce = app.sign_in(max_age="3600")
        self.assertEqual(app.browser.pressed[0], "sign-in")
        claims = app.parse_id_token(tokens, nonce)
        self.assertEqual([claims["iss"], claims["aud"]], [provider.ISSUER, app.client_id])
        self.assertIn("at_hash", claims)
        self.assertIn("auth_time", claims)
        user = app.userinfo(token=tokens)
        self.assertEqual({**user, **provider.ALICE}, user)

        with app.client() as client:
            fresh = client.refresh_token(refresh_token=tokens["refresh_token"])
            # It belongs to no authentication request (Core section 12.2).
            again = app.parse_id_token(fresh, None)
            self.assertNotIn("nonce", again)
            for name in ["iss", "sub", "aud", "auth_time"]:
                self.assertEqual(again[name], claims[name], name)
            client.revoke_token(
                app.server_metadata["revocation_endpoint"], token=fresh["refresh_token"]
            )
            with self.assertRaisesRegex(OAuthError, "invalid_grant"):
                client.refresh_token(refresh_token=fresh["refresh_token"])

    def test_a_client_that_authenticates_in_the_header_goes_the_whole_way(self):
        self.whole_way(App("basic"))

    def test_a_client_that_authenticates_in_the_body_goes_the_whole_way(self):
        self.whole_way(App("post", "client_secret_post"))

    def test_a_public_client_goes_the_whole_way(self):
        self.whole_way(App("public", "none"))

    def test_id_tokens_are_good_whatever_signs_them(self):
        for algorithm in provider.ALGORITHMS:
            with self.subTest(algorithm):
                app = App(algorithm)
                claims = app.parse_id_token(*app.sign_in())
                self.assertEqual(claims["aud"], algorithm)
                self.assertIn("at_hash", claims)

    def test_a_client_is_told_of_its_token_while_it_lives(self):
        app = App("basic")
        tokens, _ = app.sign_in()
        with app.client() as client:
            endpoint = app.server_metadata["introspection_endpoint"]
            told = client.introspect_token(endpoint, token=tokens["access_token"]).json()
            self.assertTrue(told["active"])
            self.assertEqual([told["client_id"], told["sub"]], ["basic", provider.SUBJECT])
            client.revoke_token(
                app.server_metadata["revocation_endpoint"], token=tokens["access_token"]
            )
            told = client.introspect_token(endpoint, token=tokens["access_token"]).json()
            self.assertEqual(told, {"active": False})

    def test_the_nonce_of_another_sign_in_is_refused(self):
        app = App("basic")
        tokens, _ = app.sign_in()
        with self.assertRaisesRegex(InvalidClaimError, "nonce"):
            app.parse_id_token(tokens, "another")

    def test_the_access_token_of_another_sign_in_is_refused(self):
        app = App("basic")
        tokens, nonce = app.sign_in()
        others, _ = app.sign_in()
        with self.assertRaisesRegex(InvalidClaimError, "at_hash"):
            app.parse_id_token({**tokens, "access_token": others["access_token"]}, nonce)

    def test_signed_claims_about_the_user_are_verified(self):
        app = App("ES256")
        tokens, _ = app.sign_in()
        answer = app.get(app.load_server_metadata()["userinfo_endpoint"], token=tokens)
        kind = answer.headers["content-type"].split(";")[0]
        self.assertEqual(kind, "application/jwt")
        user = jwt.decode(answer.text, app.keys(), algorithms=["ES256"])
        said = {**provider.ALICE, "iss": provider.ISSUER, "aud": "ES256"}
        self.assertEqual({**user.claims, **said}, user.claims)
        header, claims, signature = answer.text.split(".")
        forged = ("B" if signature[0] == "A" else "A") + signature[1:]
        with self.assertRaises(BadSignatureError):
            jwt.decode(".".join([header, claims, forged]), app.keys(), algorithms=["ES256"])

    def test_who_signs_out_at_the_provider_comes_back_and_is_unknown_from_then_on(self):
        app = App("basic")
        tokens, _ = app.sign_in()
        sent = app.create_logout_url(provider.POST_LOGOUT_REDIRECT_URI, tokens["id_token"])
        answer = app.browser.answer(sent["url"])
        self.assertEqual(answer, f"{provider.POST_LOGOUT_REDIRECT_URI}?state={sent['state']}")
        unseen = app.create_authorization_url(provider.REDIRECT_URI, prompt="none")
        answer = parse_qs(urlsplit(app.browser.answer(unseen["url"])).query)
        self.assertEqual(answer["error"], ["login_required"])


class Resource(unittest.TestCase):
    """The resource server's side, where access tokens are JWTs."""

    def test_a_resource_server_reads_an_access_token_by_the_published_keys_alone(self):
        app = App("basic", scope="openid reports.read")
        tokens, _ = app.sign_in(resource=provider.REPORTS_API)
        server = ResourceServer(app.keys())
        claims = server.admit(tokens["access_token"], "reports.read")
        self.assertEqual(claims.header["typ"], "at+jwt")
        self.assertEqual([claims["client_id"], claims["sub"]], ["basic", provider.SUBJECT])
        with self.assertRaises(InsufficientScopeError):
            server.admit(tokens["access_token"], "reports.comment")
        with self.assertRaises(InvalidTokenError):
            ResourceServer(app.keys(), "https://other.example").admit(
                tokens["access_token"], "reports.read"
            )
        with self.assertRaises(InvalidTokenError):
            server.admit(tokens["id_token"], "openid")


if __name__ == "__main__":
    unittest.main(verbosity=2)
