//! The people of one organization as text to search, in this process's memory and nowhere else. On
//! disk names and addresses stay sealed.

use super::{Failure, Opened};
use eventstore_schema::{OrganizationId, Position, Sealed, UserId};
use memchr::memmem::Finder;
use projections::{
    Readers,
    users::{self, Changed},
};
use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Unbounded},
};
use zeroize::Zeroizing;

/// People who are read at a time.
const BATCH: u32 = 250;
/// About what a person takes beside their text, in bytes.
const PERSON: usize = 96;
/// How many people are indexed in this process.
const GAUGE: &str = "pawl_search_index_people";

/// Name and address of each person, folded. Text that is taken out is wiped.
#[derive(Default)]
pub(super) struct PeopleIndex {
    people: BTreeMap<UserId, Zeroizing<String>>,
    bytes: usize,
    /// Everything up to here has been taken in.
    seen: Position,
}

impl PeopleIndex {
    /// Takes in everybody who has changed since the last time; the first time, everybody.
    pub(super) fn catch_up(
        &mut self,
        organization: OrganizationId,
        readers: &Readers,
        open: impl Fn(&[(&str, &Sealed)]) -> Result<Vec<Opened>, Failure>,
    ) -> Result<(), Failure> {
        loop {
            let changed = users::changed_since(readers, organization, self.seen, BATCH)?;
            self.take_in(&changed, &open)?;
            if changed.len() < BATCH as usize {
                return Ok(());
            }
        }
    }

    fn take_in(
        &mut self,
        changed: &[Changed],
        open: impl Fn(&[(&str, &Sealed)]) -> Result<Vec<Opened>, Failure>,
    ) -> Result<(), Failure> {
        let present = changed.iter().filter_map(|person| person.names.as_ref());
        let sealed: Vec<_> = present
            .flat_map(|names| [("name", &names.name.0), ("email", &names.email.0)])
            .collect();
        let mut opened = open(&sealed)?.into_iter();
        for person in changed {
            let text = person.names.as_ref().and_then(|_| {
                let names = [opened.next(), opened.next()];
                text_of(names.into_iter().flatten())
            });
            self.replace(person.user_id, text);
            self.seen = person.position;
        }
        Ok(())
    }

    fn replace(&mut self, id: UserId, text: Option<Zeroizing<String>>) {
        let before = match text {
            Some(text) => {
                self.bytes += PERSON + text.len();
                metrics::gauge!(GAUGE).increment(1);
                self.people.insert(id, text)
            }
            None => self.people.remove(&id),
        };
        if let Some(before) = before {
            self.bytes -= PERSON + before.len();
            metrics::gauge!(GAUGE).decrement(1);
        }
    }

    /// The people in whose name or address the folded text stands, by their ids, from after `after`
    /// on, `limit` of them at most.
    pub(super) fn find(&self, folded: &str, after: Option<UserId>, limit: usize) -> Vec<UserId> {
        let finder = Finder::new(folded);
        let after = after.map_or(Unbounded, Excluded);
        let people = self.people.range((after, Unbounded));
        people
            .filter(|(_, text)| finder.find(text.as_bytes()).is_some())
            .map(|(id, _)| *id)
            .take(limit)
            .collect()
    }

    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for PeopleIndex {
    fn drop(&mut self) {
        let people = u32::try_from(self.people.len()).unwrap_or(u32::MAX);
        metrics::gauge!(GAUGE).decrement(people);
    }
}

/// What a person is found by; nothing once they are erased.
fn text_of(names: impl Iterator<Item = Opened>) -> Option<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    for name in names {
        match name {
            Opened::Text(opened) => fold_into(&mut text, &Zeroizing::new(opened)),
            Opened::Erased => return None,
            Opened::Unreadable => {}
        }
        // Nobody can type it, so nothing is found across it.
        text.push('\n');
    }
    Some(text)
}

/// The text as it is compared: `ß` is like `SS`, and every sigma is the same.
pub(super) fn fold(text: &str) -> Zeroizing<String> {
    let mut folded = Zeroizing::new(String::new());
    fold_into(&mut folded, text);
    folded
}

