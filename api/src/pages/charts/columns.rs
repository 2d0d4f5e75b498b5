//! Columns over time, each of several parts on top of each other.

use super::{
    Chart, Days, Fill, Script, Size,
    frame::{self, Frame},
    svg::{Svg, length},
};
use chrono::NaiveDate;

/// What is counted more than never is seen, however little it is.
const LEAST: f64 = 1.5;

/// A chart of columns.
#[derive(Clone, Debug)]
pub struct Columns {
    /// The time axis.
    pub days: Days,
    /// How each part is filled, from the bottom up.
    pub fills: Vec<Fill>,
    /// The columns, in order.
    pub bars: Vec<Column>,
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its first day.
    pub first: NaiveDate,
    /// Its last day.
    pub last: NaiveDate,
    /// How much of each part there is.
    pub parts: Vec<u64>,
    /// Whether a triangle stands above it.
    pub marked: bool,
    /// What is said to whoever points at it.
    pub says: String,
}

impl Column {
    fn sum(&self) -> u64 {
        self.parts
            .iter()
            .fold(0, |sum, part| sum.saturating_add(*part))
    }
}

impl Chart for Columns {
    fn height(&self, size: Size) -> f64 {
        frame::height(size)
    }

    fn draw(&self, svg: &mut Svg, size: Size, script: &dyn Script) {
        let most = self.bars.iter().map(Column::sum).max().unwrap_or(0);
        let frame = Frame::new(size, self.days, most, script);
        frame.draw_counts(svg, script);
        for column in &self.bars {
            self.draw_column(svg, &frame, column);
        }
        let each_a_day = self.bars.iter().all(|each| each.first == each.last);
        frame.draw_days(svg, script, each_a_day);
    }
}

impl Columns {
    fn draw_column(&self, svg: &mut Svg, frame: &Frame, column: &Column) {
        let end = column.last.succ_opt().unwrap_or(column.last);
        let (left, room) = (frame.x(column.first), frame.x(end) - frame.x(column.first));
        // A day alone is no wall, and many leave a gap between each other.
        let width = (room * 0.78).clamp(1.0, 48.0).min(room.max(1.0));
        let left_of_bar = left + (room - width) / 2.0;
        let (mut sum, mut top) = (0_u64, frame.bottom());
        for (fill, part) in self.fills.iter().zip(&column.parts) {
            if *part == 0 {
                continue;
            }
            sum = sum.saturating_add(*part);
            let height = (top - frame.y(sum)).max(LEAST);
            top -= height;
            svg.bar(*fill, [left_of_bar, top], [width, height]);
        }
        if column.marked {
            let middle = length(left + room / 2.0);
            let y = length(top - 11.0);
            svg.path("triangle", &format!("M{middle} {y}m-5 0h10l-5 8Z"));
        }
        if sum > 0 || column.marked {
            let [[_, y], [_, height]] = frame.inside();
            svg.hint([left, y], [room, height], &column.says);
        }
    }
}
