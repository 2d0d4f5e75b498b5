//! The default log: one SQLite file.
