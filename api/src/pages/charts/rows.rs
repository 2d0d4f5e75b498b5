//! Bars beneath each other, each with its words and its number beside it.

use super::{
    Chart, Fill, Script, Size,
    scale::ratio,
    svg::{Anchor, Svg, extent, shortened},
};

/// How thick a bar is.
const THICK: f64 = 18.0;

/// A chart of bars.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The count that fills the room; that of the longest bar where none is as long.
    pub whole: u64,
    /// The bars, from the top down.
    pub rows: Vec<Row>,
}

/// A bar.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is about.
    pub title: String,
    /// How long it is, beside the others.
    pub count: u64,
    /// The number, in words.
    pub says: String,
    /// How it is filled.
    pub fill: Fill,
}

/// From one bar to the next.
fn pitch(size: Size) -> f64 {
    match size {
        Size::Wide => 34.0,
        Size::Narrow => 48.0,
    }
}

impl Chart for Rows {
    fn height(&self, size: Size) -> f64 {
        let rows = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        pitch(size) * f64::from(rows.max(1))
    }

    fn draw(&self, svg: &mut Svg, size: Size, _script: &dyn Script) {
        let most = self.rows.iter().map(|row| row.count).max().unwrap_or(0);
        let whole = most.max(self.whole);
        let share = |row: &Row| ratio(row.count, whole);
        let widest = |text: fn(&Row) -> &str| {
            let extents = self.rows.iter().map(|row| extent(text(row)));
            extents.fold(0.0, f64::max)
        };
        let (title, says) = (
            widest(|row| &row.title).min(240.0),
            widest(|row| &row.says).min(300.0),
        );
        let mut y = 0.0;
        for row in &self.rows {
            match size {
                Size::Wide => beside(svg, y, row, share(row), [title, says]),
                Size::Narrow => beneath(svg, y, row, share(row)),
            }
            y += pitch(size);
        }
    }
}

/// The bar between its words and its number.
fn beside(svg: &mut Svg, y: f64, row: &Row, share: f64, [title, says]: [f64; 2]) {
    let base = y + THICK - 4.5;
    let words = shortened(&row.title, title + 0.1);
    svg.text("label row-title", [0.0, base], Anchor::Start, &words);
    let left = title + 14.0;
    let room = (Size::Wide.width() - left - says - 24.0).max(1.0);
    bar(svg, [left, y], room, share, row.fill);
    let at = [left + room + 10.0, base];
    let words = shortened(&row.says, says + 0.1);
    svg.text("label row-says", at, Anchor::Start, &words);
}

/// The bar beneath its words and its number.
fn beneath(svg: &mut Svg, y: f64, row: &Row, share: f64) {
    let width = Size::Narrow.width();
    let base = y + 13.0;
    let says = shortened(&row.says, width * 0.65);
    let words = shortened(&row.title, width - extent(&says) - 10.0);
    svg.text("label row-title", [0.0, base], Anchor::Start, &words);
    svg.text("label row-says", [width, base], Anchor::End, &says);
    bar(svg, [0.0, y + 20.0], width, share, row.fill);
}

fn bar(svg: &mut Svg, at: [f64; 2], room: f64, share: f64, fill: Fill) {
    svg.frame("track", at, [room, THICK]);
    if share > 0.0 {
        svg.bar(fill, at, [(room * share).max(1.5), THICK]);
    }
}
