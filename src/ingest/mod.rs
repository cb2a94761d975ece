//! Bytes to batches: one pure decoder a push format, and the limited reader in front of them.
