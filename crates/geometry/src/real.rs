//! The two widths of numbers that a matrix may come in.

/// `f32` or `f64`: what the rows of a [`crate::MatrixView`] are made of.
///
/// Only the metrics take both; everything that is fitted takes `f32`.
pub trait Real: sealed::Sealed + Copy + Send + Sync + PartialEq + std::fmt::Debug + 'static {
    /// The same number in `f64`.
    fn to_f64(self) -> f64;

    /// Whether it is neither NaN nor infinite.
    fn is_finite(self) -> bool;
}

impl Real for f32 {
    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn is_finite(self) -> bool {
        self.is_finite()
    }
}

impl Real for f64 {
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }

    #[inline(always)]
    fn is_finite(self) -> bool {
        self.is_finite()
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}
