//! Recovery codes: what lets a person in once when the phone is gone. Ten characters of 32, so 50
//! bits; the alphabet (Crockford's) leaves out what people mistake for something else.

use crate::Rejection;
use std::fmt;
use zeroize::Zeroizing;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 10;
const HALF: usize = LENGTH / 2;

/// A recovery code, as the person keeps it and types it.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(Zeroizing<String>);

impl RecoveryCode {
    /// How many a person gets at a time.
    pub const COUNT: usize = 10;

    /// Makes a code of random bytes, of which five bits each count.
    #[must_use]
    pub fn of(random: &[u8; LENGTH]) -> Self {
        let character = |byte: &u8| char::from(ALPHABET[usize::from(byte % 32)]);
        Self(Zeroizing::new(random.iter().map(character).collect()))
    }

    /// Takes a code in capital letters too, without the dash, with spaces, and with the letters
    /// that are read for digits: `o` for 0, `i` and `l` for 1.
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        let mut code = Zeroizing::new(String::with_capacity(LENGTH));
        for character in text.chars() {
            let character = match character.to_ascii_lowercase() {
                '-' => continue,
                space if space.is_whitespace() => continue,
                'o' => '0',
                'i' | 'l' => '1',
                other => other,
            };
            let known = u8::try_from(character).is_ok_and(|byte| ALPHABET.contains(&byte));
            if !known || code.len() == LENGTH {
                return Err(Rejection::RecoveryCodeMalformed);
            }
            code.push(character);
        }
        if code.len() == LENGTH {
            Ok(Self(code))
        } else {
            Err(Rejection::RecoveryCodeMalformed)
        }
    }

    /// For the person to keep: `xxxxx-xxxxx`.
    #[must_use]
    pub fn shown(&self) -> Zeroizing<String> {
        let (first, second) = self.0.split_at(HALF);
        Zeroizing::new(format!("{first}-{second}"))
    }

    /// The bytes to make the digest of: the same for every way to type the code.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_shown_in_two_halves_and_taken_however_it_is_typed() {
        let code = RecoveryCode::of(&[0, 1, 10, 31, 255, 32, 64, 20, 17, 18]);
        assert_eq!(*code.shown(), "01azz-00mhj");
        for typed in [
            "01azz-00mhj",
            "01AZZ-00MHJ",
            " 01azz00mhj\n",
            "01a zz0 0mh j",
            "O1azz-Oomhj",
            "0lazz-00mhj",
            "0Iazz--00mhj",
        ] {
            assert_eq!(RecoveryCode::parse(typed).as_ref(), Ok(&code), "{typed}");
        }
    }

    #[test]
    fn what_has_not_ten_characters_of_the_alphabet_is_none() {
        for bad in [
            "",
            "-",
            "123456",
            "01azz-00mh",
            "01azz-00mhjk",
            "01azz-00mhu",
            "01azz_00mhj",
            "01azz-00mhé",
        ] {
            assert_eq!(
                RecoveryCode::parse(bad),
                Err(Rejection::RecoveryCodeMalformed),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_code_is_not_in_debug_output() {
        let code = RecoveryCode::of(&[31; 10]);
        assert_eq!(format!("{code:?}"), "RecoveryCode(..)");
    }
}
