//! The other languages of the world: short phrase banks, two phrases to a post.

/// A language: its tag, the tag with a region, and its phrases.
pub(crate) struct Language {
    pub(crate) tag: &'static str,
    pub(crate) region_tag: &'static str,
    pub(crate) phrases: &'static [&'static str],
}

/// Number 0 is English, whose texts come from [`taste`](crate::taste) instead.
pub(crate) const ENGLISH: usize = 0;

/// All languages of the world. Their order is that of [`SHARES`].
pub(crate) const LANGUAGES: [Language; 6] = [
    Language { tag: "en", region_tag: "en-US", phrases: &[] },
    Language { tag: "ja", region_tag: "ja-JP", phrases: &JAPANESE },
    Language { tag: "pt", region_tag: "pt-BR", phrases: &PORTUGUESE },
    Language { tag: "de", region_tag: "de-DE", phrases: &GERMAN },
    Language { tag: "es", region_tag: "es-MX", phrases: &SPANISH },
    Language { tag: "fr", region_tag: "fr-CA", phrases: &FRENCH },
];

/// How many of a thousand accounts write mainly in each language, the same in every community.
pub(crate) const SHARES: [f64; 6] = [820.0, 60.0, 40.0, 30.0, 30.0, 20.0];

const GERMAN: [&str; 14] = [
    "Heute war wirklich ein langer Tag.",
    "Kennt jemand ein gutes Rezept für Kartoffelsuppe?",
    "Ich freue mich schon auf das Wochenende.",
    "Der Zug hat schon wieder Verspätung, wie immer.",
    "Das neue Buch ist noch besser als das letzte.",
    "Guten Morgen aus dem verregneten Hamburg!",
    "Warum redet eigentlich niemand darüber?",
    "Die Kinder haben den ganzen Nachmittag im Garten gespielt.",
    "Vielen Dank für die lieben Nachrichten.",
    "Ich habe gestern zum ersten Mal seit Jahren wieder gemalt.",
    "Das Spiel gestern Abend war unglaublich spannend.",
    "Manchmal hilft nur noch eine Tasse Tee.",
    "Wir müssen dringend über die Mieten sprechen.",
    "Schöne Grüße aus der Küche 🥔",
];

const FRENCH: [&str; 14] = [
    "Il fait enfin beau aujourd'hui, on sort se promener.",
    "Quelqu'un a vu le match d'hier soir ?",
    "Je n'arrive pas à croire que c'est déjà le mois de mars.",
    "Le débat de ce soir va être intéressant.",
    "Bonjour à toutes et à tous depuis Montréal !",
    "J'ai passé la matinée à lire au café.",
    "Merci pour tous vos messages, ça me touche beaucoup.",
    "Le pain de cette boulangerie est incroyable.",
    "Est-ce que vous avez une bonne série à me conseiller ?",
    "On a encore raté le dernier métro.",
    "Mon chat dort sur le clavier depuis une heure.",
    "Je ne comprends toujours pas cette décision.",
    "Demain je commence un nouveau travail.",
    "C'était une très belle soirée avec des amis 🥂",
];

const SPANISH: [&str; 14] = [
    "Hoy ha sido un día muy largo, pero estoy contenta.",
    "¿Alguien sabe a qué hora empieza el partido?",
    "No puedo creer que ya sea marzo.",
    "Buenos días a todo el mundo desde Ciudad de México.",
    "Acabo de terminar el libro y me encantó.",
    "La comida de mi abuela siempre será la mejor.",
    "¿Qué opinan ustedes de la nueva ley?",
    "Mañana vamos a la playa si no llueve.",
    "Muchas gracias por todo el cariño de estos días.",
    "El perro se comió mis zapatos otra vez.",
    "Estoy aprendiendo a tocar la guitarra, poco a poco.",
    "Qué bonito está el cielo esta noche.",
    "Necesito vacaciones urgentemente.",
    "El café de la esquina cerró para siempre 😢",
];

const PORTUGUESE: [&str; 14] = [
    "Bom dia, gente! Hoje vai fazer calor de novo.",
    "Alguém mais está sem dormir direito?",
    "Não acredito que o jogo terminou assim.",
    "Acabei de fazer um bolo de cenoura e ficou ótimo.",
    "Que saudade de viajar com os amigos.",
    "O ônibus atrasou quarenta minutos hoje.",
    "Meu gato derrubou o café em cima do teclado.",
    "Vocês viram a notícia sobre a eleição?",
    "Estou lendo um livro muito bom sobre o mar.",
    "Obrigada por todas as mensagens de ontem.",
    "Amanhã começa o festival e eu não tenho ingresso.",
    "A chuva não para desde segunda-feira.",
    "Preciso de férias com urgência.",
    "Esse disco é o melhor do ano até agora 🎶",
];

const JAPANESE: [&str; 14] = [
    "おはようございます、今日もいい天気ですね。",
    "昨日の試合、本当にすごかった！",
    "新しいカメラを買ったので写真を撮りに行きます。",
    "お腹が空いたのでラーメンを食べに行こうかな。",
    "この本、とても面白かったです。",
    "電車が遅れていて会議に間に合わない……",
    "猫がずっと膝の上で寝ています🐈",
    "週末は家でゆっくり絵を描く予定です。",
    "明日は雨らしいので傘を忘れないように。",
    "みなさん、いつもありがとうございます。",
    "このアニメの最終回で泣いてしまった。",
    "仕事が終わらないけど、もう帰りたい。",
    "桜がもうすぐ咲きそうですね🌸",
    "久しぶりに友達と会って楽しかった。",
];

/// A language that is written from right to left. Not one of [`LANGUAGES`], so that their shares stay as they are.
pub(crate) const ARABIC: Language = Language { tag: "ar", region_tag: "ar-EG", phrases: &ARABIC_PHRASES };

const ARABIC_PHRASES: [&str; 8] = [
    "صباح الخير يا أصدقائي.",
    "الجو جميل اليوم في القاهرة ☀️",
    "هل قرأ أحدكم هذا الكتاب؟",
    "شكرا جزيلا على رسائلكم الجميلة.",
    "القهوة أولا ثم العمل ☕",
    "كانت مباراة أمس رائعة جدا!",
    "أحتاج إلى إجازة طويلة.",
    "القطار متأخر مرة أخرى، كالعادة.",
];
