//! Route 53's hosted zones of load balancers, by region.
//!
//! "Elastic Load Balancing endpoints and quotas" in the general reference. Regions opened since
//! 2021 are left out.

/// The ids of the hosted zones that a region's load balancers have their names in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostedZones {
    /// Of application and classic load balancers.
    pub application: &'static str,
    /// Of network load balancers.
    pub network: &'static str,
}

const ZONES: &[(&str, &str, &str)] = &[
    ("af-south-1", "Z268VQBMOI5EKX", "Z203XCE67M25HM"),
    ("ap-east-1", "Z3DQVH9N71FHZ0", "Z12Y7K3UBGUAD1"),
    ("ap-northeast-1", "Z14GRHDCWA56QT", "Z31USIVHYNEOWT"),
    ("ap-northeast-2", "ZWKZPGTI48KDX", "ZIBE1TIR4HY56"),
    ("ap-northeast-3", "Z5LXEXXYW11ES", "Z1GWIQ4HH19I5X"),
    ("ap-south-1", "ZP97RAFLXTNZK", "ZVDDRBQ08TROA"),
    ("ap-southeast-1", "Z1LMS91P8CMLE5", "ZKVM4W9LS7TM"),
    ("ap-southeast-2", "Z1GM3OXH4ZPM65", "ZCT6FZBF4DROD"),
    ("ca-central-1", "ZQSVJUPU6J1EY", "Z2EPGBW3API2WT"),
    ("eu-central-1", "Z215JYRZR1TBD5", "Z3F0SRJ5LGBH90"),
    ("eu-north-1", "Z23TAZ6LKFMNIO", "Z1UDT6IFJ4EJM"),
    ("eu-south-1", "Z3ULH7SSC9OV64", "Z23146JA1KNAFP"),
    ("eu-west-1", "Z32O12XQLNTSW2", "Z2IFOLAFXWLO4F"),
    ("eu-west-2", "ZHURV8PSTC4K8", "ZD4D7Y8KGAS4G"),
    ("eu-west-3", "Z3Q77PNBQS71R4", "Z1CMS0P5QUZ6D5"),
    ("me-south-1", "ZS929ML54UICD", "Z3QSRYVP46NYYV"),
    ("sa-east-1", "Z2P70J7HTTTPLU", "ZTK26PT1VY4CU"),
    ("us-east-1", "Z35SXDOTRQ7X7K", "Z26RNL4JYFTOTI"),
    ("us-east-2", "Z3AADJGX6KTTL2", "ZLMOA37VPKANP"),
    ("us-west-1", "Z368ELLRRE2KJ0", "Z24FKFUX50B4VW"),
    ("us-west-2", "Z1H1FL5HABSF5", "Z18D5FSROUN65G"),
];

/// The hosted zones of a region's load balancers, where they are known.
pub fn hosted_zones(region: &str) -> Option<HostedZones> {
    let (_, application, network) = ZONES.iter().find(|(name, _, _)| *name == region)?;
    Some(HostedZones { application, network })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_have_their_zones() {
        let zones = hosted_zones("us-west-1").expect("it is known");
        assert_eq!((zones.application, zones.network), ("Z368ELLRRE2KJ0", "Z24FKFUX50B4VW"));
        assert_eq!(hosted_zones("moon-1"), None);
    }
}
