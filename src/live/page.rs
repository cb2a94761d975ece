//! What a page needs before its first byte: the windows of a board's channels as they stand, so
//! that the page is whole before any script runs and its first subscription carries positions.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::model::{ABSENT, Labels, Span, Timestamp};

use super::board::{Asked, BoardSpec};
use super::channel::Channel;
use super::frame::Codec;
use super::hub::Hub;

/// How long a page waits for windows that are still being evaluated.
const PATIENCE: Span = Span(400);

/// The wish of a page.
pub struct PageAsk {
    /// Which board.
    pub slug: String,
    /// Of the board only these panels; all when left out.
    pub panels: Option<Vec<String>>,
    /// The range shown.
    pub range: Span,
    /// Where the answer goes; `None` when there is no such board.
    pub reply: oneshot::Sender<Option<Page>>,
}

/// A board with its windows.
#[derive(Debug)]
pub struct Page {
    /// The board.
    pub board: Arc<BoardSpec>,
    /// When the windows were taken.
    pub now: Timestamp,
    /// The channels of each panel asked for: (index of the panel on the board, channels in the
    /// order of its queries, then those of the bounds of its bands).
    pub panels: Vec<(usize, Vec<u32>)>,
    /// The windows by channel; one that is not there is still being evaluated.
    pub windows: BTreeMap<u32, PageWindow>,
}

/// One channel's window.
#[derive(Debug)]
pub struct PageWindow {
    /// The channel's incarnation.
    pub epoch: String,
    /// Where its log stands.
    pub seq: u64,
    /// The distance of columns.
    pub step: Span,
    /// The time of the newest column, the one in progress included where viewers have it.
    pub end: Timestamp,
    /// Each series with its values, oldest first.
    pub series: Vec<(Labels, Vec<f64>)>,
    /// The final columns in the bytes of a snapshot.
    pub snapshot: Bytes,
}

/// A page that waits.
pub(crate) struct PageWait {
    board: Arc<BoardSpec>,
    panels: Vec<(usize, Vec<u32>)>,
    wanted: Vec<(u32, usize)>,
    until: Timestamp,
    reply: oneshot::Sender<Option<Page>>,
}

impl Hub {
    /// Begins to answer a page: makes the channels and waits for their windows.
    pub(crate) fn page(&mut self, ask: PageAsk, now: Timestamp) {
        let Some(board) = self.boards.board(&ask.slug) else {
            // Whoever asked may have gone; then nobody needs the answer.
            let _ = ask.reply.send(None);
            return;
        };
        let (mut panels, mut wanted) = (Vec::new(), Vec::new());
        for (at, panel) in board.panels.iter().enumerate() {
            if ask.panels.as_ref().is_some_and(|named| !named.contains(&panel.id)) {
                continue;
            }
            let watch = |asked: &Asked| self.channels.watch_asked(asked, now);
            let asked = panel.asked(ask.range);
            let channels: Vec<(u32, usize)> = asked.iter().map_while(watch).collect();
            panels.push((at, channels.iter().map(|(id, _)| *id).collect()));
            wanted.extend(channels);
        }
        let until = now + PATIENCE;
        self.pages.push(PageWait { board, panels, wanted, until, reply: ask.reply });
        self.answer_pages(now);
    }

    /// Answers the pages whose windows are whole, or whose patience has ended.
    pub(crate) fn answer_pages(&mut self, now: Timestamp) {
        let waiting = std::mem::take(&mut self.pages);
        for wait in waiting {
            let whole = |(id, columns): &(u32, usize)| {
                self.channels.get(*id).is_none_or(|watched| watched.holds(*columns))
            };
            if now < wait.until && !wait.wanted.iter().all(whole) {
                self.pages.push(wait);
                continue;
            }
            let window = |(id, columns): &(u32, usize)| {
                let watched = self.channels.get(*id).filter(|watched| watched.ready)?;
                Some((*id, PageWindow::of(&watched.channel, *columns, watched.open_column())))
            };
            let windows = wait.wanted.iter().filter_map(window).collect();
            let PageWait { board, panels, reply, .. } = wait;
            let _ = reply.send(Some(Page { board, now, panels, windows }));
        }
    }
}

impl PageWindow {
    /// The last `columns` columns of a channel, and the one in progress where viewers have it.
    pub(super) fn of(channel: &Channel, columns: usize, open: Option<(i64, &[f64])>) -> Self {
        let body = channel.snapshot(columns);
        let snapshot = body.write(Codec::Binary).into();
        let newest = channel.newest();
        let end = open.map_or(newest, |(n, _)| n);
        // What lies between the newest final column and the one in progress is still evaluated.
        let waits = (end - newest - 1).max(0) as usize;
        let whole = |(at, (labels, mut values)): (usize, (&Labels, Vec<f64>))| {
            if let Some((_, open)) = open {
                values.extend(std::iter::repeat_n(ABSENT, waits));
                values.push(open.get(at).copied().unwrap_or(ABSENT));
            }
            (labels.clone(), values)
        };
        let series = body.series.into_iter().enumerate().map(whole).collect();
        Self {
            epoch: channel.epoch.clone(),
            seq: channel.seq(),
            step: channel.step,
            end: channel.time(end),
            series,
            snapshot,
        }
    }
}
