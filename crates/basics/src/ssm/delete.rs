//! Deleting parameters.

use super::{errors, names};
use super::parameters::Parameter;
use api::ssm::{
    DeleteParameterRequest, DeleteParameterResult, DeleteParametersRequest, DeleteParametersResult,
};
use kernel::{ApiError, Caller, Tx, resource};

resource! { ssm:
    operations {
        write DeleteParameter => delete_parameter,
        write DeleteParameters => delete_parameters,
    }
}

fn delete_parameter(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteParameterRequest,
) -> Result<DeleteParameterResult, ApiError> {
    match tx.remove::<Parameter>(&names::parse(&input.name).name) {
        Some(_) => Ok(DeleteParameterResult {}),
        None => Err(errors::parameter_not_found()),
    }
}

fn delete_parameters(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteParametersRequest,
) -> Result<DeleteParametersResult, ApiError> {
    let (mut deleted, mut invalid) = (Vec::new(), Vec::new());
    for name in input.names {
        match tx.remove::<Parameter>(&names::parse(&name).name) {
            Some(_) => deleted.push(name),
            None => invalid.push(name),
        }
    }
    Ok(DeleteParametersResult {
        deleted_parameters: Some(deleted),
        invalid_parameters: Some(invalid),
    })
}
