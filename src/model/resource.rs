//! Whom a token is for (RFC 8707).

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::Url;

/// A resource server's identifier: an absolute URI without a fragment
/// (RFC 8707 section 2), which access tokens for it carry as their audience.
///
/// It is compared as the string that it is. Cloning shares it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Arc<str>")]
pub struct Resource(Arc<str>);

/// A set of resources in the order they were named, at most 16.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<Resource>", into = "Vec<Resource>")]
pub struct Resources(Option<Arc<Vec<Resource>>>);

/// Some of the resources of one set, by their places in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ResourceChoice(pub(crate) u16);

/// What cannot be a resource, or a set of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResourceError {
    /// It is not an absolute URI of at most 2,048 printable ASCII characters.
    #[error("a resource is an absolute URI")]
    NotAbsolute,
    /// It has a fragment, which RFC 8707 section 2 forbids.
    #[error("a resource has no fragment")]
    Fragment,
    /// More than a set may hold.
    #[error("more than 16 resources are named")]
    TooMany,
}

const LONGEST: usize = 2048;
const MOST: usize = 16;

impl Resource {
    /// Judges `uri` and keeps it as it was written.
    pub fn parse(uri: &str) -> Result<Self, ResourceError> {
        let printable =
            uri.bytes().all(|byte| matches!(byte, 0x21..=0x7e) && !b"\"\\<>".contains(&byte));
        if !printable || uri.len() > LONGEST || Url::parse(uri).is_err() {
            return Err(ResourceError::NotAbsolute);
        }
        if uri.contains('#') {
            return Err(ResourceError::Fragment);
        }
        Ok(Self(uri.into()))
    }

    /// The URI as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Resources {
    /// No resource at all.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// The set of these; one that is named twice is kept once.
    pub fn new(named: impl IntoIterator<Item = Resource>) -> Result<Self, ResourceError> {
        let mut kept: Vec<Resource> = Vec::new();
        for resource in named {
            if !kept.contains(&resource) {
                kept.push(resource);
            }
        }
        match kept.len() {
            0 => Ok(Self::none()),
            1..=MOST => Ok(Self(Some(Arc::new(kept)))),
            _ => Err(ResourceError::TooMany),
        }
    }

    /// The set of what these URIs name.
    pub fn parse(uris: &[impl AsRef<str>]) -> Result<Self, ResourceError> {
        let named: Result<Vec<_>, _> =
            uris.iter().map(|uri| Resource::parse(uri.as_ref())).collect();
        Self::new(named?)
    }

    /// The resources, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Resource] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }

    /// The resources, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Resource> {
        self.as_slice().iter()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether `resource` is one of them.
    #[must_use]
    pub fn contains(&self, resource: &Resource) -> bool {
        self.as_slice().contains(resource)
    }

    /// Whether every resource of `other` is in this set.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.iter().all(|resource| self.contains(resource))
    }

    /// All resources of both.
    pub fn union(&self, other: &Self) -> Result<Self, ResourceError> {
        Self::new(self.iter().chain(other.iter()).cloned())
    }

    /// The places of `chosen`, which all have to be in this set.
    pub(crate) fn choose<'r>(
        &self,
        mut chosen: impl Iterator<Item = &'r Resource>,
    ) -> Option<ResourceChoice> {
        chosen.try_fold(ResourceChoice(0), |choice, resource| {
            let place = self.iter().position(|mine| mine == resource)?;
            let bit = u32::try_from(place).ok().and_then(|place| 1_u16.checked_shl(place))?;
            Some(ResourceChoice(choice.0 | bit))
        })
    }

    /// The resources that were chosen.
    pub(crate) fn chosen(&self, choice: ResourceChoice) -> Self {
        if choice.0 == 0 {
            return Self::none();
        }
        let mut rest = choice.0;
        let taken = self.iter().filter(|_| {
            let taken = rest & 1 == 1;
            rest >>= 1;
            taken
        });
        // A part of a set is never too large for one.
        Self::new(taken.cloned()).unwrap_or_default()
    }
}

impl ResourceChoice {
    /// Whether none was chosen.
    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl TryFrom<Arc<str>> for Resource {
    type Error = ResourceError;

    fn try_from(uri: Arc<str>) -> Result<Self, ResourceError> {
        Self::parse(&uri)
    }
}

impl TryFrom<Vec<Resource>> for Resources {
    type Error = ResourceError;

    fn try_from(named: Vec<Resource>) -> Result<Self, ResourceError> {
        Self::new(named)
    }
}

impl From<Resources> for Vec<Resource> {
    fn from(resources: Resources) -> Self {
        resources.as_slice().to_vec()
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(uris: &[&str]) -> Resources {
        Resources::parse(uris).unwrap()
    }

    #[test]
    fn a_resource_is_an_absolute_uri_without_fragment() {
        for fit in ["https://api.example", "https://api.example/v1?x=1", "urn:example:api"] {
            assert_eq!(Resource::parse(fit).unwrap().as_str(), fit);
        }
        for relative in
            ["", "api", "/api", "https://", "https://a b", "https://ä.example", "a\"b:c"]
        {
            assert_eq!(Resource::parse(relative), Err(ResourceError::NotAbsolute), "{relative}");
        }
        assert_eq!(Resource::parse("https://a.example/#x"), Err(ResourceError::Fragment));
        assert_eq!(Resource::parse("https://a.example/#"), Err(ResourceError::Fragment));
        let long = format!("https://a.example/{}", "x".repeat(LONGEST));
        assert_eq!(Resource::parse(&long), Err(ResourceError::NotAbsolute));
    }

    #[test]
    fn a_set_keeps_each_resource_once_and_at_most_sixteen() {
        assert_eq!(set(&["a:1", "b:1", "a:1"]), set(&["a:1", "b:1"]));
        let many = |count| (0..count).map(|n| Resource::parse(&format!("a:{n}")).unwrap());
        assert!(Resources::new(many(16)).is_ok());
        assert_eq!(Resources::new(many(17)), Err(ResourceError::TooMany));
        assert_eq!(Resources::new([]), Ok(Resources::none()));
    }

    #[test]
    fn a_union_is_a_set_of_both() {
        let both = set(&["c:1", "a:1"]).union(&set(&["a:1", "b:1"]));
        assert_eq!(both, Ok(set(&["c:1", "a:1", "b:1"])));
        let sixteen = Resources::new((0..16).map(|n| Resource::parse(&format!("n:{n}")).unwrap()));
        assert_eq!(sixteen.unwrap().union(&set(&["a:1"])), Err(ResourceError::TooMany));
    }

    #[test]
    fn what_is_chosen_is_what_comes_back() {
        let all = set(&["a:1", "b:1", "c:1"]);
        for part in [set(&[]), set(&["b:1"]), set(&["a:1", "c:1"]), all.clone()] {
            assert_eq!(all.chosen(all.choose(part.iter()).unwrap()), part);
        }
        assert_eq!(all.choose(set(&["d:1"]).iter()), None);
        assert_eq!(all.choose(set(&["c:1", "a:1"]).iter()).map(|choice| choice.0), Some(0b101));
    }

    #[test]
    fn a_set_reads_back_from_json_and_is_judged_again() {
        let all = set(&["a:1", "b:1"]);
        let json = serde_json::to_string(&all).unwrap();
        assert_eq!(json, r#"["a:1","b:1"]"#);
        assert_eq!(serde_json::from_str::<Resources>(&json).unwrap(), all);
        assert!(serde_json::from_str::<Resources>(r#"["a:1#"]"#).is_err());
    }
}