fn fold_into(folded: &mut String, text: &str) {
    folded.reserve(text.len() * 2);
    if text.is_ascii() {
        folded.extend(text.chars().map(|char| char.to_ascii_lowercase()));
    } else {
        let upper = text.chars().flat_map(char::to_uppercase);
        folded.extend(upper.flat_map(char::to_lowercase));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eventstore_schema::{KeyName, Personal};
    use projections::users::Names;
    use uuid::Uuid;

    fn id(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    /// Sealed by nobody: the text itself stands where the ciphertext would.
    fn person(n: u128, name: &str, email: &str) -> Changed {
        let sealed = |text: &str| {
            Personal(Sealed {
                key: KeyName::person(id(n)),
                ciphertext: text.into(),
            })
        };
        Changed {
            user_id: id(n),
            position: Position(1),
            names: Some(Names {
                email: sealed(email),
                name: sealed(name),
            }),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "it stands for what may fail")]
    fn open(values: &[(&str, &Sealed)]) -> Result<Vec<Opened>, Failure> {
        let open = |(_, sealed): &(&str, &Sealed)| match sealed.ciphertext.as_str() {
            "erased" => Opened::Erased,
            "unreadable" => Opened::Unreadable,
            text => Opened::Text(text.to_owned()),
        };
        Ok(values.iter().map(open).collect())
    }

    fn index(people: &[Changed]) -> PeopleIndex {
        let mut index = PeopleIndex::default();
        index.take_in(people, open).unwrap();
        index
    }

    fn found(index: &PeopleIndex, text: &str) -> Vec<u128> {
        let found = index.find(&fold(text), None, 9);
        found.iter().map(|id| id.0.as_u128()).collect()
    }

    #[test]
    fn people_are_found_by_any_part_of_name_or_address_in_any_case() {
        let index = index(&[
            person(3, "Ada Lovelace", "ada@example.org"),
            person(1, "Grace Hopper", "GRACE@Example.ORG"),
            person(2, "Ὀδυσσεύς Weiß", "ö.dyssey@exämple.org"),
        ]);
        for (text, expected) in [
            ("love", &[3][..]),
            ("LOVE", &[3]),
            ("a L", &[3]),
            ("@example.org", &[1, 3]),
            ("ace", &[1, 3]),
            ("ὀΔΥΣΣ", &[2]),
            ("δυσσεύΣ", &[2]),
            ("weiss", &[2]),
            ("WEISS", &[2]),
            ("Ö.DYSSEY@EXÄMPLE", &[2]),
            ("nobody", &[]),
        ] {
            assert_eq!(found(&index, text), expected, "{text}");
        }
        // The end of a name and the beginning of an address are not one text.
        assert_eq!(found(&index, "lovelaceada"), [0; 0]);
    }

    #[test]
    fn pages_go_on_behind_the_last_of_the_page_before() {
        let people: Vec<_> = (1..=5).map(|n| person(n, "Ada", "a@b.cd")).collect();
        let index = index(&people);
        assert_eq!(index.find("ada", None, 2), [id(1), id(2)]);
        assert_eq!(index.find("ada", Some(id(2)), 9), [3, 4, 5].map(id));
        assert_eq!(index.find("ada", Some(id(5)), 9), []);
    }

    #[test]
    fn who_changes_goes_by_the_new_name_only_and_who_leaves_or_is_erased_is_gone() {
        let mut index = index(&[person(1, "Ada", "ada@b.cd"), person(2, "Eve", "eve@b.cd")]);
        let size = index.bytes();
        let take_in = |index: &mut PeopleIndex, changed| index.take_in(&[changed], open).unwrap();

        take_in(&mut index, person(1, "Countess", "ada@b.cd"));
        assert_eq!(found(&index, "countess"), [1]);
        assert_eq!(index.bytes(), size + "Countess".len() - "Ada".len());
        take_in(&mut index, person(1, "Countess", "erased"));
        let names = None;
        take_in(
            &mut index,
            Changed {
                names,
                ..person(2, "Eve", "eve@b.cd")
            },
        );
        assert_eq!(found(&index, "b.cd"), [0; 0]);
        assert_eq!((index.bytes(), index.people.len()), (0, 0));
    }

    #[test]
    fn who_is_erased_or_has_left_does_not_lend_their_place_to_the_next() {
        let left = Changed {
            names: None,
            ..person(2, "Eve", "eve@b.cd")
        };
        let people = [
            person(1, "erased", "ada@b.cd"),
            left,
            person(3, "Grace", "grace@b.cd"),
        ];
        let index = index(&people);
        assert_eq!(found(&index, "b.cd"), [3]);
        assert_eq!(found(&index, "grace\ngrace@"), [3]);
    }

    #[test]
    fn what_cannot_be_read_does_not_hide_the_rest() {
        let index = index(&[person(1, "unreadable", "ada@b.cd")]);
        assert_eq!(found(&index, "ada"), [1]);
    }
}
