//! The stop words of English: this project's own compilation.
//!
//! Both lists are in the order of bytes, so that a word is easy to find and a double one easy to see.

/// Function words: words of the closed classes, which tie a sentence together and name nothing.
///
/// Counted as such are pronouns (personal, possessive, reflexive, relative, interrogative, indefinite); articles,
/// determiners and quantifiers; prepositions; conjunctions; auxiliary and modal verbs; the contractions of these with each
/// other and with `not`, and the endings that [`crate::words`] cuts off a short word (`m` of `i'm`); and the adverbs of
/// degree, frequency, negation, place, time and connection that go with any subject (`very`, `just`, `also`).
///
/// Not counted are numerals but `one`, and nouns, adjectives and verbs however common. A word that is also a name (`us`, `it`,
/// `who`, `will`, `may`) is counted: in lower case, the form in which texts are compared, it would not be read as one.
#[rustfmt::skip]
pub(super) const FUNCTION_WORDS: [&str; 335] = [
    "a", "aboard", "about", "above", "across", "after", "again", "against", "ago", "ain't", "all", "almost",
    "along", "alongside", "already", "also", "although", "always", "am", "amid", "among", "amongst", "an",
    "and", "another", "any", "anybody", "anyhow", "anyone", "anything", "anyway", "anywhere", "apart",
    "are", "aren't", "around", "as", "at", "away", "back", "be", "because", "been", "before", "behind",
    "being", "below", "beneath", "beside", "besides", "between", "beyond", "both", "but", "by", "can",
    "can't", "cannot", "could", "could've", "couldn't", "d", "daren't", "despite", "did", "didn't", "do",
    "does", "doesn't", "doing", "don't", "done", "down", "during", "each", "either", "else", "enough",
    "even", "ever", "every", "everybody", "everyone", "everything", "everywhere", "except", "far", "few",
    "fewer", "fewest", "for", "from", "further", "had", "hadn't", "half", "has", "hasn't", "have",
    "haven't", "having", "he", "he'd", "he'll", "he's", "hence", "her", "here", "here's", "hers", "herself",
    "him", "himself", "his", "how", "how'd", "how's", "however", "i", "i'd", "i'll", "i'm", "i've", "if",
    "in", "inside", "instead", "into", "is", "isn't", "it", "it'd", "it'll", "it's", "its", "itself",
    "just", "later", "least", "less", "lest", "let", "let's", "like", "little", "ll", "lot", "lots", "m",
    "many", "may", "maybe", "me", "might", "might've", "mightn't", "mine", "more", "most", "much", "must",
    "must've", "mustn't", "my", "myself", "near", "needn't", "neither", "never", "no", "nobody", "none",
    "nor", "not", "nothing", "now", "nowhere", "of", "off", "often", "on", "once", "one", "oneself", "only",
    "onto", "or", "other", "otherwise", "ought", "oughtn't", "our", "ours", "ourselves", "out", "outside",
    "over", "own", "per", "perhaps", "quite", "rather", "re", "really", "regarding", "s", "same", "several",
    "shall", "shan't", "she", "she'd", "she'll", "she's", "should", "should've", "shouldn't", "since", "so",
    "some", "somebody", "somehow", "someone", "something", "sometimes", "somewhere", "soon", "still",
    "such", "t", "than", "that", "that'd", "that'll", "that's", "the", "their", "theirs", "them",
    "themself", "themselves", "then", "there", "there'd", "there'll", "there's", "therefore", "these",
    "they", "they'd", "they'll", "they're", "they've", "this", "those", "though", "through", "throughout",
    "thus", "till", "to", "together", "too", "toward", "towards", "under", "underneath", "unless", "unlike",
    "until", "up", "upon", "us", "usually", "ve", "very", "was", "wasn't", "we", "we'd", "we'll", "we're",
    "we've", "well", "were", "weren't", "what", "what'd", "what'll", "what're", "what's", "whatever",
    "when", "when's", "whenever", "where", "where's", "whereas", "wherever", "whether", "which",
    "whichever", "while", "whilst", "who", "who'd", "who'll", "who's", "who've", "whoever", "whom", "whose",
    "why", "why's", "will", "with", "within", "without", "won't", "would", "would've", "wouldn't", "y",
    "y'all", "yes", "yet", "you", "you'd", "you'll", "you're", "you've", "your", "yours", "yourself",
    "yourselves",
];

/// What posts use all the time without naming a subject: contractions without their apostrophe, spoken forms, and the
/// verbs and nouns that stand for any other (`get`, `make`, `thing`, `way`).
#[rustfmt::skip]
pub(super) const POST_WORDS: [&str; 61] = [
    "aint", "arent", "bc", "cant", "come", "couldnt", "cuz", "didnt", "doesnt", "dont", "get", "gets",
    "getting", "go", "going", "gonna", "got", "gotta", "hadnt", "hasnt", "havent", "hes", "id", "ill", "im",
    "isnt", "ive", "keep", "know", "lol", "made", "make", "need", "oh", "said", "say", "see", "shes",
    "shouldnt", "take", "tell", "thats", "theres", "theyre", "theyve", "thing", "things", "think", "wanna",
    "want", "wasnt", "way", "werent", "whats", "wont", "wouldnt", "yeah", "youd", "youll", "youre", "youve",
];
