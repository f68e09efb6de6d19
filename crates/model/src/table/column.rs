//! How one Rust type lies in one Arrow column, and what its canonical bytes are.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, BinaryBuilder, BooleanArray, BooleanBuilder, FixedSizeBinaryArray,
    FixedSizeBinaryBuilder, Float32Array, Float32Builder, Int64Array, Int64Builder, ListArray, ListBuilder,
    StringArray, StringBuilder, TimestampMicrosecondArray, TimestampMicrosecondBuilder, UInt32Array,
    UInt32Builder, UInt64Array, UInt64Builder,
};
use arrow::datatypes::{DataType, Field, TimeUnit};

use crate::{
    AccountStatus, Class, Key, MediaKind, Operation, Platform, Reason, RecordKind, RowHasher, Timestamp,
};

/// A text of a row: borrowed from an event while it is written, owned when it was read back.
pub type Text<'a> = Cow<'a, str>;

/// A value that no version of the format before this one wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "column {column} holds {got:?}, which this version of populi does not know: the corpus is damaged or newer"
)]
pub struct UnknownValue {
    /// The Rust type that was asked for.
    pub column: &'static str,
    /// What stood there.
    pub got: String,
}

/// A Rust type that is one column of a table.
pub trait Column: Sized {
    /// The Arrow builder of the column.
    type Builder: Send + 'static;
    /// The Arrow array of the column.
    type Array: Array + 'static;
    /// Whether the column may hold nulls.
    const NULLABLE: bool = false;

    /// The Arrow type of the column.
    fn data_type() -> DataType;
    /// An empty builder with room for about `n_rows`.
    fn builder(n_rows: usize) -> Self::Builder;
    /// Adds this value.
    fn append(&self, builder: &mut Self::Builder);
    /// Turns what was added into an array and empties the builder.
    fn finish(builder: &mut Self::Builder) -> ArrayRef;
    /// Reads the value of a row.
    ///
    /// # Errors
    /// When the array holds a name that this version does not know.
    fn value(array: &Self::Array, row: usize) -> Result<Self, UnknownValue>;
    /// Adds the value's canonical bytes to those of its row.
    fn hash(&self, hasher: &mut RowHasher);
    /// About how many bytes the value takes in memory.
    fn n_bytes(&self) -> usize {
        size_of::<Self>()
    }
}

/// A fixed-size number: its Arrow type, builder, array, and the bytes that are hashed.
macro_rules! number_column {
    ($rust:ty, $arrow:expr, $builder:ident, $array:ident) => {
        impl Column for $rust {
            type Builder = $builder;
            type Array = $array;
            fn data_type() -> DataType {
                $arrow
            }
            fn builder(n_rows: usize) -> $builder {
                $builder::with_capacity(n_rows)
            }
            fn append(&self, builder: &mut $builder) {
                builder.append_value(*self);
            }
            fn finish(builder: &mut $builder) -> ArrayRef {
                Arc::new(builder.finish())
            }
            fn value(array: &$array, row: usize) -> Result<Self, UnknownValue> {
                Ok(array.value(row))
            }
            fn hash(&self, hasher: &mut RowHasher) {
                hasher.fixed(&self.to_le_bytes());
            }
        }

        impl Column for Option<$rust> {
            type Builder = $builder;
            type Array = $array;
            const NULLABLE: bool = true;
            fn data_type() -> DataType {
                $arrow
            }
            fn builder(n_rows: usize) -> $builder {
                $builder::with_capacity(n_rows)
            }
            fn append(&self, builder: &mut $builder) {
                builder.append_option(*self);
            }
            fn finish(builder: &mut $builder) -> ArrayRef {
                Arc::new(builder.finish())
            }
            fn value(array: &$array, row: usize) -> Result<Self, UnknownValue> {
                Ok(array.is_valid(row).then(|| array.value(row)))
            }
            fn hash(&self, hasher: &mut RowHasher) {
                hasher.presence(self.is_some());
                if let Some(value) = self {
                    value.hash(hasher);
                }
            }
        }
    };
}

number_column!(u32, DataType::UInt32, UInt32Builder, UInt32Array);
number_column!(u64, DataType::UInt64, UInt64Builder, UInt64Array);
number_column!(i64, DataType::Int64, Int64Builder, Int64Array);
number_column!(f32, DataType::Float32, Float32Builder, Float32Array);

