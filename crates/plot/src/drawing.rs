//! A figure as a list of shapes, before it becomes SVG.

use crate::palette::Shape;

/// Shapes on a ground, painted in order. Lengths in pixels, the origin at the top left.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Drawing {
    pub width: u32,
    pub height: u32,
    /// Name for screen readers.
    pub title: String,
    pub ground: [u8; 3],
    pub items: Vec<Item>,
}

/// One shape.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    /// A filled rectangle.
    Panel { x: f32, y: f32, width: f32, height: f32, colour: [u8; 3] },
    /// A point of the map or the legend; `radius` is half its width.
    Mark { x: f32, y: f32, radius: f32, shape: Shape, colour: [u8; 3], opacity: f32 },
    /// A line through points, straight between them.
    Stroke { points: Vec<(f32, f32)>, width: f32, colour: [u8; 3] },
    /// One line of text; `x` is its start or middle, `y` its baseline.
    Text(Line),
}

/// One line of text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub x: f32,
    pub y: f32,
    /// Size of the em.
    pub size: f32,
    pub weight: Weight,
    pub anchor: Anchor,
    pub colour: [u8; 3],
    /// Width of the rim in the ground's colour that keeps text readable on top of points; 0 for none.
    pub halo: f32,
    pub text: String,
}

/// Weight of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

/// Which part of a text stands at its `x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
}
