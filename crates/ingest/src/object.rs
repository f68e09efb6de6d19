//! Objects of JSON as typed, borrowed fields: what the readers of platforms share.
//!
//! Strings are borrowed from the input where they hold no escape. A field that is `null` counts as absent; of a key
//! that stands twice the last counts; other keys are skipped unread. Nothing here decides what a field means.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A string, borrowed where it can be.
#[derive(Debug)]
pub(crate) struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'a> From<Text<'a>> for Cow<'a, str> {
    fn from(text: Text<'a>) -> Self {
        text.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor<'a>(PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for TextVisitor<'a> {
            type Value = Text<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'a>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'a>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(TextVisitor(PhantomData))
    }
}

/// A part of the JSON that is read later, or by other rules.
pub(crate) type Raw<'a> = &'a RawValue;

/// A field that may be of another type than expected without harm to the rest of its record.
#[derive(Debug)]
pub(crate) enum Loose<T> {
    /// It is as it should be.
    Is(T),
    /// It is of another type, and was passed over.
    Odd,
}

impl<T> Loose<T> {
    /// The value, where it is as it should be.
    pub fn as_ref(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Odd => None,
        }
    }

    /// Whether it was passed over.
    pub fn is_odd(&self) -> bool {
        matches!(self, Self::Odd)
    }
}

/// What a [`Loose`] field can be: each method takes one type of JSON, and none is taken by default.
pub(crate) trait Lenient<'de>: Sized {
    fn of_borrowed_str(text: &'de str) -> Option<Self> {
        Self::of_str(text)
    }
    fn of_str(_: &str) -> Option<Self> {
        None
    }
    fn of_bool(_: bool) -> Option<Self> {
        None
    }
    fn of_u64(_: u64) -> Option<Self> {
        None
    }
    fn of_i64(_: i64) -> Option<Self> {
        None
    }
    fn of_map<A: MapAccess<'de>>(mut map: A) -> Result<Option<Self>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
    fn of_seq<A: SeqAccess<'de>>(mut seq: A) -> Result<Option<Self>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

impl<'de: 'a, 'a> Lenient<'de> for Text<'a> {
    fn of_borrowed_str(text: &'de str) -> Option<Self> {
        Some(Text(Cow::Borrowed(text)))
    }

    fn of_str(text: &str) -> Option<Self> {
        Some(Text(Cow::Owned(text.to_owned())))
    }
}

impl Lenient<'_> for bool {
    fn of_bool(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl Lenient<'_> for i64 {
    fn of_u64(value: u64) -> Option<Self> {
        i64::try_from(value).ok()
    }

    fn of_i64(value: i64) -> Option<Self> {
        Some(value)
    }

    /// Exports write numbers as texts.
    fn of_str(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// A list is as it should be whatever its elements are.
impl<'de, T: Deserialize<'de>> Lenient<'de> for Vec<T> {
    fn of_seq<A: SeqAccess<'de>>(mut seq: A) -> Result<Option<Self>, A::Error> {
        let mut elements = Self::new();
        while let Some(element) = seq.next_element()? {
            elements.push(element);
        }
        Ok(Some(elements))
    }
}

impl<'de, T: Lenient<'de>> Deserialize<'de> for Loose<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LooseVisitor<T>(PhantomData<T>);

        fn loose<T>(value: Option<T>) -> Loose<T> {
            value.map_or(Loose::Odd, Loose::Is)
        }

        impl<'de, T: Lenient<'de>> Visitor<'de> for LooseVisitor<T> {
            type Value = Loose<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Loose<T>, E> {
                Ok(loose(T::of_borrowed_str(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Loose<T>, E> {
                Ok(loose(T::of_str(text)))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Loose<T>, E> {
                Ok(loose(T::of_bool(value)))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Loose<T>, E> {
                Ok(loose(T::of_u64(value)))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Loose<T>, E> {
                Ok(loose(T::of_i64(value)))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Loose<T>, E> {
                Ok(Loose::Odd)
            }

            fn visit_unit<E>(self) -> Result<Loose<T>, E> {
                Ok(Loose::Odd)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Loose<T>, A::Error> {
                T::of_map(map).map(loose)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Loose<T>, A::Error> {
                T::of_seq(seq).map(loose)
            }
        }

        deserializer.deserialize_any(LooseVisitor(PhantomData))
    }
}

/// Structs that are read from objects, field by key. Derived code will not do: it refuses a key that stands twice,
/// takes arrays for objects, and refuses half a surrogate pair in a key that nobody keeps.
///
/// A field is read by its type, or `by` a method of the object that is being read. Keys are byte strings, so that they
/// are told apart by length and letters rather than one after another.
macro_rules! objects {
    (@next $object:ident, $map:ident) => {
        $map.next_value()
    };
    (@next $object:ident, $map:ident, $read:ident) => {
        $object.$read(&mut $map)
    };
    ($($(#[doc = $doc:literal])+ $name:ident { $($key:literal => $field:ident: $type:ty $(, by $read:ident)?;)+ })+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Default)]
        pub(super) struct $name<'a> {
            $(pub $field: Option<$type>,)+
            _input: std::marker::PhantomData<&'a ()>,
        }

        impl<'a> $name<'a> {
            fn read_map<'de: 'a, A: serde::de::MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
                #[allow(non_camel_case_types, reason = "named like the fields that they stand for")]
                enum Field { $($field,)+ Unknown }

                impl<'de> serde::Deserialize<'de> for Field {
                    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                        deserializer.deserialize_bytes(FieldVisitor)
                    }
                }

                struct FieldVisitor;

                impl serde::de::Visitor<'_> for FieldVisitor {
                    type Value = Field;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a key")
                    }

                    fn visit_bytes<E>(self, key: &[u8]) -> Result<Field, E> {
                        Ok(match key {
                            $($key => Field::$field,)+
                            _ => Field::Unknown,
                        })
                    }
                }

                let mut object = Self::default();
                while let Some(field) = map.next_key()? {
                    match field {
                        $(Field::$field => {
                            object.$field = $crate::object::objects!(@next object, map $(, $read)?)?;
                        })+
                        Field::Unknown => { map.next_value::<serde::de::IgnoredAny>()?; }
                    }
                }
                Ok(object)
            }
        }

        impl<'de: 'a, 'a> serde::Deserialize<'de> for $name<'a> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct ObjectVisitor<'a>(std::marker::PhantomData<&'a ()>);

                impl<'de: 'a, 'a> serde::de::Visitor<'de> for ObjectVisitor<'a> {
                    type Value = $name<'a>;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<$name<'a>, A::Error> {
                        $name::read_map(map)
                    }
                }

                deserializer.deserialize_map(ObjectVisitor(std::marker::PhantomData))
            }
        }

        impl<'de: 'a, 'a> $crate::object::Lenient<'de> for $name<'a> {
            fn of_map<A: serde::de::MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
                Self::read_map(map).map(Some)
            }
        }
    )+};
}

pub(crate) use objects;
