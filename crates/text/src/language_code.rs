//! Which language a code or tag names: ISO 639, in the form that the `languages` table has.
//!
//! One language has one code here: the two letters of ISO 639-1 where there are some, else the three of ISO 639-2. What
//! people and platforms write beside it (`deu`, `ger`, `pt-BR`, `zh_Hans`, Twitter's `in` and `iw`) is brought to it.
//! Constant time; no allocation but for [`near`].

/// The code of what a code or BCP 47 tag names; `None` where it names no language.
///
/// ```
/// use populi_text::language_code::of_tag;
/// assert_eq!(of_tag("pt-BR"), Some("pt"));
/// assert_eq!(of_tag("GER"), Some("de"));
/// assert_eq!(of_tag("xx"), None);
/// ```
#[must_use]
pub fn of_tag(tag: &str) -> Option<&'static str> {
    let primary = tag.split(['-', '_']).next().unwrap_or_default();
    let mut letters = [0; 3];
    let letters = letters.get_mut(..primary.len())?;
    letters.copy_from_slice(primary.as_bytes());
    letters.make_ascii_lowercase();
    let code = std::str::from_utf8(letters).ok()?;
    let alias = ALIASES.iter().find(|(alias, _)| *alias == code).map(|(_, code)| *code);
    let listed = |(two, three, _): &&(&'static str, &str, &str)| *two == code || *three == code;
    alias
        .or_else(|| LANGUAGES.iter().find(listed).map(|(two, _, _)| *two))
        .or_else(|| WITHOUT_TWO_LETTERS.iter().flat_map(|row| row.split(' ')).find(|known| *known == code))
}

/// The codes that a language may go under: Norwegian is `no`, and its two written forms are `nb` and `nn`.
#[must_use]
pub fn members(code: &'static str) -> Vec<&'static str> {
    match code {
        "no" => vec!["nb", "nn", "no"],
        code => vec![code],
    }
}

/// The English name of a language that has a code of two letters.
#[must_use]
pub fn name(code: &str) -> Option<&'static str> {
    LANGUAGES.iter().find(|(two, _, _)| *two == code).map(|(_, _, name)| *name)
}

/// At most five codes that may have been meant by a text that names no language: by the language's name, else by letters.
#[must_use]
pub fn near(text: &str) -> Vec<&'static str> {
    let text = text.trim().to_lowercase();
    let mut ranked: Vec<(u8, &'static str)> = LANGUAGES
        .iter()
        .filter_map(|(two, three, name)| Some((rank(&text, two, three, name)?, *two)))
        .collect();
    ranked.sort_unstable();
    ranked.into_iter().take(5).map(|(_, code)| code).collect()
}

/// How near a language is to a text; the smaller, the nearer.
fn rank(text: &str, two: &str, three: &str, name: &str) -> Option<u8> {
    let shares = |code: &str| text.bytes().zip(code.bytes()).filter(|(a, b)| a == b).count();
    let name = name.to_lowercase();
    match text.len() {
        0 => None,
        2 if text.bytes().rev().eq(two.bytes()) => Some(0),
        2 if text.as_bytes()[0] == two.as_bytes()[0] => Some(1),
        2 if shares(two) == 1 => Some(2),
        3 if shares(three) == 2 => Some(3),
        n if n > 2 && name.split(' ').any(|word| word.starts_with(text)) => Some(0),
        n if n > 3 && name.as_bytes().starts_with(&text.as_bytes()[..4]) => Some(1),
        _ => None,
    }
}

