//! Integer and float kernels for each CPU level, and memory maps: the only room with `unsafe`.
//!
//! A [`Level`] is a set of instructions that this CPU was seen to have. A [`Kernel`] is written once, over the lanes of
//! [`Simd`], and [`Level::run`] compiles it for each level:
//!
//! ```
//! use populi_simd::{Kernel, Level, Simd};
//!
//! struct Sum<'a>(&'a [f32]);
//!
//! impl Kernel for Sum<'_> {
//!     type Output = f32;
//!     #[inline(always)]
//!     fn run<S: Simd>(self, simd: S) -> f32 {
//!         let (blocks, rest) = self.0.as_chunks::<16>();
//!         let mut sum = simd.load_or_zero(rest);
//!         for block in blocks {
//!             sum = simd.add(sum, simd.load(block));
//!         }
//!         simd.sum(sum)
//!     }
//! }
//!
//! assert_eq!(Level::best().run(Sum(&[1.0; 20])), 20.0);
//! ```
//!
//! # The same numbers at every level
//!
//! Floats have 16 lanes at every level, products and sums are fused where a kernel says so and nowhere else, and lanes
//! are added in one order; so a kernel gives the same bits at each level. The scalar level fuses in software, exactly
//! and slowly: it is there to be compared with and for CPUs older than 2013. Integer kernels are exact.
//!
//! # What safe callers must keep
//!
//! Safe code can do nothing undefined with what is here, with one deliberate exception: a [`MappedFile`] is sound only
//! as long as nobody changes or cuts the file under it, which nothing can check.

mod distance;
mod kernel;
mod level;
mod map;
pub mod product;
mod scalar;
pub mod tile;
mod x86;

pub use distance::{dot, squared_distance};
pub use kernel::{Kernel, LANES, Simd};
pub use level::Level;
pub use map::MappedFile;
