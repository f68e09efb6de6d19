//! The English words, sentence patterns and names of the world. Every community may use all of them.
//!
//! Word lists are kept from rustfmt, which would give each word a line.

/// What a community cares about: its name and the words it prefers, the most loved first.
#[rustfmt::skip]
pub(crate) const TOPICS: [(&str, [&str; 24]); 12] = [
    ("politics", [
        "election", "policy", "vote", "parliament", "minister", "campaign", "budget", "senate", "tariff",
        "debate", "candidate", "coalition", "reform", "ballot", "poll", "congress", "mayor", "treaty",
        "union", "protest", "scandal", "riding", "taxes", "lobbyist",
    ]),
    ("football", [
        "goal", "striker", "keeper", "derby", "penalty", "midfield", "league", "offside", "transfer",
        "referee", "stadium", "cup", "corner", "tackle", "winger", "bench", "relegation", "fixture",
        "captain", "pitch", "header", "manager", "playoff", "terraces",
    ]),
    ("gardening", [
        "tomatoes", "compost", "seedlings", "roses", "mulch", "greenhouse", "pruning", "slugs", "soil",
        "allotment", "peas", "daffodils", "lavender", "hedge", "beans", "trowel", "perennials", "lawn",
        "bulbs", "rhubarb", "watering", "shed", "aphids", "pots",
    ]),
    ("art", [
        "sketch", "painting", "brush", "canvas", "commission", "portrait", "palette", "gouache", "gallery",
        "inks", "watercolour", "shading", "sculpture", "pencil", "charcoal", "mural", "print", "anatomy",
        "lineart", "exhibition", "studio", "collage", "easel", "landscape",
    ]),
    ("programming", [
        "compiler", "bug", "refactor", "rust", "server", "database", "branch", "deploy", "kernel", "script",
        "python", "cache", "merge", "terminal", "backend", "pointer", "latency", "regex", "linker", "queue",
        "benchmark", "parser", "thread", "keyboard",
    ]),
    ("cooking", [
        "soup", "garlic", "butter", "recipe", "bread", "noodles", "onion", "oven", "sauce", "curry",
        "risotto", "pastry", "chilli", "dough", "lemon", "skillet", "broth", "dumplings", "cheese", "basil",
        "roast", "pickles", "pancakes", "ginger",
    ]),
    ("astronomy", [
        "telescope", "comet", "nebula", "galaxy", "orbit", "eclipse", "aurora", "saturn", "meteor",
        "planet", "satellite", "moon", "supernova", "rocket", "probe", "jupiter", "crater", "exoplanet",
        "constellation", "mars", "observatory", "spectrum", "lander", "stars",
    ]),
    ("music", [
        "album", "guitar", "vinyl", "concert", "bass", "drummer", "chorus", "synth", "playlist", "melody",
        "tour", "jazz", "piano", "remix", "lyrics", "band", "violin", "encore", "festival", "setlist",
        "single", "choir", "demo", "amplifier",
    ]),
    ("books", [
        "novel", "chapter", "author", "library", "poem", "paperback", "plot", "sequel", "bookshop",
        "memoir", "prose", "mystery", "fantasy", "editor", "shelf", "trilogy", "villain", "manuscript",
        "audiobook", "essay", "reread", "publisher", "footnotes", "epilogue",
    ]),
    ("games", [
        "boss", "level", "console", "quest", "controller", "dungeon", "patch", "loot", "speedrun", "indie",
        "sprite", "arcade", "puzzle", "campfire", "mod", "raid", "tutorial", "platformer", "dice",
        "cartridge", "shader", "checkpoint", "inventory", "multiplayer",
    ]),
    ("cycling", [
        "bike", "gravel", "saddle", "climb", "helmet", "tyres", "pedals", "commute", "peloton", "chain",
        "gears", "sprint", "brakes", "tailwind", "descent", "wheels", "pannier", "puncture", "cassette",
        "velodrome", "bib", "headwind", "tour", "mudguards",
    ]),
    ("birds", [
        "heron", "owl", "feeder", "robin", "nest", "kestrel", "binoculars", "marsh", "sparrow", "finch",
        "migration", "gull", "warbler", "plumage", "swift", "hawk", "wren", "egret", "flock", "woodpecker",
        "puffin", "crane", "fledglings", "birdsong",
    ]),
];

/// Words that no community owns.
#[rustfmt::skip]
pub(crate) const GENERAL: [&str; 96] = [
    "coffee", "weather", "train", "weekend", "friend", "family", "morning", "evening", "work", "meeting",
    "street", "house", "kitchen", "window", "photo", "story", "news", "idea", "question", "answer",
    "problem", "project", "school", "teacher", "student", "doctor", "phone", "video", "movie", "song",
    "game", "garden", "city", "river", "mountain", "beach", "winter", "spring", "summer", "autumn", "rain",
    "snow", "sun", "wind", "dog", "cat", "breakfast", "lunch", "dinner", "tea", "holiday", "birthday",
    "party", "money", "market", "price", "ticket", "letter", "paper", "book", "picture", "colour", "light",
    "night", "dream", "sleep", "walk", "road", "car", "bus", "bag", "shoes", "coat", "door", "room",
    "table", "chair", "machine", "computer", "screen", "internet", "website", "number", "list", "plan",
    "team", "history", "language", "science", "nature", "world", "country", "people", "neighbour",
    "children", "baby",
];

