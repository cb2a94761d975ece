//! How far a long piece of work is: a bar on a terminal, elsewhere a line for each tenth.

use std::io::{self, IsTerminal, Write};

/// The width of the bar, in characters.
const WIDTH: u64 = 30;

/// How far a piece of work is, told on standard error.
pub(super) struct Progress {
    what: &'static str,
    total: u64,
    done: u64,
    /// What was shown last, in steps.
    shown: u64,
    is_terminal: bool,
}

impl Progress {
    /// Begins a piece of work of so many parts.
    pub(super) fn new(what: &'static str, total: u64) -> Self {
        let is_terminal = io::stderr().is_terminal();
        Self { what, total, done: 0, shown: 0, is_terminal }
    }

    /// Notes that so many more parts are done.
    pub(super) fn advance(&mut self, parts: u64) {
        self.done += parts;
        if let Some(text) = self.step() {
            // Whether anybody reads it does not matter to the work.
            let _ = io::stderr().lock().write_all(text.as_bytes());
        }
    }

    /// What is to be shown now; nothing when that was shown already.
    fn step(&mut self) -> Option<String> {
        let percent = (self.done.saturating_mul(100) / self.total.max(1)).min(100);
        let step = if self.is_terminal { percent } else { percent / 10 * 10 };
        if step == self.shown {
            return None;
        }
        self.shown = step;
        let what = self.what;
        if !self.is_terminal {
            return Some(format!("{what}: {step} %\n"));
        }
        let filled = (percent * WIDTH / 100) as usize;
        let (filled, empty) = ("#".repeat(filled), ".".repeat(WIDTH as usize - filled));
        Some(format!("\r{what} [{filled}{empty}] {percent:3} %"))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_terminal && self.shown > 0 {
            // The bar makes way for what is said next.
            let _ = io::stderr().lock().write_all(b"\r\x1b[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_moves_by_the_hundredth_and_lines_by_the_tenth() {
        let check = |is_terminal, parts: &[u64], expected: &[Option<&str>]| {
            let mut progress =
                Progress { what: "reading", total: 200, done: 0, shown: 0, is_terminal };
            for (part, expected) in parts.iter().zip(expected) {
                progress.done += part;
                assert_eq!(progress.step().as_deref(), *expected, "{}", progress.done);
            }
            // Not shown: the test writes nothing.
            progress.shown = 0;
        };
        check(
            false,
            &[19, 1, 5, 300],
            &[None, Some("reading: 10 %\n"), None, Some("reading: 100 %\n")],
        );
        let half = "\rreading [###############...............]  50 %";
        check(true, &[1, 99, 1], &[None, Some(half), None]);
    }

    #[test]
    fn nothing_to_do_is_no_division_by_zero() {
        let mut progress =
            Progress { what: "reading", total: 0, done: 0, shown: 0, is_terminal: false };
        assert_eq!(progress.step(), None);
    }
}
