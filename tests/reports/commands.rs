//! The command line, as a reviewer runs it.
