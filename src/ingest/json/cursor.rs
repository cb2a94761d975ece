//! A walk over JSON that finds where values end without reading them, and stays off the stack.

use memchr::memchr3;

use super::super::fault::Fault;

/// A place in JSON text.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    body: &'a [u8],
    at: usize,
    /// How deep the deepest value was that was passed, itself counting as 1; 0 for plain ones.
    deepest: usize,
}

/// Where the text stops being JSON, and what was expected there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Break {
    /// The offset in what the cursor walks over.
    pub(super) at: usize,
    expected: &'static str,
}

impl Break {
    /// The break with its line and column in the body; `what` broke.
    pub(super) fn in_body(self, body: &[u8], what: &str) -> Fault {
        let before = body.get(..self.at).unwrap_or(body);
        let line = 1 + memchr::memchr_iter(b'\n', before).count();
        let column = 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count();
        let expected = self.expected;
        let end = if self.at >= body.len() { ", where the body ends" } else { "" };
        Fault::Worded(format!("{what} at line {line}, column {column}{end}: expected {expected}"))
    }

    /// The break inside one object.
    pub(super) fn in_object(self) -> Fault {
        Fault::Worded(format!("this is not JSON: expected {}", self.expected))
    }
}

impl<'a> Cursor<'a> {
    /// A cursor at the front.
    pub(super) fn new(body: &'a [u8]) -> Self {
        Self { body, at: 0, deepest: 0 }
    }

    /// The next byte that is no white space.
    pub(super) fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.body.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    /// How deep the values nest that were passed so far.
    pub(super) fn deepest(&self) -> usize {
        self.deepest
    }

    /// Begins to measure the depth of values anew.
    pub(super) fn forget_depth(&mut self) {
        self.deepest = 0;
    }

    fn fail<T>(&self, expected: &'static str) -> Result<T, Break> {
        Err(Break { at: self.at, expected })
    }

    fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), Break> {
        if self.peek() != Some(byte) {
            return self.fail(expected);
        }
        self.at += 1;
        Ok(())
    }

    /// Passes the end of the text.
    pub(super) fn end(&mut self) -> Result<(), Break> {
        if self.peek().is_none() { Ok(()) } else { self.fail("the end") }
    }

    /// Passes a string and gives it with its quotes, escapes and all.
    pub(super) fn string(&mut self) -> Result<&'a [u8], Break> {
        self.expect(b'"', "a `\"`")?;
        let start = self.at - 1;
        loop {
            let rest = self.body.get(self.at..).unwrap_or_default();
            // A line feed cannot stand in a text: an open quote does not run on over what follows.
            let found = memchr3(b'"', b'\\', b'\n', rest).unwrap_or(rest.len());
            self.at = (self.at + found).min(self.body.len());
            match rest.get(found) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(&self.body[start..self.at]);
                }
                Some(b'\\') => self.at += 2,
                _ => return self.fail("a `\"` that closes the text"),
            }
        }
    }

    /// Passes one value and gives its bytes. Only strings and the balance of brackets are checked;
    /// who uses the value reads it.
    pub(super) fn skip_value(&mut self) -> Result<&'a [u8], Break> {
        let first = self.peek();
        let start = self.at;
        match first {
            Some(b'"') => return self.string(),
            Some(b'{' | b'[') => self.skip_nested()?,
            Some(b',' | b':' | b'}' | b']') | None => return self.fail("a value"),
            Some(_) => {
                let ends = |byte: &u8| {
                    matches!(byte, b',' | b'}' | b']' | b':' | b' ' | b'\n' | b'\r' | b'\t')
                };
                let rest = &self.body[start..];
                self.at = start + rest.iter().position(ends).unwrap_or(rest.len());
            }
        }
        Ok(&self.body[start..self.at])
    }

    fn skip_nested(&mut self) -> Result<(), Break> {
        let mut depth = 0_usize;
        while let Some(byte) = self.body.get(self.at) {
            match byte {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.deepest = self.deepest.max(depth);
                }
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
        }
        self.fail("a `}` or `]`")
    }

    /// Passes an array; `each` passes one element.
    pub(super) fn elements(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<(), Break>,
    ) -> Result<(), Break> {
        self.expect(b'[', "a `[`")?;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            each(self)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return self.fail("a `,` or `]`"),
            }
        }
    }

    /// Passes an object; `each` is given its members, names with their quotes. The first error of
    /// `each` is kept while the rest is passed.
    pub(super) fn members<F>(
        &mut self,
        mut each: impl FnMut(&'a [u8], &'a [u8]) -> Result<(), F>,
    ) -> Result<Result<(), F>, Break> {
        let mut result = Ok(());
        self.expect(b'{', "a `{`")?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(result);
        }
        loop {
            self.peek();
            let name = self.string()?;
            self.expect(b':', "a `:`")?;
            let value = self.skip_value()?;
            if result.is_ok() {
                result = each(name, value);
            }
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(result);
                }
                _ => return self.fail("a `,` or `}`"),
            }
        }
    }
}
