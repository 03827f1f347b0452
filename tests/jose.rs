//! Signing keys as a host holds them, judged by a foreign library.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use codegrant::{Algorithm, HostError, KeyError, KeySet, Signer, SigningKey};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, EncodingKey, Validation};
use serde_json::{Value, json};

const CLAIMS: &str = r#"{"iss":"https://id.example","sub":"alice"}"#;

fn key(algorithm: Algorithm) -> SigningKey {
    SigningKey::generate(algorithm).unwrap()
}

async fn sign(keys: &KeySet, algorithm: Algorithm) -> String {
    keys.sign(algorithm, "JWT", CLAIMS.as_bytes()).await.unwrap()
}

/// Whether a client that knows these keys accepts `token`, and reads what was
/// signed.
fn client_accepts(jwks: &str, token: &str) -> bool {
    let known: JwkSet = serde_json::from_str(jwks).unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    let Some(key) = known.find(&header.kid.unwrap()) else { return false };
    let mut validation = Validation::new(header.alg);
    validation.validate_exp = false;
    validation.required_spec_claims.clear();
    let key = DecodingKey::from_jwk(key).unwrap();
    let decoded = jsonwebtoken::decode::<Value>(token, &key, &validation);
    decoded.is_ok_and(|decoded| decoded.claims == serde_json::from_str::<Value>(CLAIMS).unwrap())
}

fn kid_of(token: &str) -> String {
    jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
}

/// The published key of this name.
fn published(keys: &KeySet, kid: &str) -> Value {
    let set: Value = serde_json::from_str(&keys.jwks()).unwrap();
    let all = set["keys"].as_array().unwrap();
    all.iter().find(|key| key["kid"] == kid).unwrap().clone()
}

#[tokio::test]
async fn what_is_signed_is_verified_by_a_foreign_library_from_what_is_published() {
    let keys = KeySet::new(Algorithm::ALL.iter().map(|algorithm| key(*algorithm))).unwrap();
    for &algorithm in Algorithm::ALL {
        let token = sign(&keys, algorithm).await;
        assert!(client_accepts(&keys.jwks(), &token), "{algorithm}");
        let header = jsonwebtoken::decode_header(&token).unwrap();
        assert_eq!(header.typ.as_deref(), Some("JWT"));
        assert_eq!(serde_json::to_value(header.alg).unwrap(), algorithm.as_str());
    }
    assert_eq!(keys.algorithms(), Algorithm::ALL);
}

#[tokio::test]
async fn a_key_kept_as_pem_is_the_same_key() {
    for &algorithm in Algorithm::ALL {
        let drawn = key(algorithm);
        let pem = drawn.to_pkcs8_pem().unwrap();
        let read = SigningKey::from_pkcs8_pem(algorithm, pem.expose()).unwrap();
        assert_eq!(read.kid(), drawn.kid());
        let token = sign(&KeySet::new([read]).unwrap(), algorithm).await;
        assert!(client_accepts(&KeySet::new([drawn]).unwrap().jwks(), &token), "{algorithm}");
    }
}

#[test]
fn no_two_keys_are_drawn_alike() {
    for &algorithm in Algorithm::ALL {
        assert_ne!(key(algorithm).kid(), key(algorithm).kid());
    }
}

#[tokio::test]
async fn the_first_key_of_an_algorithm_signs_and_every_key_is_published() {
    let (first, second, other) =
        (key(Algorithm::EdDsa), key(Algorithm::EdDsa), key(Algorithm::Es256));
    let keys = KeySet::new([other.clone(), first.clone(), second.clone()]).unwrap();
    assert_eq!(kid_of(&sign(&keys, Algorithm::EdDsa).await), first.kid());
    assert_eq!(kid_of(&sign(&keys, Algorithm::Es256).await), other.kid());
    for key in [first, second, other] {
        let jwk = published(&keys, key.kid());
        assert_eq!((&jwk["use"], &jwk["alg"]), (&json!("sig"), &json!(key.algorithm().as_str())));
        assert!(jwk.get("d").is_none());
    }
    assert_eq!(keys.algorithms(), [Algorithm::Es256, Algorithm::EdDsa]);
}

#[tokio::test]
async fn without_a_key_for_the_algorithm_nothing_is_signed() {
    let keys = KeySet::new([key(Algorithm::EdDsa)]).unwrap();
    let refused = keys.sign(Algorithm::Es256, "JWT", b"{}").await.unwrap_err();
    assert_eq!(refused.to_string(), "there is no key for ES256");
}

