//! Lines over time with axes, a grid and a legend.

use super::canvas::{Canvas, Colour, text_width};
use super::definition::Widget;
use kernel::Timestamp;
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// A line to be drawn.
#[derive(Debug)]
pub(super) struct Drawn {
    pub(super) label: SmolStr,
    pub(super) points: Vec<(Timestamp, f64)>,
}

const INK: Colour = [60, 60, 60];
const GRID: Colour = [224, 224, 224];
const MARK: Colour = [214, 39, 40];
/// The colours of lines, in turn.
const COLOURS: [Colour; 8] = [
    [31, 119, 180],
    [255, 127, 14],
    [44, 160, 44],
    [214, 39, 40],
    [148, 103, 189],
    [140, 86, 75],
    [227, 119, 194],
    [127, 127, 127],
];
/// Rows of the grid.
const STEPS: i64 = 4;
/// Height of a line of text.
const TEXT: i64 = 12;

/// Where the plot is in the picture, and what its edges mean.
struct Plot {
    left: i64,
    right: i64,
    top: i64,
    bottom: i64,
    from: i64,
    to: i64,
    least: f64,
    most: f64,
}

impl Plot {
    fn x(&self, at: Timestamp) -> i64 {
        let share = (at.0 - self.from) as f64 / (self.to - self.from) as f64;
        self.left + (share * (self.right - self.left) as f64).round() as i64
    }

    fn y(&self, value: f64) -> i64 {
        let share = ((value - self.least) / (self.most - self.least)).clamp(-0.5, 1.5);
        self.bottom - (share * (self.bottom - self.top) as f64).round() as i64
    }
}

/// Draws a widget.
pub(super) fn draw(widget: &Widget, lines: &[Drawn]) -> Canvas {
    let mut canvas = Canvas::new(widget.width, widget.height);
    let heaps = if widget.stacked { stacked(lines) } else { plain(lines) };
    let (least, most) = bounds(widget, &heaps);
    let legend = (lines.len() as i64).min(8) * TEXT;
    let top = if widget.title.is_empty() { 15 } else { 30 };
    let plot = Plot {
        left: 60,
        // Pictures may be too small for what is around the plot.
        right: (widget.width as i64 - 20).max(61),
        top,
        bottom: (widget.height as i64 - 25 - legend).max(top + 1),
        from: widget.from.0,
        to: widget.to.0,
        least,
        most,
    };
    if !widget.title.is_empty() {
        let x = (widget.width as i64 - text_width(&widget.title)) / 2;
        canvas.text((x.max(2), 10), &widget.title, INK);
    }
    axes(&mut canvas, &plot, widget.offset);
    for (value, label) in &widget.annotations {
        let y = plot.y(*value);
        if (plot.top..=plot.bottom).contains(&y) {
            canvas.line((plot.left, y), (plot.right, y), 1, MARK);
            canvas.text((plot.left + 4, y - 9), label, MARK);
        }
    }
    for (number, points) in heaps.iter().enumerate() {
        line(&mut canvas, &plot, points, COLOURS[number % COLOURS.len()]);
    }
    for (number, drawn) in lines.iter().take(8).enumerate() {
        let y = plot.bottom + 22 + number as i64 * TEXT;
        let colour = COLOURS[number % COLOURS.len()];
        canvas.rectangle((plot.left, y), (plot.left + 8, y + 8), colour);
        canvas.text((plot.left + 12, y), &drawn.label, INK);
    }
    canvas
}

fn plain(lines: &[Drawn]) -> Vec<Vec<(Timestamp, f64)>> {
    lines.iter().map(|line| line.points.clone()).collect()
}

/// Each line on top of those before it.
fn stacked(lines: &[Drawn]) -> Vec<Vec<(Timestamp, f64)>> {
    let mut heights: BTreeMap<Timestamp, f64> = BTreeMap::new();
    let mut heap = |line: &Drawn| {
        let raised = line.points.iter().map(|(at, value)| {
            let height = heights.entry(*at).or_insert(0.0);
            *height += value;
            (*at, *height)
        });
        raised.collect()
    };
    lines.iter().map(&mut heap).collect()
}

/// The bounds of the left axis: those of the widget, else all values with a little room.
fn bounds(widget: &Widget, heaps: &[Vec<(Timestamp, f64)>]) -> (f64, f64) {
    let values = || heaps.iter().flatten().map(|(_, value)| *value);
    let least = widget.least.unwrap_or_else(|| values().fold(f64::INFINITY, f64::min));
    let most = widget.most.unwrap_or_else(|| values().fold(f64::NEG_INFINITY, f64::max));
    match (least.is_finite() && most.is_finite(), most - least) {
        (false, _) => (0.0, 1.0),
        (true, span) if span > 0.0 && span.is_finite() => {
            let room = span * 0.05;
            let low = if widget.least.is_some() { least } else { least - room };
            (low, if widget.most.is_some() { most } else { most + room })
        }
        (true, _) => (least - 0.5, least + 0.5),
    }
}

fn axes(canvas: &mut Canvas, plot: &Plot, offset: i64) {
    for step in 0..=STEPS {
        let share = step as f64 / STEPS as f64;
        let value = plot.least + (plot.most - plot.least) * share;
        let y = plot.y(value);
        canvas.line((plot.left, y), (plot.right, y), 1, GRID);
        let label = short(value);
        canvas.text((plot.left - 6 - text_width(&label), y - 3), &label, INK);
        let at = Timestamp(plot.from + ((plot.to - plot.from) as f64 * share) as i64);
        let x = plot.x(at);
        canvas.line((x, plot.top), (x, plot.bottom), 1, GRID);
        let label = moment(at.plus_millis(offset), plot.to - plot.from);
        canvas.text((x - text_width(&label) / 2, plot.bottom + 8), &label, INK);
    }
    canvas.line((plot.left, plot.top), (plot.left, plot.bottom), 1, INK);
    canvas.line((plot.left, plot.bottom), (plot.right, plot.bottom), 1, INK);
}

fn line(canvas: &mut Canvas, plot: &Plot, points: &[(Timestamp, f64)], colour: Colour) {
    let place = |(at, value): &(Timestamp, f64)| {
        (plot.x(*at).clamp(plot.left, plot.right), plot.y(*value).clamp(plot.top, plot.bottom))
    };
    for pair in points.windows(2) {
        canvas.line(place(&pair[0]), place(&pair[1]), 2, colour);
    }
    if let [only] = points {
        let (x, y) = place(only);
        canvas.rectangle((x - 2, y - 2), (x + 3, y + 3), colour);
    }
}

/// `12.5`, `3.4k`, `1.2M`
fn short(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        v if v >= 1e9 => (value / 1e9, "G"),
        v if v >= 1e6 => (value / 1e6, "M"),
        v if v >= 1e3 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    if scaled.abs() >= 1e4 {
        return format!("{value:.1e}");
    }
    let text = format!("{scaled:.2}");
    format!("{}{unit}", text.trim_end_matches('0').trim_end_matches('.'))
}

/// The time of day; the date too where the picture spans days.
fn moment(at: Timestamp, span: i64) -> String {
    let (_, month, day, hour, minute, ..) = at.civil();
    match span > 2 * 86_400_000 {
        true => format!("{month:02}/{day:02}"),
        false => format!("{hour:02}:{minute:02}"),
    }
}
