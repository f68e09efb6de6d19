//! Folders that are not what they should be: the error names the file and what to do.

use std::path::Path;

use populi_embed::{Embedder, Error, Transformer, TransformerParams};
use serde_json::{Value, json};

use super::copy_of;

/// The error of opening a folder, which must be one of a file.
fn refused(folder: &Path) -> (String, String, String) {
    match Transformer::open(folder, &TransformerParams::default()).err().unwrap() {
        Error::ModelFile { path, reason, remedy } => {
            (path.file_name().unwrap().to_string_lossy().into_owned(), reason, remedy)
        }
        other => panic!("{other}"),
    }
}

/// Opens a copy of the tiny BERT after `damage`, and wants an error that names `file` and says `reason`.
fn assert_refused(damage: impl FnOnce(&Path), file: &str, reason: &str) {
    let copy = copy_of("bert");
    damage(copy.path());
    let (got_file, got_reason, remedy) = refused(copy.path());
    assert_eq!(got_file, file, "{got_reason}");
    assert!(got_reason.contains(reason), "{got_reason:?} does not say {reason:?}");
    assert!(!remedy.is_empty());
}

fn edit(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    change(&mut value);
    std::fs::write(path, serde_json::to_vec(&value).unwrap()).unwrap();
}

#[test]
fn a_missing_file() {
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        assert_refused(|folder| std::fs::remove_file(folder.join(name)).unwrap(), name, "");
    }
    assert_refused(
        |folder| std::fs::remove_file(folder.join("1_Pooling/config.json")).unwrap(),
        "config.json",
        "read",
    );
    let nowhere = refused(Path::new("no/such/folder"));
    assert!(nowhere.2.contains("folder of a sentence-transformers model"), "{nowhere:?}");
}

#[test]
fn pickled_weights_are_not_read() {
    let pickled = |folder: &Path| {
        std::fs::rename(folder.join("model.safetensors"), folder.join("pytorch_model.bin")).unwrap();
    };
    assert_refused(pickled, "model.safetensors", "can run code");
}

#[test]
fn weights_that_are_cut_anywhere() {
    let whole = std::fs::read(super::fixture("bert").join("model.safetensors")).unwrap();
    for n in [0, 1, 7, 8, 9, 100, 3_000, whole.len() / 2, whole.len() - 1] {
        let cut = |folder: &Path| std::fs::write(folder.join("model.safetensors"), &whole[..n]).unwrap();
        assert_refused(cut, "model.safetensors", "");
    }
    let longer = |folder: &Path| {
        std::fs::write(folder.join("model.safetensors"), [&whole[..], b"x"].concat()).unwrap()
    };
    assert_refused(longer, "model.safetensors", "safetensors");
    let huge_header = |folder: &Path| std::fs::write(folder.join("model.safetensors"), [0xff; 64]).unwrap();
    assert_refused(huge_header, "model.safetensors", "safetensors");
}

#[test]
fn tensors_of_another_shape_or_none() {
    let set = |name: &'static str, value: Value| {
        move |folder: &Path| edit(&folder.join("config.json"), |config| config[name] = value)
    };
    let file = "model.safetensors";
    assert_refused(set("intermediate_size", json!(60)), file, "intermediate.dense.weight has shape [52, 40]");
    assert_refused(set("vocab_size", json!(500)), file, "word_embeddings.weight has shape");
    assert_refused(set("max_position_embeddings", json!(100)), file, "position_embeddings.weight has shape");
    assert_refused(
        set("num_hidden_layers", json!(3)),
        file,
        "encoder.layer.2.attention.self.query.weight is missing",
    );
    assert_refused(set("num_hidden_layers", json!(1_u64 << 60)), file, "is missing");
    assert_refused(set("hidden_size", json!(1_u64 << 60)), file, "has shape");
    assert_refused(set("model_type", json!("mpnet")), file, "is missing");
}

