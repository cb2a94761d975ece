//! What a viewer may say: the client frames of `docs/formats/live.md`, read and checked.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::Span;

/// One client frame.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientFrame {
    /// Begins a subscription, or begins it anew under the same id.
    Sub(Subscribe),
    /// Ends one.
    Unsub(u32),
    /// Whether the page is seen.
    Show(bool),
    /// Asks for a `pong`.
    Ping(u64),
}

/// What to subscribe to: a board or a query.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscribe {
    /// The viewer's own number for it.
    pub id: u32,
    /// The slug of a board.
    #[serde(default)]
    pub board: Option<String>,
    /// Of the board only these panels; all when left out.
    #[serde(default)]
    pub panels: Option<Vec<String>>,
    /// The board's range; 5 minutes when left out.
    #[serde(default)]
    pub range: Option<Span>,
    /// The text of a query.
    #[serde(default)]
    pub query: Option<String>,
    /// The query's window; 5 minutes when left out.
    #[serde(default)]
    pub window: Option<Span>,
    /// The query's step; follows from the window when left out.
    #[serde(default)]
    pub step: Option<Span>,
    /// Where the viewer stands, by channel.
    #[serde(default)]
    pub from: BTreeMap<u32, Position>,
}

/// A place in a channel's log.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// The channel's incarnation.
    pub epoch: String,
    /// The last entry that the viewer has.
    pub seq: u64,
}

/// The range of a subscription that names none.
pub(crate) const RANGE_DEFAULT: Span = Span(300_000);
/// The shortest and the longest range that can be watched live.
pub const RANGE_BOUNDS: (Span, Span) = (Span(10_000), Span::from_secs(2 * 365 * 86_400));

impl ClientFrame {
    /// Reads one frame.
    ///
    /// # Errors
    /// In words, when the text is no client frame.
    pub fn read(text: &str) -> Result<Self, String> {
        let frame: Self = serde_json::from_str(text)
            .map_err(|error| format!("cannot read the frame: {error}"))?;
        if let Self::Sub(subscribe) = &frame {
            subscribe.check()?;
        }
        Ok(frame)
    }
}

impl Subscribe {
    fn check(&self) -> Result<(), String> {
        if self.id > i32::MAX as u32 {
            return Err(format!("id `{}` is beyond 2147483647", self.id));
        }
        if self.board.is_some() == self.query.is_some() {
            return Err("a subscription names either a `board` or a `query`".to_owned());
        }
        let (shortest, longest) = RANGE_BOUNDS;
        let length = self.length();
        if length < shortest || length > longest {
            return Err(format!("a range is from {shortest} to {longest}, not `{length}`"));
        }
        if self.step.is_some_and(|step| step < Span(1000) || step > length) {
            return Err("a step is from 1s to the length of the window".to_owned());
        }
        Ok(())
    }

    /// The range of the board or the window of the query.
    pub fn length(&self) -> Span {
        let named = if self.board.is_some() { self.range } else { self.window };
        named.unwrap_or(RANGE_DEFAULT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read() {
        let frame = ClientFrame::read(
            r#"{"sub":{"id":1,"board":"overview","range":"1m","from":{"7":{"epoch":"e","seq":3}}}}"#,
        );
        let Ok(ClientFrame::Sub(subscribe)) = frame else { panic!("{frame:?}") };
        assert_eq!(subscribe.length(), Span(60_000));
        assert_eq!(subscribe.from[&7], Position { epoch: "e".into(), seq: 3 });
        assert_eq!(ClientFrame::read(r#"{"show":false}"#), Ok(ClientFrame::Show(false)));
        assert_eq!(ClientFrame::read(r#"{"unsub":9}"#), Ok(ClientFrame::Unsub(9)));
    }

    #[test]
    fn bad_frames_are_refused_in_words() {
        let check = |text: &str, word: &str| {
            let error = ClientFrame::read(text).expect_err(text);
            assert!(error.contains(word), "{error}");
        };
        check("", "cannot read");
        check(r#"{"sub":{"id":1}}"#, "either");
        check(r#"{"sub":{"id":1,"board":"a","query":"b"}}"#, "either");
        check(r#"{"sub":{"id":1,"board":"a","range":"3y"}}"#, "from 10s to 2y");
        check(r#"{"sub":{"id":1,"board":"a","range":"60"}}"#, "length of time");
        check(r#"{"sub":{"id":1,"query":"up","step":"1ms"}}"#, "step");
        check(r#"{"sub":{"id":1,"board":"a","colour":1}}"#, "colour");
        check(r#"{"sub":{"id":4294967295,"board":"a"}}"#, "2147483647");
        check(r#"{"dance":1}"#, "dance");
    }
}
