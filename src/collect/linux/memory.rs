//! Memory and swap: every line of `proc/meminfo`, named as node exporter names it.

use std::sync::Arc;

use crate::collect::bytes::{lines, text, whole, words};
use crate::collect::files::Files;
use crate::collect::source::{Failure, Found, Source};
use crate::collect::table::{Identity, Pairs, Round, Table};
use crate::model::{Metadata, MetricType};

/// The source of memory.
pub(super) struct Memory([Table; 1]);

impl Memory {
    pub(super) fn new(identity: &Arc<Identity>) -> Self {
        Self([Table::new(identity, &[])])
    }
}

impl Source for Memory {
    fn read(&mut self, files: &mut Files, round: &mut Round<'_>) -> Result<Found, Failure> {
        let Some(content) = files.read("proc/meminfo")? else { return Ok(Found::Missing) };
        let mut found = false;
        for line in lines(content) {
            let mut fields = words(line);
            let Some(field) = fields.next().and_then(|word| word.strip_suffix(b":")) else {
                continue;
            };
            let Some(count) = fields.next().and_then(whole) else { continue };
            let in_kib = fields.next() == Some(b"kB");
            let value = if in_kib { count as f64 * 1024.0 } else { count as f64 };
            self.0[0].named(round, field, value, || described(field, in_kib));
            found = true;
        }
        if found { Ok(Found::Read) } else { Err(Failure::form("proc/meminfo", "`MemTotal: 1 kB`")) }
    }

    fn tables(&mut self) -> &mut [Table] {
        &mut self.0
    }
}

fn described(field: &[u8], in_bytes: bool) -> (String, Pairs, Metadata) {
    let field = text(field);
    let (suffix, unit) = if in_bytes { ("_bytes", "bytes") } else { ("", "") };
    let name = format!("node_memory_{}{suffix}", metric_part(&field));
    let help = format!("The field {field} of the kernel's memory figures.");
    let metadata = Metadata { metric_type: MetricType::Gauge, unit: unit.to_owned(), help };
    (name, Pairs::new(), metadata)
}

/// A field's name inside a metric name: `Active(anon)` becomes `Active_anon`.
fn metric_part(field: &str) -> String {
    let kept = field.trim_end_matches(')').replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    kept.trim_matches('_').to_owned()
}
