//! Values that people type, checked once at the border.

use crate::{Rejection, normal_form};
use passwords::analyzer::is_common_password;
use std::fmt;
use zeroize::Zeroizing;

/// Trims, and refuses what is empty, longer than `max` characters, or has control characters.
fn plain_text(
    text: &str,
    max: usize,
    field: &'static str,
    rule: &'static str,
) -> Result<String, Rejection> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= max;
    if fits && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(Rejection::InvalidField { field, rule })
    }
}

/// An e-mail address, as typed and as compared.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Takes an address of the form `local@domain`. Whether it exists, only a mail can show.
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        const RULE: &str = "an address such as name@example.org, at most 254 characters";
        let invalid = Rejection::InvalidField {
            field: "email",
            rule: RULE,
        };
        let text = plain_text(text, 254, "email", RULE)?;
        let Some((local, domain)) = text.rsplit_once('@') else {
            return Err(invalid);
        };
        let label = |label: &str| {
            // RFC 1035 section 2.3.4; what is not ASCII grows when it is encoded for the DNS.
            let room = if label.is_ascii() { 63 } else { 40 };
            (1..=room).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        };
        let local_is_fine = !local.is_empty()
            && local.len() <= 64
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && local
                .chars()
                .all(|c| c.is_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c));
        let domain_is_fine = domain.contains('.') && domain.split('.').all(label);
        if local_is_fine && domain_is_fine {
            Ok(Self(text))
        } else {
            Err(invalid)
        }
    }

    /// As typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As compared: two addresses that differ in case only are the same.
    #[must_use]
    pub fn canonical(&self) -> String {
        self.0.to_lowercase()
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(..)")
    }
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident: $field:literal, $max:literal, $rule:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Takes the text without the space around it.
            pub fn parse(text: &str) -> Result<Self, Rejection> {
                plain_text(text, $max, $field, $rule).map(Self)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )+};
}

names! {
    /// What a person is called.
    PersonName: "name", 200, "between 1 and 200 characters, on one line";
    /// What an authenticator is called.
    DeviceName: "name", 100, "between 1 and 100 characters, on one line";
    /// What an organization is called.
    OrganizationName: "organization", 200, "between 1 and 200 characters, on one line";
    /// What an API credential is called.
    CredentialName: "name", 100, "between 1 and 100 characters, on one line";
    /// What people are searched by: part of a name or an e-mail address.
    SearchText: "search", 100, "between 1 and 100 characters, on one line";
}

/// Whose a password is to be.
#[derive(Clone, Copy)]
pub struct PasswordOwner<'a> {
    /// Their e-mail address.
    pub email: &'a str,
    /// Their name.
    pub name: &'a str,
    /// The name of their organization.
    pub organization: &'a str,
}

impl fmt::Debug for PasswordOwner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordOwner(..)")
    }
}

/// A new password in the clear, on its way to being hashed.
pub struct NewPassword(Zeroizing<String>);

impl NewPassword {
    /// Takes 8 to 256 characters of any kind, spaces included (NIST SP 800-63B-4 section 3.1.1.2:
    /// no rules of composition, no truncation), in one form, whichever keyboard wrote it.
    pub fn parse(typed: Zeroizing<String>) -> Result<Self, Rejection> {
        let text = if typed.is_ascii() {
            typed
        } else {
            normal_form(&typed)
        };
        if (8..=256).contains(&text.chars().count()) {
            Ok(Self(text))
        } else {
            Err(Rejection::InvalidField {
                field: "password",
                rule: "between 8 and 256 characters; a few words in a row are easy to remember",
            })
        }
    }

    /// Refuses a password that is the first thing somebody would try: for anybody, one of the 100,000
    /// most common; for this person, their address, the part of it before the @, their name, their
    /// organization's or Pawl's, with digits and signs around it or without, in whatever case (NIST SP
    /// 800-63B-4 section 3.1.1.2: common passwords, context-specific words and what is derived from
    /// them). The whole password counts, not a part of it.
    pub fn fits(&self, owner: &PasswordOwner<'_>) -> Result<(), Rejection> {
        let typed = self.0.trim();
        let folded = Zeroizing::new(typed.to_lowercase());
        if is_common_password(typed) || is_common_password(&*folded) {
            return Err(Rejection::InvalidField {
                field: "password",
                rule: "not one of the passwords that many people use",
            });
        }
        let bare = folded.trim_matches(|c: char| !c.is_alphabetic());
        let same = |word: &str| {
            let word = normal_form(word.trim()).to_lowercase();
            word == *folded || (word == bare && !word.is_empty())
        };
        let local = owner.email.rsplit_once('@').map_or("", |(local, _)| local);
        let obvious = [owner.email, local, owner.name, owner.organization, "pawl"];
        if obvious.into_iter().any(same) {
            return Err(Rejection::InvalidField {
                field: "password",
                rule: "not your e-mail address, your name or the name of your organization",
            });
        }
        Ok(())
    }

