//! A cache that is gone with its process.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use populi_geometry::Matrix;

use super::{TextKey, VectorCache};
use crate::error::Result;

/// A cache that lasts as long as it is in memory.
#[derive(Debug, Default)]
pub struct MemoryCache {
    vectors: Mutex<HashMap<TextKey, Vec<f32>>>,
}

impl VectorCache for MemoryCache {
    fn get(&self, keys: &[TextKey]) -> Result<Vec<Option<Vec<f32>>>> {
        let vectors = self.vectors.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(keys.iter().map(|key| vectors.get(key).cloned()).collect())
    }

    fn put(&self, keys: &[TextKey], vectors: &Matrix) -> Result<()> {
        let mut kept = self.vectors.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(keys.iter().copied().zip(vectors.rows().map(<[f32]>::to_vec)));
        Ok(())
    }
}
