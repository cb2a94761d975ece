//! Settings: defaults, file, environment and flags joined and checked.
