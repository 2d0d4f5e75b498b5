//! Writes SVG. Words are escaped; lengths have one decimal at most.

use super::{Fill, Said, Size};
use std::fmt::Write as _;

/// Which end of a text stands where it is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

/// A picture in the making.
pub struct Svg(String);

/// A length as it is written.
pub fn length(length: f64) -> String {
    let text = format!("{length:.1}");
    let short = text.strip_suffix(".0").unwrap_or(&text);
    // There is no reason to write -0.
    short
        .strip_prefix('-')
        .filter(|rest| *rest == "0")
        .unwrap_or(short)
        .to_owned()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // HTML has no such characters.
            control if control.is_control() => escaped.push(' '),
            plain => escaped.push(plain),
        }
    }
    escaped
}

/// About how long a text is. The letters of East Asia are twice as wide as others.
pub fn extent(text: &str) -> f64 {
    let of = |character: char| match character {
        '.' | ',' | ' ' | 'i' | 'l' | 't' | 'r' | 'f' | '|' => 4.4,
        'm' | 'w' | 'M' | 'W' | '%' => 11.0,
        'A'..='Z' => 8.6,
        '\u{1100}'.. if character != '…' => 13.5,
        _ => 7.3,
    };
    text.chars().map(of).sum()
}

/// As much of the text as there is room for.
pub fn shortened(text: &str, room: f64) -> String {
    if extent(text) <= room {
        return text.to_owned();
    }
    let mut short = String::new();
    for character in text.chars() {
        short.push(character);
        if extent(&short) + extent("…") > room {
            short.pop();
            break;
        }
    }
    short.trim_end().to_owned() + "…"
}

impl Svg {
    /// Begins a picture. What is said of it comes first.
    pub(super) fn begin(size: Size, height: f64, said: &Said) -> Self {
        let id = format!("{}-{}", escape(&said.id), size.word());
        let (class, width, height) = (size.class(), length(size.width()), length(height));
        let (title, description) = (escape(&said.title), escape(&said.description));
        Self(format!(
            "<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
             aria-labelledby=\"{id}-title {id}-desc\"><title id=\"{id}-title\">{title}</title>\
             <desc id=\"{id}-desc\">{description}</desc>"
        ))
    }

    /// The picture.
    pub(super) fn end(self) -> String {
        self.0 + "</svg>"
    }

    fn add(&mut self, arguments: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.0.write_fmt(arguments);
    }

    /// A line or an area without a pattern.
    pub fn path(&mut self, class: &str, path: &str) {
        self.add(format_args!("<path class=\"{class}\" d=\"{path}\"/>"));
    }

    /// A bar.
    pub fn bar(&mut self, fill: Fill, at: [f64; 2], size: [f64; 2]) {
        let [x, y] = at.map(length);
        let [width, height] = size.map(length);
        self.add(format_args!(
            "<rect{} x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>",
            fill.attributes()
        ));
    }

    /// A box of the frame, without meaning of its own.
    pub fn frame(&mut self, class: &str, at: [f64; 2], size: [f64; 2]) {
        let [x, y] = at.map(length);
        let [width, height] = size.map(length);
        self.add(format_args!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>"
        ));
    }

    /// A box in which nothing is seen, and which says this to whoever points at it.
    pub fn hint(&mut self, at: [f64; 2], size: [f64; 2], text: &str) {
        let [x, y] = at.map(length);
        let [width, height] = size.map(length);
        self.add(format_args!(
            "<rect class=\"hint-box\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\">\
             <title>{}</title></rect>",
            escape(text)
        ));
    }

    /// A text.
    pub fn text(&mut self, class: &str, at: [f64; 2], anchor: Anchor, text: &str) {
        let [x, y] = at.map(length);
        self.add(format_args!(
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{}\">{}</text>",
            anchor.word(),
            escape(text)
        ));
    }
}
