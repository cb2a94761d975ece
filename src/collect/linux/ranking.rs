//! Which processes are listed: the first by CPU and the first by memory.

use std::cmp::{Ordering, Reverse};

/// What a process is ranked by.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ranked {
    /// Its number.
    pub(super) pid: u32,
    /// Its share of one core in per cent; `None` as long as it was read once only.
    pub(super) cpu: Option<f64>,
    /// Its resident memory in pages.
    pub(super) pages: u64,
    /// Whether the last reading listed it.
    pub(super) listed: bool,
}

/// The places in `all` of the processes to list, in ascending order: the `top` by CPU and the `top`
/// by memory. A process that does nothing is listed by CPU only when it was listed before and there
/// is room, so that the list stands still on a quiet machine. Memory that is zero lists nobody:
/// threads of the kernel have none.
pub(super) fn listed(all: &[Ranked], top: usize, chosen: &mut Vec<usize>) {
    chosen.clear();
    let busy = |process: &Ranked| process.cpu.is_some_and(|cpu| cpu > 0.0 || process.listed);
    first(all, top, chosen, busy, |one, other| {
        other.cpu.unwrap_or_default().total_cmp(&one.cpu.unwrap_or_default())
    });
    first(all, top, chosen, |process| process.pages > 0, |one, other| other.pages.cmp(&one.pages));
    chosen.sort_unstable();
    chosen.dedup();
}

/// Adds the places of the first `top` that pass.
fn first(
    all: &[Ranked],
    top: usize,
    chosen: &mut Vec<usize>,
    passes: impl Fn(&Ranked) -> bool,
    order: impl Fn(&Ranked, &Ranked) -> Ordering,
) {
    let start = chosen.len();
    chosen.extend((0..all.len()).filter(|at| all.get(*at).is_some_and(&passes)));
    let Some(candidates) = chosen.get_mut(start..) else { return };
    if candidates.len() > top {
        candidates.select_nth_unstable_by(top, |one, other| {
            match (all.get(*one), all.get(*other)) {
                (Some(one), Some(other)) => order(one, other).then_with(|| {
                    (Reverse(one.listed), one.pid).cmp(&(Reverse(other.listed), other.pid))
                }),
                _ => Ordering::Equal,
            }
        });
        chosen.truncate(start + top);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_busiest_and_the_largest_are_listed() {
        let process = |pid, cpu, pages, listed| Ranked { pid, cpu, pages, listed };
        let check = |all: &[Ranked], top, expected: &[u32]| {
            let mut chosen = vec![99];
            listed(all, top, &mut chosen);
            let pids: Vec<u32> = chosen.iter().map(|at| all[*at].pid).collect();
            assert_eq!(pids, expected);
        };
        let all = [
            process(1, Some(0.0), 10, false),
            process(2, Some(0.0), 0, false),
            process(3, Some(90.0), 5, false),
            process(4, Some(0.0), 1, true),
            process(5, None, 500, false),
            process(6, Some(1.0), 0, false),
        ];
        check(&all, 1, &[3, 5]);
        check(&all, 2, &[1, 3, 5, 6]);
        check(&all, 3, &[1, 3, 4, 5, 6]);
        check(&all, 100, &[1, 3, 4, 5, 6]);
        check(&[], 5, &[]);
    }

    proptest! {
        #[test]
        fn nobody_left_out_uses_more_than_anybody_listed(
            figures in prop::collection::vec((0_u32..50, 0_u64..50, any::<bool>()), 0..60),
            top in 1_usize..10,
        ) {
            let all: Vec<Ranked> = (1..).zip(&figures).map(|(pid, (cpu, pages, listed))| Ranked {
                pid, cpu: Some(f64::from(*cpu)), pages: *pages, listed: *listed,
            }).collect();
            let mut chosen = Vec::new();
            listed(&all, top, &mut chosen);
            prop_assert!(chosen.len() <= 2 * top);
            for (at, left_out) in all.iter().enumerate().filter(|(at, _)| !chosen.contains(at)) {
                let above = |more: &dyn Fn(&Ranked) -> bool| {
                    chosen.iter().filter(|at| more(&all[**at])).count()
                };
                prop_assert!(left_out.pages == 0 || above(&|p| p.pages >= left_out.pages) >= top);
                prop_assert!(
                    left_out.cpu == Some(0.0) || above(&|p| p.cpu >= left_out.cpu) >= top, "{}", at
                );
            }
        }
    }
}
