//! Writes one JSON text, key by key, in the order in which the network writes it.

use std::fmt::Write;

/// A JSON text in the making. Commas are set where they are needed.
pub(crate) struct Json {
    text: String,
    escaping: Escaping,
}

/// Which characters are written as escapes, beside those that JSON asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escaping {
    Minimal,
    /// All beyond ASCII, as some tools do.
    Ascii,
    /// All beyond ASCII, and `/`, `<` and `>`, as Twitter's stream does.
    Web,
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
        self.key(key);
        // Writing to a string cannot fail.
        let _ = write!(self.text, "{value}");
        self
    }

    /// An id as Twitter writes it: a number, and under another name the same as text.
    pub(crate) fn id(&mut self, key: &str, value: u64) -> &mut Self {
        self.number(key, value);
        self.separate();
        // Writing to a string cannot fail.
        let _ = write!(self.text, "\"{key}_str\":\"{value}\"");
        self
    }

    pub(crate) fn null(&mut self, key: &str) -> &mut Self {
        self.key(key).raw("null")
    }

    pub(crate) fn truth(&mut self, key: &str, value: bool) -> &mut Self {
        self.key(key).raw(if value { "true" } else { "false" })
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
        let mut rest = value;
        // Runs that need no escape are copied whole.
        while let Some(at) = rest.bytes().position(|byte| self.is_escaped(byte)) {
            self.text.push_str(&rest[..at]);
            let mut letters = rest[at..].chars();
            if let Some(letter) = letters.next() {
                self.escape(letter);
            }
            rest = letters.as_str();
        }
        self.text.push_str(rest);
        self.text.push('"');
        self
    }

    fn is_escaped(&self, byte: u8) -> bool {
        match byte {
            b'"' | b'\\' | b'\n' => true,
            b'/' | b'<' | b'>' => self.escaping == Escaping::Web,
            byte => !byte.is_ascii() && self.escaping != Escaping::Minimal,
        }
    }

    fn escape(&mut self, letter: char) {
        match letter {
            '"' => self.text.push_str("\\\""),
            '\\' => self.text.push_str("\\\\"),
            '\n' => self.text.push_str("\\n"),
            '/' => self.text.push_str("\\/"),
            letter => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    let _ = write!(self.text, "\\u{unit:04x}");
                }
            }
        }
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
        for escaping in [Escaping::Minimal, Escaping::Ascii, Escaping::Web] {
            let mut json = Json::new(escaping);
            json.open('{').field("a", "b\"é🌸\n</").key("list").open('[').string("{").string(":").close(']');
            json.number("n", 7).key("t").raw("true").close('}');
            let value: serde_json::Value = serde_json::from_str(&json.finish()).unwrap_or_default();
            assert_eq!(value["a"], "b\"é🌸\n</");
            assert_eq!(value["list"], serde_json::json!(["{", ":"]));
            assert_eq!((&value["n"], &value["t"]), (&7.into(), &true.into()));
        }
    }
}
