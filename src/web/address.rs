//! What the address of a page says beside the range: by which clock times are told, what stays when
//! another range is chosen, and how a board is to be seen.

use actix_web::http::StatusCode;

use super::boards::Board;
use super::chosen;
use super::page::{Kept, Kiosk, Seen};
use super::pages::{PageQuery, Refusal};
use super::zone::{self, Clock};
use crate::dashboard::Dashboard;
use crate::model::Span;

/// How long a screen may be shown before the next one.
const TURN: std::ops::RangeInclusive<Span> = Span::from_secs(5)..=Span::from_secs(86_400);

impl PageQuery {
    /// By which clock times are told where the dashboard says this one.
    pub(super) fn clock(&self, dashboard: Clock) -> Result<Clock, Refusal> {
        zone::chosen(self.tz.as_deref(), dashboard)
    }

    /// What stays in the address when another range is chosen.
    pub(super) fn kept(&self) -> Kept {
        let said = [
            ("theme", &self.theme),
            ("tz", &self.tz),
            ("kiosk", &self.kiosk),
            ("boards", &self.boards),
            ("panel", &self.panel),
            ("compare", &self.compare),
        ];
        let said =
            said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)));
        Kept(said.collect())
    }

    /// How a board that is asked for by this slug is to be seen, among all of them.
    pub(super) fn seen<'a>(
        &'a self,
        (slug, board): (&str, &Board),
        all: impl Iterator<Item = &'a Dashboard>,
    ) -> Result<Seen<'a>, Refusal> {
        let alone = self.panel.as_deref();
        let panels = &board.dashboard.panels;
        if let Some(id) = alone.filter(|id| panels.iter().all(|panel| panel.id != *id)) {
            let text = format!("this dashboard has no panel `{id}`");
            return Err(Refusal(StatusCode::NOT_FOUND, "No such panel", text));
        }
        let all = all.map(|board| board.slug.as_str()).collect();
        let mut kept = self.kept();
        kept.0.extend(chosen::pairs(&board.chosen.asked));
        Ok(Seen { kept, kiosk: self.kiosk(slug, all)?, alone })
    }

    fn kiosk(&self, slug: &str, all: Vec<&str>) -> Result<Option<Kiosk>, Refusal> {
        let Some(text) = self.kiosk.as_deref() else { return Ok(None) };
        if text.is_empty() {
            return Ok(Some(Kiosk { turn: None, next: String::new() }));
        }
        let turn = Span::parse(text).ok().filter(|turn| TURN.contains(turn)).ok_or_else(|| {
            let (least, most) = (TURN.start(), TURN.end());
            let text = format!(
                "`kiosk` is empty, or for how long a screen is shown: from {least} to {most}, not \
                 `{text}`"
            );
            Refusal(StatusCode::BAD_REQUEST, "No such time", text)
        })?;
        Ok(Some(Kiosk { turn: Some(turn), next: next(slug, all, self.boards.as_deref()) }))
    }
}

/// The board that follows another one, of all or of those that are named; those that are not there
/// are passed over, so that a board that was removed stops no screen.
fn next(slug: &str, all: Vec<&str>, named: Option<&str>) -> String {
    let named: Vec<&str> = named.unwrap_or_default().split(',').map(str::trim).collect();
    let known: Vec<&str> = named.into_iter().filter(|name| all.contains(name)).collect();
    let turns = if known.is_empty() { all } else { known };
    let at = turns.iter().position(|other| *other == slug).map_or(0, |at| at + 1);
    turns.get(at).or(turns.first()).copied().unwrap_or(slug).to_owned()
}

#[cfg(test)]
mod tests {
    use super::next;

    #[test]
    fn boards_take_turns() {
        let check = |slug: &str, named: Option<&str>, expected: &str| {
            assert_eq!(next(slug, vec!["a", "b", "c"], named), expected, "{slug} {named:?}");
        };
        check("a", None, "b");
        check("c", None, "a");
        check("a", Some("c, a"), "c");
        check("c", Some("c,gone,a"), "a");
        check("b", Some("c,a"), "c");
        check("a", Some("gone"), "b");
        check("metric:x", None, "a");
    }
}
