//! What clients saw of one authorization, and what must therefore be true.
//!
//! Each client writes down what it sent and what it heard, and is judged by
//! that alone: the journal knows nothing of crashes.

use crate::answer::{Answer, Tokens};

/// One authorization, as its client saw it.
#[derive(Clone, Debug, Default)]
pub struct Life {
    /// The code that began it.
    pub code: String,
    /// What was sent and heard, in this order.
    pub events: Vec<Event>,
}

/// A request and its answer.
#[derive(Clone, Debug)]
pub enum Event {
    /// The code was presented.
    Redeemed(Answer),
    /// The latest refresh token was presented.
    Refreshed(Answer),
    /// The latest access token was given back.
    Revoked(Answer),
}

/// What must be true of the tokens at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// No tokens reached the client, and the code may still be good.
    Waiting,
    /// All access tokens are valid, and the last refresh token is.
    Alive(Vec<Tokens>),
    /// None of these is valid.
    Dead(Vec<Tokens>),
    /// A request that would end the grant had no answer: all or nothing.
    Open(Vec<Tokens>),
}

/// What a client must not see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// One code gave tokens more than once.
    RedeemedTwice,
    /// A code or token was refused whose every request before had been answered,
    /// so that nothing can have happened to it.
    RefusedWithoutReason,
    /// Something was granted after the grant had ended.
    Revived,
}

impl Life {
    /// Follows the events, and says what they lead to.
    pub fn end(&self) -> Result<End, Violation> {
        let mut seen = Seen::default();
        for event in &self.events {
            match event {
                Event::Redeemed(answer) => seen.redeemed(answer)?,
                Event::Refreshed(answer) => seen.refreshed(answer)?,
                Event::Revoked(answer) => seen.revoked(answer)?,
            }
        }
        Ok(match (seen.ended, seen.tokens) {
            (true, tokens) => End::Dead(tokens),
            (false, tokens) if tokens.is_empty() => End::Waiting,
            (false, tokens) if seen.may_have_ended => End::Open(tokens),
            (false, tokens) => End::Alive(tokens),
        })
    }
}

/// What a client knows after some of the events.
#[derive(Default)]
struct Seen {
    tokens: Vec<Tokens>,
    /// A refusal, or an acknowledged revocation, said so.
    ended: bool,
    /// A request that ends it has no answer yet.
    may_have_ended: bool,
    /// A redemption or refresh has no answer yet: trying again may be a replay.
    may_have_happened: bool,
}

impl Seen {
    fn redeemed(&mut self, answer: &Answer) -> Result<(), Violation> {
        let again = !self.tokens.is_empty();
        match answer {
            Answer::Done(_) if again => return Err(Violation::RedeemedTwice),
            Answer::Done(_) if self.ended => return Err(Violation::Revived),
            Answer::Done(_) => {
                self.tokens.push(answer.granted());
                self.may_have_happened = false;
            }
            Answer::Refused(_) if again || self.ended || self.may_have_happened => {
                self.ended = true;
            }
            Answer::Refused(_) => return Err(Violation::RefusedWithoutReason),
            Answer::Unavailable | Answer::Lost if again => self.may_have_ended = true,
            Answer::Unavailable | Answer::Lost => self.may_have_happened = true,
        }
        Ok(())
    }

    fn refreshed(&mut self, answer: &Answer) -> Result<(), Violation> {
        match answer {
            Answer::Done(_) if self.ended => return Err(Violation::Revived),
            Answer::Done(_) => {
                self.tokens.push(answer.granted());
                self.may_have_happened = false;
            }
            Answer::Refused(_) if self.ended || self.may_have_ended || self.may_have_happened => {
                self.ended = true;
            }
            Answer::Refused(_) => return Err(Violation::RefusedWithoutReason),
            Answer::Unavailable | Answer::Lost => self.may_have_happened = true,
        }
        Ok(())
    }

    fn revoked(&mut self, answer: &Answer) -> Result<(), Violation> {
        match answer {
            Answer::Done(_) => self.ended = true,
            Answer::Refused(_) => return Err(Violation::RefusedWithoutReason),
            Answer::Unavailable | Answer::Lost => self.may_have_ended = true,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tokens(name: &str) -> Answer {
        Answer::Done(json!({"access_token": name, "refresh_token": name}))
    }

    fn refused() -> Answer {
        Answer::Refused("invalid_grant".into())
    }

    fn end(events: &[Event]) -> Result<End, Violation> {
        Life { code: String::new(), events: events.to_vec() }.end()
    }

    #[test]
    fn what_must_not_happen_is_found() {
        use Event::{Redeemed, Refreshed, Revoked};
        let first = || Redeemed(tokens("1"));
        for (violation, events) in [
            (Violation::RedeemedTwice, vec![first(), Redeemed(tokens("2"))]),
            (Violation::RedeemedTwice, vec![first(), Redeemed(refused()), Redeemed(tokens("2"))]),
            (Violation::RefusedWithoutReason, vec![Redeemed(refused())]),
            (Violation::RefusedWithoutReason, vec![first(), Refreshed(refused())]),
            (
                Violation::RefusedWithoutReason,
                vec![Redeemed(Answer::Lost), first(), Refreshed(refused())],
            ),
            (
                Violation::Revived,
                vec![Redeemed(Answer::Lost), Redeemed(refused()), Redeemed(tokens("1"))],
            ),
            (
                Violation::Revived,
                vec![first(), Revoked(Answer::Done(json!(null))), Refreshed(tokens("2"))],
            ),
        ] {
            assert_eq!(end(&events), Err(violation), "{events:?}");
        }
    }

    #[test]
    fn what_must_be_true_in_the_end_follows_from_what_was_heard() {
        use Event::{Redeemed, Refreshed, Revoked};
        let held = |names: &[&str]| names.iter().map(|name| tokens(name).granted()).collect();
        let first = || Redeemed(tokens("1"));
        for (wanted, events) in [
            (End::Waiting, vec![Redeemed(Answer::Lost)]),
            (End::Dead(vec![]), vec![Redeemed(Answer::Lost), Redeemed(refused())]),
            (End::Alive(held(&["1"])), vec![Redeemed(Answer::Unavailable), first()]),
            (
                End::Alive(held(&["1", "2"])),
                vec![first(), Refreshed(Answer::Lost), Refreshed(tokens("2"))],
            ),
            (End::Dead(held(&["1"])), vec![first(), Refreshed(Answer::Lost), Refreshed(refused())]),
            (End::Dead(held(&["1"])), vec![first(), Redeemed(refused())]),
            (End::Open(held(&["1"])), vec![first(), Redeemed(Answer::Lost)]),
            (End::Open(held(&["1"])), vec![first(), Revoked(Answer::Unavailable)]),
            (End::Dead(held(&["1"])), vec![first(), Revoked(Answer::Done(json!(null)))]),
        ] {
            assert_eq!(end(&events), Ok(wanted), "{events:?}");
        }
    }
}
