use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use domain::Sequence;
use domain::projection::Document;
use store::{Applied, Checkpoint, Direction, Generation, List, Listing, Order, Views, ViewsError};
use uuid::Uuid;

pub const NAME: &str = "accounts";
const LOG: Uuid = Uuid::from_u128(0x5ec0_11d5);
const TAGS: [&str; 3] = ["open", "frozen", "closed"];

pub fn at(sequence: u64) -> Checkpoint {
    Checkpoint {
        log_id: LOG,
        sequence: Sequence::new(sequence),
        chain: [u8::try_from(sequence % 251).unwrap(); 32],
    }
}

pub fn document(key: &str, tag: &'static str, ranks: [&str; 2], body: &str) -> Document {
    Document { key: key.to_owned(), tag, ranks: Some(ranks.map(str::to_owned)), body: body.to_owned() }
}

fn plain(key: &str, body: impl ToString) -> Document {
    Document { key: key.to_owned(), tag: "", ranks: None, body: body.to_string() }
}

fn every(order: Order, direction: Direction) -> Listing {
    Listing { order, direction, tag: None, prefix: String::new(), after: None, limit: 1000 }
}

/// Applies to a generation that is where it should be.
pub async fn step(views: &dyn Views, generation: Generation, from: u64, documents: &[Document], to: u64) {
    let applied = views.apply(NAME, generation, Sequence::new(from), documents, &at(to)).await.unwrap();
    assert_eq!(applied, Applied::Done);
}

pub async fn served_with(views: &dyn Views, documents: &[Document]) -> Generation {
    let generation = views.create(NAME, LOG).await.unwrap();
    step(views, generation, 0, documents, 1).await;
    views.serve(NAME, generation).await.unwrap();
    generation
}

/// The generations that there are, in order.
async fn there(views: &dyn Views) -> Vec<Generation> {
    let mut generations = views.generations(NAME).await.unwrap();
    generations.sort();
    generations
}

async fn bodies(views: &dyn Views, order: Order) -> Vec<String> {
    views.list(NAME, &every(order, Direction::Ascending)).await.unwrap().value.bodies
}

pub async fn nothing_is_served_at_first(views: impl Views) {
    assert_eq!(views.served(NAME).await.unwrap(), None);
    assert!(matches!(views.get(NAME, "a").await, Err(ViewsError::NotServed(name)) if name == NAME));
    let all = every(Order::Key, Direction::Ascending);
    assert!(matches!(views.list(NAME, &all).await, Err(ViewsError::NotServed(name)) if name == NAME));
    assert_eq!(views.checkpoint(NAME, Generation(1)).await.unwrap(), None);
    let applied = views.apply(NAME, Generation(1), Sequence::ZERO, &[], &at(1)).await.unwrap();
    assert_eq!(applied, Applied::Elsewhere(None));
}

pub async fn position_moves_with_the_data(views: impl Views) {
    let generation = views.create(NAME, LOG).await.unwrap();
    assert_eq!(generation, Generation(1));
    let start = Checkpoint { log_id: LOG, sequence: Sequence::ZERO, chain: domain::chain::GENESIS };
    assert_eq!(views.checkpoint(NAME, generation).await.unwrap(), Some(start));
    views.serve(NAME, generation).await.unwrap();
    assert_eq!(views.served(NAME).await.unwrap(), Some(generation));

    let mut last = 0;
    for sequence in [1, 5, 6, 4_000_000_000_000] {
        step(&views, generation, last, &[plain("a", sequence)], sequence).await;
        assert_eq!(views.checkpoint(NAME, generation).await.unwrap(), Some(at(sequence)));
        let read = views.get(NAME, "a").await.unwrap();
        assert_eq!((read.sequence.get(), read.value), (sequence, Some(sequence.to_string())));
        let list = views.list(NAME, &every(Order::Key, Direction::Ascending)).await.unwrap();
        assert_eq!((list.sequence.get(), list.value.bodies), (sequence, vec![sequence.to_string()]));
        last = sequence;
    }
    // A batch may change nothing here, and is passed all the same.
    step(&views, generation, last, &[], last + 1).await;
    let read = views.get(NAME, "b").await.unwrap();
    assert_eq!((read.sequence.get(), read.value), (last + 1, None));
}

