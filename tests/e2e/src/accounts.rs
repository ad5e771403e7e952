//! The local chain's funded accounts. Their keys are public (Clarinet writes them into every project): worth nothing.

/// One account of the local chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// The wallet's name in the stack and the demo.
    pub wallet: &'static str,
    /// Its address.
    pub address: &'static str,
    /// Its private key, in hexadecimal.
    pub key: &'static str,
}

/// Deploys the contracts.
pub const DEPLOYER: Account = Account {
    wallet: "deployer",
    address: "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM",
    key: "753b7cc01a1a2e86221266a154af739463fce51219d97e4f856cd7200c3bd2a601",
};

/// Sells things.
pub const SHOP: Account = Account {
    wallet: "shop",
    address: "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5",
    key: "7287ba251d44a4d3fd9276c88ce34c5c52a038955511cccaf77e61068649c17801",
};

/// Buys things.
pub const ALICE: Account = Account {
    wallet: "alice",
    address: "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG",
    key: "530d9f61984c888536871c6573073bdfc0058896dc1adfe9a6a10dfacadc209101",
};

/// Buys things, too.
pub const BOB: Account = Account {
    wallet: "bob",
    address: "ST2JHG361ZXG51QTKY2NQCVBPPRRE2KZB1HR05NNC",
    key: "d655b2523bcd65e34889725c73064feb17ceb796831c0e111ba1a552b0f31b3901",
};

/// All of them.
pub const ACCOUNTS: [Account; 4] = [DEPLOYER, SHOP, ALICE, BOB];
