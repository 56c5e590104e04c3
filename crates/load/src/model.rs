//! From load to what instances show: a simple, documented model, the same for all.
//!
//! An instance serves a number of requests per second at 100 % CPU: 100 per vCPU, unless the load
//! says otherwise. Demand is shared evenly. What is above the capacity is refused. Each request
//! brings 2 KB in and 10 KB out. An answer takes 20 ms, and longer as the instance fills up
//! (a queue with one server: 20 ms / (1 − utilization), one second at most).

/// Requests per second at 100 % CPU, per vCPU.
const REQUESTS_PER_VCPU: f64 = 100.0;
/// CPU of an instance that has nothing to do, in percent.
pub(crate) const IDLE_PERCENT: f64 = 0.5;

pub(crate) const BYTES_IN: f64 = 2_048.0;
pub(crate) const BYTES_OUT: f64 = 10_240.0;
pub(crate) const BYTES_PER_PACKET: f64 = 1_024.0;

const SERVICE_SECS: f64 = 0.02;
const MAX_ANSWER_SECS: f64 = 1.0;

/// Requests per second that an instance of this type serves at 100 % CPU.
pub(crate) fn requests_per_second(instance_type: &str, given: Option<f64>) -> f64 {
    given.unwrap_or_else(|| {
        let vcpus = catalogue::instance_type(instance_type).map_or(1, |kind| kind.vcpus);
        f64::from(vcpus.max(1)) * REQUESTS_PER_VCPU
    })
}

/// CPU in percent of an instance that gets `rate` requests per second and can serve `capacity`.
pub(crate) fn utilization(rate: f64, capacity: f64) -> f64 {
    (100.0 * rate / capacity).clamp(IDLE_PERCENT, 100.0)
}

/// How long an answer takes, in seconds, at this CPU.
pub(crate) fn answer_secs(cpu_percent: f64) -> f64 {
    let free = 1.0 - cpu_percent / 100.0;
    (SERVICE_SECS / free.max(f64::EPSILON)).min(MAX_ANSWER_SECS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_instances_lower_the_cpu_of_each() {
        let capacity = requests_per_second("t2.micro", None);
        assert_eq!(capacity, 100.0);
        assert_eq!(requests_per_second("m5.xlarge", None), 400.0);
        assert_eq!(requests_per_second("m5.xlarge", Some(50.0)), 50.0);
        let each = |instances: f64| utilization(240.0 / instances, capacity);
        assert_eq!((each(1.0), each(3.0), each(4.0)), (100.0, 80.0, 60.0));
        assert_eq!(utilization(0.0, capacity), IDLE_PERCENT);
        assert!((answer_secs(50.0) - 0.04).abs() < 1e-12 && answer_secs(100.0) == 1.0);
    }
}
