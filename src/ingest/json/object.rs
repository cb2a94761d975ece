//! One object of a JSON push: its members, what they mean, and the samples it makes.

use std::borrow::Cow;

use super::super::fault::{Fault, excerpt};
use super::super::intake::{Intake, Mark};
use super::super::key_cache::Format;
use super::super::series::Series;
use super::super::{Decoded, KeyCache, Options, number};
use super::cursor::{Break, Cursor};
use crate::model::{Labels, MetricType, Sample, Span, Timestamp};

/// Stands between the parts of a cache key. No UTF-8 text contains it, so different parts never
/// make the same key.
const KEY_SEPARATOR: u8 = 0xfe;

/// Why an object is refused.
pub(super) enum ObjectFault {
    /// It is JSON, but not what a push should be.
    Fault(Fault),
    /// It is not JSON.
    Break(Break),
}

impl ObjectFault {
    /// The fault of one object among others.
    pub(super) fn within(self) -> Fault {
        match self {
            Self::Fault(fault) => fault,
            Self::Break(at) => at.in_object(),
        }
    }
}

impl From<Fault> for ObjectFault {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Break> for ObjectFault {
    fn from(at: Break) -> Self {
        Self::Break(at)
    }
}

/// The members of an object as they are written; empty where one is missing or null.
#[derive(Default)]
pub(super) struct Members<'a> {
    metric: &'a [u8],
    labels: &'a [u8],
    value: &'a [u8],
    values: &'a [u8],
    timestamp: &'a [u8],
    metric_type: &'a [u8],
    unit: &'a [u8],
    help: &'a [u8],
    ttl: &'a [u8],
}

impl<'a> Members<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ObjectFault> {
        let mut members = Self::default();
        let read = cursor.members(|name, value| members.set(name, value))?;
        read?;
        Ok(members)
    }

    fn set(&mut self, name: &'a [u8], value: &'a [u8]) -> Result<(), Fault> {
        let slot = match name {
            b"\"metric\"" => &mut self.metric,
            b"\"labels\"" => &mut self.labels,
            b"\"value\"" => &mut self.value,
            b"\"values\"" => &mut self.values,
            b"\"timestamp\"" => &mut self.timestamp,
            b"\"type\"" => &mut self.metric_type,
            b"\"unit\"" => &mut self.unit,
            b"\"help\"" => &mut self.help,
            b"\"ttl\"" => &mut self.ttl,
            _ => {
                return Err(Fault::Worded(format!(
                    "unknown key {} (known: metric, labels, value, values, timestamp, type, unit, \
                     help, ttl)",
                    excerpt(name).replace('"', "`")
                )));
            }
        };
        if !slot.is_empty() {
            let name = excerpt(name).replace('"', "`");
            return Err(Fault::Worded(format!("key {name} stands twice")));
        }
        *slot = if value == b"null" { b"" } else { value };
        Ok(())
    }
}

/// Takes objects one by one.
pub(super) struct Objects<'o, 'c> {
    intake: Intake<'o>,
    cache: &'c mut KeyCache,
    key: Vec<u8>,
}

impl<'o, 'c> Objects<'o, 'c> {
    /// Objects that go into `intake`.
    pub(super) fn new(intake: Intake<'o>, cache: &'c mut KeyCache) -> Self {
        Self { intake, cache, key: Vec::new() }
    }

    /// Refuses an object, or what was to be one.
    pub(super) fn refuse(&mut self, number: u32, fault: &Fault, text: &[u8]) {
        self.intake.refuse(number, fault, text);
    }

    /// Ends the body.
    pub(super) fn finish(self) -> Decoded {
        self.intake.finish(false)
    }

