//! Where a post was written: a point as `latitude,longitude`, with the digits that the input has.

use crate::object::Raw;

/// In which order a field has the two numbers of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// As the old `geo` field.
    LatitudeFirst,
    /// As GeoJSON.
    LongitudeFirst,
}

/// The point of a field; `None` where it is none on the globe.
pub(super) fn point(coordinates: Raw<'_>, order: Order) -> Option<String> {
    let [first, second]: [Raw<'_>; 2] = serde_json::from_str(coordinates.get()).ok()?;
    let (latitude, longitude) = match order {
        Order::LatitudeFirst => (first, second),
        Order::LongitudeFirst => (second, first),
    };
    let is_within =
        |number: Raw<'_>, most: f64| number.get().parse::<f64>().is_ok_and(|degrees| degrees.abs() <= most);
    (is_within(latitude, 90.0) && is_within(longitude, 180.0))
        .then(|| [latitude.get(), ",", longitude.get()].concat())
}
