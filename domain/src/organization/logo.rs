//! The picture of an organization: PNG only. SVG can hold script, and other formats are not needed.

use crate::Rejection;
use data_encoding::BASE64;
use std::{fmt, sync::Arc};

/// Bytes of a logo at most.
pub const LOGO_BYTES: usize = 48 * 1024;
/// Width and height of a logo at most, in pixels.
const LOGO_PIXELS: u32 = 512;

/// How a PNG file begins (PNG, third edition, section 5.2), up to the name of its first chunk.
const BEGINNING: &[u8; 16] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR";

/// A PNG picture of moderate size. Whether the pixels in it make sense, browsers find out.
#[derive(Clone, PartialEq, Eq)]
pub struct Logo(Arc<[u8]>);

impl Logo {
    /// Takes a picture in base64 (RFC 4648 section 4).
    pub fn parse(base64: &str) -> Result<Self, Rejection> {
        let rule = |rule| Rejection::InvalidField {
            field: "logo",
            rule,
        };
        if base64.len() > LOGO_BYTES.div_ceil(3) * 4 {
            return Err(rule("a picture of 48 KiB at most"));
        }
        let logo = Self::read(base64).ok_or(rule("a PNG picture in base64"))?;
        let Some((width, height)) = logo.size() else {
            return Err(rule("a PNG picture; other formats are not taken"));
        };
        let fits = |pixels| (1..=LOGO_PIXELS).contains(&pixels);
        if fits(width) && fits(height) {
            Ok(logo)
        } else {
            Err(rule("a picture of 512 by 512 pixels at most"))
        }
    }

    /// The logo in an event. It was judged when it was chosen.
    pub(super) fn read(base64: &str) -> Option<Self> {
        let bytes = BASE64.decode(base64.as_bytes()).ok()?;
        Some(Self(bytes.into()))
    }

    /// Width and height as the header says them, if it is that of a PNG picture.
    fn size(&self) -> Option<(u32, u32)> {
        let (width, rest) = self.0.strip_prefix(BEGINNING)?.split_first_chunk()?;
        let (height, _) = rest.split_first_chunk()?;
        Some((u32::from_be_bytes(*width), u32::from_be_bytes(*height)))
    }

    /// The file.
    #[must_use]
    pub fn png(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn to_base64(&self) -> String {
        BASE64.encode(&self.0)
    }
}

impl fmt::Debug for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Logo({} bytes)", self.0.len())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The beginning of a PNG file with this size; as much of one as is looked at.
    pub(in crate::organization) fn png(width: u32, height: u32, bytes: usize) -> String {
        let mut file = BEGINNING.to_vec();
        file.extend(width.to_be_bytes());
        file.extend(height.to_be_bytes());
        file.resize(bytes.max(file.len()), 0);
        BASE64.encode(&file)
    }

    fn rule(base64: &str) -> &'static str {
        match Logo::parse(base64) {
            Err(Rejection::InvalidField { rule, .. }) => rule,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_png_picture_of_moderate_size_is_taken() {
        for (width, height, bytes) in [(1, 1, 0), (512, 512, LOGO_BYTES), (512, 1, 100)] {
            let logo = png(width, height, bytes);
            assert_eq!(Logo::parse(&logo).unwrap().to_base64(), logo);
        }
    }

    #[test]
    fn larger_pictures_are_refused() {
        assert!(rule(&png(1, 1, LOGO_BYTES + 1)).contains("48 KiB"));
        for (width, height) in [(513, 1), (1, 513), (0, 1), (1, 0), (u32::MAX, 1)] {
            assert!(rule(&png(width, height, 100)).contains("512"));
        }
    }

    #[test]
    fn other_formats_are_refused() {
        let svg = BASE64.encode(b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>");
        let gif = BASE64.encode(b"GIF89a\x01\x00\x01\x00");
        let cut_off = BASE64.encode(&BEGINNING[..]);
        let other_chunk = BASE64.encode(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIDAT\0\0\0\x01\0\0\0\x01");
        for other in [&svg, &gif, &cut_off, &other_chunk] {
            assert!(rule(other).contains("other formats"));
        }
        let data_address = format!("data:image/png;base64,{}", png(1, 1, 0));
        for no_base64 in ["a", "!!!!", &data_address] {
            assert!(rule(no_base64).contains("base64"));
        }
        assert!(rule("").contains("other formats"));
    }
}
