//! What people should know of a detector before they use it, as Markdown.

use std::fmt::Write;

use crate::detector::Detector;
use crate::left_out::{Evaluation, Judge, Judgement, Pair};
use crate::measures::{Figures, Interval};

/// Shares of instructions among posts for which the card says what to expect.
const SHARES: [f64; 4] = [0.01, 0.05, 0.2, 0.5];

/// The card of a detector: what it is for, what it learnt from, what it is worth on sources that it has never seen, beside simpler judges.
/// `curve` names the picture of the curve, where there is one. The same detector, the same bytes.
#[must_use]
pub fn card(detector: &Detector, curve: Option<&str>) -> String {
    let mut out = String::new();
    intended(&mut out, detector);
    sources(&mut out, detector);
    summary(&mut out, detector);
    if let Some(curve) = curve {
        line(&mut out, &format!("![Precision against recall on sources that were left out]({curve})\n"));
    }
    let plain = "Each pair of sources left out";
    pairs(&mut out, plain, &detector.evaluation);
    pairs(&mut out, &format!("{plain}, without case and punctuation"), &detector.stripped);
    use_of_it(&mut out, detector);
    weights(&mut out, detector);
    out
}

fn intended(out: &mut String, detector: &Detector) {
    line(out, "# Is this post an instruction?\n");
    let model = &detector.model;
    let marks = if detector.features.marks {
        ", among them those that tell where a text is from (links, mentions, hashtags, emoji, case)"
    } else {
        ""
    };
    line(
        out,
        &format!(
            "A logistic regression over the vector of a post's text ({}, {} dimensions, fingerprint `{}`), {} features by name{marks}. Links, handles \
             and hash signs are taken out before a text is embedded. Made by {}.\n",
            model.name,
            model.n_dims,
            &model.fingerprint[..model.fingerprint.len().min(16)],
            detector.surface.len(),
            detector.made_by
        ),
    );
    line(
        out,
        "It is meant to find, among the first posts of conversations, those that ask for something an answer can give: questions and requests. It \
         was trained on English texts and is for English posts; of other languages it says nothing that can be trusted. It must not be used to \
         decide about people.\n",
    );
}

fn sources(out: &mut String, detector: &Detector) {
    line(out, "## What it learnt from\n");
    line(
        out,
        "| source | side | texts read | without words | repeated | on both sides | not drawn | used | BLAKE3 of the files |",
    );
    line(out, "|---|---|--:|--:|--:|--:|--:|--:|---|");
    for source in &detector.sources {
        line(
            out,
            &format!(
                "| {} | {} | {} | {} | {} | {} | {} | {} | `{}` |",
                cell(&source.name),
                source.side.name(),
                source.n_read,
                source.n_empty,
                source.n_repeated,
                source.n_on_both_sides,
                source.n_not_drawn,
                source.n_used,
                &source.hash[..source.hash.len().min(16)]
            ),
        );
    }
    line(
        out,
        "\nSources weigh alike within a side, and the sides too. The label is that of the source, not of the text: a tweet that asks something \
         counts as no instruction here, and an instruction set holds remarks too. No source of one side was collected as one of the other \
         was, so part of what is learnt is where texts come from; the tables below say how much of it holds on sources that were not seen.\n",
    );
}

fn summary(out: &mut String, detector: &Detector) {
    line(out, "## What it is worth\n");
    line(
        out,
        "Sources left out: one positive and one negative source at a time, both unseen in training. The three numbers of calibration and threshold \
         come from models that had left out other pairs, and so saw these two; the penalty is given. All \
         pairs together, each weighing alike. Figures are of a world in which every second text is an instruction; in brackets the middle 95 % of \
         resamples of the texts. \"Sources alone\" only learnt to tell the training sources apart, and says yes where a text is more like a positive one: \
         no threshold was chosen for it, so compare it by AUC and AP rather than by F1.\n",
    );
    table_head(out, &["texts", "judge"]);
    for (form, evaluation) in [("plain", &detector.evaluation), ("stripped", &detector.stripped)] {
        for judgement in &evaluation.together {
            figures_row(out, &[form, judgement.judge.name()], &judgement.figures);
        }
        figures_row(out, &[form, "detector, all sources seen"], &evaluation.seen);
    }
    line(
        out,
        "\nThe mean of the pairs, in each of which a judge's scores are compared with each other only:\n",
    );
    line(
        out,
        "| texts | judge | ROC AUC | average precision | F1 | pairs in which the detector's ROC AUC is higher |\n|---|---|--:|--:|--:|--:|",
    );
    for (form, evaluation) in [("plain", &detector.evaluation), ("stripped", &detector.stripped)] {
        Judge::ALL.into_iter().for_each(|judge| means_row(out, form, judge, evaluation));
    }
    for (form, evaluation) in [("Plain", &detector.evaluation), ("Stripped", &detector.stripped)] {
        let Some(detected) = evaluation.together.first() else { continue };
        let interval =
            |found: Option<Interval>| found.map_or_else(|| "-".to_owned(), |found| bracketed(&found));
        line(
            out,
            &format!(
                "\n{form}: Brier score {}, calibration error {}.",
                interval(detected.figures.brier),
                interval(detected.figures.calibration_error)
            ),
        );
    }
    line(out, "\n### Probability and share, plain texts of sources left out\n");
    line(out, "| probability from | texts | mean probability | share of instructions |\n|--:|--:|--:|--:|");
    for bin in &detector.evaluation.reliability {
        line(
            out,
            &format!(
                "| {:.1} | {:.1} % | {:.3} | {:.3} |",
                bin.from,
                100.0 * bin.weight,
                bin.probability,
                bin.share
            ),
        );
    }
    line(out, "");
}

