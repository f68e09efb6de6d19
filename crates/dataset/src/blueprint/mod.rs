//! The lines of a BluePrint data set, in its two styles.
//!
//! | style | a line |
//! |---|---|
//! | [`Style::Raw`] | a list of messages; times in microseconds since 1970 |
//! | [`Style::Released`] | `{"thread": [messages], "cluster_id": n}`; times as places in the order of all times |
//!
//! A line is a *chain* of texts, each answering the one before it, or a *pair* of what was there and what was done to it.
//! The names of fields are those of BluePrint (ComplexData-MILA/BluePrint, stages `clustering` and
//! `bluesky_persona_pii`); what Populi does otherwise is told in docs/design/export.md.

mod pairs;
mod raw;
mod released;

use serde::Serialize;

use crate::Pseudonym;

pub use pairs::Act;

/// Which of the two formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
pub enum Style {
    /// The list style, as BluePrint's clustering writes it.
    #[serde(rename = "blueprint-raw")]
    Raw,
    /// The style of the published data set.
    #[default]
    #[serde(rename = "blueprint-released")]
    Released,
}

impl Style {
    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "blueprint-raw",
            Self::Released => "blueprint-released",
        }
    }
}

/// Who, what and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// The pseudonym of its author.
    pub user: Pseudonym,
    /// Its text; empty where there is none.
    pub text: &'a str,
    /// Microseconds since 1970 in the raw style; its place in the order of times, from 1, in the released one.
    pub time: i64,
}

/// What a line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// Texts that answer one another, the act last: a post, a reply, or a quote whose quoted post is not there.
    Chain(&'a [Message<'a>], Act),
    /// What was there, what was done to it, and by whom: the text of the second message is that of a quote or an edit.
    Pair(Message<'a>, Act, Message<'a>),
}

/// Writes a line and its newline. The raw style has no place for the cluster, which is in the name of its file.
///
/// # Errors
/// Never, since what is written are plain values and memory takes them.
pub fn write(style: Style, line: Line<'_>, cluster: u32, out: &mut Vec<u8>) -> serde_json::Result<()> {
    match style {
        Style::Raw => serde_json::to_writer(&mut *out, &raw::line(line))?,
        Style::Released => serde_json::to_writer(&mut *out, &released::line(line, cluster))?,
    }
    out.push(b'\n');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, PseudonymKey, Pseudonyms};

    fn user(name: &str) -> Pseudonym {
        Pseudonyms::new(&PseudonymKey::published_test_key()).of("table", Kind::Account, name)
    }

    fn message<'a>(name: &str, text: &'a str, time: i64) -> Message<'a> {
        Message { user: user(name), text, time }
    }

    fn written(style: Style, line: Line<'_>) -> String {
        let mut out = Vec::new();
        write(style, line, 3, &mut out).expect("plain values");
        let a = user("a").to_string();
        String::from_utf8(out).expect("JSON is text").replace(&a, "A").replace(&user("b").to_string(), "B")
    }

    #[test]
    fn a_chain_in_both_styles() {
        let messages = [message("a", "one", 1), message("b", "", 2), message("a", "\"three\"\n", 3)];
        assert_eq!(
            written(Style::Raw, Line::Chain(&messages, Act::Reply)),
            "[{\"user_id\":\"A\",\"text\":\"one\",\"unix_epoch\":1},{\"user_id\":\"B\",\"unix_epoch\":2},\
             {\"user_id\":\"A\",\"text\":\"\\\"three\\\"\\n\",\"unix_epoch\":3}]\n"
        );
        assert_eq!(
            written(Style::Released, Line::Chain(&messages[..1], Act::Post)),
            "{\"thread\":[{\"user_id\":\"A\",\"relative_integer_time\":1,\"text\":\"one\",\"actions\":{\"like\":false,\
             \"unlike\":false,\"repost\":false,\"unrepost\":false,\"follow\":false,\"unfollow\":false,\"block\":false,\
             \"unblock\":false,\"post_update\":false,\"post_delete\":false,\"quote\":false,\"post\":true,\
             \"reply\":false}}],\"cluster_id\":3}\n"
        );
    }

    #[test]
    fn a_pair_in_both_styles() {
        let line = |act, text| Line::Pair(message("b", "one", 1), act, message("a", text, 2));
        assert_eq!(
            written(Style::Raw, line(Act::PostUpdate, "two")),
            "[{\"user_id\":\"B\",\"text\":\"one\",\"unix_epoch\":1},{\"user_id\":\"A\",\"text\":\"two\",\
             \"actions\":{\"like\":false,\"unlike\":false,\"repost\":false,\"unrepost\":false,\"follow\":false,\
             \"unfollow\":false,\"block\":false,\"unblock\":false,\"post_update\":true,\"post_delete\":false,\
             \"profile_update\":false,\"quote\":false,\"ignore\":false},\"unix_epoch\":2}]\n"
        );
        let released = written(Style::Released, line(Act::Like, ""));
        assert!(
            released.contains("{\"user_id\":\"A\",\"relative_integer_time\":2,\"actions\":{\"like\":true,"),
            "{released}"
        );
    }

    #[test]
    fn each_act_sets_the_flag_of_its_name_and_no_other() {
        for act in Act::ALL {
            let is_text = matches!(act, Act::Post | Act::Reply);
            let messages = [message("b", "one", 1), message("a", "two", 2)];
            let line =
                if is_text { Line::Chain(&messages, act) } else { Line::Pair(messages[0], act, messages[1]) };
            for style in [Style::Raw, Style::Released] {
                let text = written(style, line);
                let value: serde_json::Value = serde_json::from_str(&text).expect("a line is JSON");
                let thread = if style == Style::Raw { &value } else { &value["thread"] };
                let flags = thread[1]["actions"].as_object();
                if is_text && style == Style::Raw {
                    assert_eq!(flags, None);
                    continue;
                }
                let flags = flags.expect("the act has flags");
                assert_eq!(flags.len(), 13, "{text}");
                let set: Vec<&String> = flags
                    .iter()
                    .filter(|(_, flag)| flag.as_bool() == Some(true))
                    .map(|(name, _)| name)
                    .collect();
                assert_eq!(set, [act.flag()], "{text}");
            }
        }
    }
}
