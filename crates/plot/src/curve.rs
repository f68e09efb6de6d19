//! The curve over k as a figure: how well apart clusters are at every number of them, and which was chosen.

use crate::drawing::{Anchor, Drawing, Item, Line, Weight};
use crate::figure::{GROUND, INK, PANEL, QUIET, line};
use crate::font::Fonts;
use crate::palette::{Shape, rgb};
use crate::quality::silhouette_of;
use crate::report::Choice;
use crate::{Error, Report, Size, svg};

const CURVE: [u8; 3] = [11, 111, 184];
const CHOSEN: &str = "#db7900";
const GRID: [u8; 3] = [226, 229, 234];

/// The curve as an SVG document, the chosen k marked; `None` where the number of clusters was given.
///
/// Same report and size, same bytes.
///
/// # Errors
/// As [`Size::check`].
pub fn curve_svg(report: &Report, size: Size) -> Result<Option<String>, Error> {
    size.check()?;
    let Some(choice) = &report.choice else { return Ok(None) };
    let points: Vec<(u64, f64)> = choice
        .curve
        .iter()
        .filter(|point| point.silhouette.is_finite())
        .map(|point| (point.k, point.silhouette))
        .collect();
    if points.is_empty() {
        return Ok(None);
    }
    Ok(Some(svg::write(&draw(report, choice, &points, size, &Fonts::new()?))))
}

/// Where values lie on the panel.
struct Axes {
    left: f32,
    top: f32,
    width: f32,
    height: f32,
    k: (f64, f64),
    score: (f64, f64),
}

impl Axes {
    fn x(&self, k: u64) -> f32 {
        let share = (k as f64 - self.k.0) / (self.k.1 - self.k.0).max(1.0);
        self.left + (0.02 + 0.96 * share as f32) * self.width
    }

    fn y(&self, score: f64) -> f32 {
        let share = (score - self.score.0) / (self.score.1 - self.score.0).max(1e-9);
        self.top + (1.0 - share as f32) * self.height
    }
}

fn draw(report: &Report, choice: &Choice, points: &[(u64, f64)], size: Size, fonts: &Fonts) -> Drawing {
    let (width, height) = (size.width_px as f32, size.height_px as f32);
    let unit = (width / 1200.0).min(height / 825.0);
    let scores = || points.iter().map(|&(_, score)| score);
    let most = scores().fold(f64::NEG_INFINITY, f64::max);
    let step = tick_step(most.max(0.0) - scores().fold(0.0, f64::min));
    let axes = Axes {
        left: 84.0 * unit,
        top: 96.0 * unit,
        width: width - 108.0 * unit,
        height: height - 172.0 * unit,
        k: (points[0].0 as f64, points[points.len() - 1].0 as f64),
        // Zero is always there: it is where clusters are no clusters.
        score: ((scores().fold(0.0, f64::min) / step).floor() * step, (most / step).ceil().max(1.0) * step),
    };
    let mut items = vec![Item::Panel {
        x: axes.left,
        y: axes.top,
        width: axes.width,
        height: axes.height,
        colour: PANEL,
    }];
    heading(&mut items, report, choice, unit, width, fonts);
    grid(&mut items, &axes, points, step, unit, fonts);
    let stroke = |points, width, colour| Item::Stroke { points, width, colour };
    let (x, top) = (axes.x(choice.k), axes.top);
    items.push(stroke(vec![(x, top), (x, top + axes.height)], 1.5 * unit, rgb(CHOSEN)));
    let path = points.iter().map(|&(k, score)| (axes.x(k), axes.y(score))).collect();
    items.push(stroke(path, 2.0 * unit, CURVE));
    for &(k, score) in points {
        let (radius, colour) = if k == choice.k { (7.0, rgb(CHOSEN)) } else { (3.5, CURVE) };
        let (x, y, radius) = (axes.x(k), axes.y(score), radius * unit);
        items.push(Item::Mark { x, y, radius, shape: Shape::Circle, colour, opacity: 1.0 });
    }
    let title = format!("{}: choice of the number of clusters", report.title);
    Drawing { width: size.width_px, height: size.height_px, title, ground: GROUND, items }
}

