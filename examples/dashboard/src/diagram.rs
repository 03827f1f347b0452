//! The picture: five lifelines, and under each step its arrows.

use maud::{Markup, PreEscaped, html};

use crate::step::Step;
use crate::trace::{Arrow, Kind, Numbered, Party};

pub(crate) fn diagram(arrows: &[Numbered]) -> Markup {
    html! {
        section.diagram aria-labelledby="diagram-title" {
            h2 id="diagram-title" { "What really happens" }
            div.lifelines aria-hidden="true" {
                @for party in Party::ALL {
                    div class={ "party " (party.class()) } { (party.icon()) span { (party.name()) } }
                }
            }
            ol.steps {
                @for each in Step::ALL {
                    (step(each, arrows.iter().filter(|kept| kept.arrow.step == each)))
                }
            }
        }
    }
}

/// A step that has not happened is announced, and carries no `data-step`. The
/// sign-out is none of the eight, and not announced.
fn step<'a>(step: Step, arrows: impl Iterator<Item = &'a Numbered>) -> Markup {
    let mut arrows = arrows.peekable();
    let happened = arrows.peek().is_some();
    html! {
        li .step .upcoming[!happened] id={ "step-" (step.number()) } data-part
            data-step=[happened.then(|| step.number())] hidden[!happened && step == Step::SignOut] {
            div.about {
                span.badge aria-hidden="true" { (step.number()) }
                div { h3 { (step.title()) } p { (step.purpose()) } }
            }
            @if happened {
                ol.arrows { @for kept in arrows { (arrow(kept)) } }
            }
        }
    }
}

fn arrow(Numbered { number, arrow }: &Numbered) -> Markup {
    let place = Place::of(arrow);
    html! {
        li id={ "arrow-" (number) } class={ "arrow " (arrow.kind.class()) " " (arrow.from.class()) " " (place.classes()) } {
            p.route {
                span { (arrow.from.name()) }
                @if arrow.kind != Kind::Note {
                    span aria-hidden="true" { " → " }
                    span.unseen { " to " }
                    span { (arrow.to.name()) }
                }
            }
            p.head { span.unseen { (arrow.kind.name()) ": " } code { (arrow.head) } }
            div.shaft aria-hidden="true" {}
            @if !arrow.lines.is_empty() || !arrow.remarks.is_empty() {
                div.card {
                    @if !arrow.lines.is_empty() {
                        dl { @for line in &arrow.lines { div { dt { (line.name) } dd { (line.value) } } } }
                    }
                    @for remark in &arrow.remarks { p { (remark) } }
                }
            }
        }
    }
}

/// Where an arrow is drawn. The picture has ten columns; the lifeline of the
/// n-th party stands on the line before column 2n.
struct Place {
    arrow: (u8, u8),
    /// What is written under it is at least two lifelines wide.
    card: (u8, u8),
    leftwards: bool,
}

const LAST_LINE: u8 = 11;
const CARD_WIDTH: u8 = 4;

impl Place {
    fn of(arrow: &Arrow) -> Self {
        let (from, to) = (arrow.from.line(), arrow.to.line());
        let (left, right) = (from.min(to), from.max(to));
        let begin = if arrow.kind == Kind::Note { left.saturating_sub(2) } else { left };
        let begin = begin.clamp(1, LAST_LINE.saturating_sub(CARD_WIDTH));
        let end = begin.saturating_add(CARD_WIDTH).max(right).min(LAST_LINE);
        Self { arrow: (left, right), card: (begin, end), leftwards: to < from }
    }

    fn classes(&self) -> String {
        let Self { arrow: (from, to), card: (begin, end), leftwards } = self;
        let direction = if *leftwards { "leftwards" } else { "rightwards" };
        format!("from-{from} to-{to} begin-{begin} end-{end} {direction}")
    }
}

impl Kind {
    const fn class(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Answer => "answer",
            Self::Note => "note",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Request => "Request",
            Self::Answer => "Answer",
            Self::Note => "Note",
        }
    }
}

impl Party {
    const fn line(self) -> u8 {
        match self {
            Self::User => 2,
            Self::Application => 4,
            Self::AuthorizationServer => 6,
            Self::Database => 8,
            Self::ReportsApi => 10,
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Application => "application",
            Self::AuthorizationServer => "authorization-server",
            Self::Database => "database",
            Self::ReportsApi => "reports-api",
        }
    }

    fn icon(self) -> Markup {
        let drawing = match self {
            Self::User => {
                r#"<circle cx="12" cy="8" r="4"/><path d="M4 21c0-4.5 3.5-7 8-7s8 2.5 8 7"/>"#
            }
            Self::Application => {
                r#"<rect x="3" y="4" width="18" height="16" rx="2"/><path d="M3 9h18M8 16v-3M12 16v-4M16 16v-2"/>"#
            }
            Self::AuthorizationServer => {
                r#"<path d="M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6z"/><path d="M8.5 12l2.5 2.5 4.5-5"/>"#
            }
            Self::Database => {
                r#"<ellipse cx="12" cy="6" rx="8" ry="3"/><path d="M4 6v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3"/>"#
            }
            Self::ReportsApi => {
                r#"<path d="M6 3h8l4 4v14H6z"/><path d="M14 3v4h4M9 12h6M9 16h6"/>"#
            }
        };
        html! {
            svg viewBox="0 0 24 24" width="22" height="22" fill="none" stroke="currentColor"
                stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" {
                (PreEscaped(drawing))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_under_an_arrow_stays_in_the_picture_and_covers_it() {
        for from in Party::ALL {
            for to in Party::ALL {
                let arrow = if from == to {
                    Arrow::note(Step::Check, from, "x")
                } else {
                    Arrow::request(Step::Check, from, to, "x")
                };
                let Place { arrow: (left, right), card: (begin, end), .. } = Place::of(&arrow);
                assert!(1 <= begin && end <= LAST_LINE, "{from:?} {to:?}");
                assert!(begin <= left && right <= end, "{from:?} {to:?}");
                assert!(end - begin >= CARD_WIDTH, "{from:?} {to:?}");
            }
        }
    }

    #[test]
    fn only_steps_that_happened_carry_their_number_as_data() {
        let kept = Numbered { number: 1, arrow: Arrow::note(Step::Token, Party::User, "<b>") };
        let text = diagram(&[kept]).into_string();
        assert!(text.contains(r#"data-step="6""#));
        assert!(!text.contains(r#"data-step="5""#));
        assert!(text.contains("&lt;b&gt;"), "what was received is text, never markup");
    }
}
