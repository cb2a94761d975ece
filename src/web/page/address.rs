//! The part of a page's address that stays when another range is chosen, and how a page is to be
//! seen by it.

use super::encoded;
use crate::model::{Span, Zone};

/// Names and values that stay in the address of a page, in their order.
#[derive(Debug, Clone, Default)]
pub struct Kept(pub Vec<(String, String)>);

impl Kept {
    /// One more in front of the others.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(0, (name.to_owned(), value.to_owned()));
        self
    }

    /// As the beginning of a query: each with a `&` behind it.
    pub(super) fn query(&self) -> String {
        self.0.iter().fold(String::new(), |query, (name, value)| {
            query + &encoded(name) + "=" + &encoded(value) + "&"
        })
    }
}

/// How a board is to be seen.
#[derive(Debug, Clone, Default)]
pub struct Seen<'a> {
    /// What of it stays when another range is chosen.
    pub kept: Kept,
    /// On a wall: the panels and nothing else.
    pub kiosk: Option<Kiosk>,
    /// The panel that is shown alone.
    pub alone: Option<&'a str>,
}

/// A screen on a wall.
#[derive(Debug, Clone)]
pub struct Kiosk {
    /// For how long a screen is shown; none stays with its board.
    pub turn: Option<Span>,
    /// The slug of the board that comes next.
    pub next: String,
}

impl Seen<'_> {
    /// After how many seconds, and where, a screen without a script goes on.
    pub(super) fn refresh(&self) -> Option<String> {
        let Kiosk { turn, next } = self.kiosk.as_ref()?;
        let mut kept = self.kept.clone();
        kept.0.retain(|(name, _)| name != "panel");
        let query = kept.query();
        let seconds = turn.as_ref()?.millis() / 1000;
        Some(format!("{seconds};url=/d/{}?{}", encoded(next), query.trim_end_matches('&')))
    }
}

/// The clocks that a page offers, as a form has them: the value, the words, and whether it is the
/// one that is shown.
pub(super) fn clocks(clock: Option<Zone>, offered: Option<Zone>) -> Vec<(String, String, bool)> {
    let utc = "utc".parse().ok();
    let mut zones = vec![utc, offered, clock];
    zones.dedup();
    let mut found = vec![("browser".to_owned(), "local time".to_owned(), clock.is_none())];
    for zone in zones.into_iter().flatten() {
        if found.iter().all(|(name, ..)| name != zone.name()) {
            found.push((zone.name().to_owned(), words(zone), clock == Some(zone)));
        }
    }
    found
}

/// A zone in words.
fn words(zone: Zone) -> String {
    if zone.name() == "utc" { "UTC".to_owned() } else { zone.name().to_owned() }
}

/// The clock in words where it is not the reader's own, as far as the server knows; and the words
/// for a page whose script is not there.
pub(super) fn clock_words(clock: Option<Zone>, offset: Span) -> (String, bool) {
    let Some(zone) = clock else {
        let (sign, minutes) =
            (if offset < Span::ZERO { '-' } else { '+' }, offset.0.abs() / 60_000);
        return (format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60), false);
    };
    (words(zone), true)
}

#[cfg(test)]
mod tests {
    use super::Kept;

    #[test]
    fn what_stays_is_written_as_the_beginning_of_a_query() {
        let kept = Kept::default().with("tz", "Europe/Zurich").with("name", "a b&c=<d>");
        assert_eq!(kept.query(), "name=a%20b%26c%3D%3Cd%3E&tz=Europe%2FZurich&");
        assert_eq!(Kept::default().query(), "");
    }
}