pub async fn an_apply_from_the_wrong_place_changes_nothing(views: impl Views) {
    let generation = served_with(&views, &[document("a", "open", ["1", "1"], "first")]).await;
    step(&views, generation, 1, &[], 7).await;
    for from in [0, 1, 6, 8, 70] {
        let change = [document("a", "closed", ["9", "9"], "second"), plain("b", "b")];
        let applied = views.apply(NAME, generation, Sequence::new(from), &change, &at(80)).await.unwrap();
        assert_eq!(applied, Applied::Elsewhere(Some(at(7))), "from {from}");
    }
    for order in [Order::Key, Order::Rank(0), Order::Rank(1)] {
        assert_eq!(bodies(&views, order).await, ["first"]);
    }
    assert_eq!(views.get(NAME, "b").await.unwrap().value, None);
}

pub async fn an_apply_of_another_log_changes_nothing(views: impl Views) {
    let generation = served_with(&views, &[plain("a", "first")]).await;
    let other = Checkpoint { log_id: Uuid::from_u128(9), ..at(2) };
    let applied =
        views.apply(NAME, generation, Sequence::new(1), &[plain("a", "second")], &other).await.unwrap();
    assert_eq!(applied, Applied::Elsewhere(Some(at(1))));
    assert_eq!(views.get(NAME, "a").await.unwrap().value.as_deref(), Some("first"));
}

pub async fn an_apply_never_goes_backwards(views: impl Views) {
    let generation = served_with(&views, &[plain("a", "first")]).await;
    step(&views, generation, 1, &[], 9).await;
    let applied =
        views.apply(NAME, generation, Sequence::new(9), &[plain("a", "second")], &at(8)).await.unwrap();
    assert_eq!(applied, Applied::Elsewhere(Some(at(9))));
    assert_eq!(views.get(NAME, "a").await.unwrap().value.as_deref(), Some("first"));
}

pub async fn of_racing_projectors_each_step_is_applied_once(views: impl Views + 'static) {
    const STEPS: u64 = 200;
    let views = Arc::new(views);
    let generation = served_with(&*views, &[plain("count", 0)]).await;
    let done = Arc::new(AtomicU64::new(0));
    let projector = |views: Arc<dyn Views>, done: Arc<AtomicU64>| async move {
        let mut from = 1;
        while from < STEPS {
            // A fold that rests on what stands there, as the ledger's sums do.
            let prior = views.prior(NAME, generation, &["count".to_owned()]).await.unwrap();
            let count: u64 = prior["count"].parse().unwrap();
            let documents = [plain("count", count + 1)];
            match views.apply(NAME, generation, Sequence::new(from), &documents, &at(from + 1)).await.unwrap()
            {
                Applied::Done => {
                    done.fetch_add(1, Ordering::Relaxed);
                    from += 1;
                }
                Applied::Elsewhere(place) => from = place.unwrap().sequence.get(),
            }
        }
    };
    let projectors: Vec<_> =
        (0..4).map(|_| tokio::spawn(projector(Arc::clone(&views) as _, Arc::clone(&done)))).collect();
    for projector in projectors {
        projector.await.unwrap();
    }
    assert_eq!(done.load(Ordering::Relaxed), STEPS - 1);
    let read = views.get(NAME, "count").await.unwrap();
    assert_eq!((read.sequence.get(), read.value), (STEPS, Some((STEPS - 1).to_string())));
}