/// `T` and `Option<T>` as columns, where `T` turns into a value that the builder takes and back.
macro_rules! column {
    ($rust:ty, $arrow:expr, $builder:ident = |$n_rows:ident| $new:expr, $array:ident, |$v:ident, $b:ident| $append:expr, |$b2:ident| $null:expr,
     |$a:ident, $row:ident| $read:expr, |$v3:ident, $h:ident| $hash:expr, |$v4:ident| $size:expr $(, $lt:lifetime)?) => {
        impl $(<$lt>)? Column for $rust {
            type Builder = $builder;
            type Array = $array;
            fn data_type() -> DataType {
                $arrow
            }
            fn builder($n_rows: usize) -> $builder {
                $new
            }
            fn append(&self, $b: &mut $builder) {
                let $v = self;
                $append;
            }
            fn finish(builder: &mut $builder) -> ArrayRef {
                Arc::new(builder.finish())
            }
            fn value($a: &$array, $row: usize) -> Result<Self, UnknownValue> {
                $read
            }
            fn hash(&self, $h: &mut RowHasher) {
                let $v3 = self;
                $hash;
            }
            fn n_bytes(&self) -> usize {
                let $v4 = self;
                $size
            }
        }

        impl $(<$lt>)? Column for Option<$rust> {
            type Builder = $builder;
            type Array = $array;
            const NULLABLE: bool = true;
            fn data_type() -> DataType {
                $arrow
            }
            fn builder($n_rows: usize) -> $builder {
                $new
            }
            fn append(&self, $b2: &mut $builder) {
                match self {
                    Some(value) => value.append($b2),
                    None => $null,
                }
            }
            fn finish(builder: &mut $builder) -> ArrayRef {
                Arc::new(builder.finish())
            }
            fn value(array: &$array, row: usize) -> Result<Self, UnknownValue> {
                if array.is_valid(row) { <$rust>::value(array, row).map(Some) } else { Ok(None) }
            }
            fn hash(&self, hasher: &mut RowHasher) {
                hasher.presence(self.is_some());
                if let Some(value) = self {
                    value.hash(hasher);
                }
            }
            fn n_bytes(&self) -> usize {
                self.as_ref().map_or(0, Column::n_bytes)
            }
        }
    };
}

/// Room that is made for a text; longer ones make more.
const TEXT_BYTES: usize = 32;

/// Room that is made for a name.
const NAME_BYTES: usize = 8;

/// Bytes of a key in a column.
const KEY_BYTES: i32 = 16;

column!(
    Key,
    DataType::FixedSizeBinary(KEY_BYTES),
    FixedSizeBinaryBuilder = |n_rows| FixedSizeBinaryBuilder::with_capacity(n_rows, KEY_BYTES),
    FixedSizeBinaryArray,
    // Fails only for another length than the builder's, and a key has 16 bytes by its type.
    |key, builder| builder.append_value(key.0).unwrap_or_default(),
    |builder| builder.append_null(),
    |array, row| {
        let mut key = [0; KEY_BYTES as usize];
        key.copy_from_slice(array.value(row));
        Ok(Key(key))
    },
    |key, hasher| hasher.fixed(&key.0),
    |_key| KEY_BYTES as usize
);

column!(
    bool,
    DataType::Boolean,
    BooleanBuilder = |n_rows| BooleanBuilder::with_capacity(n_rows),
    BooleanArray,
    |value, builder| builder.append_value(*value),
    |builder| builder.append_null(),
    |array, row| Ok(array.value(row)),
    |value, hasher| hasher.presence(*value),
    |_value| size_of::<bool>()
);

column!(
    Timestamp,
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
    TimestampMicrosecondBuilder =
        |n_rows| TimestampMicrosecondBuilder::with_capacity(n_rows).with_timezone("UTC"),
    TimestampMicrosecondArray,
    |time, builder| builder.append_value(time.0),
    |builder| builder.append_null(),
    |array, row| Ok(Timestamp(array.value(row))),
    |time, hasher| hasher.fixed(&time.0.to_le_bytes()),
    |_time| size_of::<i64>()
);

column!(
    Text<'a>,
    DataType::Utf8,
    StringBuilder = |n_rows| StringBuilder::with_capacity(n_rows, n_rows * TEXT_BYTES),
    StringArray,
    |text, builder| builder.append_value(text),
    |builder| builder.append_null(),
    |array, row| Ok(Cow::Owned(array.value(row).to_owned())),
    |text, hasher| hasher.variable(text.as_bytes()),
    |text| text.len() + size_of::<i32>(),
    'a
);

column!(
    Cow<'a, [u8]>,
    DataType::Binary,
    BinaryBuilder = |n_rows| BinaryBuilder::with_capacity(n_rows, n_rows * TEXT_BYTES),
    BinaryArray,
    |bytes, builder| builder.append_value(bytes),
    |builder| builder.append_null(),
    |array, row| Ok(Cow::Owned(array.value(row).to_owned())),
    |bytes, hasher| hasher.variable(bytes),
    |bytes| bytes.len() + size_of::<i32>(),
    'a
);

