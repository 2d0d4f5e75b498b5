//! Counts that last until they change, over time: areas in front of each other, and lines.

use super::{
    Chart, Days, Fill, Script, Size,
    frame::{self, Frame},
    svg::{Anchor, Svg, extent, length},
};
use chrono::NaiveDate;
use std::fmt::Write as _;

/// A chart of curves.
#[derive(Clone, Debug)]
pub struct Curve {
    /// The time axis.
    pub days: Days,
    /// How each curve is drawn, those behind first. What is dashed is a line, all else an area.
    pub fills: Vec<Fill>,
    /// The days on which something changed, in order, the first day of the axis included.
    pub points: Vec<Point>,
    /// A day on which something happened, and what.
    pub event: Option<(NaiveDate, String)>,
}

/// The counts from a day on.
#[derive(Clone, Debug)]
pub struct Point {
    /// The day.
    pub day: NaiveDate,
    /// The count of each curve.
    pub counts: Vec<u64>,
}

impl Chart for Curve {
    fn height(&self, size: Size) -> f64 {
        frame::height(size)
    }

    fn draw(&self, svg: &mut Svg, size: Size, script: &dyn Script) {
        let counts = self.points.iter().flat_map(|point| &point.counts);
        let most = counts.copied().max().unwrap_or(0);
        let frame = Frame::new(size, self.days, most, script);
        frame.draw_counts(svg, script);
        for (index, fill) in self.fills.iter().enumerate() {
            let line = self.line(&frame, index);
            if *fill == Fill::Dashed {
                // On an area of another colour it is seen by the light around it.
                svg.path("halo", &format!("M{line}"));
                svg.path("dashed", &format!("M{line}"));
                continue;
            }
            let [[left, _], [width, _]] = frame.inside();
            let (left, right) = (length(left), length(left + width));
            let (class, bottom) = (fill.class(), length(frame.bottom()));
            svg.path(
                &format!("{class} area"),
                &format!("M{left} {bottom}L{line}V{bottom}H{right}Z"),
            );
            svg.path(&format!("{class}-edge"), &format!("M{line}"));
        }
        self.draw_event(svg, &frame);
        frame.draw_days(svg, script, false);
    }
}

impl Curve {
    /// The upper edge of a curve, in steps.
    fn line(&self, frame: &Frame, index: usize) -> String {
        let [[left, _], [width, _]] = frame.inside();
        let mut line = String::new();
        let mut height = String::new();
        for point in &self.points {
            let count = point.counts.get(index).copied().unwrap_or(0);
            let y = length(frame.y(count));
            if line.is_empty() {
                line = format!("{} {y}", length(left));
            } else if y != height {
                // Writing to a string does not fail.
                let _ = write!(line, "H{}V{y}", length(frame.x(point.day)));
            }
            height = y;
        }
        if line.is_empty() {
            line = format!("{} {}", length(left), length(frame.bottom()));
        }
        let _ = write!(line, "H{}", length(left + width));
        line
    }

    fn draw_event(&self, svg: &mut Svg, frame: &Frame) {
        let among = |day: &NaiveDate| (self.days.first()..=self.days.last()).contains(day);
        let Some((day, says)) = self.event.as_ref().filter(|(day, _)| among(day)) else {
            return;
        };
        let [[left, top], [width, height]] = frame.inside();
        let x = frame.x(*day);
        let line = format!(
            "M{} {}V{}",
            length(x),
            length(top - 6.0),
            length(top + height)
        );
        svg.path("event", &line);
        // The words stand on the side on which there is room for them.
        let (anchor, at) = if x + 8.0 + extent(says) <= left + width {
            (Anchor::Start, x + 6.0)
        } else {
            (Anchor::End, x - 6.0)
        };
        svg.text("label event-label", [at, top - 8.0], anchor, says);
    }
}
