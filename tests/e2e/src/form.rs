//! Just enough HTML to fill in the authorization server's forms.

/// What a page's only form sends when one of its buttons is pressed.
pub(crate) struct Form {
    /// Where it is sent to, as the page spells it; nothing means the page itself.
    pub(crate) action: Option<String>,
    pub(crate) fields: Vec<(String, String)>,
}

impl Form {
    /// The form that the button with this id belongs to, as the page has it.
    pub(crate) fn with_button(page: &str, button: &str) -> Option<Self> {
        let form = page.split("<form").skip(1).find(|form| {
            tags(form.split("</form").next().unwrap_or_default(), "button")
                .any(|tag| attribute(tag, "id").as_deref() == Some(button))
        })?;
        let form = form.split("</form").next()?;
        let head = form.split('>').next()?;
        let pressed =
            tags(form, "button").find(|tag| attribute(tag, "id").as_deref() == Some(button))?;
        let mut fields: Vec<_> = tags(form, "input").filter_map(field).collect();
        fields.extend(attribute(pressed, "name").map(|name| (name, value(pressed))));
        let action = attribute(pressed, "formaction").or_else(|| attribute(head, "action"));
        Some(Self { action, fields })
    }

    /// Types `text` into the field of this name.
    pub(crate) fn fill(&mut self, name: &str, text: &str) {
        self.fields.retain(|(field, _)| field != name);
        self.fields.push((name.to_owned(), text.to_owned()));
    }
}

/// What an input sends; a box sends nothing unless it is ticked.
fn field(tag: &str) -> Option<(String, String)> {
    let ticked = attribute(tag, "type").as_deref() != Some("checkbox")
        || tag.split_whitespace().any(|word| word.trim_end_matches('/').starts_with("checked"));
    let name = attribute(tag, "name").filter(|_| ticked)?;
    Some((name, value(tag)))
}

fn value(tag: &str) -> String {
    attribute(tag, "value").unwrap_or_default()
}

/// The insides of all tags of this name.
fn tags<'h>(html: &'h str, name: &'h str) -> impl Iterator<Item = &'h str> {
    html.split('<').filter_map(move |piece| {
        let (tag, _) = piece.split_once('>')?;
        tag.strip_prefix(name).filter(|rest| rest.starts_with(char::is_whitespace))
    })
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    let plain = value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    Some(plain.replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<form method="post" action="/other"><button id="help">?</button></form>
        <form method="post" action="/consent"><input type="hidden" name="ticket" value="a&amp;b">
        <input type="checkbox" name="scope" value="x" checked>
        <input type="checkbox" name="scope" value="y">
        <button id="allow" name="decision" value="allow">Allow</button>
        <button id="deny" formaction="/deny">Deny</button></form>"#;

    #[test]
    fn a_form_sends_what_it_holds_and_the_button_that_was_pressed() {
        let mut form = Form::with_button(PAGE, "allow").unwrap();
        form.fill("note", "hello");
        let fields = [("ticket", "a&b"), ("scope", "x"), ("decision", "allow"), ("note", "hello")];
        assert_eq!(form.action.as_deref(), Some("/consent"));
        assert_eq!(form.fields, fields.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_button_may_lead_elsewhere_or_not_be_there() {
        let form = Form::with_button(PAGE, "deny").unwrap();
        assert_eq!(form.action.as_deref(), Some("/deny"));
        assert!(Form::with_button(PAGE, "cancel").is_none());
    }
}
