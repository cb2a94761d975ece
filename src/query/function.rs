//! The functions of the language: their names, argument types and result types.

/// A function, by its place in the table of functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Function(pub(crate) usize);
