"""The ten kinds of tampering, and what is done for each."""

from tests.tamper import histories, lines
from tests.tamper.tamperer import Act

ACTS: dict[str, tuple[Act, ...]] = {
    "edit": (
        lines.a_byte_of_a_line,
        lines.an_entry_and_the_chain,
        lines.a_page_in_the_cabinet,
        lines.a_page_in_a_batch,
    ),
    "drop": (lines.lines_left_out, lines.entries_left_out, lines.a_batch_left_out),
    "insert": (lines.a_line_twice, lines.an_entry_put_in, lines.an_entry_added),
    "reorder": (lines.lines_swapped, lines.entries_swapped),
    "truncate": (lines.lines_cut_off, lines.end_cut_off),
    "roll back": (
        histories.a_station_in_the_centre,
        histories.the_whole_centre,
        histories.a_cabinet_seen_in_its_journal,
        histories.a_cabinet_seen_in_its_export,
        histories.a_cabinet_that_did_not_go_on,
    ),
    "clone": (histories.a_clone_exports, histories.a_clone_sent, histories.a_clone_in_the_cabinet),
    "re-seal": (histories.with_keys_of_later_entries, histories.a_counter, histories.a_seal_left_out),
    "split view": (
        histories.two_views_of_the_centres_own,
        histories.two_views_of_a_station,
        histories.a_view_that_ends_early,
        histories.another_end_seen_later,
    ),
    "central rewrite": (
        histories.against_the_batches,
        histories.against_the_cabinet,
        histories.with_entries_left_out,
        histories.of_its_own_log,
    ),
}
