//! How strongly vertices pull and push one another.

use populi_simd::{LANES, Simd};

use super::curve::Curve;
use super::layout::Descent;
use super::power::power;

/// A coordinate moves by at most this times the learning rate in one pull or push.
const MAX_MOVE: f32 = 4.0;

/// Keeps pushes of vertices that nearly meet finite.
const PUSH_SOFTENING: f32 = 0.001;

/// Added to squared distances: what pulls two vertices that meet is then finite, times a difference of 0.
pub(super) const LEAST_SQUARED: f32 = 1e-12;

/// The numbers of pulls and pushes in all lanes.
#[derive(Clone, Copy)]
pub(super) struct Forces<S: Simd> {
    a: S::F32,
    b: S::F32,
    one: S::F32,
    pull: S::F32,
    push: S::F32,
    softening: S::F32,
    least: S::F32,
    most: S::F32,
    lanes: S::I32,
}

impl<S: Simd> Forces<S> {
    #[inline(always)]
    pub(super) fn new(simd: S, descent: &Descent) -> Self {
        let Curve { a, b } = descent.curve;
        Self {
            a: simd.splat(a as f32),
            b: simd.splat(b as f32),
            one: simd.splat(1.0),
            pull: simd.splat((-2.0 * a * b) as f32),
            push: simd.splat(2.0 * descent.repulsion * b as f32),
            softening: simd.splat(PUSH_SOFTENING),
            least: simd.splat(-MAX_MOVE),
            most: simd.splat(MAX_MOVE),
            lanes: simd.load_i32(&std::array::from_fn(|i| i as i32)),
        }
    }

    /// `-2ab·d^(2b - 2) / (1 + a·d^2b)`: times the difference it is the gradient of the attraction.
    #[inline(always)]
    pub(super) fn pull(&self, simd: S, squared: S::F32) -> S::F32 {
        let power = power(simd, squared, self.b);
        let below = simd.mul(squared, simd.mul_add(self.a, power, self.one));
        simd.div(simd.mul(self.pull, power), below)
    }

    /// `2b / ((0.001 + d²)·(1 + a·d^2b))`: times the difference it is the gradient of the repulsion.
    #[inline(always)]
    pub(super) fn push(&self, simd: S, squared: S::F32) -> S::F32 {
        let power = power(simd, squared, self.b);
        let below = simd.mul(simd.add(squared, self.softening), simd.mul_add(self.a, power, self.one));
        simd.div(self.push, below)
    }

    /// A force along one coordinate.
    #[inline(always)]
    pub(super) fn clipped(&self, simd: S, force: S::F32, difference: S::F32) -> S::F32 {
        simd.min(simd.max(simd.mul(force, difference), self.least), self.most)
    }

    /// Where the run of 16 of `n` vertices from `start` on has the vertex of a lane in the same lane.
    #[inline(always)]
    pub(super) fn itself(&self, simd: S, ids: S::I32, start: usize, n: usize) -> S::Mask {
        let run = if start + LANES <= n {
            simd.add_i32(self.lanes, simd.splat_i32(start as i32))
        } else {
            simd.load_i32(&std::array::from_fn(|lane| ((start + lane) % n) as i32))
        };
        simd.equal_i32(ids, run)
    }
}

/// Random numbers of one chunk in one epoch: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), which is as fast as it is
/// short; what it decides is which vertices push, and nobody can tell from them.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64, epoch: usize, first: usize) -> Self {
        let mut random = Self(seed);
        random.0 = random.next() ^ epoch as u64;
        random.0 = random.next() ^ first as u64;
        random
    }

    #[inline(always)]
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `n`, which is at most 2^32.
    #[inline(always)]
    pub(super) fn below(&mut self, n: usize) -> usize {
        ((self.next() >> 32).wrapping_mul(n as u64) >> 32) as usize
    }
}