pub async fn a_new_generation_is_invisible_until_it_is_served(views: impl Views) {
    let first = served_with(&views, &[document("a", "open", ["1", "1"], "old")]).await;
    let second = views.create(NAME, LOG).await.unwrap();
    assert!(second > first);
    assert_eq!(views.get(NAME, "a").await.unwrap().value.as_deref(), Some("old"));
    let documents =
        [document("a", "closed", ["1", "1"], "new a"), document("b", "open", ["0", "0"], "new b")];
    step(&views, second, 0, &documents, 30).await;
    assert_eq!(bodies(&views, Order::Rank(0)).await, ["old"]);
    assert_eq!(views.get(NAME, "b").await.unwrap().value, None);
    assert_eq!(views.served(NAME).await.unwrap(), Some(first));

    views.serve(NAME, second).await.unwrap();
    assert_eq!(views.served(NAME).await.unwrap(), Some(second));
    assert_eq!(bodies(&views, Order::Rank(0)).await, ["new b", "new a"]);
    let read = views.get(NAME, "a").await.unwrap();
    assert_eq!((read.sequence.get(), read.value.as_deref()), (30, Some("new a")));
}

pub async fn an_older_generation_is_not_served_again(views: impl Views) {
    let first = served_with(&views, &[plain("a", "old")]).await;
    let second = served_with(&views, &[plain("a", "new")]).await;
    views.serve(NAME, first).await.unwrap();
    views.serve(NAME, second).await.unwrap();
    assert_eq!(views.served(NAME).await.unwrap(), Some(second));
    assert_eq!(views.get(NAME, "a").await.unwrap().value.as_deref(), Some("new"));
}

pub async fn readers_are_not_taken_back_in_the_log(views: impl Views) {
    let first = served_with(&views, &[plain("a", "1")]).await;
    step(&views, first, 1, &[plain("a", "3")], 3).await;
    let second = views.create(NAME, LOG).await.unwrap();
    step(&views, second, 0, &[plain("a", "2")], 2).await;
    views.serve(NAME, second).await.unwrap();
    assert_eq!(views.served(NAME).await.unwrap(), Some(first));
    step(&views, second, 2, &[plain("a", "3 again")], 3).await;
    views.serve(NAME, second).await.unwrap();
    assert_eq!(views.get(NAME, "a").await.unwrap().value.as_deref(), Some("3 again"));
    // Another log has places of its own.
    let third = views.create(NAME, Uuid::from_u128(7)).await.unwrap();
    views.serve(NAME, third).await.unwrap();
    assert_eq!(views.served(NAME).await.unwrap(), Some(third));
}

pub async fn a_generation_that_is_gone_is_not_served(views: impl Views) {
    let first = served_with(&views, &[plain("a", "old")]).await;
    let second = views.create(NAME, LOG).await.unwrap();
    views.discard(NAME, second).await.unwrap();
    views.serve(NAME, second).await.unwrap();
    views.serve(NAME, Generation(99)).await.unwrap();
    assert_eq!(views.served(NAME).await.unwrap(), Some(first));
    assert_eq!(views.get(NAME, "a").await.unwrap().value.as_deref(), Some("old"));
}

pub async fn a_discarded_generation_is_gone(views: impl Views) {
    let documents: Vec<Document> =
        (0..2500).map(|n| document(&format!("{n:05}"), TAGS[n % 3], ["1", "2"], "body")).collect();
    let first = served_with(&views, &documents).await;
    let second = served_with(&views, &documents).await;
    let third = served_with(&views, &documents).await;
    assert_eq!(there(&views).await, [first, second, third]);
    views.discard(NAME, first).await.unwrap();
    assert_eq!(there(&views).await, [second, third]);
    assert_eq!(views.checkpoint(NAME, first).await.unwrap(), None);
    assert_eq!(views.checkpoint(NAME, second).await.unwrap(), Some(at(1)));
    let keys: Vec<String> = documents.iter().map(|document| document.key.clone()).collect();
    assert!(views.prior(NAME, first, &keys).await.unwrap().is_empty());
    assert_eq!(views.prior(NAME, second, &keys).await.unwrap().len(), documents.len());
    let applied = views.apply(NAME, first, Sequence::new(1), &documents, &at(2)).await.unwrap();
    assert_eq!(applied, Applied::Elsewhere(None));
    assert!(views.prior(NAME, first, &keys).await.unwrap().is_empty());
    views.discard(NAME, second).await.unwrap();
    views.discard(NAME, second).await.unwrap();
    assert_eq!(views.checkpoint(NAME, second).await.unwrap(), None);
    assert_eq!(
        views.list(NAME, &every(Order::Rank(1), Direction::Ascending)).await.unwrap().value.total,
        2500
    );

    // Without the served one nothing is served, rather than something empty.
    views.discard(NAME, third).await.unwrap();
    assert_eq!(there(&views).await, []);
    assert_eq!(views.served(NAME).await.unwrap(), None);
    assert!(matches!(views.get(NAME, "00001").await, Err(ViewsError::NotServed(_))));
    let all = every(Order::Key, Direction::Ascending);
    assert!(matches!(views.list(NAME, &all).await, Err(ViewsError::NotServed(_))));
}

