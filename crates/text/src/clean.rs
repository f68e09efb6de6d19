//! What of a post's text is for reading by machine.
//!
//! [`clean`] makes a new string; the original text of a post is never changed. In this order:
//!
//! 1. HTML entities are decoded once (`&amp;` is `&`): Twitter's exports escape `&`, `<` and `>`.
//! 2. Links go: `http://…`, `https://…`, `www.…`, a host with a path (`youtube.com/watch?…`, how Bluesky shows
//!    links), and a bare host under `com`, `org`, `net`, `gov`, `edu` or `social`. Other bare hosts stay, since
//!    "end.Start" is more often a forgotten space.
//! 3. Addresses and handles go: `name@host.tld`, `@name`, `@name.bsky.social`, and `@名字` up to the next character
//!    that is no letter, digit, `_` or `-` (Weibo ends a mention so). A leading `RT @name:` goes whole.
//! 4. Hashtags keep their word and lose their `#`; `C#` stays.
//! 5. White space, control characters and zero-width spaces fold into one space, none at either end.
//!
//! One pass over the text, each byte looked at a constant number of times; memory is the output's size.

use std::borrow::Cow;

/// The text of a post without links, handles, hash signs and superfluous white space; see the module's list.
///
/// ```
/// use populi_text::clean::clean;
/// let post = "RT @ndp.ca: Rent &amp; food  prices… #Housing https://example.org/a?b";
/// assert_eq!(clean(post), "Rent & food prices… Housing");
/// ```
pub fn clean(text: &str) -> String {
    let decoded: Cow<'_, str> =
        if text.contains('&') { html_escape::decode_html_entities(text) } else { Cow::Borrowed(text) };
    Cleaner { text: decoded.as_ref(), at: 0, out: String::with_capacity(decoded.len()), gap: false }.run()
}

/// The state of one pass: `text[at..]` is still to be read.
struct Cleaner<'a> {
    text: &'a str,
    at: usize,
    out: String,
    /// A space is owed before the next character, if there is one.
    gap: bool,
}

impl<'a> Cleaner<'a> {
    fn run(mut self) -> String {
        self.skip_repost_mark();
        // The last character read, kept or not: decides whether `@` and `#` open a handle and a hashtag.
        let mut previous = ' ';
        while let Some(c) = self.rest().chars().next() {
            if is_run_char(c) {
                previous = self.take_run();
            } else if (c == '@' || c == '＠') && !previous.is_ascii_alphanumeric() {
                previous = self.take_handle(c);
            } else {
                let next = self.rest()[c.len_utf8()..].chars().next();
                self.at += c.len_utf8();
                if !(is_hash(c) && marks_hashtag(previous, next)) {
                    self.push(c);
                    previous = c;
                }
            }
        }
        self.out
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn push(&mut self, c: char) {
        if c.is_whitespace() || c.is_control() || matches!(c, '\u{200B}' | '\u{FEFF}') {
            self.gap = true;
        } else {
            self.push_str(c.encode_utf8(&mut [0; 4]));
        }
    }

    fn push_str(&mut self, piece: &str) {
        if piece.is_empty() {
            return;
        }
        if self.gap && !self.out.is_empty() {
            self.out.push(' ');
        }
        self.gap = false;
        self.out.push_str(piece);
    }

    /// `RT @name:` at the very start says who is quoted, not what is said.
    fn skip_repost_mark(&mut self) {
        let start = self.text.len() - self.text.trim_start().len();
        let Some(handle) = self.text[start..].strip_prefix("RT @") else {
            return;
        };
        let name = handle.len() - handle.trim_start_matches(is_run_char).len();
        if name > 0 {
            let colon = usize::from(handle[name..].starts_with(':'));
            self.at = start + "RT @".len() + name + colon;
        }
    }

    /// Reads a longest run of [`is_run_char`]s, what follows it if that makes it a link or an address, and keeps it
    /// if it is neither. Runs do not overlap, so the pass stays linear. Returns the last character of the run.
    fn take_run(&mut self) -> char {
        let rest = self.rest();
        // These are all ASCII, so bytes will do.
        let length = rest.bytes().position(|b| !is_run_char(char::from(b))).unwrap_or(rest.len());
        let (run, after) = rest.split_at(length);
        if !run.contains('.') && !after.starts_with([':', '@', '/']) {
            self.push_str(run);
            self.at += length;
        } else if let Some(before) = before_scheme(run, after) {
            self.push_str(before);
            self.at += length + link_tail(after);
            self.gap = true;
        } else if is_link(run, after) {
            self.at += length + link_tail(after);
            self.gap = true;
        } else if let Some(host) = address_host(run, after) {
            self.at += length + 1 + host;
            self.gap = true;
        } else {
            self.push_str(run);
            self.at += length;
        }
        run.chars().next_back().unwrap_or(' ')
    }

    /// Drops the handle after an `@`, or keeps the `@` if no name follows.
    fn take_handle(&mut self, at_sign: char) -> char {
        let after = &self.rest()[at_sign.len_utf8()..];
        let length = match after.chars().next() {
            Some(c) if c.is_ascii_alphanumeric() || c == '_' => handle_length(after),
            Some(c) if c.is_alphanumeric() => {
                after.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).unwrap_or(after.len())
            }
            _ => 0,
        };
        if length == 0 {
            self.push(at_sign);
            self.at += at_sign.len_utf8();
            return at_sign;
        }
        self.gap = true;
        self.at += at_sign.len_utf8() + length;
        ' '
    }
}

