//! Feeds any bytes to the length gate of the WebSocket, whole and one by one: it must decide alike.
#![no_main]

use libfuzzer_sys::fuzz_target;
use watchglass::model::Timestamp;
use watchglass::web::Gate;

fuzz_target!(|input: &[u8]| {
    let whole = Gate::default().feed(input, Timestamp(0));
    let mut gate = Gate::default();
    let bytes = input.chunks(1).try_for_each(|byte| gate.feed(byte, Timestamp(0)));
    assert_eq!(whole, bytes);
});
