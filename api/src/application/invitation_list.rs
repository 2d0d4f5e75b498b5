//! A list of people to invite, as a CSV file (RFC 4180). It is read as a whole, and each line that is
//! wrong has its reason. Nobody is looked up here, and nobody invited.

use super::NewInvitation;
use csv::{ReaderBuilder, StringRecord, Trim};
use domain::{
    Rejection,
    value::{EmailAddress, PersonName},
};
use eventstore_schema::Role;
use serde::{
    Deserialize as _,
    de::{IntoDeserializer as _, value::Error as RoleUnknown},
};
use std::{collections::HashMap, fmt};

/// People in one list at most.
pub const LENGTH: usize = 10_000;

const FORM: Rejection = Rejection::InvalidField {
    field: "list",
    rule: "a CSV file in UTF-8 whose first line names the columns: email, name and, where not everybody \
           is to be a member, role",
};
const TOO_LONG: Rejection = Rejection::InvalidField {
    field: "list",
    rule: "10,000 people at most",
};

/// A person of the list.
#[derive(Debug)]
pub struct Entry {
    /// The line on which they stand; the first is 1.
    pub line: u64,
    /// Who they are.
    pub new: NewInvitation,
}

/// A line that cannot be carried out.
#[derive(Clone, Debug)]
pub struct RefusedLine {
    /// Its number.
    pub line: u64,
    /// What is wrong with it.
    pub fault: LineFault,
}

/// What can be wrong with a line.
#[derive(Clone, Debug)]
pub enum LineFault {
    /// What is wrong with an invitation of one person, too.
    Rejected(Rejection),
    /// The address stands in the list already.
    Twice {
        /// On this line.
        first: u64,
    },
    /// It has more fields than there are columns.
    Fields,
}

impl fmt::Display for LineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(rejection) => rejection.fmt(f),
            Self::Twice { first } => write!(f, "This address stands on line {first} already."),
            Self::Fields => f.write_str(
                "There are more fields than columns. Put a value with a comma between quotes.",
            ),
        }
    }
}

/// What was read.
#[derive(Debug, Default)]
pub struct List {
    /// The lines that can be carried out, as far as the list alone tells.
    pub entries: Vec<Entry>,
    /// The others.
    pub refused: Vec<RefusedLine>,
}

impl List {
    /// Reads a list, separated by commas or, as some spreadsheets do, by semicolons.
    pub fn read(bytes: &[u8]) -> Result<Self, Rejection> {
        let text = std::str::from_utf8(bytes).map_err(|_| FORM)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let first = text.lines().next().unwrap_or_default();
        let delimiter = if first.contains(';') { b';' } else { b',' };
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .trim(Trim::All)
            .from_reader(text.as_bytes());
        let columns = Columns::of(reader.headers().map_err(|_| FORM)?)?;
        let (mut list, mut seen) = (Self::default(), HashMap::new());
        let mut lines = Lines::of(text);
        for record in reader.records() {
            let record = record.map_err(|_| FORM)?;
            let line = lines.number(record.position().map_or(0, csv::Position::byte));
            match columns.read(&record, line, &mut seen) {
                Ok(new) => list.entries.push(Entry { line, new }),
                Err(fault) => list.refused.push(RefusedLine { line, fault }),
            }
            if list.entries.len() + list.refused.len() > LENGTH {
                return Err(TOO_LONG);
            }
        }
        if list.entries.is_empty() && list.refused.is_empty() {
            return Err(FORM);
        }
        Ok(list)
    }
}

/// Counts lines as editors do; the reader leaves empty ones and half of `\r\n` out.
struct Lines<'a> {
    text: &'a [u8],
    counted: usize,
    number: u64,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            text: text.as_bytes(),
            counted: 0,
            number: 1,
        }
    }

    /// The line of the record that begins at or behind this byte, later than those of before.
    fn number(&mut self, byte: u64) -> u64 {
        let from = usize::try_from(byte).unwrap_or(usize::MAX);
        let rest = self.text.get(from..).unwrap_or_default();
        let empty = rest.iter().take_while(|byte| b"\r\n".contains(byte));
        let start = (from + empty.count()).min(self.text.len());
        for byte in &self.text[self.counted..start] {
            self.number += u64::from(*byte == b'\n');
        }
        self.counted = start;
        self.number
    }
}

