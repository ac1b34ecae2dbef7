//! What every adapter of the read models promises, asked of each.

mod redis;
mod sqlite;
mod suite;

/// One test per promise and adapter; `$fixture` makes the adapter and whatever must live as long.
macro_rules! promises {
    ($fixture:path: $($name:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                let (views, _lives) = $fixture();
                $crate::suite::$name(views).await;
            }
        )*
    };
    ($fixture:path) => {
        $crate::promises! { $fixture:
            nothing_is_served_at_first
            position_moves_with_the_data
            an_apply_from_the_wrong_place_changes_nothing
            an_apply_of_another_log_changes_nothing
            an_apply_never_goes_backwards
            of_racing_projectors_each_step_is_applied_once
            a_new_generation_is_invisible_until_it_is_served
            an_older_generation_is_not_served_again
            a_generation_that_is_gone_is_not_served
            a_discarded_generation_is_gone
            numbers_are_never_used_again
            replays_are_invisible_to_readers
            readers_are_not_taken_back_in_the_log
            a_list_of_several_steps_is_of_one_generation
            a_filtered_list_is_of_one_moment
            a_filtered_list_is_answered_while_the_read_model_goes_on
            a_document_stands_in_one_place
            a_document_may_lose_its_ranks_and_get_them_back
            lists_agree_with_a_model
            a_short_rank_comes_before_those_that_it_begins
            a_rare_tag_is_found_far_down_the_list
            the_fold_sees_its_own_generation
            projections_are_apart
            a_page_of_ten_thousand_documents_is_one_step
            it_answers_callers_on_runtimes_that_end
            it_is_well
        }
    };
}
use promises;
