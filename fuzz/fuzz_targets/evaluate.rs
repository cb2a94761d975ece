//! Evaluates any query over data that meets the special cases, in every way there is.
#![no_main]

#[path = "../../tests/corpus/evaluate.rs"]
mod evaluate;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| evaluate::check(input));
