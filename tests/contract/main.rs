//! The contract suite: what every adapter of the log promises. The rest of Pawl relies on nothing
//! else, so a log that keeps all of it can take the place of another.
//!
//! A new adapter implements [`Adapter`](log::Adapter) and adds its line at the end of this file.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "it is all test"
)]

mod adapters;
mod appending;
mod content;
mod following;
mod log;
mod model;
mod reading;
mod repeating;
mod tls;
mod wire;

/// Makes one test of each promise for one adapter.
macro_rules! tests {
    ($adapter:ty: $($group:ident { $($promise:ident,)+ })+) => {$(
        mod $group {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    match crate::log::Log::of::<$adapter>().await {
                        Some(log) => crate::$group::$promise(&log).await,
                        // The adapter says why.
                        None => {}
                    }
                }
            )+
        }
    )+};
}

/// Holds an adapter to every promise.
macro_rules! contract {
    ($adapter:ty) => {
        tests! { $adapter:
            appending {
                an_append_that_expects_another_revision_is_refused,
                of_writers_who_expect_the_same_exactly_one_wins,
                an_append_is_whole_or_absent,
                positions_grow_in_the_order_of_commits,
                what_was_answered_is_seen_everywhere,
                an_append_without_events_is_refused,
                a_bad_writer_harms_no_other,
                similar_names_are_different_streams,
            }
            repeating {
                a_repeated_append_answers_as_the_first_time,
                repeats_at_the_same_time_append_once,
                ids_that_are_known_in_part_are_refused,
                ids_of_another_stream_are_refused,
            }
            content {
                content_comes_back_byte_for_byte,
                metadata_comes_back_whole,
                large_events_are_kept_and_larger_ones_refused,
            }
            reading {
                a_stream_is_the_same_in_pages_of_any_size,
                the_log_is_the_same_in_pages_of_any_size,
                events_are_read_at_their_positions_in_any_order,
                beyond_the_ends_there_is_nothing,
            }
            following {
                from_the_start_everything_comes,
                from_a_position_on_comes_what_is_after_it,
                catching_up_meets_live_without_gap_or_repeat,
                many_subscribers_see_the_same,
                a_subscriber_who_leaves_harms_no_other,
            }
            model {
                any_sequence_of_operations_does_what_the_model_says,
            }
        }
    };
}

mod embedded {
    contract!(crate::adapters::Embedded);
}

mod embedded_and_shared {
    contract!(crate::adapters::Shared);
}

mod kurrentdb_over_the_wire {
    contract!(crate::adapters::Wire);
}

mod kurrentdb_server {
    contract!(crate::adapters::RealServer);
}
