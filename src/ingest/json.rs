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

/// Whether a body that is no array is one object, perhaps over several lines. Broken ones count as
/// one unless a second line begins like an object.
fn is_single(body: &[u8]) -> bool {
    let mut cursor = Cursor::new(body);
    if cursor.skip_value().is_ok() {
        return cursor.peek().is_none();
    }
    let begins = |line: &[u8]| line.trim_ascii_start().first() == Some(&b'{');
    body.split(|byte| *byte == b'\n').filter(|line| begins(line)).nth(1).is_none()
}

fn single(body: &[u8], objects: &mut Objects<'_, '_>) {
    let mut cursor = Cursor::new(body);
    match objects.object(&mut cursor, 1, 1) {
        Ok(()) => {}
        Err(ObjectFault::Fault(fault)) => objects.refuse(1, &fault, body.trim_ascii()),
        Err(ObjectFault::Break(at)) => {
            let fault = at.in_body(body, "the object breaks");
            objects.refuse(1, &fault, body.trim_ascii());
        }
    }
}

fn lines(body: &[u8], objects: &mut Objects<'_, '_>) {
    let mut number = 0;
    for line in body.split(|byte| *byte == b'\n') {
        number += 1;
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let mut cursor = Cursor::new(line);
        // The end of the line is looked at first: an object with something behind it is refused.
        let whole = cursor.skip_value().and_then(|_| cursor.end());
        let result = whole
            .map_err(ObjectFault::Break)
            .and_then(|()| objects.object(&mut Cursor::new(line), number, 1));
        if let Err(fault) = result {
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
        if let Err(fault) = objects.object(cursor, number, 2) {
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
