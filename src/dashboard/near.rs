//! Names that somebody may have meant.

/// At most so many of `names` that are near to `wanted`, the nearest first: those that one begins
/// with the other of, and those that few slips of the hand lead to.
///
/// ```
/// use watchglass::dashboard::nearest;
/// let names = ["node_load1", "node_load15", "node_time_seconds", "up"];
/// assert_eq!(nearest("nod_load1", names, 2), ["node_load1", "node_load15"]);
/// assert!(nearest("orders", names, 2).is_empty());
/// ```
pub fn nearest<'a>(
    wanted: &str,
    names: impl IntoIterator<Item = &'a str>,
    most: usize,
) -> Vec<&'a str> {
    // Slips are worth it only between texts of a length that people type.
    const CHARS_MAX: usize = 120;
    let lower: Vec<char> = wanted.to_lowercase().chars().take(CHARS_MAX).collect();
    let slips_max = (lower.len() / 3).clamp(1, 6);
    let mut row = Vec::new();
    let rank = |name: &'a str| {
        let other: Vec<char> = name.to_lowercase().chars().take(CHARS_MAX).collect();
        let begins = lower.len() >= 3 && other.len() >= 3;
        let begins = begins && (other.starts_with(&lower) || lower.starts_with(&other));
        let far = other.len().abs_diff(lower.len());
        if !begins && far > slips_max {
            return None;
        }
        let slips = if begins { 1 } else { slips(&lower, &other, &mut row) };
        (slips <= slips_max).then_some((slips, far, name))
    };
    let mut found: Vec<(usize, usize, &str)> =
        names.into_iter().filter(|name| *name != wanted).filter_map(rank).collect();
    found.sort_unstable();
    found.into_iter().take(most).map(|(.., name)| name).collect()
}

/// How many letters must be put in, taken out, changed or swapped with their neighbour to make one
/// text of the other. `row` is room to work in.
fn slips(one: &[char], other: &[char], row: &mut Vec<Vec<usize>>) -> usize {
    let width = other.len() + 1;
    row.clear();
    row.push((0..width).collect());
    for (at, letter) in one.iter().enumerate() {
        let mut next = vec![at + 1; width];
        for (to, against) in other.iter().enumerate() {
            let changed = row[at][to] + usize::from(letter != against);
            let mut least = changed.min(row[at][to + 1] + 1).min(next[to] + 1);
            let swapped = at > 0 && to > 0 && *letter == other[to - 1] && one[at - 1] == *against;
            if swapped {
                least = least.min(row[at - 1][to - 1] + 1);
            }
            next[to + 1] = least;
        }
        row.push(next);
    }
    row.last().and_then(|last| last.last()).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_hand_are_counted() {
        let check = |one: &str, other: &str, expected: usize| {
            let [one, other] = [one, other].map(|text| text.chars().collect::<Vec<char>>());
            assert_eq!(slips(&one, &other, &mut Vec::new()), expected);
            assert_eq!(slips(&other, &one, &mut Vec::new()), expected);
        };
        check("", "", 0);
        check("idle", "idel", 1);
        check("orders", "order", 1);
        check("orders", "ördres", 2);
        check("abc", "xyz", 3);
        check("", "abc", 3);
    }

    #[test]
    fn the_nearest_come_first_and_the_name_itself_is_none() {
        let names = ["orders_total", "orders", "borders", "order", "zebra"];
        assert_eq!(nearest("ordres", names, 3), ["orders", "borders", "order"]);
        assert_eq!(nearest("orders", names, 9), ["borders", "order", "orders_total"]);
        assert_eq!(nearest("Orders_Total", names, 1), ["orders_total"]);
    }
}