fn heading(items: &mut Vec<Item>, report: &Report, choice: &Choice, unit: f32, width: f32, fonts: &Fonts) {
    let room = width - 48.0 * unit;
    let title = fonts.fit(&report.title, Weight::Bold, 24.0 * unit, room);
    let bold = line(24.0 * unit, 44.0 * unit, 24.0 * unit, INK, title);
    items.push(Item::Text(Line { weight: Weight::Bold, ..bold }));
    let score = silhouette_of(choice).map_or_else(String::new, |score| format!(" at {score:.3}"));
    let about = format!(
        "Simplified silhouette of k clusters of {} {}; k = {}{score} was chosen · {} · {} · seed {}",
        crate::tables::thousands(choice.n_units),
        report.unit.plural(),
        choice.k,
        report.corpus_name,
        report.generated_with,
        report.seed
    );
    let about = fonts.fit(&about, Weight::Regular, 14.0 * unit, room);
    items.push(Item::Text(line(24.0 * unit, 70.0 * unit, 14.0 * unit, QUIET, about)));
}

/// Lines and numbers of both axes.
fn grid(items: &mut Vec<Item>, axes: &Axes, points: &[(u64, f64)], step: f64, unit: f32, fonts: &Fonts) {
    let size = 14.0 * unit;
    let n_steps = ((axes.score.1 - axes.score.0) / step).round() as u32;
    for i in 0..=n_steps {
        let score = axes.score.0 + f64::from(i) * step;
        let y = axes.y(score);
        let ends = vec![(axes.left, y), (axes.left + axes.width, y)];
        items.push(Item::Stroke { points: ends, width: unit, colour: GRID });
        // Adding zero turns -0 into 0.
        let text = format!("{:.2}", score + 0.0);
        let x = axes.left - 10.0 * unit - fonts.width(&text, Weight::Regular, size);
        items.push(Item::Text(line(x, y + 0.35 * size, size, QUIET, text)));
    }
    let below = axes.top + axes.height + 24.0 * unit;
    let every = (points.len() / 12).max(1) as u64;
    let middle = |x: f32, text: String| Line { anchor: Anchor::Middle, ..line(x, below, size, QUIET, text) };
    for &(k, _) in points.iter().filter(|(k, _)| k.is_multiple_of(every)) {
        items.push(Item::Text(middle(axes.x(k), k.to_string())));
    }
    let name = middle(axes.left + axes.width / 2.0, "k, the number of clusters".to_owned());
    items.push(Item::Text(Line { y: below + 26.0 * unit, ..name }));
}

/// A round distance of ticks that makes three to eight of them over `range`.
fn tick_step(range: f64) -> f64 {
    [0.01, 0.02, 0.05, 0.1, 0.2, 0.5].into_iter().find(|step| range / step <= 7.0).unwrap_or(0.5)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use crate::report::CurvePoint;

    fn report(curve: &[(u64, f64)], k: u64) -> Report {
        let point = |&(k, silhouette): &(u64, f64)| CurvePoint { k, silhouette, eligible: true };
        let choice =
            Choice { k, n_units: 1_234, at_the_end: false, curve: curve.iter().map(point).collect() };
        Report { title: "A <b> & c".into(), choice: Some(choice), ..Report::default() }
    }

    #[test]
    fn the_curve_rises_with_the_score_and_the_chosen_k_is_marked() {
        let svg = curve_svg(&report(&[(2, 0.1), (3, 0.7), (4, -0.05)], 3), Size::default()).unwrap().unwrap();
        let xml = roxmltree::Document::parse(&svg).unwrap();
        let marks: Vec<(f32, f32, &str)> = xml
            .descendants()
            .filter(|node| node.has_tag_name("circle"))
            .map(|node| {
                let number = |name| node.attribute(name).unwrap().parse().unwrap();
                (number("cx"), number("cy"), node.attribute("fill").unwrap())
            })
            .collect();
        assert_eq!(marks.len(), 3);
        assert!(marks[0].0 < marks[1].0 && marks[1].0 < marks[2].0);
        assert!(marks[1].1 < marks[0].1 && marks[0].1 < marks[2].1);
        assert_eq!(marks.iter().filter(|mark| mark.2 == CHOSEN).count(), 1);
        assert_eq!(marks[1].2, CHOSEN);
        let texts: Vec<&str> = xml.descendants().filter_map(|n| n.text()).collect();
        assert!(texts.iter().any(|text| text.contains("k = 3 at 0.700 was chosen")), "{texts:?}");
    }

    #[test]
    fn without_a_choice_there_is_no_curve() {
        assert_eq!(curve_svg(&Report::default(), Size::default()).unwrap(), None);
        assert_eq!(curve_svg(&report(&[(2, f64::NAN)], 2), Size::default()).unwrap(), None);
        assert!(curve_svg(&report(&[(2, 0.0)], 2), Size::default()).unwrap().is_some());
    }
}
