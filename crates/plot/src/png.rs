//! An SVG document of this crate as PNG.
//!
//! [`resvg`] renders it with the carried font and none of the machine's, so that the bytes do not depend on the machine.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Database, Source};
use resvg::usvg::{Options, Tree};

use crate::{Error, Size, font};

/// The document as a PNG file of the given size (8 bits a channel). Time and memory linear in pixels and elements: some
/// 9 bytes a pixel at the peak.
pub(crate) fn render(svg: &str, size: Size) -> Result<Vec<u8>, Error> {
    let options = Options { fontdb: Arc::new(fonts()), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|error| Error::Png(error.to_string()))?;
    let mut pixels = Pixmap::new(size.width_px, size.height_px)
        .ok_or_else(|| Error::Png(format!("no memory for {} x {} pixels", size.width_px, size.height_px)))?;
    resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| Error::Png(error.to_string()))
}

/// The carried font under every name that a document may ask for.
fn fonts() -> Database {
    let mut fonts = Database::new();
    for file in font::files() {
        fonts.load_font_source(Source::Binary(Arc::new(file)));
    }
    // The font calls itself DejaVu Sans, condensed, and so is found as the document's last choice, any sans-serif.
    fonts.set_sans_serif_family("DejaVu Sans");
    fonts
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use crate::drawing::{Anchor, Drawing, Item, Line, Weight};
    use crate::palette::Shape;
    use crate::svg;

    fn drawn(items: Vec<Item>) -> Vec<u8> {
        let drawing = Drawing { width: 9, height: 9, title: String::new(), ground: [255; 3], items };
        let size = Size { width_px: drawing.width, height_px: drawing.height };
        let file = render(&svg::write(&drawing), size).unwrap();
        let rgba = Pixmap::decode_png(&file).unwrap().take();
        rgba.chunks(4).flat_map(|p| [p[0], p[1], p[2]]).collect()
    }

    fn mark(x: f32, radius: f32, shape: Shape, opacity: f32) -> Item {
        Item::Mark { x, y: 4.5, radius, shape, colour: [0; 3], opacity }
    }

    #[test]
    fn shapes_cover_their_area() {
        for (shape, area) in [
            (Shape::Circle, 9.0 * std::f32::consts::PI),
            (Shape::Square, 36.0),
            (Shape::Diamond, 18.0),
            (Shape::Cross, 20.0),
        ] {
            let pixels = drawn(vec![mark(4.5, 3.0, shape, 1.0)]);
            let inked: f32 = pixels.chunks(3).map(|p| 1.0 - f32::from(p[0]) / 255.0).sum();
            assert!((inked - area).abs() < 1.5, "{shape:?}: {inked} for {area}");
            assert_eq!(pixels[3 * (4 * 9 + 4)], 0, "{shape:?} is not filled");
        }
    }

    #[test]
    fn opacity_mixes_with_what_is_below() {
        let pixels = drawn(vec![mark(4.5, 3.0, Shape::Square, 0.5), mark(4.5, 3.0, Shape::Square, 0.5)]);
        assert_eq!(pixels[3 * (4 * 9 + 4)], 64);
    }

    #[test]
    fn what_lies_outside_is_cut() {
        assert!(
            drawn(vec![mark(-50.0, 3.0, Shape::Circle, 1.0), mark(50.0, 3.0, Shape::Circle, 1.0)])
                .iter()
                .all(|byte| *byte == 255)
        );
        assert!(drawn(vec![mark(0.0, 100.0, Shape::Circle, 1.0)]).iter().all(|byte| *byte == 0));
    }

    #[test]
    fn text_is_drawn_with_the_carried_font() {
        let ink = |weight| {
            let text = Item::Text(Line {
                x: 1.0,
                y: 8.0,
                size: 9.0,
                weight,
                anchor: Anchor::Start,
                colour: [0; 3],
                halo: 0.0,
                text: "i".into(),
            });
            drawn(vec![text]).iter().map(|byte| 255 - u32::from(*byte)).sum::<u32>()
        };
        assert!(0 < ink(Weight::Regular) && ink(Weight::Regular) < ink(Weight::Bold));
    }
}