/// The characters of hosts, of the local part of addresses, and of plain words.
fn is_run_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-')
}

fn is_hash(c: char) -> bool {
    matches!(c, '#' | '＃')
}

/// `#` is a mark and no content unless it closes an ASCII word (`C#`) or stands alone.
fn marks_hashtag(previous: char, next: Option<char>) -> bool {
    let closes_topic = previous.is_alphanumeric() && !previous.is_ascii();
    let before_word = next.is_some_and(|c| c.is_alphanumeric() || c == '_' || is_hash(c));
    !previous.is_ascii_alphanumeric() && (before_word || closes_topic)
}

/// What stands before the scheme if the run ends with one: posts glue links to words (`herehttps://t.co/x`).
fn before_scheme<'a>(run: &'a str, after: &str) -> Option<&'a str> {
    if !after.starts_with("://") {
        return None;
    }
    ["https", "http"].iter().find_map(|scheme| {
        let (before, end) = run.split_at_checked(run.len().checked_sub(scheme.len())?)?;
        end.eq_ignore_ascii_case(scheme).then_some(before)
    })
}

/// Whether the run, followed by `after`, starts a link without a scheme.
fn is_link(run: &str, after: &str) -> bool {
    let www = run.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www.")) && run.len() > 4;
    let host = run.trim_end_matches(['.', '-']);
    let Some(top) = top_level(host) else { return false };
    let known =
        ["com", "org", "net", "gov", "edu", "social"].iter().any(|name| top.eq_ignore_ascii_case(name));
    www || (after.starts_with('/') && host.len() == run.len()) || (known && !after.starts_with('@'))
}

/// The last label of a host name such as `a-b.example.org`, if it is one: letters only, two or more.
fn top_level(host: &str) -> Option<&str> {
    let (before, top) = host.rsplit_once('.')?;
    let label = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let letters = top.len() >= 2 && top.bytes().all(|b| b.is_ascii_alphabetic());
    (letters && before.split('.').all(label)).then_some(top)
}

/// How many bytes after the host belong to the link: up to white space, a quote, a bracket, or East Asian script,
/// which posts write right after a link.
fn link_tail(after: &str) -> usize {
    let ends = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '“' | '”') || is_east_asian(c)
    };
    if after.starts_with(['/', ':', '?', '#']) { after.find(ends).unwrap_or(after.len()) } else { 0 }
}

/// Kana, ideographs, hangul, and their punctuation and full-width forms.
fn is_east_asian(c: char) -> bool {
    matches!(u32::from(c), 0x3000..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0xFF00..=0xFFEF | 0x20000..=0x3FFFF)
}

/// The length of the host after the `@` if run and host make a mail address.
fn address_host(run: &str, after: &str) -> Option<usize> {
    let host = after.strip_prefix('@')?;
    let length = handle_length(host);
    (run.bytes().any(|b| b.is_ascii_alphanumeric()) && top_level(&host[..length]).is_some()).then_some(length)
}

/// The length of an ASCII handle or host at the start of `text`: letters, digits, `_`, and inner `.` and `-`.
fn handle_length(text: &str) -> usize {
    let run = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')))
        .unwrap_or(text.len());
    text[..run].trim_end_matches(['.', '-']).len()
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn links_handles_and_marks_go() {
        for (raw, expected) in [
            ("", ""),
            ("   \n\t ", ""),
            ("plain words, kept as they are.", "plain words, kept as they are."),
            ("see https://t.co/AbC1?x=(1)&amp;y=2 now", "see now"),
            ("HTTPS://EXAMPLE.ORG", ""),
            ("www.youtube.com/watch?v=V5lD...", ""),
            ("hierhttps://t.co/a da", "hier da"),
            ("ftp://example.org/x", "ftp://"),
            ("denikn.cz/2113523\nV souvislosti", "V souvislosti"),
            ("mail a.b+c@example.co.uk today", "mail today"),
            ("visit example.com.", "visit"),
            ("end.Start and/or 24.5/30 U.S./China", "end.Start and/or 24.5/30 U.S./China"),
            ("hi @alice.bsky.social, @bob_2: ok", "hi , : ok"),
            (".@ndp.ca @theondy.", ". ."),
            ("meet @ 5pm", "meet @ 5pm"),
            ("RT @news: rates up", "rates up"),
            ("RT if you agree", "RT if you agree"),
            ("#Rent is #too_high ＃東京 C# # 1", "Rent is too_high 東京 C# # 1"),
            ("#话题#内容", "话题内容"),
            ("看https://t.co/abc好看", "看 好看"),
            ("回复@小明:你好 @name さん", "回复 :你好 さん"),
            ("AT&amp;T &lt;3 &quot;x&quot; &nosuch; &amp;amp;", "AT&T <3 \"x\" &nosuch; &amp;"),
            ("zero\u{200B}width\u{FEFF}\u{7}bell", "zero width bell"),
            ("family 👩‍👩‍👧 stays", "family 👩‍👩‍👧 stays"),
            ("-- ... 50% +1", "-- ... 50% +1"),
        ] {
            assert_eq!(clean(raw), expected, "of {raw:?}");
        }
    }
}
