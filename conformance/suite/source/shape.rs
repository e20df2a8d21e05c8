//! The shape of a node: its properties, the number of its arguments, and whether it has a block.

use super::{Check, Entry, Mistake, Node};

/// The allowed parts of a node.
#[derive(Debug, Clone, Copy)]
pub struct Shape<'a> {
    /// The minimum and the maximum number of arguments.
    pub arguments: (usize, usize),
    /// The properties that it may have.
    pub properties: &'a [&'a str],
    /// Whether the node may have a block.
    pub block: bool,
    /// An example of a correct node, which the remedy shows.
    pub example: &'a str,
}

impl<'a> Shape<'a> {
    /// Returns the shape of a node with one argument, and with neither properties nor a block.
    #[must_use]
    pub const fn like(example: &'a str) -> Shape<'a> {
        Shape {
            arguments: (1, 1),
            properties: &[],
            block: false,
            example,
        }
    }

    /// Returns the same shape, but the node may have these properties.
    #[must_use]
    pub const fn with(self, properties: &'a [&'a str]) -> Shape<'a> {
        Shape { properties, ..self }
    }

    /// Returns the same shape, but the node may have a block.
    #[must_use]
    pub const fn and_block(self) -> Shape<'a> {
        Shape {
            block: true,
            ..self
        }
    }

    /// Reports everything that is missing in the node, and everything that does not belong there. Returns whether the node
    /// has this shape.
    pub fn check(&self, node: &Node, reader: &mut impl Check) -> bool {
        let (least, most) = self.arguments;
        let word = &node.name.text;
        let wrong = |message: String| Mistake::new(message, format!("write: {}", self.example));
        let arguments: Vec<&Entry> = node.arguments().collect();
        let mut fine = reader.check(arguments.len() >= least, node, || {
            wrong(format!("`{word}` is not complete"))
        });
        if let Some(extra) = arguments.get(most) {
            fine = false;
            reader.report(*extra, wrong(format!("`{extra}` does not belong here")));
        }
        for (key, _) in node.properties() {
            let name = key.text.as_str();
            fine &= reader.check(self.properties.contains(&name), key, || {
                let known = self.properties.iter().copied();
                wrong(format!("`{word}` has no property {name}")).or_near(name, known)
            });
        }
        let block_is_right = self.block || node.children.is_none();
        fine & reader.check(block_is_right, node, || {
            wrong(format!("`{word}` cannot have a block"))
        })
    }
}
