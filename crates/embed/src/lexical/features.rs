//! What a lexical model sees in a text: words, and runs of letters inside them, each hashed to a bucket.
//!
//! A text is brought to Unicode normal form KC and lower case and cut into words by Unicode's rules (UAX 29). Then:
//!
//! | in the text | features |
//! |---|---|
//! | a word between spaces or signs | the word; its runs of 3 to 5 letters, where a space marks both its ends |
//! | words with nothing between them (ideographs, kana, Thai: one letter is a word there) | each word; every two and three in a row |
//! | a link | its host as one word: what is behind is as good as random |
//! | a handle (`@name`) | itself as one word: names have no parts that mean something |
//!
//! A `#` is a sign like others, so a hashtag is its words.
//!
//! A feature's bucket is the top bits of its hash, FNV-1a (64 bits) over its UTF-8 bytes from a start that differs by kind,
//! then `h ^= h >> 32; h *= 0x9e3779b97f4a7c15`. Words and runs have buckets of their own, so that neither hides the other.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};
use unicode_segmentation::UnicodeSegmentation;

/// log2 of the number of buckets of each kind. More keeps rare features apart and makes the model larger.
const BUCKET_BITS: u32 = 16;

/// Buckets of words; those of runs come after them.
pub(super) const N_WORD_BUCKETS: usize = 1 << BUCKET_BITS;

/// All buckets.
pub(super) const N_BUCKETS: usize = 2 << BUCKET_BITS;

/// Letters of a run inside a word, with its end marks.
const MIN_LETTERS: usize = 3;
const MAX_LETTERS: usize = 5;

/// Words of a run of words with nothing between them.
const MAX_WORDS: usize = 3;

/// Marks both ends of a word; no word holds it.
const END_MARK: u8 = b' ';

/// FNV-1a's offset basis and prime (64 bits).
const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// 2^64 divided by the golden ratio, odd: spreads what FNV leaves in the low bits.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Where the hash of each kind of feature starts.
const WORD: u64 = FNV_BASIS ^ 1;
const RUN: u64 = FNV_BASIS ^ 2;

/// Reads the features of one text after another, and keeps its buffers.
#[derive(Default)]
pub(super) struct Reader {
    /// The text in normal form.
    normal: String,
    /// One word between end marks.
    marked: Vec<u8>,
    /// Where each letter of `marked` starts, and its length.
    starts: Vec<usize>,
}

impl Reader {
    /// Appends the buckets of the features of `text` to `buckets`, one entry an occurrence. O(bytes).
    pub(super) fn read(&mut self, text: &str, buckets: &mut Vec<u32>) {
        let mut normal = std::mem::take(&mut self.normal);
        normalise(text, &mut normal);
        let mut rest = normal.as_str();
        while let Some(name) = find_name(rest) {
            self.read_words(&rest[..name.start], buckets);
            if !name.text.is_empty() {
                buckets.push(word_bucket(name.text.as_bytes()));
            }
            rest = &rest[name.end..];
        }
        self.read_words(rest, buckets);
        self.normal = normal;
    }

    fn read_words(&mut self, text: &str, buckets: &mut Vec<u32>) {
        // The words since the last gap, as long as nothing lies between them: hashes of the runs that end at the last.
        let mut chain: [u64; MAX_WORDS] = [RUN; MAX_WORDS];
        let mut n_chained = 0;
        let mut chain_end = usize::MAX;
        for (at, word) in text.unicode_word_indices() {
            buckets.push(word_bucket(word.as_bytes()));
            n_chained = if at == chain_end { n_chained + 1 } else { 0 };
            chain_end = at + word.len();
            // chain[i] is the run of the last i + 1 words.
            for i in (1..MAX_WORDS).rev() {
                chain[i] = fnv(chain[i - 1], word.as_bytes());
            }
            chain[0] = fnv(RUN, word.as_bytes());
            buckets.extend((1..=n_chained.min(MAX_WORDS - 1)).map(|i| run_bucket(chain[i])));
            if !is_one_letter(word) {
                self.read_letters(word, buckets);
            }
        }
    }

    fn read_letters(&mut self, word: &str, buckets: &mut Vec<u32>) {
        self.marked.clear();
        self.marked.push(END_MARK);
        self.marked.extend_from_slice(word.as_bytes());
        self.marked.push(END_MARK);
        if word.is_ascii() {
            for start in 0..=self.marked.len() - MIN_LETTERS {
                let mut hash = fnv(RUN, &self.marked[start..start + MIN_LETTERS - 1]);
                for &letter in
                    self.marked[start + MIN_LETTERS - 1..].iter().take(MAX_LETTERS + 1 - MIN_LETTERS)
                {
                    hash = fnv(hash, &[letter]);
                    buckets.push(run_bucket(hash));
                }
            }
            return;
        }
        self.starts.clear();
        self.starts.extend((0..self.marked.len()).filter(|&i| self.marked[i] & 0xc0 != 0x80));
        self.starts.push(self.marked.len());
        for first in 0..self.starts.len() - MIN_LETTERS {
            let ends = &self.starts[first + MIN_LETTERS..];
            let mut from = self.starts[first];
            let mut hash = RUN;
            for &end in ends.iter().take(MAX_LETTERS + 1 - MIN_LETTERS) {
                hash = fnv(hash, &self.marked[from..end]);
                from = end;
                buckets.push(run_bucket(hash));
            }
        }
    }
}

