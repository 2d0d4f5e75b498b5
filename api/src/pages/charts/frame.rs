//! What charts over time have in common: the axes, and where things stand between them.

use super::{
    Counts, Days, Script, Size,
    svg::{Anchor, Svg, extent},
};
use chrono::NaiveDate;

/// An axis holds as many, however few there are: one alone is no tower.
const LEAST: u64 = 4;
/// Above the highest mark.
const TOP: f64 = 24.0;
/// Below the axis of days.
const BOTTOM: f64 = 30.0;
/// Behind the last day.
const RIGHT: f64 = 10.0;

/// The place of a chart between its axes.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    counts: Counts,
    days: Days,
    left: f64,
    width: f64,
    height: f64,
}

/// How tall charts over time are.
pub fn height(size: Size) -> f64 {
    match size {
        Size::Wide => 260.0,
        Size::Narrow => 210.0,
    }
}

impl Frame {
    /// The frame for counts up to this one.
    pub fn new(size: Size, days: Days, most: u64, script: &dyn Script) -> Self {
        let counts = Counts::up_to(most.max(LEAST), if size == Size::Wide { 5 } else { 4 });
        let labels = counts.ticks().map(|count| extent(&script.count(count)));
        Self {
            counts,
            days,
            left: labels.fold(10.0, f64::max) + 12.0,
            width: size.width(),
            height: height(size),
        }
    }

    /// How much room there is across.
    fn across(&self) -> f64 {
        (self.width - self.left - RIGHT).max(1.0)
    }

    /// Where a day begins.
    pub fn x(&self, day: NaiveDate) -> f64 {
        self.left + self.across() * self.days.share(day)
    }

    /// How high a count stands.
    pub fn y(&self, count: u64) -> f64 {
        self.bottom() - (self.bottom() - TOP) * self.counts.share(count)
    }

    /// Where 0 is.
    pub fn bottom(&self) -> f64 {
        self.height - BOTTOM
    }

    /// The box between the axes: its place and its size.
    pub fn inside(&self) -> [[f64; 2]; 2] {
        [[self.left, TOP], [self.across(), self.bottom() - TOP]]
    }

    /// Draws the marks of the counts, behind everything.
    pub fn draw_counts(&self, svg: &mut Svg, script: &dyn Script) {
        for count in self.counts.ticks() {
            let y = self.y(count);
            let (from, to) = (super::svg::length(self.left), self.width - RIGHT);
            let class = if count == 0 { "axis" } else { "grid" };
            let (to, height) = (super::svg::length(to), super::svg::length(y));
            svg.path(class, &format!("M{from} {height}H{to}"));
            let label = script.count(count);
            svg.text("label", [self.left - 8.0, y + 4.5], Anchor::End, &label);
        }
    }

    /// Draws the marks of the days. Where columns stand for days, a mark is in the middle of one.
    pub fn draw_days(&self, svg: &mut Svg, script: &dyn Script, day_by_day: bool) {
        let at_most = if self.width > 500.0 { 9 } else { 5 };
        let mut free_from = 0.0;
        for tick in self.days.ticks(at_most) {
            let begin = self.x(tick.day);
            let half = if day_by_day {
                self.across() * super::scale::ratio(1, self.days.count()) / 2.0
            } else {
                0.0
            };
            let x = super::svg::length(begin + half);
            let y = super::svg::length(self.bottom());
            svg.path("axis", &format!("M{x} {y}v5"));
            let label = script.tick(tick);
            let side = extent(&label) / 2.0;
            let middle = (begin + half).clamp(side, self.width - side);
            if middle - side >= free_from {
                let at = [middle, self.bottom() + 20.0];
                svg.text("label", at, Anchor::Middle, &label);
                free_from = middle + side + 8.0;
            }
        }
    }
}
