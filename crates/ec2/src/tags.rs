//! CreateTags, DeleteTags, DescribeTags: the same for every kind of resource.

use crate::tokens::ClientToken;
use kernel::resource;

resource! { ec2: tables { ClientToken } }
