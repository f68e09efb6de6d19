//! The map as a figure: where everything goes.

use crate::drawing::{Anchor, Drawing, Item, Line, Weight};
use crate::font::Fonts;
use crate::palette::{NOISE, Shape, mark, rgb};
use crate::tables::thousands;
use crate::{Error, MAX_POINTS, Report, png, sample, svg};

pub(crate) const INK: [u8; 3] = [27, 32, 40];
pub(crate) const QUIET: [u8; 3] = [91, 100, 114];
pub(crate) const GROUND: [u8; 3] = [255; 3];
pub(crate) const PANEL: [u8; 3] = [247, 248, 250];
const MIN_PX: u32 = 200;
const MAX_PX: u32 = 10_000;

/// Size of a figure in pixels; text and points grow with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Width in pixels, 200 to 10,000.
    pub width_px: u32,
    /// Height in pixels, 200 to 10,000.
    pub height_px: u32,
}

impl Default for Size {
    /// 1600 x 1100: sharp across a page of a paper.
    fn default() -> Self {
        Self { width_px: 1600, height_px: 1100 }
    }
}

impl Size {
    /// Checks that a figure of this size can be drawn.
    ///
    /// # Errors
    /// [`Error::FigureSize`] where a side is too short or too long.
    pub fn check(self) -> Result<(), Error> {
        let sides = MIN_PX..=MAX_PX;
        if sides.contains(&self.width_px) && sides.contains(&self.height_px) {
            return Ok(());
        }
        Err(Error::FigureSize {
            width_px: self.width_px,
            height_px: self.height_px,
            min_px: MIN_PX,
            max_px: MAX_PX,
        })
    }
}

/// The map as a PNG file: points coloured by cluster, labels at the middle of each cluster, a legend.
///
/// Draws the same points as [`crate::page`]. Same report and size, same bytes. Time and memory linear in pixels and
/// points; 50,000 points at the default size take about half a second.
///
/// # Errors
/// As [`Report::check`] and [`Size::check`].
pub fn map_png(report: &Report, size: Size) -> Result<Vec<u8>, Error> {
    png::render(&map_svg(report, size)?, size)
}

/// The map as an SVG document: what [`map_png`] renders, with text as text.
///
/// # Errors
/// As [`Report::check`] and [`Size::check`].
pub fn map_svg(report: &Report, size: Size) -> Result<String, Error> {
    Ok(svg::write(&draw(report, size, &Fonts::new()?)?))
}

/// A rectangle in pixels.
#[derive(Clone, Copy)]
struct Area {
    x: f32,
    y: f32,
    width: f32,
    height: f32,
}

fn draw(report: &Report, size: Size, fonts: &Fonts) -> Result<Drawing, Error> {
    report.check()?;
    size.check()?;
    let (width, height) = (size.width_px as f32, size.height_px as f32);
    // All lengths are in units of a figure 1200 pixels wide (or 825 high, whichever is the tighter).
    let unit = (width / 1200.0).min(height / 825.0);
    let chosen = sample(report.points.len(), MAX_POINTS, report.seed);
    let legend_width = if report.clusters.is_empty() { 0.0 } else { (300.0 * unit).min(width * 0.4) };
    let area = Area {
        x: 24.0 * unit,
        y: 92.0 * unit,
        width: width - 48.0 * unit - legend_width,
        height: height - 116.0 * unit,
    };
    let mut items = Vec::with_capacity(chosen.len() + 3 * report.clusters.len() + 8);
    let Area { x, y, width: panel_width, height: panel_height } = area;
    items.push(Item::Panel { x, y, width: panel_width, height: panel_height, colour: PANEL });
    heading(&mut items, report, chosen.len(), unit, width, fonts);
    if chosen.is_empty() {
        excuse(&mut items, report, area, unit, fonts);
    } else {
        points(&mut items, report, &chosen, area, unit, fonts);
    }
    if legend_width > 0.0 {
        let x = area.x + area.width + 20.0 * unit;
        legend(&mut items, report, Area { x, width: width - x - 24.0 * unit, ..area }, unit, fonts);
    }
    let title = format!("{}: map of {}", report.title, report.unit.plural());
    Ok(Drawing { width: size.width_px, height: size.height_px, title, ground: GROUND, items })
}

