//! Languages of sentences whose language is known.

use std::path::Path;

use populi_text::language::detect;

/// Sentences as people post them, written for this test.
const SENTENCES: [(&str, &str); 26] = [
    ("en", "Why does the bus never come when it rains?"),
    ("en", "@ndp.ca we can't afford the rent anymore https://example.org/x"),
    ("de", "Heute Abend gehen wir alle zusammen ins Kino"),
    ("fr", "Je ne comprends pas pourquoi le train est encore en retard"),
    ("es", "Mañana tenemos una reunión muy importante con los vecinos"),
    ("pt", "Hoje não vou trabalhar porque está chovendo muito"),
    ("it", "Questa mattina ho perso il treno e sono arrivato tardi"),
    ("nl", "Wij gaan morgen met de kinderen naar het strand"),
    ("sv", "Jag tycker att det är för kallt ute idag"),
    ("fi", "Tänään on kaunis päivä ja menemme yhdessä järvelle"),
    ("pl", "Wczoraj wieczorem poszliśmy do kina, a potem długo rozmawialiśmy przy herbacie"),
    ("cs", "Dneska večer půjdeme s přáteli na pivo a budeme si povídat"),
    ("hu", "Holnap reggel együtt megyünk a piacra zöldséget venni"),
    ("tr", "Bugün hava çok güzel, akşam sahilde yürüyüş yapacağız"),
    ("vi", "Hôm nay trời mưa rất to nên tôi không đi làm"),
    ("ru", "Сегодня вечером мы идём в театр с друзьями"),
    ("uk", "Сьогодні ввечері ми їдемо до бабусі на вечерю"),
    ("el", "Σήμερα το πρωί έχασα το λεωφορείο για τη δουλειά"),
    ("ar", "لا أعرف لماذا تأخر القطار اليوم مرة أخرى"),
    ("he", "אני לא מבין למה האוטובוס תמיד מאחר"),
    ("hi", "आज बारिश की वजह से मैं काम पर नहीं जा सका"),
    ("th", "วันนี้ฝนตกหนักมากฉันเลยไม่ไปทำงาน"),
    ("ja", "今日は雨がひどいので家で映画を見ます"),
    ("ko", "오늘은 비가 많이 와서 집에서 영화를 볼 거예요"),
    ("zh", "今天雨下得太大，我们还是在家看电影吧"),
    ("ka", "დღეს ძალიან ცივა და სახლში ვრჩებით"),
];

#[test]
fn sentences_of_twenty_five_languages() {
    for (lang, sentence) in SENTENCES {
        let found = detect(sentence);
        assert_eq!(found.map(|found| found.lang), Some(lang), "{sentence}: {found:?}");
    }
}

/// The lines of a file of the shared samples, or `None` (said so) where they are absent.
fn sample(path: &str) -> Option<Vec<String>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(path);
    let lines = std::fs::read_to_string(&file).ok().map(|text| text.lines().map(str::to_owned).collect());
    if lines.is_none() {
        eprintln!("skipped: {path} is not there");
    }
    lines
}

#[test]
fn real_posts_keep_the_promise_of_the_threshold() {
    for (path, lang) in [("text/tweeteval/irony/val_text.txt", "en"), ("text/coldataset/dev.csv", "zh")] {
        let Some(lines) = sample(path) else { continue };
        let answers: Vec<&str> =
            lines.iter().skip(1).take(1000).filter_map(|l| detect(l)).map(|d| d.lang).collect();
        let right = answers.iter().filter(|answer| **answer == lang).count() as f64 / answers.len() as f64;
        assert!(answers.len() > 800, "{path}: only {} answers", answers.len());
        assert!(right > 0.97, "{path}: {right} right");
    }
}

#[test]
fn the_firehose_sample_is_read() {
    let Some(lines) = sample("bluesky/jetstream/expected_v1.jsonl") else {
        return;
    };
    let mut answers = Vec::new();
    for line in lines {
        let event: serde_json::Value = serde_json::from_str(&line).unwrap();
        let text = event["commit"]["record"]["text"].as_str().unwrap_or_default();
        answers.extend(detect(text).map(|found| found.lang));
    }
    // Judged by reading the 17 posts: declared languages are wrong for several (English posts declared Turkish).
    let count = |lang: &str| answers.iter().filter(|answer| **answer == lang).count();
    assert_eq!((count("ja"), count("ko"), count("cs"), count("ru")), (1, 1, 1, 1), "{answers:?}");
    assert!(count("en") >= 8 && count("tr") == 0, "{answers:?}");
}
