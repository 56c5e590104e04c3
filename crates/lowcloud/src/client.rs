//! A client of the control API.

use crate::cli::Failure;
use serde_json::Value;

/// Talks to one server.
pub(crate) struct Client {
    endpoint: String,
    agent: ureq::Agent,
}

impl Client {
    pub(crate) fn new(endpoint: &str) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build();
        Self { endpoint: endpoint.trim_end_matches('/').to_owned(), agent: config.into() }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/_lowcloud/{path}", self.endpoint)
    }

    pub(crate) fn get(&self, path: &str) -> Result<Value, Failure> {
        self.read(self.agent.get(self.url(path)).call())
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.read(self.agent.post(self.url(path)).send_json(body))
    }

    pub(crate) fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.read(self.agent.delete(self.url(path)).call())
    }

    fn read(
        &self,
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Value, Failure> {
        let mut answer = answer.map_err(|error| {
            format!(
                "no lowcloud answers at {} ({error}). Start one with 'lowcloud serve', or name \
                 another with --endpoint",
                self.endpoint
            )
        })?;
        let status = answer.status();
        let text = answer.body_mut().read_to_string()?;
        let value: Value = serde_json::from_str(&text)
            .map_err(|_| format!("{} is no lowcloud: {}", self.endpoint, text.trim()))?;
        match value["error"].as_str() {
            Some(error) => Err(error.to_owned().into()),
            None if !status.is_success() => {
                Err(format!("{} answered {status}", self.endpoint).into())
            }
            None => Ok(value),
        }
    }
}