/// Codes of two letters, of three letters, and English names, of all languages of ISO 639-1.
#[rustfmt::skip]
static LANGUAGES: [(&str, &str, &str); 184] = [
    ("aa", "aar", "Afar"), ("ab", "abk", "Abkhazian"), ("ae", "ave", "Avestan"), ("af", "afr", "Afrikaans"),
    ("ak", "aka", "Akan"), ("am", "amh", "Amharic"), ("an", "arg", "Aragonese"), ("ar", "ara", "Arabic"),
    ("as", "asm", "Assamese"), ("av", "ava", "Avaric"), ("ay", "aym", "Aymara"), ("az", "aze", "Azerbaijani"),
    ("ba", "bak", "Bashkir"), ("be", "bel", "Belarusian"), ("bg", "bul", "Bulgarian"), ("bi", "bis", "Bislama"),
    ("bm", "bam", "Bambara"), ("bn", "ben", "Bengali"), ("bo", "bod", "Tibetan"), ("br", "bre", "Breton"),
    ("bs", "bos", "Bosnian"), ("ca", "cat", "Catalan"), ("ce", "che", "Chechen"), ("ch", "cha", "Chamorro"),
    ("co", "cos", "Corsican"), ("cr", "cre", "Cree"), ("cs", "ces", "Czech"), ("cu", "chu", "Church Slavic"),
    ("cv", "chv", "Chuvash"), ("cy", "cym", "Welsh"), ("da", "dan", "Danish"), ("de", "deu", "German"),
    ("dv", "div", "Dhivehi"), ("dz", "dzo", "Dzongkha"), ("ee", "ewe", "Ewe"), ("el", "ell", "Greek"),
    ("en", "eng", "English"), ("eo", "epo", "Esperanto"), ("es", "spa", "Spanish"), ("et", "est", "Estonian"),
    ("eu", "eus", "Basque"), ("fa", "fas", "Persian"), ("ff", "ful", "Fulah"), ("fi", "fin", "Finnish"),
    ("fj", "fij", "Fijian"), ("fo", "fao", "Faroese"), ("fr", "fra", "French"), ("fy", "fry", "Western Frisian"),
    ("ga", "gle", "Irish"), ("gd", "gla", "Scottish Gaelic"), ("gl", "glg", "Galician"), ("gn", "grn", "Guarani"),
    ("gu", "guj", "Gujarati"), ("gv", "glv", "Manx"), ("ha", "hau", "Hausa"), ("he", "heb", "Hebrew"),
    ("hi", "hin", "Hindi"), ("ho", "hmo", "Hiri Motu"), ("hr", "hrv", "Croatian"), ("ht", "hat", "Haitian"),
    ("hu", "hun", "Hungarian"), ("hy", "hye", "Armenian"), ("hz", "her", "Herero"), ("ia", "ina", "Interlingua"),
    ("id", "ind", "Indonesian"), ("ie", "ile", "Interlingue"), ("ig", "ibo", "Igbo"), ("ii", "iii", "Sichuan Yi"),
    ("ik", "ipk", "Inupiaq"), ("io", "ido", "Ido"), ("is", "isl", "Icelandic"), ("it", "ita", "Italian"),
    ("iu", "iku", "Inuktitut"), ("ja", "jpn", "Japanese"), ("jv", "jav", "Javanese"), ("ka", "kat", "Georgian"),
    ("kg", "kon", "Kongo"), ("ki", "kik", "Kikuyu"), ("kj", "kua", "Kuanyama"), ("kk", "kaz", "Kazakh"),
    ("kl", "kal", "Kalaallisut"), ("km", "khm", "Khmer"), ("kn", "kan", "Kannada"), ("ko", "kor", "Korean"),
    ("kr", "kau", "Kanuri"), ("ks", "kas", "Kashmiri"), ("ku", "kur", "Kurdish"), ("kv", "kom", "Komi"),
    ("kw", "cor", "Cornish"), ("ky", "kir", "Kirghiz"), ("la", "lat", "Latin"), ("lb", "ltz", "Luxembourgish"),
    ("lg", "lug", "Ganda"), ("li", "lim", "Limburgan"), ("ln", "lin", "Lingala"), ("lo", "lao", "Lao"),
    ("lt", "lit", "Lithuanian"), ("lu", "lub", "Luba-Katanga"), ("lv", "lav", "Latvian"), ("mg", "mlg", "Malagasy"),
    ("mh", "mah", "Marshallese"), ("mi", "mri", "Maori"), ("mk", "mkd", "Macedonian"), ("ml", "mal", "Malayalam"),
    ("mn", "mon", "Mongolian"), ("mr", "mar", "Marathi"), ("ms", "msa", "Malay"), ("mt", "mlt", "Maltese"),
    ("my", "mya", "Burmese"), ("na", "nau", "Nauru"), ("nb", "nob", "Norwegian Bokmål"),
    ("nd", "nde", "North Ndebele"), ("ne", "nep", "Nepali"), ("ng", "ndo", "Ndonga"), ("nl", "nld", "Dutch"),
    ("nn", "nno", "Norwegian Nynorsk"), ("no", "nor", "Norwegian"), ("nr", "nbl", "South Ndebele"),
    ("nv", "nav", "Navajo"), ("ny", "nya", "Nyanja"), ("oc", "oci", "Occitan"), ("oj", "oji", "Ojibwa"),
    ("om", "orm", "Oromo"), ("or", "ori", "Oriya"), ("os", "oss", "Ossetian"), ("pa", "pan", "Punjabi"),
    ("pi", "pli", "Pali"), ("pl", "pol", "Polish"), ("ps", "pus", "Pashto"), ("pt", "por", "Portuguese"),
    ("qu", "que", "Quechua"), ("rm", "roh", "Romansh"), ("rn", "run", "Rundi"), ("ro", "ron", "Romanian"),
    ("ru", "rus", "Russian"), ("rw", "kin", "Kinyarwanda"), ("sa", "san", "Sanskrit"), ("sc", "srd", "Sardinian"),
    ("sd", "snd", "Sindhi"), ("se", "sme", "Northern Sami"), ("sg", "sag", "Sango"), ("sh", "hbs", "Serbo-Croatian"),
    ("si", "sin", "Sinhala"), ("sk", "slk", "Slovak"), ("sl", "slv", "Slovenian"), ("sm", "smo", "Samoan"),
    ("sn", "sna", "Shona"), ("so", "som", "Somali"), ("sq", "sqi", "Albanian"), ("sr", "srp", "Serbian"),
    ("ss", "ssw", "Swati"), ("st", "sot", "Southern Sotho"), ("su", "sun", "Sundanese"), ("sv", "swe", "Swedish"),
    ("sw", "swa", "Swahili"), ("ta", "tam", "Tamil"), ("te", "tel", "Telugu"), ("tg", "tgk", "Tajik"),
    ("th", "tha", "Thai"), ("ti", "tir", "Tigrinya"), ("tk", "tuk", "Turkmen"), ("tl", "tgl", "Tagalog"),
    ("tn", "tsn", "Tswana"), ("to", "ton", "Tonga"), ("tr", "tur", "Turkish"), ("ts", "tso", "Tsonga"),
    ("tt", "tat", "Tatar"), ("tw", "twi", "Twi"), ("ty", "tah", "Tahitian"), ("ug", "uig", "Uyghur"),
    ("uk", "ukr", "Ukrainian"), ("ur", "urd", "Urdu"), ("uz", "uzb", "Uzbek"), ("ve", "ven", "Venda"),
    ("vi", "vie", "Vietnamese"), ("vo", "vol", "Volapük"), ("wa", "wln", "Walloon"), ("wo", "wol", "Wolof"),
    ("xh", "xho", "Xhosa"), ("yi", "yid", "Yiddish"), ("yo", "yor", "Yoruba"), ("za", "zha", "Zhuang"),
    ("zh", "zho", "Chinese"), ("zu", "zul", "Zulu"),
];

