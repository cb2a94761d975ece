//! JSON pushes: one object, an array of them, or one a line.
//!
//! An object is split into its members without being read; of a known series the bytes of `metric`
//! and `labels` are the key in the cache. An object is taken as a whole or refused as a whole.

mod cursor;
mod object;

use super::intake::Intake;
use super::{Decoded, KeyCache, Options};
use crate::model::Timestamp;
use cursor::Cursor;
use object::{ObjectFault, Objects};

/// Fewer bytes than this are rarely spent on an object: the room that is made ahead.
const OBJECT_BYTES: usize = 48;

/// Decodes the body of `POST /api/v1/push`. Objects without a timestamp get `now`. Bad objects are
/// refused by their number (from 1; of objects one a line, by their line) and the others kept. What
/// stands before a break in an array is kept too.
///
/// ```
/// use watchglass::ingest::{KeyCache, Options, json};
/// use watchglass::model::{Span, Timestamp};
/// let body = br#"[
///     {"metric": "orders", "labels": {"shop": "berlin"}, "value": 42, "ttl": "90s"},
///     {"metric": "stock", "values": {"apples": 1, "pears": 2}, "timestamp": 1700000000000},
///     {"metric": "orders", "colour": "red"}
/// ]"#;
/// let mut cache = KeyCache::new(1000);
/// let decoded = json::decode(body, Timestamp(0), &Options::default(), &mut cache);
/// assert_eq!((decoded.samples(), decoded.refused, decoded.refusals[0].line), (3, 1, 3));
/// assert_eq!(decoded.batches[1].ttl, Some(Span(90_000)));
/// ```
pub fn decode(body: &[u8], now: Timestamp, options: &Options, cache: &mut KeyCache) -> Decoded {
    let intake = Intake::new(options, now, body.len() / OBJECT_BYTES + 1);
    let mut objects = Objects::new(intake, cache);
    match body.trim_ascii_start().first() {
        None => {}
        Some(b'[') => array(body, &mut objects),
        Some(_) if is_single(body) => single(body, &mut objects),
        Some(_) => lines(body, &mut objects),
    }
    objects.finish()
}

/// Whether a body that is no array is one object, perhaps over several lines. What is broken counts
/// as one unless a later line begins like an object.
fn is_single(body: &[u8]) -> bool {
    let mut cursor = Cursor::new(body);
    if cursor.members(|_, _| Ok::<(), ObjectFault>(())).is_ok() {
        return cursor.peek().is_none();
    }
    let begins = |line: &[u8]| line.trim_ascii_start().first() == Some(&b'{');
    !body.trim_ascii_start().split(|byte| *byte == b'\n').skip(1).any(begins)
}

fn single(body: &[u8], objects: &mut Objects<'_, '_>) {
    let mut cursor = Cursor::new(body);
    match whole_object(&mut cursor, objects, 1) {
        Ok(()) => {}
        Err(ObjectFault::Fault(fault)) => objects.refuse(1, &fault, body.trim_ascii()),
        Err(ObjectFault::Break(at)) => {
            let fault = at.in_body(body, "the object breaks");
            objects.refuse(1, &fault, body.trim_ascii());
        }
    }
}

/// The object that a text consists of, and nothing behind it.
fn whole_object(
    cursor: &mut Cursor<'_>,
    objects: &mut Objects<'_, '_>,
    number: u32,
) -> Result<(), ObjectFault> {
    let members = objects.members(cursor, 1)?;
    cursor.end()?;
    Ok(objects.take(&members, number)?)
}

fn lines(body: &[u8], objects: &mut Objects<'_, '_>) {
    let mut number = 0;
    for line in body.split(|byte| *byte == b'\n') {
        number += 1;
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        if let Err(fault) = whole_object(&mut Cursor::new(line), objects, number) {
            objects.refuse(number, &fault.within(), line);
        }
    }
}

fn array(body: &[u8], objects: &mut Objects<'_, '_>) {
    let mut cursor = Cursor::new(body);
    let mut number = 0;
    let ended = cursor.elements(|cursor| {
        number += 1;
        let start = *cursor;
        let members = objects.members(cursor, 2);
        let taken = members.and_then(|members| Ok(objects.take(&members, number)?));
        if let Err(fault) = taken {
            *cursor = start;
            let text = cursor.skip_value()?;
            objects.refuse(number, &fault.within(), text);
        }
        Ok(())
    });
    if let Err(at) = ended.and_then(|()| cursor.end()) {
        let fault = at.in_body(body, "the array breaks");
        objects.refuse(number.max(1), &fault, body.get(at.at..).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests;
