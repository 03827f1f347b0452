//! Clients that others have written, in other languages, accept the example
//! server as an OpenID Connect provider, and notice when they are deceived.

use e2e::judge::{node, python};
use e2e::provider::{AccessTokens, Provider};

#[tokio::test]
async fn openid_client_goes_the_whole_way_and_is_not_deceived() {
    node(&Provider::start(AccessTokens::Opaque), "node/openid_client.js").await;
}

#[tokio::test]
async fn jose_verifies_id_tokens_of_every_algorithm() {
    node(&Provider::start(AccessTokens::Opaque), "node/jose.js").await;
}

#[tokio::test]
async fn authlib_goes_the_whole_way_and_is_not_deceived() {
    python(&Provider::start(AccessTokens::Opaque), "judge_authlib.Client").await;
}

#[tokio::test]
async fn authlib_goes_the_whole_way_with_access_tokens_that_can_be_read() {
    let provider = Provider::start(AccessTokens::Jwt);
    python(&provider, "judge_authlib.Client").await;
    python(&provider, "judge_authlib.Resource").await;
}

#[tokio::test]
async fn pyjwt_verifies_id_tokens_of_every_algorithm() {
    python(&Provider::start(AccessTokens::Opaque), "judge_pyjwt.Algorithms").await;
}
