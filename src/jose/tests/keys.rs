//! Which keys are taken, of ours and of others.

use serde_json::{Value, json};

use super::super::jwk::{Jwk, JwkSet};
use super::super::key_error::KeyError;
use super::super::private_key::PrivateKey;
use super::{
    ED25519, OTHER_RSA, P256, RSA, all, encode, private, public, public_part, with, without,
};
use crate::model::algorithm::Algorithm;

fn refused(jwk: &str) -> Option<KeyError> {
    Jwk::parse(jwk).err()
}

#[test]
fn private_members_in_a_foreign_key_are_refused() {
    for key in [RSA, P256, ED25519] {
        for member in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            let leaking = with(&public_part(key), member, encode("secret").into());
            assert_eq!(refused(&leaking), Some(KeyError::Private), "{member}");
            let set =
                JwkSet::parse(&format!(r#"{{"keys":[{},{leaking}]}}"#, public_part(OTHER_RSA)));
            assert_eq!(set.err(), Some(KeyError::Private), "{member} in a set");
        }
        let leaking = with(&public_part(key), "oth", json!([]));
        assert_eq!(refused(&leaking), Some(KeyError::Private));
    }
}

/// An octet sequence is a shared secret: nothing in a set beside it is trusted.
#[test]
fn a_shared_secret_is_refused_as_a_key() {
    let secret = json!({ "kty": "oct", "alg": "HS256", "k": encode("secret") }).to_string();
    assert_eq!(refused(&secret), Some(KeyError::Private));
    assert_eq!(refused(&without(&secret, &["k"])), Some(KeyError::Algorithm));
}

#[test]
fn an_rsa_key_below_2048_or_above_8192_bits_is_refused() {
    let of = |first: u8, length: usize| {
        let n = [&[first][..], &vec![0xff; length - 1]].concat();
        Jwk::parse(&json!({ "kty": "RSA", "e": "AQAB", "n": encode(n) }).to_string()).err()
    };
    for (first, length) in [(0xff, 1), (0xff, 128), (0xff, 255), (0x7f, 256), (1, 1025)] {
        assert_eq!(of(first, length), Some(KeyError::Rsa), "{first} {length}");
    }
    let private = with(RSA, "n", encode([0xff; 128]).into());
    assert_eq!(PrivateKey::from_jwk(Algorithm::Rs256, &private).err(), Some(KeyError::Rsa));
    for (first, length) in [(0x80, 256), (1, 257), (0xff, 1024)] {
        assert_eq!(of(first, length), None, "{first} {length}");
    }
}

/// RFC 7518 section 2: the fewest bytes that hold the number.
#[test]
fn an_rsa_number_with_a_leading_zero_is_refused() {
    for member in ["n", "e"] {
        let key = public_part(RSA);
        let value =
            serde_json::from_str::<Value>(&key).unwrap()[member].as_str().unwrap().to_owned();
        let zeros = format!("AAAA{value}");
        assert_eq!(refused(&with(&key, member, zeros.into())), Some(KeyError::Rsa), "{member}");
    }
}

#[test]
fn an_rsa_exponent_that_proves_nothing_is_refused() {
    for e in [&[][..], &[0], &[1], &[2], &[1, 0, 0], &[1, 0, 0, 0, 1]] {
        let key = with(&public_part(RSA), "e", encode(e).into());
        assert_eq!(refused(&key), Some(KeyError::Rsa), "{e:?}");
    }
    for e in [&[3][..], &[1, 1], &[1, 0, 1]] {
        assert_eq!(refused(&with(&public_part(RSA), "e", encode(e).into())), None, "{e:?}");
    }
}

#[test]
fn members_that_contradict_each_other_are_refused() {
    let keys =
        [(RSA, "RS256"), (P256, "ES256"), (ED25519, "EdDSA")].map(|(k, a)| (public_part(k), a));
    for (key, own) in &keys {
        assert_eq!(refused(&with(key, "alg", (*own).into())), None);
        for other in ["none", "HS256", "RS512", "ES256K", "RSA-OAEP"] {
            let other = with(key, "alg", other.into());
            assert_eq!(refused(&other), Some(KeyError::Algorithm), "{other}");
        }
        for (_, other) in keys.iter().filter(|(_, other)| other != own) {
            let other = with(key, "alg", (*other).into());
            assert_eq!(refused(&other), Some(KeyError::Algorithm), "{other}");
        }
        for kty in ["RSA", "EC", "OKP", "oct", "rsa", ""] {
            let other = with(key, "kty", kty.into());
            assert_eq!(refused(&other).is_some(), other != *key, "{other}");
        }
        for crv in ["P-384", "secp256k1", "Ed448", "X25519", "ed25519", ""] {
            let other = with(key, "crv", crv.into());
            assert_eq!(refused(&other), Some(KeyError::Algorithm), "{other}");
        }
    }
    assert_eq!(refused(&with(&public_part(RSA), "x", "AQAB".into())), Some(KeyError::Members));
    assert_eq!(refused(&with(&public_part(ED25519), "y", "AQAB".into())), Some(KeyError::Members));
    assert_eq!(refused(&with(&public_part(P256), "n", "AQAB".into())), Some(KeyError::Members));
}

#[test]
fn a_key_that_is_not_for_verifying_is_refused() {
    let key = public_part(ED25519);
    for (member, value) in [
        ("use", json!("enc")),
        ("use", json!("")),
        ("use", json!("SIG")),
        ("key_ops", json!([])),
        ("key_ops", json!(["sign"])),
        ("key_ops", json!(["verify", "verify"])),
        ("key_ops", json!(["verify", "encrypt"])),
    ] {
        let other = with(&key, member, value);
        assert_eq!(refused(&other), Some(KeyError::Use), "{other}");
    }
    let both = with(&with(&key, "use", "sig".into()), "key_ops", json!(["verify"]));
    assert_eq!(refused(&both), None);
}

#[test]
fn a_private_key_that_is_not_for_signing_is_refused() {
    let take = |operations: Value| {
        PrivateKey::from_jwk(Algorithm::EdDsa, &with(ED25519, "key_ops", operations)).err()
    };
    assert_eq!(take(json!(["sign"])), None);
    assert_eq!(take(json!(["verify", "sign"])), None);
    assert_eq!(take(json!(["verify"])), Some(KeyError::Use));
    assert_eq!(take(json!(["sign", "decrypt"])), Some(KeyError::Use));
}

#[test]
fn a_point_that_is_not_on_the_curve_or_not_written_in_full_is_refused() {
    for member in ["x", "y"] {
        for bytes in [&[1; 32][..], &[0xff; 32], &[0; 32], &[1; 31], &[1; 33], &[]] {
            let other = with(&public_part(P256), member, encode(bytes).into());
            assert_eq!(refused(&other), Some(KeyError::Invalid), "{other}");
        }
    }
    for bytes in [&[1; 31][..], &[1; 33], &[]] {
        let other = with(&public_part(ED25519), "x", encode(bytes).into());
        assert_eq!(refused(&other), Some(KeyError::Invalid), "{other}");
    }
}

#[test]
fn a_key_that_lacks_a_member_is_refused() {
    for (key, member) in [(RSA, "n"), (RSA, "e"), (P256, "x"), (P256, "y"), (ED25519, "x")] {
        let lacking = without(&public_part(key), &[member]);
        assert_eq!(refused(&lacking), Some(KeyError::Members), "{lacking}");
    }
    for member in ["kty", "crv"] {
        assert!(refused(&without(&public_part(P256), &[member])).is_some(), "{member}");
    }
}

#[test]
fn a_jwk_that_reads_in_two_ways_is_refused() {
    let key = public_part(ED25519);
    let members = key.trim_matches(['{', '}']);
    for text in [
        format!(r#"{{{members},"kty":"OKP"}}"#),
        format!(r#"{{{members},"x5c":{{"a":1,"a":2}}}}"#),
        format!("{key}{key}"),
        key.replace("Ro\"", "Ro=\""),
        key.replace("Ro\"", "Rp\""),
        key.replace('_', "/"),
        with(&key, "x", json!([1])),
        "[]".into(),
        String::new(),
    ] {
        assert_ne!(text, key);
        assert_eq!(refused(&text), Some(KeyError::Jwk), "{text}");
    }
}

#[test]
fn a_foreign_key_is_named_as_it_says_or_by_its_thumbprint() {
    let key = public_part(ED25519);
    assert_eq!(Jwk::parse(&key).unwrap().kid(), public(Algorithm::EdDsa).kid());
    assert_eq!(Jwk::parse(&with(&key, "kid", "its".into())).unwrap().kid(), "its");
}

/// RFC 7517 section 5.
#[test]
fn keys_of_a_set_that_cannot_sign_here_are_passed_over() {
    let keys = json!({ "more": 1, "keys": [
        { "kty": "EC", "crv": "P-521", "x": "AQAB", "y": "AQAB", "kid": "large" },
        { "kty": "AKP", "alg": "ML-DSA-44", "pub": "AQAB", "kid": "later" },
        { "kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "weak" },
        serde_json::from_str::<Value>(&with(&public_part(ED25519), "kid", "good".into())).unwrap(),
    ] });
    let set = JwkSet::parse(&keys.to_string()).unwrap();
    assert!(set.find("good").is_some());
    for other in ["large", "later", "weak", ""] {
        assert!(set.find(other).is_none(), "{other}");
    }
}

#[test]
fn a_set_with_a_name_twice_is_refused() {
    let keys = [RSA, P256].map(|key| with(&public_part(key), "kid", "same".into()));
    let set = JwkSet::parse(&format!(r#"{{"keys":[{}]}}"#, keys.join(",")));
    assert_eq!(set.err(), Some(KeyError::Twice));
}

#[test]
fn what_is_published_has_public_members_only_and_reads_back() {
    let published = all().to_json();
    let set: Value = serde_json::from_str(&published).unwrap();
    let names = |key: &Value| -> Vec<String> { key.as_object().unwrap().keys().cloned().collect() };
    let expected = [
        (Algorithm::Rs256, vec!["alg", "e", "kid", "kty", "n", "use"]),
        (Algorithm::Ps256, vec!["alg", "e", "kid", "kty", "n", "use"]),
        (Algorithm::Es256, vec!["alg", "crv", "kid", "kty", "use", "x", "y"]),
        (Algorithm::EdDsa, vec!["alg", "crv", "kid", "kty", "use", "x"]),
    ];
    for (key, (algorithm, members)) in set["keys"].as_array().unwrap().iter().zip(expected) {
        let mut found = names(key);
        found.sort();
        assert_eq!(found, members);
        assert_eq!((&key["alg"], &key["use"]), (&json!(algorithm.as_str()), &json!("sig")));
    }
    assert_eq!(JwkSet::parse(&published).unwrap().to_json(), published);
}

#[test]
fn a_private_jwk_whose_halves_do_not_belong_together_is_refused() {
    let other_d = encode([7; 32]);
    for (algorithm, key) in [(Algorithm::Es256, P256), (Algorithm::EdDsa, ED25519)] {
        let mixed = with(key, "d", other_d.clone().into());
        assert_eq!(PrivateKey::from_jwk(algorithm, &mixed).err(), Some(KeyError::Invalid));
    }
    let other: Value = serde_json::from_str(OTHER_RSA).unwrap();
    for member in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
        let foreign = if member == "e" { json!("Aw") } else { other[member].clone() };
        let mixed = with(RSA, member, foreign);
        let refused = PrivateKey::from_jwk(Algorithm::Rs256, &mixed).err();
        assert_eq!(refused, Some(KeyError::Invalid), "{member}");
    }
}

#[test]
fn a_private_jwk_that_lacks_members_or_has_foreign_ones_is_refused() {
    let take = |algorithm, jwk: &str| PrivateKey::from_jwk(algorithm, jwk).err();
    for member in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
        let lacking = without(RSA, &[member]);
        assert_eq!(take(Algorithm::Rs256, &lacking), Some(KeyError::Members), "{member}");
    }
    for (algorithm, key) in [(Algorithm::Es256, P256), (Algorithm::EdDsa, ED25519)] {
        assert_eq!(take(algorithm, &without(key, &["d"])), Some(KeyError::Members));
        for member in ["p", "q", "dp", "dq", "qi", "k"] {
            let other = with(key, member, "AQAB".into());
            assert_eq!(take(algorithm, &other), Some(KeyError::Members), "{member}");
        }
    }
    let more_primes = with(RSA, "oth", json!([{ "r": "AQAB", "d": "AQAB", "t": "AQAB" }]));
    assert_eq!(take(Algorithm::Rs256, &more_primes), Some(KeyError::Members));
}

#[test]
fn a_private_key_of_another_type_is_refused() {
    let keys = [RSA, P256, ED25519];
    for &algorithm in Algorithm::ALL {
        let taken = keys.map(|key| PrivateKey::from_jwk(algorithm, key).err());
        assert_eq!(taken.iter().filter(|refused| refused.is_none()).count(), 1, "{algorithm}");
        let pem = private(algorithm).to_pkcs8_pem().unwrap();
        for &other in Algorithm::ALL {
            let both_rsa = [algorithm, other]
                .iter()
                .all(|one| one.as_str().ends_with("S256") && *one != Algorithm::Es256);
            let taken = PrivateKey::from_pkcs8_pem(other, pem.expose()).is_ok();
            assert_eq!(taken, other == algorithm || both_rsa, "{algorithm} as {other}");
        }
    }
}

#[test]
fn a_key_comes_back_from_its_pem() {
    for &algorithm in Algorithm::ALL {
        let pem = private(algorithm).to_pkcs8_pem().unwrap();
        let windows = pem.expose().replace('\n', "\r\n");
        for text in [pem.expose(), &windows] {
            let back = PrivateKey::from_pkcs8_pem(algorithm, text).unwrap();
            assert_eq!(back.public(algorithm).unwrap().kid(), public(algorithm).kid());
        }
    }
}

#[test]
fn what_is_no_pkcs8_pem_is_refused() {
    let pem = private(Algorithm::EdDsa).to_pkcs8_pem().unwrap();
    let pem = pem.expose();
    for other in [
        String::new(),
        pem.replace("PRIVATE KEY", "RSA PRIVATE KEY"),
        pem.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
        pem.replace("PRIVATE KEY", "PUBLIC KEY"),
        pem.replacen("PRIVATE KEY", "PUBLIC KEY", 1),
        pem.replace("-----END", "----END"),
        pem.replacen('M', "!", 1),
        format!("{pem}{pem}"),
    ] {
        let refused = PrivateKey::from_pkcs8_pem(Algorithm::EdDsa, &other).err();
        assert_eq!(refused, Some(KeyError::Pem), "{other}");
    }
}

#[test]
fn a_damaged_private_key_is_refused() {
    let pem = private(Algorithm::EdDsa).to_pkcs8_pem().unwrap();
    let short = pem_rfc7468::encode_string("PRIVATE KEY", pem_rfc7468::LineEnding::LF, &[0x30, 0]);
    let refused = |text: &str| PrivateKey::from_pkcs8_pem(Algorithm::EdDsa, text).err();
    assert_eq!(refused(&short.unwrap()), Some(KeyError::Invalid));
    assert_eq!(refused(pem.expose()), None);
}

#[test]
fn a_private_key_does_not_print() {
    let pem = private(Algorithm::EdDsa).to_pkcs8_pem().unwrap();
    assert_eq!(format!("{pem:?}"), "PrivateKeyPem(…)");
}
