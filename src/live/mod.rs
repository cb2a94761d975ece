//! Live queries: evaluated once a tick, encoded once, handed to every viewer.