/// A plain line of text that starts at `x`.
pub(crate) fn line(x: f32, y: f32, size: f32, colour: [u8; 3], text: String) -> Line {
    Line { x, y, size, weight: Weight::Regular, anchor: Anchor::Start, colour, halo: 0.0, text }
}

fn heading(items: &mut Vec<Item>, report: &Report, n_shown: usize, unit: f32, width: f32, fonts: &Fonts) {
    let room = width - 48.0 * unit;
    let size = 24.0 * unit;
    let title = fonts.fit(&report.title, Weight::Bold, size, room);
    let weight = Weight::Bold;
    items.push(Item::Text(Line { weight, ..line(24.0 * unit, 44.0 * unit, size, INK, title) }));
    let size = 14.0 * unit;
    let about = fonts.fit(&subtitle(report, n_shown), Weight::Regular, size, room);
    items.push(Item::Text(line(24.0 * unit, 70.0 * unit, size, QUIET, about)));
}

/// How many points of how many, how they were placed and what made them.
fn subtitle(report: &Report, n_shown: usize) -> String {
    let n_total = report.n_points_total.max(report.points.len() as u64);
    let mut parts = Vec::new();
    if n_shown > 0 {
        let of = if n_total > n_shown as u64 { format!(" of {}", thousands(n_total)) } else { String::new() };
        parts.push(format!("{}{of} {}", thousands(n_shown as u64), report.unit.plural()));
    }
    parts.extend([&report.map_method, &report.corpus_name, &report.generated_with].map(String::clone));
    parts.push(format!("seed {}", report.seed));
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}

/// Says in the middle of an empty map why it is empty.
fn excuse(items: &mut Vec<Item>, report: &Report, area: Area, unit: f32, fonts: &Fonts) {
    let why = report.why_no_clusters.as_deref().unwrap_or("There is nothing to map.");
    let size = 17.0 * unit;
    let mut y = area.y + area.height / 2.0;
    for text in fonts.wrap(why, Weight::Regular, size, area.width * 0.8) {
        let plain = line(area.x + area.width / 2.0, y, size, QUIET, text);
        items.push(Item::Text(Line { anchor: Anchor::Middle, ..plain }));
        y += 1.5 * size;
    }
}

/// The points, noise below, then the labels of the clusters.
fn points(items: &mut Vec<Item>, report: &Report, chosen: &[usize], area: Area, unit: f32, fonts: &Fonts) {
    let places = fit(report, chosen, area, 26.0 * unit);
    let positions = crate::tables::positions(report);
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); report.clusters.len()];
    let mut coloured = Vec::with_capacity(chosen.len());
    // From 5 units for a hundred points down to 1.6 for 50,000, so that about the same share of the panel is inked.
    let radius = (7.6 - 1.28 * (chosen.len() as f32).log10()).clamp(1.4, 5.5) * unit;
    for (at, &index) in chosen.iter().enumerate() {
        let (x, y) = places[at];
        let cluster = report.points[index].cluster.and_then(|id| positions.get(&id).copied());
        let Some(position) = cluster else {
            let (shape, colour) = (Shape::Circle, rgb(NOISE.light));
            items.push(Item::Mark { x, y, radius: radius * 0.8, shape, colour, opacity: 0.6 });
            continue;
        };
        members[position].push(at);
        let (colour, shape) = mark(position);
        coloured.push(Item::Mark { x, y, radius, shape, colour: rgb(colour.light), opacity: 0.75 });
    }
    items.append(&mut coloured);
    labels(items, report, &members, &places, area, unit, fonts);
}

