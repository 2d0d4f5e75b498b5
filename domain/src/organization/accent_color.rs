//! The color of an organization. White text stands on it, and must be readable there.

use crate::Rejection;
use std::fmt;

/// The least contrast of text with what is behind it (WCAG 2.2, success criterion 1.4.3).
const LEAST_CONTRAST: f64 = 4.5;

/// A color on which white text can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccentColor([u8; 3]);

impl AccentColor {
    /// Takes a color as `#rrggbb`.
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        let rule = |rule| Rejection::InvalidField {
            field: "accent_color",
            rule,
        };
        let color = Self::read(text).ok_or(rule("a color such as #0b5c3f"))?;
        if color.contrast_with_white() < LEAST_CONTRAST {
            return Err(rule(
                "white text on it must be readable (a contrast of 4.5 to 1); choose a darker color",
            ));
        }
        Ok(color)
    }

    /// The color in an event. It was judged when it was chosen.
    pub(super) fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
        Some(Self([red, green, blue]))
    }

    /// The contrast ratio of WCAG 2.2: from 1, for white itself, to 21, for black.
    fn contrast_with_white(self) -> f64 {
        let [red, green, blue] = self.0.map(linear);
        let luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        1.05 / (luminance + 0.05)
    }
}

/// The light that a channel of sRGB stands for, from 0 to 1.
fn linear(channel: u8) -> f64 {
    let value = f64::from(channel) / 255.0;
    if value <= 0.04045 {
        value / 12.92
    } else {
        ((value + 0.055) / 1.055).powf(2.4)
    }
}

impl fmt::Display for AccentColor {
    /// `#rrggbb`, in lower case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The greys on either side of the limit are those that are known from the web.
    #[test]
    fn white_text_on_the_color_is_readable() {
        for readable in ["#000000", "#767676", "#0B5C3F", "#0000ff"] {
            let color = AccentColor::parse(readable).unwrap();
            assert_eq!(color.to_string(), readable.to_lowercase());
        }
        for pale in ["#ffffff", "#777777", "#ff0000", "#ffff00"] {
            let Err(Rejection::InvalidField { rule, .. }) = AccentColor::parse(pale) else {
                panic!("{pale} was taken");
            };
            assert!(rule.contains("darker"), "{pale}: {rule}");
        }
    }

    #[test]
    fn the_contrast_is_that_of_the_standard() {
        for (color, contrast) in [("#ffffff", 1.0), ("#000000", 21.0), ("#ff0000", 3.998)] {
            let found = AccentColor::read(color).unwrap().contrast_with_white();
            assert!((found - contrast).abs() < 0.001, "{color}: {found}");
        }
    }

    #[test]
    fn what_is_no_color_is_refused() {
        for bad in [
            "", "red", "000000", "#000", "#00000", "#0000000", "#00000g", "#+00000", " #000000",
            "#éééa",
        ] {
            assert!(AccentColor::parse(bad).is_err(), "{bad}");
        }
    }
}
