//! Functions of the corpus in SQL.

use std::sync::Arc;

use arrow::array::{Array, AsArray, FixedSizeBinaryBuilder};
use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};
use populi_model::Key;

/// Bytes of a key.
const KEY_BYTES: i32 = 16;

/// `key(id)`: the 128-bit key of an id, as it stands in the `_key` columns; null for null.
pub(crate) fn key() -> ScalarUDF {
    let key = |arguments: &[ColumnarValue]| keys_of(arguments);
    create_udf(
        "key",
        vec![DataType::Utf8],
        DataType::FixedSizeBinary(KEY_BYTES),
        Volatility::Immutable,
        Arc::new(key),
    )
}

fn keys_of(arguments: &[ColumnarValue]) -> Result<ColumnarValue> {
    // A constant stays one, so that `post_key = key('…')` is a comparison with a literal.
    if let [ColumnarValue::Scalar(ScalarValue::Utf8(id))] = arguments {
        let key = id.as_deref().map(|id| Key::of(id).0.to_vec());
        return Ok(ColumnarValue::Scalar(ScalarValue::FixedSizeBinary(KEY_BYTES, key)));
    }
    let arrays = ColumnarValue::values_to_arrays(arguments)?;
    let n_rows = arrays.first().map_or(0, |array| array.len());
    let mut keys = FixedSizeBinaryBuilder::with_capacity(n_rows, KEY_BYTES);
    for ids in arrays.iter().map(|array| array.as_string::<i32>()) {
        for id in ids {
            match id {
                Some(id) => keys.append_value(Key::of(id).0)?,
                None => keys.append_null(),
            }
        }
    }
    Ok(ColumnarValue::Array(Arc::new(keys.finish())))
}
