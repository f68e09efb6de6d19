//! `populi matrix` on arrays whose answers are known.

mod inputs;
mod outputs;
mod verbs;

use crate::program::Folder;

/// An array of NumPy: its type, its shape, its bytes.
pub struct Array {
    pub dtype: String,
    pub shape: Vec<usize>,
    pub bytes: Vec<u8>,
}

impl Array {
    /// Rows of float32.
    pub fn f4<const D: usize>(rows: &[[f32; D]]) -> Self {
        let bytes = rows.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
        Self { dtype: "<f4".to_owned(), shape: vec![rows.len(), D], bytes }
    }

    /// Integers of 4 bytes.
    pub fn i4(shape: &[usize], values: &[i32]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self { dtype: "<i4".to_owned(), shape: shape.to_vec(), bytes }
    }

    /// As `numpy.save` of NumPy 2 writes it.
    pub fn npy(&self) -> Vec<u8> {
        self.npy_in("False")
    }

    /// The same, said to be in Fortran order or not.
    pub fn npy_in(&self, is_fortran: &str) -> Vec<u8> {
        let axes: Vec<String> = self.shape.iter().map(|axis| format!("{axis},")).collect();
        let shape = axes.join(" ");
        let shape = if axes.len() > 1 { shape.trim_end_matches(',') } else { &shape };
        let text =
            format!("{{'descr': '{}', 'fortran_order': {is_fortran}, 'shape': ({shape}), }}", self.dtype);
        assert!(text.len() < 118 - 21);
        let head = format!("{text:<117}\n");
        [b"\x93NUMPY\x01\x00\x76\x00", head.as_bytes(), &self.bytes].concat()
    }

    /// Reads what the program wrote, which has to be byte for byte what NumPy would have written.
    pub fn read(folder: &Folder, name: &str) -> Self {
        let file = folder.read(name);
        let head = std::str::from_utf8(&file[10..128]).unwrap();
        let dtype = head.split('\'').nth(3).unwrap().to_owned();
        let (_, shape) = head.split_once('(').unwrap();
        let (shape, _) = shape.split_once(')').unwrap();
        let axes = shape.split(',').map(str::trim).filter(|axis| !axis.is_empty());
        let shape = axes.map(|axis| axis.parse().unwrap()).collect();
        let array = Self { dtype, shape, bytes: file[128..].to_vec() };
        assert_eq!(array.npy(), file, "{name}");
        array
    }

    /// Its values, which are int32.
    pub fn integers(&self) -> Vec<i32> {
        assert_eq!(self.dtype, "<i4");
        self.bytes.as_chunks().0.iter().map(|bytes| i32::from_le_bytes(*bytes)).collect()
    }

    /// Its values, which are float32.
    pub fn floats(&self) -> Vec<f32> {
        assert_eq!(self.dtype, "<f4");
        self.bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    }
}

/// Rows of a mixture.
pub const N: usize = 150;
/// Groups of it: row `i` is of group `i % 3`.
pub const GROUPS: usize = 3;

/// Three round groups in eight dimensions, of radius about 1 and 20 apart from each other, interleaved.
pub fn mixture() -> Array {
    let mut state = 7_u64;
    let mut draw = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    let mut rows = [[0.0_f32; 8]; N];
    for (i, row) in rows.iter_mut().enumerate() {
        row.iter_mut().for_each(|value| *value = draw());
        row[i % GROUPS] += 14.0;
    }
    Array::f4(&rows)
}

/// A folder that holds the mixture as `in.npy`.
pub fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("in.npy", mixture().npy());
    folder
}

/// The groups that rows are of: labels renamed by their first rows, so that equal partitions are equal lists.
pub fn partition(labels: &[i32]) -> Vec<i32> {
    let mut names: Vec<i32> = Vec::new();
    let name = |label: &i32| {
        let known = names.iter().position(|name| name == label);
        known.unwrap_or_else(|| {
            names.push(*label);
            names.len() - 1
        }) as i32
    };
    labels.iter().map(name).collect()
}

/// The partition that was planted.
pub fn truth() -> Vec<i32> {
    (0..N).map(|i| (i % GROUPS) as i32).collect()
}
