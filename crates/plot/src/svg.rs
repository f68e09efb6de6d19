//! A drawing as SVG 1.1 text.

use std::fmt::Write as _;

use crate::drawing::{Anchor, Drawing, Item, Line, Weight};
use crate::font::FAMILY;
use crate::palette::Shape;

/// The drawing as an SVG document. Coordinates keep two decimals: a hundredth of a pixel.
pub(crate) fn write(drawing: &Drawing) -> String {
    let (width, height) = (drawing.width, drawing.height);
    let mut out = String::with_capacity(200 + 80 * drawing.items.len());
    // Writing to a String cannot fail, so the results below are dropped.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" font-family=\"{FAMILY}\">\n<title>{}</title>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>\n",
        escaped(&drawing.title),
        hex(drawing.ground),
    );
    for item in &drawing.items {
        match item {
            Item::Panel { x, y, width, height, colour } => {
                let _ = writeln!(
                    out,
                    "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>",
                    Short(*x),
                    Short(*y),
                    Short(*width),
                    Short(*height),
                    hex(*colour)
                );
            }
            Item::Mark { x, y, radius, shape, colour, opacity } => {
                mark(&mut out, (*x, *y), *radius, *shape);
                let _ = writeln!(out, " fill=\"{}\" fill-opacity=\"{}\"/>", hex(*colour), Short(*opacity));
            }
            Item::Stroke { points, width, colour } => {
                let place = |&(x, y): &(f32, f32)| format!("{},{}", Short(x), Short(y));
                let places: Vec<String> = points.iter().map(place).collect();
                let _ = writeln!(
                    out,
                    "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"/>",
                    places.join(" "),
                    hex(*colour),
                    Short(*width)
                );
            }
            Item::Text(line) => text(&mut out, line, drawing.ground),
        }
    }
    out.push_str("</svg>\n");
    out
}

/// The element of a point up to its fill.
fn mark(out: &mut String, (x, y): (f32, f32), r: f32, shape: Shape) {
    let _ = match shape {
        Shape::Circle => {
            write!(out, "<circle cx=\"{}\" cy=\"{}\" r=\"{}\"", Short(x), Short(y), Short(r))
        }
        Shape::Square => write!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"{w}\" height=\"{w}\"",
            Short(x - r),
            Short(y - r),
            w = Short(2.0 * r)
        ),
        Shape::Diamond => write!(
            out,
            "<path d=\"M{} {}l{p} {p} {m} {p} {m} {m}z\"",
            Short(x),
            Short(y - r),
            p = Short(r),
            m = Short(-r)
        ),
        // A plus: an arm is a third of the width.
        Shape::Cross => {
            let arm = Short(2.0 * r / 3.0);
            let back = Short(-2.0 * r / 3.0);
            write!(
                out,
                "<path d=\"M{} {}h{arm}v{arm}h{arm}v{arm}h{back}v{arm}h{back}v{back}h{back}v{back}h{arm}z\"",
                Short(x - r / 3.0),
                Short(y - r)
            )
        }
    };
}

fn text(out: &mut String, line: &Line, ground: [u8; 3]) {
    let _ = write!(
        out,
        "<text x=\"{}\" y=\"{}\" font-size=\"{}\"",
        Short(line.x),
        Short(line.y),
        Short(line.size)
    );
    if line.weight == Weight::Bold {
        out.push_str(" font-weight=\"700\"");
    }
    if line.anchor == Anchor::Middle {
        out.push_str(" text-anchor=\"middle\"");
    }
    if line.halo > 0.0 {
        let _ = write!(
            out,
            " stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\" paint-order=\"stroke\"",
            hex(ground),
            Short(2.0 * line.halo)
        );
    }
    let _ = writeln!(out, " fill=\"{}\">{}</text>", hex(line.colour), escaped(&line.text));
}

/// A number with at most two decimals and no trailing zeros.
struct Short(f32);

impl std::fmt::Display for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Adding zero turns -0 into 0.
        write!(f, "{}", (self.0 * 100.0).round() / 100.0 + 0.0)
    }
}

fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Text for an element: markup escaped, and characters that XML forbids replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn every_item_is_an_element_of_well_formed_xml() {
        let mark = |shape| Item::Mark { x: 5.0, y: 5.0, radius: 3.0, shape, colour: [1, 2, 3], opacity: 0.5 };
        let line = Line {
            x: 1.0,
            y: 2.0,
            size: 9.0,
            weight: Weight::Bold,
            anchor: Anchor::Middle,
            colour: [0; 3],
            halo: 1.0,
            text: "<script>&\u{1}\"'\u{ffff}".into(),
        };
        let drawing = Drawing {
            width: 20,
            height: 10,
            title: "a<b\u{0}".into(),
            ground: [255; 3],
            items: vec![
                Item::Panel { x: 0.0, y: -0.0, width: 1.0, height: 1.0, colour: [9; 3] },
                mark(Shape::Circle),
                mark(Shape::Square),
                mark(Shape::Diamond),
                mark(Shape::Cross),
                Item::Stroke { points: vec![(0.0, 1.0), (2.5, 3.0)], width: 1.0, colour: [0; 3] },
                Item::Text(line),
            ],
        };
        let svg = write(&drawing);
        let xml = roxmltree::Document::parse(&svg).unwrap();
        let names: Vec<_> =
            xml.root_element().children().filter(|n| n.is_element()).map(|n| n.tag_name().name()).collect();
        assert_eq!(names, ["title", "rect", "rect", "circle", "rect", "path", "path", "polyline", "text"]);
        let text = xml.descendants().find(|n| n.has_tag_name("text")).unwrap();
        assert_eq!(text.text().unwrap(), "<script>&\u{fffd}\"'\u{fffd}");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(format!("{} {} {}", Short(1.0), Short(1.006), Short(-0.001)), "1 1.01 0");
    }
}
