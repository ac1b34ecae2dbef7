//! Checkpoints and proofs: what is needed to show, away from the log, that an event is in it.
//!
//! A checkpoint is the head of a batch with the chain before and after it. A proof is an event's stored text with the path
//! from its leaf to the root of its batch (RFC 6962 §2.1.1), and that batch's checkpoint. Whoever holds a checkpoint of a log
//! from elsewhere, or the public key that signs them, can tell by that whether an event is in the log as it was then.

use ed25519_dalek::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::chain::{Hash, Hex, from_hex, leaf, link, root_by};
use crate::ids::{Sequence, Timestamp};

/// The head of a batch, as it is handed out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Checkpoint {
    /// Which log.
    pub log_id: String,
    /// The batch's first event.
    pub first_sequence: Sequence,
    /// The batch's last event.
    pub last_sequence: Sequence,
    /// When it was committed.
    pub committed_at: String,
    /// The Merkle root of the batch.
    pub root: String,
    /// The chain before it.
    pub previous: String,
    /// The chain after it.
    pub chain: String,
    /// The signature over [`Checkpoint::message`], where there is a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// An event with what shows that it is in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Proof {
    /// The event.
    pub sequence: Sequence,
    /// Its text as it is stored, byte by byte.
    pub stored: String,
    /// sha256(0x00 ‖ the text).
    pub leaf: String,
    /// How many leaves the batch's tree has.
    pub leaves: u64,
    /// The nodes beside the way from the leaf to the root, from the bottom up.
    pub path: Vec<String>,
    /// The batch that it is in.
    pub checkpoint: Checkpoint,
}

/// Why a proof does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// A member is not what it should look like.
    #[error("{0} is malformed")]
    Malformed(&'static str),
    /// The text is not that of the leaf.
    #[error("the leaf is not that of the stored text")]
    Leaf,
    /// The event can't be where it is said to be.
    #[error("the event is not one of the checkpoint's batch")]
    Place,
    /// The path does not lead to the root.
    #[error("the path does not lead from the leaf to the root")]
    Path,
    /// The chain is another one.
    #[error("the chain is not that of the chain before, root, places and time")]
    Chain,
    /// There is none, and a key to check it by.
    #[error("the checkpoint is not signed")]
    Unsigned,
    /// It is not that of the key.
    #[error("the signature is not that of this key over this checkpoint")]
    Signature,
}

impl Checkpoint {
    /// The checkpoint of a batch, not signed.
    pub fn new(
        log_id: Uuid,
        places: (Sequence, Sequence),
        committed_at: Timestamp,
        root: &Hash,
        previous: &Hash,
        chain: &Hash,
    ) -> Self {
        Self {
            log_id: log_id.hyphenated().to_string(),
            first_sequence: places.0,
            last_sequence: places.1,
            committed_at: committed_at.to_string(),
            root: Hex(root).to_string(),
            previous: Hex(previous).to_string(),
            chain: Hex(chain).to_string(),
            signature: None,
        }
    }

    /// What is signed: the log, how far it goes, and the chain there, which stands for all before it.
    pub fn message(&self) -> String {
        let Self { log_id, last_sequence, committed_at, chain, .. } = self;
        format!("bursar checkpoint 1\n{log_id}\n{last_sequence}\n{committed_at}\n{chain}\n")
    }

    /// The same, signed.
    pub fn signed(mut self, key: &CheckpointKey) -> Self {
        let signature = key.0.sign(self.message().as_bytes());
        self.signature = Some(Hex(&signature.to_bytes()).to_string());
        self
    }

    /// Checks that the chain follows from the rest.
    ///
    /// # Errors
    /// What does not hold.
    pub fn check(&self) -> Result<(), Flaw> {
        let hash = |name, text: &str| from_hex(text).ok_or(Flaw::Malformed(name));
        let previous: Hash = hash("previous", &self.previous)?;
        let root: Hash = hash("root", &self.root)?;
        let chain: Hash = hash("chain", &self.chain)?;
        let at = Timestamp::parse(&self.committed_at).ok_or(Flaw::Malformed("committedAt"))?;
        let linked = link(&previous, &root, self.first_sequence, self.last_sequence, at);
        if linked == chain { Ok(()) } else { Err(Flaw::Chain) }
    }

    /// Checks the signature.
    ///
    /// # Errors
    /// Where there is none, or it is not that of the key.
    pub fn check_signature(&self, key: &PublicKey) -> Result<(), Flaw> {
        let signature = self.signature.as_ref().ok_or(Flaw::Unsigned)?;
        let bytes: [u8; 64] = from_hex(signature).ok_or(Flaw::Malformed("signature"))?;
        let checked = key.0.verify_strict(self.message().as_bytes(), &Signature::from_bytes(&bytes));
        checked.map_err(|_| Flaw::Signature)
    }
}

impl Proof {
    /// Checks that the text is in the batch, and the batch in the chain of its checkpoint.
    ///
    /// # Errors
    /// What does not hold.
    pub fn check(&self) -> Result<(), Flaw> {
        let hash = |name, text: &str| from_hex(text).ok_or(Flaw::Malformed(name));
        let own: Hash = hash("leaf", &self.leaf)?;
        if own != leaf(self.stored.as_bytes()) {
            return Err(Flaw::Leaf);
        }
        let Checkpoint { first_sequence: first, last_sequence: last, .. } = self.checkpoint;
        let events = last.next().ahead_of(first);
        // One leaf more than events, or, before there was one for the commands, as many.
        let as_many = self.leaves == events || self.leaves.checked_sub(1) == Some(events);
        if !(first..=last).contains(&self.sequence) || !as_many {
            return Err(Flaw::Place);
        }
        let path: Vec<Hash> = self.path.iter().map(|node| hash("path", node)).collect::<Result<_, _>>()?;
        let led = root_by(&own, self.sequence.ahead_of(first), self.leaves, &path);
        if led != from_hex(&self.checkpoint.root) {
            return Err(Flaw::Path);
        }
        self.checkpoint.check()
    }
}

