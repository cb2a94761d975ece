//! What was said of metric names, within bounds: the book of types, units and helps.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use parking_lot::RwLock;

use crate::model::Metadata;

/// The most bytes of a help or a unit that are kept.
const TEXT_BYTES_MAX: usize = 1024;
/// What an entry costs beside its texts, about.
const ENTRY_BYTES: usize = 96;
/// What a metric name may have at its end beside the name that metadata is given for.
const SUFFIXES: [&str; 6] = ["", "_total", "_sum", "_count", "_bucket", "_info"];

/// Metadata by metric name.
pub(super) struct MetadataBook {
    // Guards the map; held for one look, or for the news of one batch.
    book: RwLock<Book>,
    names_max: usize,
    bytes_max: usize,
}

#[derive(Default)]
struct Book {
    entries: HashMap<Box<str>, Metadata, RandomState>,
    bytes: usize,
}

impl MetadataBook {
    /// An empty book that takes at most so many names and bytes.
    pub(super) fn new(names_max: usize, bytes_max: usize) -> Self {
        Self { book: RwLock::default(), names_max, bytes_max }
    }

    /// Takes what was said; later words win. A name beyond the bounds is passed over. Gives what
    /// was taken and was not known.
    pub(super) fn learn(&self, said: &[(String, Metadata)]) -> Vec<(String, Metadata)> {
        if said.is_empty() {
            return Vec::new();
        }
        // Collectors say the same every second: look first, under the shared lock.
        let known = {
            let book = self.book.read();
            said.iter().all(|(name, metadata)| book.entries.get(name.as_str()) == Some(metadata))
        };
        if known {
            return Vec::new();
        }
        let mut news = Vec::new();
        let mut book = self.book.write();
        for (name, metadata) in said {
            let metadata = bounded(metadata);
            if book.entries.get(name.as_str()) == Some(&metadata) {
                continue;
            }
            let bytes = entry_bytes(name, &metadata);
            let old = book.entries.get(name.as_str()).map(|old| entry_bytes(name, old));
            let full = book.entries.len() >= self.names_max && old.is_none();
            let sum = book.bytes - old.unwrap_or(0) + bytes;
            if !full && sum <= self.bytes_max {
                news.push((name.clone(), metadata.clone()));
                book.entries.insert(name.as_str().into(), metadata);
                book.bytes = sum;
            }
        }
        news
    }

    /// What is known of a name.
    pub(super) fn get(&self, name: &str) -> Option<Metadata> {
        self.book.read().entries.get(name).cloned()
    }

    /// All names with what is known of them, sorted.
    pub(super) fn all(&self) -> Vec<(String, Metadata)> {
        let book = self.book.read();
        let entries = book.entries.iter().map(|(name, known)| (name.to_string(), known.clone()));
        let mut all: Vec<(String, Metadata)> = entries.collect();
        all.sort_by(|one, other| one.0.cmp(&other.0));
        all
    }

    /// The bytes kept, about.
    pub(super) fn bytes(&self) -> usize {
        self.book.read().bytes
    }

    /// Forgets names without series once the book is half full, so that names which came once do
    /// not keep new ones out for ever.
    pub(super) fn prune(&self, has_series: impl Fn(&str) -> bool) {
        let mut book = self.book.write();
        if book.entries.len() <= self.names_max / 2 && book.bytes <= self.bytes_max / 2 {
            return;
        }
        let in_use =
            |name: &str| SUFFIXES.iter().any(|suffix| has_series(&format!("{name}{suffix}")));
        book.entries.retain(|name, _| in_use(name));
        book.bytes = book.entries.iter().map(|(name, metadata)| entry_bytes(name, metadata)).sum();
    }
}

fn entry_bytes(name: &str, metadata: &Metadata) -> usize {
    name.len() + metadata.unit.len() + metadata.help.len() + ENTRY_BYTES
}

fn bounded(metadata: &Metadata) -> Metadata {
    let cut = |text: &str| {
        let end = text.floor_char_boundary(TEXT_BYTES_MAX);
        text.get(..end).unwrap_or_default().to_owned()
    };
    let metric_type = metadata.metric_type;
    Metadata { metric_type, unit: cut(&metadata.unit), help: cut(&metadata.help) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MetricType;

    fn said(name: &str, help: &str) -> (String, Metadata) {
        let metric_type = MetricType::Gauge;
        (name.to_owned(), Metadata { metric_type, unit: String::new(), help: help.to_owned() })
    }

    #[test]
    fn later_words_win_and_bounds_hold() {
        let book = MetadataBook::new(2, 10_000);
        book.learn(&[said("a", "one"), said("b", "two"), said("c", "three"), said("a", "four")]);
        assert_eq!(book.get("a").map(|metadata| metadata.help), Some("four".to_owned()));
        assert!(book.get("b").is_some() && book.get("c").is_none());
        book.learn(&[said("a", &"ä".repeat(2000))]);
        assert_eq!(book.get("a").map(|metadata| metadata.help.len()), Some(TEXT_BYTES_MAX));
    }

    #[test]
    fn names_without_series_make_room() {
        let book = MetadataBook::new(2, 10_000);
        book.learn(&[said("a", ""), said("b", "")]);
        book.prune(|name| name == "b_bucket");
        assert!(book.get("a").is_none() && book.get("b").is_some());
        assert_eq!(book.bytes(), 1 + ENTRY_BYTES);
    }
}
