//! How the words, ids and moments of the domain are kept in a column.

use crate::domain::{
    audit::Door,
    ids::*,
    incident::IncidentStatus,
    live::Topic,
    maintenance::MaintenanceStatus,
    role::{Role, TeamRole},
    status::*,
    time::Time,
};
use sqlx::{Any, Database, Decode, Encode, Type, any::AnyTypeInfo, encode::IsNull, error::BoxDynError};

type Buffer = <Any as Database>::ArgumentBuffer;
type Value<'r> = <Any as Database>::ValueRef<'r>;

/// A column whose Rust type is written as, and read back from, one of sqlx's own types.
macro_rules! column {
    ($name:ty, $stored:ty, |$value:ident| $write:expr, |$read:ident| $parse:expr) => {
        impl Type<Any> for $name {
            fn type_info() -> AnyTypeInfo {
                <$stored as Type<Any>>::type_info()
            }
            fn compatible(ty: &AnyTypeInfo) -> bool {
                <$stored as Type<Any>>::compatible(ty)
            }
        }
        impl<'q> Encode<'q, Any> for $name {
            fn encode_by_ref(&self, buffer: &mut Buffer) -> Result<IsNull, BoxDynError> {
                let $value = self;
                Encode::<Any>::encode($write, buffer)
            }
        }
        impl<'r> Decode<'r, Any> for $name {
            fn decode(value: Value<'r>) -> Result<Self, BoxDynError> {
                let $read = <$stored as Decode<'r, Any>>::decode(value)?;
                $parse
            }
        }
    };
}

macro_rules! texts {
    ($($name:ty),+ $(,)?) => {$(
        column!($name, String, |value| value.as_str().to_owned(), |text| Ok(text.parse()?));
    )+};
}

column!(Time, i64, |time| time.micros(), |micros| Ok(Time::from_micros(micros)));
texts!(
    UserId,
    OrganizationId,
    TeamId,
    InvitationId,
    MessageId,
    TokenId,
    TeamRole,
    GroupId,
    ServiceId,
    IntervalId,
    AuditId,
    IncidentId,
    UpdateId,
    TemplateId,
    MaintenanceId,
    SeriesId,
    ClaimId,
    IncidentStatus,
    MaintenanceStatus,
    ServiceStatus,
    Impact,
    Indicator,
    Cause,
    Role,
    Door,
    Topic,
);