/// Places on the panel, in the order of `chosen`: one scale for both axes, the cloud in the middle, y upwards.
fn fit(report: &Report, chosen: &[usize], area: Area, margin: f32) -> Vec<(f32, f32)> {
    let range = |coordinate: fn(&crate::Point) -> f32| {
        let values = chosen.iter().map(|&index| f64::from(coordinate(&report.points[index])));
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
    };
    let ((x_low, x_high), (y_low, y_high)) = (range(|p| p.x), range(|p| p.y));
    let room = (f64::from(area.width - 2.0 * margin), f64::from(area.height - 2.0 * margin));
    let scale = (room.0 / (x_high - x_low).max(1e-30)).min(room.1 / (y_high - y_low).max(1e-30));
    let middle = ((x_low + x_high) / 2.0, (y_low + y_high) / 2.0);
    let place = |&index: &usize| {
        let point = &report.points[index];
        let dx = (f64::from(point.x) - middle.0) * scale;
        let dy = (f64::from(point.y) - middle.1) * scale;
        (area.x + area.width / 2.0 + dx as f32, area.y + area.height / 2.0 - dy as f32)
    };
    chosen.iter().map(place).collect()
}

/// Labels at the median of each cluster, largest first; one that would cover an earlier one is left to the legend.
fn labels(
    items: &mut Vec<Item>,
    report: &Report,
    members: &[Vec<usize>],
    places: &[(f32, f32)],
    area: Area,
    unit: f32,
    fonts: &Fonts,
) {
    let size = 15.0 * unit;
    let mut order: Vec<usize> = (0..members.len()).filter(|&at| !members[at].is_empty()).collect();
    order.sort_by_key(|&at| (std::cmp::Reverse(members[at].len()), at));
    let mut taken: Vec<(f32, f32, f32)> = Vec::new();
    for position in order {
        let text = fonts.fit(&report.clusters[position].label, Weight::Bold, size, 210.0 * unit);
        let half = fonts.width(&text, Weight::Bold, size) / 2.0;
        let inside = (area.x + half + 4.0 * unit, area.x + area.width - half - 4.0 * unit);
        let x = median(&members[position], |at| places[at].0).min(inside.1).max(inside.0);
        let y = median(&members[position], |at| places[at].1);
        let clear = |&(other_x, other_y, other_half): &(f32, f32, f32)| {
            (x - other_x).abs() > half + other_half + 4.0 * unit || (y - other_y).abs() > 1.25 * size
        };
        if text.is_empty() || !taken.iter().all(clear) {
            continue;
        }
        taken.push((x, y, half));
        let (weight, anchor, halo) = (Weight::Bold, Anchor::Middle, 2.2 * unit);
        items.push(Item::Text(Line { weight, anchor, halo, ..line(x, y + 0.35 * size, size, INK, text) }));
    }
}

/// The middle value (the upper one of two).
fn median(rows: &[usize], value: impl Fn(usize) -> f32) -> f32 {
    let mut values: Vec<f32> = rows.iter().map(|&at| value(at)).collect();
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}

fn legend(items: &mut Vec<Item>, report: &Report, area: Area, unit: f32, fonts: &Fonts) {
    let size = 14.0 * unit;
    let row = 25.0 * unit;
    let room = ((area.height / row) as usize).max(1);
    let n = report.clusters.len();
    // The last row is needed to say how many clusters are not listed.
    let n_listed = if n <= room { n } else { room - 1 };
    let mut y = area.y + 0.7 * row;
    for (position, cluster) in report.clusters.iter().take(n_listed).enumerate() {
        let (colour, shape) = mark(position);
        let (x, radius, colour) = (area.x + 8.0 * unit, 6.0 * unit, rgb(colour.light));
        items.push(Item::Mark { x, y: y - 0.36 * size, radius, shape, colour, opacity: 1.0 });
        let count = match report.unit {
            crate::Unit::Authors => cluster.size_authors,
            crate::Unit::Posts => cluster.size_posts,
        };
        let count = format!("  {}", thousands(count));
        let used = 24.0 * unit + fonts.width(&count, Weight::Regular, size);
        let label = fonts.fit(&cluster.label, Weight::Regular, size, area.width - used);
        let start = area.x + 24.0 * unit;
        let end = start + fonts.width(&label, Weight::Regular, size);
        items.push(Item::Text(line(start, y, size, INK, label)));
        items.push(Item::Text(line(end + 8.0 * unit, y, size, QUIET, count.trim_start().to_owned())));
        y += row;
    }
    if n_listed < n {
        let text = format!("and {} more", n - n_listed);
        items.push(Item::Text(line(area.x + 24.0 * unit, y, size, QUIET, text)));
    }
}
