//! Tests of one series.
