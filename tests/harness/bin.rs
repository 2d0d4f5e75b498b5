//! The binary `pawl`, built for the tests that start, stop and kill it as a process.

use std::process::ExitCode;

fn main() -> ExitCode {
    pawl::cli::main()
}
