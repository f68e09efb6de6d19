//! What a post says: drawn from a stream that its number names, whenever it is wanted, so that no text is kept.
//!
//! The network writes texts with `&`, `<` and `>` as entities and counts characters in that writing. A reader takes the
//! entities out and has to move every position with them. So both writings are made here side by side, with the
//! positions in each.

use super::people::language;
use super::world::{NONE, World};
use crate::languages::{ENGLISH, LANGUAGES};
use crate::random::{Purpose, Stream, mix};
use crate::taste::{Kind, Taste};

/// From the first character to the one behind the last, in the network's writing.
pub(crate) type Span = (u32, u32);

/// A post's text and what is in it.
#[derive(Debug, Default, Clone)]
pub(crate) struct Words {
    /// As it was meant.
    pub(crate) plain: String,
    /// With entities for `&`, `<` and `>`.
    pub(crate) written: String,
    n_plain: u32,
    n_written: u32,
    /// Without the mentions before and the links behind, in characters of `plain`.
    pub(crate) body: Span,
    /// The same in characters of `written`.
    pub(crate) shown: Span,
    pub(crate) mentions: Vec<(u32, Span)>,
    pub(crate) tags: Vec<(String, Span)>,
    pub(crate) links: Vec<Link>,
    /// The picture's link.
    pub(crate) media: Option<Link>,
    /// The quoted post's link.
    pub(crate) permalink: Option<Link>,
}

/// A shortened address.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) short: String,
    pub(crate) target: String,
    pub(crate) span: Span,
}

/// More characters than this are cut in API v1.1.
const CUT_AT: u32 = 140;
const EMOJI: [&str; 6] = ["😂", "❤️", "👩🏽‍🌾", "🇯🇵", "🔥🔥", "🥲"];
const ASIDES: [&str; 6] =
    [" <3", " R&B > pop", " Q&A at 5", " &amp; is five characters", " a<b && b<c", " \"so\" they say\\"];
/// What makes near copies differ.
const TWISTS: [&str; 6] = ["!", " pls share", " (again)", " 🙏", " now", " fr"];

/// Draws texts.
pub(crate) struct Writer<'a> {
    world: &'a World,
    taste: Taste,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(world: &'a World) -> Self {
        Self { world, taste: Taste::new() }
    }

    /// What a post says.
    pub(crate) fn words(&self, number: u32) -> Words {
        let post = &self.world.posts[number as usize];
        let mut random = Stream::new(self.world.seed, Purpose::Text, u64::from(post.words));
        let mut words = Words::default();
        for user in self.answered(number) {
            let span = words.push(&format!("@{}", self.world.handle(user)));
            words.mentions.push((user, span));
            words.push(" ");
        }
        let start = (words.n_plain, words.n_written);
        let n_sentences = if post.long { 5 } else { 1 };
        for i in 0..n_sentences {
            if i > 0 {
                words.push(" ");
            }
            self.sentence(post.lang, post.topic, post.parent != NONE, &mut random, &mut words);
        }
        if random.chance(0.05) {
            words.push(random.pick(&ASIDES));
        }
        if random.chance(0.08) {
            words.push(" ");
            words.push(random.pick(&EMOJI));
        }
        if random.chance(0.03) {
            words.push("\n");
            self.sentence(post.lang, post.topic, false, &mut random, &mut words);
        }
        if post.has_link {
            // Words follow, so that nobody can take it for a link behind the text.
            words.push(" ");
            let link = words.link(mix(u64::from(post.words), 0x6c), "https://example.org/");
            words.links.push(link);
            words.push(" via a friend");
        }
        if post.twist > 0 {
            words.push(TWISTS[usize::from(post.twist) % TWISTS.len()]);
        }
        let end = (words.n_plain, words.n_written);
        words.body = (start.0, end.0);
        words.shown = (start.1, end.1);
        if let Some(quoted) = self.world.post(post.quote) {
            words.push(" ");
            let target = self.address(quoted.author, quoted.id);
            let link = words.link_to(mix(u64::from(number), 0x71), target);
            words.permalink = Some(link);
        }
        if post.has_media {
            words.push(" ");
            let target = format!("{}/photo/1", self.address(post.author, post.id));
            let link = words.link_to(mix(u64::from(number), 0x6d), target);
            words.media = Some(link);
        }
        words
    }

    pub(crate) fn address(&self, author: u32, id: u64) -> String {
        format!("https://twitter.com/{}/status/{id}", self.world.handle(author))
    }

    /// Who is named before a reply: the author that it answers and whom that one answered, but never oneself.
    fn answered(&self, number: u32) -> Vec<u32> {
        let post = &self.world.posts[number as usize];
        let mut named = Vec::new();
        let parent = self.world.post(post.parent);
        let above = parent.and_then(|parent| self.world.post(parent.parent));
        for author in [parent, above].into_iter().flatten().map(|post| post.author) {
            if author != post.author && !named.contains(&author) {
                named.push(author);
            }
        }
        named
    }

    fn sentence(&self, lang: u8, topic: u8, is_reply: bool, random: &mut Stream, words: &mut Words) {
        if usize::from(lang) != ENGLISH {
            for i in 0..2 {
                if i > 0 {
                    words.push(" ");
                }
                words.push(random.pick(language(lang).phrases));
            }
            return;
        }
        let (mut text, mut tags) = (String::new(), Vec::new());
        let kind = if is_reply { Kind::Reply } else { Kind::Post };
        self.taste.sentence(kind, usize::from(topic), random, &mut text, &mut tags);
        let mut done = 0;
        for (from, to) in tags {
            words.push(&text[done..from]);
            let span = words.push(&text[from..to]);
            words.tags.push((text[from + 1..to].to_owned(), span));
            done = to;
        }
        words.push(&text[done..]);
    }
}