/// Codes of ISO 639-2 for languages and groups of languages that have none of two letters.
static WITHOUT_TWO_LETTERS: [&str; 11] = [
    "ace ach ada ady afa afh ain akk ale alg alt ang anp apa arc arn arp art arw ast ath aus awa bad bai bal ban",
    "bas bat bej bem ber bho bik bin bla bnt bra btk bua bug byn cad cai car cau ceb cel chb chg chk chm chn cho",
    "chp chr chy cmc cnr cop cpe cpf cpp crh crp csb cus dak dar day del den dgr din doi dra dsb dua dum dyu efi",
    "egy eka elx enm ewo fan fat fiu fon frm fro frr frs fur gaa gay gba gem gez gil gmh goh gon gor got grb grc",
    "gsw gwi hai haw hil him hit hmn hsb hup iba ijo ilo inc ine inh ira iro jbo jpr jrb kaa kab kac kam kar kaw",
    "kbd kha khi kho kmb kok kos kpe krc krl kro kru kum kut lad lah lam lez lol loz lua lui lun luo lus mad mag",
    "mai mak man map mas mdf mdr men mga mic min mkh mnc mni mno moh mos mun mus mwl mwr myn myv nah nai nap nds",
    "new nia nic niu nog non nqo nso nub nwc nym nyn nyo nzi osa ota oto paa pag pal pam pap pau peo phi phn pon",
    "pra pro raj rap rar roa rom rup sad sah sai sal sam sas sat scn sco sel sem sga sgn shn sid sio sit sla sma",
    "smi smj smn sms snk sog son srn srr ssa suk sus sux syc syr tai tem ter tet tig tiv tkl tlh tli tmh tog tpi",
    "tsi tum tup tut tvl tyv udm uga umb vai vot wak wal war was wen xal yao yap ypk zap zbl zen zgh znd zun zza",
];

