//! A drawing as pixels and as PNG.
//!
//! Edges are smoothed by coverage: the distance of a pixel's middle to the shape's edge, clamped to one pixel.

use ab_glyph::{Font, Glyph, ScaleFont, point};

use crate::Error;
use crate::drawing::{Anchor, Drawing, Item, Line};
use crate::font::Fonts;
use crate::palette::Shape;

/// The drawing as a PNG file (8 bits a channel, no transparency). Time and memory linear in its pixels.
pub(crate) fn png(drawing: &Drawing, fonts: &Fonts) -> Result<Vec<u8>, Error> {
    let mut pixels = Pixels::new(drawing);
    for item in &drawing.items {
        match item {
            Item::Panel {
                x,
                y,
                width,
                height,
                colour,
            } => {
                let (cx, cy) = (x + width / 2.0, y + height / 2.0);
                pixels.fill((cx, cy), (width / 2.0, height / 2.0), *colour, 1.0, |dx, dy| {
                    (dx.abs() - width / 2.0).max(dy.abs() - height / 2.0)
                });
            }
            Item::Mark {
                x,
                y,
                radius,
                shape,
                colour,
                opacity,
            } => {
                pixels.fill((*x, *y), (*radius, *radius), *colour, *opacity, |dx, dy| {
                    distance(*shape, *radius, dx.abs(), dy.abs())
                });
            }
            Item::Text(line) => pixels.text(line, drawing.ground, fonts),
        }
    }
    let mut file = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut file, drawing.width, drawing.height);
    encoder.set_color(::png::ColorType::Rgb);
    encoder.set_depth(::png::BitDepth::Eight);
    encoder.set_filter(::png::FilterType::Up);
    encoder.write_header()?.write_image_data(&pixels.rgb)?;
    Ok(file)
}

/// Distance in pixels from a shape's edge, negative inside, at an offset from its middle.
fn distance(shape: Shape, radius: f32, dx: f32, dy: f32) -> f32 {
    match shape {
        Shape::Circle => dx.hypot(dy) - radius,
        Shape::Square => dx.max(dy) - radius,
        Shape::Diamond => (dx + dy - radius) * std::f32::consts::FRAC_1_SQRT_2,
        Shape::Cross => {
            let (long, short) = (dx.max(dy), dx.min(dy));
            (long - radius).max(short - radius / 3.0)
        }
    }
}

/// Rows of red, green, blue bytes.
struct Pixels {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Pixels {
    fn new(drawing: &Drawing) -> Self {
        let (width, height) = (drawing.width as usize, drawing.height as usize);
        Self {
            width,
            height,
            rgb: drawing.ground.repeat(width * height),
        }
    }

    /// Paints the pixels around `middle`, at most `reach` away, by their distance from the shape's edge.
    fn fill(
        &mut self,
        middle: (f32, f32),
        reach: (f32, f32),
        colour: [u8; 3],
        opacity: f32,
        edge: impl Fn(f32, f32) -> f32,
    ) {
        // A float cast to an integer stops at the ends of its range, so that shapes may lie partly outside.
        let span = |at: f32, reach: f32, n: usize| {
            (at - reach - 1.0).floor() as usize..((at + reach + 2.0).ceil() as usize).min(n)
        };
        for y in span(middle.1, reach.1, self.height) {
            for x in span(middle.0, reach.0, self.width) {
                let inside = 0.5 - edge(x as f32 + 0.5 - middle.0, y as f32 + 0.5 - middle.1);
                self.blend(x, y, colour, opacity * inside.clamp(0.0, 1.0));
            }
        }
    }

    /// Mixes a colour into a pixel; nothing happens outside the picture.
    fn blend(&mut self, x: usize, y: usize, colour: [u8; 3], share: f32) {
        if share <= 0.0 || x >= self.width || y >= self.height {
            return;
        }
        let at = 3 * (y * self.width + x);
        for (byte, new) in self.rgb[at..at + 3].iter_mut().zip(colour) {
            let mixed = f32::from(*byte) + (f32::from(new) - f32::from(*byte)) * share.min(1.0);
            *byte = mixed.round() as u8;
        }
    }

    fn text(&mut self, line: &Line, ground: [u8; 3], fonts: &Fonts) {
        let scale = fonts.scale(line.weight, line.size);
        let font = fonts.of(line.weight);
        let scaled = font.as_scaled(scale);
        let mut x = match line.anchor {
            Anchor::Start => line.x,
            Anchor::Middle => line.x - fonts.width(&line.text, line.weight, line.size) / 2.0,
        };
        let mut glyphs = Vec::new();
        for c in line.text.chars() {
            let id = scaled.glyph_id(c);
            glyphs.push(id.with_scale_and_position(scale, point(x, line.y)));
            x += scaled.h_advance(id);
        }
        if line.halo > 0.0 {
            // The rim: the same letters, moved along a circle.
            for step in 0..12_u8 {
                let turn = f32::from(step) * std::f32::consts::TAU / 12.0;
                let shift = (line.halo * turn.cos(), line.halo * turn.sin());
                glyphs
                    .iter()
                    .for_each(|glyph| self.glyph(font, glyph, shift, ground));
            }
        }
        glyphs
            .iter()
            .for_each(|glyph| self.glyph(font, glyph, (0.0, 0.0), line.colour));
    }

    fn glyph(&mut self, font: &impl Font, glyph: &Glyph, shift: (f32, f32), colour: [u8; 3]) {
        let mut glyph = glyph.clone();
        glyph.position.x += shift.0;
        glyph.position.y += shift.1;
        let Some(outline) = font.outline_glyph(glyph) else {
            return;
        };
        let bounds = outline.px_bounds();
        outline.draw(|x, y, coverage| {
            let (x, y) = (bounds.min.x + x as f32, bounds.min.y + y as f32);
            if x >= 0.0 && y >= 0.0 {
                self.blend(x as usize, y as usize, colour, coverage);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    fn drawn(items: Vec<Item>) -> Vec<u8> {
        let drawing = Drawing {
            width: 9,
            height: 9,
            title: String::new(),
            ground: [255; 3],
            items,
        };
        let file = png(&drawing, &Fonts::new().unwrap()).unwrap();
        let mut reader = ::png::Decoder::new(std::io::Cursor::new(file))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; 9 * 9 * 3];
        reader.next_frame(&mut pixels).unwrap();
        pixels
    }

    fn mark(x: f32, radius: f32, shape: Shape, opacity: f32) -> Item {
        Item::Mark {
            x,
            y: 4.5,
            radius,
            shape,
            colour: [0; 3],
            opacity,
        }
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
        let pixels = drawn(vec![
            mark(4.5, 3.0, Shape::Square, 0.5),
            mark(4.5, 3.0, Shape::Square, 0.5),
        ]);
        assert_eq!(pixels[3 * (4 * 9 + 4)], 64);
    }

    #[test]
    fn what_lies_outside_is_cut() {
        assert!(
            drawn(vec![
                mark(-50.0, 3.0, Shape::Circle, 1.0),
                mark(50.0, 3.0, Shape::Circle, 1.0)
            ])
            .iter()
            .all(|byte| *byte == 255)
        );
        assert!(
            drawn(vec![mark(0.0, 100.0, Shape::Circle, 1.0)])
                .iter()
                .all(|byte| *byte == 0)
        );
    }
}