impl Words {
    /// Whether API v1.1 cuts it.
    pub(crate) fn is_cut_in_v1(&self) -> bool {
        self.n_written > CUT_AT
    }

    /// The beginning, an ellipsis and a link to the whole, as API v1.1 shows a long text where nobody asks for all.
    pub(crate) fn cut(&self, id: u64) -> Words {
        const ROOM: u32 = 140 - 25;
        let mut cut = Words { mentions: self.mentions.clone(), ..Words::default() };
        for letter in self.plain.chars() {
            if cut.n_written + 5 > ROOM {
                break;
            }
            cut.push(letter.encode_utf8(&mut [0; 4]));
        }
        cut.tags = self.tags.iter().filter(|(_, (_, end))| *end <= cut.n_written).cloned().collect();
        let links = self.links.iter().filter(|link| link.span.1 <= cut.n_written);
        cut.links = links.cloned().collect();
        cut.push("…");
        // The link to the whole is behind the body, though the network displays it.
        cut.body = (self.body.0, cut.n_plain);
        cut.push(" ");
        let link = cut.link_to(mix(id, 0x63), format!("https://twitter.com/i/web/status/{id}"));
        cut.links.push(link);
        cut.shown = (self.shown.0, cut.n_written);
        cut
    }

    /// The text of a retweet of these words of an author.
    pub(crate) fn retweet(author: u32, handle: &str, of: &Words) -> Words {
        let mut words = Words::default();
        words.push("RT ");
        let span = words.push(&format!("@{handle}"));
        words.mentions.push((author, span));
        words.push(": ");
        for letter in of.plain.chars() {
            if words.n_written + 6 > CUT_AT {
                words.push("…");
                break;
            }
            words.push(letter.encode_utf8(&mut [0; 4]));
        }
        words.shown = (0, words.n_written);
        words.body = (0, words.n_plain);
        words
    }

    /// Whether nothing stands before or behind the body.
    pub(crate) fn is_all_shown(&self) -> bool {
        self.shown == (0, self.n_written)
    }

    fn push(&mut self, text: &str) -> Span {
        let start = self.n_written;
        self.plain.push_str(text);
        for letter in text.chars() {
            self.n_plain += 1;
            let entity = match letter {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                letter => {
                    self.written.push(letter);
                    self.n_written += 1;
                    continue;
                }
            };
            self.written.push_str(entity);
            self.n_written += entity.len() as u32;
        }
        (start, self.n_written)
    }

    fn link(&mut self, salt: u64, site: &str) -> Link {
        self.link_to(salt, format!("{site}{}", token(mix(salt, 1))))
    }

    fn link_to(&mut self, salt: u64, target: String) -> Link {
        let short = format!("https://t.co/{}", token(salt));
        let span = self.push(&short);
        Link { short, target, span }
    }
}

/// Ten letters and digits.
fn token(mut salt: u64) -> String {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let mut token = String::with_capacity(10);
    for _ in 0..10 {
        token.push(char::from(LETTERS[(salt % 62) as usize]));
        salt /= 62;
    }
    token
}

/// The language tag that the network gives a post.
pub(crate) fn tag(lang: u8) -> &'static str {
    LANGUAGES.get(usize::from(lang)).map_or(crate::languages::ARABIC.tag, |language| language.tag)
}