fn means_row(out: &mut String, form: &str, judge: Judge, evaluation: &Evaluation) {
    let of = |pair: &Pair, judge| {
        pair.judgements.iter().find(|found| found.judge == judge).map(|found| found.figures)
    };
    let mean = |value: fn(&Figures) -> f64| {
        let values: Vec<f64> = evaluation
            .pairs
            .iter()
            .filter_map(|pair| of(pair, judge))
            .map(|figures| value(&figures))
            .collect();
        values.iter().sum::<f64>() / values.len().max(1) as f64
    };
    let auc = |pair, judge| of(pair, judge).map(|figures| figures.roc_auc.value);
    let n_better =
        evaluation.pairs.iter().filter(|pair| auc(pair, Judge::Detector) > auc(pair, judge)).count();
    let [roc_auc, precision, f1] = [
        mean(|found| found.roc_auc.value),
        mean(|found| found.average_precision.value),
        mean(|found| found.f1.value),
    ];
    let better = if judge == Judge::Detector {
        String::new()
    } else {
        format!("{n_better} of {}", evaluation.pairs.len())
    };
    line(out, &format!("| {form} | {} | {roc_auc:.3} | {precision:.3} | {f1:.3} | {better} |", judge.name()));
}

fn pairs(out: &mut String, title: &str, evaluation: &Evaluation) {
    line(out, &format!("## {title}\n"));
    table_head(out, &["positive", "negative", "judge"]);
    for pair in &evaluation.pairs {
        for (at, Judgement { judge, figures }) in pair.judgements.iter().enumerate() {
            let name =
                |name: &str, n: u64| if at == 0 { format!("{} ({n})", cell(name)) } else { String::new() };
            let (positive, negative) =
                (name(&pair.positive, pair.n_positive), name(&pair.negative, pair.n_negative));
            figures_row(out, &[&positive, &negative, judge.name()], figures);
        }
    }
    line(out, "");
}

fn use_of_it(out: &mut String, detector: &Detector) {
    line(out, "## At the threshold\n");
    let Some(detected) = detector.evaluation.together.iter().find(|found| found.judge == Judge::Detector)
    else {
        return;
    };
    let (recall, fall_out) = (detected.figures.recall.value, detected.figures.false_positive_rate.value);
    line(
        out,
        &format!(
            "From a probability of {:.3} on a post is called an instruction: of sources left out, {:.1} % of the instructions and {:.1} % of the other \
             texts. The fewer instructions there are among the posts, the more of what is found is something else:\n",
            detector.threshold,
            100.0 * recall,
            100.0 * fall_out
        ),
    );
    line(out, "| share of instructions among posts | precision to expect |\n|--:|--:|");
    for share in SHARES {
        let precision = share * recall / (share * recall + (1.0 - share) * fall_out).max(f64::MIN_POSITIVE);
        line(out, &format!("| {:.0} % | {:.1} % |", 100.0 * share, 100.0 * precision));
    }
    line(out, "");
}

fn weights(out: &mut String, detector: &Detector) {
    line(out, "## What the named features weigh\n");
    line(out, "Points are logarithms of odds that one standard deviation of the feature adds.\n");
    line(out, "| feature | points |\n|---|--:|");
    let mut features: Vec<_> = detector.surface.iter().collect();
    features.sort_by(|a, b| b.coefficient.abs().total_cmp(&a.coefficient.abs()));
    for feature in features {
        line(out, &format!("| {} | {:+.3} |", feature.name, feature.coefficient));
    }
}

fn table_head(out: &mut String, columns: &[&str]) {
    line(out, &format!("| {} | ROC AUC | average precision | F1 |", columns.join(" | ")));
    line(out, &format!("|{}--:|--:|--:|", "---|".repeat(columns.len())));
}

fn figures_row(out: &mut String, columns: &[&str], figures: &Figures) {
    let shown = [figures.roc_auc, figures.average_precision, figures.f1].map(|figure| bracketed(&figure));
    line(out, &format!("| {} | {} |", columns.join(" | "), shown.join(" | ")));
}

fn bracketed(interval: &Interval) -> String {
    format!("{:.3} ({:.3}–{:.3})", interval.value, interval.low, interval.high)
}

/// A name that breaks no table.
fn cell(name: &str) -> String {
    name.chars().map(|c| if c == '|' || c.is_control() { ' ' } else { c }).collect()
}

fn line(out: &mut String, text: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{text}");
}
