//! The demo's own projection: four event types, whatever else passes by.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::client::{Client, cents};

/// Balance in hundredths, and how often it moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// The balance in hundredths.
    pub balance: i64,
    /// The demo's `transactionCount`.
    pub count: u64,
}

/// Every account, as the events up to `last` make it.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    /// By account id.
    pub accounts: BTreeMap<String, Folded>,
    /// The last event applied.
    pub last: u64,
}

impl Fold {
    /// The fold of the whole log; fails where the log has a gap.
    pub fn of(events: &[Value]) -> Self {
        let mut fold = Self::default();
        for event in events {
            assert!(fold.apply(event), "twice in the log: {event}");
        }
        fold
    }

    /// Applies the next event. False for one that was applied before; fails where one is missing in between.
    #[track_caller]
    pub fn apply(&mut self, event: &Value) -> bool {
        let sequence = event["sequenceNumber"].as_u64().unwrap();
        if sequence <= self.last {
            return false;
        }
        assert_eq!(sequence, self.last + 1, "a gap in the sequence");
        self.last = sequence;
        let data = &event["data"];
        let id = |name: &str| data[name].as_str().unwrap_or_else(|| panic!("{name} in {event}")).to_owned();
        match event["type"].as_str().unwrap() {
            "ACCOUNT_CREATED" => {
                let created = Folded { balance: cents(&data["initialBalance"]), count: 0 };
                assert_eq!(self.accounts.insert(id("accountId"), created), None, "created twice: {event}");
            }
            "MONEY_DEPOSITED" => self.move_money(&id("accountId"), cents(&data["amount"])),
            "MONEY_WITHDRAWN" => self.move_money(&id("accountId"), -cents(&data["amount"])),
            "MONEY_TRANSFERRED" => {
                self.move_money(&id("fromAccountId"), -cents(&data["amount"]));
                self.move_money(&id("toAccountId"), cents(&data["amount"]));
            }
            _ => {}
        }
        true
    }

    /// What all accounts have together, in hundredths.
    pub fn total(&self) -> i64 {
        self.accounts.values().map(|account| account.balance).sum()
    }

    /// Fails unless the read models say the same as this fold.
    pub async fn assert_is_what_is_read(&self, client: &Client) {
        client.fresh("/accounts?limit=1", self.last).await;
        let read: BTreeMap<String, Folded> = client
            .pages("/accounts?limit=1000")
            .await
            .iter()
            .map(|account| {
                let balance = cents(&account["balance"]);
                let count = account["transactionCount"].as_u64().unwrap();
                (account["accountId"].as_str().unwrap().to_owned(), Folded { balance, count })
            })
            .collect();
        assert_eq!(read, self.accounts);
        let ledger = client.fresh("/ledger", self.last).await;
        let lines = ledger.as_array().unwrap();
        assert!(lines.iter().all(|line| line["agrees"] == true), "{ledger}");
        assert_eq!(lines.iter().map(|line| cents(&line["balances"])).sum::<i64>(), self.total(), "{ledger}");
    }

    fn move_money(&mut self, account: &str, cents: i64) {
        let account = self.accounts.get_mut(account).unwrap_or_else(|| panic!("{account} was not created"));
        account.balance += cents;
        account.count += 1;
    }
}
