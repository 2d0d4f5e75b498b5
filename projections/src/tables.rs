//! The tables, indexes and views of a read model: made, put in the place of others, and dropped.

use crate::{
    Projection,
    catalog::{self, CATALOG, Side},
    sql::{Connection, SqlError, names::Names},
};

/// Makes the tables of this side, empty, and without indexes: nothing that projects needs any.
pub(crate) fn create(
    connection: &mut dyn Connection,
    projection: &dyn Projection,
    (side, generation): (Side, i64),
) -> Result<(), SqlError> {
    let names = names(projection, side, generation);
    if side == Side::Live {
        drop_views(connection, projection)?;
    }
    for table in projection.tables() {
        let name = names.of(table.name);
        connection.script(&format!("DROP TABLE IF EXISTS {name}"))?;
        let create = connection.create_table(name, table);
        connection.script(&create)?;
    }
    if side == Side::Live {
        create_views(connection, projection)?;
    }
    catalog::begin(connection, projection, side, generation)
}

/// What the tables of this side are called.
pub(crate) fn names(projection: &dyn Projection, side: Side, generation: i64) -> Names {
    match side {
        Side::Live => Names::default(),
        Side::Building => Names::building(projection, generation),
    }
}

/// Makes the indexes that are not there yet.
pub(crate) fn index(
    connection: &mut dyn Connection,
    projection: &dyn Projection,
    (side, generation): (Side, i64),
) -> Result<(), SqlError> {
    let names = names(projection, side, generation);
    for table in projection.tables() {
        for (number, columns) in table.indexes.iter().enumerate() {
            // Names of indexes stay when a table is renamed, so each generation has its own.
            connection.script(&format!(
                "CREATE INDEX IF NOT EXISTS {}_{number}__{generation} ON {} {columns}",
                table.name,
                names.of(table.name),
            ))?;
        }
    }
    Ok(())
}

fn drop_views(
    connection: &mut dyn Connection,
    projection: &dyn Projection,
) -> Result<(), SqlError> {
    for view in projection.views() {
        connection.script(&format!("DROP VIEW IF EXISTS {}", view.name))?;
    }
    Ok(())
}

fn create_views(
    connection: &mut dyn Connection,
    projection: &dyn Projection,
) -> Result<(), SqlError> {
    for view in projection.views() {
        let select = view.select.replace("{now}", connection.now());
        connection.script(&format!("CREATE VIEW {} AS {select}", view.name))?;
    }
    Ok(())
}

/// Puts what was built in the place of what was read. Belongs into one transaction.
pub(crate) fn swap(
    connection: &mut dyn Connection,
    projection: &dyn Projection,
    generation: i64,
) -> Result<(), SqlError> {
    let names = names(projection, Side::Building, generation);
    let mut grants = Vec::new();
    for view in projection.views() {
        grants.extend(connection.view_grants(view.name)?);
    }
    // A view of the old tables would follow them when they are renamed, and keep them from going.
    drop_views(connection, projection)?;
    for table in projection.tables() {
        let (name, built) = (table.name, names.of(table.name));
        connection.script(&format!("DROP TABLE IF EXISTS {name}"))?;
        connection.script(&format!("ALTER TABLE {built} RENAME TO {name}"))?;
    }
    create_views(connection, projection)?;
    for grant in grants {
        connection.script(&grant)?;
    }
    catalog::promote(connection, projection)
}

/// Drops the tables, views and entries of read models that this build of Pawl does not know, and what
/// was built by an older one: the database holds nothing else. What a newer one is building stays.
pub(crate) fn drop_left_overs(
    connection: &mut dyn Connection,
    projections: &[&'static dyn Projection],
) -> Result<(), SqlError> {
    let mut kept = Vec::new();
    for entry in catalog::entries(connection)? {
        let known = projections
            .iter()
            .find(|projection| projection.name() == entry.projection);
        match known {
            Some(known) if entry.side == Side::Live || entry.version >= known.version() => {
                kept.push(entry);
            }
            _ => catalog::remove(connection, &entry.projection, entry.side)?,
        }
    }
    let views = || projections.iter().flat_map(|projection| projection.views());
    for name in connection.views()? {
        if !views().any(|view| view.name == name) {
            connection.script(&format!("DROP VIEW {}", quoted(&name)))?;
        }
    }
    let is_read = |name: &str| {
        let mut tables = projections.iter().flat_map(|known| known.tables());
        tables.any(|table| table.name == name)
    };
    let is_built = |name: &str| {
        let mut building = kept.iter().filter(|entry| entry.side == Side::Building);
        building.any(|entry| name.ends_with(&format!("__{}", entry.generation)))
    };
    for name in connection.tables()? {
        if name != CATALOG && !is_read(&name) && !is_built(&name) {
            connection.script(&format!("DROP TABLE {}", quoted(&name)))?;
        }
    }
    Ok(())
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
