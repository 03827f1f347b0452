//! What is wanted of each claim (OpenID Connect Core section 5.5.1).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The claims that are wanted in one place, by their names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct WantedClaims(BTreeMap<String, WantedClaim>);

/// What is wanted of one claim; `null` on the wire where it is nothing in
/// particular.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct WantedClaim {
    /// Whether the client cannot do what the user wants without it.
    #[serde(default)]
    pub(crate) essential: bool,
    value: Option<Value>,
    values: Option<Vec<Value>>,
}

const MOST_CLAIMS: usize = 100;
const LONGEST_NAME: usize = 255;

impl WantedClaims {
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(super) fn get(&self, name: &str) -> Option<&WantedClaim> {
        self.0.get(name)
    }
}

impl WantedClaim {
    /// The values that would do, the most wanted one first; any would, if none
    /// is named.
    pub(crate) fn values(&self) -> Vec<&Value> {
        self.value.iter().chain(self.values.iter().flatten()).collect()
    }

    fn is_consistent(&self) -> bool {
        match (&self.value, &self.values) {
            (Some(_), Some(_)) => false,
            (_, Some(values)) => !values.is_empty(),
            (_, None) => true,
        }
    }
}

/// A name that comes twice is refused, where a plain map would keep the last.
impl<'de> Deserialize<'de> for WantedClaims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Wanted)
    }
}

struct Wanted;

impl<'de> Visitor<'de> for Wanted {
    type Value = WantedClaims;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object whose members are claims")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WantedClaims, A::Error> {
        let mut claims = BTreeMap::new();
        while let Some((name, wanted)) = map.next_entry::<String, Option<Object<WantedClaim>>>()? {
            let wanted = wanted.map(|Object(wanted)| wanted).unwrap_or_default();
            let fits = (1..=LONGEST_NAME).contains(&name.len()) && claims.len() < MOST_CLAIMS;
            if !fits || !wanted.is_consistent() {
                return Err(A::Error::custom("not a claim that can be asked for"));
            }
            match claims.entry(name) {
                Entry::Vacant(place) => place.insert(wanted),
                Entry::Occupied(_) => return Err(A::Error::custom("a claim is repeated")),
            };
        }
        Ok(WantedClaims(claims))
    }
}

/// What is an object on the wire: for a struct, serde takes an array as well.
pub(super) struct Object<T>(pub(super) T);

struct AnObject<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AnObject(PhantomData)).map(Self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for AnObject<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}
