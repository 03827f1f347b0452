//! What must never be taken for a token of ours.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::Sha256;

use super::super::jwk::{Jwk, SignatureError};
use super::super::jws::{JwsError, REFUSED, Unsigned, Verified, verify};
use super::super::private_key::PrivateKey;
use super::{
    CLAIMS, ED25519, OTHER_RSA, RSA, all, encode, header, kid, private, public, public_part,
    signed, token, with, without,
};
use crate::model::algorithm::Algorithm;

const WRONG: JwsError = JwsError::Signature(SignatureError::Wrong);
const OTHER_ALGORITHM: JwsError = JwsError::Signature(SignatureError::Algorithm);

fn judge(token: &str) -> Result<Verified, JwsError> {
    verify(&all(), token, "JWT")
}

/// The header of a token that is right but for what `change` makes of `member`.
fn header_with(algorithm: Algorithm, member: &str, value: impl Into<Value>) -> String {
    with(&header(algorithm), member, value.into())
}

#[test]
fn what_each_key_signed_is_verified() {
    for &algorithm in Algorithm::ALL {
        let verified = judge(&token(algorithm, &header(algorithm))).unwrap();
        let claims = CLAIMS.as_bytes().to_vec();
        assert_eq!(verified, Verified { algorithm, kid: kid(algorithm), claims });
    }
}

proptest! {
    #[test]
    fn whatever_is_signed_reads_as_it_was_signed(
        claims in prop::collection::vec(any::<u8>(), 0..600),
        typ in "[!-.0-~]{1,20}",
        kid_of in prop::sample::select(vec![Algorithm::Es256, Algorithm::EdDsa]),
    ) {
        let unsigned = Unsigned::new(kid_of, &kid(kid_of), &typ, &claims);
        let signature = private(kid_of).sign(unsigned.signing_input()).unwrap();
        let verified = verify(&all(), &unsigned.signed(&signature), &typ).unwrap();
        prop_assert_eq!(verified, Verified { algorithm: kid_of, kid: kid(kid_of), claims });
    }
}

#[test]
fn alg_none_is_refused_in_any_spelling() {
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let header = header_with(Algorithm::Rs256, "alg", none);
        let unsigned = format!("{}.{}.", encode(&header), encode(CLAIMS));
        assert_eq!(judge(&unsigned), Err(JwsError::Algorithm), "{none}");
        assert_eq!(judge(&token(Algorithm::Rs256, &header)), Err(JwsError::Algorithm), "{none}");
    }
}

/// Whoever verifies with "the key" and the algorithm of the header takes the
/// public key, which everybody has, for a shared secret.
#[test]
fn a_public_key_as_an_hmac_secret_is_refused() {
    let published = public_part(RSA);
    let modulus = serde_json::from_str::<Value>(&published).unwrap()["n"].to_string();
    let header = header_with(Algorithm::Rs256, "alg", "HS256");
    let input = format!("{}.{}", encode(header), encode(CLAIMS));
    for secret in [published, modulus] {
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        let mac = mac.chain_update(&input).finalize().into_bytes();
        assert_eq!(judge(&format!("{input}.{}", encode(mac))), Err(JwsError::Algorithm));
    }
}

/// Also where the type of the key would do: RS256 and PS256.
#[test]
fn an_algorithm_other_than_the_keys_own_is_refused() {
    for &of_key in Algorithm::ALL {
        for of_header in Algorithm::ALL.iter().copied().filter(|other| *other != of_key) {
            let header = header_with(of_key, "alg", of_header.as_str());
            let judged = judge(&token(of_header, &header));
            assert_eq!(judged, Err(OTHER_ALGORITHM), "{of_header} with the key of {of_key}");
        }
    }
}

#[test]
fn an_es256_header_with_an_rsa_key_is_refused() {
    let header = header_with(Algorithm::Rs256, "alg", "ES256");
    assert_eq!(judge(&token(Algorithm::Rs256, &header)), Err(OTHER_ALGORITHM));
}

#[test]
fn a_foreign_kid_is_refused() {
    for foreign in ["another", "", "../keys", "' OR 1=1", &kid(Algorithm::EdDsa).to_lowercase()] {
        let header = header_with(Algorithm::EdDsa, "kid", foreign);
        assert_eq!(
            judge(&token(Algorithm::EdDsa, &header)),
            Err(JwsError::UnknownKey),
            "{foreign}"
        );
    }
}

#[test]
fn the_kid_of_another_key_does_not_help() {
    let unsigned = Unsigned::new(Algorithm::Rs256, &kid(Algorithm::Rs256), "JWT", b"{}");
    let by_another = PrivateKey::from_jwk(Algorithm::Rs256, OTHER_RSA);
    let signature = by_another.unwrap().sign(unsigned.signing_input()).unwrap();
    assert_eq!(judge(&unsigned.signed(&signature)), Err(WRONG));
}

