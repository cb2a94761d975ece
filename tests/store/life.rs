//! Random lives of a store without a log: samples come, some late, time goes by, blocks are cut and
//! merged, the process starts again. Beside it a naive memory of everything that was taken.

use std::collections::BTreeMap;

use proptest::prelude::*;
use watchglass::model::{Span, Timestamp, stale_marker};
use watchglass::store::Store;

use crate::blocks::{HOUR, NOW, open, push};
use crate::disk::SimulatedDisk;

/// What was taken: by series and time.
pub(crate) type Taken = BTreeMap<(u8, Timestamp), f64>;

/// What happens to a store.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Series, seconds behind the present, value.
    Append(Vec<(u8, i64, f64)>),
    /// So many seconds go by.
    Maintain(i64),
    Compact(i64),
    /// The process ends and starts again.
    Restart,
}

/// Some steps.
pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let value = prop_oneof![6 => (0_u16..900).prop_map(f64::from), 1 => Just(stale_marker())];
    let behind = prop_oneof![8 => -500_i64..4000, 1 => 0_i64..200_000];
    let entry = (0_u8..5, behind, value);
    let step = prop_oneof![
        4 => prop::collection::vec(entry, 1..150).prop_map(Step::Append),
        1 => (0_i64..3000).prop_map(Step::Maintain),
        3 => (0_i64..9000).prop_map(Step::Compact),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..50)
}

/// Lives through them on an empty disk.
pub(crate) fn live(steps: Vec<Step>) -> (Store, Taken) {
    let disk = SimulatedDisk::new(1);
    let mut store = open(&disk, |_| {});
    let (mut taken, mut now) = (Taken::new(), NOW);
    for step in steps {
        match step {
            Step::Append(entries) => {
                for (id, behind, value) in entries {
                    let at = now - Span(behind * 1000);
                    taken.insert((id, at), value);
                    push(&store, id, at, value, now);
                }
            }
            Step::Maintain(seconds) => {
                now = now + Span(seconds * 1000);
                store.maintain(now);
            }
            Step::Compact(seconds) => {
                now = now + Span(seconds * 1000);
                store.compact(now);
            }
            Step::Restart => {
                // What is in the head is in no log here.
                now = now + Span(4 * HOUR);
                store.compact(now);
                drop(store);
                store = open(&disk, |_| {});
            }
        }
    }
    (store, taken)
}
