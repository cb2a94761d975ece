//! Functions over windows that slide: what can be kept up to date sample by sample is.
//!
//! Counters remember where they were reset, extrema which samples no later one outdoes, so that a
//! tick costs the samples that came and went. All other functions walk the window, which is still
//! read from the store only once.

use std::collections::VecDeque;

use crate::model::Timestamp;

use super::super::over_time::{self, OverTime};
use super::super::rate::{Change, Extrapolated, last_change};
use super::super::vector::cell;
use super::super::window::{Window, WindowFunction};
use super::table::Table;
use super::windows::{Held, Windows};

/// A function of the window alone.
#[derive(Debug, Clone, Copy)]
enum Function {
    /// `rate`, `increase`, `delta`.
    Extrapolate(Change),
    /// `irate` (true) and `idelta`.
    LastChange(bool),
    /// `max_over_time` (true) and `min_over_time`.
    Extremum(bool),
    /// Any other: it walks the window.
    Walk(OverTime),
}

impl Function {
    /// Whether a sample is worth remembering when it follows `before`.
    fn marks(self, before: Option<f64>, value: f64) -> bool {
        match self {
            Self::Extrapolate(change) => {
                change != Change::Delta && before.is_some_and(|before| value < before)
            }
            Self::Extremum(_) => true,
            Self::LastChange(_) | Self::Walk(_) => false,
        }
    }

    /// Whether an older value can never be the extremum once `new` has come; NaN yields to all.
    fn outdone(self, old: f64, new: f64) -> bool {
        match self {
            Self::Extremum(most) => old.is_nan() || if most { new > old } else { new < old },
            _ => false,
        }
    }

    const fn remembers(self) -> bool {
        matches!(self, Self::Extremum(_) | Self::Extrapolate(Change::Rate | Change::Increase))
    }
}

/// What a function remembers of one series: samples by their number since the beginning.
#[derive(Debug, Default)]
struct Memory {
    epoch: u64,
    /// How many samples were taken in, those let go of included.
    taken: u64,
    /// For counters: the samples that are lower than the one before. For extrema: those that no
    /// later one outdoes.
    marks: VecDeque<u64>,
}

/// A function with what it remembers.
#[derive(Debug)]
pub(super) struct Sliding {
    function: Function,
    /// One a series; none for functions that remember nothing.
    memories: Vec<Memory>,
    input: Option<u64>,
}

impl Sliding {
    /// Whether each window is walked anew.
    pub(super) const fn walks(&self) -> bool {
        matches!(self.function, Function::Walk(_))
    }

    /// The function of this name, if it needs nothing but the window.
    pub(super) fn new(name: &str) -> Option<Self> {
        let function = match name {
            "rate" => Function::Extrapolate(Change::Rate),
            "increase" => Function::Extrapolate(Change::Increase),
            "delta" => Function::Extrapolate(Change::Delta),
            "irate" => Function::LastChange(true),
            "idelta" => Function::LastChange(false),
            "max_over_time" => Function::Extremum(true),
            "min_over_time" => Function::Extremum(false),
            _ => Function::Walk(over_time::plain(name)?),
        };
        Some(Self { function, memories: Vec::new(), input: None })
    }

    /// The values of all windows at `at`, one a series; absent where there is nothing to say.
    pub(super) fn values<'a>(
        &'a mut self,
        windows: &'a Windows,
        input: &Table,
        at: Timestamp,
    ) -> impl Iterator<Item = f64> + 'a {
        if self.input != Some(input.version()) {
            // Series have moved: what was remembered of them is found again in their windows.
            self.input = Some(input.version());
            self.memories.clear();
            if self.function.remembers() {
                self.memories.resize_with(windows.held.len(), Memory::default);
            }
        }
        let (start, end) = windows.edges;
        let Self { function, memories, .. } = self;
        let mut memories = memories.iter_mut();
        windows.held.iter().map(move |held| {
            let memory = memories.next();
            let (from, to) = (held.from, held.samples.len());
            let all = &held.samples;
            let window = Window { all, from, to, end, start, time: at, step: 0, rolled: None };
            cell(value(*function, memory, held, &window))
        })
    }
}

fn value(
    function: Function,
    memory: Option<&mut Memory>,
    held: &Held,
    window: &Window<'_>,
) -> Option<f64> {
    let marks = memory.map(|memory| memory.bring(function, held));
    if window.from >= window.to {
        return None;
    }
    let place = |mark: &u64| (mark - held.base) as usize;
    match function {
        Function::Extrapolate(change) => {
            let resets = marks.into_iter().flatten().map(place).collect();
            Extrapolated::with_resets(change, resets).value(window)
        }
        Function::LastChange(counter) => last_change(window, counter),
        Function::Extremum(_) => {
            held.samples.get(place(marks?.front()?)).map(|sample| sample.value)
        }
        Function::Walk(look) => Some(look(window)),
    }
}

impl Memory {
    /// Takes in the samples that are new, lets go of marks before the window, and gives the marks.
    fn bring(&mut self, function: Function, held: &Held) -> &VecDeque<u64> {
        if self.epoch != held.epoch || self.taken < held.base {
            self.marks.clear();
            (self.epoch, self.taken) = (held.epoch, held.base);
        }
        let value = |number: u64| {
            held.samples.get((number - held.base) as usize).map_or(f64::NAN, |sample| sample.value)
        };
        let first_inside = held.base + held.from as u64;
        self.leave(first_inside);
        let end = held.base + held.samples.len() as u64;
        for number in self.taken..end {
            let new = value(number);
            while self.marks.back().is_some_and(|last| function.outdone(value(*last), new)) {
                self.marks.pop_back();
            }
            let before = (number > held.base).then(|| value(number - 1));
            if function.marks(before, new) {
                self.marks.push_back(number);
            }
        }
        self.taken = end;
        self.leave(first_inside);
        &self.marks
    }

    fn leave(&mut self, first_inside: u64) {
        while self.marks.front().is_some_and(|mark| *mark < first_inside) {
            self.marks.pop_front();
        }
    }
}
