//! Machine images: the catalogue's, and by policy any other well-formed id.

use crate::errors;
use catalogue::Image;
use kernel::{ApiError, Snapshot, resource};

/// The image to launch from. An id that the catalogue lacks stands for an image of another
/// account, unless images are strict.
pub(crate) fn usable(snapshot: &Snapshot, id: &str) -> Result<Image, ApiError> {
    if !catalogue::is_image_id(id) {
        return Err(errors::image_malformed(id));
    }
    if let Some(image) = catalogue::image(snapshot.region(), id) {
        return Ok(image);
    }
    let synthetic = (!snapshot.settings().strict_images)
        .then(|| catalogue::synthetic_image(snapshot.region(), id));
    synthetic.flatten().ok_or_else(|| errors::image_not_found(id))
}

resource! { ec2: }
