//! Markdown.

use crate::measure::Each;
use crate::side::Side;
use crate::sides::{Codegrant, OauthAs, OxideAuth};

/// Prints the head of a table of `unit`.
pub fn head(unit: &str) {
    let [ours, oxide_auth, oauth_as] = [Codegrant::NAME, OxideAuth::NAME, OauthAs::NAME];
    println!(
        "\n| live grants | {unit} | {ours} | {oxide_auth} | {oauth_as} | best peer ÷ {ours} |"
    );
    println!("| ---: | --- | ---: | ---: | ---: | ---: |");
}

/// Prints one row; a side that does not do the work has no figure.
pub fn row(live: usize, work: &str, figures: Each<Option<f64>>) {
    let [ours, oxide_auth, oauth_as] = figures.map(|figure| figure.map_or("—".to_owned(), grouped));
    println!(
        "| {} | {work} | {ours} | {oxide_auth} | {oauth_as} | {} |",
        grouped(live as f64),
        ratio(figures)
    );
}

/// How many times as much the best peer needs.
fn ratio([ours, peers @ ..]: Each<Option<f64>>) -> String {
    let best = peers.into_iter().flatten().min_by(f64::total_cmp);
    match ours.zip(best) {
        Some((ours, best)) if best / ours >= 100.0 => grouped(best / ours),
        Some((ours, best)) => format!("{:.2}", best / ours),
        None => "—".to_owned(),
    }
}

/// A whole number with a comma before each three digits.
pub fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{grouped, ratio};

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!(["5", "512", "1,000", "1,234,567"], [5.2, 511.9, 1e3, 1_234_567.0].map(grouped));
    }

    #[test]
    fn the_ratio_is_of_the_best_peer_that_does_the_work() {
        assert_eq!(ratio([Some(2.0), Some(5.0), Some(3.0)]), "1.50");
        assert_eq!(ratio([Some(2.0), None, Some(4_000.0)]), "2,000");
        assert_eq!(ratio([Some(2.0), None, None]), "—");
    }
}