pub async fn numbers_are_never_used_again(views: impl Views) {
    let first = views.create(NAME, LOG).await.unwrap();
    let second = views.create(NAME, LOG).await.unwrap();
    views.discard(NAME, first).await.unwrap();
    views.discard(NAME, second).await.unwrap();
    let third = views.create(NAME, LOG).await.unwrap();
    assert_eq!([first, second, third], [Generation(1), Generation(2), Generation(3)]);
}

/// Each generation goes through steps 1 to [`STEPS`] and is served at the last one, so a reader must never see less.
pub async fn replays_are_invisible_to_readers(views: impl Views + 'static) {
    const STEPS: u64 = 6;
    const DOCUMENTS: u64 = 40;
    let views: Arc<dyn Views> = Arc::new(views);
    let fill = async |views: &dyn Views| {
        let generation = views.create(NAME, LOG).await.unwrap();
        for sequence in 1..=STEPS {
            // Every document changes in every step, so that a mixture would show.
            let documents: Vec<Document> = (0..DOCUMENTS)
                .map(|n| {
                    let rank = format!("{:03}", (n * 7 + sequence) % DOCUMENTS);
                    document(&format!("k{n:03}"), "open", [&rank, "0"], &format!("{sequence}"))
                })
                .collect();
            step(views, generation, sequence - 1, &documents, sequence).await;
        }
        generation
    };
    let first = fill(&*views).await;
    views.serve(NAME, first).await.unwrap();

    let over = Arc::new(AtomicBool::new(false));
    let reader = |views: Arc<dyn Views>, over: Arc<AtomicBool>, number: u64| async move {
        let (mut reads, mut highest) = (0_u64, 0);
        while !over.load(Ordering::Relaxed) {
            let sequence = if number == 0 {
                let read = views.get(NAME, "k007").await.unwrap();
                assert_eq!(read.value, Some(read.sequence.to_string()));
                read.sequence.get()
            } else {
                let order = if number == 1 { Order::Key } else { Order::Rank(0) };
                let read = views.list(NAME, &every(order, Direction::Descending)).await.unwrap();
                assert_eq!(read.value.total, DOCUMENTS);
                assert_eq!(read.value.bodies, vec![read.sequence.to_string(); 40]);
                read.sequence.get()
            };
            assert!(sequence >= highest && sequence >= STEPS, "{sequence} after {highest}");
            highest = sequence;
            reads += 1;
        }
        reads
    };
    let readers: Vec<_> =
        (0..3).map(|number| tokio::spawn(reader(Arc::clone(&views), Arc::clone(&over), number))).collect();
    let (mut before_last, mut last) = (None, first);
    for _ in 0..30 {
        let next = fill(&*views).await;
        views.serve(NAME, next).await.unwrap();
        if let Some(old) = before_last.replace(last) {
            views.discard(NAME, old).await.unwrap();
        }
        last = next;
    }
    over.store(true, Ordering::Relaxed);
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
}

