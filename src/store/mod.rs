//! The shared state: series by label set with their recent samples, behind `Append` and `Select`.
