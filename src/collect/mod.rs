//! Tasks on intervals that read the host and the process and append what they read.