    /// Passes the object at the cursor and gives its members; `depth` is its own in the body.
    pub(super) fn members<'a>(
        &self,
        cursor: &mut Cursor<'a>,
        depth: usize,
    ) -> Result<Members<'a>, ObjectFault> {
        if cursor.peek().is_some_and(|byte| byte != b'{') {
            cursor.skip_value()?;
            return Err(Fault::Plain("this is not an object (write `{\"metric\":…}`)").into());
        }
        let mut inside = *cursor;
        inside.forget_depth();
        let members = Members::read(&mut inside)?;
        *cursor = inside;
        let limit = self.intake.options.json_depth_max;
        if depth + inside.deepest() > limit {
            return Err(Fault::Worded(format!(
                "the object nests deeper than {limit} (`ingest.json_depth_max`)"
            ))
            .into());
        }
        Ok(members)
    }

    /// Takes the samples of an object. After an error nothing of it was taken.
    pub(super) fn take(&mut self, members: &Members<'_>, number: u32) -> Result<(), Fault> {
        let ttl = if members.ttl.is_empty() { None } else { Some(ttl(members.ttl)?) };
        let at = match members.timestamp {
            b"" => self.intake.now,
            written => timestamp(written)?,
        };
        let said = Said::read(members, self.intake.options)?;
        let batch = self.intake.batch_of(ttl)?;
        let mark = self.intake.mark(batch);
        let taken = self.take_values(members, at, number, mark).and_then(|()| match &said {
            Some(said) => self.describe(said, mark),
            None => Ok(()),
        });
        if taken.is_err() {
            self.intake.take_back(mark);
        }
        taken
    }

    fn take_values(
        &mut self,
        members: &Members<'_>,
        at: Timestamp,
        number: u32,
        mark: Mark,
    ) -> Result<(), Fault> {
        match (members.value, members.values) {
            (b"", b"") => Err(Fault::Plain("there is no `value` and no `values`")),
            (value, b"") => self.take_one(members, b"", value, at, number, mark),
            (b"", values) => {
                let mut any = false;
                let each = |name, value| {
                    any = true;
                    self.take_one(members, name, value, at, number, mark)
                };
                let read = Cursor::new(values).members(each);
                read.map_err(|_| Fault::Plain("`values` is not an object of numbers"))??;
                if any { Ok(()) } else { Err(Fault::Plain("`values` is empty")) }
            }
            _ => Err(Fault::Plain("there are both `value` and `values`")),
        }
    }

    /// Takes the value of one field; a `field` that is empty stands for the metric itself.
    fn take_one(
        &mut self,
        members: &Members<'_>,
        field: &[u8],
        value: &[u8],
        at: Timestamp,
        number: u32,
        mark: Mark,
    ) -> Result<(), Fault> {
        let value = number_of(value)?;
        if self.intake.is_full() {
            self.intake.count_beyond(number);
            return Ok(());
        }
        self.key.clear();
        self.key.extend_from_slice(members.metric);
        self.key.push(KEY_SEPARATOR);
        self.key.extend_from_slice(members.labels);
        self.key.push(KEY_SEPARATOR);
        self.key.extend_from_slice(field);
        let labels = if let Some(labels) = self.cache.get(Format::Json, &self.key) {
            labels.clone()
        } else {
            let labels = labels(members, field, self.intake.options)?;
            self.cache.insert(Format::Json, &self.key, &labels);
            labels
        };
        self.intake.accept_into(mark, labels, Sample::new(at, value), number);
        Ok(())
    }

    /// Notes type, unit and help of every metric that the object brought.
    fn describe(&mut self, said: &Said<'_>, mark: Mark) -> Result<(), Fault> {
        let (entries, mut describing) = self.intake.since(mark);
        for entry in entries {
            describing.note(entry.labels.name(), |metadata| {
                if let Some(metric_type) = said.metric_type {
                    metadata.metric_type = metric_type;
                }
                for (said, known) in
                    [(&said.unit, &mut metadata.unit), (&said.help, &mut metadata.help)]
                {
                    if let Some(said) = said
                        && said != known
                    {
                        (**said).clone_into(known);
                    }
                }
            })?;
        }
        Ok(())
    }
}

/// What an object says of its metrics.
struct Said<'a> {
    metric_type: Option<MetricType>,
    unit: Option<Cow<'a, str>>,
    help: Option<Cow<'a, str>>,
}

