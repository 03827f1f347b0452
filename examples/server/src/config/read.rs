//! From text to [`Config`], with every fault of form found at once.

use serde_json::{Map, Value};

use super::{Config, Problem, unbuilt};

/// The configuration without its unknown keys and those that this build does
/// not offer, and a problem for each of them. What cannot be read is an error.
pub(super) fn config(text: &str) -> Result<(Config, Vec<Problem>), Vec<Problem>> {
    let mut value: Value = serde_json::from_str(text)
        .map_err(|error| vec![Problem::new("configuration", format!("is not JSON: {error}"))])?;
    if !value.is_object() {
        return Err(vec![Problem::new("configuration", "is not a JSON object")]);
    }
    let mut problems = unbuilt::take_out(&mut value);
    let known = known_part("configuration", value, &|part| part, &mut problems);
    match parse(known.unwrap_or_default()) {
        Ok(config) => Ok((config, problems)),
        Err(_) => Err(problems),
    }
}

/// Reads each part of `value` alone, in a configuration that has nothing else,
/// so that one fault does not hide the next. `around` puts a part back to where
/// it was found. What stands in an unknown place is one fault, not one for each
/// of its members, and is left out.
fn known_part(
    path: &str,
    value: Value,
    around: &dyn Fn(Value) -> Value,
    problems: &mut Vec<Problem>,
) -> Option<Value> {
    if let Err(error) = parse(around(Value::Null))
        && error.to_string().starts_with("unknown field")
    {
        problems.push(Problem::new(path, error));
        return None;
    }
    let faults_before = problems.len();
    let known = match value {
        Value::Object(members) => {
            let known = members.into_iter().filter_map(|(name, member)| {
                let path = if path == "configuration" { &name } else { &format!("{path}.{name}") };
                let around = |part| around(Value::Object(Map::from_iter([(name.clone(), part)])));
                let member = known_part(path, member, &around, problems)?;
                Some((name, member))
            });
            Value::Object(known.collect())
        }
        Value::Array(items) => {
            let around = |part| around(Value::Array(vec![part]));
            let known = items.into_iter().enumerate().filter_map(|(index, item)| {
                known_part(&format!("{path}[{index}]"), item, &around, problems)
            });
            Value::Array(known.collect())
        }
        leaf => leaf,
    };
    // Parts that are right alone may be wrong together.
    if problems.len() == faults_before
        && let Err(error) = parse(around(known.clone()))
    {
        problems.push(Problem::new(path, error));
    }
    Some(known)
}

fn parse(value: Value) -> serde_json::Result<Config> {
    serde_json::from_value(value)
}