#[test]
fn settings_that_make_no_sense_or_are_not_supported() {
    let set = |name: &'static str, value: Value| {
        move |folder: &Path| edit(&folder.join("config.json"), |config| config[name] = value)
    };
    assert_refused(set("model_type", json!("llama")), "config.json", "must be bert");
    assert_refused(set("num_attention_heads", json!(7)), "config.json", "not a multiple");
    assert_refused(set("num_attention_heads", json!(0)), "config.json", "not a multiple");
    assert_refused(set("hidden_size", json!(-3)), "config.json", "not the JSON expected");
    assert_refused(set("hidden_act", json!("silu")), "config.json", "hidden_act");
    assert_refused(set("layer_norm_eps", json!(-1.0)), "config.json", "layer_norm_eps");
    assert_refused(set("position_embedding_type", json!("relative_key")), "config.json", "absolute");
    assert_refused(set("vocab_size", json!(10)), "tokenizer.json", "vocab_size");
    assert_refused(|folder| std::fs::write(folder.join("config.json"), "{").unwrap(), "config.json", "JSON");
    assert_refused(
        |folder| std::fs::write(folder.join("tokenizer.json"), "{}").unwrap(),
        "tokenizer.json",
        "tokenizer",
    );
    assert_refused(
        |folder| edit(&folder.join("modules.json"), |modules| modules[2]["type"] = json!("a.b.Dense")),
        "modules.json",
        "Dense",
    );
    assert_refused(
        |folder| edit(&folder.join("modules.json"), |modules| modules[1]["path"] = json!("../elsewhere")),
        "modules.json",
        "leads out",
    );
    for pooling in [json!({"pooling_mode": ["mean", "max"]}), json!({"pooling_mode_lasttoken": true})] {
        let set = |folder: &Path| edit(&folder.join("1_Pooling/config.json"), |file| *file = pooling);
        assert_refused(set, "config.json", "must be mean or cls");
    }
}

#[test]
fn special_tokens_without_a_row() {
    let set = |post_processor: Value| {
        move |folder: &Path| {
            edit(&folder.join("tokenizer.json"), |file| file["post_processor"] = post_processor);
        }
    };
    let bert = json!({"type": "BertProcessing", "sep": ["[SEP]", 99999], "cls": ["[CLS]", 2]});
    assert_refused(set(bert), "tokenizer.json", "token id 99999");
    let template = json!({
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2, 99999], "tokens": ["[CLS]", "[CLS]"]}},
    });
    assert_refused(set(template), "tokenizer.json", "token id 99999");
}

#[test]
fn weights_in_several_files() {
    let copy = copy_of("xlm-roberta");
    std::fs::remove_file(copy.path().join("model-00002-of-00002.safetensors")).unwrap();
    assert_eq!(refused(copy.path()).0, "model-00002-of-00002.safetensors");
    let copy = copy_of("xlm-roberta");
    edit(&copy.path().join("model.safetensors.index.json"), |index| {
        index["weight_map"]["roberta.embeddings.LayerNorm.bias"] = json!("../outside.safetensors");
    });
    assert_eq!(refused(copy.path()).0, "model.safetensors.index.json");
}

#[test]
fn less_of_the_same_weights_is_another_model() {
    let whole = super::open(&super::fixture("bert")).fingerprint();
    let settings =
        [("num_hidden_layers", json!(1)), ("type_vocab_size", json!(0)), ("hidden_act", json!("relu"))];
    for (name, value) in settings {
        let copy = copy_of("bert");
        assert_eq!(super::open(copy.path()).fingerprint(), whole);
        edit(&copy.path().join("config.json"), |config| config[name] = value);
        assert_ne!(super::open(copy.path()).fingerprint(), whole, "{name}");
    }
}

#[test]
fn without_modules_the_mean_is_taken() {
    let texts = super::texts();
    let copy = copy_of("bert");
    std::fs::remove_file(copy.path().join("modules.json")).unwrap();
    let vectors =
        |folder: &Path| populi_embed::Embedder::embed(&super::open(folder), &super::strs(&texts)).unwrap();
    assert_eq!(vectors(copy.path()), vectors(&super::fixture("bert")));
}