pub async fn a_document_stands_in_one_place(views: impl Views) {
    let others = [document("a", "open", ["2", "2"], "a"), document("c", "frozen", ["4", "4"], "c")];
    let generation = served_with(&views, &others).await;
    let places = [
        ("open", ["1", "9"], ["b", "a", "c"], ["a", "c", "b"]),
        ("open", ["3", "9"], ["a", "b", "c"], ["a", "c", "b"]),
        ("frozen", ["3", "1"], ["a", "b", "c"], ["b", "a", "c"]),
        ("closed", ["5", "3"], ["a", "c", "b"], ["a", "b", "c"]),
        ("closed", ["5", "3"], ["a", "c", "b"], ["a", "b", "c"]),
        ("open", ["1", "9"], ["b", "a", "c"], ["a", "c", "b"]),
    ];
    for (sequence, (tag, ranks, by_first, by_second)) in (1..).zip(places) {
        step(&views, generation, sequence, &[document("b", tag, ranks, "b")], sequence + 1).await;
        assert_eq!(bodies(&views, Order::Key).await, ["a", "b", "c"]);
        assert_eq!(bodies(&views, Order::Rank(0)).await, by_first);
        assert_eq!(bodies(&views, Order::Rank(1)).await, by_second);
        for listed in TAGS {
            let wanted: Vec<&str> = [("a", "open"), ("b", tag), ("c", "frozen")]
                .into_iter()
                .filter_map(|(key, tag)| (tag == listed).then_some(key))
                .collect();
            let listing = Listing { tag: Some(listed.to_owned()), ..every(Order::Key, Direction::Ascending) };
            let list = views.list(NAME, &listing).await.unwrap().value;
            assert_eq!(list.bodies, wanted);
            assert_eq!(list.total, u64::try_from(wanted.len()).unwrap());
        }
    }
}

pub async fn a_document_may_lose_its_ranks_and_get_them_back(views: impl Views) {
    let generation = served_with(&views, &[document("a", "open", ["1", "1"], "one")]).await;
    step(&views, generation, 1, &[Document { ranks: None, ..document("a", "open", ["", ""], "two") }], 2)
        .await;
    assert_eq!(bodies(&views, Order::Key).await, ["two"]);
    assert!(bodies(&views, Order::Rank(0)).await.is_empty());
    step(&views, generation, 2, &[document("a", "open", ["2", "2"], "three")], 3).await;
    assert_eq!(bodies(&views, Order::Rank(0)).await, ["three"]);
}

/// What the lists must answer, as plainly as it can be said.
fn model(documents: &BTreeMap<String, Document>, listing: &Listing) -> List {
    let rank = |document: &Document| match listing.order {
        Order::Key => String::new(),
        Order::Rank(place) => document.ranks.as_ref().unwrap()[place].clone(),
    };
    let mut sorted: Vec<(String, String, String)> = documents
        .values()
        .filter(|document| listing.tag.as_ref().is_none_or(|tag| tag == document.tag))
        .filter(|document| document.key.starts_with(&listing.prefix))
        .map(|document| (rank(document), document.key.clone(), document.body.clone()))
        .collect();
    let total = u64::try_from(sorted.len()).unwrap();
    sorted.sort();
    if listing.direction == Direction::Descending {
        sorted.reverse();
    }
    sorted.retain(|(rank, key, _)| match (&listing.after, listing.direction) {
        (None, _) => true,
        (Some((r, k)), Direction::Ascending) => (rank, key) > (r, k),
        (Some((r, k)), Direction::Descending) => (rank, key) < (r, k),
    });
    let more = sorted.len() > listing.limit;
    sorted.truncate(listing.limit);
    let next = sorted.last().filter(|_| more).map(|(rank, key, _)| (rank.clone(), key.clone()));
    List { bodies: sorted.into_iter().map(|(_, _, body)| body).collect(), next, total }
}

