//! A cloud of S3 alone, with a bucket.

use api::s3::ops::{CreateBucket, GetObject, PutObject};
use api::s3::{
    CreateBucketConfiguration, CreateBucketRequest, GetObjectOutput, GetObjectRequest,
    PutObjectOutput, PutObjectRequest,
};
use kernel::{
    ApiError, Body, Caller, Clock, ClockMode, Cloud, Digests, MemoryJournal, Operation, Piece,
    Settings, StoredBody, Wall, Wiring,
};
use std::sync::Arc;

pub(crate) const BUCKET: &str = "some-bucket";
pub(crate) const REGION: &str = "us-west-1";

pub(crate) struct Harness {
    pub(crate) cloud: Cloud,
    pub(crate) caller: Caller,
}

impl Harness {
    /// Without any bucket.
    pub(crate) fn empty() -> Self {
        let wiring = Wiring { services: vec![s3::service()], wakes: Vec::new() };
        let clock = Clock::new(ClockMode::Paused, Wall(1_700_000_000_000));
        let cloud = Cloud::new(&wiring, Settings::default(), clock, Box::new(MemoryJournal));
        let caller = Caller { access_key: "test".into(), ..Caller::new("123456789012", REGION) };
        Self { cloud: cloud.expect("memory never fails"), caller }
    }

    /// With one bucket.
    pub(crate) fn new() -> Self {
        let cloud = Self::empty();
        cloud.create(&cloud.caller, BUCKET, Some(REGION)).expect("made");
        cloud
    }

    pub(crate) fn call<O: Operation>(&self, input: O::Input) -> Result<O::Output, ApiError> {
        self.call_as::<O>(&self.caller, input)
    }

    pub(crate) fn call_as<O: Operation>(
        &self,
        caller: &Caller,
        input: O::Input,
    ) -> Result<O::Output, ApiError> {
        let row = self.cloud.operation(O::SERVICE, O::NAME).expect("the operation is registered");
        let output = self.cloud.invoke(Wall(0), row, caller, Box::new(input))?;
        Ok(*output.into_any().downcast().expect("an operation answers its own type"))
    }

    pub(crate) fn create(
        &self,
        caller: &Caller,
        name: &str,
        constraint: Option<&str>,
    ) -> Result<(), ApiError> {
        let configuration = constraint.map(|region| CreateBucketConfiguration {
            location_constraint: Some(region.into()),
            ..Default::default()
        });
        let input = CreateBucketRequest {
            bucket: name.into(),
            create_bucket_configuration: configuration,
            ..Default::default()
        };
        self.call_as::<CreateBucket>(caller, input).map(drop)
    }

    pub(crate) fn put(&self, key: &str, body: &str) -> PutObjectOutput {
        self.call::<PutObject>(put(key, body)).expect("put")
    }

    pub(crate) fn get(&self, key: &str) -> Result<GetObjectOutput, ApiError> {
        self.call::<GetObject>(get(key))
    }

    /// The blobs that the shell must keep.
    pub(crate) fn blobs(&self) -> usize {
        self.cloud.keys_of(s3::BLOBS).len()
    }
}

pub(crate) fn put(key: &str, body: &str) -> PutObjectRequest {
    PutObjectRequest {
        bucket: BUCKET.into(),
        key: key.into(),
        body: Some(Body::Memory(body.to_owned().into())),
        ..Default::default()
    }
}

pub(crate) fn get(key: &str) -> GetObjectRequest {
    GetObjectRequest { bucket: BUCKET.into(), key: key.into(), ..Default::default() }
}

/// A body that the shell has stored.
pub(crate) fn stored(id: &str, length: u64) -> Option<Body> {
    let pieces = vec![Piece::Blob { id: id.into(), offset: 0, length }];
    let digests = Digests { md5: [length as u8; 16], crc64nvme: 7, ..Digests::default() };
    Some(Body::Stored(Arc::new(StoredBody { pieces, digests })))
}

pub(crate) fn text(output: GetObjectOutput) -> String {
    match output.body {
        Some(Body::Memory(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
        other => panic!("a small object is in memory, not {other:?}"),
    }
}

pub(crate) fn code<T>(answer: Result<T, ApiError>) -> String {
    answer.err().map_or_else(|| "none".into(), |error| error.code.into())
}