/// As the documentation of `KeySet` says: whatever a client has cached of the
/// step before knows the key that signs, and what was signed in the step before
/// is verified by who looks now.
#[tokio::test]
async fn no_step_of_a_rotation_fails_a_client_that_caches_the_keys() {
    let (old, new) = (key(Algorithm::EdDsa), key(Algorithm::EdDsa));
    let keys = KeySet::new([old.clone()]).unwrap();
    let (mut cached, mut token) = (keys.jwks(), sign(&keys, Algorithm::EdDsa).await);
    for step in [vec![old.clone(), new.clone()], vec![new.clone(), old.clone()], vec![new.clone()]]
    {
        keys.rotate(step).unwrap();
        let now = sign(&keys, Algorithm::EdDsa).await;
        assert!(client_accepts(&cached, &now), "a client that has not looked again");
        if keys.jwks().contains(old.kid()) {
            assert!(client_accepts(&keys.jwks(), &token), "a token from before");
        }
        (cached, token) = (keys.jwks(), now);
    }
    assert_eq!(kid_of(&token), new.kid());
    assert!(!cached.contains(old.kid()));
}

#[tokio::test]
async fn a_clone_of_the_set_shares_the_rotation() {
    let keys = KeySet::new([key(Algorithm::EdDsa)]).unwrap();
    let (clone, new) = (keys.clone(), key(Algorithm::EdDsa));
    clone.rotate([new.clone()]).unwrap();
    assert_eq!(keys.jwks(), clone.jwks());
    assert_eq!(kid_of(&sign(&keys, Algorithm::EdDsa).await), new.kid());
}

#[tokio::test]
async fn a_refused_rotation_changes_nothing() {
    let first = key(Algorithm::EdDsa);
    let keys = KeySet::new([first.clone()]).unwrap();
    let before = keys.jwks();
    assert_eq!(keys.rotate([]), Err(KeyError::Empty));
    let other = key(Algorithm::Es256);
    assert_eq!(keys.rotate([other.clone(), first, other]), Err(KeyError::Twice));
    assert_eq!(keys.jwks(), before);
    assert!(client_accepts(&before, &sign(&keys, Algorithm::EdDsa).await));
}

/// One key for two algorithms too: they have the same thumbprint.
#[test]
fn a_set_without_a_key_or_with_one_name_twice_is_refused() {
    assert_eq!(KeySet::new([]).err(), Some(KeyError::Empty));
    let rsa = key(Algorithm::Rs256);
    let pem = rsa.to_pkcs8_pem().unwrap();
    let pss = SigningKey::from_pkcs8_pem(Algorithm::Ps256, pem.expose()).unwrap();
    assert_eq!(KeySet::new([rsa.clone(), rsa.clone()]).err(), Some(KeyError::Twice));
    assert_eq!(KeySet::new([rsa, pss]).err(), Some(KeyError::Twice));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_may_change_while_tokens_are_signed() {
    let (one, two) = (key(Algorithm::EdDsa), key(Algorithm::EdDsa));
    let keys = KeySet::new([one.clone(), two.clone()]).unwrap();
    let mut signing = tokio::task::JoinSet::new();
    for round in 0..50 {
        let racing = keys.clone();
        signing.spawn(async move { sign(&racing, Algorithm::EdDsa).await });
        let order = if round % 2 == 0 { [&two, &one] } else { [&one, &two] };
        keys.rotate(order.map(Clone::clone)).unwrap();
    }
    for token in signing.join_all().await {
        assert!(client_accepts(&keys.jwks(), &token));
    }
}

type Answer = fn(Vec<u8>) -> Result<Vec<u8>, HostError>;

/// A key management service, which answers what `answer` makes of a true signature.
struct Service {
    key: EncodingKey,
    answer: Answer,
}

#[async_trait]
impl Signer for Service {
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, HostError> {
        let algorithm = jsonwebtoken::Algorithm::ES256;
        let signature = jsonwebtoken::crypto::sign(message, &self.key, algorithm)?;
        tokio::task::yield_now().await;
        (self.answer)(URL_SAFE_NO_PAD.decode(signature).unwrap())
    }
}

/// R and S as most services answer them.
fn der(signature: &[u8]) -> Vec<u8> {
    let sized = |tag: u8, body: &[u8]| [&[tag, u8::try_from(body.len()).unwrap()], body].concat();
    let integer = |number: &[u8]| {
        let mut shortest: Vec<u8> = number.iter().copied().skip_while(|byte| *byte == 0).collect();
        if shortest[0] >= 0x80 {
            shortest.insert(0, 0);
        }
        sized(2, &shortest)
    };
    let (r, s) = signature.split_at(32);
    sized(0x30, &[integer(r), integer(s)].concat())
}

/// A set of one key that a service has, and the key's public half.
fn serviced(answer: Answer) -> (KeySet, String) {
    let held = key(Algorithm::Es256);
    let pem = held.to_pkcs8_pem().unwrap();
    let service =
        Service { key: EncodingKey::from_ec_pem(pem.expose().as_bytes()).unwrap(), answer };
    let public = published(&KeySet::new([held.clone()]).unwrap(), held.kid()).to_string();
    let key = SigningKey::from_signer(Algorithm::Es256, &public, Arc::new(service)).unwrap();
    assert_eq!(key.kid(), held.kid());
    assert_eq!(key.to_pkcs8_pem().err(), Some(KeyError::Elsewhere));
    (KeySet::new([key]).unwrap(), public)
}

#[tokio::test]
async fn a_signer_elsewhere_signs_as_a_key_here_does() {
    let (keys, _) = serviced(Ok);
    assert!(client_accepts(&keys.jwks(), &sign(&keys, Algorithm::Es256).await));
}

/// Nothing, zeros, cut, turned round, or in DER.
#[tokio::test]
async fn a_signature_that_is_not_right_never_leaves() {
    let wrong: [Answer; 5] = [
        |_| Ok(vec![]),
        |_| Ok(vec![0; 64]),
        |signature| Ok(signature[1..].to_vec()),
        |mut signature| {
            signature.reverse();
            Ok(signature)
        },
        |signature| Ok(der(&signature)),
    ];
    for answer in wrong {
        let (keys, _) = serviced(answer);
        let refused = keys.sign(Algorithm::Es256, "JWT", b"{}").await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "what the signer made is no signature of its key: the signature is wrong"
        );
    }
}

