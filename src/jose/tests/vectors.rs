//! The examples of RFC 7515, 7517, 7638 and 8037.

use serde_json::{Value, json};

use super::super::jwk::{Jwk, JwkSet, SignatureError};
use super::super::jws::{JwsError, verify};
use super::super::key_error::KeyError;
use super::super::private_key::PrivateKey;
use super::{ED25519, OTHER_RSA, P256, RSA, all, encode, public_part, with, without};
use crate::model::algorithm::Algorithm;

/// The claims that the examples of RFC 7515 sign.
const SIGNED: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt\
                      cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

/// The key of RFC 7517 appendix A.1 and A.2 that is not RSA.
fn other_p256() -> Value {
    json!({
        "kty": "EC", "crv": "P-256", "use": "enc", "kid": "1",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        "d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
    })
}

fn decode(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}

#[test]
fn rfc_7515_a_2_rs256_is_signed_and_verified_as_printed() {
    let input = format!("eyJhbGciOiJSUzI1NiJ9.{SIGNED}");
    let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7\
                     AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4\
                     BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K\
                     0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv\
                     hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB\
                     p0igcN_IoypGlUPQGe77Rw";
    let private = PrivateKey::from_jwk(Algorithm::Rs256, RSA).unwrap();
    assert_eq!(encode(private.sign(input.as_bytes()).unwrap()), signature);
    let public = Jwk::parse(&public_part(RSA)).unwrap();
    let judge = |algorithm| public.verify(algorithm, input.as_bytes(), &decode(signature));
    assert_eq!(judge(Algorithm::Rs256), Ok(()));
    assert_eq!(judge(Algorithm::Ps256), Err(SignatureError::Wrong));
    assert_eq!(judge(Algorithm::Es256), Err(SignatureError::Algorithm));
}

#[test]
fn rfc_7515_a_3_es256_is_verified_as_printed() {
    let input = format!("eyJhbGciOiJFUzI1NiJ9.{SIGNED}");
    let signature = decode(
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    );
    let public = Jwk::parse(&public_part(P256)).unwrap();
    assert_eq!(public.verify(Algorithm::Es256, input.as_bytes(), &signature), Ok(()));
    let other = Err(SignatureError::Wrong);
    assert_eq!(public.verify(Algorithm::Es256, b"another input", &signature), other);
}

#[test]
fn rfc_7515_a_4_es512_is_refused_token_and_key() {
    let token = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.\
                 AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZq\
                 wqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8Kp\
                 EHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
    assert_eq!(verify(&all(), token, "JWT"), Err(JwsError::Algorithm));
    let key = json!({
        "kty": "EC", "crv": "P-521",
        "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_\
              NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
        "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDl\
              y79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
    });
    assert_eq!(Jwk::parse(&key.to_string()).err(), Some(KeyError::Algorithm));
}

#[test]
fn rfc_7515_a_5_none_is_refused() {
    let token = format!("eyJhbGciOiJub25lIn0.{SIGNED}.");
    assert_eq!(verify(&all(), &token, "JWT"), Err(JwsError::Algorithm));
}

/// One of its two keys is for encryption.
#[test]
fn rfc_7517_a_1_public_keys_are_read_as_far_as_they_sign() {
    let encrypting = public_part(&other_p256().to_string());
    assert_eq!(Jwk::parse(&encrypting).err(), Some(KeyError::Use));
    assert!(Jwk::parse(&without(&encrypting, &["use"])).is_ok());
    let set = JwkSet::parse(&format!(r#"{{"keys":[{encrypting},{}]}}"#, public_part(OTHER_RSA)));
    let set = set.unwrap();
    assert!(set.find("2011-04-29").is_some());
    assert!(set.find("1").is_none());
}

#[test]
fn rfc_7517_a_2_private_keys_are_read_as_far_as_they_sign() {
    assert!(PrivateKey::from_jwk(Algorithm::Rs256, OTHER_RSA).is_ok());
    let other = PrivateKey::from_jwk(Algorithm::Ps256, OTHER_RSA);
    assert_eq!(other.err(), Some(KeyError::Algorithm), "it says that it is for RS256");
    let encrypting = other_p256().to_string();
    let refused = PrivateKey::from_jwk(Algorithm::Es256, &encrypting);
    assert_eq!(refused.err(), Some(KeyError::Use));
    let signing = with(&encrypting, "use", "sig".into());
    assert!(PrivateKey::from_jwk(Algorithm::Es256, &signing).is_ok());
}

#[test]
fn rfc_7638_3_1_thumbprint_is_as_printed() {
    let private = PrivateKey::from_jwk(Algorithm::Rs256, OTHER_RSA).unwrap();
    let public = private.public(Algorithm::Rs256).unwrap();
    assert_eq!(public.kid(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

#[test]
fn rfc_8037_a_ed25519_is_signed_verified_and_named_as_printed() {
    let input = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let private = PrivateKey::from_jwk(Algorithm::EdDsa, ED25519).unwrap();
    let signature = private.sign(input).unwrap();
    assert_eq!(
        encode(&signature),
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    );
    let public = Jwk::parse(&public_part(ED25519)).unwrap();
    assert_eq!(public.verify(Algorithm::EdDsa, input, &signature), Ok(()));
    assert_eq!(public.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}