    /// The bytes to hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_other_text() {
        for good in [
            "ada@example.org",
            " Ada.Lovelace+x@mail.example.co.uk ",
            "ü@exämple.org",
        ] {
            assert!(EmailAddress::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "a b@c.de",
            "ada@example",
            "a@b..c",
            "a@-b.c",
            "a\n@b.cd",
            &format!("a@{}.org", "x".repeat(64)),
        ] {
            assert!(EmailAddress::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_that_differ_in_case_are_the_same() {
        let (a, b) = (
            EmailAddress::parse("Ada@Example.ORG"),
            EmailAddress::parse("ada@example.org"),
        );
        assert_eq!(a.unwrap().canonical(), b.unwrap().canonical());
    }

    fn password(text: &str) -> Result<NewPassword, Rejection> {
        NewPassword::parse(Zeroizing::new(text.into()))
    }

    #[test]
    fn a_password_has_8_to_256_characters_of_any_script() {
        for (length, good) in [(7, false), (8, true), (256, true), (257, false)] {
            for character in ["a", "ü", "密"] {
                let parsed = password(&character.repeat(length));
                assert_eq!(parsed.is_ok(), good, "{length} {character}");
            }
        }
    }

    /// Or four umlauts, written as two characters each, would be eight.
    #[test]
    fn characters_are_counted_in_one_form() {
        assert!(password(&"u\u{308}".repeat(4)).is_err());
        assert!(password(&"u\u{308}".repeat(8)).is_ok());
        assert!(password(&"u\u{308}".repeat(256)).is_ok());
    }

    #[test]
    fn a_password_is_nothing_that_everybody_knows_of_the_person() {
        let owner = PasswordOwner {
            email: "Ada.Lovelace@example.org",
            name: "Ada Lovelace Byron",
            organization: "Größer & Söhne",
        };
        for (text, fits) in [
            ("ada.lovelace@EXAMPLE.org", false),
            ("ADA.lovelace", false),
            ("ada lovelace byron", false),
            (" größer & söhne ", false),
            ("example.org", true),
            ("ada lovelace", true),
            ("ada.lovelace!", false),
            ("Ada.Lovelace1815", false),
            ("Pawl2026", false),
            ("2026 was a year for pawls", true),
            ("123456-7", true),
        ] {
            assert_eq!(password(text).unwrap().fits(&owner).is_ok(), fits, "{text}");
        }
    }

    #[test]
    fn a_password_is_none_that_many_people_use() {
        let owner = PasswordOwner {
            email: "ada@example.org",
            name: "Ada",
            organization: "Acme",
        };
        let fits = |text: &str| password(text).unwrap().fits(&owner).is_ok();
        for common in [
            "password",
            "12345678",
            "qwertyuiop",
            "Password1",
            "PASSWORD123",
            " iloveyou ",
            // In wide letters.
            "\u{ff50}\u{ff41}\u{ff53}\u{ff53}\u{ff57}\u{ff4f}\u{ff52}\u{ff44}",
            "!QAZ2wsx",
            "trustno1",
            "1Thursday",
            "11111111",
        ] {
            assert!(!fits(common), "{common}");
        }
        // What holds a common one is none.
        for good in [
            "correct horse battery",
            "password for the shed",
            "密密密密密密密密",
        ] {
            assert!(fits(good), "{good}");
        }
    }

    #[test]
    fn what_people_typed_is_not_in_debug_output() {
        let email = EmailAddress::parse("ada@example.org").unwrap();
        let password = NewPassword::parse(Zeroizing::new("correct horse".into())).unwrap();
        assert!(!format!("{email:?} {password:?}").contains("ada"));
        assert!(!format!("{password:?}").contains("horse"));
    }
}
