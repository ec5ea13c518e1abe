//! JSON that no two readers take differently, which serde alone does not see to.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Refuses a key that stands twice in an object, of whatever depth and whether we know it or not; a number that is not finite, and -0,
/// which is a whole number to some; and what the parser refuses of strings and of nesting where it does not skip them.
pub fn check(bytes: &[u8]) -> serde_json::Result<()> {
    serde_json::from_slice::<Checked>(bytes).map(drop)
}

/// A value that was looked at and not kept.
struct Checked;

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Check)
    }
}

struct Check;

impl<'de> Visitor<'de> for Check {
    type Value = Checked;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Checked, E> {
        Ok(Checked)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Checked, E> {
        Ok(Checked)
    }

    fn visit_str<E>(self, _: &str) -> Result<Checked, E> {
        Ok(Checked)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Checked, E> {
        Ok(Checked)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Checked, E> {
        Ok(Checked)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Checked, E> {
        let minus_zero = number == 0.0 && number.is_sign_negative();
        if minus_zero { Err(E::custom("a number is -0")) } else { Ok(Checked) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Checked, A::Error> {
        while items.next_element::<Checked>()?.is_some() {}
        Ok(Checked)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Checked, A::Error> {
        let mut keys = HashSet::new();
        while let Some((key, Checked)) = entries.next_entry::<String, _>()? {
            if let Some(twice) = keys.replace(key) {
                return Err(A::Error::custom(format_args!("the key {twice:?} is there twice")));
            }
        }
        Ok(Checked)
    }
}

/// Reads structs from objects alone: what serde derives takes an array of the values as well. They are `#[serde(remote = "Self")]`, by
/// which what is derived is a function of their own, and this what others call.
macro_rules! from_objects {
    ($($name:ident),+ $(,)?) => {$(
        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Object;

                impl<'de> ::serde::de::Visitor<'de> for Object {
                    type Value = $name;

                    fn expecting(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: ::serde::de::MapAccess<'de>>(self, map: A) -> Result<$name, A::Error> {
                        $name::deserialize(::serde::de::value::MapAccessDeserializer::new(map))
                    }
                }

                deserializer.deserialize_map(Object)
            }
        }
    )+};
}

/// The same for enums: what serde derives takes `{"name": null}` for `"name"`.
macro_rules! from_strings {
    ($($name:ident),+ $(,)?) => {$(
        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = <String as ::serde::Deserialize>::deserialize(deserializer)?;
                $name::deserialize(::serde::de::IntoDeserializer::into_deserializer(name))
            }
        }
    )+};
}

pub(crate) use {from_objects, from_strings};
