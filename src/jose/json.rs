//! JSON that reads alike to everybody.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// What `json` says, unless an object in it, however deep, names a member
/// twice: of such two each reader may take another (RFC 7515 section 4, RFC
/// 7517 section 4). There is no reason given, as it would quote a key's members.
pub(super) fn parse<'j, T: Deserialize<'j>>(json: &'j [u8]) -> Option<T> {
    serde_json::from_slice::<Unambiguous>(json).ok()?;
    serde_json::from_slice(json).ok()
}

/// Any JSON value without a member twice. Nothing of it is kept.
struct Unambiguous;

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Unambiguous {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no member twice")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut names = BTreeSet::new();
        while let Some((name, Self)) = map.next_entry::<String, Self>()? {
            if !names.insert(name) {
                return Err(A::Error::custom("a member twice"));
            }
        }
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self, A::Error> {
        while let Some(Self) = list.next_element()? {}
        Ok(self)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E: Error>(self) -> Result<Self, E> {
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn any_json_without_a_member_twice_is_read() {
        for text in
            [r#"{"a":{"b":1},"b":[-1,1.5,null,true,"a",{}]}"#, r#"[{"a":1},{"a":1}]"#, r#""a""#]
        {
            assert_eq!(parse::<Value>(text.as_bytes()), serde_json::from_str(text).ok(), "{text}");
        }
    }

    #[test]
    fn a_member_twice_is_refused_at_any_depth_and_however_it_is_spelled() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"b":{"a":1,"a":2}}"#,
            r#"[[{"a":1,"b":2,"a":3}]]"#,
            r#"{"a":1,"\u0061":2}"#,
        ] {
            assert!(serde_json::from_str::<Value>(text).is_ok(), "{text}");
            assert_eq!(parse::<Value>(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn text_that_goes_on_after_its_end_is_refused() {
        assert_eq!(parse::<Value>(b"{} {}"), None);
        assert_eq!(parse::<Value>(b"{}\n"), Some(Value::Object(serde_json::Map::new())));
    }
}
