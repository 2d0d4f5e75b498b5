//! An export that somebody works on, who may have every key.

use crate::history::History;
use audit_log::{Checkpoint, Leaf, Tree, leaf_hash};
use data_encoding::BASE64;
use serde_json::{Value, json};
use std::fs;

/// An export that somebody works on.
pub(crate) struct Export<'a> {
    pub(crate) history: &'a History,
    pub(crate) lines: Vec<Value>,
    /// What stands in the file behind the lines.
    pub(crate) tail: &'static str,
    /// How the text is spelled in the end.
    pub(crate) spelling: fn(&str) -> String,
}

impl<'a> Export<'a> {
    pub(crate) fn of(history: &'a History) -> Self {
        let text = fs::read_to_string(&history.export).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        Self {
            history,
            lines: lines.collect(),
            tail: "",
            spelling: str::to_owned,
        }
    }

    pub(crate) fn text(&self) -> String {
        let lines = self.lines.iter().map(|line| format!("{line}\n"));
        (self.spelling)(&lines.collect::<String>()) + self.tail
    }

    /// The line of the first record of a type.
    pub(crate) fn first(&self, event_type: &str) -> usize {
        let is = |line: &Value| line["type"] == event_type;
        self.lines.iter().position(is).unwrap()
    }

    pub(crate) fn record(&mut self, event_type: &str) -> &mut Value {
        let line = self.first(event_type);
        &mut self.lines[line]
    }

    pub(crate) fn leaf(&self, line: usize) -> Leaf {
        let line: audit_log::export::Record = {
            let mut record = self.lines[line].clone();
            record.as_object_mut().unwrap().remove("kind");
            serde_json::from_value(record).unwrap()
        };
        Leaf::of(&line.recorded(), line.index, &self.history.tag_key())
    }

    /// Makes the record's leaf fit what the record says now.
    pub(crate) fn fit(&mut self, line: usize) {
        let hash = leaf_hash(&self.leaf(line).to_bytes());
        self.lines[line]["leaf"] = hash.to_string().into();
    }

    /// Makes a record of the organization look like somebody else's.
    pub(crate) fn disguise(&mut self, line: usize, change: fn(&mut Leaf)) {
        let mut leaf = self.leaf(line);
        change(&mut leaf);
        let index = &self.lines[line]["index"];
        let entries = BASE64.encode(&leaf.to_bytes());
        self.lines[line] = json!({ "kind": "others", "index": index, "entries": entries });
        self.end()["records"] = json!(self.end()["records"].as_u64().unwrap() - 1);
    }

    pub(crate) fn end(&mut self) -> &mut Value {
        self.lines.last_mut().unwrap()
    }

    pub(crate) fn checkpoint(&mut self) -> &mut Value {
        &mut self.lines[0]["checkpoint"]
    }

    pub(crate) fn change_checkpoint(&mut self, change: impl FnOnce(&mut Vec<String>)) {
        let text = self.checkpoint().as_str().unwrap();
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        change(&mut lines);
        *self.checkpoint() = (lines.join("\n") + "\n").into();
    }

    /// What only the operator can do: has the tree that the lines make up signed.
    pub(crate) fn sign_again(&mut self) {
        let mut tree = Tree::default();
        for line in 1..self.lines.len() - 1 {
            if self.lines[line]["kind"] == "record" {
                self.lines[line]["index"] = tree.size().into();
                self.fit(line);
                tree.append(leaf_hash(&self.leaf(line).to_bytes()));
                continue;
            }
            self.lines[line]["index"] = tree.size().into();
            let entries = self.lines[line]["entries"].as_str().unwrap();
            for leaf in BASE64.decode(entries.as_bytes()).unwrap().chunks(64) {
                tree.append(leaf_hash(leaf));
            }
        }
        let records = self.lines.iter().filter(|line| line["kind"] == "record");
        let (records, leaves) = (records.count(), tree.size());
        *self.end() = json!({ "kind": "end", "records": records, "leaves": leaves });
        let checkpoint = Checkpoint {
            origin: self.history.key.split('+').next().unwrap().to_owned(),
            size: leaves,
            root: tree.root(),
        };
        *self.checkpoint() = self.history.sign(checkpoint).to_string().into();
    }
}
