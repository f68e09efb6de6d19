//! The table that is part of the program is the one that its card describes, and knows English.

use populi_embed::{Embedder, TokenTable};

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn it_is_the_one_of_its_card() {
    let table = TokenTable::embedded().unwrap();
    assert_eq!((table.n_dims(), table.tokenizer().vocabulary().len()), (256, 30_522));
    let card = table.card();
    assert_eq!(card.notes, include_str!("../../assets/notes.txt"));
    assert_eq!(card.teacher, "all-MiniLM-L6-v2");
    let last = card.held_out.last().unwrap();
    assert!(card.n_texts > 190_000 && last.neighbours > 0.4, "{card:?}");
    assert!(last.neighbours > card.plain_neighbours + 0.2 && last.cosine > 0.8, "{card:?}");
}

#[test]
fn what_means_the_same_is_nearer_than_what_does_not() {
    let table = TokenTable::embedded().unwrap();
    for [text, near, far] in [
        ["my card was stolen", "somebody took my credit card", "the cat sleeps on the sofa"],
        ["I am so happy today!", "what a joyful day", "the train leaves at nine"],
        [
            "@ann gas prices are up again #economy",
            "inflation makes fuel expensive",
            "a lovely song by the band",
        ],
        ["how do I cook rice", "recipe for boiled rice", "the senate passed the bill"],
    ] {
        let vectors = table.embed(&[text, near, far]).unwrap();
        let (near, far) = (cosine(vectors.row(0), vectors.row(1)), cosine(vectors.row(0), vectors.row(2)));
        assert!(near > far + 0.1, "{text}: {near} and {far}");
    }
}

#[test]
fn it_knows_the_words_of_english_and_of_no_other_language() {
    let table = TokenTable::embedded().unwrap();
    for (text, least, most) in [
        ("The weather in this town was terrible on Monday, and nobody came to the game.", 0.95, 1.0),
        ("Das Wetter in dieser Stadt war am Montag schrecklich, und niemand kam zum Spiel.", 0.0, 0.6),
        ("El tiempo en esta ciudad fue terrible el lunes y nadie vino al partido.", 0.0, 0.75),
        ("Погода в этом городе была ужасной в понедельник.", 0.0, 0.5),
    ] {
        let (known, words) = table.known_words(text);
        let share = known as f64 / words as f64;
        assert!((least..=most).contains(&share), "{text}: {share}");
    }
}
