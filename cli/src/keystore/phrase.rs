//! BIP-39 words, and the key that Stacks wallets derive from them.

use bip32::{DerivationPath, XPrv};
use bip39::{Language, Mnemonic};
use thiserror::Error;
use zeroize::Zeroizing;

/// Why words are no wallet.
#[derive(Debug, Error)]
pub enum PhraseError {
    /// Wrong number of words, an unknown word, or a wrong checksum. The words themselves are not repeated.
    #[error("{0}")]
    Words(&'static str),
    /// The path leads to no key; practically impossible.
    #[error("no key at this derivation path")]
    Derivation,
    /// The system's random source failed.
    #[error("no randomness from the system: {0}")]
    Randomness(getrandom::Error),
}

/// Entropy of 24 new words.
///
pub(super) fn new_entropy() -> Result<Zeroizing<Vec<u8>>, PhraseError> {
    let mut entropy = Zeroizing::new(vec![0; 32]);
    getrandom::fill(&mut entropy).map_err(PhraseError::Randomness)?;
    Ok(entropy)
}

/// The words of an entropy, separated by one space.
pub(super) fn words_of(entropy: &[u8]) -> Result<Zeroizing<String>, PhraseError> {
    let mnemonic = Mnemonic::from_entropy(entropy).map_err(|error| PhraseError::Words(explain(&error)))?;
    let mut words = Zeroizing::new(String::with_capacity(256)); // never grows: a copy would stay behind
    for (index, word) in mnemonic.words().enumerate() {
        if index > 0 {
            words.push(' ');
        }
        words.push_str(word);
    }
    Ok(words)
}

/// The entropy of words, whose number and checksum are checked. Spacing and case do not matter.
pub(super) fn entropy_of(words: &str) -> Result<Zeroizing<Vec<u8>>, PhraseError> {
    let mut normal = Zeroizing::new(String::with_capacity(words.len()));
    for word in words.split_whitespace() {
        if !normal.is_empty() {
            normal.push(' ');
        }
        normal.extend(word.chars().map(|character| character.to_ascii_lowercase()));
    }
    let mnemonic = Mnemonic::parse_in_normalized(Language::English, &normal)
        .map_err(|error| PhraseError::Words(explain(&error)))?;
    Ok(Zeroizing::new(mnemonic.to_entropy()))
}

fn explain(error: &bip39::Error) -> &'static str {
    match error {
        bip39::Error::BadWordCount(_) | bip39::Error::BadEntropyBitCount(_) => {
            "a phrase has 12, 15, 18, 21 or 24 words"
        }
        bip39::Error::UnknownWord(_) => "a word is not in the English BIP-39 list",
        bip39::Error::InvalidChecksum => {
            "the words do not belong together (checksum): one is wrong or misplaced"
        }
        _ => "this is no BIP-39 phrase",
    }
}

/// The private key at `m/44'/5757'/0'/0/account`, the path of Stacks wallets, without BIP-39 passphrase.
pub(super) fn derive(entropy: &[u8], account: u32) -> Result<Zeroizing<[u8; 32]>, PhraseError> {
    let mnemonic = Mnemonic::from_entropy(entropy).map_err(|error| PhraseError::Words(explain(&error)))?;
    let seed = Zeroizing::new(mnemonic.to_seed_normalized(""));
    let path: DerivationPath = format!("m/44'/5757'/0'/0/{account}")
        .parse()
        .map_err(|_| PhraseError::Derivation)?;
    let key = XPrv::derive_from_path(seed.as_slice(), &path).map_err(|_| PhraseError::Derivation)?;
    Ok(Zeroizing::new(key.to_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The public test phrase of Clarinet's `wallet_1` on every local chain.
    const WALLET_1: &str = "sell invite acquire kitten bamboo drastic jelly vivid peace spawn twice guilt pave pen \
                            trash pretty park cube fragile unaware remain midnight betray rebuild";

    #[test]
    fn derives_the_key_that_stacks_wallets_derive() {
        let entropy = entropy_of(WALLET_1).unwrap();
        let key = derive(&entropy, 0).unwrap();
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "7287ba251d44a4d3fd9276c88ce34c5c52a038955511cccaf77e61068649c178"
        );
        assert_ne!(derive(&entropy, 1).unwrap(), key);
    }

    #[test]
    fn words_and_entropy_are_each_others_inverse() {
        let entropy = new_entropy().unwrap();
        let words = words_of(&entropy).unwrap();
        assert_eq!(words.split(' ').count(), 24);
        assert_eq!(entropy_of(&words).unwrap(), entropy);
        assert_eq!(
            entropy_of(&format!("  {}\n", words.to_uppercase().replace(' ', "\n"))).unwrap(),
            entropy
        );
    }

    #[test]
    fn refuses_wrong_words_without_repeating_them() {
        for words in [
            "",
            "sell invite",
            &WALLET_1.replace("sell", "hodl"),
            &WALLET_1.replace("sell", "invite"),
        ] {
            let text = entropy_of(words).unwrap_err().to_string();
            assert!(!text.contains("hodl") && !text.contains("kitten"), "{text}");
        }
    }
}