#[test]
fn a_header_without_alg_kid_or_typ_or_with_one_that_is_no_text_is_refused() {
    for member in ["alg", "kid", "typ"] {
        let lacking = without(&header(Algorithm::EdDsa), &[member]);
        let numeric = header_with(Algorithm::EdDsa, member, 1);
        let null = header_with(Algorithm::EdDsa, member, Value::Null);
        for header in [lacking, numeric, null] {
            assert_eq!(judge(&token(Algorithm::EdDsa, &header)), Err(JwsError::Header), "{header}");
        }
    }
}

#[test]
fn any_crit_is_refused() {
    for crit in
        [json!(["exp"]), json!(["b64"]), json!(["alg"]), json!([]), json!(null), json!("exp")]
    {
        let header = header_with(Algorithm::EdDsa, "crit", crit);
        assert_eq!(judge(&token(Algorithm::EdDsa, &header)), Err(JwsError::Refused), "{header}");
    }
}

/// The attacker signs with a key of their own, and encloses it.
#[test]
fn a_key_in_the_header_is_refused_and_not_used() {
    let theirs: Value = serde_json::from_str(&public_part(ED25519)).unwrap();
    let enclosed = header_with(Algorithm::Rs256, "jwk", theirs);
    let forged = with(&enclosed, "alg", "EdDSA".into());
    assert_eq!(judge(&token(Algorithm::EdDsa, &forged)), Err(JwsError::Refused));
}

#[test]
fn header_members_that_choose_keys_or_rules_are_refused_even_if_signed() {
    for member in REFUSED {
        for value in [json!("https://attacker.example/keys"), json!(false), json!(null)] {
            let header = header_with(Algorithm::EdDsa, member, value);
            let judged = judge(&token(Algorithm::EdDsa, &header));
            assert_eq!(judged, Err(JwsError::Refused), "{header}");
        }
    }
}

