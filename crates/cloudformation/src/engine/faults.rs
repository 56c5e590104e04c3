//! What goes wrong on request: resources that fail, and resources that are never done.

use super::run::Run;
use kernel::{FaultKind, FaultSubject};

/// A resource that is on its way for longer than this never will be done.
const GIVE_UP_SECS: i64 = 3_600;

impl Run<'_, '_> {
    /// The reason of a failure, if a fault strikes what is done to a resource: `create`, `update`
    /// or `delete`.
    pub(super) fn struck(&self, logical_id: &str, deed: &str) -> Option<String> {
        let subject = self.subject(logical_id, deed);
        let struck = self.world.with(|tx, _| tx.strike(FaultKind::ResourceFailure, &subject));
        struck.map(|rule| {
            let token = self.world.with(|tx, _| tx.new_uuid());
            format!(
                "Resource handler returned message: \"Internal Failure: struck by the fault {}\" \
                 (RequestToken: {token}, HandlerErrorCode: InternalFailure)",
                rule.id
            )
        })
    }

    /// Whether a fault keeps a resource from ever being done.
    pub(super) fn is_stalled(&self, logical_id: &str, deed: &str) -> bool {
        let subject = self.subject(logical_id, deed);
        self.world.with(|tx, _| tx.fault(FaultKind::ResourceStall, &subject).is_some())
    }

    /// Whether AWS would look no more at what a step is about.
    pub(super) fn is_hopeless(&self, number: usize) -> bool {
        self.now >= self.operation.steps[number].since.plus_secs(GIVE_UP_SECS)
    }

    fn subject<'s>(&'s self, logical_id: &'s str, deed: &'s str) -> FaultSubject<'s> {
        FaultSubject {
            operation: Some(deed),
            stack: Some(&self.stack.name),
            resource: Some(logical_id),
            ..FaultSubject::default()
        }
    }
}