/// `text` in normal form KC and lower case.
fn normalise(text: &str, normal: &mut String) {
    normal.clear();
    if text.is_ascii() {
        normal.push_str(text);
        normal.make_ascii_lowercase();
    } else if is_nfkc_quick(text.chars()) == IsNormalized::Yes {
        normal.extend(text.chars().flat_map(char::to_lowercase));
    } else {
        normal.extend(text.nfkc().flat_map(char::to_lowercase));
    }
}

/// A link or a handle: where it is, and what of it counts.
struct Name<'a> {
    start: usize,
    end: usize,
    text: &'a str,
}

/// The first link or handle of `text`.
fn find_name(text: &str) -> Option<Name<'_>> {
    let link = find_link(text);
    let before_link = &text[..link.as_ref().map_or(text.len(), |link| link.start)];
    find_handle(before_link).or(link)
}

/// `scheme://host…` up to what no link holds; the host without `www.`.
fn find_link(text: &str) -> Option<Name<'_>> {
    let sign = text.find("://")?;
    let scheme = text.as_bytes()[..sign].iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let host = sign + 3;
    let in_link = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'`');
    let end = host + text.as_bytes()[host..].iter().take_while(|byte| in_link(byte)).count();
    let in_host = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let host_end = host + text.as_bytes()[host..end].iter().take_while(|byte| in_host(byte)).count();
    let name = &text[host..host_end];
    Some(Name { start: sign - scheme, end, text: name.strip_prefix("www.").unwrap_or(name) })
}

/// `@name` with its `@`, unless a Latin letter or a digit is right before, as in a mail address. (A script without
/// spaces has letters before a handle.)
fn find_handle(text: &str) -> Option<Name<'_>> {
    let in_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    text.match_indices('@').find_map(|(start, _)| {
        let in_mail = text[..start].ends_with(|c: char| c.is_ascii_alphanumeric());
        let tail = &text[start + 1..];
        let name = tail[..tail.find(|c| !in_name(c)).unwrap_or(tail.len())].trim_end_matches(['.', '-']);
        let end = start + 1 + name.len();
        (!in_mail && !name.is_empty()).then(|| Name { start, end, text: &text[start..end] })
    })
}

fn is_one_letter(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some() && letters.next().is_none()
}

fn word_bucket(word: &[u8]) -> u32 {
    top_bits(fnv(WORD, word))
}

fn run_bucket(hash: u64) -> u32 {
    N_WORD_BUCKETS as u32 + top_bits(hash)
}

fn top_bits(hash: u64) -> u32 {
    ((hash ^ (hash >> 32)).wrapping_mul(SPREAD) >> (64 - BUCKET_BITS)) as u32
}

/// FNV-1a of `bytes`, going on from `hash`.
fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<u32> {
        let mut buckets = Vec::new();
        Reader::default().read(text, &mut buckets);
        buckets.sort_unstable();
        buckets
    }

    /// Oracle: buckets of the named words and runs, hashed one by one.
    fn expected(words: &[&str], runs: &[&str]) -> Vec<u32> {
        let words = words.iter().map(|word| word_bucket(word.as_bytes()));
        let runs = runs.iter().map(|run| run_bucket(fnv(RUN, run.as_bytes())));
        let mut buckets: Vec<u32> = words.chain(runs).collect();
        buckets.sort_unstable();
        buckets
    }

    #[test]
    fn the_hash_is_fixed() {
        // FNV-1a of "a" from the standard basis is af63dc4c8601ec8c.
        assert_eq!(fnv(FNV_BASIS, b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!([word_bucket(b"fox"), run_bucket(fnv(RUN, b"fox"))], [13_556, 72_305]); // by a second implementation, in Python
    }

    #[test]
    fn a_word_and_its_runs() {
        assert_eq!(read("Fox!"), expected(&["fox"], &[" fo", "fox", "ox ", " fox", "fox ", " fox "]));
        assert_eq!(read("it"), expected(&["it"], &[" it", "it ", " it "]));
        assert_eq!(read("I"), expected(&["i"], &[]));
        assert_eq!(read("éa"), expected(&["éa"], &[" éa", "éa ", " éa "]));
    }

    #[test]
    fn ideographs_are_words_and_chain() {
        assert_eq!(read("天气好，好"), expected(&["天", "气", "好", "好"], &["天气", "气好", "天气好"]));
    }

    #[test]
    fn forms_of_a_letter_are_one() {
        assert_eq!(read("ＦＯＸ"), read("fox"), "full width");
        assert_eq!(read("e\u{301}a"), read("éa"), "combining accent");
        assert_eq!(read("ЦЕНЫ"), read("цены"));
    }

    #[test]
    fn links_are_their_host_and_handles_themselves() {
        assert_eq!(read("https://www.example.com/a?b=c#d"), expected(&["example.com"], &[]));
        assert_eq!(read("@Some_One: I"), expected(&["@some_one", "i"], &[]));
        assert_eq!(read("看http://t.cn/x看"), expected(&["看", "t.cn", "看"], &[]));
        assert_eq!(read("转@李四 I"), expected(&["转", "@李四", "i"], &[]));
        assert_eq!(read("//@李四：I"), expected(&["@李四", "i"], &[]));
        assert_eq!(
            read("I@I.I"),
            expected(&["i", "i.i"], &[" i.", "i.i", ".i ", " i.i", "i.i ", " i.i "]),
            "mail"
        );
        assert_eq!(read("@ :// I"), expected(&["i"], &[]));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn takes_any_text(text in "([@:/#.a-z天ก é]|http://|.){0,40}") {
            prop_assert!(read(&text).iter().all(|&bucket| (bucket as usize) < N_BUCKETS));
        }
    }
}
