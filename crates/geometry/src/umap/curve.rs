//! The curve that turns distances on the map into memberships: `1 / (1 + a·d^2b)`, fitted to `min_dist` and `spread`.

/// Distances at which the curve is compared with what it shall be, from 0 to three times the spread.
const N_PLACES: usize = 300;

/// Steps after which the fit ends in any case; it needs about ten.
const MAX_STEPS: usize = 200;

/// `a` and `b` of `1 / (1 + a·d^2b)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Curve {
    pub(super) a: f64,
    pub(super) b: f64,
}

/// The least-squares fit to 1 below `min_dist` and `exp(-(d - min_dist) / spread)` beyond, by Levenberg and Marquardt
/// from `a = b = 1`.
pub(super) fn fit_curve(min_dist: f64, spread: f64) -> Curve {
    let places: Vec<(f64, f64)> = (0..N_PLACES)
        .map(|i| {
            let distance = 3.0 * spread * i as f64 / (N_PLACES - 1) as f64;
            let beyond = if distance < min_dist { 0.0 } else { distance - min_dist };
            (distance, (-beyond / spread).exp())
        })
        .collect();
    let mut curve = Curve { a: 1.0, b: 1.0 };
    let mut error = squared_error(&places, curve);
    let mut damping = 1e-3;
    for _ in 0..MAX_STEPS {
        let step = damped_step(&places, curve, damping);
        let next = Curve { a: curve.a + step.0, b: curve.b + step.1 };
        let next_error = squared_error(&places, next);
        if next.a > 0.0 && next.b > 0.0 && next_error <= error {
            let moved = (step.0 / next.a).abs().max((step.1 / next.b).abs());
            (curve, error) = (next, next_error);
            damping *= 0.1;
            if moved < 1e-12 {
                break;
            }
        } else {
            damping *= 10.0;
        }
    }
    curve
}

fn squared_error(places: &[(f64, f64)], curve: Curve) -> f64 {
    let residual = |&(x, y): &(f64, f64)| 1.0 / (1.0 + curve.a * x.powf(2.0 * curve.b)) - y;
    places.iter().map(|place| residual(place).powi(2)).sum()
}

/// Solves the damped normal equations of two unknowns.
fn damped_step(places: &[(f64, f64)], curve: Curve, damping: f64) -> (f64, f64) {
    let [mut aa, mut ab, mut bb, mut ar, mut br] = [0.0; 5];
    for &(x, y) in places.iter().filter(|(x, _)| *x > 0.0) {
        let power = x.powf(2.0 * curve.b);
        let value = 1.0 / (1.0 + curve.a * power);
        let by_a = -power * value * value;
        let by_b = 2.0 * curve.a * x.ln() * by_a;
        let residual = y - value;
        aa += by_a * by_a;
        ab += by_a * by_b;
        bb += by_b * by_b;
        ar += by_a * residual;
        br += by_b * residual;
    }
    (aa, bb) = (aa * (1.0 + damping), bb * (1.0 + damping));
    let determinant = aa * bb - ab * ab;
    ((ar * bb - br * ab) / determinant, (br * aa - ar * ab) / determinant)
}
