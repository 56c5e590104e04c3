//! What a provider is given: the transaction, and for whom it works.

use crate::properties::Properties;
use kernel::{ApiError, Caller, Operation, Tx};
use smol_str::{SmolStr, format_smolstr};

/// The stack that a resource belongs to.
#[derive(Clone, Debug, Default)]
pub struct StackFacts {
    /// The stack's ARN.
    pub id: SmolStr,
    /// The stack's name.
    pub name: SmolStr,
    /// The stack's tags, which its resources get too.
    pub tags: Vec<(SmolStr, SmolStr)>,
    /// What the caller consented to: nested stacks have it too.
    pub capabilities: Vec<SmolStr>,
    /// How many stacks it is nested in.
    pub depth: usize,
}

/// Stacks are nested at most this deep, so that a template that nests itself comes to an end.
pub const MAX_DEPTH: usize = 16;

/// One call of a provider.
pub struct Context<'a> {
    /// The transaction.
    pub tx: &'a mut Tx,
    /// The account and region, acting as CloudFormation.
    pub caller: &'a Caller,
    /// The stack.
    pub stack: &'a StackFacts,
    /// The resource's name in the template.
    pub logical_id: &'a str,
}

impl Context<'_> {
    /// Calls an operation of a service.
    pub fn call<O: Operation>(&mut self, input: O::Input) -> Result<O::Output, ApiError> {
        self.tx.call::<O>(self.caller, input)
    }

    /// A name for a resource that the template gives none: `<stack>-<logical id>-<13 upper-case
    /// letters and digits>`, cut to `limit` characters where the parts are long.
    pub fn physical_name(&mut self, limit: usize) -> SmolStr {
        self.name_with(limit, 13, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    }

    /// The same with 12 letters of both cases and digits, as newer types have it.
    pub fn mixed_name(&mut self, limit: usize) -> SmolStr {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        self.name_with(limit, 12, alphabet)
    }

    fn name_with(&mut self, limit: usize, length: usize, alphabet: &[u8]) -> SmolStr {
        let suffix = self.tx.random().text(alphabet, length);
        let room = limit.saturating_sub(length + 2);
        let stack = cut(&self.stack.name, room.saturating_sub(self.logical_id.len()).max(room / 2));
        let logical = cut(self.logical_id, room.saturating_sub(stack.len()));
        format_smolstr!("{stack}-{logical}-{suffix}")
    }

    /// The resource's tags: those of its `Tags` property, the stack's, and CloudFormation's own
    /// three; the more specific wins.
    pub fn tags(&self, properties: &Properties) -> Vec<(SmolStr, SmolStr)> {
        let mut tags = properties.tags("Tags");
        for (key, value) in &self.stack.tags {
            if !tags.iter().any(|(k, _)| k == key) {
                tags.push((key.clone(), value.clone()));
            }
        }
        tags.push(("aws:cloudformation:stack-name".into(), self.stack.name.clone()));
        tags.push(("aws:cloudformation:logical-id".into(), self.logical_id.into()));
        tags.push(("aws:cloudformation:stack-id".into(), self.stack.id.clone()));
        tags
    }

    /// What becomes of the tags when the old properties become the new ones.
    pub fn tag_changes(&self, old: &Properties, new: &Properties) -> TagChanges {
        let wanted = self.tags(new);
        let is_gone = |key: &SmolStr| !wanted.iter().any(|(kept, _)| kept == key);
        let keys = old.tags("Tags").into_iter().map(|(key, _)| key);
        TagChanges { gone: keys.filter(is_gone).collect(), wanted }
    }
}

/// How tags change with their resource.
#[derive(Debug, Default)]
pub struct TagChanges {
    /// The tags that it is to have.
    pub wanted: Vec<(SmolStr, SmolStr)>,
    /// Keys of tags that it is to lose.
    pub gone: Vec<SmolStr>,
}

/// The first `length` bytes of a name, which is ASCII.
fn cut(text: &str, length: usize) -> &str {
    text.get(..length.min(text.len())).unwrap_or(text)
}
