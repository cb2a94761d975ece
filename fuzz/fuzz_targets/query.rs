//! Feeds any text to the query parser: what it takes prints as a query that means the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use watchglass::query::Plan;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(plan) = Plan::new(text) {
        let again = Plan::new(plan.text()).expect("a plan's own text");
        assert_eq!(again.text(), plan.text());
    }
});