/// Other codes for the same: those of libraries, withdrawn ones, and what detectors and platforms say.
#[rustfmt::skip]
static ALIASES: [(&str, &str); 27] = [
    ("alb", "sq"), ("arm", "hy"), ("baq", "eu"), ("bur", "my"), ("chi", "zh"), ("cmn", "zh"), ("cze", "cs"),
    ("dut", "nl"), ("fil", "tl"), ("fre", "fr"), ("geo", "ka"), ("ger", "de"), ("gre", "el"), ("ice", "is"),
    ("in", "id"), ("iw", "he"), ("ji", "yi"), ("mac", "mk"), ("mao", "mi"), ("may", "ms"), ("mo", "ro"),
    ("per", "fa"), ("pes", "fa"), ("rum", "ro"), ("slo", "sk"), ("tib", "bo"), ("wel", "cy"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_tags_come_to_one_form() {
        for (tag, code) in [
            ("de", Some("de")),
            ("DE-at", Some("de")),
            ("deu", Some("de")),
            ("ger", Some("de")),
            ("zh_Hant_TW", Some("zh")),
            ("cmn", Some("zh")),
            ("iw", Some("he")),
            ("fil", Some("tl")),
            ("haw", Some("haw")),
            ("xx", None),
            ("und", None),
            ("english", None),
            ("", None),
            ("-", None),
            ("é", None),
        ] {
            assert_eq!(of_tag(tag), code, "of {tag:?}");
        }
    }

    #[test]
    fn the_tables_hold_each_code_once() {
        let mut codes: Vec<&str> = LANGUAGES.iter().flat_map(|(two, three, _)| [*two, *three]).collect();
        codes.extend(WITHOUT_TWO_LETTERS.iter().flat_map(|row| row.split(' ')));
        codes.extend(ALIASES.iter().map(|(alias, _)| *alias));
        let n = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), n);
        assert!(codes.iter().all(|code| matches!(code.len(), 2 | 3)));
        assert!(ALIASES.iter().all(|(_, code)| of_tag(code) == Some(*code)));
    }

    #[test]
    fn what_was_meant_is_among_the_near_ones() {
        for (text, code) in
            [("german", "de"), ("ed", "de"), ("Norwegian", "no"), ("engl", "en"), ("dx", "da")]
        {
            assert!(near(text).contains(&code), "{text}: {:?}", near(text));
        }
        assert!(near("").is_empty() && near("q?!").is_empty());
        assert!(near("dd").len() <= 5);
    }
}
