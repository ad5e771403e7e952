//! Enums that are one byte on the wire.

/// Declares an enum, the byte of each variant, and conversions both ways.
macro_rules! byte_enum {
    (
        $(#[$doc:meta])*
        $name:ident, $what:literal {
            $($(#[$variant_doc:meta])* $variant:ident = $byte:literal,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// Every variant, in the order of the bytes.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The byte on the wire.
            pub const fn to_byte(self) -> u8 {
                match self {
                    $(Self::$variant => $byte,)+
                }
            }

            /// The variant of a byte.
            pub const fn from_byte(byte: u8) -> Result<Self, $crate::transaction::DecodeError> {
                match byte {
                    $($byte => Ok(Self::$variant),)+
                    byte => Err($crate::transaction::DecodeError::UnknownByte { what: $what, byte }),
                }
            }
        }
    };
}

pub(super) use byte_enum;
