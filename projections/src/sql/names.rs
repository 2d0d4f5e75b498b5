//! The names under which the tables of a read model stand in the database: their own where they are
//! read, others while they are built beside those.

use crate::Projection;
use std::collections::HashMap;

/// What the tables of a read model are called in the database.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// The name in statements, and the one in the database, where that is another.
    renamed: Vec<(&'static str, String)>,
    /// Statements as they were renamed before, by where they stand in the program.
    statements: HashMap<(usize, usize), String>,
}

impl Names {
    /// The names of tables that are being built, for the generation with this number.
    pub(crate) fn building(projection: &dyn Projection, generation: i64) -> Self {
        let tables = projection.tables().iter();
        Self {
            renamed: tables
                .map(|table| (table.name, format!("{}__{generation}", table.name)))
                .collect(),
            statements: HashMap::new(),
        }
    }

    /// What this table is called in the database.
    pub(crate) fn of<'n>(&'n self, table: &'n str) -> &'n str {
        let mut renamed = self.renamed.iter();
        renamed
            .find(|(name, _)| *name == table)
            .map_or(table, |(_, other)| other)
    }

    /// The statement for the database.
    pub(crate) fn in_statement(&mut self, sql: &'static str) -> &str {
        if self.renamed.is_empty() {
            return sql;
        }
        let place = (sql.as_ptr().addr(), sql.len());
        let renamed = &self.renamed;
        self.statements
            .entry(place)
            .or_insert_with(|| rename(sql, renamed))
    }
}

/// Writes each word of the statement that is one of these names as the other. Quoted text stays.
fn rename(sql: &str, names: &[(&'static str, String)]) -> String {
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let mut renamed = String::with_capacity(sql.len() + 32);
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let length = if is_word(first) {
            rest.find(|character| !is_word(character))
        } else if first == '\'' {
            rest[1..].find('\'').map(|end| end + 2)
        } else {
            rest.find(|character| is_word(character) || character == '\'')
        };
        let (token, behind) = rest.split_at(length.unwrap_or(rest.len()));
        let name = names.iter().find(|(name, _)| *name == token);
        renamed.push_str(name.map_or(token, |(_, other)| other));
        rest = behind;
    }
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{READ_MODELS, adoption::Adoption};

    #[test]
    fn whole_words_are_renamed_and_nothing_else() {
        let mut names = Names::building(&Adoption, 2);
        for (sql, expected) in [
            (
                "INSERT INTO adoption (day) SELECT 'adoption' FROM adoption_people",
                "INSERT INTO adoption__2 (day) SELECT 'adoption' FROM adoption_people__2",
            ),
            (
                "SELECT adoption.day, adoptions",
                "SELECT adoption__2.day, adoptions",
            ),
            ("DELETE FROM adoption", "DELETE FROM adoption__2"),
        ] {
            assert_eq!(names.in_statement(sql), expected);
        }
        assert_eq!(names.of("adoption"), "adoption__2");
        assert_eq!(
            Names::default().in_statement("SELECT 1 FROM adoption"),
            "SELECT 1 FROM adoption"
        );
    }

    #[test]
    fn no_column_is_called_like_a_table() {
        let tables = || READ_MODELS.iter().flat_map(|model| model.tables());
        for table in tables() {
            for column in table.columns.split(',') {
                let column = column.split_whitespace().next().unwrap();
                assert!(!tables().any(|table| table.name == column), "{column}");
            }
        }
    }
}