impl<'a> Column for Vec<Text<'a>> {
    type Builder = ListBuilder<StringBuilder>;
    type Array = ListArray;
    fn data_type() -> DataType {
        DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true)))
    }
    fn builder(n_rows: usize) -> Self::Builder {
        ListBuilder::with_capacity(StringBuilder::new(), n_rows)
    }
    fn append(&self, builder: &mut Self::Builder) {
        for text in self {
            builder.values().append_value(text);
        }
        builder.append(true);
    }
    fn finish(builder: &mut Self::Builder) -> ArrayRef {
        Arc::new(builder.finish())
    }
    fn value(array: &ListArray, row: usize) -> Result<Self, UnknownValue> {
        let items = array.value(row);
        let Some(items) = items.as_any().downcast_ref::<StringArray>() else {
            return Err(UnknownValue { column: "list of texts", got: format!("{}", items.data_type()) });
        };
        Ok((0..items.len()).map(|i| Cow::Owned(items.value(i).to_owned())).collect())
    }
    fn hash(&self, hasher: &mut RowHasher) {
        hasher.fixed(&(self.len() as u64).to_le_bytes());
        for text in self {
            text.hash(hasher);
        }
    }
    fn n_bytes(&self) -> usize {
        self.iter().map(Column::n_bytes).sum::<usize>() + size_of::<i32>()
    }
}

impl Column for Vec<f32> {
    type Builder = ListBuilder<Float32Builder>;
    type Array = ListArray;
    fn data_type() -> DataType {
        DataType::List(Arc::new(Field::new_list_field(DataType::Float32, true)))
    }
    fn builder(n_rows: usize) -> Self::Builder {
        ListBuilder::with_capacity(Float32Builder::new(), n_rows)
    }
    fn append(&self, builder: &mut Self::Builder) {
        builder.values().append_slice(self);
        builder.append(true);
    }
    fn finish(builder: &mut Self::Builder) -> ArrayRef {
        Arc::new(builder.finish())
    }
    fn value(array: &ListArray, row: usize) -> Result<Self, UnknownValue> {
        let items = array.value(row);
        match items.as_any().downcast_ref::<Float32Array>() {
            Some(items) => Ok(items.values().to_vec()),
            None => Err(UnknownValue { column: "list of floats", got: format!("{}", items.data_type()) }),
        }
    }
    fn hash(&self, hasher: &mut RowHasher) {
        hasher.fixed(&(self.len() as u64).to_le_bytes());
        for value in self {
            hasher.fixed(&value.to_le_bytes());
        }
    }
    fn n_bytes(&self) -> usize {
        self.len() * size_of::<f32>() + size_of::<i32>()
    }
}

/// A closed list of names, kept as its name.
macro_rules! name_column {
    ($($rust:ty: $name:ident, $from:expr;)+) => {
        $(impl Column for $rust {
            type Builder = StringBuilder;
            type Array = StringArray;
            fn data_type() -> DataType {
                DataType::Utf8
            }
            fn builder(n_rows: usize) -> StringBuilder {
                StringBuilder::with_capacity(n_rows, n_rows * NAME_BYTES)
            }
            fn append(&self, builder: &mut StringBuilder) {
                builder.append_value(self.$name());
            }
            fn finish(builder: &mut StringBuilder) -> ArrayRef {
                Arc::new(builder.finish())
            }
            fn value(array: &StringArray, row: usize) -> Result<Self, UnknownValue> {
                let name = array.value(row);
                $from(name).ok_or_else(|| UnknownValue { column: stringify!($rust), got: name.to_owned() })
            }
            fn hash(&self, hasher: &mut RowHasher) {
                hasher.variable(self.$name().as_bytes());
            }
        })+
    };
}

name_column! {
    Platform: name, Platform::from_name;
    Operation: name, Operation::from_name;
    RecordKind: name, RecordKind::from_name;
    MediaKind: name, MediaKind::from_name;
    AccountStatus: name, AccountStatus::from_name;
    Class: name, Class::from_name;
    Reason: code, |code: &str| code.parse().ok();
    ActKind: name, ActKind::from_name;
}

/// What an account did.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ActKind {
    /// Wrote a post that answers and quotes nothing.
    Post,
    /// Wrote a post that answers another.
    Reply,
    /// Wrote a post that quotes another.
    Quote,
    /// Passed a post on.
    Repost,
    /// Took a repost back.
    Unrepost,
    /// Liked a post.
    Like,
    /// Took a like back.
    Unlike,
    /// Followed an account.
    Follow,
    /// Ended a follow.
    Unfollow,
    /// Blocked an account.
    Block,
    /// Ended a block.
    Unblock,
    /// Changed a post.
    Update,
    /// Deleted a post or a profile.
    Delete,
    /// Made or changed the profile.
    ProfileUpdate,
}

impl ActKind {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::Post,
        Self::Reply,
        Self::Quote,
        Self::Repost,
        Self::Unrepost,
        Self::Like,
        Self::Unlike,
        Self::Follow,
        Self::Unfollow,
        Self::Block,
        Self::Unblock,
        Self::Update,
        Self::Delete,
        Self::ProfileUpdate,
    ];

    /// The name in the `kind` column of `actions`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Reply => "reply",
            Self::Quote => "quote",
            Self::Repost => "repost",
            Self::Unrepost => "unrepost",
            Self::Like => "like",
            Self::Unlike => "unlike",
            Self::Follow => "follow",
            Self::Unfollow => "unfollow",
            Self::Block => "block",
            Self::Unblock => "unblock",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::ProfileUpdate => "profile_update",
        }
    }

    /// The kind of a name, as a corpus holds it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
