//! CPU time by core and mode, from `proc/stat`.

use std::sync::Arc;

use crate::collect::bytes::{lines, text, whole, words};
use crate::collect::files::Files;
use crate::collect::source::{Failure, Found, Source};
use crate::collect::table::{Column, Identity, Round, Table};

/// The kernel counts CPU time for user space in hundredths of a second on every machine.
pub(super) const TICKS_A_SECOND: f64 = 100.0;
/// Cores beyond this many are left out.
const CORES_MAX: usize = 4096;
/// A smaller step back than this is the kernel's own noise and not a core that was off (3 s).
const STEP_BACK: u64 = 300;
const MODES: usize = 10;

const TIME: Column =
    Column::counter("node_cpu_seconds_total", "seconds", "CPU time that a core spent in a mode.");
const GUEST: Column = Column::counter(
    "node_cpu_guest_seconds_total",
    "seconds",
    "CPU time that a core spent for guests; part of the modes user and nice.",
);
/// In the order of the file.
const COLUMNS: &[Column; MODES] = &[
    TIME.with("mode", "user"),
    TIME.with("mode", "nice"),
    TIME.with("mode", "system"),
    TIME.with("mode", "idle"),
    TIME.with("mode", "iowait"),
    TIME.with("mode", "irq"),
    TIME.with("mode", "softirq"),
    TIME.with("mode", "steal"),
    GUEST.with("mode", "user"),
    GUEST.with("mode", "nice"),
];

/// The source of CPU time.
pub(super) struct Cpu {
    table: [Table; 1],
    /// The last ticks of every core, as idle and waiting time may step back a little.
    last: Vec<[u64; MODES]>,
}

impl Cpu {
    pub(super) fn new(identity: &Arc<Identity>) -> Self {
        Self { table: [Table::new(identity, COLUMNS)], last: Vec::new() }
    }
}

impl Source for Cpu {
    fn read(&mut self, files: &mut Files, round: &mut Round<'_>) -> Result<Found, Failure> {
        let Some(content) = files.read("proc/stat")? else { return Ok(Found::Missing) };
        let mut found = false;
        for line in lines(content) {
            // The cores stand together at the top; the line of interrupts below is long.
            let Some(rest) = line.strip_prefix(b"cpu") else { break };
            let mut fields = words(rest);
            if rest.first() == Some(&b' ') {
                continue;
            }
            let Some(name) = fields.next() else { continue };
            let Some(core) = whole(name).filter(|core| *core < CORES_MAX as u64) else { continue };
            let core = core as usize;
            if self.last.len() <= core {
                self.last.resize(core + 1, [0; MODES]);
            }
            let pairs = || vec![("cpu", text(name))];
            let (Some(mut row), Some(last)) =
                (self.table[0].row(name, pairs), self.last.get_mut(core))
            else {
                continue;
            };
            for (mode, (ticks, last)) in fields.map_while(whole).zip(last).enumerate() {
                *last = steady(*last, ticks);
                row.put(round, mode, *last as f64 / TICKS_A_SECOND);
            }
            found = true;
        }
        if found { Ok(Found::Read) } else { Err(Failure::form("proc/stat", "a line `cpu0 …`")) }
    }

    fn tables(&mut self) -> &mut [Table] {
        &mut self.table
    }
}

/// The count to show after `last`: never a little less, which a rate would take for a restart.
fn steady(last: u64, now: u64) -> u64 {
    if now < last && last - now < STEP_BACK { last } else { now }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_step_back_is_held_and_a_great_one_is_a_restart() {
        let check = |last, now, expected| assert_eq!(steady(last, now), expected);
        check(1000, 1001, 1001);
        check(1000, 999, 1000);
        check(1000, 701, 1000);
        check(1000, 700, 700);
        check(0, 5, 5);
    }
}