pub async fn lists_agree_with_a_model(views: impl Views) {
    let mut documents = BTreeMap::new();
    let mut random = 0x9e37_79b9_u64;
    let mut draw = move |beyond: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % beyond
    };
    let generation = views.create(NAME, LOG).await.unwrap();
    views.serve(NAME, generation).await.unwrap();
    for sequence in 1..=6 {
        let mut page = BTreeMap::new();
        for _ in 0..120 {
            let prefix = ["acc-", "acc:", "Z", "a", "user_", "~"][usize::try_from(draw(6)).unwrap()];
            let key = format!("{prefix}{}", draw(70));
            let ranks = [format!("{:04}", draw(40)), format!("{:020}", draw(u64::MAX))];
            let tag = TAGS[usize::try_from(draw(3)).unwrap()];
            let body = format!("{{\"id\":\"{key}\",\"at\":{sequence},\"é\":\"ß\"}}");
            page.insert(key.clone(), Document { key, tag, ranks: Some(ranks), body });
        }
        let page: Vec<Document> = page.into_values().collect();
        step(&views, generation, sequence - 1, &page, sequence).await;
        documents.extend(page.into_iter().map(|document| (document.key.clone(), document)));
    }
    assert!(documents.len() > 250);

    for order in [Order::Key, Order::Rank(0), Order::Rank(1)] {
        for direction in [Direction::Ascending, Direction::Descending] {
            for tag in [None, Some("open"), Some("closed"), Some("unheard-of")] {
                for prefix in ["", "a", "acc-", "acc-1", "user_69", "zzz", "~"] {
                    for limit in [1, 7, 100, 1000] {
                        if limit == 1 && !matches!(prefix, "acc-1" | "user_69") {
                            continue;
                        }
                        let tag = tag.map(str::to_owned);
                        let mut listing =
                            Listing { order, direction, tag, prefix: prefix.to_owned(), after: None, limit };
                        let mut pages = 0;
                        loop {
                            let read = views.list(NAME, &listing).await.unwrap();
                            assert_eq!(read.value, model(&documents, &listing), "{listing:?}");
                            assert_eq!(read.sequence.get(), 6);
                            pages += 1;
                            assert!(pages < 400);
                            listing.after = read.value.next;
                            if listing.after.is_none() {
                                break;
                            }
                        }
                    }
                    // Going on from a place where nothing is, or that is outside of the prefix.
                    for after in [("", "a"), ("0020", "acc-3"), ("9", "z"), ("0020", "\u{7f}")] {
                        let rank = if order == Order::Key { "" } else { after.0 };
                        let after = Some((rank.to_owned(), after.1.to_owned()));
                        let tag = tag.map(str::to_owned);
                        let listing =
                            Listing { order, direction, tag, prefix: prefix.to_owned(), after, limit: 5 };
                        let read = views.list(NAME, &listing).await.unwrap();
                        assert_eq!(read.value, model(&documents, &listing), "{listing:?}");
                    }
                }
            }
        }
    }
    let none = Listing { limit: 0, ..every(Order::Rank(0), Direction::Ascending) };
    let list = views.list(NAME, &none).await.unwrap().value;
    assert_eq!((list.bodies.len(), list.next), (0, None));
    assert!(views.list(NAME, &every(Order::Rank(2), Direction::Ascending)).await.is_err());
}

pub async fn a_short_rank_comes_before_those_that_it_begins(views: impl Views) {
    let documents = [
        document("a", "open", ["10", "x"], "10"),
        document("b", "open", ["1", "x"], "1"),
        document("c", "open", ["1-", "x"], "1-"),
        document("d", "open", ["", "x"], "none"),
    ];
    served_with(&views, &documents).await;
    assert_eq!(bodies(&views, Order::Rank(0)).await, ["none", "1", "1-", "10"]);
}

pub async fn a_rare_tag_is_found_far_down_the_list(views: impl Views) {
    let documents: Vec<Document> = (0..9000)
        .map(|n| {
            let tag = if n % 3000 == 2999 { "frozen" } else { "open" };
            document(&format!("k{n}"), tag, [&format!("{n:05}"), "0"], &n.to_string())
        })
        .collect();
    served_with(&views, &documents).await;
    let mut listing =
        Listing { tag: Some("frozen".to_owned()), limit: 2, ..every(Order::Rank(0), Direction::Ascending) };
    let list = views.list(NAME, &listing).await.unwrap().value;
    assert_eq!(list.bodies, ["2999", "5999"]);
    assert_eq!(list.next, Some(("05999".to_owned(), "k5999".to_owned())));
    assert_eq!(list.total, 3);
    listing.after = list.next;
    let list = views.list(NAME, &listing).await.unwrap().value;
    assert_eq!((list.bodies, list.next), (vec!["8999".to_owned()], None));
}

