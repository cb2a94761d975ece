//! The label set: the identity of a series, metric name included.
//!
//! A set is one shared allocation, sorted by label name, with its hash at hand, so that cloning is
//! a count and looking a known series up compares a pointer first.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, OnceLock};

use foldhash::fast::RandomState;

/// The label that holds the metric name.
pub const METRIC_NAME: &str = "__name__";

/// The label that holds the type of a metric, where who sends it says it in a label.
pub const METRIC_TYPE: &str = "__type__";

/// The label that holds the unit of a metric, likewise.
pub const METRIC_UNIT: &str = "__unit__";

/// Whether a label says which metric a series belongs to, and no longer fits what is computed of
/// it: name, type and unit.
pub fn is_metric_identity(label: &str) -> bool {
    matches!(label, METRIC_NAME | METRIC_TYPE | METRIC_UNIT)
}

/// A label set: sorted by name, no duplicates, no empty values, cheap to clone.
///
/// ```
/// use watchglass::model::Labels;
/// let labels = Labels::from_pairs([("__name__", "up"), ("job", "node"), ("gone", "")]).unwrap();
/// assert_eq!(labels.to_string(), r#"up{job="node"}"#);
/// assert_eq!((labels.name(), labels.value("gone")), ("up", ""));
/// ```
#[derive(Clone)]
pub struct Labels(Arc<Inner>);

struct Inner {
    /// Names and values one after the other: name, value, name, value.
    text: Box<str>,
    /// Where each of them ends in `text`.
    ends: Box<[u32]>,
    hash: u64,
}

/// Why a label set could not be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelError {
    /// The name stands twice.
    Duplicate(String),
    /// A label without a name.
    EmptyName,
}

impl fmt::Display for LabelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate(name) => write!(f, "label `{name}` stands twice"),
            Self::EmptyName => f.write_str("a label has no name"),
        }
    }
}

impl std::error::Error for LabelError {}

/// One seed for the process: equal sets have equal hashes wherever they were made, and nobody
/// outside can choose names that collide.
fn hasher() -> &'static RandomState {
    static HASHER: OnceLock<RandomState> = OnceLock::new();
    HASHER.get_or_init(RandomState::default)
}

impl Labels {
    /// The empty set.
    pub fn empty() -> Self {
        static EMPTY: OnceLock<Labels> = OnceLock::new();
        EMPTY.get_or_init(|| Self::from_sorted(&[])).clone()
    }

    /// The set of these pairs. Empty values are left out, as they mean "no such label".
    ///
    /// # Errors
    /// When a name is empty or stands twice.
    pub fn from_pairs<N: AsRef<str>, V: AsRef<str>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, LabelError> {
        let pairs: Vec<(N, V)> = pairs.into_iter().collect();
        let mut sorted: Vec<(&str, &str)> =
            pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
        sorted.sort_unstable_by_key(|(name, _)| *name);
        if sorted.first().is_some_and(|(name, _)| name.is_empty()) {
            return Err(LabelError::EmptyName);
        }
        if let Some(twice) = sorted.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(LabelError::Duplicate(twice[0].0.to_owned()));
        }
        sorted.retain(|(_, value)| !value.is_empty());
        Ok(Self::from_sorted(&sorted))
    }

    /// The set with only a metric name.
    pub fn named(name: &str) -> Self {
        Self::from_sorted(&[(METRIC_NAME, name)])
    }

    fn from_sorted(pairs: &[(&str, &str)]) -> Self {
        let size = pairs.iter().map(|(name, value)| name.len() + value.len()).sum();
        let (mut text, mut ends) =
            (String::with_capacity(size), Vec::with_capacity(pairs.len() * 2));
        for (name, value) in pairs {
            for part in [name, value] {
                text.push_str(part);
                ends.push(u32::try_from(text.len()).expect("label sets are far below 4 GiB"));
            }
        }
        let (text, ends) = (text.into_boxed_str(), ends.into_boxed_slice());
        let hash = hasher().hash_one((&text, &ends));
        Self(Arc::new(Inner { text, ends, hash }))
    }

    fn part(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.0.ends[index - 1] as usize };
        self.0.text.get(start..self.0.ends[index] as usize).expect("ends stand on boundaries")
    }

    /// How many labels there are, the metric name included.
    pub fn len(&self) -> usize {
        self.0.ends.len() / 2
    }

    /// Whether there is no label at all.
    pub fn is_empty(&self) -> bool {
        self.0.ends.is_empty()
    }

    /// The pairs, sorted by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> + '_ {
        (0..self.len()).map(|index| (self.part(index * 2), self.part(index * 2 + 1)))
    }

    /// The value of a label, if it is there.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find_map(|(label, value)| (label == name).then_some(value))
    }

    /// The value of a label; empty when it is not there, as matchers see it.
    pub fn value(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// The metric name; empty when there is none.
    pub fn name(&self) -> &str {
        self.value(METRIC_NAME)
    }

    /// A hash of the whole set, equal for equal sets within one process.
    pub fn hash_value(&self) -> u64 {
        self.0.hash
    }

    /// Whether both are the same allocation; a quick yes before comparing.
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The set without what says which metric it is: name, type and unit.
    #[must_use]
    pub fn without_name(&self) -> Self {
        self.filtered(|name| !is_metric_identity(name))
    }

    /// The set of the labels whose name passes.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(&str) -> bool) -> Self {
        let kept: Vec<(&str, &str)> = self.iter().filter(|(name, _)| keep(name)).collect();
        if kept.len() == self.len() { self.clone() } else { Self::from_sorted(&kept) }
    }

    /// The set with `name` set to `value`; an empty value removes the label.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut builder = LabelsBuilder::from(self);
        builder.set(name, value);
        builder.build()
    }

    /// The bytes that the set keeps on the heap, for memory budgets.
    pub fn heap_size(&self) -> usize {
        self.0.text.len() + self.0.ends.len() * 4 + size_of::<Inner>() + 2 * size_of::<usize>()
    }
}

impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        self.same(other)
            || (self.0.hash == other.0.hash
                && self.0.text == other.0.text
                && self.0.ends == other.0.ends)
    }
}

impl Eq for Labels {}

impl Hash for Labels {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

impl PartialOrd for Labels {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Labels {
    /// By the first pair that differs, name before value; a set that ends first comes first.
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other.iter())
    }
}

impl fmt::Display for Labels {
    /// Writes the series as a selector would: `name{label="value"}`, `{label="value"}`, `{}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name();
        let bare = !name.is_empty() && is_classic_metric_name(name);
        if bare {
            f.write_str(name)?;
        }
        let mut rest = self.iter().filter(|(label, _)| *label != METRIC_NAME).peekable();
        if bare && rest.peek().is_none() {
            return Ok(());
        }
        f.write_str("{")?;
        let mut separator = "";
        if !bare && !name.is_empty() {
            write_quoted(f, name)?;
            separator = ", ";
        }
        for (label, value) in rest {
            f.write_str(separator)?;
            write_label_name(f, label)?;
            f.write_str("=")?;
            write_quoted(f, value)?;
            separator = ", ";
        }
        f.write_str("}")
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whether `name` may stand bare before the braces of a selector: `[a-zA-Z_:][a-zA-Z0-9_:]*`.
fn is_classic_metric_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
    name.bytes().all(allowed) && name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit())
}

/// Writes a label name, quoted where it is outside `[a-zA-Z_][a-zA-Z0-9_]*`.
pub(super) fn write_label_name(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    if is_classic_metric_name(name) && !name.contains(':') {
        f.write_str(name)
    } else {
        write_quoted(f, name)
    }
}

/// Writes `text` in double quotes with backslash, quote and line feed escaped.
pub(super) fn write_quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for part in text.split_inclusive(['\\', '"', '\n']) {
        let (head, last) = match part.char_indices().last() {
            Some((at, last @ ('\\' | '"' | '\n'))) => (part.get(..at).unwrap_or_default(), last),
            _ => (part, '\0'),
        };
        f.write_str(head)?;
        match last {
            '\0' => {}
            '\n' => f.write_str("\\n")?,
            special => write!(f, "\\{special}")?,
        }
    }
    f.write_str("\"")
}

/// A label set under construction.
#[derive(Debug, Clone, Default)]
pub struct LabelsBuilder {
    pairs: Vec<(String, String)>,
}

impl From<&Labels> for LabelsBuilder {
    fn from(labels: &Labels) -> Self {
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self { pairs: labels.iter().map(own).collect() }
    }
}

impl LabelsBuilder {
    /// Sets a label; an empty value removes it.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        match self.pairs.iter_mut().find(|(label, _)| label == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.pairs.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// Removes a label, if it is there.
    pub fn remove(&mut self, name: &str) -> &mut Self {
        self.pairs.retain(|(label, _)| label != name);
        self
    }

    /// The value that a label has so far; empty when it has none.
    pub fn value(&self, name: &str) -> &str {
        self.pairs.iter().find(|(label, _)| label == name).map_or("", |(_, value)| value)
    }

    /// The finished set.
    pub fn build(&self) -> Labels {
        let mut sorted: Vec<(&str, &str)> = self
            .pairs
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        sorted.sort_unstable();
        Labels::from_sorted(&sorted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_sorted_and_empty_values_do_not_exist() {
        let labels = Labels::from_pairs([("b", "2"), ("a", "1"), ("c", "")]).expect("labels");
        assert_eq!(labels.iter().collect::<Vec<_>>(), [("a", "1"), ("b", "2")]);
        assert_eq!(labels, Labels::from_pairs([("a", "1"), ("b", "2")]).expect("labels"));
        assert_eq!(labels.with("a", "").to_string(), r#"{b="2"}"#);
    }

    #[test]
    fn duplicates_and_nameless_labels_are_refused() {
        let twice = Labels::from_pairs([("a", "1"), ("a", "2")]);
        assert_eq!(twice, Err(LabelError::Duplicate("a".into())));
        assert_eq!(Labels::from_pairs([("", "1")]), Err(LabelError::EmptyName));
    }

    #[test]
    fn display_quotes_what_a_selector_must_quote() {
        let check = |pairs: &[(&str, &str)], expected: &str| {
            let labels = Labels::from_pairs(pairs.iter().copied()).expect("labels");
            assert_eq!(labels.to_string(), expected);
        };
        check(&[], "{}");
        check(&[("__name__", "up")], "up");
        check(&[("__name__", "a.b"), ("x y", "1")], r#"{"a.b", "x y"="1"}"#);
        check(&[("p", "a\"b\\c\nd")], r#"{p="a\"b\\c\nd"}"#);
    }

    #[test]
    fn different_splits_of_the_same_text_are_different_sets() {
        let one = Labels::from_pairs([("a", "bc")]).expect("labels");
        let two = Labels::from_pairs([("ab", "c")]).expect("labels");
        assert_ne!(one, two);
        assert_ne!(one.hash_value(), two.hash_value());
    }
}