impl<'a> Said<'a> {
    fn read(members: &Members<'a>, options: &Options) -> Result<Option<Self>, Fault> {
        if members.metric_type.is_empty() && members.unit.is_empty() && members.help.is_empty() {
            return Ok(None);
        }
        let metric_type = match members.metric_type {
            b"" => None,
            written => Some(MetricType::parse(&text(written, "`type`")?).ok_or(Fault::Plain(
                "there is no such `type` (say counter, gauge, histogram, summary or untyped)",
            ))?),
        };
        let limited = |written: &'a [u8], what: &'static str| {
            if written.is_empty() {
                return Ok(None);
            }
            let said = text(written, what)?;
            let limit = options.label_value_bytes_max;
            if said.len() > limit {
                let setting = "label_value_bytes_max";
                return Err(Fault::TooLong { what: "help or unit", limit, setting });
            }
            Ok(Some(said))
        };
        let (unit, help) = (limited(members.unit, "`unit`")?, limited(members.help, "`help`")?);
        Ok(Some(Self { metric_type, unit, help }))
    }
}

fn labels(members: &Members<'_>, field: &[u8], options: &Options) -> Result<Labels, Fault> {
    let mut series = Series::new(options);
    match (members.metric, field) {
        (b"", b"") => return Err(Fault::Plain("there is no `metric`")),
        (metric, b"") => series.name(text(metric, "`metric`")?)?,
        (b"", field) => series.name(text(field, "a name in `values`")?)?,
        (metric, field) => {
            let (metric, field) = (text(metric, "`metric`")?, text(field, "a name in `values`")?);
            series.name(format!("{metric}_{field}"))?;
        }
    }
    if !members.labels.is_empty() {
        let each = |name, value| {
            series.label(text(name, "a label name")?, text(value, "the value of a label")?)
        };
        let mut cursor = Cursor::new(members.labels);
        let read = cursor.members(each);
        read.map_err(|_| Fault::Plain("`labels` is not an object of texts"))??;
    }
    series.build()
}

/// A string without its quotes and escapes.
fn text<'a>(written: &'a [u8], what: &'static str) -> Result<Cow<'a, str>, Fault> {
    let wrong = || Fault::Worded(format!("{what} is not a text: `{}`", excerpt(written)));
    let [b'"', inside @ .., b'"'] = written else { return Err(wrong()) };
    if inside.iter().all(|byte| *byte >= b' ' && *byte != b'\\') {
        return std::str::from_utf8(inside).map(Cow::Borrowed).map_err(|_| wrong());
    }
    serde_json::from_slice(written).map(Cow::Owned).map_err(|_| wrong())
}

fn ttl(written: &[u8]) -> Result<Span, Fault> {
    let text = text(written, "`ttl`")?;
    match Span::parse(&text) {
        Ok(ttl) if ttl > Span::ZERO => Ok(ttl),
        Ok(_) => Err(Fault::Plain("`ttl` is not longer than `0s`")),
        Err(error) => Err(Fault::Worded(format!("`ttl`: {error}"))),
    }
}

fn timestamp(written: &[u8]) -> Result<Timestamp, Fault> {
    if written.first() != Some(&b'"') {
        if !is_number(written) {
            return Err(Fault::Worded(format!(
                "`timestamp` `{}` is not a JSON number",
                excerpt(written)
            )));
        }
        return number::whole(written, "`timestamp` in milliseconds").map(Timestamp);
    }
    let text = text(written, "`timestamp`")?;
    let time = chrono::DateTime::parse_from_rfc3339(&text).map_err(|_| {
        Fault::Worded(format!(
            "`timestamp` {} is neither milliseconds nor a time like `2026-01-31T12:00:00Z`",
            excerpt(written)
        ))
    })?;
    Ok(Timestamp(time.timestamp_millis()))
}

/// A number as JSON writes it.
fn number_of(written: &[u8]) -> Result<f64, Fault> {
    if !is_number(written) {
        return Err(Fault::Worded(format!("value `{}` is not a JSON number", excerpt(written))));
    }
    number::finite_value(written)
}

/// Whether this begins and splits as JSON numbers do, which the readers of numbers do not ask for.
fn is_number(written: &[u8]) -> bool {
    let digits = written.strip_prefix(b"-").unwrap_or(written);
    match digits {
        [b'0', b'0'..=b'9', ..] | [.., b'.'] => false,
        [b'0'..=b'9', ..] => {
            !digits.windows(2).any(|two| two[0] == b'.' && !two[1].is_ascii_digit())
        }
        _ => false,
    }
}
