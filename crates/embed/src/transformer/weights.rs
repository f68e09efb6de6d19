//! Tensors of safetensors files, by name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use populi_simd::MappedFile;
use safetensors::tensor::{Dtype, Metadata, SafeTensors};

use super::config::{bad_file, read_bytes};
use crate::error::Result;

const DOWNLOAD: &str = "download the model again";

/// The weights of a model: `model.safetensors`, or the files that `model.safetensors.index.json` names.
pub(super) struct Weights {
    files: Vec<WeightFile>,
}

struct WeightFile {
    path: PathBuf,
    mapped: Arc<MappedFile>,
    metadata: Metadata,
    /// Where the values of its tensors begin.
    start: usize,
}

/// One tensor, still in its file.
pub(super) struct Tensor {
    mapped: Arc<MappedFile>,
    range: std::ops::Range<usize>,
    form: Form,
    n_cols: usize,
}

/// How a number is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    F32,
    F16,
    Bf16,
}

impl Weights {
    /// Opens the files and reads their headers.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let paths = paths(folder)?;
        Ok(Self { files: paths.into_iter().map(WeightFile::open).collect::<Result<_>>()? })
    }

    /// The paths of the files, in order.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|file| file.path.as_path())
    }

    /// The tensor of this name, which must have this shape.
    pub(super) fn tensor(&self, name: &str, shape: &[usize]) -> Result<Tensor> {
        let Some((file, at)) = self.find(name) else {
            let first = self.files.first().map_or(Path::new(""), |file| &file.path);
            let reason = format!("tensor {name} is missing");
            return Err(bad_file(first, reason, "download the model again, or save it with transformers"));
        };
        let Some(info) = file.metadata.info(&at) else {
            return Err(bad_file(&file.path, format!("tensor {name} is missing"), DOWNLOAD));
        };
        if info.shape != shape {
            let reason = format!("tensor {at} has shape {:?}, but config.json says {shape:?}", info.shape);
            return Err(bad_file(&file.path, reason, "take config.json and weights of one model"));
        }
        let form = match info.dtype {
            Dtype::F32 => Form::F32,
            Dtype::F16 => Form::F16,
            Dtype::BF16 => Form::Bf16,
            other => {
                let reason = format!("tensor {at} holds {other:?}, but must hold F32, F16 or BF16");
                return Err(bad_file(&file.path, reason, "take the weights that are not quantised"));
            }
        };
        let (from, to) = info.data_offsets;
        Ok(Tensor {
            mapped: Arc::clone(&file.mapped),
            range: file.start + from..file.start + to,
            form,
            n_cols: shape.last().copied().unwrap_or(1),
        })
    }

    /// The file that holds a tensor, and its name there: with or without the name of the network before it, and with the
    /// old names of the two halves of a norm.
    fn find(&self, name: &str) -> Option<(&WeightFile, String)> {
        let old = if name.contains("LayerNorm") {
            name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
        } else {
            name.to_owned()
        };
        let prefixes = ["", "bert.", "roberta.", "mpnet."];
        let names = prefixes.iter().flat_map(|prefix| [format!("{prefix}{name}"), format!("{prefix}{old}")]);
        names.into_iter().find_map(|name| {
            let file = self.files.iter().find(|file| file.metadata.info(&name).is_some())?;
            Some((file, name))
        })
    }
}

impl WeightFile {
    fn open(path: PathBuf) -> Result<Self> {
        let mapped = MappedFile::open(&path)
            .map_err(|error| bad_file(&path, format!("cannot be read: {error}"), DOWNLOAD))?;
        let (n_bytes, metadata) = SafeTensors::read_metadata(mapped.bytes()).map_err(|error| {
            let reason = format!("not a whole safetensors file of {} bytes: {error}", mapped.bytes().len());
            bad_file(&path, reason, DOWNLOAD)
        })?;
        let start = n_bytes + size_of::<u64>();
        Ok(Self { path, mapped: Arc::new(mapped), metadata, start })
    }
}

impl Tensor {
    /// All values as floats, row after row.
    pub(super) fn values(&self) -> Vec<f32> {
        let mut values = vec![0.0; self.bytes().len() / self.form.n_bytes()];
        self.form.decode(self.bytes(), &mut values);
        values
    }

