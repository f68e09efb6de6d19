//! Writes one JSON text, key by key, in the order in which the network writes it.

use std::fmt::Write;

/// A JSON text in the making. Commas are set where they are needed.
pub(crate) struct Json {
    text: String,
    /// Whether characters beyond ASCII are written as `\u` escapes, as some tools do.
    escaping: Escaping,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escaping {
    Minimal,
    Ascii,
}

impl Json {
    pub(crate) fn new(escaping: Escaping) -> Self {
        Self { text: String::with_capacity(640), escaping }
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }

    pub(crate) fn open(&mut self, bracket: char) -> &mut Self {
        self.separate();
        self.text.push(bracket);
        self
    }

    pub(crate) fn close(&mut self, bracket: char) -> &mut Self {
        self.text.push(bracket);
        self
    }

    /// The key of the value that comes next.
    pub(crate) fn key(&mut self, key: &str) -> &mut Self {
        self.string(key);
        self.text.push(':');
        self
    }

    pub(crate) fn field(&mut self, key: &str, value: &str) -> &mut Self {
        self.key(key).string(value)
    }

    pub(crate) fn number(&mut self, key: &str, value: u64) -> &mut Self {
        self.key(key).raw(&value.to_string())
    }

    /// A value that is JSON already.
    pub(crate) fn raw(&mut self, json: &str) -> &mut Self {
        self.separate();
        self.text.push_str(json);
        self
    }

    pub(crate) fn string(&mut self, value: &str) -> &mut Self {
        self.separate();
        self.text.push('"');
        for letter in value.chars() {
            match letter {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                letter if letter.is_ascii() || self.escaping == Escaping::Minimal => self.text.push(letter),
                letter => {
                    for unit in letter.encode_utf16(&mut [0; 2]) {
                        // Writing to a string cannot fail.
                        let _ = write!(self.text, "\\u{unit:04x}");
                    }
                }
            }
        }
        self.text.push('"');
        self
    }

    fn separate(&mut self) {
        if !matches!(self.text.as_bytes().last(), None | Some(b'{' | b'[' | b':')) {
            self.text.push(',');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_and_escapes() {
        for escaping in [Escaping::Minimal, Escaping::Ascii] {
            let mut json = Json::new(escaping);
            json.open('{').field("a", "b\"é🌸\n").key("list").open('[').string("{").string(":").close(']');
            json.number("n", 7).key("t").raw("true").close('}');
            let value: serde_json::Value = serde_json::from_str(&json.finish()).unwrap_or_default();
            assert_eq!(value["a"], "b\"é🌸\n");
            assert_eq!(value["list"], serde_json::json!(["{", ":"]));
            assert_eq!((&value["n"], &value["t"]), (&7.into(), &true.into()));
        }
    }
}
