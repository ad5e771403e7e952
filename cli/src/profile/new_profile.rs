//! A new profile in the configuration file, with a comment above every setting.

use toml_edit::{DocumentMut, Value};

use super::{
    Config, ConfigError, DEFAULT_FALLBACK_FEE, DEFAULT_FINAL_AFTER, DEFAULT_MAX_FEE, Settings, read_or_empty,
};
use crate::home::{Existing, Home, write_whole};

/// Adds a profile to the file. What the file holds stays as it is; the new profile becomes the default when there is
/// none.
///
/// # Errors
/// When the file has a profile of this name, or what would be written could not be read back. Nothing is written then.
pub fn add(home: &Home, name: &str, settings: &Settings) -> Result<(), ConfigError> {
    let before = read_or_empty(&home.config_file())?;
    let config: Config = toml_edit::de::from_str(&before).map_err(content)?;
    if config.profiles.contains_key(name) {
        return Err(ConfigError::ProfileExists(name.to_owned()));
    }
    let mut text = String::new();
    if config.default_profile.is_none() {
        text.push_str("# The profile to use when --profile names none.\n");
        text.push_str(&line("default-profile", Value::from(name)));
        text.push('\n');
    }
    text.push_str(&before);
    if !before.is_empty() && !before.ends_with("\n\n") {
        text.push('\n');
    }
    text.push_str(&table(name, settings));
    text.parse::<DocumentMut>()
        .map_err(|error| content(toml_edit::de::Error::from(error)))?;
    let after: Config = toml_edit::de::from_str(&text).map_err(content)?;
    after.profile(Some(name), Settings::default())?;
    Ok(write_whole(
        &home.config_file(),
        text.as_bytes(),
        Existing::Replace,
    )?)
}

fn content(error: toml_edit::de::Error) -> ConfigError {
    ConfigError::Content(Box::new(error))
}

fn table(name: &str, settings: &Settings) -> String {
    let mut text = format!("[profiles.{}]\n", toml_edit::Key::new(name).display_repr());
    let mut setting = |comment: &str, key: &str, value: Option<Value>, example: Value| {
        text.push_str(&format!("# {comment}\n"));
        match value {
            Some(value) => text.push_str(&line(key, value)),
            None => text.push_str(&format!("# {}", line(key, example))),
        }
    };
    let string = |value: Option<String>| value.map(Value::from);
    let number = |value: Option<u64>| {
        value
            .and_then(|number| i64::try_from(number).ok())
            .map(Value::from)
    };
    let example = |number: u64| Value::from(i64::try_from(number).unwrap_or(i64::MAX));
    setting(
        "The chain: local, testnet or mainnet.",
        "network",
        string(settings.network.map(|chain| chain.to_string())),
        "testnet".into(),
    );
    setting(
        "The node's URL.",
        "node",
        string(settings.node.clone()),
        "http://127.0.0.1:20443".into(),
    );
    setting(
        "A hosted Stacks API. It alone knows which nonces other programs of this wallet use that wait in the mempool.",
        "api",
        string(settings.api.clone()),
        "https://api.testnet.hiro.so".into(),
    );
    setting(
        "The indexer's URL. No refund needs it; history does.",
        "indexer",
        string(settings.indexer.clone()),
        "http://127.0.0.1:3780".into(),
    );
    setting(
        "The deployed recoup-core; `recoup contracts deploy` fills it in.",
        "contract",
        string(settings.contract.as_ref().map(ToString::to_string)),
        "ADDRESS.recoup-core".into(),
    );
    setting(
        "The wallet to use when --wallet names none.",
        "wallet",
        string(settings.wallet.as_ref().map(ToString::to_string)),
        "shop".into(),
    );
    setting(
        "Most that one transaction may cost, in micro-STX.",
        "max-fee",
        number(settings.max_fee),
        example(DEFAULT_MAX_FEE),
    );
    setting(
        "What a transaction costs when the node has no estimate, in micro-STX.",
        "fallback-fee",
        number(settings.fallback_fee),
        example(DEFAULT_FALLBACK_FEE),
    );
    setting(
        "Burn blocks until what was included counts as final.",
        "final-after",
        number(settings.final_after),
        example(DEFAULT_FINAL_AFTER),
    );
    text
}

fn line(key: &str, value: Value) -> String {
    format!("{key} = {}\n", value.decorated("", ""))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::profile::Chain;

    fn testnet() -> Settings {
        Settings {
            network: Some(Chain::Testnet),
            node: Some("http://127.0.0.1:20443".to_owned()),
            max_fee: Some(7),
            ..Settings::default()
        }
    }

    #[test]
    fn a_first_profile_becomes_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        add(&home, "shop", &testnet()).unwrap();
        insta::assert_snapshot!(fs::read_to_string(home.config_file()).unwrap());
        let profile = Config::load(&home)
            .unwrap()
            .profile(None, Settings::default())
            .unwrap();
        assert_eq!(
            (profile.name.as_str(), profile.network, profile.max_fee),
            ("shop", Chain::Testnet, 7)
        );
    }

    #[test]
    fn another_profile_leaves_the_file_as_it_is_and_none_is_written_twice() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let mine = "# mine\ndefault-profile = \"local\"\n\n[profiles.local] # ours\nmax-fee = 9\n";
        fs::write(home.config_file(), mine).unwrap();
        add(&home, "a \"quoted\" name", &testnet()).unwrap();
        let text = fs::read_to_string(home.config_file()).unwrap();
        assert!(text.starts_with(mine), "{text}");
        assert!(matches!(
            add(&home, "a \"quoted\" name", &testnet()),
            Err(ConfigError::ProfileExists(_))
        ));
        let nowhere = Settings {
            node: None,
            ..testnet()
        };
        assert!(add(&home, "nowhere", &nowhere).is_err());
        assert_eq!(fs::read_to_string(home.config_file()).unwrap(), text);
    }
}
