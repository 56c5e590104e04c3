//! Spot Instance requests.
//!
//! "Spot Instances" in the EC2 user guide. A request asks for one instance: RunInstances with
//! `InstanceMarketOptions` makes one that is fulfilled at once, RequestSpotInstances one that waits
//! to be evaluated. A persistent request opens again when its instance has ended. There is no
//! market here, so capacity is there unless a fault says otherwise, and DescribeSpotPriceHistory,
//! for which no honest figures exist, is not built.
//!
//! `row` is what is kept, `request` RequestSpotInstances, `market` what RunInstances says of it,
//! `lifecycle` how a request goes from state to state, `describe` how it looks.

mod describe;
mod lifecycle;
mod market;
mod request;
mod row;

pub(crate) use lifecycle::{ended, marked};
pub(crate) use market::{Market, fulfilled, market};
pub(crate) use row::SpotRequest;

use kernel::resource;

resource! { ec2:
    operations {
        write RequestSpotInstances => request::request_spot_instances,
        read DescribeSpotInstanceRequests => describe::describe_spot_instance_requests,
        write CancelSpotInstanceRequests => request::cancel_spot_instance_requests,
    }
    tables { SpotRequest }
    tasks { "ec2.spot-request" => lifecycle::look }
    housekeeping { "ec2.spot-request-purge" => lifecycle::purge }
}
