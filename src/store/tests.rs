//! Tests of the head as a whole.
