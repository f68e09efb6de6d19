//! Colours and shapes of clusters.
//!
//! Ten colours times four shapes tell 40 clusters apart; from the 41st on they repeat. The colours were picked far apart in OKLab as seen with
//! normal, deuteranope and protanope eyes (simulated after Machado, Oliveira and Fernandes, 2009) and adjusted by eye;
//! each has a twin for dark ground. Colour is never the only sign: clusters also carry labels and differ in the legend.

use serde::Serialize;

/// One colour as `#rrggbb`, for light and for dark ground.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Colour {
    pub light: &'static str,
    pub dark: &'static str,
}

/// How a point is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Shape {
    Circle,
    Square,
    Diamond,
    Cross,
}

/// Points outside every cluster.
pub(crate) const NOISE: Colour = Colour { light: "#b6bbc4", dark: "#4d5563" };

const COLOURS: [Colour; 10] = [
    Colour { light: "#0b6fb8", dark: "#51a8f5" },
    Colour { light: "#db7900", dark: "#ffb066" },
    Colour { light: "#9c1233", dark: "#e0607a" },
    Colour { light: "#2f9e8f", dark: "#6fd6c4" },
    Colour { light: "#8a7df0", dark: "#c3c0fe" },
    Colour { light: "#4f7f1f", dark: "#a5cc6b" },
    Colour { light: "#c2478f", dark: "#ef8cc8" },
    Colour { light: "#493186", dark: "#8f7ae0" },
    Colour { light: "#e7616d", dark: "#ffa9ac" },
    Colour { light: "#866131", dark: "#c9a26f" },
];

const SHAPES: [Shape; 4] = [Shape::Circle, Shape::Square, Shape::Diamond, Shape::Cross];

/// Colour and shape of the cluster at a position of the report's list.
pub(crate) fn mark(position: usize) -> (Colour, Shape) {
    (COLOURS[position % COLOURS.len()], SHAPES[position / COLOURS.len() % SHAPES.len()])
}

/// Red, green and blue of a `#rrggbb` colour of this module.
pub(crate) fn rgb(colour: &str) -> [u8; 3] {
    let channel = |at: usize| colour.get(at..at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
    [1, 3, 5].map(|at| channel(at).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    /// Relative luminance as WCAG 2 defines it.
    fn luminance(colour: &str) -> f64 {
        let [r, g, b] = rgb(colour).map(|byte| {
            let c = f64::from(byte) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    #[test]
    fn forty_clusters_look_different() {
        let mut marks: Vec<String> = (0..40).map(|i| format!("{:?}", mark(i))).collect();
        marks.sort();
        marks.dedup();
        assert_eq!(marks.len(), 40);
        assert_eq!(mark(40), mark(0));
    }

    #[test]
    fn every_colour_stands_out_from_its_ground() {
        for colour in COLOURS {
            let on_white = 1.05 / (luminance(colour.light) + 0.05);
            let on_dark = (luminance(colour.dark) + 0.05) / (luminance("#14181f") + 0.05);
            assert!(on_white >= 3.0, "{} has contrast {on_white:.2} on white", colour.light);
            assert!(on_dark >= 4.5, "{} has contrast {on_dark:.2} on dark", colour.dark);
        }
    }

    #[test]
    fn hex_is_read() {
        assert_eq!(rgb("#0b6fb8"), [11, 111, 184]);
    }
}
