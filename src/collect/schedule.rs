//! Tasks: sources with the same interval are read together, one blocking call and one append a
//! tick.
//!
//! A tick is a multiple of the interval. After a stall or a step of the clock the next tick is the
//! next multiple from now; what was missed is never made up for. A source that fails ends its
//! series, says so once, and is read again at the next tick like all the others.

use std::path::Path;
use std::sync::Arc;

use log::{error, info, warn};

use super::figures::{Figures, SourceFigures};
use super::files::Files;
use super::source::{Failure, Found, Planned, Source};
use super::table::{Round, Table};
use crate::model::{Append, Batch, Clock, Origin, Principal, Span, Timestamp};

/// How long a source whose file the machine does not have is left alone.
const MISSING_AGAIN: Span = Span(60_000);
/// How often metadata is told again, to outlast whoever forgets it.
const DESCRIBE_AGAIN: Span = Span(600_000);

/// What all tasks share.
#[derive(Clone)]
pub(super) struct Surroundings {
    /// Where the samples go.
    pub(super) append: Arc<dyn Append>,
    /// The time.
    pub(super) clock: Arc<dyn Clock>,
    /// What is counted.
    pub(super) figures: Arc<Figures>,
}

/// Sources that are read together.
pub(super) struct Group {
    interval: Span,
    slots: Vec<Slot>,
    files: Files,
    batch: Batch,
    refusing: bool,
    around: Surroundings,
}

struct Slot {
    name: &'static str,
    source: Box<dyn Source>,
    figures: Arc<SourceFigures>,
    failing: bool,
    /// When the source was missing: not before this tick again.
    not_before: Option<Timestamp>,
    described: Option<Timestamp>,
}

/// Divides the sources among tasks: those that may take long alone, the rest by interval.
pub(super) fn groups(planned: Vec<Planned>, root: &Path, around: &Surroundings) -> Vec<Group> {
    let mut groups: Vec<(bool, Group)> = Vec::new();
    for Planned { name, interval, alone, source } in planned {
        let figures = around.figures.source(name);
        let slot =
            Slot { name, source, figures, failing: false, not_before: None, described: None };
        let shared = groups
            .iter_mut()
            .find(|(taken, group)| !alone && !*taken && group.interval == interval);
        if let Some((_, group)) = shared {
            group.slots.push(slot);
        } else {
            let group = Group {
                interval,
                slots: vec![slot],
                files: Files::new(root),
                batch: Batch::new(Origin::Collector),
                refusing: false,
                around: around.clone(),
            };
            groups.push((alone, group));
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

impl Group {
    /// Reads at once for the tick that has passed, and then at every tick, until it is aborted.
    pub(super) async fn run(self) {
        let (clock, interval) = (Arc::clone(&self.around.clock), self.interval);
        let names: Vec<&str> = self.slots.iter().map(|slot| slot.name).collect();
        let names = names.join(", ");
        let mut group = self;
        let mut tick = clock.now().floor_to(interval);
        loop {
            let reading = tokio::task::spawn_blocking(move || {
                group.round(tick);
                group
            });
            group = match reading.await {
                Ok(group) => group,
                Err(stopped) if stopped.is_cancelled() => return,
                Err(_) => {
                    error!("the collectors {names} have stopped by a mistake of this program");
                    return;
                }
            };
            tick = next_tick(&*clock, interval, tick).await;
        }
    }

    /// Reads every source for the tick `at` and appends what they gave.
    fn round(&mut self, at: Timestamp) {
        let Self { slots, files, batch, around, .. } = self;
        files.next_round();
        batch.clear();
        around.figures.began_after(around.clock.now() - at);
        for slot in slots {
            let now = around.clock.now();
            let before = batch.entries.len();
            let mut round = Round { at, now, batch };
            slot.read(files, &mut round, &around.figures);
            slot.figures.samples.add((batch.entries.len() - before) as u64);
            slot.figures.took(around.clock.now() - now);
        }
        around.figures.rounds.increment();
        self.hand_over();
    }

    fn hand_over(&mut self) {
        if self.batch.entries.is_empty() {
            return;
        }
        let now = self.around.clock.now();
        let appended = self.around.append.append(&self.batch, Principal::Anonymous, now);
        self.around.figures.refused.add(appended.refused as u64);
        // Said when it begins, not at every tick that it lasts.
        if let Some(refusal) = appended.refusals.first().filter(|_| !self.refusing) {
            let (count, reason, text) = (appended.refused, &refusal.reason, &refusal.text);
            warn!(
                "the store refuses samples of collectors: {reason} series={text} refused={count}"
            );
        }
        self.refusing = appended.refused > 0;
    }
}

impl Slot {
    fn read(&mut self, files: &mut Files, round: &mut Round<'_>, all: &Figures) {
        if self.not_before.is_some_and(|tick| round.at < tick) {
            return;
        }
        let outcome = self.source.read(files, round);
        for table in self.source.tables() {
            table.finish(round);
            all.left_out.add(table.take_left_out());
        }
        self.not_before = match outcome {
            Ok(Found::Missing) => Some(round.at + MISSING_AGAIN),
            Ok(Found::Read) | Err(_) => None,
        };
        self.note(outcome.err().as_ref());
        self.describe(round);
    }

    fn note(&mut self, failure: Option<&Failure>) {
        let name = self.name;
        match failure {
            Some(failure) => {
                self.figures.failures.increment();
                if !self.failing {
                    warn!("the collector `{name}` fails and will try again: {failure}");
                }
            }
            None if self.failing => info!("the collector `{name}` works again"),
            None => {}
        }
        self.failing = failure.is_some();
    }

    fn describe(&mut self, round: &mut Round<'_>) {
        let at = round.at;
        let due = self.described.is_none_or(|last| at - last >= DESCRIBE_AGAIN || at < last);
        let tables = self.source.tables();
        if !due && !tables.iter().any(Table::undescribed) {
            return;
        }
        for table in tables {
            table.describe(&mut round.batch.metadata);
        }
        self.described = Some(at);
    }
}

/// Waits for the next multiple of `interval` and returns the newest one that has come: another than
/// `last`, or the same series would get two values at one time. A clock that was set back goes on
/// from where it stands.
async fn next_tick(clock: &dyn Clock, interval: Span, last: Timestamp) -> Timestamp {
    loop {
        let due = clock.now().floor_to(interval) + interval;
        clock.wait_until(due).await;
        let tick = clock.now().floor_to(interval);
        if tick != last {
            return tick;
        }
    }
}

#[cfg(test)]
mod tests;
