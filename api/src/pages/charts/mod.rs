//! Charts as SVG, drawn on the server: numbers and words in, a picture out. They hold no script, no style
//! and no colour (the stylesheet has those), and know nothing of what they show.
//!
//! A picture that is scaled down takes its words along, so each chart is drawn twice: once for a desk and
//! once for a phone. The stylesheet shows the one for which there is room.

mod columns;
mod curve;
mod fill;
mod frame;
mod rows;
mod scale;
mod svg;

pub use columns::{Column, Columns};
pub use curve::{Curve, Point};
pub use fill::{Fill, patterns};
pub use rows::{Row, Rows};
pub use scale::{Counts, Days, Grain, Tick};

use svg::Svg;

/// For how much room a chart is drawn, in units that are about a pixel each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// On a desk.
    Wide,
    /// On a phone.
    Narrow,
}

impl Size {
    /// How wide the picture is.
    fn width(self) -> f64 {
        match self {
            Self::Wide => 800.0,
            Self::Narrow => 300.0,
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Wide => "chart wide-chart",
            Self::Narrow => "chart narrow-chart",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Wide => "wide",
            Self::Narrow => "narrow",
        }
    }
}

/// What is said of a picture to those who do not see it.
#[derive(Clone, Debug)]
pub struct Said {
    /// An id by which no other picture of the page goes.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// What can be seen in it.
    pub description: String,
}

/// How numbers and days are written.
pub trait Script {
    /// A count.
    fn count(&self, count: u64) -> String;
    /// The mark of a time axis.
    fn tick(&self, tick: Tick) -> String;
}

/// Something that can be drawn.
pub trait Chart {
    /// How tall it is.
    fn height(&self, size: Size) -> f64;
    /// Draws it.
    fn draw(&self, svg: &mut Svg, size: Size, script: &dyn Script);
}

/// The chart in both sizes.
#[must_use]
pub fn draw(chart: &dyn Chart, said: &Said, script: &dyn Script) -> String {
    [Size::Wide, Size::Narrow]
        .map(|size| {
            let mut svg = Svg::begin(size, chart.height(size), said);
            chart.draw(&mut svg, size, script);
            svg.end()
        })
        .concat()
}

#[cfg(test)]
mod tests;
