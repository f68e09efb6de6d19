//! Precision against recall: what a judge finds, and how much of it is right.

use crate::drawing::{Anchor, Drawing, Item, Line, Weight};
use crate::figure::{GROUND, INK, PANEL, QUIET, line};
use crate::font::Fonts;
use crate::palette::{self, Shape, rgb};
use crate::{Error, Size, svg};

const GRID: [u8; 3] = [226, 229, 234];

/// Curves of judges of the same texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PrecisionRecall {
    /// Above the figure.
    pub title: String,
    /// Below the title.
    pub about: String,
    /// The curves, the most important first.
    pub curves: Vec<PrCurve>,
    /// Recall and precision at the threshold of the first curve.
    pub chosen: Option<(f64, f64)>,
}

/// One curve.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PrCurve {
    /// Whose.
    pub name: String,
    /// Recall and precision, each 0 to 1, by falling threshold.
    pub points: Vec<(f64, f64)>,
}

/// The curves as an SVG document: same curves and size, same bytes.
///
/// # Errors
/// As [`Size::check`].
pub fn precision_recall_svg(curves: &PrecisionRecall, size: Size) -> Result<String, Error> {
    size.check()?;
    Ok(svg::write(&draw(curves, size, &Fonts::new()?)))
}

/// Where shares lie on the panel.
struct Panel {
    left: f32,
    top: f32,
    width: f32,
    height: f32,
}

impl Panel {
    fn at(&self, (recall, precision): (f64, f64)) -> (f32, f32) {
        (self.left + recall as f32 * self.width, self.top + (1.0 - precision as f32) * self.height)
    }
}

fn draw(curves: &PrecisionRecall, size: Size, fonts: &Fonts) -> Drawing {
    let (width, height) = (size.width_px as f32, size.height_px as f32);
    let unit = (width / 1200.0).min(height / 825.0);
    let panel = Panel {
        left: 84.0 * unit,
        top: 96.0 * unit,
        width: width - 108.0 * unit,
        height: height - 172.0 * unit,
    };
    let (x, y) = (panel.left, panel.top);
    let mut items = vec![Item::Panel { x, y, width: panel.width, height: panel.height, colour: PANEL }];
    let room = width - 48.0 * unit;
    let title = fonts.fit(&curves.title, Weight::Bold, 24.0 * unit, room);
    items.push(Item::Text(Line {
        weight: Weight::Bold,
        ..line(24.0 * unit, 44.0 * unit, 24.0 * unit, INK, title)
    }));
    let about = fonts.fit(&curves.about, Weight::Regular, 14.0 * unit, room);
    items.push(Item::Text(line(24.0 * unit, 70.0 * unit, 14.0 * unit, QUIET, about)));
    grid(&mut items, &panel, unit, fonts);
    for (number, curve) in curves.curves.iter().enumerate() {
        let colour = rgb(palette::mark(number).0.light);
        let points = curve.points.iter().map(|&point| panel.at(point)).collect();
        items.push(Item::Stroke { points, width: 2.0 * unit, colour });
        let (x, y) =
            (panel.left + 24.0 * unit, panel.top + panel.height - (20.0 + 24.0 * number as f32) * unit);
        items.push(Item::Stroke { points: vec![(x, y), (x + 28.0 * unit, y)], width: 3.0 * unit, colour });
        let name = fonts.fit(&curve.name, Weight::Regular, 15.0 * unit, panel.width / 2.0);
        items.push(Item::Text(line(x + 38.0 * unit, y + 5.0 * unit, 15.0 * unit, INK, name)));
    }
    if let Some(chosen) = curves.chosen {
        let ((x, y), colour) = (panel.at(chosen), rgb(palette::mark(0).0.light));
        items.push(Item::Mark { x, y, radius: 6.0 * unit, shape: Shape::Circle, colour, opacity: 1.0 });
    }
    Drawing {
        width: size.width_px,
        height: size.height_px,
        title: curves.title.clone(),
        ground: GROUND,
        items,
    }
}

/// Lines and numbers of both axes.
fn grid(items: &mut Vec<Item>, panel: &Panel, unit: f32, fonts: &Fonts) {
    let size = 14.0 * unit;
    let below = panel.top + panel.height + 24.0 * unit;
    let middle = |x: f32, y: f32, text: String| {
        Item::Text(Line { anchor: Anchor::Middle, ..line(x, y, size, QUIET, text) })
    };
    for tenth in (0..=10).step_by(2) {
        let share = f64::from(tenth) / 10.0;
        let text = format!("{share:.1}");
        let ((x, y), (right, _)) = (panel.at((0.0, share)), panel.at((1.0, share)));
        items.push(Item::Stroke { points: vec![(x, y), (right, y)], width: unit, colour: GRID });
        let before = x - 10.0 * unit - fonts.width(&text, Weight::Regular, size);
        items.push(Item::Text(line(before, y + 0.35 * size, size, QUIET, text.clone())));
        items.push(middle(panel.at((share, 0.0)).0, below, text));
    }
    items.push(middle(panel.left + panel.width / 2.0, below + 26.0 * unit, "recall".to_owned()));
    items.push(Item::Text(line(
        panel.left + 12.0 * unit,
        panel.top + 22.0 * unit,
        size,
        QUIET,
        "precision".to_owned(),
    )));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn curves_go_from_left_to_right_and_names_are_no_markup() {
        let curves = PrecisionRecall {
            title: "A <b>".into(),
            curves: vec![
                PrCurve { name: "one & two".into(), points: vec![(0.0, 1.0), (0.5, 0.9), (1.0, 0.5)] },
                PrCurve { name: "always".into(), points: vec![(0.0, 0.5), (1.0, 0.5)] },
            ],
            chosen: Some((0.5, 0.9)),
            ..PrecisionRecall::default()
        };
        let svg = precision_recall_svg(&curves, Size::default()).unwrap();
        let xml = roxmltree::Document::parse(&svg).unwrap();
        let lines: Vec<Vec<(f32, f32)>> = xml
            .descendants()
            .filter(|node| node.has_tag_name("polyline"))
            .map(|node| {
                let places = node.attribute("points").unwrap().split(' ');
                places
                    .map(|place| place.split_once(',').unwrap())
                    .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
                    .collect()
            })
            .collect();
        let curve = lines.iter().find(|line| line.len() == 3).unwrap();
        assert!(curve.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1), "{curve:?}");
        let mark = xml.descendants().find(|node| node.has_tag_name("circle")).unwrap();
        assert_eq!(mark.attribute("cx").unwrap().parse::<f32>().unwrap(), curve[1].0);
        assert!(xml.descendants().filter_map(|node| node.text()).any(|text| text == "one & two"));
        assert_eq!(svg, precision_recall_svg(&curves, Size::default()).unwrap());
    }
}
