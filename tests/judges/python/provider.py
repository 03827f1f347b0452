"""The provider under judgement, as the test that has started it describes it."""

import os


def given(name):
    """A value that the judgement cannot do without."""
    if not os.environ.get(name):
        raise SystemExit(f"{name} is not set: cargo test --package e2e runs the judges")
    return os.environ[name]


ISSUER = given("ISSUER")
CLIENT_SECRET = given("CLIENT_SECRET")
REDIRECT_URI = given("REDIRECT_URI")
POST_LOGOUT_REDIRECT_URI = given("POST_LOGOUT_REDIRECT_URI")
SUBJECT = given("SUBJECT")
REPORTS_API = given("REPORTS_API")
ALICE = {
    "sub": SUBJECT,
    "name": "Alice Liddell",
    "email": "alice@wonderland.example",
    "email_verified": True,
}
METADATA_URL = f"{ISSUER}/.well-known/openid-configuration"
# One client for each of them, named after it.
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
