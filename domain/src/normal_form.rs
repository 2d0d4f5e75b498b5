//! Keyboards write the same text in several ways: an umlaut as one character or as two, a wide letter
//! for a narrow one. A password is taken in one form, whichever keyboard it comes from.

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// How many times longer a text may get, in UTF-8 (Unicode Standard Annex 15).
const LONGEST: usize = 11;

/// The text in NFKC, as NIST SP 800-63B-4 section 3.1.1.2 recommends before hashing.
#[must_use]
pub fn normal_form(text: &str) -> Zeroizing<String> {
    if text.is_ascii() {
        return Zeroizing::new(text.to_owned());
    }
    // As long as it can get: one that grows would leave parts of the password behind.
    let mut form = Zeroizing::new(String::with_capacity(text.len() * LONGEST));
    form.extend(text.nfkc());
    form
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_the_same_is_the_same() {
        let [one, two] = ["gr\u{fc}ne \u{fb01}sche \u{ff11}", "gru\u{308}ne fische 1"];
        assert_eq!(normal_form(one), normal_form(two));
        assert_eq!(normal_form("as it is"), Zeroizing::new("as it is".into()));
        assert_ne!(normal_form(one), normal_form("grune fische 1"));
    }
}