pub async fn a_list_of_several_steps_is_of_one_generation(views: impl Views + 'static) {
    let views: Arc<dyn Views> = Arc::new(views);
    let fill = async |views: &dyn Views| {
        let documents: Vec<Document> = (0..9000)
            .map(|n| {
                let tag = if n % 1000 == 999 { "frozen" } else { "open" };
                document(&format!("k{n}"), tag, [&format!("{n:05}"), "0"], &n.to_string())
            })
            .collect();
        served_with(views, &documents).await
    };
    let mut last = fill(&*views).await;
    let over = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn({
        let (views, over) = (Arc::clone(&views), Arc::clone(&over));
        async move {
            let listing =
                Listing { tag: Some("frozen".to_owned()), ..every(Order::Rank(0), Direction::Ascending) };
            let all: Vec<String> = (0..9).map(|n| (1000 * n + 999).to_string()).collect();
            while !over.load(Ordering::Relaxed) {
                assert_eq!(views.list(NAME, &listing).await.unwrap().value.bodies, all);
            }
        }
    });
    for _ in 0..10 {
        let next = fill(&*views).await;
        views.discard(NAME, last).await.unwrap();
        last = next;
    }
    over.store(true, Ordering::Relaxed);
    reader.await.unwrap();
}

/// Documents that move while they are listed are all there, once, in the order of one moment.
pub async fn a_filtered_list_is_of_one_moment(views: impl Views + 'static) {
    let views: Arc<dyn Views> = Arc::new(views);
    let open = (0..3000).map(|n| document(&format!("k{n:04}"), "open", [&format!("{n:04}"), "0"], "{}"));
    let frozen = |turn: u64| -> Vec<Document> {
        let place = |n: u64| (n * 97 + turn * 1009) % 3000;
        let one = |n| {
            document(&format!("f{n:02}"), "frozen", [&format!("{:04}", place(n)), "0"], &format!("{turn}"))
        };
        (0..60).map(one).collect()
    };
    let generation = served_with(&*views, &open.chain(frozen(1)).collect::<Vec<_>>()).await;
    let over = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn({
        let (views, over) = (Arc::clone(&views), Arc::clone(&over));
        async move {
            while !over.load(Ordering::Relaxed) {
                for direction in [Direction::Ascending, Direction::Descending] {
                    for (tag, prefix) in [(Some("frozen".to_owned()), ""), (None, "f")] {
                        let listing = Listing {
                            tag,
                            prefix: prefix.to_owned(),
                            limit: 50,
                            ..every(Order::Rank(0), direction)
                        };
                        let first = views.list(NAME, &listing).await.unwrap();
                        assert_eq!((first.value.bodies.len(), first.value.total), (50, 60));
                        let turn = first.sequence.get().to_string();
                        assert!(
                            first.value.bodies.iter().all(|body| *body == turn),
                            "{turn}: {:?}",
                            first.value
                        );
                    }
                }
            }
        }
    });
    for turn in 2..=150 {
        step(&*views, generation, turn - 1, &frozen(turn), turn).await;
    }
    over.store(true, Ordering::Relaxed);
    reader.await.unwrap();
}

