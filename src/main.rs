//! The program: reads flags and settings, then runs the service until it is told to stop.

fn main() {}