    /// Row `row` of a matrix into `to`, as long as a row.
    pub(super) fn read_row(&self, row: usize, to: &mut [f32]) {
        let n_bytes = self.n_cols * self.form.n_bytes();
        self.form.decode(&self.bytes()[row * n_bytes..][..n_bytes], to);
    }

    fn bytes(&self) -> &[u8] {
        &self.mapped.bytes()[self.range.clone()]
    }
}

impl Form {
    fn n_bytes(self) -> usize {
        if self == Self::F32 { 4 } else { 2 }
    }

    fn decode(self, bytes: &[u8], to: &mut [f32]) {
        match self {
            Self::F32 => {
                let (numbers, _) = bytes.as_chunks::<4>();
                to.iter_mut().zip(numbers).for_each(|(to, &bytes)| *to = f32::from_le_bytes(bytes));
            }
            Self::F16 => {
                let (numbers, _) = bytes.as_chunks::<2>();
                to.iter_mut()
                    .zip(numbers)
                    .for_each(|(to, &bytes)| *to = f32_of_half(u16::from_le_bytes(bytes)));
            }
            Self::Bf16 => {
                let (numbers, _) = bytes.as_chunks::<2>();
                let float = |bytes| f32::from_bits(u32::from(u16::from_le_bytes(bytes)) << 16);
                to.iter_mut().zip(numbers).for_each(|(to, &bytes)| *to = float(bytes));
            }
        }
    }
}

/// The float that a half-precision one is: exact.
fn f32_of_half(half: u16) -> f32 {
    let half = u32::from(half);
    let (sign, magnitude) = ((half & 0x8000) << 16, half & 0x7fff);
    if magnitude >= 0x7c00 {
        // Infinite or not a number.
        return f32::from_bits(sign | 0x7f80_0000 | (magnitude & 0x3ff) << 13);
    }
    // The exponent of a half taken for that of a float is 112 too small; the product mends it, below the normal ones too.
    let scale = f32::from_bits((127 + 112) << 23);
    f32::from_bits(f32::to_bits(f32::from_bits(magnitude << 13) * scale) | sign)
}

/// The files of weights in a folder.
fn paths(folder: &Path) -> Result<Vec<PathBuf>> {
    let (whole, index) = (folder.join("model.safetensors"), folder.join("model.safetensors.index.json"));
    if whole.exists() || !index.exists() {
        let pickled = ["pytorch_model.bin", "pytorch_model.bin.index.json"]
            .iter()
            .any(|name| folder.join(name).exists());
        if !whole.exists() && pickled {
            let reason = "is missing; pytorch_model.bin can run code when it is read, so it is not read";
            let remedy =
                "save the model with transformers: model.save_pretrained(folder, safe_serialization=True)";
            return Err(bad_file(&whole, reason, remedy));
        }
        return Ok(vec![whole]);
    }
    #[derive(serde::Deserialize)]
    struct Index {
        weight_map: std::collections::BTreeMap<String, String>,
    }
    let parsed: Index = serde_json::from_slice(&read_bytes(&index)?)
        .map_err(|error| bad_file(&index, format!("not the JSON expected: {error}"), DOWNLOAD))?;
    let names: BTreeSet<String> = parsed.weight_map.into_values().collect();
    if let Some(name) = names.iter().find(|name| Path::new(name).file_name() != Some(name.as_ref())) {
        return Err(bad_file(&index, format!("{name:?} is not the name of a file"), DOWNLOAD));
    }
    Ok(names.iter().map(|name| folder.join(name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_the_floats_that_they_stand_for() {
        for (half, float) in [
            (0x0000, 0.0),
            (0x8000, -0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x3555, 0.333_251_95),
            (0x0001, 5.960_464_5e-8),
            (0x03ff, 6.097_555e-5),
            (0x0400, 6.103_515_6e-5),
            (0x7c00, f32::INFINITY),
            (0xfc00, f32::NEG_INFINITY),
        ] {
            assert_eq!(f32_of_half(half).to_bits(), f32::to_bits(float), "{half:#x}");
        }
        assert!(f32_of_half(0x7e00).is_nan());
    }
}