/// Also where the documents that are wanted are many, stand behind many others, and the read model never rests.
pub async fn a_filtered_list_is_answered_while_the_read_model_goes_on(views: impl Views + 'static) {
    let views: Arc<dyn Views> = Arc::new(views);
    let place = |key: String, tag, rank: u64| document(&key, tag, [&format!("{rank:05}"), "0"], "{}");
    let frozen = (0..2500).map(|n| place(format!("f{n:04}"), "frozen", n));
    let open = (0..5000).map(|n| place(format!("k{n:04}"), "open", 10_000 + n));
    let generation = served_with(&*views, &frozen.chain(open).collect::<Vec<_>>()).await;
    let over = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (views, over) = (Arc::clone(&views), Arc::clone(&over));
        async move {
            let mut at = 1;
            while !over.load(Ordering::Relaxed) {
                step(&*views, generation, at, &[place("k0000".to_owned(), "open", 20_000 + at)], at + 1)
                    .await;
                at += 1;
            }
        }
    });
    let tag = Some("frozen".to_owned());
    let listing = Listing { tag, limit: 50, ..every(Order::Rank(0), Direction::Descending) };
    for _ in 0..20 {
        let list = views.list(NAME, &listing).await.unwrap().value;
        assert_eq!((list.bodies.len(), list.total), (50, 2500));
        assert_eq!(list.next, Some(("02450".to_owned(), "f2450".to_owned())));
    }
    over.store(true, Ordering::Relaxed);
    writer.await.unwrap();
}

pub async fn the_fold_sees_its_own_generation(views: impl Views) {
    served_with(&views, &[plain("a", "old a"), plain("b", "old b")]).await;
    let second = views.create(NAME, LOG).await.unwrap();
    step(&views, second, 0, &[plain("a", "new a")], 1).await;
    let keys = ["a", "b", "c"].map(str::to_owned);
    let prior = views.prior(NAME, second, &keys).await.unwrap();
    assert_eq!(prior, BTreeMap::from([("a".to_owned(), "new a".to_owned())]));
    assert!(views.prior(NAME, second, &[]).await.unwrap().is_empty());
    assert!(views.prior(NAME, Generation(99), &keys).await.unwrap().is_empty());
}

pub async fn projections_are_apart(views: impl Views) {
    let generation = served_with(&views, &[plain("a", "account")]).await;
    assert!(matches!(views.get("ledger", "a").await, Err(ViewsError::NotServed(_))));
    let other = views.create("ledger", LOG).await.unwrap();
    assert_eq!(other, Generation(1));
    views.discard("ledger", other).await.unwrap();
    assert_eq!(views.served(NAME).await.unwrap(), Some(generation));
    assert_eq!(views.get(NAME, "a").await.unwrap().value.as_deref(), Some("account"));
}

pub async fn a_page_of_ten_thousand_documents_is_one_step(views: impl Views) {
    let page = |body: &str| -> Vec<Document> {
        let ranks = [format!("{body}-0"), format!("{body}-1")];
        let ranks = [ranks[0].as_str(), ranks[1].as_str()];
        (0..10_000).map(|n| document(&format!("account-{n:06}"), TAGS[n % 3], ranks, body)).collect()
    };
    let generation = served_with(&views, &page("first")).await;
    step(&views, generation, 1, &page("second"), 2).await;
    let listing = Listing { limit: 20_000, ..every(Order::Rank(1), Direction::Descending) };
    let read = views.list(NAME, &listing).await.unwrap();
    assert_eq!((read.sequence.get(), read.value.total), (2, 10_000));
    assert_eq!(read.value.bodies, vec!["second".to_owned(); 10_000]);
}

/// As the server's worker threads do, each with a runtime of its own; a connection must not end with one of them.
pub async fn it_answers_callers_on_runtimes_that_end(views: impl Views + 'static) {
    let views: Arc<dyn Views> = Arc::new(views);
    let generation = views.create(NAME, LOG).await.unwrap();
    for sequence in 0..5 {
        let views = Arc::clone(&views);
        let work = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                step(&*views, generation, sequence, &[plain("a", sequence)], sequence + 1).await;
                views.serve(NAME, generation).await.unwrap();
                assert_eq!(views.get(NAME, "a").await.unwrap().value, Some(sequence.to_string()));
            });
        };
        tokio::task::spawn_blocking(work).await.unwrap();
    }
}

pub async fn it_is_well(views: impl Views) {
    views.check().await.unwrap();
}