/// Patterns of posts. `{}` is a word to the community's taste, `#{}` such a word as a hashtag.
pub(crate) const POST_PATTERNS: [&str; 36] = [
    "just spent the whole morning on the {} and i am not even sorry",
    "can we talk about the {} for a minute because i have thoughts",
    "does anyone here know a good {} that is not too expensive?",
    "i still cannot believe what happened with the {} and the {} last night",
    "hot take: the {} was better before everyone started talking about the {}",
    "this is the best {} i have seen in a very long time",
    "today in small joys: a {}, some {} and nobody asking me for anything",
    "every time i think i am done with {} it pulls me right back in",
    "if you are new to this, start with the {} and forget about the rest for now",
    "my week so far has been {} and then more {} and then a nap",
    "reminder that you do not have to finish the {} today #{}",
    "i made a list of everything i learned about {} this year #{}",
    "nobody told me that the {} would be this hard but here we are",
    "the new {} is out and it is exactly what i was hoping for",
    "what is your favourite {} and why is it not the {}?",
    "trying to explain {} to my parents again, please send help",
    "a quiet day with the {}, which is all that i wanted #{}",
    "things nobody warns you about: the {}, the {} and the price of both",
    "unpopular opinion but the {} deserves a lot more love than it gets",
    "we waited two hours for the {} and it was worth every minute",
    "so the {} is broken again and i have to fix it before friday",
    "thank you all for the kind words about the {}, it means a lot to me",
    "looking for people who care about {} as much as i do #{} #{}",
    "ten years ago i started with one {} and look where that got me",
    "the only thing better than a {} is a second one",
    "no context, only {}",
    "there is a special kind of person who brings {} to a party and i am one of them",
    "i read the long piece about {} so that you do not have to: it is mostly about {}",
    "good morning to everyone except the person who lost my {}",
    "update on the {}: it works now, and i have no idea why",
    "here is what i would change about the {} if anyone asked me",
    "long day, but the {} made up for it in the end",
    "one day i will stop buying {} but it is not going to be today",
    "people keep asking me about the {} so here is a short thread about it",
    "we need to bring back the {} and we need to do it soon",
    "a friend sent me this {} and now i cannot stop thinking about it",
];

/// Patterns of replies.
pub(crate) const REPLY_PATTERNS: [&str; 20] = [
    "this is so true, the {} is the whole point",
    "same here, and the {} only makes it worse",
    "have you tried it without the {} though?",
    "no way, i had the very same thing with my {}",
    "i would add that the {} matters at least as much",
    "agreed, but what about the {}?",
    "thank you, i needed to hear that about the {} today",
    "not sure that i follow, is this about the {} or the {}?",
    "congratulations, that is a great {}",
    "please post more about the {}, it makes my day",
    "counterpoint: the {} was never any good",
    "i laughed out loud at the {} part",
    "where did you find a {} like that?",
    "sorry to hear that, i hope the {} gets better soon",
    "that is what i said about the {} all along",
    "you are right and you should say it louder",
    "good point, i will look at the {} again tonight",
    "how long did the {} take you?",
    "i am saving this for the next time someone mentions {}",
    "we should meet and talk about {} over a drink",
];

/// Patterns of profile descriptions.
pub(crate) const BIO_PATTERNS: [&str; 8] = [
    "mostly {} and {}, sometimes {}",
    "here for the {} | opinions are my own",
    "{} by day, {} by night",
    "retired from {} and happy about it",
    "i like {} more than i should. she/her",
    "{} enthusiast, amateur at {}",
    "dad of two. {}. {}.",
    "just looking around",
];

/// Given names: of profiles, of handles, and what a mention says.
#[rustfmt::skip]
pub(crate) const NAMES: [&str; 40] = [
    "alex", "sam", "maria", "kofi", "yuki", "lena", "omar", "priya", "jonas", "chloe", "diego", "hana",
    "ivan", "nora", "tariq", "ella", "bruno", "mei", "noah", "sofia", "emil", "zara", "luca", "aisha",
    "felix", "rosa", "viktor", "grace", "andre", "linh", "paul", "clara", "hugo", "amara", "theo", "irene",
    "marco", "tess", "owen", "ruth",
];

/// What an edit adds to the text that it edits.
pub(crate) const EDIT_NOTES: [&str; 4] =
    ["(edit: typo)", "(edited to add a word)", "(edit: thank you all!)", "(edit: wrong day, sorry)"];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_topic_repeats_no_word() {
        for (name, words) in TOPICS {
            assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len(), "{name}");
        }
        assert_eq!(GENERAL.iter().collect::<BTreeSet<_>>().len(), GENERAL.len());
    }
}
