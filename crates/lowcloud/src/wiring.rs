//! The wiring table: all services, and what wakes what. The one place where one can see it.

use kernel::{Wake, Wiring};

/// Everything that this binary serves.
pub fn wiring() -> Wiring {
    let mut services =
        vec![autoscaling::service(), cloudformation::service(), ec2::service(), s3::service()];
    services.extend(basics::services());
    Wiring {
        services,
        wakes: vec![
            // An instance of a group changed: its group looks.
            Wake {
                table: "ec2.instances",
                index: "tag",
                prefix: "aws:autoscaling:groupName=",
                task: "autoscaling.reconcile",
            },
            // An instance or a group that a stack waits for changed: the stack's operation looks.
            Wake {
                table: "ec2.instances",
                index: "tag",
                prefix: "aws:cloudformation:stack-id=",
                task: "cloudformation.advance",
            },
            Wake {
                table: "autoscaling.groups",
                index: "tag",
                prefix: "aws:cloudformation:stack-id=",
                task: "cloudformation.advance",
            },
        ],
    }
}
