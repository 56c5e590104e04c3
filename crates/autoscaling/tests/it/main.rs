//! Scenarios: typed calls on a cloud whose clock is stepped by hand.

mod harness;

mod activities;
mod capacity;
mod configurations;
mod deletion;
mod explaining;
mod groups;
mod health;
mod hooks;
mod invoking_alarms;
mod launches;
mod membership;
mod placement;
mod policies;
mod processes;
mod refreshes;
mod schedules;
mod spot;
mod tags;
mod traffic;
mod warm_pools;
mod zonal_shifts;
