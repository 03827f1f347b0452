//! From text to [`Config`], with every fault of form found at once.

use serde_json::{Map, Value};

use super::{Config, Problem, unbuilt};

pub(super) fn config(text: &str) -> Result<Config, Vec<Problem>> {
    let mut value: Value = serde_json::from_str(text)
        .map_err(|error| vec![Problem::new("configuration", format!("is not JSON: {error}"))])?;
    if !value.is_object() {
        return Err(vec![Problem::new("configuration", "is not a JSON object")]);
    }
    let mut problems = unbuilt::take_out(&mut value);
    find_faults("", &value, &|leaf| leaf, &mut problems);
    match serde_json::from_value(value) {
        Ok(config) if problems.is_empty() => Ok(config),
        Err(error) if problems.is_empty() => Err(vec![Problem::new("configuration", error)]),
        _ => Err(problems),
    }
}

/// Reads each leaf on its own, in a configuration that has nothing else, so
/// that one fault does not hide the next. `around` puts a value back to where
/// it was found.
fn find_faults(
    path: &str,
    value: &Value,
    around: &dyn Fn(Value) -> Value,
    problems: &mut Vec<Problem>,
) {
    match value {
        Value::Object(members) if !members.is_empty() && is_known(around) => {
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                let around = |leaf| around(Value::Object(Map::from_iter([(name.clone(), leaf)])));
                find_faults(&path, member, &around, problems);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                let around = |leaf| around(Value::Array(vec![leaf]));
                find_faults(&format!("{path}[{index}]"), item, &around, problems);
            }
        }
        leaf => {
            if let Err(error) = serde_json::from_value::<Config>(around(leaf.clone())) {
                problems.push(Problem::new(path, error));
            }
        }
    }
}

/// Whether something may stand here at all: what stands in an unknown place is
/// one fault, not one for each of its members.
fn is_known(around: &dyn Fn(Value) -> Value) -> bool {
    match serde_json::from_value::<Config>(around(Value::Null)) {
        Ok(_) => true,
        Err(error) => !error.to_string().starts_with("unknown field"),
    }
}