#[tokio::test]
async fn a_signature_of_another_key_than_was_told_never_leaves() {
    let pem = key(Algorithm::Es256).to_pkcs8_pem().unwrap();
    let other = EncodingKey::from_ec_pem(pem.expose().as_bytes()).unwrap();
    let (_, public) = serviced(Ok);
    let service = Arc::new(Service { key: other, answer: Ok });
    let key = SigningKey::from_signer(Algorithm::Es256, &public, service).unwrap();
    let keys = KeySet::new([key]).unwrap();
    assert!(keys.sign(Algorithm::Es256, "JWT", b"{}").await.is_err());
}

#[tokio::test]
async fn what_a_signer_says_when_it_fails_is_kept_for_the_log() {
    let (keys, _) = serviced(|_| Err(HostError::new("the service is down")));
    let refused = keys.sign(Algorithm::Es256, "JWT", b"{}").await.unwrap_err();
    assert_eq!(refused.to_string(), "the service is down");
}

#[test]
fn a_signers_key_must_be_public_and_for_its_algorithm() {
    let (_, public) = serviced(Ok);
    let told = |algorithm, jwk: &str| {
        let service: Arc<dyn Signer> = Arc::new(Unused);
        SigningKey::from_signer(algorithm, jwk, service).err()
    };
    assert_eq!(told(Algorithm::Es256, &public), None);
    assert_eq!(told(Algorithm::EdDsa, &public), Some(KeyError::Algorithm));
    let private = public.replacen('{', r#"{"d":"AQAB","#, 1);
    assert_eq!(told(Algorithm::Es256, &private), Some(KeyError::Private));
    assert_eq!(told(Algorithm::Es256, "-----BEGIN PUBLIC KEY-----"), Some(KeyError::Jwk));
}

/// It is published under that name, and a service calls its keys what it likes.
#[test]
fn a_signers_key_is_named_by_its_thumbprint_whatever_its_service_calls_it() {
    let (_, public) = serviced(Ok);
    let mut public: Value = serde_json::from_str(&public).unwrap();
    let thumbprint = public["kid"].take();
    public["kid"] = "keys/7/versions/1".into();
    let named =
        SigningKey::from_signer(Algorithm::Es256, &public.to_string(), Arc::new(Unused)).unwrap();
    assert_eq!(thumbprint, named.kid());
}

struct Unused;

#[async_trait]
impl Signer for Unused {
    async fn sign(&self, _: &[u8]) -> Result<Vec<u8>, HostError> {
        panic!("nothing is signed here")
    }
}

#[test]
fn a_key_prints_its_name_and_nothing_else() {
    let key = key(Algorithm::EdDsa);
    let name = format!("SigningKey(EdDSA {})", key.kid());
    assert_eq!(format!("{key:?}"), name);
    assert_eq!(format!("{:?}", KeySet::new([key]).unwrap()), format!("KeySet([{name}])"));
}