#[test]
fn a_header_member_that_comes_twice_is_refused() {
    let good = header(Algorithm::EdDsa);
    let members = good.trim_matches(['{', '}']);
    for doubled in [
        format!(r#"{{"alg":"none",{members}}}"#),
        format!(r#"{{{members},"alg":"EdDSA"}}"#),
        format!(r#"{{{members},"\u0061lg":"none"}}"#),
        format!(r#"{{"kid":"another",{members}}}"#),
        format!(r#"{{{members},"x":1,"x":1}}"#),
    ] {
        assert_eq!(judge(&token(Algorithm::EdDsa, &doubled)), Err(JwsError::Header), "{doubled}");
    }
    assert!(judge(&token(Algorithm::EdDsa, &format!(r#"{{{members},"x":1}}"#))).is_ok());
}

#[test]
fn a_header_that_is_no_json_object_is_refused() {
    for header in ["", "[]", "\"alg\"", "{", "{}{}", "\u{feff}{}", "{\"alg\":\"\u{0}\"}"] {
        assert_eq!(judge(&token(Algorithm::EdDsa, header)), Err(JwsError::Header), "{header:?}");
    }
}

#[test]
fn padded_base64url_is_refused_in_every_part() {
    let good = token(Algorithm::EdDsa, &header(Algorithm::EdDsa));
    for part in 0..3 {
        for padding in ["=", "==", "%3D", "\n", " "] {
            let mut parts: Vec<_> = good.split('.').map(str::to_owned).collect();
            parts[part].push_str(padding);
            let judged = judge(&parts.join("."));
            assert_eq!(judged, Err(JwsError::Malformed), "part {part}, {padding:?}");
        }
    }
}

/// The same bytes in another spelling: the last character's unused bits are set,
/// or the standard alphabet is used.
#[test]
fn base64url_in_another_spelling_is_refused() {
    let good = token(Algorithm::EdDsa, &header(Algorithm::EdDsa));
    let (input, signature) = good.rsplit_once('.').unwrap();
    assert_eq!(signature.len() % 4, 2, "64 bytes leave four bits unused");
    let last = signature.chars().last().unwrap();
    let next = char::from_u32(u32::from(last) + 1).unwrap();
    let stray = format!("{input}.{}{next}", signature.strip_suffix(last).unwrap());
    assert_eq!(judge(&stray), Err(JwsError::Malformed));
    let (header, _) = input.split_once('.').unwrap();
    for standard in ['+', '/'] {
        let claims = format!("{standard}{}", encode(CLAIMS));
        let judged = judge(&signed(Algorithm::EdDsa, &format!("{header}.{claims}")));
        assert_eq!(judged, Err(JwsError::Malformed));
    }
}

#[test]
fn fewer_and_more_than_three_parts_are_refused() {
    let good = token(Algorithm::EdDsa, &header(Algorithm::EdDsa));
    let (input, _) = good.rsplit_once('.').unwrap();
    for other in [
        format!("{good}."),
        format!("{good}.."),
        format!(".{good}"),
        format!("{good}.{}", encode("more")),
        good.replacen('.', "..", 1),
        good.replace('.', ""),
        input.to_owned(),
        String::new(),
        "..".repeat(9),
    ] {
        assert_eq!(judge(&other), Err(JwsError::Malformed), "{other}");
    }
    assert_eq!(judge(&format!("{input}.")), Err(WRONG), "an empty signature");
}

#[test]
fn a_token_that_is_too_long_is_not_looked_at() {
    let of = |claims: usize| {
        let claims = encode("A".repeat(claims));
        signed(Algorithm::EdDsa, &format!("{}.{claims}", encode(header(Algorithm::EdDsa))))
    };
    let longest = 65_536;
    let around = longest / 4 * 3 - of(0).len();
    let mut judged = [0, 0];
    for text in (around..around + of(0).len()).map(of) {
        let too_long = text.len() > longest;
        assert_eq!(judge(&text).err(), too_long.then_some(JwsError::TooLong), "{}", text.len());
        judged[usize::from(too_long)] += 1;
    }
    assert!(judged[0] > 10 && judged[1] > 10, "{judged:?}");
}

#[test]
fn a_token_of_another_type_is_refused() {
    for other in
        ["at+jwt", "logout+jwt", "dpop+jwt", "", "JWT2", "text/JWT", "application/", "/JWT"]
    {
        let header = header_with(Algorithm::EdDsa, "typ", other);
        assert_eq!(judge(&token(Algorithm::EdDsa, &header)), Err(JwsError::Type), "{other}");
    }
}

/// RFC 7515 section 4.1.9.
#[test]
fn a_type_is_the_same_in_any_case_and_with_its_prefix() {
    for spelled in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
        let token = token(Algorithm::EdDsa, &header_with(Algorithm::EdDsa, "typ", spelled));
        assert!(verify(&all(), &token, "at+jwt").is_ok(), "{spelled}");
    }
}

/// As most other protocols write it.
#[test]
fn an_es256_signature_in_der_is_refused() {
    let input = format!("{}.{}", encode(header(Algorithm::Es256)), encode(CLAIMS));
    let pem = private(Algorithm::Es256).to_pkcs8_pem().unwrap();
    let (_, pkcs8) = pem_rfc7468::decode_vec(pem.expose().as_bytes()).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &pkcs8).unwrap();
    let der = pair.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
    assert_eq!(der.as_ref()[0], 0x30, "a SEQUENCE");
    assert_eq!(judge(&format!("{input}.{}", encode(der))), Err(WRONG));
}

/// CVE-2022-21449: with both numbers zero, any claims were verified.
#[test]
fn a_signature_of_zeros_is_refused() {
    for &algorithm in Algorithm::ALL {
        let input = format!("{}.{}", encode(header(algorithm)), encode(CLAIMS));
        for length in [0, 1, 63, 64, 65, 255, 256, 257] {
            let judged = judge(&format!("{input}.{}", encode(vec![0; length])));
            assert_eq!(judged, Err(WRONG), "{algorithm} {length}");
        }
    }
}

#[test]
fn a_signature_that_is_cut_or_goes_on_is_refused() {
    for &algorithm in Algorithm::ALL {
        let input = format!("{}.{}", encode(header(algorithm)), encode(CLAIMS));
        let signature = private(algorithm).sign(input.as_bytes()).unwrap();
        for other in [&signature[1..], &signature[..signature.len() - 1]] {
            assert_eq!(judge(&format!("{input}.{}", encode(other))), Err(WRONG), "{algorithm}");
        }
        for other in [[&[0], &signature[..]].concat(), [&signature[..], &[0]].concat()] {
            assert_eq!(judge(&format!("{input}.{}", encode(other))), Err(WRONG), "{algorithm}");
        }
    }
}

#[test]
fn every_changed_character_breaks_the_token() {
    let good = token(Algorithm::EdDsa, &header(Algorithm::EdDsa));
    for place in 0..good.len() {
        for other in ['A', 'B', '-', '.', '='] {
            let mut changed: Vec<char> = good.chars().collect();
            if std::mem::replace(&mut changed[place], other) != other {
                let changed: String = changed.into_iter().collect();
                assert!(judge(&changed).is_err(), "{place} {other}");
            }
        }
    }
}

/// A key of somebody else that names no algorithm is for those of its type.
#[test]
fn a_key_without_alg_is_for_its_type_alone() {
    let key = Jwk::parse(&public_part(RSA)).unwrap();
    let judged = |algorithm| {
        let signature = private(Algorithm::Rs256).sign(b"message").unwrap();
        key.verify(algorithm, b"message", &signature)
    };
    assert_eq!(judged(Algorithm::Rs256), Ok(()));
    assert_eq!(judged(Algorithm::Ps256), Err(SignatureError::Wrong));
    assert_eq!(judged(Algorithm::Es256), Err(SignatureError::Algorithm));
    assert_eq!(judged(Algorithm::EdDsa), Err(SignatureError::Algorithm));
    assert_eq!(public(Algorithm::Rs256).kid(), key.kid());
}
