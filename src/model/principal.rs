//! Who asks or pushes. Part of every session, subscription, query and push.

/// The one on whose behalf something is done; what it may read is part of every plan's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Principal {
    /// Nobody in particular: whoever reaches the bound address.
    #[default]
    Anonymous,
}
