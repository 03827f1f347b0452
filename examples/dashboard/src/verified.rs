//! Whether an ID token is to be believed.

use std::fmt::Display;

use openidconnect::core::{CoreIdToken, CoreTokenResponse};
use openidconnect::{AccessTokenHash, Nonce, OAuth2TokenResponse, SubjectIdentifier};

use crate::client::{Configured, SignInError};
use crate::id_token::Decoded;

/// Whom the ID token names, and what it says, if it is to be believed (OpenID
/// Connect Core sections 3.1.3.7 and 3.1.3.8).
pub(crate) fn verified(
    client: &Configured,
    tokens: &CoreTokenResponse,
    id_token: &CoreIdToken,
    nonce: &Nonce,
) -> Result<(SubjectIdentifier, Decoded), SignInError> {
    let verifier = client.id_token_verifier();
    let not_believed = |why: &dyn Display| SignInError::IdToken(why.to_string());
    let claims = id_token.claims(&verifier, nonce).map_err(|why| not_believed(&why))?;
    let algorithm = id_token.signing_alg().map_err(|why| not_believed(&why))?;
    let key = id_token.signing_key(&verifier).map_err(|why| not_believed(&why))?;
    let hash = AccessTokenHash::from_token(tokens.access_token(), algorithm, key)
        .map_err(|why| not_believed(&why))?;
    if claims.access_token_hash() != Some(&hash) {
        return Err(not_believed(&"it belongs to another access token"));
    }
    Ok((claims.subject().clone(), Decoded::of(id_token, claims)))
}

#[cfg(test)]
mod tests {
    use openidconnect::core::{
        CoreClient, CoreEdDsaPrivateSigningKey, CoreIdTokenFields, CoreJwsSigningAlgorithm,
        CoreProviderMetadata, CoreTokenType,
    };
    use openidconnect::{
        AccessToken, ClientId, EmptyExtraTokenFields, JsonWebKeySet, PrivateSigningKey,
    };
    use serde_json::json;

    use super::*;

    /// The key of RFC 8410 section 10.3.
    const KEY: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
";
    const ISSUER: &str = "http://127.0.0.1:4001";

    fn key() -> CoreEdDsaPrivateSigningKey {
        CoreEdDsaPrivateSigningKey::from_ed25519_pem(KEY, None).unwrap()
    }

    /// The dashboard, before a provider that signs with [`key`].
    fn client() -> Configured {
        let metadata = json!({
            "issuer": ISSUER,
            "authorization_endpoint": format!("{ISSUER}/authorize"),
            "jwks_uri": format!("{ISSUER}/jwks"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["EdDSA"],
        });
        let metadata: CoreProviderMetadata = serde_json::from_value(metadata).unwrap();
        let metadata = metadata.set_jwks(JsonWebKeySet::new(vec![key().as_verification_key()]));
        CoreClient::from_provider_metadata(metadata, ClientId::new("dashboard".to_owned()), None)
    }

    /// An ID token for `audience`, issued with this access token, if it says with which.
    fn id_token(audience: &str, access_token: Option<&str>) -> CoreIdToken {
        let claims = json!({
            "iss": ISSUER, "sub": "alice", "aud": audience, "nonce": "drawn",
            "iat": 1_700_000_000, "exp": 4_102_444_800_u64,
        });
        let claims = serde_json::from_value(claims).unwrap();
        let access_token = access_token.map(|token| AccessToken::new(token.to_owned()));
        let algorithm = CoreJwsSigningAlgorithm::EdDsa;
        CoreIdToken::new(claims, &key(), algorithm, access_token.as_ref(), None).unwrap()
    }

    /// Judges `id_token` as it comes with the access token `fits` after a request
    /// with this nonce.
    fn judge(id_token: &CoreIdToken, nonce: &str) -> Result<SubjectIdentifier, String> {
        let fields = CoreIdTokenFields::new(Some(id_token.clone()), EmptyExtraTokenFields {});
        let access_token = AccessToken::new("fits".to_owned());
        let tokens = CoreTokenResponse::new(access_token, CoreTokenType::Bearer, fields);
        let judged = verified(&client(), &tokens, id_token, &Nonce::new(nonce.to_owned()));
        judged.map(|(subject, _)| subject).map_err(|error| error.to_string())
    }

    #[test]
    fn an_id_token_is_believed_in_its_own_sign_in_only() {
        let mine = id_token("dashboard", Some("fits"));
        assert_eq!(judge(&mine, "drawn").unwrap().as_str(), "alice");
        assert!(judge(&mine, "another").is_err());
        assert!(judge(&id_token("other", Some("fits")), "drawn").is_err());
    }

    #[test]
    fn an_id_token_must_name_the_access_token_that_comes_with_it() {
        for access_token in [Some("swapped"), None] {
            let error = judge(&id_token("dashboard", access_token), "drawn").unwrap_err();
            assert!(error.contains("another access token"), "{error}");
        }
    }
}