/// Why a key can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an Ed25519 key in PEM")]
pub struct WrongKey;

/// The key that checkpoints are signed with.
#[derive(Clone)]
pub struct CheckpointKey(SigningKey);

impl std::fmt::Debug for CheckpointKey {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CheckpointKey").finish_non_exhaustive()
    }
}

impl CheckpointKey {
    /// Reads PKCS#8 in PEM, as `openssl genpkey -algorithm ed25519` writes it.
    ///
    /// # Errors
    /// For anything else.
    pub fn parse(pem: &str) -> Result<Self, WrongKey> {
        SigningKey::from_pkcs8_pem(pem.trim_start()).map(Self).map_err(|_| WrongKey)
    }

    /// What its signatures are checked by.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }
}

/// What signatures are checked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads SubjectPublicKeyInfo in PEM, as `openssl pkey -pubout` writes it.
    ///
    /// # Errors
    /// For anything else.
    pub fn parse(pem: &str) -> Result<Self, WrongKey> {
        VerifyingKey::from_public_key_pem(pem.trim_start()).map(Self).map_err(|_| WrongKey)
    }

    /// The 32 bytes of the key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::{commands_leaf, path, root};

    /// From RFC 8032, section 7.1, test 1, in PEM as OpenSSL writes it.
    const KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
        -----END PRIVATE KEY-----\n";
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
        -----END PUBLIC KEY-----\n";

    /// The proof of the last of five events.
    fn proof() -> Proof {
        let texts: Vec<String> = (5..10).map(|number| format!("{{\"n\":{number}}}")).collect();
        let mut leaves: Vec<Hash> = texts.iter().map(|text| leaf(text.as_bytes())).collect();
        leaves.push(commands_leaf([("DEPOSIT", &[1; 16][..], 5)]));
        let places = (Sequence::new(5), Sequence::new(9));
        let (previous, root) = ([7; 32], root(&leaves).unwrap());
        let at = Timestamp::from_micros(1_769_860_800_120_003);
        let chain = link(&previous, &root, places.0, places.1, at);
        Proof {
            sequence: Sequence::new(9),
            stored: texts[4].clone(),
            leaf: Hex(&leaves[4]).to_string(),
            leaves: 6,
            path: path(&leaves, 4).unwrap().iter().map(|node| Hex(node).to_string()).collect(),
            checkpoint: Checkpoint::new(Uuid::max(), places, at, &root, &previous, &chain),
        }
    }

    #[test]
    fn a_proof_holds_and_none_that_was_changed_does() {
        let sound = proof();
        assert_eq!(sound.check(), Ok(()));
        let text = serde_json::to_string(&sound).unwrap();
        assert_eq!(serde_json::from_str::<Proof>(&text).unwrap(), sound);
        let zeros = "0".repeat(64);
        type Change = fn(&mut Proof, &str);
        let changes: [(Change, Flaw); 11] = [
            (|proof, _| proof.stored.push(' '), Flaw::Leaf),
            (|proof, zeros| zeros.clone_into(&mut proof.leaf), Flaw::Leaf),
            (|proof, _| proof.leaf.clear(), Flaw::Malformed("leaf")),
            (|proof, _| proof.sequence = Sequence::new(8), Flaw::Path),
            (|proof, _| proof.sequence = Sequence::new(4), Flaw::Place),
            (|proof, _| proof.leaves = 5, Flaw::Path),
            (|proof, _| proof.leaves = 7, Flaw::Place),
            (|proof, zeros| zeros.clone_into(&mut proof.path[1]), Flaw::Path),
            (|proof, zeros| zeros.clone_into(&mut proof.checkpoint.root), Flaw::Path),
            (|proof, zeros| zeros.clone_into(&mut proof.checkpoint.previous), Flaw::Chain),
            (|proof, _| "1970-01-01T00:00:00Z".clone_into(&mut proof.checkpoint.committed_at), Flaw::Chain),
        ];
        for (change, flaw) in changes {
            let mut changed = sound.clone();
            change(&mut changed, &zeros);
            assert_eq!(changed.check(), Err(flaw));
        }
    }

    #[test]
    fn a_signature_is_of_one_key_over_one_checkpoint() {
        let (key, public) = (CheckpointKey::parse(KEY).unwrap(), PublicKey::parse(PUBLIC).unwrap());
        assert_eq!(key.public(), public);
        let plain = proof().checkpoint;
        assert_eq!(plain.check_signature(&public), Err(Flaw::Unsigned));
        let signed = plain.signed(&key);
        assert_eq!(signed.check_signature(&public), Ok(()));
        let changes: [fn(&mut Checkpoint); 3] = [
            |checkpoint| checkpoint.log_id.clear(),
            |checkpoint| checkpoint.last_sequence = Sequence::new(10),
            |checkpoint| checkpoint.chain = "0".repeat(64),
        ];
        for change in changes {
            let mut changed = signed.clone();
            change(&mut changed);
            assert_eq!(changed.check_signature(&public), Err(Flaw::Signature));
        }
        assert!(!format!("{key:?}").contains("SigningKey"));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "key", PUBLIC, &KEY.replace("MC4C", "MC4D")] {
            assert!(CheckpointKey::parse(text).is_err(), "{text}");
        }
        for text in ["", "key", KEY] {
            assert!(PublicKey::parse(text).is_err(), "{text}");
        }
    }
}