/// Where in a line each value stands.
struct Columns {
    email: usize,
    name: usize,
    role: Option<usize>,
    count: usize,
}

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, Rejection> {
        let (mut email, mut name, mut role) = (None, None, None);
        for (index, title) in header.iter().enumerate() {
            let column = match title.to_lowercase().as_str() {
                "email" | "e-mail" => &mut email,
                "name" => &mut name,
                "role" => &mut role,
                _ => return Err(FORM),
            };
            if column.replace(index).is_some() {
                return Err(FORM);
            }
        }
        Ok(Self {
            email: email.ok_or(FORM)?,
            name: name.ok_or(FORM)?,
            role,
            count: header.len(),
        })
    }

    fn read(
        &self,
        record: &StringRecord,
        line: u64,
        seen: &mut HashMap<String, u64>,
    ) -> Result<NewInvitation, LineFault> {
        if record.len() > self.count {
            return Err(LineFault::Fields);
        }
        let field = |column| record.get(column).unwrap_or_default();
        let email = EmailAddress::parse(field(self.email)).map_err(LineFault::Rejected)?;
        let name = PersonName::parse(field(self.name)).map_err(LineFault::Rejected)?;
        let role = self.role.map(field).unwrap_or_default();
        let role = role_named(role).map_err(LineFault::Rejected)?;
        if let Some(first) = seen.insert(email.canonical(), line) {
            return Err(LineFault::Twice { first });
        }
        Ok(NewInvitation { email, name, role })
    }
}

fn role_named(word: &str) -> Result<Role, Rejection> {
    if word.is_empty() {
        return Ok(Role::Member);
    }
    let role = Role::deserialize(word.into_deserializer());
    role.map_err(|_: RoleUnknown| Rejection::InvalidField {
        field: "role",
        rule: "admin, user_manager, auditor, analyst or member",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    fn read(text: &str) -> List {
        List::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn spreadsheets_may_order_separate_and_mark_as_they_like() {
        for text in [
            "email,name,role\nada@b.cd,\"Ada, Countess\",auditor\ngrace@b.cd,Grace,\n",
            "\u{feff}Role;E-Mail;Name\r\nauditor;ada@b.cd;Ada, Countess\r\n;grace@b.cd;Grace\r\n",
        ] {
            let list = read(text);
            let read: Vec<_> = list
                .entries
                .iter()
                .map(|Entry { line, new }| {
                    let (email, name) = (new.email.as_str(), new.name.as_str());
                    (*line, email, name, new.role)
                })
                .collect();
            let expected = [
                (2, "ada@b.cd", "Ada, Countess", Role::Auditor),
                (3, "grace@b.cd", "Grace", Role::Member),
            ];
            assert_eq!(read, expected, "{text}");
            assert!(list.refused.is_empty());
        }
        let without_roles = read("name,email\nAda,ada@b.cd");
        assert_eq!(without_roles.entries[0].new.role, Role::Member);
    }

    #[test]
    fn each_line_that_is_wrong_has_its_reason() {
        let list = read(
            "email,name,role\nnobody,Ada,member\nada@b.cd,,member\n\nada@b.cd,Ada,king\n\
             ada@b.cd,Ada,member\nADA@b.cd,Ada,member\nhis@b.cd,Him, Lord,member\nshort@b.cd\n",
        );
        let faults = list.refused.iter().map(|line| match &line.fault {
            LineFault::Rejected(Rejection::InvalidField { field, .. }) => (line.line, *field),
            LineFault::Twice { first: 6 } => (line.line, "twice"),
            LineFault::Fields => (line.line, "fields"),
            other => panic!("{other}"),
        });
        let expected = [
            (2, "email"),
            (3, "name"),
            (5, "role"),
            (7, "twice"),
            (8, "fields"),
            (9, "name"),
        ];
        assert!(faults.eq(expected), "{:?}", list.refused);
        assert_eq!(list.entries.len(), 1);
    }

    #[test]
    fn what_is_no_list_is_refused_as_a_whole() {
        for bytes in [
            &b""[..],
            b"email,name\n",
            b"ada@b.cd,Ada\n",
            b"email,name,name\na@b.cd,A,A\n",
            b"email,name,phone\na@b.cd,A,1\n",
            b"email,name\na@b.cd,\xff\n",
        ] {
            let refused = List::read(bytes).unwrap_err();
            let field = matches!(refused, Rejection::InvalidField { field: "list", .. });
            assert!(field, "{bytes:?}");
        }
        let mut long = "email,name\n".to_owned();
        for n in 0..=LENGTH {
            writeln!(long, "{n}@b.cd,N").unwrap();
        }
        assert!(matches!(
            List::read(long.as_bytes()),
            Err(Rejection::InvalidField { rule, .. }) if rule.contains("10,000")
        ));
    }
}
