//! How far a command on the command line has come: a bar on a terminal, and nothing elsewhere.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar of this length, which counts in these words, such as `{pos}/{len} records`.
pub fn bar(length: u64, counted: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(&format!("{{bar:40}} {counted}, {{eta}} to go"));
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style)
}
